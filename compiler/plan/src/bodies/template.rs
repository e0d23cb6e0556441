//! Templates of scripts: rendered when built, from constants only.

use std::collections::BTreeSet;

use fuse_analysis::model::{TaskBody, ToolId};
use fuse_analysis::ty::Facet;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde_json::{Map, Value as Json, json};

use super::check::Place;
use fuse_wire::contract::variable;

use super::{Body, filters};
use crate::cx::Cx;

/// Names that minijinja itself defines.
const GLOBALS: [&str; 5] = ["range", "dict", "debug", "namespace", "loop"];

/// The text of a template; `None` after a diagnostic.
pub(crate) fn render(cx: &Cx<'_>, body: &Body<'_>, source: &str, place: &Place) -> Option<String> {
    let context = context(cx, body, place.from)?;
    let name = if let TaskBody::Template { file, .. } = &body.task.body {
        cx.sources.path(*file)
    } else {
        "template"
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.add_filter("sh", |value: Value| filter(&value, filters::shell_value));
    environment.add_filter("py", |value: Value| filter(&value, filters::python_value));
    let template = match environment.template_from_named_str(name, source) {
        Ok(template) => template,
        Err(error) => {
            wrong(cx, &error, place);
            return None;
        }
    };
    let unknown: BTreeSet<String> = template.undeclared_variables(false).into_iter().collect();
    let mut told = false;
    for name in unknown {
        if !context.contains_key(&name) && !GLOBALS.contains(&name.as_str()) {
            unknown_name(cx, body, &name, &context, place);
            told = true;
        }
    }
    if told {
        return None;
    }
    match template.render(Value::from(minijinja::value::Serde(&context))) {
        Ok(text) => Some(text),
        Err(error) => {
            wrong(cx, &error, place);
            None
        }
    }
}

fn filter(value: &Value, write: fn(&Json) -> String) -> Result<String, Error> {
    serde_json::to_value(value)
        .map(|json| write(&json))
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

/// What a template sees: `task`, `target`, const parameters, type parameters and options.
fn context(cx: &Cx<'_>, body: &Body<'_>, used: Span) -> Option<Map<String, Json>> {
    let sig = &body.task.sig;
    let mut all = Map::new();
    if let Some(tool) = sig.tool {
        let options = cx.package.tools.get(tool.0 as usize).map_or(0, |tool| tool.options.len());
        for at in 0..options {
            let (name, value) = option(cx, tool, at, used)?;
            all.insert(name, value);
        }
    }
    for (generic, facet) in sig.generics.iter().zip(body.generics) {
        if let Facet::Case(case) = facet {
            all.insert(generic.name.to_string(), json!(case));
        }
    }
    for input in body.inputs {
        if let Some(value) = &input.constant {
            all.insert(input.name.to_string(), value.json());
        }
    }
    all.insert("task".into(), json!({ "name": sig.name }));
    all.insert("target".into(), json!({ "name": cx.target.name, "namespace": cx.target.namespace.value }));
    Some(all)
}

fn option(cx: &Cx<'_>, tool: ToolId, at: usize, used: Span) -> Option<(String, Json)> {
    let name = cx.package.tools.get(tool.0 as usize)?.options.get(at)?.name.to_string();
    Some((name, cx.option(tool, at, used)?.json()))
}

fn unknown_name(cx: &Cx<'_>, body: &Body<'_>, name: &str, context: &Map<String, Json>, place: &Place) {
    let span = expression(cx, place, name);
    if let Some(input) = body.inputs.iter().find(|input| input.name == name) {
        let variable = variable("IN", &input.name);
        let message = format!("`{name}` is known only when the step runs");
        let diagnostic = Diagnostic::new(&codes::plan::LATE_IN_TEMPLATE, span, message)
            .label(place.from, "the template is used here")
            .help(format!("read `${variable}` instead, or declare the parameter `const`"));
        cx.report(diagnostic);
        return;
    }
    let message = format!("the template has no `{name}`");
    let diagnostic = Diagnostic::new(&codes::plan::TEMPLATE, span, message)
        .label(place.from, "the template is used here")
        .help_opt(did_you_mean(name, context.keys().map(String::as_str)));
    cx.report(diagnostic);
}

/// The first place inside `{{ }}` or `{% %}` where a name stands as a word.
fn expression(cx: &Cx<'_>, place: &Place, name: &str) -> Span {
    let text = cx.sources.text(place.file);
    let word = |c: char| c.is_alphanumeric() || c == '_';
    for (at, _) in text.match_indices(name) {
        let before = text.get(..at).unwrap_or("");
        let after = text.get(at + name.len()..).unwrap_or("");
        let open = before.rfind("{{").max(before.rfind("{%"));
        let close = before.rfind("}}").max(before.rfind("%}"));
        if open > close && !before.ends_with(word) && !before.ends_with('.') && !after.starts_with(word) {
            let start = place.file.start + u32::try_from(at).unwrap_or(0);
            return Span::new(place.file.file, start, start + u32::try_from(name.len()).unwrap_or(0));
        }
    }
    place.from
}

fn wrong(cx: &Cx<'_>, error: &Error, place: &Place) {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let span = error.line().map_or(place.from, |line| line_of(cx, place.file, line));
    let message = format!("the template cannot be rendered: {detail}");
    let mut diagnostic = Diagnostic::new(&codes::plan::TEMPLATE, span, message).help(
        "templates see constants only: const parameters, type parameters, options, `task` and `target`",
    );
    if span != place.from {
        diagnostic = diagnostic.label(place.from, "the template is used here");
    }
    cx.report(diagnostic);
}

/// A line of a file, without its newline.
fn line_of(cx: &Cx<'_>, file: Span, line: usize) -> Span {
    let mut start = 0usize;
    for (at, text) in cx.sources.text(file).split('\n').enumerate() {
        if at + 1 == line {
            let from = file.start + u32::try_from(start).unwrap_or(0);
            return Span::new(file.file, from, from + u32::try_from(text.len()).unwrap_or(0));
        }
        start += text.len() + 1;
    }
    file.at_start()
}
