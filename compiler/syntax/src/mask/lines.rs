//! The newline rule: where a logical line ends.
//!
//! A newline ends a line unless the innermost bracket is `(` or `[`, or the line before cannot end there, or the line
//! behind cannot start there. A line that starts a statement or a declaration always starts anew: brackets that are
//! still open are closed and reported.

use super::brackets::Shape;
use super::{CLOSE_ALL, Scanner};
use crate::kinds::SyntaxKind as K;

/// What the lines between two braces mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Body {
    /// Declarations and clauses: a file, a tool, a capability.
    Members,
    /// Clauses: a line that starts with a word starts anew, whatever the word.
    Clauses,
    /// Statements, also the entries of a record.
    Statements,
}

/// A declaration whose body has not been opened.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// The brackets open where it started.
    pub(super) depth: usize,
    /// The indentation of its line.
    pub(super) indent: usize,
    /// What its body holds.
    pub(super) body: Body,
}

/// An `if`, `for`, … whose block has not been opened.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) depth: usize,
    pub(super) indent: usize,
}

impl Scanner<'_> {
    /// What a line means at this place.
    pub(super) fn body(&self) -> Body {
        self.stack.last().map_or(Body::Members, |open| open.body)
    }

    /// What the lines behind the `{` at the current position mean.
    pub(super) fn body_of_brace(&mut self) -> Body {
        let depth = self.stack.len();
        if self.due.as_ref().is_some_and(|due| due.depth == depth) {
            self.due = None;
        }
        if let Some(header) = self.header.clone()
            && header.depth == depth
            && !self.last_is(&[K::Arrow, K::Colon, K::Comma, K::Assign])
        {
            self.header = None;
            return header.body;
        }
        match self.body() {
            Body::Members | Body::Clauses => Body::Clauses,
            Body::Statements => Body::Statements,
        }
    }

    pub(super) fn last_is(&self, kinds: &[K]) -> bool {
        self.last.is_some_and(|last| kinds.contains(&last.kind))
    }

    /// Called before each token that counts, with its kind and end: decides what the newlines before it mean.
    pub(super) fn line_break(&mut self, next: K, end: usize) {
        let Some(newline) = self.newline else { return };
        let word = if next.is_word() { self.text.get(self.pos..end).unwrap_or_default() } else { "" };
        let anew = next == K::Keyword || self.body() == Body::Members;
        let item = anew && self.starts_item(word, end);
        if item && self.closes_all(word) {
            self.close_everything();
            self.end_line(newline);
            self.put(newline, CLOSE_ALL);
            return;
        }
        let anew = item || (anew && self.starts_statement(word, end));
        if anew {
            self.close_before_statement();
        }
        if self.muted.is_some() {
            return;
        }
        let inside = self.stack.last().is_some_and(|open| matches!(open.shape, Shape::Round | Shape::Square));
        if inside || matches!(next, K::RBrace | K::RParen | K::RBracket) {
            return;
        }
        let Some(last) = self.last else { return };
        if last.kind == K::LBrace
            || (!anew && (self.demands_more(last.kind) || self.continues(next, word, end)))
        {
            return;
        }
        if self.angle_on_top() {
            self.drop_angles();
        }
        self.end_line(newline);
    }

    /// Writes the end of a line; a `{` that the line lacks is assumed if the next line is indented as if it were there.
    fn end_line(&mut self, newline: usize) {
        let depth = self.stack.len();
        let due = self.due.take().filter(|due| due.depth == depth && self.indent > due.indent);
        let header = self.header.take().filter(|header| header.depth == depth && self.indent > header.indent);
        match (due, header) {
            (Some(_), _) => self.imply_brace(newline, Body::Statements),
            (None, Some(header)) => self.imply_brace(newline, header.body),
            (None, None) => self.put(newline, b'\n'),
        }
    }

    /// Whether a declaration at the start of a line shows that all brackets before it should be closed.
    fn closes_all(&self, word: &str) -> bool {
        let Some(top) = self.stack.last() else { return false };
        if self.indent > 0 || self.holes > 0 {
            return false;
        }
        match word {
            "const" | "use" | "external" if top.shape == Shape::Round => false,
            "import" | "pipeline" | "tool" | "capability" | "deploy" | "on" | "test" => true,
            _ => !(top.shape == Shape::Curly && top.body == Body::Members),
        }
    }

    /// Whether `word` starts a declaration: its keyword and something that can follow.
    fn starts_item(&self, word: &str, end: usize) -> bool {
        let (spaced, next) = self.after(end);
        let name = spaced && next.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        match word {
            "task" | "tool" | "resource" | "pipeline" | "capability" | "type" | "enum" | "artifact"
            | "deploy" | "reader" | "pub" | "external" | "on" => name,
            "const" => name && !self.stack.last().is_some_and(|open| open.shape == Shape::Round),
            "import" => name || (spaced && next == Some(b'.')),
            "test" => next == Some(b'"'),
            "service" | "option" => name && self.body() == Body::Members,
            _ => false,
        }
    }

    fn starts_statement(&self, word: &str, end: usize) -> bool {
        let (spaced, next) = self.after(end);
        match word {
            "let" => spaced && !matches!(next, Some(b':' | b',' | b')' | b'}')),
            "return" => !matches!(next, Some(b':' | b',' | b')' | b'.')),
            "finally" => next == Some(b'{'),
            _ => false,
        }
    }

    /// Whether a blank follows, and the next byte on the line.
    pub(super) fn after(&self, end: usize) -> (bool, Option<u8>) {
        let rest = self.bytes.get(end..).unwrap_or_default();
        // A bound, so that a file of keywords and blanks stays linear.
        let blanks = rest.iter().take(256).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        (blanks > 0, rest.get(blanks).copied())
    }

    /// Whether a line cannot end with a token of this kind.
    fn demands_more(&self, last: K) -> bool {
        match last {
            K::Minus | K::DotDotEq | K::Not => true,
            _ if joins(last) => true,
            K::Keyword if self.body() != Body::Clauses => {
                let text = self.last.and_then(|last| self.text.get(last.start..last.end)).unwrap_or("");
                matches!(text, "in" | "apply" | "with" | "after" | "else" | "where" | "by")
            }
            _ => false,
        }
    }

    /// Whether a line cannot start with this token.
    fn continues(&self, next: K, word: &str, end: usize) -> bool {
        match next {
            K::Dot | K::Question | K::RAngle => true,
            _ if joins(next) => true,
            K::Minus => matches!(self.byte(self.pos + 1), Some(b' ')),
            K::LBrace => self.in_header(),
            K::Ident => word == "from" && self.in_header(),
            K::Keyword if self.after(end).1 == Some(b':') => false,
            K::Keyword => match word {
                "with" | "after" | "else" | "in" => self.body() == Body::Statements || self.stack.is_empty(),
                "where" | "run" => self.in_header(),
                _ => false,
            },
            _ => false,
        }
    }

    fn in_header(&self) -> bool {
        let depth = self.stack.len();
        self.header.as_ref().is_some_and(|header| header.depth == depth)
            || self.due.as_ref().is_some_and(|due| due.depth == depth)
    }

    pub(super) fn end_of_file(&mut self) {
        if self.holes > 0 {
            self.cut_holes();
        }
        self.close_everything();
    }
}

/// Tokens that stand between two things, so that a line neither ends nor starts with one.
const fn joins(kind: K) -> bool {
    matches!(
        kind,
        K::Comma
            | K::Assign
            | K::Arrow
            | K::Colon
            | K::Plus
            | K::Star
            | K::Slash
            | K::Percent
            | K::And
            | K::Or
            | K::AndAnd
            | K::OrOr
            | K::EqEq
            | K::NotEq
            | K::Less
            | K::LessEq
            | K::Greater
            | K::GreaterEq
            | K::Coalesce
            | K::LAngle
    )
}
