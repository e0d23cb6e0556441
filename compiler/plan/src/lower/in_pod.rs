//! Values that one call of a pod has from another: no reference of Tekton's can stand for them, so the contract says what
//! they are put together of, and the call's own container does that when the others have ended.

#![allow(clippy::wildcard_enum_match_arm, reason = "a few kinds of values hold files; all others none")]

use ecow::{EcoString, eco_format};
use fuse_analysis::model::Param;
use fuse_analysis::value::Value;
use fuse_base::{Diagnostic, Span, codes};
use fuse_wire::contract::{Leaf, Piece};

use super::calls::{self, TaskWork};
use super::encode;
use super::fused::own;
use super::helpers::param as declared;
use super::settings::Variable;
use super::task::Parts;
use super::val::{NodeAt, Val};
use crate::cx::Cx;
use crate::model::{Arg, Text};
use crate::{names, types};

/// The pod that a call shares with others.
pub(crate) struct Shared {
    /// The pipeline task.
    pub(crate) at: NodeAt,
    /// What references to its results start with.
    pub(crate) start: EcoString,
    /// The calls before this one.
    pub(crate) before: Vec<EcoString>,
}

impl Parts {
    /// Whether an earlier call of the pod takes part in a value.
    pub(crate) fn stays_inside(&self, value: &Val) -> bool {
        let mut results = Vec::new();
        value.results(&mut results);
        self.pod.as_ref().is_some_and(|pod| results.iter().any(|(node, _)| *node == pod.at))
    }

    /// What a reference of the pipeline stands for: what an earlier call gave, else a part that arrives as a parameter
    /// of its own.
    fn pieces(&mut self, reference: &str, label: &str, cause: Span) -> Option<Leaf> {
        let pod = self.pod.as_ref()?;
        if let Some(result) = reference.strip_suffix(')')?.strip_prefix(pod.start.as_str()) {
            // The longest name: `say--2` is told from `say`.
            let calls = pod.before.iter().filter_map(|call| Some((call, own(call, result)?)));
            let (call, result) = calls.max_by_key(|(call, _)| call.len())?;
            return Some(vec![Piece::Call { call: call.to_string(), result: result.to_owned() }]);
        }
        let name = self.part(label, |name| eco_format!("$(params.{name})"));
        self.params.push(declared(name.clone(), cause));
        self.args.push(Arg { name: name.clone(), value: Text::One(reference.into()), cause });
        Some(vec![Piece::In(name.into())])
    }

    /// What a reference to a parameter of the Task stands for: what that is put together of, else a part that arrives
    /// as it is.
    fn pieces_inside(&mut self, reference: &str, label: &str) -> Option<Leaf> {
        let input = reference.strip_prefix("$(params.").and_then(|rest| rest.strip_suffix(')'));
        if let Some([leaf]) = input.and_then(|input| self.contract.from.get(input)).map(Vec::as_slice) {
            return Some(leaf.clone());
        }
        Some(vec![Piece::In(self.part(label, |_| reference.into()).into())])
    }

    /// A part that arrives with the first container, under a name of its own.
    fn part(&mut self, label: &str, value: impl Fn(&str) -> EcoString) -> EcoString {
        let words = &self.inputs;
        let taken = |name: &str| words.iter().any(|word| word.starts_with(&format!("--part={name}=")));
        let name = names::free(&eco_format!("{label}--part"), taken);
        self.inputs.push(eco_format!("--part={name}={}", value(&name)));
        name
    }

    /// Results of other steps that a value refers to.
    fn read(&mut self, value: &Val) {
        let mut results = Vec::new();
        value.results(&mut results);
        let Some(at) = self.pod.as_ref().map(|pod| pod.at) else { return };
        self.results.extend(results.into_iter().filter(|(node, _)| *node != at));
    }
}

/// An input that earlier calls of the pod take part in; `None` after a diagnostic.
pub(crate) fn input(cx: &Cx<'_>, arg: &calls::Arg, param: &Param, parts: &mut Parts) -> Option<()> {
    no_files_from_both(cx, arg, param, parts)?;
    let texts = match encode::value(cx, &arg.value, &param.ty, arg.span)? {
        Text::One(text) => vec![text],
        Text::Many(all) => all,
    };
    let name = &param.name;
    let leaves: Option<Vec<Leaf>> = texts
        .iter()
        .map(|text| encode::taken_apart(text, &mut |reference| parts.pieces(reference, name, arg.span)))
        .collect();
    parts.contract.inputs.insert(name.to_string(), types::port(cx.package, &param.ty, &[]));
    parts.contract.from.insert(name.to_string(), leaves?);
    parts.read(&arg.value);
    Some(())
}

/// A variable of the environment, where earlier calls of the pod take part in it: whether they do.
pub(crate) fn variable(variable: &Variable, text: &str, parts: &mut Parts) -> bool {
    let Variable { name, value, span, inside } = variable;
    let label = eco_format!("env--{name}");
    let leaf = if *inside {
        let put_together = |input: &String| text.contains(&format!("$(params.{input})"));
        if !parts.contract.from.keys().any(put_together) {
            return false;
        }
        encode::taken_apart(text, &mut |reference| parts.pieces_inside(reference, &label))
    } else {
        if !parts.stays_inside(value) {
            return false;
        }
        encode::taken_apart(text, &mut |reference| parts.pieces(reference, &label, *span))
    };
    parts.contract.env_from.extend(leaf.map(|leaf| (name.to_string(), leaf)));
    parts.read(value);
    true
}

/// Reports an image that an earlier call of the pod gives.
pub(crate) fn no_late_image(cx: &Cx<'_>, work: &TaskWork<'_>, image: &str, parts: &Parts) {
    for (at, param) in work.task.sig.params.iter().enumerate() {
        let reference = format!("$(params.{})", param.name);
        let arg = work.args.get(at).and_then(Option::as_ref);
        let Some(arg) = arg.filter(|_| parts.contract.from.contains_key(param.name.as_str())) else {
            continue;
        };
        if image.contains(&reference) {
            let message =
                "the images of a pod are pulled before its first step runs, and a step of it gives this one";
            let diagnostic = Diagnostic::new(&codes::flow::FUSED_POD, arg.span, message)
                .help("call the step that gives the image before the `fused`");
            cx.report(diagnostic);
        }
    }
}

/// Files of the pod are there when the calls before have ended, files of the store before the first one starts: one
/// value has the ones or the others.
fn no_files_from_both(cx: &Cx<'_>, arg: &calls::Arg, param: &Param, parts: &Parts) -> Option<()> {
    let at = parts.pod.as_ref()?.at;
    if !types::in_store(&param.ty) || !has_files_from_outside(&arg.value, at) {
        return Some(());
    }
    let message = "some of these files are of this pod and some come from outside";
    let diagnostic = Diagnostic::new(&codes::flow::FUSED_POD, arg.span, message)
        .label(param.span, "this parameter")
        .help("take them as two parameters, or call the step after the `fused`");
    cx.report(diagnostic);
    None
}

/// Whether a value has files that no call of the pod has written.
fn has_files_from_outside(value: &Val, at: NodeAt) -> bool {
    match value {
        Val::Late(late) => types::in_store(&late.ty) && late.node().is_none_or(|(node, _)| node != at),
        Val::List(items) => items.iter().any(|item| has_files_from_outside(item, at)),
        Val::Record(fields) => fields.iter().any(|(_, field)| has_files_from_outside(field, at)),
        Val::Const(value) => given(value),
        _ => false,
    }
}

/// Whether a constant holds files: they come from outside.
fn given(value: &Value) -> bool {
    match value {
        Value::Given(_) => true,
        Value::List(items) => items.iter().any(given),
        Value::Record(fields) => fields.values().any(given),
        _ => false,
    }
}
