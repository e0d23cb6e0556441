//! Strings: where they end, and their holes.

use fuse_base::{Diagnostic, codes::syntax as codes};

use super::brackets::Shape;
use super::{Scanner, TEXT, offset};
use crate::kinds::SyntaxKind as K;

/// Where a stretch of string text ends.
enum End {
    /// Behind the closing quote.
    Quote(usize),
    /// At the `{` of a hole.
    Hole(usize),
    /// At the end of the line or file.
    Missing(usize),
}

impl Scanner<'_> {
    /// A string that starts with `"`.
    pub(super) fn string(&mut self) {
        if self.bytes.get(self.pos..).unwrap_or_default().starts_with(b"\"\"\"") {
            return self.block_string();
        }
        let start = self.pos;
        self.line_break(K::Str, start + 1);
        match self.text_end(start + 1) {
            End::Quote(end) => {
                self.finish(K::Str, start, end);
                self.fill(start + 1, end - 1, TEXT);
            }
            End::Hole(end) => {
                self.finish(K::StrHead, start, end);
                self.fill(start + 1, end, TEXT);
                self.open_hole();
            }
            End::Missing(end) => {
                self.finish(K::Str, start, end);
                self.fill(start + 1, end, TEXT);
                self.unterminated(start, end, "\"");
            }
        }
    }

    /// The text behind a hole.
    pub(super) fn string_rest(&mut self) {
        let start = self.pos;
        match self.text_end(start) {
            End::Quote(end) => {
                self.finish(K::StrTail, start, end);
                self.fill(start, end - 1, TEXT);
            }
            End::Hole(end) => {
                if end > start {
                    self.finish(K::StrMid, start, end);
                    self.fill(start, end, TEXT);
                }
                self.open_hole();
            }
            End::Missing(end) => {
                if end > start {
                    self.finish(K::StrTail, start, end);
                    self.fill(start, end, TEXT);
                }
                self.unterminated(start.saturating_sub(1), end, "\"");
            }
        }
    }

    fn text_end(&self, from: usize) -> End {
        let mut at = from;
        while let Some(byte) = self.byte(at) {
            match byte {
                b'"' => return End::Quote(at + 1),
                b'{' => return End::Hole(at),
                b'\n' => return End::Missing(at),
                b'\\' if self.byte(at + 1).is_some_and(|next| next != b'\n') => {
                    // `\u{…}` is an escape, not a hole.
                    at += if self.byte(at + 1) == Some(b'u') && self.byte(at + 2) == Some(b'{') {
                        3
                    } else {
                        2
                    };
                }
                _ => at += 1,
            }
        }
        End::Missing(at.min(self.bytes.len()))
    }

    fn open_hole(&mut self) {
        let at = self.pos;
        self.push_open(Shape::Hole, at, self.body(), false);
        self.finish(K::HoleOpen, at, at + 1);
    }

    /// `"""…"""`
    fn block_string(&mut self) {
        let start = self.pos;
        self.line_break(K::BlockStr, start + 3);
        let rest = self.text.get(start + 3..).unwrap_or_default();
        let found = rest.find("\"\"\"");
        let end = found.map_or(self.bytes.len(), |at| start + at + 6);
        self.whole_string(K::BlockStr, start, end, found.is_some());
        if found.is_none() {
            let span = self.span(start, start + 3);
            self.error(
                Diagnostic::new(&codes::UNTERMINATED_STRING, span, "this `\"\"\"` string is never closed")
                    .help("add `\"\"\"` on a line of its own"),
            );
            // What stood between here and the end of the file is unknown.
            self.reported.extend(self.stack.iter().map(|open| offset(open.at)));
            self.quiet = true;
        }
    }

    /// `r"…"`
    pub(super) fn raw_string(&mut self) {
        let start = self.pos;
        self.line_break(K::RawStr, start + 2);
        let rest = self.bytes.get(start + 2..).unwrap_or_default();
        let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\n')).unwrap_or(rest.len());
        let closed = rest.get(length) == Some(&b'"');
        let end = start + 2 + length + usize::from(closed);
        self.whole_string(K::RawStr, start, end, closed);
        if !closed {
            self.unterminated(start, end, "\"");
        }
    }

    /// `'…'` is no string of this language, but clearly meant to be one.
    pub(super) fn single_quotes(&mut self) {
        let start = self.pos;
        let rest = self.bytes.get(start + 1..).unwrap_or_default();
        let length = rest.iter().take(4096).position(|byte| matches!(byte, b'\'' | b'\n'));
        let Some(length) = length.filter(|length| rest.get(*length) == Some(&b'\'')) else {
            return self.unknown();
        };
        let end = start + length + 2;
        self.line_break(K::RawStr, end);
        self.whole_string(K::RawStr, start, end, true);
        let span = self.span(start, end);
        let inner = self.text.get(start + 1..end - 1).unwrap_or_default();
        let mut error = Diagnostic::new(&codes::BAD_CHARACTER, span, "`'` means nothing here")
            .help("strings are written between `\"`");
        if !inner.contains(['"', '\\', '{']) {
            error = error.fix("use `\"`", span, format!("\"{inner}\""));
        }
        self.error(error);
    }

    /// A string without holes: for the grammar all forms look like `"…"`.
    fn whole_string(&mut self, kind: K, start: usize, end: usize, closed: bool) {
        self.finish(kind, start, end);
        self.fill(start, end, TEXT);
        self.put(start, b'"');
        if closed {
            self.put(end - 1, b'"');
        }
    }

    /// A string that ends with its line: whatever was opened on the line is closed without a word.
    fn unterminated(&mut self, start: usize, end: usize, quote: &str) {
        if !self.quiet {
            let span = self.span(start, end);
            self.error(
                Diagnostic::new(&codes::UNTERMINATED_STRING, span, "this string is never closed").help(
                    format!(
                        "add `{quote}` before the end of the line, or use `\"\"\"` for text of several lines"
                    ),
                ),
            );
        }
        self.forget_since(self.line_start);
    }
}
