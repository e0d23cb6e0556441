//! A call of a Task that exists already: what is passed to it is plain text, so it must be text that the encoding leaves
//! as it is.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a few kinds of values are plain; all others are refused alike"
)]

use ecow::EcoString;
use fuse_analysis::model::{Param, TaskBody};
use fuse_analysis::ty::Ty;
use fuse_analysis::value::{Given, Value};
use fuse_base::{Diagnostic, Span, codes};

use super::NodeSpec;
use super::calls::{TaskWork, inside};
use super::eval::unusable;
use super::settings::Pod;
use super::val::{Late, NodeAt, Val};
use crate::cx::Cx;
use crate::model::{Arg, Remote, Text};

/// The longest time of a step that says nothing: an hour.
const HOUR: u64 = 3_600_000;

/// A call of an external Task.
pub(crate) struct External {
    pub(crate) remote: Remote,
    pub(crate) args: Vec<Arg>,
    /// Results that the arguments refer to.
    pub(crate) results: Vec<(NodeAt, EcoString)>,
    pub(crate) timeout: u64,
    pub(crate) retries: u32,
    pub(crate) pod: Pod,
}

/// Whether a call is of a Task that exists already.
pub(crate) fn is_external(work: &TaskWork<'_>) -> bool {
    matches!(work.task.body, TaskBody::External { .. })
}

/// What the pipeline task says; `None` after a diagnostic.
pub(crate) fn build(cx: &Cx<'_>, node: &NodeSpec<'_>, work: &TaskWork<'_>) -> Option<External> {
    let TaskBody::External { resolver, params, span } = &work.task.body else { return None };
    let name = &work.task.sig.name;
    let settings = &work.settings;
    if !settings.resources(cx).is_empty() || !settings.env.is_empty() {
        let message = format!("`{name}` exists already: its resources and environment are its own");
        refuse(
            cx,
            node.cause,
            &message,
            "`timeout`, `retries`, `on_error` and `node` are for the caller to say",
        );
        return None;
    }
    if !node.slots.is_empty() {
        let message =
            format!("a value of `{name}` leaves its arm, and an external task cannot leave it for the join");
        refuse(cx, node.cause, &message, "use it inside the arm, or let a task of the package hand it on");
        return None;
    }
    let values =
        inside(cx, &work.task.sig, &work.call.generics, &work.args, &|_, value| value.unwrap_or(Val::Error));
    let (mut args, mut results, mut fine) = (Vec::new(), Vec::new(), true);
    for (at, (param, value)) in work.task.sig.params.iter().zip(&values).enumerate() {
        if param.ty.is_dir() || matches!(value, Val::Const(Value::None)) {
            continue;
        }
        let cause = work.args.get(at).and_then(Option::as_ref).map_or(param.span, |arg| arg.span);
        match plain(cx, value, param, cause) {
            Some(text) => {
                value.results(&mut results);
                args.push(Arg { name: param.name.clone(), value: text, cause });
            }
            None => fine = false,
        }
    }
    let remote = Remote { resolver: resolver.clone(), params: params.clone(), cause: *span };
    let timeout = settings.timeout.map_or(HOUR, |(ms, _)| ms);
    let retries = settings.retries.map_or(0, |(count, _)| count);
    let pod = settings.pod(cx);
    fine.then_some(External { remote, args, results, timeout, retries, pod })
}

/// A value as a parameter of a Task that knows nothing of the encoding.
fn plain(cx: &Cx<'_>, value: &Val, param: &Param, span: Span) -> Option<Text> {
    let list = matches!(crate::types::present(&param.ty), Ty::List(..));
    match value {
        Val::List(items) => {
            items.iter().map(|item| one(cx, item, param, span)).collect::<Option<_>>().map(Text::Many)
        }
        Val::Const(Value::List(items)) => {
            items.iter().map(|item| constant(cx, item, param, span)).collect::<Option<_>>().map(Text::Many)
        }
        Val::Late(_) if list => {
            travels_encoded(cx, param, span);
            None
        }
        other => one(cx, other, param, span).map(Text::One),
    }
}

fn one(cx: &Cx<'_>, value: &Val, param: &Param, span: Span) -> Option<EcoString> {
    match value {
        Val::Const(value) => constant(cx, value, param, span),
        Val::Late(late) if is_plain(late) => Some(late.text()),
        Val::Late(_) => {
            travels_encoded(cx, param, span);
            None
        }
        Val::Concat(parts) => parts.iter().map(|part| one(cx, part, param, span)).collect(),
        other => {
            unusable(cx, other, span);
            None
        }
    }
}

/// Whether every value of it is the same encoded: no `$`, quotes, backslashes, control characters, and never absent.
const fn is_plain(late: &Late) -> bool {
    late.ty.is_inert()
}

fn constant(cx: &Cx<'_>, value: &Value, param: &Param, span: Span) -> Option<EcoString> {
    let text = match value {
        Value::Given(Given::Uri(uri)) => Some(uri.clone()),
        other => other.text(),
    };
    let Some(text) = text else {
        unusable(cx, &Val::Unit, span);
        return None;
    };
    if text.contains("$(") {
        let message =
            format!("Tekton would replace `$(` in the parameter `{}` of an external task", param.name);
        refuse(cx, span, &message, "leave it out: only steps of the package take such a text as it is");
        return None;
    }
    Some(text)
}

fn travels_encoded(cx: &Cx<'_>, param: &Param, span: Span) {
    let message = format!(
        "`{}` is a parameter of an external task, which takes plain text, and this text is known only when the \
         pipeline runs and travels encoded",
        param.name
    );
    let help = "give a constant; of late values numbers, `Bool`, enums, quantities and `DnsLabel` are plain";
    let diagnostic =
        Diagnostic::new(&codes::plan::EXTERNAL_LIMITS, span, message).label(param.span, "declared here");
    cx.report(diagnostic.help(help));
}

fn refuse(cx: &Cx<'_>, span: Span, message: &str, help: &str) {
    cx.report(Diagnostic::new(&codes::plan::EXTERNAL_LIMITS, span, message).help(help));
}
