//! String literals: escapes, holes, and the indentation of `"""` text.

use ecow::EcoString;
use fuse_base::{Diagnostic, codes::syntax as codes};

use super::Lower;
use super::view::{Elem, Node, Token};
use crate::ast::{StrLit, StrPart};
use crate::kinds::SyntaxKind as K;

impl Lower {
    /// The string that a child is, if it is one.
    pub(super) fn string_elem(&mut self, elem: Elem<'_>) -> Option<StrLit> {
        match elem {
            Elem::Token(token) if token.kind.is_plain_string() => Some(self.plain_string(token)),
            Elem::Node(node) if node.kind == K::StringLit => Some(self.holed_string(node)),
            Elem::Token(_) | Elem::Node(_) => None,
        }
    }

    /// A string of one token.
    pub(super) fn plain_string(&mut self, token: Token<'_>) -> StrLit {
        let text = match token.kind {
            K::BlockStr => dedent(inner(token.text, "\"\"\"", "\"\"\"")),
            K::RawStr if token.text.starts_with('r') => inner(token.text, "r\"", "\"").into(),
            K::RawStr => inner(token.text, "'", "'").into(),
            _ => self.unescape(inner(token.text, "\"", "\""), token.start + 1),
        };
        let parts = if text.is_empty() { Vec::new() } else { vec![StrPart::Text(text)] };
        StrLit { parts, span: self.token_span(token) }
    }

    /// A string with holes.
    pub(super) fn holed_string(&mut self, node: Node<'_>) -> StrLit {
        let mut parts = Vec::new();
        for elem in node.children() {
            match elem {
                Elem::Token(token) => {
                    let head = token.kind == K::StrHead;
                    let mut text = token.text;
                    if head {
                        text = text.strip_prefix('"').unwrap_or(text);
                    } else if token.kind == K::StrTail {
                        text = text.strip_suffix('"').unwrap_or(text);
                    }
                    let text = self.unescape(text, token.start + u32::from(head));
                    if !text.is_empty() {
                        parts.push(StrPart::Text(text));
                    }
                }
                Elem::Node(hole) => parts.push(StrPart::Hole(self.expr_of(hole))),
            }
        }
        StrLit { parts, span: self.node_span(node) }
    }

    /// Resolves escapes; what is none stays as it is and is reported.
    fn unescape(&mut self, text: &str, start: u32) -> EcoString {
        if !text.contains('\\') {
            return text.into();
        }
        let mut result = EcoString::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            let (plain, escape) = rest.split_at(at);
            result.push_str(plain);
            let (found, length) = read_escape(escape);
            match found {
                Some(character) => result.push(character),
                None => {
                    let place = start + u32::try_from(text.len() - escape.len()).unwrap_or(0);
                    let span = self.span(place, place + u32::try_from(length).unwrap_or(1));
                    let shown = escape.get(..length).unwrap_or("\\");
                    result.push_str(shown);
                    self.diagnostics.push(
                        Diagnostic::new(&codes::BAD_ESCAPE, span, format!("`{shown}` is no escape"))
                            .help(r#"the escapes are `\n`, `\t`, `\"`, `\\`, `\{`, `\}` and `\u{…}`; `r"…"` has none"#),
                    );
                }
            }
            rest = escape.get(length..).unwrap_or("");
        }
        result.push_str(rest);
        result
    }
}

/// The character of the escape that a text starts with, and the length of the escape.
fn read_escape(text: &str) -> (Option<char>, usize) {
    let mut chars = text.chars();
    chars.next();
    let Some(kind) = chars.next() else { return (None, 1) };
    let simple = match kind {
        'n' => '\n',
        't' => '\t',
        '"' | '\\' | '{' | '}' => kind,
        'u' => return read_unicode(text),
        other => return (None, 1 + other.len_utf8()),
    };
    (Some(simple), 2)
}

/// `\u{1F600}`
fn read_unicode(text: &str) -> (Option<char>, usize) {
    let Some(digits) = text.strip_prefix("\\u{") else { return (None, 2) };
    let length = digits.bytes().take(8).take_while(u8::is_ascii_hexdigit).count();
    if digits.as_bytes().get(length) != Some(&b'}') {
        return (None, 3 + length);
    }
    let value = digits.get(..length).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    (value.and_then(char::from_u32), 4 + length)
}

/// The text between quotes; the closing ones may be missing.
fn inner<'t>(text: &'t str, open: &str, close: &str) -> &'t str {
    let text = text.strip_prefix(open).unwrap_or(text);
    text.strip_suffix(close).unwrap_or(text)
}

/// The lines of a `"""` string without the indentation that all of them share. The line of the opening quotes does
/// not count, nor does that of the closing ones where only blanks stand before them.
fn dedent(text: &str) -> EcoString {
    let Some((first, rest)) = text.split_once('\n') else { return text.into() };
    let mut lines: Vec<&str> = rest.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let closing = lines.last().is_some_and(|line| line.trim_matches([' ', '\t']).is_empty());
    if closing {
        lines.pop();
    }
    let indents = lines.iter().filter(|line| !line.trim().is_empty()).map(|line| indentation(line));
    let shared = indents.reduce(common_prefix).unwrap_or("").len();
    let mut result = EcoString::new();
    let first = first.trim_end_matches('\r');
    if !first.trim().is_empty() {
        result.push_str(first);
        result.push('\n');
    }
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            result.push('\n');
        }
        result.push_str(line.get(shared..).filter(|_| !line.trim().is_empty()).unwrap_or(""));
    }
    if closing && !lines.is_empty() {
        result.push('\n');
    }
    result
}

fn indentation(line: &str) -> &str {
    let length = line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    line.get(..length).unwrap_or("")
}

fn common_prefix<'t>(left: &'t str, right: &'t str) -> &'t str {
    let length = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count();
    left.get(..length).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_text_loses_what_its_lines_share() {
        assert_eq!(dedent("\n    a\n      b\n\n    c\n  "), "a\n  b\n\nc\n");
        assert_eq!(dedent("one line"), "one line");
        assert_eq!(dedent("\r\n  a\r\n  b\r\n"), "a\nb\n");
        assert_eq!(dedent("\n\ta\n  b"), "\ta\n  b");
        assert_eq!(dedent("\n"), "");
    }

    #[test]
    fn escapes_are_read_or_refused() {
        assert_eq!(read_escape("\\n"), (Some('\n'), 2));
        assert_eq!(read_escape("\\u{1F600}x"), (Some('😀'), 9));
        assert_eq!(read_escape("\\u{110000}"), (None, 10));
        assert_eq!(read_escape("\\é"), (None, 3));
        assert_eq!(read_escape("\\u{12"), (None, 5));
    }
}
