//! Words, numbers and marks.

use fuse_base::{Diagnostic, codes::syntax as codes};

use super::Scanner;
use super::brackets::Shape;
use super::lines::{Body, Due, Header};
use crate::kinds::{RESERVED, SyntaxKind as K};

impl Scanner<'_> {
    /// Whether a letter that is not ASCII stands here.
    pub(super) fn starts_letter(&self) -> bool {
        self.text.get(self.pos..).and_then(|rest| rest.chars().next()).is_some_and(char::is_alphabetic)
    }

    /// A name or a reserved word.
    pub(super) fn word(&mut self) {
        let start = self.pos;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let ascii = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let mut end = start + ascii;
        if self.byte(end).is_some_and(|byte| byte >= 0x80) {
            end = self.foreign_letters(start, end);
        }
        if end == start {
            return self.unknown();
        }
        let text = self.text.get(start..end).unwrap_or_default();
        let kind = if self.is_reserved(text, end) { K::Keyword } else { K::Ident };
        self.line_break(kind, end);
        let ascii_only = end == start + ascii;
        if kind == K::Keyword || matches!(text, "service" | "option") {
            self.note_keyword(text, end);
        }
        self.finish(kind, start, end);
        if !ascii_only {
            // The grammar knows ASCII names alone; for it the word is a name.
            for at in start..end {
                if self.byte(at).is_some_and(|byte| byte >= 0x80) {
                    self.put(at, b'_');
                }
            }
        }
    }

    /// Reads on through letters that are not ASCII and reports them.
    fn foreign_letters(&mut self, start: usize, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        let length: usize =
            rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum();
        let end = from + length;
        if length > 0 {
            let word: String = self.text.get(start..end).unwrap_or_default().chars().take(40).collect();
            let span = self.span(from, end);
            self.error(
                Diagnostic::new(&codes::BAD_CHARACTER, span, format!("`{word}` is no name"))
                    .help("names are written with the letters a–z and A–Z, digits and `_`"),
            );
        }
        end
    }

    /// Whether a reserved word is one here: not behind `.`, not before `:`.
    fn is_reserved(&self, text: &str, end: usize) -> bool {
        // Most names are sorted out by their length and first letter.
        (2..=10).contains(&text.len())
            && !matches!(
                text.as_bytes().first(),
                Some(
                    b'A'..=b'Z' | b'_' | b'g' | b'h' | b'j' | b'k' | b'm' | b'q' | b's' | b'v' | b'x'..=b'z',
                )
            )
            && RESERVED.binary_search(&text).is_ok()
            && !self.last_is(&[K::Dot])
            && (self.byte(end) != Some(b':') || matches!(text, "else"))
    }

    /// Remembers declarations and statements whose block is still to come.
    fn note_keyword(&mut self, word: &str, end: usize) {
        let depth = self.stack.len();
        let indent = self.indent;
        if matches!(word, "if" | "for" | "finally" | "fused" | "else") && self.body() == Body::Statements {
            let inside = self.stack.last().is_some_and(|open| open.shape != Shape::Curly);
            if !inside {
                self.due = Some(Due { depth, indent });
            }
            return;
        }
        if self.body() != Body::Members || self.stack.last().is_some_and(|open| open.shape != Shape::Curly) {
            return;
        }
        if self.header.is_some() && word != "fn" {
            return;
        }
        let body = match word {
            "pipeline" | "fn" | "enum" | "artifact" => Body::Statements,
            "tool" | "capability" => Body::Members,
            "task" | "resource" | "reader" | "test" | "on" => Body::Clauses,
            "service" if self.after(end).0 => Body::Clauses,
            _ => return,
        };
        self.header = Some(Header { depth, indent, body });
    }

    /// A number with its unit, if it has one.
    pub(super) fn number(&mut self) {
        let start = self.pos;
        let digits = |scanner: &Self, mut at: usize| {
            while scanner.byte(at).is_some_and(|byte| byte.is_ascii_digit() || byte == b'_') {
                at += 1;
            }
            at
        };
        let mut end = digits(self, start);
        let is_digit = |scanner: &Self, at: usize| scanner.byte(at).is_some_and(|byte| byte.is_ascii_digit());
        if self.byte(end) == Some(b'.') && is_digit(self, end + 1) {
            end = digits(self, end + 1);
        }
        if matches!(self.byte(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.byte(end + 1), Some(b'+' | b'-')));
            if is_digit(self, end + 1 + sign) {
                end += 1 + sign;
                while is_digit(self, end) {
                    end += 1;
                }
            }
        }
        while self.byte(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            end += 1;
        }
        self.line_break(K::Number, end);
        self.finish(K::Number, start, end);
    }

    /// Brackets, separators and operators.
    pub(super) fn mark(&mut self) {
        let Some((kind, length)) = self.mark_here() else { return self.unknown() };
        let end = self.pos + length;
        let kind = match kind {
            K::Less if self.opens_types(end) => K::LAngle,
            K::GreaterEq | K::Greater if self.angle_on_top() => K::RAngle,
            other => other,
        };
        if self.angle_on_top() && ends_types(kind) {
            self.drop_angles();
        }
        self.line_break(kind, end);
        match kind {
            K::LParen => self.open(Shape::Round),
            K::LBracket => self.open(Shape::Square),
            K::LBrace => self.open(Shape::Curly),
            K::LAngle => self.open_angle(),
            K::RParen => self.close_round(Shape::Round),
            K::RBracket => self.close_round(Shape::Square),
            K::RBrace => self.close_curly(),
            K::RAngle if self.angle_on_top() => self.close_angle(),
            other => self.finish(other, self.pos, end),
        }
    }

    /// The longest mark at this place.
    fn mark_here(&self) -> Option<(K, usize)> {
        let first = self.peek(0)?;
        let second = self.peek(1);
        let kind = match (first, second) {
            (b'.', Some(b'.')) => match self.peek(2) {
                Some(b'=') => return Some((K::DotDotEq, 3)),
                Some(b'.') => return Some((K::Ellipsis, 3)),
                _ => return Some((K::DotDot, 2)),
            },
            (b'-', Some(b'>')) => return Some((K::Arrow, 2)),
            (b'=', Some(b'=')) => return Some((K::EqEq, 2)),
            (b'!', Some(b'=')) => return Some((K::NotEq, 2)),
            (b'<', Some(b'=')) => return Some((K::LessEq, 2)),
            (b'>', Some(b'=')) => return Some((K::GreaterEq, 2)),
            (b'&', Some(b'&')) => return Some((K::AndAnd, 2)),
            (b'|', Some(b'|')) => return Some((K::OrOr, 2)),
            (b'?', Some(b'?')) => return Some((K::Coalesce, 2)),
            (b'{', _) => K::LBrace,
            (b'}', _) => K::RBrace,
            (b'(', _) => K::LParen,
            (b')', _) => K::RParen,
            (b'[', _) => K::LBracket,
            (b']', _) => K::RBracket,
            (b',', _) => K::Comma,
            (b':', _) => K::Colon,
            (b';', _) => K::Semicolon,
            (b'.', _) => K::Dot,
            (b'=', _) => K::Assign,
            (b'?', _) => K::Question,
            (b'<', _) => K::Less,
            (b'>', _) => K::Greater,
            (b'&', _) => K::And,
            (b'|', _) => K::Or,
            (b'+', _) => K::Plus,
            (b'-', _) => K::Minus,
            (b'*', _) => K::Star,
            (b'/', _) => K::Slash,
            (b'%', _) => K::Percent,
            (b'!', _) => K::Not,
            _ => return None,
        };
        Some((kind, 1))
    }

    /// Whether `<` opens type arguments: it stands at a name and before a letter, `{` or the end of the line.
    fn opens_types(&self, end: usize) -> bool {
        let at_name = self.last.is_some_and(|last| last.kind == K::Ident && last.end == self.pos);
        let next = self.byte(end);
        at_name
            && next.is_some_and(|byte| {
                byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'{' | b'\n' | b'\r' | b'>')
            })
    }
}

/// Marks that cannot stand between type arguments.
fn ends_types(kind: K) -> bool {
    matches!(
        kind,
        K::AndAnd
            | K::OrOr
            | K::EqEq
            | K::NotEq
            | K::LessEq
            | K::Plus
            | K::Star
            | K::Slash
            | K::Percent
            | K::Coalesce
            | K::Semicolon
            | K::Not
            | K::Less
    )
}
