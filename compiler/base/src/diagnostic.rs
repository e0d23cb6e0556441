//! A diagnostic: one mistake, told once, at its cause.

use crate::{Sources, Span};

/// How bad it is. Errors stop a build, warnings and hints do not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// The program has no meaning; nothing is written.
    Error,
    /// The program builds; something in it is likely wrong.
    Warning,
}

impl Severity {
    /// The word used in text and JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A kind of diagnostic: stable for users, documented by its page.
#[derive(Debug)]
pub struct Code {
    /// The stable id, such as `FS0203`.
    pub id: &'static str,
    /// A short kebab-case name, such as `unknown-name`.
    pub name: &'static str,
    /// Its severity unless the call site says otherwise.
    pub severity: Severity,
    /// The page: what it means, a program that fails with it and the program put right.
    pub page: &'static str,
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}
impl Eq for Code {}

/// Another place that is involved, with a few words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there, in the user's words.
    pub text: String,
}

/// A replacement of text that puts the mistake right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What the fix does, as a command: «write `..=`».
    pub title: String,
    /// The bytes to replace.
    pub span: Span,
    /// What stands there afterwards.
    pub replacement: String,
}

/// One mistake: code, words, place, other places, help and possibly a fix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Its kind.
    pub code: &'static Code,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, in the user's words, without a full stop.
    pub message: String,
    /// The cause.
    pub span: Span,
    /// A few words at the cause itself, shown under the marked text.
    pub note: Option<String>,
    /// The other places involved.
    pub labels: Vec<Label>,
    /// What to write instead.
    pub help: Option<String>,
    /// A replacement that a tool may apply.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A diagnostic of `code` at `span`.
    #[must_use]
    pub fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity,
            message: message.into(),
            span,
            note: None,
            labels: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// Words under the marked text.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.note = Some(text.into());
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Says what to write instead where something is known.
    #[must_use]
    pub fn help_opt(mut self, text: Option<String>) -> Self {
        if text.is_some() {
            self.help = text;
        }
        self
    }

    /// Adds a replacement.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { title: title.into(), span, replacement: replacement.into() });
        self
    }

    /// Whether it stops a build.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Sorts by file path and place, and drops what is said twice: one diagnostic of a code at a place.
pub fn sort_and_dedup(diagnostics: &mut Vec<Diagnostic>, sources: &Sources) {
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.span.start, d.span.end, d.code.id);
        sources
            .path(a.span.file)
            .cmp(sources.path(b.span.file))
            .then_with(|| key(a).cmp(&key(b)))
            .then_with(|| a.message.cmp(&b.message))
    });
    diagnostics.dedup_by(|a, b| a.span == b.span && a.code == b.code && a.message == b.message);
}
