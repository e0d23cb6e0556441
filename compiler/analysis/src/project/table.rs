//! Typed access to the tables of `fuse.toml`: each wrong or missing key becomes a diagnostic at its place.

use std::ops::Range;

use ecow::EcoString;
use fuse_base::codes::package as codes;
use fuse_base::{Diagnostic, FileId, Span, closest, did_you_mean};
use toml::de::{DeTable, DeValue};

use super::Spanned;

/// A value as the TOML parser gives it.
pub(super) type Node<'t> = toml::Spanned<DeValue<'t>>;

/// Collects what is wrong while the tables are read.
pub(super) struct Reader<'d> {
    pub(super) file: FileId,
    pub(super) diagnostics: &'d mut Vec<Diagnostic>,
    /// The text has syntax errors: keys may be missing only because of them.
    pub(super) partial: bool,
}

/// A table with the words and the place that messages use for it.
#[derive(Clone)]
pub(super) struct Table<'t> {
    pub(super) entries: &'t DeTable<'t>,
    /// `[target.dev]`
    pub(super) title: String,
    /// The key or header that opens it.
    pub(super) at: Span,
}

/// A key with its value.
pub(super) struct Entry<'t> {
    pub(super) key: &'t str,
    pub(super) key_span: Span,
    pub(super) node: &'t Node<'t>,
}

impl Reader<'_> {
    /// A span of the file.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span::new(self.file, offset(range.start), offset(range.end))
    }

    /// The entries of a table in the order of the file.
    pub(super) fn entries<'t>(&self, table: &Table<'t>) -> Vec<Entry<'t>> {
        let mut all: Vec<Entry<'t>> = table
            .entries
            .iter()
            .map(|(key, node)| Entry { key: key.get_ref(), key_span: self.span(key.span()), node })
            .collect();
        all.sort_by_key(|entry| entry.key_span.start);
        all
    }

    /// The entry of one key.
    pub(super) fn entry<'t>(&self, table: &Table<'t>, key: &str) -> Option<Entry<'t>> {
        let (name, node) = table.entries.get_key_value(key)?;
        Some(Entry { key: name.get_ref(), key_span: self.span(name.span()), node })
    }

    /// Reports every key that is not among `known`.
    pub(super) fn unknown_keys(&mut self, table: &Table<'_>, known: &[&str]) {
        for entry in self.entries(table) {
            if !known.contains(&entry.key) {
                self.unknown_key(table, &entry, known);
            }
        }
    }

    /// Reports one unknown key, with the closest known one.
    pub(super) fn unknown_key(&mut self, table: &Table<'_>, entry: &Entry<'_>, known: &[&str]) {
        let message = format!("{} has no key `{}`", table.title, entry.key);
        let mut diagnostic = Diagnostic::new(&codes::UNKNOWN_KEY, entry.key_span, message)
            .help_opt(did_you_mean(entry.key, known.iter().copied()));
        if let Some(found) = closest(entry.key, known.iter().copied()) {
            diagnostic = diagnostic.fix(format!("write `{found}`"), entry.key_span, found);
        }
        self.diagnostics.push(diagnostic);
    }

    /// Reports a key that must be there; a misspelt one is reported as that, and not twice.
    pub(super) fn missing(&mut self, table: &Table<'_>, key: &str, example: &str) {
        let misspelt = table.entries.keys().any(|other| closest(other.get_ref(), [key]).is_some());
        if !self.partial && !misspelt {
            let message = format!("{} has no `{key}`", table.title);
            let diagnostic =
                Diagnostic::new(&codes::MISSING_KEY, table.at, message).help(format!("add `{example}`"));
            self.diagnostics.push(diagnostic);
        }
    }

    /// Reports a value of a wrong type.
    pub(super) fn wrong_type(&mut self, key: &str, node: &Node<'_>, wanted: &str, help: Option<String>) {
        let message = format!("`{key}` must be {wanted}, this is {}", type_words(node.get_ref()));
        let diagnostic =
            Diagnostic::new(&codes::WRONG_KEY_TYPE, self.span(node.span()), message).help_opt(help);
        self.diagnostics.push(diagnostic);
    }

    /// Reports a value of the right type that means nothing.
    pub(super) fn bad_value(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(&codes::BAD_KEY_VALUE, span, message).help(help));
    }

    /// A text.
    pub(super) fn text(&mut self, entry: &Entry<'_>) -> Option<Spanned<EcoString>> {
        let span = self.span(entry.node.span());
        if let DeValue::String(text) = entry.node.get_ref() {
            return Some(Spanned { value: EcoString::from(text.as_ref()), span });
        }
        let quoted = plain_text(entry.node.get_ref());
        let help = quoted.map(|text| format!("put it in quotes: `{} = \"{text}\"`", entry.key));
        self.wrong_type(entry.key, entry.node, "a string", help);
        None
    }

    /// The text under a key, where there is one.
    pub(super) fn optional_text(&mut self, table: &Table<'_>, key: &str) -> Option<Spanned<EcoString>> {
        let entry = self.entry(table, key)?;
        self.text(&entry)
    }

    /// The text under a key that must be there.
    pub(super) fn required_text(
        &mut self,
        table: &Table<'_>,
        key: &str,
        example: &str,
    ) -> Option<Spanned<EcoString>> {
        let Some(entry) = self.entry(table, key) else {
            self.missing(table, key, example);
            return None;
        };
        self.text(&entry)
    }

    /// `true` or `false` under a key, where there is one.
    pub(super) fn optional_bool(&mut self, table: &Table<'_>, key: &str) -> Option<bool> {
        let entry = self.entry(table, key)?;
        if let DeValue::Boolean(value) = entry.node.get_ref() {
            return Some(*value);
        }
        self.wrong_type(key, entry.node, "`true` or `false`", None);
        None
    }

    /// The table behind an entry.
    pub(super) fn table<'t>(&mut self, entry: &Entry<'t>, title: String) -> Option<Table<'t>> {
        if let DeValue::Table(entries) = entry.node.get_ref() {
            return Some(Table { entries, title, at: entry.key_span });
        }
        self.wrong_type(entry.key, entry.node, "a table", Some(format!("write `{} = {{ … }}`", entry.key)));
        None
    }

    /// The table under a key, where there is one.
    pub(super) fn optional_table<'t>(
        &mut self,
        table: &Table<'t>,
        key: &str,
        title: String,
    ) -> Option<Table<'t>> {
        let entry = self.entry(table, key)?;
        self.table(&entry, title)
    }
}

/// The type of a value in words.
fn type_words(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// How a plain value that lacks its quotes is written.
fn plain_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Datetime(value) => Some(value.to_string()),
        DeValue::String(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}
