//! A body on the way: what its parameters, names and places stand for while its statements are lowered.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{ChainId, LocalId, Pipeline};
use fuse_base::Span;

use super::guards::GuardSpec;
use super::val::{NodeAt, Val};
use crate::names;

/// A body that is being lowered. One body may be lowered several times in a pipeline: `id` tells its places apart.
pub(crate) struct Frame<'a> {
    pub(super) id: u32,
    pub(super) pipeline: &'a Pipeline,
    pub(super) params: Vec<Val>,
    /// Bound names with the guards that they were bound under.
    pub(super) locals: BTreeMap<LocalId, (Val, Vec<GuardSpec>)>,
    /// The steps of called pipelines and loops, by the names that these are bound to.
    pub(super) started: BTreeMap<LocalId, Range<NodeAt>>,
    /// The pods that names are bound to.
    pub(super) pods: BTreeMap<LocalId, NodeAt>,
    /// The names of the calls of the body, by their places.
    names: Rc<BTreeMap<Span, EcoString>>,
    /// What stands before the names of its steps.
    prefix: EcoString,
    /// What stands behind them.
    suffix: EcoString,
    /// The number of its first condition among all conditions of the pipeline.
    chains: u32,
}

/// What a body was before a round of a loop.
pub(super) struct Before {
    id: u32,
    chains: u32,
    suffix: EcoString,
}

/// A place of a body, in one of its lowerings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(crate) struct Place {
    frame: u32,
    span: Span,
}

impl<'a> Frame<'a> {
    /// The body of a pipeline that nothing has called.
    pub(super) fn root(pipeline: &'a Pipeline) -> Self {
        Self {
            id: 0,
            pipeline,
            params: Vec::new(),
            locals: BTreeMap::new(),
            started: BTreeMap::new(),
            pods: BTreeMap::new(),
            names: Rc::new(names::steps(pipeline)),
            prefix: EcoString::new(),
            suffix: EcoString::new(),
            chains: 0,
        }
    }

    /// The body of a pipeline that a step's name stands for.
    pub(super) fn called(id: u32, pipeline: &'a Pipeline, step: &str, params: Vec<Val>, chains: u32) -> Self {
        Self { id, params, prefix: eco_format!("{step}--"), chains, ..Self::root(pipeline) }
    }

    /// The same body in a round of a loop: `id` and the number of its first condition are new, the round's number
    /// stands behind its names. What it was before comes back, for [`Self::leave`].
    pub(super) fn enter(&mut self, id: u32, chains: u32, round: usize) -> Before {
        let suffix = eco_format!("{}--i{round}", self.suffix);
        Before {
            id: std::mem::replace(&mut self.id, id),
            chains: std::mem::replace(&mut self.chains, chains),
            suffix: std::mem::replace(&mut self.suffix, suffix),
        }
    }

    /// Ends a round.
    pub(super) fn leave(&mut self, before: Before) {
        self.id = before.id;
        self.chains = before.chains;
        self.suffix = before.suffix;
    }

    /// The names of all its steps, as they stand in the manifest.
    pub(super) fn step_names(&self) -> impl Iterator<Item = EcoString> {
        self.names.values().map(|name| self.full(name))
    }

    /// The name of the step that a call becomes.
    pub(super) fn step(&self, call: Span, otherwise: &str) -> EcoString {
        self.full(&self.own(call, otherwise))
    }

    /// The name of that step in this body alone, wherever the body is called.
    pub(super) fn own(&self, call: Span, otherwise: &str) -> EcoString {
        self.names.get(&call).cloned().unwrap_or_else(|| names::kebab(otherwise))
    }

    /// A name of this body among all names of the pipeline.
    pub(super) fn full(&self, name: &str) -> EcoString {
        eco_format!("{}{name}{}", self.prefix, self.suffix)
    }

    /// A name of this body without what tells it from those of other rounds of a loop.
    pub(super) fn unnumbered<'n>(&self, name: &'n str) -> &'n str {
        name.strip_suffix(self.suffix.as_str()).unwrap_or(name)
    }

    /// A name with what tells it from those of other rounds of a loop.
    pub(super) fn numbered(&self, name: &str) -> EcoString {
        eco_format!("{name}{}", self.suffix)
    }

    /// A place of this body.
    pub(super) const fn place(&self, span: Span) -> Place {
        Place { frame: self.id, span }
    }

    /// The number of a condition among all conditions of the pipeline.
    pub(super) const fn chain(&self, chain: ChainId) -> u32 {
        self.chains + chain.0
    }
}
