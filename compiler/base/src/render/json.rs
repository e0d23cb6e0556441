//! One JSON object a diagnostic, for programs.

use serde::Serialize;

use crate::{Diagnostic, Sources, Span};

/// A place: 1-based lines and columns, columns in characters, the end exclusive.
#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl<'a> Place<'a> {
    fn new(span: Span, sources: &'a Sources) -> Self {
        let (start, end) = (sources.line_column(span), sources.line_column(span.at_end()));
        Self {
            file: sources.path(span.file),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }
}

#[derive(Serialize)]
struct Label<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
}

#[derive(Serialize)]
struct Object<'a> {
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    help: Option<&'a str>,
    labels: Vec<Label<'a>>,
    fix: Option<Fix<'a>>,
}

/// The diagnostic as one JSON object on one line, without the newline.
///
/// A note at the cause is the first of the `labels`.
#[must_use]
pub fn json(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let note = diagnostic.note.iter().map(|text| Label { place: Place::new(diagnostic.span, sources), text });
    let others = diagnostic
        .labels
        .iter()
        .map(|label| Label { place: Place::new(label.span, sources), text: &label.text });
    let object = Object {
        code: diagnostic.code.id,
        severity: diagnostic.severity.word(),
        message: &diagnostic.message,
        place: Place::new(diagnostic.span, sources),
        help: diagnostic.help.as_deref(),
        labels: note.chain(others).collect(),
        fix: diagnostic.fix.as_ref().map(|fix| Fix {
            title: &fix.title,
            place: Place::new(fix.span, sources),
            replacement: &fix.replacement,
        }),
    };
    // Strings and numbers under string keys: nothing in here can fail.
    serde_json::to_string(&object).unwrap_or_default()
}
