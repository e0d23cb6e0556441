//! Helper tasks: `decide` computes a condition that no step can, `fail` refuses a value that no arm is for.

use ecow::{EcoString, eco_format};
use fuse_analysis::ty::Ty;
use fuse_base::Span;
use fuse_wire::WireType;
use fuse_wire::contract::{Arms, Contract, Port};
use indexmap::IndexMap;

use super::around::{helper_resources, step_image};
use super::calls::{Decide, Fail, Work};
use super::guards::{GuardSpec, rename};
use super::settings::Pod;
use super::task::Built;
use super::val::{Chosen, Late, NodeAt, Origin, Val};
use super::{Lower, NodeSpec, encode};
use crate::budget;
use crate::cx::Cx;
use crate::model::{self, Arg, Operator, ParamDecl, ParamKind, ResultDecl, Run, Step, Text};
use crate::{names, types};

/// The longest time of a helper.
pub(super) const HELPER: u64 = 600_000;

impl Lower<'_, '_> {
    /// A pipeline task that computes a condition.
    pub(super) fn decide_helper(
        &mut self,
        chosen: &Chosen,
        cause: Span,
        hint: Option<EcoString>,
    ) -> Option<Late> {
        let operand = chosen.operands.first().map(|(_, late)| late.short().clone());
        let base = names::kebab(&hint.or(operand)?);
        let (name, base) = self.fresh("if", &base);
        let work = Work::Decide(Decide { base, chosen: chosen.clone() });
        let guards = self.guards.clone();
        let node = NodeSpec::new(name.clone(), guards, work, cause);
        let at = self.push(node);
        Some(Late::result(at, name, "arm--0".into(), Ty::int()))
    }

    /// A Bool or enum parameter that guards: a value that is none of its cases would run no arm and end well, so a
    /// pipeline task without a pod in a good run fails then.
    pub(super) fn guarded_parameter(&mut self, guard: &GuardSpec) {
        let (Origin::Param(param), Some(cases)) = (&guard.input.origin, &guard.universe) else { return };
        if !self.guarded.insert(param.clone()) {
            return;
        }
        let name =
            names::free(&eco_format!("fail--{}", names::kebab(param)), |name| self.used.contains(name));
        let message = Val::Concat(vec![
            Val::text(eco_format!("the parameter {param} must be {}, not ", cases.join(" or "))),
            Val::Late(guard.input.clone()),
        ]);
        let base = eco_format!("{}--{}-fail-{param}", self.cx.project.name.value, self.name);
        let wrong =
            GuardSpec { operator: Operator::NotIn, values: cases.clone(), arms: Vec::new(), ..guard.clone() };
        let work = Work::Fail(Fail { base, message });
        self.used.insert(name.clone());
        // It is no step of `finally`, wherever the condition stands: a wrong value fails the run.
        let node = NodeSpec::new(name, vec![wrong], work, guard.cause);
        self.before_the_end(|lower| lower.push(node));
    }

    /// A pipeline task that fails the run where the guards around it hold.
    pub(super) fn fail_step(&mut self, label: &str, message: Val, cause: Span) {
        let (name, base) = self.fresh("fail", label);
        let work = Work::Fail(Fail { base, message });
        self.push(NodeSpec::new(name, self.guards.clone(), work, cause));
    }
}

/// The Task of a `decide` helper.
pub(crate) fn decide(cx: &Cx<'_>, node: &NodeSpec<'_>, work: &Decide) -> Option<Built> {
    let mut contract = Contract::default();
    let (mut params, mut args, mut inputs) = (Vec::new(), Vec::new(), Vec::new());
    let mut results: Vec<(NodeAt, EcoString)> = Vec::new();
    let mut short: Vec<(EcoString, EcoString)> = Vec::new();
    for (reference, late) in &work.chosen.operands {
        let name = names::free(late.short(), |name| contract.inputs.contains_key(name));
        let ty: WireType = types::wire(cx.package, &late.ty);
        contract.inputs.insert(name.to_string(), Port::Value(ty));
        hand_input(&mut inputs, &name, ParamKind::String);
        results.extend(late.node().map(|(node, result)| (node, result.clone())));
        args.push(Arg { name: name.clone(), value: Text::One(late.text()), cause: node.cause });
        params.push(param(name.clone(), node.cause));
        short.push((reference.clone(), name));
    }
    let find = |name: &str| {
        short.iter().find(|(known, _)| known == name).map_or(name, |(_, s)| s.as_str()).to_owned()
    };
    let conditions = work.chosen.conditions.iter().map(|one| rename(one, &find)).collect();
    contract.arms.push(Arms { conditions, operands: IndexMap::new() });
    contract.name = node.name.to_string();
    let mut all = vec![wire(), contract.argument().into()];
    all.extend(inputs);
    let result =
        ResultDecl { name: "arm--0".into(), description: None, kind: ParamKind::String, cause: node.cause };
    let task = helper(cx, node, "decide", params, vec![result], all)?;
    Some(built(cx, &work.base, task, args, results, &[("arm--0".into(), 1)]))
}

/// The first word behind every verb of `fuse-step`: the version of the contract that this was built for.
pub(super) fn wire() -> EcoString {
    eco_format!("--wire={}", fuse_wire::WIRE_VERSION)
}

/// The Task of a `fail` helper.
pub(crate) fn fail(cx: &Cx<'_>, node: &NodeSpec<'_>, work: &Fail) -> Option<Built> {
    let message = encode::one(cx, &work.message, node.cause)?;
    let args = vec![Arg { name: "message".into(), value: Text::One(message), cause: node.cause }];
    let all = vec![wire(), "--message=$(params.message)".into()];
    let task = helper(cx, node, "fail", vec![param("message".into(), node.cause)], Vec::new(), all)?;
    let mut results = Vec::new();
    work.message.results(&mut results);
    Some(built(cx, &work.base, task, args, results, &[]))
}

/// Hands a parameter to `fuse-step`: a text behind the option, the texts of an array as arguments of their own.
pub(super) fn hand(words: &mut Vec<EcoString>, option: &str, name: &str, kind: ParamKind) {
    match kind {
        ParamKind::String => words.push(eco_format!("--{option}={name}=$(params.{name})")),
        ParamKind::Array => {
            words.push(eco_format!("--{option}={name}"));
            words.push(eco_format!("$(params.{name}[*])"));
        }
    }
}

/// Hands an input to `fuse-step`; an array is a composite with its late parts.
pub(super) fn hand_input(words: &mut Vec<EcoString>, name: &str, kind: ParamKind) {
    let option = if kind == ParamKind::Array { "composite" } else { "in" };
    hand(words, option, name, kind);
}

pub(super) fn param(name: EcoString, cause: Span) -> ParamDecl {
    ParamDecl { name, kind: ParamKind::String, description: None, default: None, cause }
}

pub(super) fn helper(
    cx: &Cx<'_>,
    node: &NodeSpec<'_>,
    verb: &str,
    params: Vec<ParamDecl>,
    results: Vec<ResultDecl>,
    args: Vec<EcoString>,
) -> Option<model::Task> {
    let step = Step {
        name: verb.into(),
        image: step_image(cx, node.cause)?,
        run: Run::Command { command: vec!["/fuse-step".into(), verb.into()], args },
        run_cause: node.cause,
        env: Vec::new(),
        timeout: None,
        resources: helper_resources(node.cause),
        mounts: Vec::new(),
    };
    Some(model::Task {
        name: EcoString::new(),
        description: None,
        params,
        results,
        workspaces: Vec::new(),
        volumes: Vec::new(),
        steps: vec![step],
        budget: model::Budget::default(),
        cause: node.cause,
    })
}

/// A helper, with the bytes that its results take at most.
pub(super) fn built(
    cx: &Cx<'_>,
    base: &EcoString,
    mut task: model::Task,
    args: Vec<Arg>,
    results: Vec<(NodeAt, EcoString)>,
    sizes: &[(EcoString, u64)],
) -> Built {
    let (cause, base) = (task.cause, base.clone());
    budget::check(cx, &mut task, sizes, cause);
    let store = !task.workspaces.is_empty();
    Built { base, task, args, results, store, timeout: HELPER, retries: 0, pod: Pod::default() }
}
