//! What a task runs: scripts, templates, Python functions and commands as one program text.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a command takes a few kinds of values; all others are reported in one arm"
)]

mod cache;
mod check;
mod filters;
pub(crate) mod python;
mod signature;
mod template;

use std::collections::BTreeSet;

use ecow::EcoString;
use fuse_analysis::model::{Language, Task, TaskBody};
use fuse_analysis::ty::{Facet, Ty};
use fuse_analysis::value::Value;
use fuse_base::{Diagnostic, Span, codes};
use fuse_wire::contract::{Part, Word};

use crate::cx::Cx;
use crate::lower::eval::{Callee, eval};
use crate::lower::val::{Late, Origin, Val};
use crate::model::Task as Planned;

pub(crate) use cache::Cache;

/// Bytes of all scripts of a task: one argument of Tekton's init container carries them in base64.
const MAX_SCRIPTS: usize = 90 * 1024;

/// An input of a task, as its body sees it.
pub(crate) struct Input {
    pub(crate) name: EcoString,
    pub(crate) ty: Ty,
    /// Its value, where it is a `const` parameter.
    pub(crate) constant: Option<Value>,
}

/// A task with what its body may use.
pub(crate) struct Body<'s> {
    pub(crate) task: &'s Task,
    pub(crate) inputs: &'s [Input],
    pub(crate) params: &'s [Val],
    pub(crate) generics: &'s [Facet],
}

/// A body, ready to be put into a step.
pub(crate) struct Prepared {
    pub(crate) program: Program,
    /// The inputs that it reads as `IN_…`.
    pub(crate) reads: BTreeSet<EcoString>,
    pub(crate) cause: Span,
}

/// What runs.
pub(crate) enum Program {
    /// A text without its `#!` line.
    Script(Language, EcoString),
    /// An argument vector.
    Command(Vec<Word>),
}

/// The program of a task; `None` after a diagnostic.
fn prepare(cx: &Cx<'_>, body: &Body<'_>) -> Option<Prepared> {
    match &body.task.body {
        TaskBody::Missing | TaskBody::External { .. } => None,
        TaskBody::Script { language, text, span } => {
            let place = check::Place { file: *span, from: *span };
            let text = trimmed(text);
            let reads = check::script(cx, body, *language, &text, &place)?;
            script(cx, body, *language, text, reads, *span)
        }
        TaskBody::Template { language, file, text, span } => {
            let place = check::Place { file: cx.whole(*file), from: *span };
            let rendered = trimmed(&template::render(cx, body, text, &place)?);
            let reads = check::script(cx, body, *language, &rendered, &place)?;
            script(cx, body, *language, rendered, reads, *span)
        }
        TaskBody::Python { file, text, function: None, span } => {
            let place = check::Place { file: cx.whole(*file), from: *span };
            let text = trimmed(text);
            let reads = check::script(cx, body, Language::Python, &text, &place)?;
            script(cx, body, Language::Python, text, reads, *span)
        }
        TaskBody::Python { file, text, function: Some(function), span } => {
            let source = signature::Source { file: *file, text, path: *span };
            if !signature::check(cx, body, &source, function) {
                return None;
            }
            let path = written_path(cx, *span, *file);
            let program = python::call(body, &path, text, function, requires(cx, body));
            let reads = body.inputs.iter().filter(|input| input.constant.is_none());
            let reads = reads.map(|input| input.name.clone()).collect();
            Some(Prepared { program: Program::Script(Language::Python, program), reads, cause: *span })
        }
        TaskBody::Command(words) => command(cx, body, words),
    }
}

/// What the target installs before the body runs.
fn requires<'s>(cx: &Cx<'_>, body: &Body<'s>) -> &'s [EcoString] {
    if cx.target.install_on_run { &body.task.requires } else { &[] }
}

/// The path of a carried file as the program has it: it must not depend on where the compiler runs.
pub(crate) fn written_path(cx: &Cx<'_>, written: Span, file: fuse_base::FileId) -> EcoString {
    let literal = cx.sources.text(written);
    let inner = literal.find('"').and_then(|at| literal.get(at + 1..)?.split('"').next());
    let path = match inner {
        Some(path) if !path.is_empty() => path,
        _ => cx.sources.path(file).rsplit('/').next().unwrap_or(""),
    };
    let path = path.rsplit_once(".py:").map_or(path, |(head, _)| path.get(..head.len() + 3).unwrap_or(path));
    EcoString::from(path.trim_start_matches("./"))
}

/// Without blank lines before, with one newline behind.
fn trimmed(text: &str) -> EcoString {
    let mut rest = text;
    while let Some((line, tail)) = rest.split_once('\n') {
        if !line.trim().is_empty() {
            break;
        }
        rest = tail;
    }
    let mut out = EcoString::from(rest.trim_end());
    out.push('\n');
    out
}

fn script(
    cx: &Cx<'_>,
    body: &Body<'_>,
    language: Language,
    text: EcoString,
    reads: BTreeSet<EcoString>,
    cause: Span,
) -> Option<Prepared> {
    let requires = requires(cx, body);
    let text = match (language, requires) {
        (_, []) => text,
        (Language::Sh, _) => shell_install(requires, &text),
        (Language::Python, _) => python::run(&body.task.sig.name, &text, requires),
    };
    Some(Prepared { program: Program::Script(language, text), reads, cause })
}

/// Installs packages for the commands of a shell script.
fn shell_install(requires: &[EcoString], text: &str) -> EcoString {
    let packages: Vec<String> = requires.iter().map(|one| filters::shell(one)).collect();
    ecow::eco_format!(
        "fuse_site=${{TMPDIR:-/tmp}}/site\n\
         python3 -m pip install --quiet --no-input --no-cache-dir --disable-pip-version-check \
         --target \"$fuse_site\" -- {} >&2\n\
         PYTHONPATH=$fuse_site${{PYTHONPATH:+:$PYTHONPATH}}\n\
         export PYTHONPATH\n\
         {text}",
        packages.join(" ")
    )
}

fn command(cx: &Cx<'_>, body: &Body<'_>, words: &[fuse_analysis::model::Typed]) -> Option<Prepared> {
    let mut names = Callee { params: body.params, generics: body.generics };
    let mut all = Vec::new();
    let mut reads = BTreeSet::new();
    for word in words {
        let value = eval(cx, word, &mut names);
        let parts = match &value {
            Val::Concat(parts) => parts.clone(),
            _ => vec![value],
        };
        let parts: Option<Vec<Part>> = parts.iter().map(|part| word_part(cx, part, word.span)).collect();
        let parts = parts?;
        for part in &parts {
            if let Part::Input { input } = part {
                reads.insert(EcoString::from(input.as_str()));
            }
        }
        all.push(match parts.as_slice() {
            [Part::Text(text)] => Word::Text(text.clone()),
            _ => Word::Parts(parts),
        });
    }
    let cause = words.iter().map(|word| word.span).reduce(Span::to).unwrap_or(body.task.sig.span);
    let requires = requires(cx, body);
    let program = if requires.is_empty() {
        Program::Command(all)
    } else {
        Program::Script(Language::Python, python::exec(&all, requires))
    };
    Some(Prepared { program, reads, cause })
}

fn word_part(cx: &Cx<'_>, part: &Val, span: Span) -> Option<Part> {
    match part {
        Val::Const(value) => match value.text() {
            Some(text) => Some(Part::Text(text.to_string())),
            None => {
                crate::lower::eval::unusable(cx, &Val::Unit, span);
                None
            }
        },
        Val::Late(Late { origin: Origin::Param(name), .. }) => Some(Part::Input { input: name.to_string() }),
        other => {
            crate::lower::eval::unusable(cx, other, span);
            None
        }
    }
}

/// Reports scripts that do not fit into one argument.
pub(crate) fn check_size(cx: &Cx<'_>, task: &Planned, call: Span) {
    let scripts = task.steps.iter().filter_map(|step| match &step.run {
        crate::model::Run::Script(text) => Some((text.len(), step.run_cause)),
        crate::model::Run::Command { .. } => None,
    });
    let (mut total, mut cause) = (0, task.cause);
    for (size, span) in scripts {
        total += size;
        cause = span;
    }
    if total <= MAX_SCRIPTS {
        return;
    }
    let message = format!("the scripts of this task have {total} bytes, and Tekton takes {MAX_SCRIPTS}");
    let diagnostic = Diagnostic::new(&codes::plan::SCRIPT_SIZE, cause, message)
        .label(call, "called here")
        .help("put the code into the image or the repository and call it from a short script");
    cx.report(diagnostic);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_start_at_once_and_end_with_one_newline() {
        assert_eq!(trimmed("\n  \necho a\n\n"), "echo a\n");
        assert_eq!(trimmed("  indented"), "  indented\n");
    }
}
