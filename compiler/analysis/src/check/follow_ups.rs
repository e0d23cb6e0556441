//! What only follows from a syntax error stays untold: on a line that was not understood nothing else can be said, and
//! a name that stands there may have been meant to be declared there.

use std::collections::BTreeSet;

use fuse_base::{Diagnostic, FileId, Sources, codes};

/// The lines with syntax errors, by file.
#[derive(Default)]
pub(super) struct Unread {
    lines: BTreeSet<(FileId, u32)>,
}

impl Unread {
    /// Notes the lines of a file's syntax errors.
    pub(super) fn note(&mut self, errors: &[Diagnostic], sources: &Sources) {
        self.lines.extend(errors.iter().map(|error| (error.span.file, sources.line_column(error.span).line)));
    }

    /// Whether a diagnostic of the checker would only repeat a syntax error.
    pub(super) fn explains(&self, diagnostic: &Diagnostic, sources: &Sources) -> bool {
        let file = diagnostic.span.file;
        let of_file = || self.lines.range((file, 0)..=(file, u32::MAX)).map(|(_, line)| *line);
        if of_file().next().is_none() {
            return false;
        }
        if self.lines.contains(&(file, sources.line_column(diagnostic.span).line)) {
            return true;
        }
        let Some(text) = sources.get(file).map(|file| &file.text) else { return false };
        let name = sources.text(diagnostic.span);
        let word = |c: char| c.is_alphanumeric() || c == '_';
        diagnostic.code == &codes::names::UNKNOWN_NAME
            && of_file().any(|line| {
                let line = text.lines().nth((line as usize).saturating_sub(1)).unwrap_or_default();
                line.split(|c| !word(c)).any(|found| found == name)
            })
    }
}
