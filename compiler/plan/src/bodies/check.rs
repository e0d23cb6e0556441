//! Checks of script texts: references that Tekton would replace, inputs and outputs that the task does not have.

use std::collections::BTreeSet;

use ecow::EcoString;
use fuse_analysis::model::Language;
use fuse_analysis::ty::Ty;
use fuse_base::{Diagnostic, Span, closest, codes};
use fuse_wire::contract::variable;

use super::Body;
use crate::cx::Cx;
use crate::types;

/// Starts of what Tekton replaces in scripts.
const REFERENCES: [&str; 8] =
    ["$(params", "$(tasks", "$(context", "$(steps", "$(step", "$(results", "$(workspaces", "$(credentials"];

/// Where a script stands: the text of the file or literal, and the place that names it.
pub(crate) struct Place {
    pub(crate) file: Span,
    pub(crate) from: Span,
}

/// The inputs that a script reads; `None` after a diagnostic.
pub(crate) fn script(
    cx: &Cx<'_>,
    body: &Body<'_>,
    language: Language,
    text: &str,
    place: &Place,
) -> Option<BTreeSet<EcoString>> {
    let mut fine = true;
    for reference in REFERENCES {
        if text.contains(reference) {
            tekton_reference(cx, reference, place);
            fine = false;
            break;
        }
    }
    let mut reads = BTreeSet::new();
    for found in variables(text, language) {
        match resolve(cx, body, &found) {
            Some(Known::Input(name)) => {
                reads.insert(name);
            }
            Some(Known::Output) => {}
            None if found.certain => {
                unknown(cx, body, &found.name, place);
                fine = false;
            }
            None => {}
        }
    }
    if fine {
        unwritten(cx, body, text, place);
    }
    fine.then_some(reads)
}

/// An output that a script never mentions: it would fail when it has run. Names that a script puts together pass.
fn unwritten(cx: &Cx<'_>, body: &Body<'_>, text: &str, place: &Place) {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let put_together = |(at, found): (usize, &str)| {
        text.get(at + found.len()..)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()))
    };
    // A script that is too large is refused for that.
    if text.len() > super::MAX_SCRIPTS
        || text.contains("fuse/out")
        || text.match_indices("OUT_").any(put_together)
    {
        return;
    }
    for output in &body.task.sig.outputs {
        let name = variable("OUT", &output.name);
        let mentions = |(at, _): (usize, &str)| {
            let whole = |rest: &str| rest.starts_with("__") || !rest.starts_with(word);
            !text.get(..at).is_some_and(|before| before.ends_with(word))
                && text.get(at + name.len()..).is_some_and(whole)
        };
        if matches!(output.ty, Ty::Optional(_)) || text.match_indices(name.as_str()).any(mentions) {
            continue;
        }
        let message = format!("the script never writes the output `{}`", output.name);
        let diagnostic = Diagnostic::new(&codes::types::UNWRITTEN, output.span, message)
            .label(place.from, "this script")
            .help(format!("write it to `${name}`, or leave the output out"));
        cx.report(diagnostic);
    }
}

fn tekton_reference(cx: &Cx<'_>, reference: &str, place: &Place) {
    let span = cx.find(place.file, reference);
    let mut diagnostic = Diagnostic::new(
        &codes::plan::TEKTON_REFERENCE,
        span,
        format!("Tekton would replace `{reference}…)`"),
    )
    .help("read inputs as `$IN_…` and write outputs to `$OUT_…`; a command of that name: `$( name …)`");
    if span.file != place.from.file {
        diagnostic = diagnostic.label(place.from, "the script is used here");
    }
    cx.report(diagnostic);
}

enum Known {
    Input(EcoString),
    Output,
}

fn resolve(cx: &Cx<'_>, body: &Body<'_>, found: &Found) -> Option<Known> {
    let input = body.inputs.iter().find(|input| variable("IN", &input.name) == found.name);
    if let Some(input) = input {
        return Some(Known::Input(input.name.clone()));
    }
    outputs(cx, body).contains(&found.name).then_some(Known::Output)
}

/// The variables of outputs, and of the small values that travel with them.
fn outputs(cx: &Cx<'_>, body: &Body<'_>) -> Vec<String> {
    let sig = &body.task.sig;
    let fields = types::fields(cx.package, sig);
    sig.outputs
        .iter()
        .map(|output| &output.name)
        .chain(fields.keys())
        .map(|name| variable("OUT", name))
        .collect()
}

fn unknown(cx: &Cx<'_>, body: &Body<'_>, name: &str, place: &Place) {
    let inputs = body.inputs.iter().map(|input| variable("IN", &input.name));
    let all: Vec<String> = inputs.chain(outputs(cx, body)).collect();
    let kind = if name.starts_with("IN_") { "input" } else { "output" };
    let help = closest(name, all.iter().map(String::as_str)).map_or_else(
        || match all.as_slice() {
            [] => "the task has neither inputs nor outputs".to_owned(),
            all => format!("there are `{}`", all.join("`, `")),
        },
        |near| format!("did you mean `{near}`?"),
    );
    let span = cx.find(place.file, name);
    let mut diagnostic = Diagnostic::new(
        &codes::plan::UNKNOWN_VARIABLE,
        span,
        format!("`{}` has no {kind} for `{name}`", body.task.sig.name),
    )
    .help(help);
    if span.file != place.from.file {
        diagnostic = diagnostic.label(place.from, "the script is used here");
    }
    cx.report(diagnostic);
}

struct Found {
    name: String,
    /// Whether the script reads it as a variable of the environment.
    certain: bool,
}

/// Words that start with `IN_` or `OUT_`.
fn variables(text: &str, language: Language) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for prefix in ["IN_", "OUT_"] {
        for (at, _) in text.match_indices(prefix) {
            let (before, rest) = (text.get(..at).unwrap_or(""), text.get(at..).unwrap_or(""));
            if before.ends_with(word) {
                continue;
            }
            let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.len() == prefix.len() || name.contains(|c: char| c.is_ascii_lowercase()) {
                continue;
            }
            let certain = match language {
                Language::Sh => is_shell_read(text, before, name),
                Language::Python => is_python_read(before, after),
            };
            match all.iter_mut().find(|found| found.name == name) {
                Some(found) => found.certain |= certain,
                None => all.push(Found { name: name.to_owned(), certain }),
            }
        }
    }
    all
}

/// `$IN_X` or `${IN_X…}` of a variable that the script itself does not set and has no default for.
fn is_shell_read(text: &str, before: &str, name: &str) -> bool {
    let read = before.ends_with('$') || before.ends_with("${");
    let sets = |line: &str| {
        let line = line.trim_start();
        let line = line.strip_prefix("export ").or_else(|| line.strip_prefix("local ")).unwrap_or(line);
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))
            || line.split_whitespace().any(|one| one == name)
    };
    read && !text.lines().flat_map(|line| line.split([';', '&', '|'])).any(sets)
}

/// A quoted name in `os.environ["IN_X"]`, `os.environ.get("IN_X")` or `os.getenv("IN_X")`.
fn is_python_read(before: &str, after: &str) -> bool {
    let quoted = before.ends_with(['"', '\'']) && after.starts_with(['"', '\'']);
    let head = before.trim_end_matches(['"', '\'']).trim_end();
    quoted && ["environ[", "environ.get(", "getenv(", "environ.pop("].iter().any(|call| head.ends_with(call))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certain(text: &str, language: Language) -> Vec<String> {
        variables(text, language).into_iter().filter(|found| found.certain).map(|found| found.name).collect()
    }

    #[test]
    fn reads_are_told_from_other_words() {
        let sh = "x=$IN_ALPHA; y=${IN_BETA:?} PLUGIN_X=$PLUGIN_X\nIN_OWN=1; echo $IN_OWN\nfor IN_I in a; do echo $IN_I; done";
        assert_eq!(certain(sh, Language::Sh), ["IN_ALPHA", "IN_BETA"]);
        let python =
            "os.environ['IN_A'] + os.getenv(\"OUT_B\") + os.environ.get( \"IN_C\", 1)\nIN_D = 'IN_E'";
        assert_eq!(certain(python, Language::Python), ["IN_A", "IN_C", "OUT_B"]);
    }
}
