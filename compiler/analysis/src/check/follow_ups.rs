//! What only follows from a syntax error stays untold: on a line that was not understood nothing else can be said, and
//! a name that stands there may have been meant to be declared there.

use std::collections::{BTreeMap, BTreeSet};

use ecow::EcoString;
use fuse_base::{Diagnostic, FileId, Sources, codes};

/// The files with syntax errors.
#[derive(Default)]
pub(super) struct Unread {
    files: BTreeMap<FileId, Lines>,
}

/// The lines of a file that were not understood, and the words on them.
#[derive(Default)]
struct Lines {
    numbers: BTreeSet<u32>,
    words: BTreeSet<EcoString>,
}

impl Unread {
    /// Notes the lines of a file's syntax errors.
    pub(super) fn note(&mut self, errors: &[Diagnostic], sources: &Sources) {
        let Some(file) = errors.first().map(|error| error.span.file) else { return };
        let numbers: BTreeSet<u32> =
            errors.iter().map(|error| sources.line_column(error.span).line).collect();
        let text = sources.get(file).map_or("", |file| &file.text);
        let unread = (1..).zip(text.lines()).filter(|(number, _)| numbers.contains(number));
        let words = unread.flat_map(|(_, line)| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
        let words = words.map(EcoString::from).collect();
        self.files.insert(file, Lines { numbers, words });
    }

    /// Whether a diagnostic of the checker would only repeat a syntax error.
    pub(super) fn explains(&self, diagnostic: &Diagnostic, sources: &Sources) -> bool {
        let Some(lines) = self.files.get(&diagnostic.span.file) else { return false };
        lines.numbers.contains(&sources.line_column(diagnostic.span).line)
            || (diagnostic.code == &codes::names::UNKNOWN_NAME
                && lines.words.contains(sources.text(diagnostic.span)))
    }
}
