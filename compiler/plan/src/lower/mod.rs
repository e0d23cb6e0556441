//! A pipeline's body to pipeline tasks: statements in order, guards of the arms around them, calls to steps.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a few kinds of values are known or present; all others are treated alike"
)]

mod apply;
mod around;
mod calls;
mod chain;
mod compose;
mod continues;
mod encode;
pub(crate) mod eval;
mod external;
mod finally;
mod finish;
mod frame;
mod fused;
mod given;
mod guards;
mod helpers;
mod in_pod;
mod join;
mod joined;
mod matrix;
mod narrow;
mod order;
mod pod;
mod registry;
mod rounds;
mod settings;
mod shape;
mod task;
pub(crate) mod val;

use std::collections::{BTreeMap, BTreeSet};

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{
    BinaryOp, Block, Call, For, Fused, If, Kind, LocalId, Param, Pipeline, StatusOf, Stmt, Typed,
};
use fuse_analysis::ty::{GenericId, Ty};
use fuse_analysis::value::Value;
use fuse_base::{Diagnostic, Span, codes};
use indexmap::IndexMap;

pub(crate) use apply::{Object, deploy};
pub(crate) use finish::Lowered;
pub(crate) use frame::Place;
pub(crate) use guards::{GuardSpec, exclusive};
pub(crate) use registry::Registry;

use crate::cx::Cx;
use crate::names;
use crate::setting;
use calls::Work;
use eval::{Names, eval};
use frame::Frame;
use join::Joins;
use val::{Arms, Late, NodeAt, Origin, Val};

/// A pipeline task on the way.
pub(crate) struct NodeSpec<'a> {
    pub(crate) name: EcoString,
    pub(crate) guards: Vec<GuardSpec>,
    pub(crate) after: Vec<NodeAt>,
    pub(crate) work: Work<'a>,
    /// Results that also go to the run's store, for a join: `join--r/value` and the result.
    pub(crate) slots: IndexMap<EcoString, EcoString>,
    /// The indices that it is a matrix over.
    pub(crate) matrix: Option<Late>,
    /// Whether it stands in `finally`.
    pub(crate) ending: bool,
    pub(crate) cause: Span,
}

impl<'a> NodeSpec<'a> {
    /// A pipeline task that is ordered by its data and guards alone.
    pub(crate) fn new(name: EcoString, guards: Vec<GuardSpec>, work: Work<'a>, cause: Span) -> Self {
        Self {
            name,
            guards,
            after: Vec::new(),
            work,
            slots: IndexMap::new(),
            matrix: None,
            ending: false,
            cause,
        }
    }
}

/// What a `return` gives an output.
pub(crate) struct Returned {
    pub(crate) value: Val,
    pub(crate) ty: Ty,
    /// The guards around the `return`.
    pub(crate) guards: Vec<GuardSpec>,
    pub(crate) span: Span,
}

/// What [`Lower`] gathers about a pipeline.
pub(crate) struct Lower<'a, 'c> {
    cx: &'c Cx<'a>,
    /// The pipeline's own.
    name: EcoString,
    /// The body whose statements are lowered.
    frame: Frame<'a>,
    nodes: Vec<NodeSpec<'a>>,
    guards: Vec<GuardSpec>,
    used: BTreeSet<EcoString>,
    /// Parameters whose other values fail the run.
    guarded: BTreeSet<EcoString>,
    /// For each output what the returns give it.
    returned: Vec<Vec<Returned>>,
    /// The name that a condition's helper gets.
    hint: Option<EcoString>,
    /// The name that the steps of the arms around get: that of their condition.
    label: Option<EcoString>,
    /// The steps that merge arms.
    joins: Joins,
    /// How many bodies and rounds were entered so far, and how many conditions they have.
    frames: u32,
    chains: u32,
    /// How many rounds of loops are written out so far.
    unrolled: rounds::Unrolled,
    /// The indices of the loop around, where its list is known late.
    matrix: Option<Late>,
    /// The pod that the calls belong to.
    pod: Option<NodeAt>,
    /// Whether the statements are those of `finally`.
    ending: bool,
    /// The steps that put together what the rounds of a matrix give.
    collectors: BTreeMap<(NodeAt, Vec<EcoString>), Late>,
}

impl<'a, 'c> Lower<'a, 'c> {
    pub(crate) fn new(cx: &'c Cx<'a>, pipeline: &'a Pipeline) -> Self {
        let frame = Frame::root(pipeline);
        let used = frame.step_names().collect();
        let mut lower = Self {
            cx,
            name: names::kebab(&pipeline.name),
            frame,
            nodes: Vec::new(),
            guards: Vec::new(),
            used,
            guarded: BTreeSet::new(),
            returned: pipeline.outputs.iter().map(|_| Vec::new()).collect(),
            hint: None,
            label: None,
            joins: Joins::default(),
            frames: 0,
            chains: u32::try_from(pipeline.chains.len()).unwrap_or(u32::MAX),
            unrolled: rounds::Unrolled::default(),
            matrix: None,
            pod: None,
            ending: false,
            collectors: BTreeMap::new(),
        };
        lower.frame.params = lower.parameters();
        lower
    }

    /// Late parameters as references, const ones as what the target sets.
    fn parameters(&mut self) -> Vec<Val> {
        let mut all: Vec<Val> = Vec::new();
        for param in &self.frame.pipeline.params {
            let value = if param.constant {
                self.constant(param, &all)
            } else {
                let origin = Origin::Param(param.name.clone());
                Val::Late(Late { origin, ty: param.ty.clone(), uri: false })
            };
            all.push(value);
        }
        all
    }

    fn constant(&self, param: &'a Param, before: &[Val]) -> Val {
        let (target, pipeline) = (self.cx.target, &self.frame.pipeline.source);
        let set = target.params.get(pipeline).and_then(|params| params.get(&param.name));
        if let Some(setting) = set {
            let what = format!("the parameter `{}` of `{pipeline}`", param.name);
            return setting::value(self.cx, setting, &param.ty, &what, param.span)
                .map_or(Val::Error, Val::Const);
        }
        if let Some(default) = &param.default {
            return eval(self.cx, default, &mut eval::Callee { params: before, generics: &[] });
        }
        if matches!(param.ty, Ty::Optional(_)) {
            return Val::none();
        }
        let name = &param.name;
        let message = format!("target `{}` gives no value to the const parameter `{name}`", target.name);
        let table = setting::table(&target.name, &format!("params.{pipeline}"));
        let diagnostic = Diagnostic::new(&codes::target::PARAM_UNSET, param.span, message)
            .label(target.span, "this target")
            .help(format!("add to {table} in fuse.toml: `{name} = …`"));
        self.cx.report(diagnostic);
        Val::Error
    }

    /// Lowers all statements.
    pub(crate) fn body(&mut self) {
        self.block(&self.frame.pipeline.body);
    }

    fn block(&mut self, block: &'a Block) -> Val {
        for stmt in &block.stmts {
            match stmt {
                Stmt::Let(local, value) => {
                    let name =
                        self.frame.pipeline.locals.get(local.0 as usize).map(|local| local.name.clone());
                    self.hint = name.filter(|_| names_a_step(&value.kind));
                    let first = self.nodes.len();
                    let given = self.eval(value);
                    self.note_steps(*local, value, first);
                    self.bind(*local, given);
                }
                Stmt::Expr(value) => {
                    self.hint = None;
                    self.eval(value);
                }
                Stmt::Return(values, _) => self.give_back(values),
                Stmt::Finally(block, _) => self.at_the_end(block),
            }
        }
        self.hint = None;
        block.value.as_ref().map_or(Val::Unit, |value| self.eval(value))
    }

    /// What tells another lowering of a body from those before: its number, and that of its first condition.
    fn numbers(&mut self, body: &Pipeline) -> (u32, u32) {
        let chains = self.chains;
        self.frames += 1;
        self.chains = chains.saturating_add(u32::try_from(body.chains.len()).unwrap_or(u32::MAX));
        (self.frames, chains)
    }

    fn bind(&mut self, local: LocalId, value: Val) {
        self.frame.locals.insert(local, (value, self.guards.clone()));
    }

    fn eval(&mut self, typed: &'a Typed) -> Val {
        eval(self.cx, typed, self)
    }

    fn give_back(&mut self, values: &'a [Option<Typed>]) {
        for (at, value) in values.iter().enumerate() {
            let Some(typed) = value else { continue };
            let value = self.eval(typed);
            if matches!(value, Val::Const(Value::None) | Val::Never) {
                continue;
            }
            let guards = self.guards.clone();
            if let Some(all) = self.returned.get_mut(at) {
                all.push(Returned { value, ty: calls::own(typed).clone(), guards, span: typed.span });
            }
        }
    }

    /// A name that no step has yet for a helper of this kind, and what its Task is named after.
    fn fresh(&mut self, kind: &str, label: &str) -> (EcoString, EcoString) {
        let base = eco_format!("{kind}--{}", self.frame.full(label));
        let name = names::free(&base, |name| self.used.contains(name));
        self.used.insert(name.clone());
        let short = self.frame.unnumbered(name.get(kind.len() + 2..).unwrap_or(label));
        let base = eco_format!("{}--{}-{kind}-{short}", self.cx.project.name.value, self.name);
        (name, base)
    }

    fn push(&mut self, mut node: NodeSpec<'a>) -> NodeAt {
        self.no_helper_at_the_end(&node);
        node.ending = self.ending;
        if self.ending {
            // All other steps have ended already.
            let nodes = &self.nodes;
            node.after.retain(|at| nodes.get(*at).is_some_and(|other| other.ending));
        }
        // The pods of a matrix have their number behind the name.
        let most = names::MAX_PIPELINE_AND_STEP - if node.matrix.is_some() { "-255".len() } else { 0 };
        if self.name.len() + node.name.len() > most {
            let message = format!(
                "`{}` and its step `{}` have {} characters together, and {most} fit into the names of runs",
                self.name,
                node.name,
                self.name.len() + node.name.len()
            );
            let diagnostic = Diagnostic::new(&codes::plan::NAME_LENGTH, node.cause, message)
                .label(self.frame.pipeline.span, "the pipeline's name")
                .help("shorten one of them: bind the step to a shorter name with `let`");
            self.cx.report(diagnostic);
        }
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}

impl<'a> Names<'a> for Lower<'a, '_> {
    fn param(&mut self, at: usize) -> Val {
        self.frame.params.get(at).cloned().unwrap_or(Val::Error)
    }

    fn generic(&mut self, _id: GenericId) -> Val {
        Val::Error
    }

    /// Outside of its arms a name stands for what is there under their guards; in an arm that a constant condition
    /// leaves out nothing is bound.
    fn local(&mut self, id: LocalId) -> Val {
        let Some((value, guards)) = self.frame.locals.get(&id) else { return Val::none() };
        let own = guards::missing(guards, &self.guards);
        if own.is_empty() || matches!(value, Val::Unit | Val::Error | Val::Const(Value::None)) {
            return value.clone();
        }
        let level = guards::missing(guards, &own);
        let local = self.frame.pipeline.locals.get(id.0 as usize);
        let (span, name) = local.map_or_else(Default::default, |local| (local.span, local.name.clone()));
        let id = self.frame.place(span);
        let cases = vec![(own, value.clone())];
        Val::Arms(Box::new(Arms { id, path: EcoString::new(), name, level, cases, otherwise: None }))
    }

    fn call(&mut self, call: &'a Call) -> Val {
        self.step(call)
    }

    fn each(&mut self, each: &'a For) -> Val {
        self.rounds(each)
    }

    fn fused(&mut self, fused: &'a Fused) -> Val {
        self.pod(fused)
    }

    fn branch(&mut self, chain: &'a If, span: Span) -> Val {
        self.chain(chain, span)
    }

    fn output(&mut self, node: NodeAt, name: &EcoString) -> Val {
        self.output_of(node, name)
    }

    fn taken(&mut self, from: &Late, name: &EcoString, ty: &Ty) -> Val {
        self.take(from, name, ty)
    }

    fn settle(&mut self, value: Val, ty: &Ty, span: Span) -> Val {
        self.merge(value, ty, span)
    }

    fn text(&mut self, value: Val, ty: &Ty, span: Span) -> Val {
        self.read_text(value, ty, span)
    }

    fn coalesce(&mut self, left: Val, right: &'a Typed, span: Span) -> Val {
        self.default(left, right, span)
    }

    fn fail(&mut self, text: &'a Typed, span: Span) -> Val {
        self.refuse(text, span)
    }

    fn status(&mut self, of: StatusOf, ty: &Ty, span: Span) -> Val {
        self.status_of(of, ty, span)
    }
}

/// Whether a binding lends its name to the helper of its condition or default.
const fn names_a_step(kind: &Kind) -> bool {
    matches!(kind, Kind::If(_) | Kind::Binary(BinaryOp::Coalesce, ..))
}
