//! A pipeline's body to pipeline tasks: statements in order, guards of the arms around them, calls to steps.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a few kinds of values are known or present; all others are treated alike"
)]

mod apply;
mod around;
mod calls;
mod encode;
pub(crate) mod eval;
mod finish;
mod guards;
mod helpers;
mod registry;
mod settings;
mod shape;
mod task;
pub(crate) mod val;

use std::collections::{BTreeMap, BTreeSet};

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{Block, Call, Condition as Cond, If, Kind, LocalId, Param, Pipeline, Stmt, Typed};
use fuse_analysis::ty::{GenericId, Ty};
use fuse_analysis::value::Value;
use fuse_base::{Diagnostic, Span, codes};

pub(crate) use apply::{Object, deploy};
pub(crate) use finish::Lowered;
pub(crate) use guards::{GuardSpec, exclusive};
pub(crate) use registry::Registry;

use crate::cx::Cx;
use crate::names;
use crate::{setting, types};
use calls::Work;
use eval::{Names, eval, join};

use val::{Computed, Late, NodeAt, Origin, Val};

/// A pipeline task on the way.
pub(crate) struct NodeSpec<'a> {
    pub(crate) name: EcoString,
    pub(crate) guards: Vec<GuardSpec>,
    pub(crate) after: Vec<NodeAt>,
    pub(crate) work: Work<'a>,
    pub(crate) cause: Span,
}

/// What [`Lower`] gathers about a pipeline.
pub(crate) struct Lower<'a, 'c> {
    cx: &'c Cx<'a>,
    pipeline: &'a Pipeline,
    name: EcoString,
    params: Vec<Val>,
    /// Bound names with the guards that they were bound under.
    locals: BTreeMap<LocalId, (Val, Vec<GuardSpec>)>,
    nodes: Vec<NodeSpec<'a>>,
    guards: Vec<GuardSpec>,
    names: BTreeMap<Span, EcoString>,
    used: BTreeSet<EcoString>,
    /// For each output what the returns give it.
    returned: Vec<Vec<(Val, Span)>>,
    /// The name that a condition's helper gets.
    hint: Option<EcoString>,
}

/// The guards of the two arms of a condition.
enum Decision {
    Known(bool),
    Guarded { then: Vec<GuardSpec>, other: Option<Vec<GuardSpec>> },
    Failed,
}

impl Decision {
    /// The same decision, its guards marked as the arms of a chain; guards that stand for an arm already keep it.
    fn of(self, chain: u32) -> Self {
        let mark = |guards: Vec<GuardSpec>, arm| {
            let mark = |guard: GuardSpec| if guard.arm.is_some() { guard } else { guard.at(chain, arm) };
            guards.into_iter().map(mark).collect::<Vec<_>>()
        };
        match self {
            Self::Guarded { then, other } => {
                Self::Guarded { then: mark(then, 0), other: other.map(|guards| mark(guards, 1)) }
            }
            Self::Known(_) | Self::Failed => self,
        }
    }
}

impl<'a, 'c> Lower<'a, 'c> {
    pub(crate) fn new(cx: &'c Cx<'a>, pipeline: &'a Pipeline) -> Self {
        let names = names::steps(pipeline);
        let used = names.values().cloned().collect();
        let mut lower = Self {
            cx,
            pipeline,
            name: names::kebab(&pipeline.name),
            params: Vec::new(),
            locals: BTreeMap::new(),
            nodes: Vec::new(),
            guards: Vec::new(),
            names,
            used,
            returned: vec![Vec::new(); pipeline.outputs.len()],
            hint: None,
        };
        lower.params = lower.parameters();
        lower
    }

    /// Late parameters as references, const ones as what the target sets.
    fn parameters(&mut self) -> Vec<Val> {
        let mut all: Vec<Val> = Vec::new();
        for param in &self.pipeline.params {
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
        let target = self.cx.target;
        let set = target.params.get(&self.pipeline.name).and_then(|params| params.get(&param.name));
        if let Some(setting) = set {
            let what = format!("the parameter `{}` of `{}`", param.name, self.pipeline.name);
            return setting::value(self.cx, setting, &param.ty, &what, param.span)
                .map_or(Val::Error, Val::Const);
        }
        if let Some(default) = &param.default {
            return eval(self.cx, default, &mut eval::Callee { params: before, generics: &[] });
        }
        if matches!(param.ty, Ty::Optional(_)) {
            return Val::none();
        }
        let (pipeline, name) = (&self.pipeline.name, &param.name);
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
        self.block(&self.pipeline.body);
    }

    fn block(&mut self, block: &'a Block) -> Val {
        for stmt in &block.stmts {
            match stmt {
                Stmt::Let(local, value) => {
                    let name = self.pipeline.locals.get(local.0 as usize).map(|local| local.name.clone());
                    self.hint = name.filter(|_| matches!(value.kind, Kind::If(_)));
                    let value = self.eval(value);
                    self.bind(*local, value);
                }
                Stmt::Expr(value) => {
                    self.hint = None;
                    self.eval(value);
                }
                Stmt::Return(values, _) => self.give_back(values),
            }
        }
        self.hint = None;
        block.value.as_ref().map_or(Val::Unit, |value| self.eval(value))
    }

    fn bind(&mut self, local: LocalId, value: Val) {
        self.locals.insert(local, (value, self.guards.clone()));
    }

    fn eval(&mut self, typed: &'a Typed) -> Val {
        eval(self.cx, typed, self)
    }

    fn give_back(&mut self, values: &'a [Option<Typed>]) {
        for (at, value) in values.iter().enumerate() {
            let Some(typed) = value else { continue };
            let value = self.eval(typed);
            if matches!(value, Val::Const(Value::None)) {
                continue;
            }
            if let Some(all) = self.returned.get_mut(at) {
                all.push((value, typed.span));
            }
        }
    }

    /// `if`: guards for its arms, then the arms; the value where one arm gives it.
    fn chain(&mut self, chain: &'a If, span: Span) -> Val {
        let hint = self.hint.take();
        match self.decide(chain, hint) {
            Decision::Failed => Val::Error,
            Decision::Known(true) => self.block(&chain.then),
            Decision::Known(false) => chain.otherwise.as_ref().map_or(Val::none(), |block| self.block(block)),
            Decision::Guarded { then, other } => {
                let value = self.arm(&chain.then, then.clone());
                let Some(otherwise) = &chain.otherwise else { return when(then, value) };
                let second = self.arm(otherwise, other.unwrap_or_default());
                match (&value, &second) {
                    (Val::Unit, Val::Unit) => Val::Unit,
                    (Val::Error, _) | (_, Val::Error) => Val::Error,
                    _ => Val::Join(span),
                }
            }
        }
    }

    fn arm(&mut self, block: &'a Block, guards: Vec<GuardSpec>) -> Val {
        let depth = self.guards.len();
        let new = missing(&guards, &self.guards);
        self.guards.extend(new);
        let value = self.block(block);
        self.guards.truncate(depth);
        value
    }

    fn decide(&mut self, chain: &'a If, hint: Option<EcoString>) -> Decision {
        let both = chain.otherwise.is_some();
        match &chain.cond {
            Cond::Test(test) => {
                let value = self.eval(test);
                self.test(value, test, both, hint).of(chain.chain.0)
            }
            Cond::Present(local, optional) => {
                let value = self.eval(optional);
                self.present(*local, value, optional, both).of(chain.chain.0)
            }
        }
    }

    fn test(&mut self, value: Val, test: &Typed, both: bool, hint: Option<EcoString>) -> Decision {
        match value {
            Val::Const(Value::Bool(known)) => Decision::Known(known),
            Val::Error => Decision::Failed,
            value => {
                let Some(computed) = eval::computed(self.cx, value, &test.ty, test.span) else {
                    return Decision::Failed;
                };
                self.computed(&computed, test.span, both, hint)
            }
        }
    }

    /// Where an arm comes from: a plain comparison, the step that all operands come from, a helper.
    fn computed(
        &mut self,
        computed: &Computed,
        cause: Span,
        both: bool,
        hint: Option<EcoString>,
    ) -> Decision {
        if let Some(guard) = guards::direct(self.cx, computed, cause) {
            let other = guard.negate();
            if other.is_some() || !both {
                self.guarded_parameter(&guard);
                return Decision::Guarded { then: vec![guard], other: other.map(|guard| vec![guard]) };
            }
        }
        let step = guards::single_step(computed);
        let inside = step.and_then(|node| self.arm_in_step(node, computed, cause));
        let Some(input) = inside.or_else(|| self.decide_helper(computed, cause, hint)) else {
            return Decision::Failed;
        };
        let guard = GuardSpec::computed(input, cause);
        let other = guard.negate().map(|guard| vec![guard]);
        Decision::Guarded { then: vec![guard], other }
    }

    /// `if let v = x`: v is x where x is present.
    fn present(&mut self, local: LocalId, value: Val, typed: &Typed, both: bool) -> Decision {
        match value {
            Val::Const(Value::None) => Decision::Known(false),
            Val::Const(_) | Val::Record(_) | Val::List(_) | Val::Concat(_) | Val::Node(_) => {
                self.bind(local, value);
                Decision::Known(true)
            }
            Val::Late(late) => {
                let inner = Late { ty: types::present(&late.ty).clone(), ..late.clone() };
                self.bind(local, Val::Late(inner));
                if matches!(late.origin, Origin::Param(_)) {
                    let guard = guards::given(late, typed.span);
                    let other = guard.negate().map(|guard| vec![guard]);
                    return Decision::Guarded { then: vec![guard], other };
                }
                let name = late.text();
                let condition = fuse_wire::Condition::Unary(
                    fuse_wire::condition::Unary::Present,
                    Box::new(fuse_wire::Condition::Name(name.to_string())),
                );
                let computed = Computed { condition, operands: vec![(name, late)] };
                self.computed(&computed, typed.span, both, None)
            }
            Val::When(guards, value) => {
                self.bind(local, *value);
                let other = match guards.as_slice() {
                    [only] => only.negate().map(|guard| vec![guard]),
                    _ => None,
                };
                if both && other.is_none() {
                    join(self.cx, typed.span, "`else` of a value under more than one condition");
                    return Decision::Failed;
                }
                Decision::Guarded { then: guards, other }
            }
            other => {
                eval::unusable(self.cx, &other, typed.span);
                Decision::Failed
            }
        }
    }

    /// A name that no step has yet.
    fn fresh(&mut self, base: &str) -> EcoString {
        let mut name = EcoString::from(base);
        let mut count = 2;
        while !self.used.insert(name.clone()) {
            name = eco_format!("{base}--{count}");
            count += 1;
        }
        name
    }

    fn push(&mut self, node: NodeSpec<'a>) -> NodeAt {
        let most = names::MAX_PIPELINE_AND_STEP;
        if self.name.len() + node.name.len() > most {
            let message = format!(
                "`{}` and its step `{}` have {} characters together, and {most} fit into the names of runs",
                self.name,
                node.name,
                self.name.len() + node.name.len()
            );
            let diagnostic = Diagnostic::new(&codes::plan::NAME_LENGTH, node.cause, message)
                .label(self.pipeline.span, "the pipeline's name")
                .help("shorten one of them: bind the step to a shorter name with `let`");
            self.cx.report(diagnostic);
        }
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}

/// Guards that do not stand among others yet.
fn missing(guards: &[GuardSpec], among: &[GuardSpec]) -> Vec<GuardSpec> {
    let known = |guard: &GuardSpec| among.iter().any(|other| other.arm.is_some() && other.arm == guard.arm);
    guards.iter().filter(|guard| !known(guard)).cloned().collect()
}

/// A value under guards; guards of an inner condition are joined to those of the outer one.
fn when(mut guards: Vec<GuardSpec>, value: Val) -> Val {
    match value {
        Val::Unit | Val::Error => value,
        Val::Const(Value::None) => value,
        Val::When(inner, value) => {
            guards.extend(inner);
            Val::When(guards, value)
        }
        value => Val::When(guards, Box::new(value)),
    }
}

impl<'a> Names<'a> for Lower<'a, '_> {
    fn param(&mut self, at: usize) -> Val {
        self.params.get(at).cloned().unwrap_or(Val::Error)
    }

    fn generic(&mut self, _id: GenericId) -> Val {
        Val::Error
    }

    /// Outside of its arms a name stands for what is there under their guards; in an arm that a constant condition
    /// leaves out nothing is bound.
    fn local(&mut self, id: LocalId) -> Val {
        let Some((value, guards)) = self.locals.get(&id) else { return Val::none() };
        let missing = missing(guards, &self.guards);
        if missing.is_empty() { value.clone() } else { when(missing, value.clone()) }
    }

    fn call(&mut self, call: &'a Call) -> Val {
        self.step(call)
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
}
