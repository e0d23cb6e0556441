//! Markers of the grammar to diagnostics in the user's words.

use std::collections::BTreeSet;

use fuse_base::{Code, Diagnostic, FileId, Span, closest, codes::syntax as codes};

use crate::grammar::Rule;
use crate::kinds::SyntaxKind;
use crate::mask::Token;
use crate::tree::Marker;

/// What a marker expects, in the user's words; `None` for every other rule.
const fn words(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::e_angle => "`>`",
        Rule::e_arg => "an argument",
        Rule::e_block | Rule::e_record => "`{`",
        Rule::e_brace | Rule::e_hole => "`}`",
        Rule::e_bracket => "`]`",
        Rule::e_call => "a call",
        Rule::e_case => "a case",
        Rule::e_clause => "a clause",
        Rule::e_close | Rule::e_comma | Rule::e_nested => "`,`",
        Rule::e_colon => "`:` and a type",
        Rule::e_cond => "a condition",
        Rule::e_entry => "an entry such as `name: value`",
        Rule::e_eol => "the end of the line",
        Rule::e_eq => "`=`",
        Rule::e_expr => "a value",
        Rule::e_field => "a field such as `name: Type`",
        Rule::e_from => "`from` and a format",
        Rule::e_in => "`in`",
        Rule::e_item => "a declaration",
        Rule::e_member => "the name of a member",
        Rule::e_member_item => "a declaration or a clause",
        Rule::e_name | Rule::e_pattern => "a name",
        Rule::e_param => "a parameter such as `name: Type`",
        Rule::e_params => "`(`",
        Rule::e_paren => "`)`",
        Rule::e_path => "a module such as `std/git`",
        Rule::e_range => "`..=`",
        Rule::e_run => "`run` and a pipeline",
        Rule::e_stmt => "a statement",
        Rule::e_string => "a string",
        Rule::e_type => "a type",
        _ => return None,
    })
}

/// Whether a rule is a marker.
pub(crate) const fn is_marker(rule: Rule) -> bool {
    words(rule).is_some()
}

/// The source around the markers.
pub(crate) struct Context<'a> {
    /// The file.
    pub(crate) file: FileId,
    /// The source.
    pub(crate) text: &'a str,
    /// What the grammar read.
    pub(crate) masked: &'a str,
    /// All tokens.
    pub(crate) tokens: &'a [Token],
    /// Openers whose missing closer was told.
    pub(crate) reported: &'a BTreeSet<u32>,
    /// Where the errors of the pre-scan start, sorted.
    pub(crate) scan_errors: &'a [u32],
}

/// The tokens on both sides of a marker, as the grammar saw them.
struct Around {
    before: Option<usize>,
    after: Option<usize>,
    /// Between them stands the end of a logical line.
    line_end: bool,
    /// Between them stands a newline of the source.
    newline: bool,
}

/// The diagnostic of a marker; `None` where another error explains it.
pub(crate) fn explain(context: &Context<'_>, marker: Marker) -> Option<Diagnostic> {
    let in_bracket = matches!(
        marker.rule,
        Rule::e_paren
            | Rule::e_bracket
            | Rule::e_brace
            | Rule::e_angle
            | Rule::e_hole
            | Rule::e_comma
            | Rule::e_close
    );
    if in_bracket && context.reported.contains(&marker.parent) {
        return None;
    }
    let around = context.around(marker.at);
    let gap_start = around.before.map_or(0, |at| context.end(at));
    let gap_end = around.after.map_or(u32::MAX, |at| context.start(at));
    let first = context.scan_errors.partition_point(|at| *at < gap_start);
    if context.scan_errors.get(first).is_some_and(|at| *at <= gap_end) {
        return None;
    }
    Some(context.describe(marker, &around))
}

impl Context<'_> {
    fn start(&self, at: usize) -> u32 {
        self.tokens.get(at).map_or(0, |token| token.start)
    }

    fn end(&self, at: usize) -> u32 {
        let length = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.tokens.get(at + 1).map_or(length, |token| token.start)
    }

    fn span(&self, at: usize) -> Span {
        Span::new(self.file, self.start(at), self.end(at))
    }

    fn kind(&self, at: Option<usize>) -> Option<SyntaxKind> {
        at.and_then(|at| self.tokens.get(at)).map(|token| token.kind)
    }

    fn text(&self, at: Option<usize>) -> &str {
        at.and_then(|at| self.text.get(self.start(at) as usize..self.end(at) as usize)).unwrap_or("")
    }

    /// Whether the grammar saw a token.
    fn visible(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| {
            !token.kind.is_trivia() && self.masked.as_bytes().get(token.start as usize) != Some(&b' ')
        })
    }

    fn around(&self, at: u32) -> Around {
        let mut split = self.tokens.partition_point(|token| token.start < at);
        // A marker inside a token, which the grammar took apart, stands before it.
        if split > 0 && self.visible(split - 1) && self.end(split - 1) > at {
            split -= 1;
        }
        let before = (0..split).rev().find(|at| self.visible(*at));
        let after = (split..self.tokens.len()).find(|at| self.visible(*at));
        let from = before.map_or(0, |at| self.end(at)) as usize;
        let to = after.map_or(self.text.len(), |at| self.start(at) as usize);
        let gap = |text: &str, wanted: &[u8]| {
            text.as_bytes().get(from..to).is_some_and(|gap| gap.iter().any(|byte| wanted.contains(byte)))
        };
        Around { before, after, line_end: gap(self.masked, b"\n\x01\x05"), newline: gap(self.text, b"\n") }
    }

    /// Where to tell it: at the next token, or behind the last one if the line ends between them.
    fn place(&self, marker: Marker, around: &Around) -> (Span, bool) {
        let closing = matches!(
            self.kind(around.after),
            None | Some(SyntaxKind::RBrace | SyntaxKind::RParen | SyntaxKind::RBracket)
        );
        let starts_line =
            matches!(marker.rule, Rule::e_item | Rule::e_member_item | Rule::e_clause | Rule::e_stmt);
        let at_end = (around.line_end && !starts_line)
            || (around.newline && (closing || marker.rule == Rule::e_comma));
        match (around.before, around.after) {
            (Some(before), None) => (self.span(before).at_end(), true),
            (Some(before), Some(_)) if at_end => (self.span(before).at_end(), true),
            (_, Some(after)) => (self.span(after), false),
            (None, None) => (Span::new(self.file, marker.at, marker.at), true),
        }
    }

    fn describe(&self, marker: Marker, around: &Around) -> Diagnostic {
        let (span, at_end) = self.place(marker, around);
        let found = if at_end { None } else { around.after };
        if let Some(special) = self.special(marker, around, span, found) {
            return special;
        }
        let closer = self.closer(marker.parent);
        let expected = match (marker.rule, closer) {
            (Rule::e_close, Some(closer)) if !self.separates(marker) => format!("`{closer}`"),
            (Rule::e_comma | Rule::e_close | Rule::e_nested, Some(closer)) => format!("`,` or `{closer}`"),
            _ => words(marker.rule).unwrap_or("something else").to_owned(),
        };
        let found_words = match found {
            Some(at) => self.shown(at),
            None if around.after.is_none() => "the end of the file".to_owned(),
            None => "the end of the line".to_owned(),
        };
        let code: &'static Code =
            if marker.rule == Rule::e_comma { &codes::MISSING_COMMA } else { &codes::UNEXPECTED };
        let error = Diagnostic::new(code, span, format!("expected {expected}, found {found_words}"));
        let help = self.help(marker, around, found);
        let error = error.help_opt(help);
        if marker.rule == Rule::e_comma {
            let place = around.before.map_or(span.at_start(), |at| self.span(at).at_end());
            return error.fix("add `,`", place, ",");
        }
        error
    }

    /// Whether entries of the node around a marker are separated by commas.
    const fn separates(&self, marker: Marker) -> bool {
        !matches!(marker.parent_kind, SyntaxKind::Paren | SyntaxKind::Index | SyntaxKind::Hole)
    }

    /// Errors that have a better name than «expected this, found that».
    fn special(
        &self,
        marker: Marker,
        around: &Around,
        span: Span,
        found: Option<usize>,
    ) -> Option<Diagnostic> {
        let word = self.text(found);
        if matches!(marker.rule, Rule::e_item | Rule::e_member_item | Rule::e_clause | Rule::e_stmt) {
            return self.misplaced(marker.rule, word, span);
        }
        if self.kind(found) == Some(SyntaxKind::Keyword)
            && matches!(marker.rule, Rule::e_name | Rule::e_pattern | Rule::e_case)
        {
            let message = format!("`{word}` is a reserved word and cannot be a name here");
            return Some(Diagnostic::new(&codes::RESERVED_WORD, span, message).help("choose another name"));
        }
        let ends = matches!(marker.rule, Rule::e_eol | Rule::e_comma | Rule::e_close | Rule::e_nested);
        if ends
            && self.kind(around.before) == Some(SyntaxKind::Number)
            && crate::number::UNITS.contains(&word)
        {
            let number = around.before.map(|at| self.span(at))?;
            let whole = format!("{}{word}", self.text(around.before));
            let error =
                Diagnostic::new(&codes::BAD_NUMBER, span, "a unit stands at its number, without a blank");
            return Some(error.help(format!("write `{whole}`")).fix(
                format!("write `{whole}`"),
                number.to(span),
                whole,
            ));
        }
        if marker.rule == Rule::e_eol {
            return self.misspelt_start(around.before?);
        }
        None
    }

    /// A line that starts no declaration, statement or clause.
    fn misplaced(&self, rule: Rule, word: &str, span: Span) -> Option<Diagnostic> {
        if STATEMENTS.contains(&word) {
            let (place, help) = match rule {
                Rule::e_item => ("at the top of a file", "statements stand in the block of a pipeline"),
                Rule::e_stmt => return None,
                _ => (
                    "here",
                    "statements stand in the block of a pipeline; here stand clauses such as `image \"…\"`",
                ),
            };
            let message = format!("`{word}` starts a statement, which cannot stand {place}");
            return Some(Diagnostic::new(&codes::MISPLACED_STATEMENT, span, message).help(help));
        }
        if ITEMS.contains(&word) && rule != Rule::e_item {
            let message = format!("`{word}` starts a declaration, which cannot stand here");
            let help = "declarations stand at the top of a file; perhaps a `}` is missing before it";
            return Some(Diagnostic::new(&codes::MISPLACED_STATEMENT, span, message).help(help));
        }
        let candidates: &[&str] = if rule == Rule::e_stmt { STATEMENTS } else { ITEMS };
        let meant = closest(word, candidates.iter().copied())?;
        Some(misspelt(span, word, meant))
    }

    /// A line whose first word is nearly a keyword: `lett x = 1`.
    fn misspelt_start(&self, before: usize) -> Option<Diagnostic> {
        if self.kind(Some(before)) != Some(SyntaxKind::Ident) {
            return None;
        }
        let previous = (0..before).rev().find(|at| self.visible(*at));
        let from = previous.map_or(0, |at| self.end(at)) as usize;
        let gap = self.text.get(from..self.start(before) as usize)?;
        let opens = previous.is_none()
            || matches!(self.kind(previous), Some(SyntaxKind::LBrace | SyntaxKind::Semicolon))
            || gap.contains('\n');
        let word = self.text(Some(before));
        let meant = closest(word, STATEMENTS.iter().copied()).filter(|_| opens)?;
        Some(misspelt(self.span(before), word, meant))
    }

    fn help(&self, marker: Marker, around: &Around, found: Option<usize>) -> Option<String> {
        let help = match (marker.rule, self.kind(found)?) {
            (Rule::e_eol | Rule::e_block | Rule::e_close | Rule::e_comma, SyntaxKind::Assign) => {
                "values are compared with `==`; `let name = value` gives a name"
            }
            (Rule::e_eol | Rule::e_block | Rule::e_close | Rule::e_comma, SyntaxKind::And) => "write `&&`",
            (Rule::e_eol | Rule::e_block | Rule::e_close | Rule::e_comma, SyntaxKind::Or) => "write `||`",
            (Rule::e_eol, SyntaxKind::Colon) if self.kind(around.before)?.is_word() => {
                "a clause is a word and its value without `:`, such as `image \"…\"`"
            }
            (_, SyntaxKind::Keyword) => "this word is reserved",
            _ => return None,
        };
        Some(help.to_owned())
    }

    /// The closer of the bracket that stands at `at`.
    fn closer(&self, at: u32) -> Option<char> {
        match self.text.as_bytes().get(at as usize)? {
            b'(' => Some(')'),
            b'[' => Some(']'),
            b'{' => Some('}'),
            b'<' => Some('>'),
            _ => None,
        }
    }

    /// A token in words.
    fn shown(&self, at: usize) -> String {
        let text = self.text(Some(at));
        match self.tokens.get(at).map(|token| token.kind) {
            Some(kind) if kind.is_plain_string() || kind == SyntaxKind::StrHead => "a string".to_owned(),
            Some(SyntaxKind::StrMid | SyntaxKind::StrTail) => "the end of the hole".to_owned(),
            _ if text.chars().count() > 40 => format!("`{}…`", text.chars().take(40).collect::<String>()),
            _ => format!("`{text}`"),
        }
    }
}

fn misspelt(span: Span, word: &str, meant: &str) -> Diagnostic {
    Diagnostic::new(&codes::MISSPELT_KEYWORD, span, format!("`{word}` is no keyword"))
        .help(format!("did you mean `{meant}`?"))
        .fix(format!("write `{meant}`"), span, meant)
}

/// Words that start statements.
static STATEMENTS: &[&str] = &["let", "return", "if", "for", "finally", "fail", "apply", "fused", "else"];

/// Words that start declarations.
static ITEMS: &[&str] = &[
    "import",
    "pub",
    "type",
    "enum",
    "const",
    "artifact",
    "task",
    "tool",
    "pipeline",
    "capability",
    "resource",
    "deploy",
    "external",
    "reader",
    "on",
    "test",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_marker_of_the_grammar_has_words() {
        for rule in Rule::all_rules() {
            assert_eq!(is_marker(*rule), format!("{rule:?}").starts_with("e_"), "{rule:?}");
        }
    }
}
