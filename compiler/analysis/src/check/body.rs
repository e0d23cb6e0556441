//! Where an expression stands: what names mean there, and for pipelines which arms it lies in.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use ecow::EcoString;
use fuse_base::Span;

use super::Checker;
use super::capability::EnvUse;
use super::fused::Pod;
use crate::model::{Bound, Chain, ChainId, Generic, Local, LocalId, PipelineId, ToolId, Typed};
use crate::ty::{EnumId, Facet, GenericId, Ty};

/// What kind of body it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// A module constant, a default, a bound: nothing but constants.
    Constant,
    /// The body of a `const fn`.
    Function,
    /// The clauses of a task.
    Task,
    /// The manifest of a resource.
    Resource,
    /// The statements of a pipeline.
    Pipeline,
    /// The call of a `deploy`.
    Deploy,
}

/// A parameter in scope.
#[derive(Clone, Debug)]
pub(super) struct EnvParam {
    pub(super) name: EcoString,
    pub(super) ty: Ty,
    pub(super) constant: bool,
    /// The case that it is in an instance.
    pub(super) case: Option<EcoString>,
    pub(super) span: Span,
}

/// A type parameter in scope.
#[derive(Clone, Debug)]
pub(super) struct EnvGeneric {
    pub(super) name: EcoString,
    /// The enum whose cases it ranges over, where that is known.
    pub(super) of: Option<EnumId>,
    /// The set that it ranges over, where there is one.
    pub(super) set: Option<Typed>,
    /// What it stands for in an instance.
    pub(super) facet: Option<Facet>,
}

/// The names in scope besides locals.
#[derive(Clone, Debug)]
pub(super) struct Env {
    pub(super) module: usize,
    pub(super) tool: Option<ToolId>,
    pub(super) place: Place,
    pub(super) generics: Rc<Vec<EnvGeneric>>,
    pub(super) params: Rc<Vec<EnvParam>>,
    /// The `use` parameters of the enclosing pipeline.
    pub(super) uses: Rc<Vec<EnvUse>>,
    /// The capability whose signatures are read: its sets are in scope.
    pub(super) capability: Option<usize>,
}

impl Env {
    /// Constants of a module or tool.
    pub(super) fn of_module(module: usize, tool: Option<ToolId>) -> Self {
        Self {
            module,
            tool,
            place: Place::Constant,
            generics: Rc::default(),
            params: Rc::default(),
            uses: Rc::default(),
            capability: None,
        }
    }

    /// The same names in another kind of body.
    pub(super) fn at(&self, place: Place) -> Self {
        Self { place, ..self.clone() }
    }

    /// The type parameter of this name.
    pub(super) fn generic(&self, name: &str) -> Option<GenericId> {
        let at = self.generics.iter().position(|generic| generic.name == name)?;
        u32::try_from(at).ok().map(GenericId)
    }

    /// What the type parameter of this name stands for: itself, or its argument in an instance.
    pub(super) fn facet(&self, name: &str) -> Option<Facet> {
        let id = self.generic(name)?;
        let known = self.generics.get(id.0 as usize).and_then(|generic| generic.facet.clone());
        Some(known.unwrap_or(Facet::Generic(id)))
    }

    /// The `use` parameter of this name.
    pub(super) fn used(&self, name: &str) -> Option<usize> {
        self.uses.iter().position(|used| used.name == name)
    }
}

/// The state of a pipeline's body while it is checked.
#[derive(Default)]
pub(super) struct Flow {
    pub(super) locals: Vec<Local>,
    pub(super) chains: Vec<Chain>,
    /// The binding that each name has now.
    pub(super) names: HashMap<EcoString, LocalId>,
    /// The arms around the current statement, outermost first.
    pub(super) arms: Vec<(ChainId, u32)>,
    /// The pipeline's outputs: name, type, place.
    pub(super) outputs: Vec<(EcoString, Ty, Span)>,
    /// Whether the pipeline returns one value under its own type.
    pub(super) single: bool,
    /// The bindings that are constant: they are their values.
    pub(super) constants: HashMap<LocalId, Typed>,
    /// The bindings of steps.
    pub(super) steps: HashSet<LocalId>,
    /// The conditions that ask for presence: `if let`.
    pub(super) presence: HashSet<ChainId>,
    /// For each output what all returns give it have in common.
    pub(super) given: Vec<Option<Ty>>,
    /// The pipeline as it is declared, where that is what is checked.
    pub(super) template: Option<PipelineId>,
    /// Whether an instance is checked: each of its calls is one of an instance.
    pub(super) instance: bool,
    /// The items of loops over constant lists: constants, though of each round their own.
    pub(super) items: HashSet<LocalId>,
    /// The bindings of lists whose items can be counted now, though they are late.
    pub(super) written_out: HashSet<LocalId>,
    /// For a binding the one that had its name before.
    pub(super) hidden: HashMap<LocalId, LocalId>,
    /// The loops around the current statement, outermost first.
    pub(super) rounds: Vec<Round>,
    /// The bindings that are there only when a step has ended.
    pub(super) waiting: HashSet<LocalId>,
    /// The condition that `finally` is an arm of, where it has begun.
    pub(super) finally: Option<ChainId>,
    /// The pod whose calls are checked.
    pub(super) fused: Option<Pod>,
    /// The names of loops that have ended.
    pub(super) left: HashMap<EcoString, LeftLoop>,
}

/// A loop around a statement.
pub(super) struct Round {
    /// Whether its list is known only when the pipeline runs.
    pub(super) late: bool,
    /// The list.
    pub(super) source: Span,
    /// The number of the first name that is bound inside.
    pub(super) first: usize,
}

/// What is known of a name whose loop has ended.
pub(super) struct LeftLoop {
    pub(super) span: Span,
    /// What the loop is bound to.
    pub(super) binding: Option<EcoString>,
    /// Whether the loop gives a field of this name.
    pub(super) given: bool,
}

impl Flow {
    pub(super) fn local(&self, id: LocalId) -> Option<&Local> {
        self.locals.get(id.0 as usize)
    }

    /// The first arm that a local lies in and the current statement does not.
    pub(super) fn missing_arm(&self, id: LocalId) -> Option<(ChainId, u32)> {
        let local = self.local(id)?;
        local.presence.iter().find(|arm| !self.arms.contains(arm)).copied()
    }

    /// The condition of a chain.
    pub(super) fn condition(&self, chain: ChainId) -> Option<Span> {
        self.chains.get(chain.0 as usize).map(|chain| chain.cond)
    }
}

/// Checks one body.
pub(super) struct Body<'c, 'a> {
    pub(super) checker: &'c mut Checker<'a>,
    pub(super) env: Env,
    pub(super) flow: Flow,
    /// The name for the step of the next call: that of its binding.
    pub(super) hint: Option<EcoString>,
    /// The name that the next loop is bound to.
    pub(super) loop_name: Option<EcoString>,
    /// Whether a resource may be called plainly: under `apply` and in `deploy`.
    pub(super) applying: bool,
    /// Whether the call that a `deploy` takes was met.
    pub(super) deployed: bool,
    /// What a `const fn` is called with; nothing where it is checked for itself.
    pub(super) instance: Option<Rc<Instance>>,
}

/// The arguments of a call of a `const fn`.
pub(super) struct Instance {
    /// For each parameter its value.
    pub(super) args: Vec<Typed>,
    /// For each type parameter its argument.
    pub(super) found: super::generics::Found,
}

impl<'a> Checker<'a> {
    /// A body to check in an environment.
    pub(super) fn body(&mut self, env: Env) -> Body<'_, 'a> {
        Body {
            checker: self,
            env,
            flow: Flow::default(),
            hint: None,
            loop_name: None,
            applying: false,
            deployed: false,
            instance: None,
        }
    }
}

/// The type parameters of a signature, as a scope.
pub(super) fn scope_of(generics: &[Generic]) -> Vec<EnvGeneric> {
    generics
        .iter()
        .map(|generic| EnvGeneric {
            name: generic.name.clone(),
            of: match &generic.bound {
                Bound::Enum(id) => Some(*id),
                Bound::Set(Typed { ty: Ty::List(item, _), .. }) => match **item {
                    Ty::Enum(id) => Some(id),
                    _ => None,
                },
                _ => None,
            },
            set: match &generic.bound {
                Bound::Set(set) => Some(set.clone()),
                _ => None,
            },
            facet: None,
        })
        .collect()
}
