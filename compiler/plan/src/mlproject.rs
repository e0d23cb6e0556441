//! Python tasks of the package as entry points of an MLproject, to run them without a cluster.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "an MLproject has four types; everything else is a string"
)]

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{Kind, Param, Task, TaskBody};
use fuse_analysis::ty::Ty;
use fuse_analysis::value::Value;
use serde_json::Value as Json;

use crate::bodies::{python, written_path};
use crate::cx::Cx;
use crate::lower::eval::{Callee, eval};
use crate::lower::val::Val;
use crate::model::{EntryParam, EntryPoint, MlProject};
use crate::types;
use fuse_wire::contract::variable;

/// Every task of the package whose body is a Python file.
pub(crate) fn entry_points(cx: &Cx<'_>) -> MlProject {
    let mut project = MlProject {
        name: cx.project.name.value.clone(),
        entry_points: Vec::new(),
        python: None,
        dependencies: Vec::new(),
    };
    for task in cx.package.tasks.iter().filter(|task| task.sig.tool.is_none()) {
        let TaskBody::Python { function, span, file, .. } = &task.body else { continue };
        let path = written_path(cx, *span, *file);
        let parameters = task.sig.params.iter().map(|param| parameter(cx, param)).collect();
        let command = match function {
            Some(function) => call(task, &path, function),
            None => script(task, &path),
        };
        let name = task.sig.name.clone();
        project.entry_points.push(EntryPoint { name, parameters, command, cause: task.sig.span });
        for one in &task.requires {
            if !project.dependencies.contains(one) {
                project.dependencies.push(one.clone());
            }
        }
        project.python = project.python.or_else(|| python_version(task));
    }
    project
}

fn parameter(cx: &Cx<'_>, param: &Param) -> EntryParam {
    let ty = match types::present(&param.ty) {
        Ty::Int(_) | Ty::Float(_) | Ty::Count(_) => "float",
        Ty::Path => "path",
        Ty::Url => "uri",
        Ty::Artifact(artifact) => {
            if artifact.by.is_some() {
                "uri"
            } else {
                "path"
            }
        }
        _ => "string",
    };
    let default = param.default.as_ref().and_then(|default| {
        match eval(cx, default, &mut Callee { params: &[], generics: &[] }) {
            Val::Const(Value::None) => Some(Json::from("")),
            Val::Const(value @ (Value::Int(_) | Value::Float(_))) => Some(value.json()),
            Val::Const(value) => Some(
                value
                    .text()
                    .map_or_else(|| Json::from(value.json().to_string()), |text| text.as_str().into()),
            ),
            _ => None,
        }
    });
    EntryParam { name: param.name.clone(), ty, default, cause: param.span }
}

/// `IN_ALPHA={alpha} OUT_RMSE=outputs/rmse python train.py`; MLflow quotes the values.
fn script(task: &Task, path: &str) -> EcoString {
    let mut words: Vec<String> = Vec::new();
    for param in &task.sig.params {
        words.push(format!("{}={{{}}}", variable("IN", &param.name), param.name));
    }
    for output in &task.sig.outputs {
        words.push(format!("{}=outputs/{}", variable("OUT", &output.name), output.name));
    }
    let prepare = if task.sig.outputs.is_empty() { "" } else { "mkdir -p outputs && " };
    words.push(format!("python {}", word(path)));
    eco_format!("{prepare}{}", words.join(" "))
}

/// A path as a word of a shell; most need no quotes.
fn word(path: &str) -> String {
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'));
    if plain { path.to_owned() } else { python::shell_word(path) }
}

/// A call of the function that prints what it returns.
fn call(task: &Task, path: &str, function: &str) -> EcoString {
    let (folder, file) = path.rsplit_once('/').unwrap_or((".", path));
    let module = file.trim_end_matches(".py");
    let arguments: Vec<String> = task
        .sig
        .params
        .iter()
        .enumerate()
        .map(|(at, param)| {
            let word = format!("sys.argv[{}]", at + 1);
            let value = match types::present(&param.ty) {
                Ty::Int(_) | Ty::Count(_) => format!("int(float({word}))"),
                Ty::Float(_) => format!("float({word})"),
                Ty::Bool => format!("{word} == \"true\""),
                Ty::List(..) | Ty::Map(_) | Ty::Record(_) | Ty::Tagged(_) | Ty::Range => {
                    format!("json.loads({word})")
                }
                Ty::Artifact(artifact) if artifact.by.is_none() => format!("pathlib.Path({word})"),
                _ => word,
            };
            if matches!(param.ty, Ty::Optional(_)) {
                format!("{}={value} if sys.argv[{}] else None", param.name, at + 1)
            } else {
                format!("{}={value}", param.name)
            }
        })
        .collect();
    let code = format!(
        "import importlib, json, pathlib, sys; sys.path.insert(0, {folder:?}); \
         print(importlib.import_module({module:?}).{function}({}))",
        arguments.join(", ")
    );
    // MLflow formats the command: braces of the code itself stand twice.
    let code = python::shell_word(&code.replace('{', "{{").replace('}', "}}"));
    let values: String = task.sig.params.iter().map(|param| format!(" {{{}}}", param.name)).collect();
    eco_format!("python -c {code}{values}")
}

/// The version in an image such as `python:3.12-slim`.
fn python_version(task: &Task) -> Option<EcoString> {
    let Kind::Value(Value::Str(image)) = &task.image.as_ref()?.kind else { return None };
    let (name, tag) = image.rsplit_once(':')?;
    if name.rsplit('/').next() != Some("python") {
        return None;
    }
    let version = tag.split('-').next()?;
    let numbers = !version.is_empty() && version.chars().all(|c| c.is_ascii_digit() || c == '.');
    numbers.then(|| version.into())
}
