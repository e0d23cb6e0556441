//! `apply` and `deploy`: a declared resource as an object, with holes where an `apply` fills in late values.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a manifest takes a few kinds of values; all others are reported in one arm"
)]

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{Call, Deploy, Resource, Signature, Typed};
use fuse_analysis::ty::{Facet, Ty};
use fuse_analysis::value::{Value, duration_text};
use fuse_base::{Diagnostic, Span, codes};
use fuse_wire::contract::Contract;
use fuse_wire::kind;
use fuse_wire::text::json_argument;
use serde_json::{Map, Value as Json};

use super::around::{Around, Need, helper_resources, step_image};
use super::calls::{ApplyWork, Arg as CallArg, inside};
use super::eval::{Callee, eval};
use super::helpers::wire;
use super::settings::Resolved;
use super::task::{Built, slots, summary};
use super::val::{Late, Origin, Val};
use super::{NodeSpec, encode};
use crate::budget;
use crate::cx::Cx;
use crate::model::{
    self, Arg, Credentials, Mount, ParamDecl, ParamKind, ResultDecl, Rule, Run, Step, Volume, VolumeSource,
};
use crate::{domain, types};

/// An `apply` without a wait takes as long as a helper.
const HELPER: u64 = 600_000;
/// What an `apply` gets on top of its wait.
const SLACK: u64 = 300_000;

/// The volume with the kubeconfig of another cluster, where it is mounted, and the file in it.
const DOMAIN_VOLUME: &str = "domain";
const DOMAIN_FOLDER: &str = "/domain";
const KUBECONFIG: &str = "kubeconfig";

/// What identifies an object of the cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Object {
    pub(crate) group: EcoString,
    pub(crate) kind: EcoString,
    pub(crate) name: EcoString,
    pub(crate) namespace: EcoString,
    /// The domain in another cluster, with what opens it.
    pub(crate) outside: Option<(EcoString, Credentials)>,
}

/// A resource with its arguments put in.
struct Rendered {
    json: Json,
    /// JSON path and what fills it: `model.uri`, `image`.
    holes: Vec<(EcoString, EcoString)>,
    object: Object,
}

/// The Task of an `apply`, and the object that it owns.
pub(crate) fn build(
    cx: &Cx<'_>,
    pipeline: &str,
    node: &NodeSpec<'_>,
    work: &ApplyWork<'_>,
) -> Option<(Built, Object)> {
    let resource = work.resource;
    let sig = &resource.sig;
    let rendered = render(cx, resource, &work.call.generics, &work.args, work.call.span)?;
    let mut contract = Contract::default();
    let (mut params, mut args, mut results) = (Vec::new(), Vec::new(), Vec::new());
    let mut inputs: Vec<EcoString> = Vec::new();
    for (param, arg) in sig.params.iter().zip(&work.args) {
        let Some(arg) = arg.as_ref().filter(|arg| arg.constant().is_none() && !param.constant) else {
            continue;
        };
        let name = &param.name;
        let value = encode::value(cx, &arg.value, &param.ty, arg.span)?;
        arg.value.results(&mut results);
        contract.inputs.insert(name.to_string(), types::port(cx.package, &param.ty, &[]));
        inputs.push(eco_format!("--in={name}=$(params.{name})"));
        args.push(Arg { name: name.clone(), value, cause: arg.span });
        params.push(ParamDecl {
            name: name.clone(),
            kind: ParamKind::String,
            description: summary(param.doc.as_ref()),
            default: None,
            cause: param.span,
        });
    }
    let outputs: Vec<ResultDecl> = sig
        .outputs
        .iter()
        .map(|output| {
            contract.outputs.insert(output.name.to_string(), types::port(cx.package, &output.ty, &[]));
            let description = summary(output.doc.as_ref());
            ResultDecl { name: output.name.clone(), description, kind: ParamKind::String, cause: output.span }
        })
        .collect();
    contract.name = sig.name.to_string();
    contract.slots = slots(node);
    let mut step = step(cx, pipeline, node, resource, &rendered, &contract, inputs)?;
    let around = Around::new(cx, node, Need::of(false, !node.slots.is_empty()))?;
    if let (Run::Command { args: words, .. }, false) = (&mut step.run, node.slots.is_empty()) {
        step.env = around.helper(node, words, &mut params, &mut args);
    }
    let timeout = timeout(cx, work);
    let mut task = model::Task {
        name: EcoString::new(),
        description: summary(sig.doc.as_ref()),
        params,
        results: outputs,
        workspaces: around.workspace().into_iter().collect(),
        volumes: rendered.object.outside.iter().map(|(_, credentials)| kubeconfig(credentials)).collect(),
        steps: vec![step],
        budget: model::Budget::default(),
        cause: sig.span,
    };
    let sizes: Vec<(EcoString, u64)> =
        sig.outputs.iter().map(|o| (o.name.clone(), types::max_bytes(cx.package, &o.ty))).collect();
    budget::check(cx, &mut task, &sizes, work.call.span);
    let retries = work.settings.retries.map_or(0, |(count, _)| count);
    let pod = work.settings.pod(cx);
    no_effect(cx, &work.settings);
    let base = base_name(cx, sig);
    let store = !task.workspaces.is_empty();
    Some((Built { base, task, args, results, store, timeout, retries, pod }, rendered.object))
}

fn base_name(cx: &Cx<'_>, sig: &Signature) -> EcoString {
    let package = &cx.project.name.value;
    match sig.tool.and_then(|tool| cx.package.tools.get(tool.0 as usize)) {
        Some(tool) => eco_format!("{package}--{}-{}", tool.name, sig.name),
        None => eco_format!("{package}--{}", sig.name),
    }
}

fn step(
    cx: &Cx<'_>,
    pipeline: &str,
    node: &NodeSpec<'_>,
    resource: &Resource,
    rendered: &Rendered,
    contract: &Contract,
    inputs: Vec<EcoString>,
) -> Option<Step> {
    let mut args: Vec<EcoString> = vec![
        wire(),
        contract.argument().into(),
        eco_format!("--field-manager=fuse-{pipeline}"),
        eco_format!("--manifest={}", json_argument(&rendered.json.to_string())),
    ];
    args.extend(rendered.holes.iter().map(|(path, from)| eco_format!("--hole={path}={from}")));
    args.extend(inputs);
    let mut mounts = Vec::new();
    if rendered.object.outside.is_some() {
        args.push(eco_format!("--kubeconfig={DOMAIN_FOLDER}/{KUBECONFIG}"));
        mounts.push(Mount { name: DOMAIN_VOLUME.into(), path: DOMAIN_FOLDER.into() });
    }
    if let Some(ready) = &resource.ready {
        args.push(eco_format!("--ready={}", ready.condition));
        args.push(eco_format!("--within={}", duration_text(ready.within)));
    }
    for (at, path, _) in &resource.output_paths {
        if let Some(output) = resource.sig.outputs.get(*at) {
            args.push(eco_format!("--output={}={}", output.name, path.join(".")));
        }
    }
    Some(Step {
        name: "apply".into(),
        image: step_image(cx, node.cause)?,
        run: Run::Command { command: vec!["/fuse-step".into(), "apply".into()], args },
        run_cause: resource.manifest.span,
        env: Vec::new(),
        timeout: None,
        resources: helper_resources(resource.sig.span),
        mounts,
    })
}

/// What `apply` runs is `fuse-step`, with resources and an environment of its own.
fn no_effect(cx: &Cx<'_>, settings: &Resolved) {
    let given = [
        ("cpu", settings.cpu.map(|(_, span)| span)),
        ("memory", settings.memory.map(|(_, span)| span)),
        ("gpu", settings.gpu.map(|(_, span)| span)),
        ("env", settings.env.first().map(|variable| variable.span)),
    ];
    for (name, span) in given {
        let Some(span) = span else { continue };
        let message = format!("`{name}` says nothing of an `apply`: fuse-step runs in its container");
        let diagnostic = Diagnostic::new(&codes::plan::SETTING_OF_APPLY, span, message)
            .help("what the object shall have is an argument of the resource, if it takes one");
        cx.report(diagnostic);
    }
}

/// The credentials of another cluster, for this one step.
fn kubeconfig(credentials: &Credentials) -> Volume {
    let Credentials { secret, key } = credentials;
    let source = VolumeSource::Secret { name: secret.clone(), key: key.clone(), file: KUBECONFIG.into() };
    Volume { name: DOMAIN_VOLUME.into(), source }
}

/// The wait and some slack; a declared timeout must leave time for the wait.
fn timeout(cx: &Cx<'_>, work: &ApplyWork<'_>) -> u64 {
    let within = work.resource.ready.as_ref().map_or(0, |ready| ready.within);
    let default = if within == 0 { HELPER } else { within + SLACK };
    let Some((declared, span)) = work.settings.timeout else { return default };
    if declared < within {
        let message = format!(
            "the timeout is {}, and `{}` waits up to {} until it is ready",
            duration_text(declared),
            work.resource.sig.name,
            duration_text(within)
        );
        let diagnostic = Diagnostic::new(&codes::plan::TIMEOUT, span, message)
            .label(work.resource.sig.span, "declared here, with `ready … within …`")
            .help(format!("write at least {}, or leave the timeout out", duration_text(within + SLACK)));
        cx.report(diagnostic);
    }
    declared
}

/// The rights of an `apply`: exactly this object.
pub(crate) fn rules(object: &Object) -> Vec<Rule> {
    vec![Rule {
        groups: vec![object.group.clone()],
        resources: vec![kind::plural(&object.kind).into()],
        names: vec![object.name.clone()],
        verbs: vec!["create".into(), "get".into(), "patch".into()],
    }]
}

/// A static object.
pub(crate) fn deploy(cx: &Cx<'_>, deploy: &Deploy) -> Option<(model::Deploy, Object)> {
    let call: &Call = &deploy.call;
    let fuse_analysis::model::Callee::Resource(id) = call.callee else { return None };
    let resource = cx.package.resources.get(id.0 as usize)?;
    let mut before = Callee { params: &[], generics: &[] };
    let args: Vec<Option<CallArg>> = call
        .args
        .iter()
        .map(|arg| {
            arg.as_ref().map(|typed| CallArg { value: eval(cx, typed, &mut before), span: typed.span })
        })
        .collect();
    let rendered = render(cx, resource, &call.generics, &args, call.span)?;
    if let Some((path, _)) = rendered.holes.first() {
        let message = format!("`{path}` of the object is known only when a pipeline runs");
        cx.report(
            Diagnostic::new(&codes::flow::LATE_IN_MANIFEST, call.span, message)
                .help("everything in a `deploy` is constant; use `apply` in a pipeline"),
        );
        return None;
    }
    Some((
        model::Deploy {
            name: deploy.name.clone(),
            object: rendered.json,
            outside: rendered.object.outside.as_ref().map(|(domain, _)| domain.clone()),
            cause: deploy.span,
        },
        rendered.object,
    ))
}

fn render(
    cx: &Cx<'_>,
    resource: &Resource,
    generics: &[Facet],
    args: &[Option<CallArg>],
    call: Span,
) -> Option<Rendered> {
    let params = inside(cx, &resource.sig, generics, args, &|param, value| match value {
        Some(Val::Const(value)) => Val::Const(value),
        None => Val::Error,
        Some(_) => {
            let origin = Origin::Param(param.name.clone());
            Val::Late(Late { origin, ty: param.ty.clone(), uri: false })
        }
    });
    if params.iter().any(|value| matches!(value, Val::Error)) {
        return None;
    }
    let place = domain::place(cx, resource);
    for (param, arg) in resource.sig.params.iter().zip(args) {
        if let Some(arg) = arg {
            domain::check_argument(cx, place, param, &arg.value, arg.span);
        }
    }
    let mut filler = Filler {
        cx,
        names: Callee { params: &params, generics },
        call,
        args: resource
            .sig
            .params
            .iter()
            .map(|p| p.name.clone())
            .zip(args.iter().map(|a| a.as_ref().map(|a| a.span)))
            .collect(),
        holes: Vec::new(),
    };
    let json = filler.typed(&resource.manifest, &mut Vec::new())?;
    let holes = filler.holes;
    let Json::Object(mut fields) = json? else { return None };
    let text = |value: Option<&Json>| value.and_then(Json::as_str).map(EcoString::from).unwrap_or_default();
    let version = text(fields.get("apiVersion"));
    let kind = text(fields.get("kind"));
    let group = version.split_once('/').map_or("", |(group, _)| group).into();
    let mut metadata = match fields.get("metadata") {
        Some(Json::Object(metadata)) => metadata.clone(),
        _ => Map::new(),
    };
    let name = text(metadata.get("name"));
    metadata.shift_remove("namespace");
    let at = metadata.keys().position(|key| key == "name").map_or(0, |at| at + 1);
    metadata.shift_insert(at, "namespace".into(), place.namespace.as_str().into());
    fields.insert("metadata".into(), Json::Object(metadata));
    let outside = place.outside().map(|(domain, credentials)| (domain.clone(), credentials.clone()));
    let object = Object { group, kind, name, namespace: place.namespace.clone(), outside };
    Some(Rendered { json: Json::Object(fields), holes, object })
}

/// Writes a manifest and notes where late values belong.
struct Filler<'s, 'c, 'a> {
    cx: &'c Cx<'a>,
    names: Callee<'s>,
    call: Span,
    args: Vec<(EcoString, Option<Span>)>,
    holes: Vec<(EcoString, EcoString)>,
}

impl Filler<'_, '_, '_> {
    /// The JSON of an expression; the inner `None` is an absent value, which is left out.
    #[allow(clippy::option_option, reason = "an error and an absent value are different")]
    fn typed(&mut self, typed: &Typed, path: &mut Vec<EcoString>) -> Option<Option<Json>> {
        let value = eval(self.cx, typed, &mut self.names);
        self.value(value, typed.span, path)
    }

    #[allow(clippy::option_option, reason = "an error and an absent value are different")]
    fn value(&mut self, value: Val, span: Span, path: &mut Vec<EcoString>) -> Option<Option<Json>> {
        match value {
            Val::Const(value) => Some(known(&value)),
            Val::Record(fields) => {
                let mut map = Map::new();
                for (key, field) in fields {
                    path.push(key.clone());
                    let json = self.value(field, span, path)?;
                    path.pop();
                    map.extend(json.map(|json| (key.to_string(), json)));
                }
                Some(Some(Json::Object(map)))
            }
            Val::List(items) => {
                let mut all = Vec::new();
                for item in items {
                    path.push(eco_format!("{}", all.len()));
                    let json = self.value(item, span, path)?;
                    path.pop();
                    all.extend(json);
                }
                Some(Some(Json::Array(all)))
            }
            Val::Late(late) => self.hole(&late, span, path),
            Val::Error => None,
            other => {
                super::eval::unusable(self.cx, &other, span);
                None
            }
        }
    }

    /// Only values that admission never refuses may come late: references by uri and images.
    #[allow(clippy::option_option, reason = "an error and an absent value are different")]
    fn hole(&mut self, late: &Late, span: Span, path: &[EcoString]) -> Option<Option<Json>> {
        let Origin::Param(name) = &late.origin else { return None };
        let safe = late.uri || late.ty == Ty::Image;
        if safe {
            let pointer: String =
                path.iter().map(|part| format!("/{}", part.replace("~", "~0").replace("/", "~1"))).collect();
            let from = if late.uri { eco_format!("{name}.uri") } else { name.clone() };
            self.holes.push((pointer.into(), from));
            return Some(Some(Json::Null));
        }
        let argument = self.args.iter().find(|(known, _)| known == name).and_then(|(_, span)| *span);
        let message =
            format!("`{name}` is written into the manifest, and its value is known only at run time");
        let diagnostic =
            Diagnostic::new(&codes::flow::LATE_IN_MANIFEST, argument.unwrap_or(self.call), message)
                .label(span, "written here")
                .help("give a constant; only images and references by uri may come late");
        self.cx.report(diagnostic);
        None
    }
}

/// A constant of a manifest; absent values inside are left out.
fn known(value: &Value) -> Option<Json> {
    match value {
        Value::None => None,
        Value::Record(fields) => {
            let fields = fields.iter().filter_map(|(key, field)| Some((key.to_string(), known(field)?)));
            Some(Json::Object(fields.collect()))
        }
        Value::List(items) => Some(Json::Array(items.iter().filter_map(known).collect())),
        other => Some(other.json()),
    }
}
