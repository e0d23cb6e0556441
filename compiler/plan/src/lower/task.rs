//! A call of a task as a Tekton Task of one of three shapes, and what the pipeline task passes to it.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "constants are written as they are; all other values take one way"
)]

use std::rc::Rc;

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{Kind, Param, Task, Typed};
use fuse_analysis::ty::Ty;
use fuse_analysis::value::Value;
use fuse_base::Span;
use fuse_wire::contract::{Arms, Constant, Contract, Pick, Port, variable};
use indexmap::IndexMap;

use super::calls::{TaskWork, inside};
use super::eval::{Callee, eval, unusable};
use super::given::is_carried;
use super::guards::rename;
use super::helpers::{hand, hand_input};
use super::in_pod::{self, Shared};
use super::join::all_results;
use super::narrow::narrowed;
use super::settings::{Pod, Resolved, Variable, declared};
use super::shape::{runs_alone, shape};
use super::val::{Chosen, Late, NodeAt, OUT, Origin, Round, RoundOf, Val};
use super::{NodeSpec, encode};
use crate::binding;
use crate::bodies::{Body, Input, Prepared, Program};
use crate::cx::Cx;
use crate::model::{Arg, Env, EnvValue, ParamDecl, ParamKind, ResultDecl, Text, WorkspaceDecl};
use crate::types;

/// A Task without its final name, and what is passed to it.
pub(crate) struct Built {
    /// The name before variants and cuts.
    pub(crate) base: EcoString,
    pub(crate) task: crate::model::Task,
    pub(crate) args: Vec<Arg>,
    /// Results that the arguments refer to.
    pub(crate) results: Vec<(NodeAt, EcoString)>,
    pub(crate) store: bool,
    pub(crate) timeout: u64,
    pub(crate) retries: u32,
    pub(crate) pod: Pod,
}

/// Everything that is gathered before the shape is chosen.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) params: Vec<ParamDecl>,
    pub(crate) args: Vec<Arg>,
    /// Results that the arguments refer to.
    pub(crate) results: Vec<(NodeAt, EcoString)>,
    pub(crate) contract: Contract,
    /// Arguments of `fuse-in` behind the contract.
    pub(crate) inputs: Vec<EcoString>,
    /// `--env=NAME=…`
    pub(crate) late_env: Vec<EcoString>,
    pub(crate) plain_env: Vec<Env>,
    pub(crate) secret_env: Vec<Env>,
    pub(crate) outputs: Vec<ResultDecl>,
    /// Folders that a run brings along.
    pub(crate) folders: Vec<WorkspaceDecl>,
    pub(crate) files_in: bool,
    pub(crate) files_out: bool,
    /// The pod that it shares with other calls.
    pub(crate) pod: Option<Shared>,
}

impl Parts {
    /// Whether the step leaves something in the run's store.
    pub(crate) fn stores(&self) -> bool {
        self.files_out || !self.contract.slots.is_empty()
    }

    /// Whether the user's step needs nothing of `fuse-step`.
    pub(crate) fn alone(&self, program: &Program) -> bool {
        self.params.is_empty()
            && self.folders.is_empty()
            && self.outputs.is_empty()
            && self.contract.outputs.is_empty()
            && self.contract.from.is_empty()
            && self.contract.constants.is_empty()
            && self.contract.env.is_empty()
            && runs_alone(program)
    }
}

/// A call with everything that its container needs.
pub(crate) struct Gathered {
    pub(crate) parts: Parts,
    pub(crate) prepared: Rc<Prepared>,
    pub(crate) image: (EcoString, Span),
    pub(crate) settings: Resolved,
}

/// The Task that a call needs; `None` after a diagnostic.
pub(crate) fn build(cx: &Cx<'_>, node: &NodeSpec<'_>, work: &TaskWork<'_>) -> Option<Built> {
    let gathered = gather(cx, node, work, &work.arms, Parts::default())?;
    shape(cx, node, work, gathered)
}

/// What a call needs, with the conditions that it computes when it closes; `None` after a diagnostic.
pub(crate) fn gather(
    cx: &Cx<'_>,
    node: &NodeSpec<'_>,
    work: &TaskWork<'_>,
    chosen: &[(Chosen, Span)],
    mut parts: Parts,
) -> Option<Gathered> {
    let fuse_analysis::model::Callee::Task(id) = work.call.callee else { return None };
    let task = work.task;
    let sig = &task.sig;
    let generics = &work.call.generics;
    let values = inside(cx, sig, generics, &work.args, &|param, _| {
        let origin = Origin::Param(param.name.clone());
        Val::Late(Late { origin, ty: param.ty.clone(), uri: false })
    });
    if values.iter().any(|value| matches!(value, Val::Error)) {
        return None;
    }
    let mut names = Callee { params: &values, generics };
    let settings = work.settings.clone().or(declared(cx, &task.settings, &mut names));
    let inputs = body_inputs(&sig.params, &values);
    let body = Body { task, inputs: &inputs, params: &values, generics };
    let prepared = cx.bodies.prepare(cx, id, &body)?;
    let rewrite = services(cx, work, &mut parts)?;
    parameters(cx, work, &prepared, &mut parts)?;
    constants(cx, &inputs, &prepared, &mut parts)?;
    outputs(cx, work, &rewrite, &mut parts);
    arms(cx, chosen, &mut parts);
    if node.matrix.is_some() {
        one_of_many(node, &mut parts);
    }
    parts.contract.name = sig.name.to_string();
    parts.contract.slots = slots(node);
    environment(cx, &settings, &mut parts)?;
    let image = image(cx, task, &mut names)?;
    in_pod::no_late_image(cx, work, &image.0, &parts);
    Some(Gathered { parts, prepared, image, settings })
}

fn body_inputs(params: &[Param], values: &[Val]) -> Vec<Input> {
    params
        .iter()
        .zip(values)
        .map(|(param, value)| Input {
            name: param.name.clone(),
            ty: param.ty.clone(),
            constant: if param.constant { value.constant().cloned() } else { None },
        })
        .collect()
}

/// The environment of the services that the task needs, and how they rewrite references.
fn services(cx: &Cx<'_>, work: &TaskWork<'_>, parts: &mut Parts) -> Option<Vec<(EcoString, EcoString)>> {
    let mut rewrite = Vec::new();
    for (tool, service, span) in &work.task.needs {
        let bound = binding::service(cx, *tool, *service, *span, work.call.span, &work.task.sig.name)?;
        for (name, text, cause) in bound.plain {
            plain(cx, parts, &name, &text, cause)?;
        }
        for (name, secret, optional, cause) in bound.secret {
            let value = EnvValue::Secret { name: secret, key: name.clone(), optional };
            parts.secret_env.push(Env { name, value, cause });
        }
        rewrite.extend(bound.rewrite);
    }
    Some(rewrite)
}

/// A constant variable: plain where no one would expand it, else through `fuse-in`.
fn plain(cx: &Cx<'_>, parts: &mut Parts, name: &EcoString, text: &EcoString, cause: Span) -> Option<()> {
    parts.plain_env.retain(|env| env.name != *name);
    parts.contract.env.retain(|env| env != name.as_str());
    parts.contract.env_from.shift_remove(name.as_str());
    parts.late_env.retain(|arg| !arg.starts_with(&format!("--env={name}=")));
    if !text.contains('$') {
        parts.plain_env.push(Env { name: name.clone(), value: EnvValue::Plain(text.clone()), cause });
        return Some(());
    }
    let encoded = encode::one(cx, &Val::text(text.clone()), cause)?;
    parts.contract.env.push(name.to_string());
    parts.late_env.push(eco_format!("--env={name}={encoded}"));
    Some(())
}

/// Declared parameters: those that are not `const` are parameters of the Task.
fn parameters(cx: &Cx<'_>, work: &TaskWork<'_>, prepared: &Prepared, parts: &mut Parts) -> Option<()> {
    let sig = &work.task.sig;
    let values = inside(cx, sig, &work.call.generics, &vec![None; sig.params.len()], &|_, default| {
        default.unwrap_or(Val::Unit)
    });
    for (at, param) in sig.params.iter().enumerate() {
        if param.constant {
            continue;
        }
        let name = &param.name;
        if param.ty.is_dir() {
            folder(cx, param, parts);
            continue;
        }
        let arg = work.args.get(at).and_then(Option::as_ref);
        let taken = arg.map_or(Some(Taken::AsItIs), |arg| taken(cx, arg, name, parts))?;
        if !matches!(taken, Taken::AsItIs) {
            parts.files_in |= types::in_store(&param.ty);
            parts.contract.inputs.insert(name.to_string(), types::port(cx.package, &param.ty, &[]));
            if let (Taken::Whole(value), Some(arg)) = (taken, arg) {
                let (kind, description) = (value.kind(), summary(param.doc.as_ref()));
                let declared =
                    ParamDecl { name: name.clone(), kind, description, default: None, cause: param.span };
                parts.params.push(declared);
                parts.args.push(Arg { name: name.clone(), value, cause: arg.span });
            }
            continue;
        }
        if let Some(arg) = arg.filter(|arg| parts.stays_inside(&arg.value)) {
            in_pod::input(cx, arg, param, parts)?;
            continue;
        }
        let mut kind = ParamKind::String;
        if let Some(arg) = arg {
            let value = encode::value(cx, &arg.value, &param.ty, arg.span)?;
            kind = value.kind();
            arg.value.results(&mut parts.results);
            parts.args.push(Arg { name: name.clone(), value, cause: arg.span });
        }
        let default = match values.get(at) {
            Some(Val::Const(value)) if kind == ParamKind::String => {
                let span = param.default.as_ref().map_or(param.span, |default| default.span);
                Some(encode::value(cx, &Val::Const(value.clone()), &param.ty, span)?)
            }
            _ => None,
        };
        let description = summary(param.doc.as_ref());
        parts.params.push(ParamDecl { name: name.clone(), kind, description, default, cause: param.span });
        let only_image = param.ty == Ty::Image
            && !prepared.reads.contains(name)
            && work.task.image.as_ref().is_some_and(|image| mentions(image, at));
        if only_image {
            continue;
        }
        parts.files_in |= types::in_store(&param.ty) && !arg.is_some_and(|arg| is_carried(&arg.value));
        let ty = arg.map_or_else(|| param.ty.clone(), |arg| narrowed(&param.ty, &arg.value));
        parts.contract.inputs.insert(name.to_string(), types::port(cx.package, &ty, &[]));
        hand_input(&mut parts.inputs, name, kind);
    }
    Some(())
}

/// A folder arrives as a workspace; the step gets its path, the empty text where there is none.
fn folder(cx: &Cx<'_>, param: &Param, parts: &mut Parts) {
    let name = &param.name;
    parts.contract.inputs.insert(name.to_string(), Port::Value(types::wire(cx.package, &Ty::Dir)));
    parts.inputs.push(eco_format!("--in={name}=$(workspaces.{name}.path)"));
    let mount_path = eco_format!("/workspace/{name}");
    parts.folders.push(WorkspaceDecl { name: name.clone(), mount_path, folder: true });
}

/// What arrives for an argument.
enum Taken {
    /// Itself.
    AsItIs,
    /// Nothing: it is the number of the round.
    Number,
    /// Something whole that the step takes it out of: a list, or what all pods of a matrix gave.
    Whole(Text),
}

/// How the step gets an argument; the contract tells it what to take out of something whole. `None` after a diagnostic.
fn taken(cx: &Cx<'_>, arg: &super::calls::Arg, name: &EcoString, parts: &mut Parts) -> Option<Taken> {
    let path = |round: &Round| round.path.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut pick = |pick| parts.contract.picks.insert(name.to_string(), pick);
    let (node, step) = match &arg.value {
        Val::Round(round) => match &round.of {
            RoundOf::Index => {
                pick(Pick::Index { index: true });
                return Some(Taken::Number);
            }
            RoundOf::Item(list, ty) => {
                pick(Pick::Item { list: types::wire(cx.package, ty), path: path(round) });
                list.results(&mut parts.results);
                let value = encode::value(cx, list, ty, arg.span)?;
                hand_input(&mut parts.inputs, name, value.kind());
                return Some(Taken::Whole(value));
            }
            RoundOf::Out(node, step) => {
                pick(Pick::Out { out: path(round) });
                (*node, step)
            }
        },
        Val::Rounds(rounds) => {
            let Some((round, node, step)) = rounds.leaf() else { return Some(Taken::AsItIs) };
            parts.contract.collects.insert(name.to_string(), path(round));
            (node, step)
        }
        _ => return Some(Taken::AsItIs),
    };
    parts.results.push((node, OUT.into()));
    hand(&mut parts.inputs, "outs", name, ParamKind::Array);
    Some(Taken::Whole(Text::One(all_results(step))))
}

/// Whether an expression mentions a parameter.
fn mentions(typed: &Typed, param: usize) -> bool {
    matches!(typed.kind, Kind::Param(at) if at == param) || typed.parts().any(|part| mentions(part, param))
}

/// Constants that a script reads as `$IN_…`: scalars as variables, others by the contract.
fn constants(cx: &Cx<'_>, inputs: &[Input], prepared: &Prepared, parts: &mut Parts) -> Option<()> {
    for input in inputs {
        let Some(value) = &input.constant else { continue };
        if !prepared.reads.contains(&input.name) || *value == Value::None {
            continue;
        }
        match value.text() {
            Some(text) => {
                let name = EcoString::from(variable("IN", &input.name));
                plain(cx, parts, &name, &text, prepared.cause)?;
            }
            None => {
                let constant = Constant { ty: types::wire(cx.package, &input.ty), value: value.json() };
                parts.contract.constants.insert(input.name.to_string(), constant);
            }
        }
    }
    Some(())
}

fn outputs(cx: &Cx<'_>, work: &TaskWork<'_>, rewrite: &[(EcoString, EcoString)], parts: &mut Parts) {
    for output in &work.task.sig.outputs {
        let name = &output.name;
        parts.files_out |= types::in_store(&output.ty);
        parts.contract.outputs.insert(name.to_string(), types::port(cx.package, &output.ty, rewrite));
        let description = summary(output.doc.as_ref());
        parts.outputs.push(ResultDecl {
            name: name.clone(),
            description,
            kind: ParamKind::String,
            cause: output.span,
        });
    }
    for (name, (ty, cause)) in &work.added {
        parts.contract.outputs.insert(name.to_string(), Port::Value(types::wire(cx.package, ty)));
        parts.outputs.push(ResultDecl {
            name: name.clone(),
            description: None,
            kind: ParamKind::String,
            cause: *cause,
        });
    }
}

/// A pod of a matrix gets its number, and gives all that it gives in one result.
fn one_of_many(node: &NodeSpec<'_>, parts: &mut Parts) {
    let name = EcoString::from("run--i");
    parts.contract.each = true;
    parts.inputs.insert(0, eco_format!("--index=$(params.{name})"));
    let kind = ParamKind::String;
    parts.params.push(ParamDecl { name, kind, description: None, default: None, cause: node.cause });
    let given = std::mem::take(&mut parts.outputs);
    if let Some(cause) = given.first().map(|result| result.cause) {
        parts.outputs.push(ResultDecl { name: OUT.into(), description: None, kind, cause });
    }
}

/// What a step leaves for joins.
pub(crate) fn slots(node: &NodeSpec<'_>) -> IndexMap<String, String> {
    node.slots.iter().map(|(slot, result)| (slot.to_string(), result.to_string())).collect()
}

/// Conditions that the step computes: their operands from outside arrive as parameters.
fn arms(cx: &Cx<'_>, all: &[(Chosen, Span)], parts: &mut Parts) {
    for (chain, (chosen, cause)) in all.iter().enumerate() {
        let mut short: Vec<(EcoString, EcoString)> = Vec::new();
        let mut arms = Arms { conditions: Vec::new(), operands: IndexMap::new() };
        for (reference, late) in &chosen.operands {
            if late.node().is_some() {
                short.push((reference.clone(), late.short().clone()));
                continue;
            }
            let mut name = late.short().clone();
            if parts.contract.outputs.contains_key(name.as_str()) {
                name = eco_format!("param--{name}");
            }
            let param = eco_format!("arm--{chain}--{name}");
            arms.operands.insert(name.to_string(), types::wire(cx.package, &late.ty));
            parts.params.push(ParamDecl {
                name: param.clone(),
                kind: ParamKind::String,
                description: None,
                default: None,
                cause: *cause,
            });
            parts.args.push(Arg { name: param.clone(), value: Text::One(late.text()), cause: *cause });
            parts.inputs.push(eco_format!("--operand={chain}={name}=$(params.{param})"));
            short.push((reference.clone(), name));
        }
        let find = |name: &str| {
            short.iter().find(|(known, _)| known == name).map_or(name, |(_, short)| short.as_str()).to_owned()
        };
        arms.conditions = chosen.conditions.iter().map(|one| rename(one, &find)).collect();
        parts.contract.arms.push(arms);
        let name = eco_format!("arm--{chain}");
        parts.outputs.push(ResultDecl { name, description: None, kind: ParamKind::String, cause: *cause });
    }
}

/// The environment that `with` asks for: constants as they are, late values through `fuse-in`.
fn environment(cx: &Cx<'_>, settings: &Resolved, parts: &mut Parts) -> Option<()> {
    for variable in &settings.env {
        let Variable { name, value, span, inside } = variable;
        match value {
            Val::Const(Value::None) => {}
            Val::Const(constant) => {
                let Some(text) = constant.text() else {
                    unusable(cx, &Val::Unit, *span);
                    return None;
                };
                plain(cx, parts, name, &text, *span)?;
            }
            value => {
                let text = encode::one(cx, value, *span)?;
                parts.plain_env.retain(|env| env.name != *name);
                parts.contract.env.push(name.to_string());
                if in_pod::variable(variable, &text, parts) {
                    continue;
                }
                if *inside {
                    parts.late_env.push(eco_format!("--env={name}={text}"));
                    continue;
                }
                let param = eco_format!("env--{name}");
                value.results(&mut parts.results);
                parts.params.push(ParamDecl {
                    name: param.clone(),
                    kind: ParamKind::String,
                    description: None,
                    default: None,
                    cause: *span,
                });
                parts.args.push(Arg { name: param.clone(), value: Text::One(text), cause: *span });
                parts.late_env.push(eco_format!("--env={name}=$(params.{param})"));
            }
        }
    }
    Some(())
}

fn image(cx: &Cx<'_>, task: &Task, names: &mut Callee<'_>) -> Option<(EcoString, Span)> {
    let typed = task.image.as_ref()?;
    let value = eval(cx, typed, names);
    let text = encode::one(cx, &value, typed.span)?;
    Some((text, typed.span))
}

/// The first paragraph of a documentation, on one line.
pub(crate) fn summary(doc: Option<&EcoString>) -> Option<EcoString> {
    let paragraph = doc?.split("\n\n").map(str::trim).find(|part| !part.is_empty())?;
    Some(EcoString::from(paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ")))
}
