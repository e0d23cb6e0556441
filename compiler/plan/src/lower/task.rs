//! A call of a task as a Tekton Task of one of three shapes, and what the pipeline task passes to it.

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{Kind, Language, Param, Task, Typed};
use fuse_analysis::project::{ObjectStore, Store};
use fuse_analysis::ty::Ty;
use fuse_analysis::value::Value;
use fuse_base::{Diagnostic, Span, codes};
use fuse_wire::contract::{Arms, Constant, Contract, Part, Port, Word};
use fuse_wire::text::json_argument;

use super::calls::{TaskWork, inside};
use super::eval::{Callee, eval, unusable};
use super::guards::rename;
use super::settings::{Resolved, Variable, declared};
use super::val::{Late, NodeAt, Origin, Val};
use super::{NodeSpec, encode};
use crate::binding;
use crate::bodies::{self, Body, Input, Prepared, Program};
use crate::budget;
use crate::cx::Cx;
use crate::model::{
    Arg, Env, EnvValue, Mount, ParamDecl, ParamKind, Resources, ResultDecl, Run, STORE_WORKSPACE, Step, Text,
    Volume, WorkspaceDecl,
};
use crate::types;

/// The longest time of a step that says nothing: an hour.
const HOUR: u64 = 3_600_000;

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
}

/// Everything that is gathered before the shape is chosen.
struct Parts {
    params: Vec<ParamDecl>,
    args: Vec<Arg>,
    results: Vec<(NodeAt, EcoString)>,
    contract: Contract,
    /// Arguments of `fuse-in` behind the contract.
    inputs: Vec<EcoString>,
    /// Late environment, by name.
    late_env: Vec<EcoString>,
    plain_env: Vec<Env>,
    secret_env: Vec<Env>,
    outputs: Vec<ResultDecl>,
    files_in: bool,
    files_out: bool,
}

/// The Task that a call needs; `None` after a diagnostic.
pub(crate) fn build(cx: &Cx<'_>, node: &NodeSpec<'_>, work: &TaskWork<'_>) -> Option<Built> {
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
    let prepared = bodies::prepare(cx, &body)?;
    let mut parts = Parts {
        params: Vec::new(),
        args: Vec::new(),
        results: Vec::new(),
        contract: Contract::default(),
        inputs: Vec::new(),
        late_env: Vec::new(),
        plain_env: Vec::new(),
        secret_env: Vec::new(),
        outputs: Vec::new(),
        files_in: false,
        files_out: false,
    };
    let rewrite = services(cx, work, &mut parts)?;
    parameters(cx, work, &prepared, &mut parts)?;
    constants(cx, &inputs, &prepared, &mut parts)?;
    outputs(cx, work, &rewrite, &mut parts);
    arms(cx, work, &mut parts);
    environment(cx, &settings, &mut parts)?;
    let image = image(cx, task, &mut names)?;
    shape(cx, node, work, parts, &prepared, image, &settings)
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
        let arg = work.args.get(at).and_then(Option::as_ref);
        let mut kind = ParamKind::String;
        if let Some(arg) = arg {
            let value = encode::value(cx, &arg.value, &param.ty, arg.span)?;
            if matches!(value, Text::Many(_)) {
                kind = ParamKind::Array;
            }
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
        parts.files_in |= types::in_store(&param.ty);
        parts.contract.inputs.insert(name.to_string(), types::port(cx.package, &param.ty, &[]));
        match kind {
            ParamKind::String => parts.inputs.push(eco_format!("--in={name}=$(params.{name})")),
            ParamKind::Array => {
                parts.inputs.push(eco_format!("--composite={name}"));
                parts.inputs.push(eco_format!("$(params.{name}[*])"));
            }
        }
    }
    Some(())
}

/// Whether an expression mentions a parameter.
fn mentions(typed: &Typed, param: usize) -> bool {
    match &typed.kind {
        Kind::Param(at) => *at == param,
        Kind::Concat(items) | Kind::List(items) => items.iter().any(|item| mentions(item, param)),
        Kind::Record(fields) => fields.iter().any(|(_, field)| mentions(field, param)),
        Kind::Index(a, b) | Kind::Binary(_, a, b) => mentions(a, param) || mentions(b, param),
        Kind::Field(base, _)
        | Kind::Metric(base, _)
        | Kind::ArtifactField(base, _)
        | Kind::Uri(base)
        | Kind::CaseName(base)
        | Kind::RangeMin(base)
        | Kind::RangeMax(base)
        | Kind::Unary(_, base)
        | Kind::Some(base) => mentions(base, param),
        Kind::Error
        | Kind::Value(_)
        | Kind::Option(..)
        | Kind::Generic(_)
        | Kind::Local(_)
        | Kind::Call(_)
        | Kind::Apply(_)
        | Kind::If(_) => false,
    }
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
                let name = EcoString::from(bodies::variable("IN", &input.name));
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
        parts.outputs.push(ResultDecl { name: name.clone(), description, cause: output.span });
    }
    for (name, (ty, cause)) in &work.added {
        parts.contract.outputs.insert(name.to_string(), Port::Value(types::wire(cx.package, ty)));
        parts.outputs.push(ResultDecl { name: name.clone(), description: None, cause: *cause });
    }
}

/// Conditions that the step computes: their operands from outside arrive as parameters.
fn arms(cx: &Cx<'_>, work: &TaskWork<'_>, parts: &mut Parts) {
    for (chain, (computed, cause)) in work.arms.iter().enumerate() {
        let mut short: Vec<(EcoString, EcoString)> = Vec::new();
        let mut arms = Arms { conditions: Vec::new(), operands: indexmap::IndexMap::new() };
        for (reference, late) in &computed.operands {
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
        arms.conditions.push(rename(&computed.condition, &find));
        parts.contract.arms.push(arms);
        let name = eco_format!("arm--{chain}");
        parts.outputs.push(ResultDecl { name, description: None, cause: *cause });
    }
}

/// The environment that `with` asks for: constants as they are, late values through `fuse-in`.
fn environment(cx: &Cx<'_>, settings: &Resolved, parts: &mut Parts) -> Option<()> {
    for Variable { name, value, span, inside } in &settings.env {
        if !is_variable(name) {
            let message = format!("`{name}` cannot be set: it is no name of a variable, or a step's own");
            let help = "write letters, digits and `_`; `IN_…`, `OUT_…`, `HOME` and `TMPDIR` belong to the step";
            cx.report(Diagnostic::new(&codes::plan::ENV_NAME, *span, message).help(help));
            return None;
        }
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

fn is_variable(name: &str) -> bool {
    let own = name.starts_with("IN_") || name.starts_with("OUT_") || matches!(name, "HOME" | "TMPDIR");
    !own && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
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

/// Chooses the shape: the user's step alone, or between `fuse-in` and `fuse-out`.
fn shape(
    cx: &Cx<'_>,
    node: &NodeSpec<'_>,
    work: &TaskWork<'_>,
    mut parts: Parts,
    prepared: &Prepared,
    image: (EcoString, Span),
    settings: &Resolved,
) -> Option<Built> {
    let task = work.task;
    let store = parts.files_in || parts.files_out;
    let alone = parts.params.is_empty()
        && parts.outputs.is_empty()
        && parts.contract.constants.is_empty()
        && parts.contract.env.is_empty()
        && runs_alone(&prepared.program);
    let run = program(work, &prepared.program, alone, &mut parts.contract);
    let mut env = std::mem::take(&mut parts.plain_env);
    env.append(&mut parts.secret_env);
    let main = Step {
        name: "main".into(),
        image,
        run,
        run_cause: prepared.cause,
        env,
        resources: settings.resources(),
        mounts: if alone { Vec::new() } else { vec![fuse_mount()] },
    };
    let mut steps = Vec::new();
    let (mut workspaces, mut volumes) = (Vec::new(), Vec::new());
    if alone {
        steps.push(main);
    } else {
        let around = Around::new(cx, node, store)?;
        if parts.files_out {
            add_run(&mut parts, node);
        }
        steps.push(around.before(&parts, task.sig.span));
        steps.push(main);
        steps.extend(around.after(&parts, task.sig.span));
        workspaces.extend(around.workspace());
        volumes.push(Volume { name: "fuse".into() });
    }
    let mut planned = crate::model::Task {
        name: EcoString::new(),
        description: summary(task.sig.doc.as_ref()),
        params: parts.params,
        results: parts.outputs,
        workspaces,
        volumes,
        steps,
        budget: crate::model::Budget::default(),
        cause: task.sig.span,
    };
    let sizes = sizes(cx, work);
    budget::check(cx, &mut planned, &sizes, work.call.span);
    bodies::check_size(cx, &planned, work.call.span);
    Some(Built {
        base: base_name(cx, task),
        store: !planned.workspaces.is_empty(),
        task: planned,
        args: parts.args,
        results: parts.results,
        timeout: settings.timeout.map_or(HOUR, |(ms, _)| ms),
        retries: settings.retries.unwrap_or(0),
    })
}

/// The largest size of each result.
fn sizes(cx: &Cx<'_>, work: &TaskWork<'_>) -> Vec<(EcoString, u64)> {
    let outputs = work.task.sig.outputs.iter().map(|output| (output.name.clone(), &output.ty));
    let added = work.added.iter().map(|(name, (ty, _))| (name.clone(), ty));
    let mut all: Vec<(EcoString, u64)> =
        outputs.chain(added).map(|(name, ty)| (name, types::max_bytes(cx.package, ty))).collect();
    all.extend((0..work.arms.len()).map(|at| (eco_format!("arm--{at}"), 1)));
    all
}

fn base_name(cx: &Cx<'_>, task: &Task) -> EcoString {
    let tool = task.sig.tool.and_then(|tool| cx.package.tools.get(tool.0 as usize));
    let package = &cx.project.name.value;
    match tool {
        Some(tool) => eco_format!("{package}--{}-{}", tool.name, task.sig.name),
        None => eco_format!("{package}--{}", task.sig.name),
    }
}

/// What files of the run need: its id and the step's name.
fn add_run(parts: &mut Parts, node: &NodeSpec<'_>) {
    let values = [("run--uid", EcoString::from("$(context.pipelineRun.uid)")), ("run--step", node.name.clone())];
    for (name, value) in values {
        parts.params.push(ParamDecl {
            name: name.into(),
            kind: ParamKind::String,
            description: None,
            default: None,
            cause: node.cause,
        });
        parts.args.push(Arg { name: name.into(), value: Text::One(value), cause: node.cause });
    }
}

/// Whether nothing that the kubelet would expand stands in a command.
fn runs_alone(program: &Program) -> bool {
    match program {
        Program::Script(..) => true,
        Program::Command(words) => {
            words.iter().all(|word| matches!(word, Word::Text(text) if !text.contains('$')))
        }
    }
}

fn program(work: &TaskWork<'_>, program: &Program, alone: bool, contract: &mut Contract) -> Run {
    let exec = |last: &[&str]| {
        let words = ["/fuse/bin/fuse-step", "exec"].iter().chain(last);
        words.map(|word| EcoString::from(*word)).collect::<Vec<_>>()
    };
    match program {
        Program::Script(language, text) => {
            let first = match (language, alone) {
                (Language::Sh, true) => "#!/bin/sh\nset -eu\n",
                (Language::Python, true) => "#!/usr/bin/env python3\n",
                (Language::Sh, false) => "#!/fuse/bin/fuse-step sh\n",
                (Language::Python, false) => "#!/fuse/bin/fuse-step python\n",
            };
            Run::Script(eco_format!("{first}{text}"))
        }
        Program::Command(words) if alone => {
            let mut texts = words.iter().map(word_text).map(Option::unwrap_or_default);
            Run::Command { command: texts.next().into_iter().collect(), args: texts.collect() }
        }
        Program::Command(words) => {
            let inert = |name: &str| {
                work.task.sig.params.iter().any(|param| param.name == name && param.ty.is_inert())
            };
            let texts: Option<Vec<EcoString>> = words.iter().map(|word| word_inert(word, &inert)).collect();
            match texts {
                Some(args) => Run::Command { command: exec(&["--"]), args },
                None => {
                    contract.run = words.clone();
                    Run::Command { command: exec(&[]), args: Vec::new() }
                }
            }
        }
    }
}

fn word_text(word: &Word) -> Option<EcoString> {
    if let Word::Text(text) = word { Some(text.into()) } else { None }
}

/// A word that may stand in `args`: no text that someone would expand, references to inert values only.
fn word_inert(word: &Word, inert: &dyn Fn(&str) -> bool) -> Option<EcoString> {
    let text = |text: &String| if text.contains('$') { None } else { Some(EcoString::from(text)) };
    match word {
        Word::Text(constant) => text(constant),
        Word::Parts(parts) => {
            let mut all = EcoString::new();
            for part in parts {
                match part {
                    Part::Text(constant) => all.push_str(&text(constant)?),
                    Part::Input { input } if inert(input) => all.push_str(&format!("$(params.{input})")),
                    Part::Input { .. } => return None,
                }
            }
            Some(all)
        }
    }
}

/// The volume that all steps of a task share.
fn fuse_mount() -> Mount {
    Mount { name: "fuse".into(), path: "/fuse".into() }
}

/// What `fuse-step`'s own containers ask for.
pub(crate) fn helper_resources(cause: Span) -> Resources {
    Resources {
        cpu_request: Some(("10m".into(), cause)),
        memory_request: Some(("32Mi".into(), cause)),
        memory_limit: Some(("128Mi".into(), cause)),
    }
}

/// The image of `fuse-step`; reports that the target does not name it.
pub(crate) fn step_image(cx: &Cx<'_>, used: Span) -> Option<(EcoString, Span)> {
    if let Some(image) = &cx.target.step_image {
        return Some((image.value.clone(), image.span));
    }
    let target = &cx.target.name;
    let message = format!("this step needs `fuse-step`, and target `{target}` does not name its image");
    let diagnostic = Diagnostic::new(&codes::target::NO_STEP_IMAGE, used, message)
        .label(cx.target.span, "this target")
        .help(format!("add to [target.{target}] in fuse.toml: `step-image = \"registry/…/fuse-step:tag\"`"));
    cx.report_once("step-image", diagnostic);
    None
}

/// `fuse-in` and `fuse-out` around the user's step.
struct Around<'a> {
    image: (EcoString, Span),
    store: Option<&'a Store>,
    store_span: Span,
}

impl<'a> Around<'a> {
    fn new(cx: &Cx<'a>, node: &NodeSpec<'_>, store: bool) -> Option<Self> {
        let image = step_image(cx, node.cause)?;
        if !store {
            return Some(Self { image, store: None, store_span: node.cause });
        }
        if let Some(store) = &cx.target.store {
            return Some(Self { image, store: Some(&store.value), store_span: store.span });
        }
        let target = &cx.target.name;
        let message = format!("this step passes files, and target `{target}` has no store for them");
        let diagnostic = Diagnostic::new(&codes::target::NO_STORE, node.cause, message)
            .label(cx.target.span, "this target")
            .help(format!(
                "add to [target.{target}] in fuse.toml: `store = {{ kind = \"pvc\", size = \"10Gi\" }}`"
            ));
        cx.report_once("store", diagnostic);
        None
    }

    fn workspace(&self) -> Option<WorkspaceDecl> {
        matches!(self.store, Some(Store::Pvc { .. })).then(|| WorkspaceDecl {
            name: STORE_WORKSPACE.into(),
            mount_path: "/fuse/store".into(),
        })
    }

    fn before(&self, parts: &Parts, cause: Span) -> Step {
        let mut args = vec![eco_format!("--wire={}", fuse_wire::WIRE_VERSION), parts.contract.argument().into()];
        args.extend(self.store_argument());
        args.extend(run_arguments(parts));
        args.extend(parts.inputs.iter().cloned());
        args.extend(parts.late_env.iter().cloned());
        self.step("fuse-in", &["/fuse-step", "in"], args, cause)
    }

    /// Only an object store needs a step that carries files away.
    fn after(&self, parts: &Parts, cause: Span) -> Option<Step> {
        let store = self.store_argument().filter(|_| parts.files_out)?;
        let mut args = vec![eco_format!("--wire={}", fuse_wire::WIRE_VERSION), store];
        args.extend(run_arguments(parts));
        Some(self.step("fuse-out", &["/fuse-step", "out"], args, cause))
    }

    fn step(&self, name: &str, command: &[&str], args: Vec<EcoString>, cause: Span) -> Step {
        Step {
            name: name.into(),
            image: self.image.clone(),
            run: Run::Command { command: command.iter().map(|word| EcoString::from(*word)).collect(), args },
            run_cause: cause,
            env: self.store_env(),
            resources: helper_resources(cause),
            mounts: vec![fuse_mount()],
        }
    }

    fn store_argument(&self) -> Option<EcoString> {
        let Some(Store::Object { kind, bucket, prefix, endpoint, region, .. }) = self.store else { return None };
        let mut json = serde_json::Map::new();
        json.insert("kind".into(), store_kind(*kind).into());
        json.insert("bucket".into(), bucket.as_str().into());
        for (key, value) in [("prefix", prefix), ("endpoint", endpoint), ("region", region)] {
            if let Some(value) = value {
                json.insert(key.into(), value.as_str().into());
            }
        }
        let json = json_argument(&serde_json::Value::Object(json).to_string());
        Some(eco_format!("--store={json}"))
    }

    fn store_env(&self) -> Vec<Env> {
        let Some(Store::Object { secret: Some(secret), .. }) = self.store else { return Vec::new() };
        let keys = secret.keys.iter();
        keys.map(|key| Env {
            name: key.value.clone(),
            value: EnvValue::Secret { name: secret.name.clone(), key: key.value.clone(), optional: false },
            cause: if key.span == Span::default() { self.store_span } else { key.span },
        })
        .collect()
    }
}

fn run_arguments(parts: &Parts) -> Vec<EcoString> {
    if !parts.files_out {
        return Vec::new();
    }
    vec!["--run=$(params.run--uid)".into(), "--step=$(params.run--step)".into()]
}

/// The kind of a store as `fuse.toml` names it.
const fn store_kind(kind: ObjectStore) -> &'static str {
    match kind {
        ObjectStore::S3 => "s3",
        ObjectStore::Gcs => "gcs",
        ObjectStore::Azure => "azure",
    }
}
