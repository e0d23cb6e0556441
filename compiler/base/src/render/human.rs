//! Text for people: the source with the cause and the other places marked, the help, and where to read more.

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::Style;
use super::excerpt::{Excerpt, visible};
use crate::{Diagnostic, Severity, Sources};

/// The narrowest text that is drawn; a terminal that says less gets this.
const NARROWEST: usize = 40;

/// The diagnostics as text, in the order given, an empty line after each.
#[must_use]
pub fn human(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let theme = if style.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width.max(NARROWEST))
        .with_urls(false)
        .without_syntax_highlighting();
    let mut out = String::new();
    for diagnostic in diagnostics {
        let report = Report::new(diagnostic, sources);
        if handler.render_report(&mut out, &report).is_err() {
            // Only a writer that fails or a broken excerpt gets here; the words must not be lost.
            out.push_str(&plain(diagnostic, sources));
        }
        out.push_str(&format!("  more: fusec explain {}\n\n", diagnostic.code.id));
    }
    out
}

/// One line without the source.
fn plain(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let place = sources.line_column(diagnostic.span);
    let path = sources.path(diagnostic.span.file);
    let word = diagnostic.severity.word();
    visible(&format!(
        "{path}:{}:{}: {word}[{}]: {}\n",
        place.line, place.column, diagnostic.code.id, diagnostic.message
    ))
}

/// A diagnostic in the form that the drawing library reads.
#[derive(Debug)]
struct Report {
    head: String,
    message: String,
    help: Option<String>,
    severity: Severity,
    excerpt: Excerpt,
    labels: Vec<LabeledSpan>,
}

impl Report {
    fn new(diagnostic: &Diagnostic, sources: &Sources) -> Self {
        let mut spans = vec![diagnostic.span];
        spans.extend(diagnostic.labels.iter().map(|label| label.span));
        let texts = std::iter::once(diagnostic.note.as_deref())
            .chain(diagnostic.labels.iter().map(|label| Some(label.text.as_str())));
        let (excerpt, marks) = Excerpt::new(sources, &spans);
        let labels = marks
            .into_iter()
            .zip(texts)
            .enumerate()
            .filter_map(|(index, (mark, text))| {
                let mark = mark?;
                let text = text.filter(|text| !text.is_empty()).map(visible);
                let span = (mark.start, mark.len);
                Some(if index == 0 {
                    LabeledSpan::new_primary_with_span(text, span)
                } else {
                    LabeledSpan::new_with_span(text, span)
                })
            })
            .collect();
        Self {
            head: format!("{}[{}]: {}", diagnostic.severity.word(), diagnostic.code.id, diagnostic.code.name),
            message: visible(&diagnostic.message),
            help: help(diagnostic),
            severity: diagnostic.severity,
            excerpt,
            labels,
        }
    }
}

/// The help, and the fix where the help does not already say it.
fn help(diagnostic: &Diagnostic) -> Option<String> {
    let text = match (diagnostic.help.as_deref(), &diagnostic.fix) {
        (Some(help), Some(fix))
            if !help.contains(&fix.title) && !help.contains(&format!("`{}`", fix.replacement)) =>
        {
            format!("{help}\n{}", fix.title)
        }
        (Some(help), Some(_) | None) => help.to_owned(),
        (None, Some(fix)) => fix.title.clone(),
        (None, None) => return None,
    };
    Some(visible(&text))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn code(&self) -> Option<Box<dyn fmt::Display + '_>> {
        Some(Box::new(&self.head))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() { None } else { Some(Box::new(self.labels.iter().cloned())) }
    }
}
