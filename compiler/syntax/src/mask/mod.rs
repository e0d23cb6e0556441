//! The pre-scan: source text to tokens and to the masked copy that the grammar reads.
//!
//! One pass over the bytes does what a grammar does badly: comments, strings, the newline rule, brackets that do not
//! match, the bound on nesting. The masked copy has the length of the source, so offsets stay true; the head of
//! `grammar/fuse.pest` says what stands in it. Absent on purpose: any knowledge of declarations beyond the words that
//! start a line.

mod brackets;
mod lines;
mod strings;
mod words;

use std::collections::BTreeSet;

use fuse_base::{Diagnostic, FileId, Span, codes::syntax as codes};

use crate::kinds::SyntaxKind;
use brackets::Open;
use lines::{Due, Header};

/// Brackets may nest this deep; the stages behind recurse at most a small multiple of it.
pub(crate) const MAX_DEPTH: usize = 128;
/// Type arguments may nest this deep.
pub(crate) const MAX_ANGLES: usize = 64;
/// Scan errors kept; the rest is only counted.
const MAX_ERRORS: usize = 1_000;

/// `}` of everything that is open, before a declaration at the start of a line.
const CLOSE_ALL: u8 = 1;
/// A byte of the text of a string.
const TEXT: u8 = 2;
/// `<` of type arguments.
const ANGLE_OPEN: u8 = 3;
/// `>` of type arguments.
const ANGLE_CLOSE: u8 = 4;
/// A `{` that is missing at the end of a line.
const IMPLIED_BRACE: u8 = 5;

/// A token: its kind and its first byte; it ends where the next one starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: SyntaxKind,
    /// Offset of its first byte.
    pub(crate) start: u32,
}

/// What the pre-scan found.
#[derive(Debug, Default)]
pub(crate) struct Masked {
    /// The copy for the grammar.
    pub(crate) text: String,
    /// All tokens, blanks and comments included; they cover the source.
    pub(crate) tokens: Vec<Token>,
    /// Errors in the order of the scan.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// How many more errors there were.
    pub(crate) omitted: usize,
    /// Openers that need no second error for their missing closer.
    pub(crate) reported: BTreeSet<u32>,
}

/// Scans a text of less than 4 GiB.
pub(crate) fn mask(file: FileId, text: &str) -> Masked {
    let mut scanner = Scanner::new(file, text);
    scanner.run();
    let text = String::from_utf8(scanner.out).unwrap_or_else(|broken| " ".repeat(broken.as_bytes().len()));
    Masked {
        text,
        tokens: scanner.tokens,
        diagnostics: scanner.diagnostics,
        omitted: scanner.omitted,
        reported: scanner.reported,
    }
}

/// The last token that is neither blank nor comment.
#[derive(Clone, Copy)]
struct Last {
    kind: SyntaxKind,
    start: usize,
    end: usize,
}

struct Scanner<'t> {
    file: FileId,
    text: &'t str,
    bytes: &'t [u8],
    pos: usize,
    out: Vec<u8>,
    tokens: Vec<Token>,
    diagnostics: Vec<Diagnostic>,
    omitted: usize,
    reported: BTreeSet<u32>,
    last: Option<Last>,
    /// The first newline since the last token.
    newline: Option<usize>,
    /// Where the line of the current token starts.
    line_start: usize,
    /// Blanks before the first token of the line.
    indent: usize,
    /// Open brackets, innermost last.
    stack: Vec<Open>,
    angles: usize,
    holes: usize,
    /// The depth of the stack at which the text became too deep to read.
    muted: Option<usize>,
    /// An error was told that swallows brackets; further errors about them would only follow from it.
    quiet: bool,
    /// Openers whose `}` stands further left than they do: the likely culprits.
    suspects: Vec<u32>,
    /// Where a missing `{` was assumed.
    implied: Vec<u32>,
    /// Closers whose openers were closed by force.
    owed: [usize; 2],
    header: Option<Header>,
    due: Option<Due>,
}

impl<'t> Scanner<'t> {
    fn new(file: FileId, text: &'t str) -> Self {
        Self {
            file,
            text,
            bytes: text.as_bytes(),
            pos: 0,
            out: vec![b' '; text.len()],
            tokens: Vec::with_capacity(text.len() / 3),
            diagnostics: Vec::new(),
            omitted: 0,
            reported: BTreeSet::new(),
            last: None,
            newline: None,
            line_start: 0,
            indent: 0,
            stack: Vec::new(),
            angles: 0,
            holes: 0,
            muted: None,
            quiet: false,
            suspects: Vec::new(),
            implied: Vec::new(),
            owed: [0; 2],
            header: None,
            due: None,
        }
    }

    fn run(&mut self) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.blanks(),
                b'/' if self.peek(1) == Some(b'/') => self.comment(),
                b'"' => self.string(),
                b'r' if self.peek(1) == Some(b'"') => self.raw_string(),
                b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
                b'0'..=b'9' => self.number(),
                b'\'' => self.single_quotes(),
                0x80.. if self.starts_letter() => self.word(),
                _ => self.mark(),
            }
        }
        self.end_of_file();
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.pos + ahead).copied()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, offset(start), offset(end))
    }

    fn error(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_ERRORS {
            self.diagnostics.push(diagnostic);
        } else {
            self.omitted += 1;
        }
    }

    /// Spaces and newlines; remembers the first newline for the token that follows.
    fn blanks(&mut self) {
        self.push_token(SyntaxKind::Whitespace, self.pos);
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\n' => {
                    self.newline.get_or_insert(self.pos);
                    self.line_start = self.pos + 1;
                    self.indent = 0;
                    if self.holes > 0 {
                        self.cut_holes();
                    }
                }
                b' ' | b'\r' => self.indent += 1,
                b'\t' => self.indent += 4,
                _ => break,
            }
            self.pos += 1;
        }
    }

    fn comment(&mut self) {
        let rest = self.bytes.get(self.pos..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let doc = rest.starts_with(b"///") && !rest.starts_with(b"////");
        self.push_token(if doc { SyntaxKind::DocComment } else { SyntaxKind::Comment }, self.pos);
        self.pos += length;
    }

    /// Characters that mean nothing; a run of them is one error.
    fn unknown(&mut self) {
        let start = self.pos;
        let rest = self.text.get(start..).unwrap_or_default();
        let mut length = 0;
        for found in rest.chars() {
            let known = found.is_ascii_graphic() && !b"$@#^~`\\'".contains(&(found as u8));
            if length > 0 && (known || found.is_alphanumeric() || matches!(found, ' ' | '\t' | '\r' | '\n')) {
                break;
            }
            length += found.len_utf8();
        }
        self.push_token(SyntaxKind::Unknown, start);
        self.pos += length.max(1);
        let (message, help) = describe_unknown(rest.get(..length).unwrap_or_default());
        let span = self.span(start, self.pos);
        self.error(Diagnostic::new(&codes::BAD_CHARACTER, span, message).help_opt(help));
    }

    fn push_token(&mut self, kind: SyntaxKind, start: usize) {
        self.tokens.push(Token { kind, start: offset(start) });
    }

    /// Ends a token that counts: decides on the newlines before it, copies it, moves on.
    fn finish(&mut self, kind: SyntaxKind, start: usize, end: usize) {
        self.copy(start, end);
        self.push_token(kind, start);
        self.last = Some(Last { kind, start, end });
        self.newline = None;
        self.pos = end;
    }

    /// Copies source bytes to the masked text, unless nesting is too deep here.
    fn copy(&mut self, start: usize, end: usize) {
        if self.muted.is_none()
            && let (Some(to), Some(from)) = (self.out.get_mut(start..end), self.bytes.get(start..end))
        {
            to.copy_from_slice(from);
        }
    }

    /// Writes one byte of masked text, unless nesting is too deep here.
    fn put(&mut self, at: usize, byte: u8) {
        if self.muted.is_none()
            && let Some(to) = self.out.get_mut(at)
        {
            *to = byte;
        }
    }

    fn fill(&mut self, start: usize, end: usize, byte: u8) {
        if self.muted.is_none()
            && let Some(to) = self.out.get_mut(start..end)
        {
            to.fill(byte);
        }
    }
}

/// What to say about characters that mean nothing.
fn describe_unknown(text: &str) -> (String, Option<String>) {
    let first = text.chars().next().unwrap_or('\0');
    if first == '\0' {
        return ("a NUL byte is no part of a program".into(), Some("save the file as UTF-8 text".into()));
    }
    if first.is_control() {
        return (format!("the control character U+{:04X} is no part of a program", u32::from(first)), None);
    }
    let help = match first {
        '\u{feff}' => Some("save the file without a byte order mark".into()),
        '“' | '”' | '„' | '‘' | '’' | '`' => Some("strings are written between `\"`".into()),
        '#' => Some("comments start with `//`".into()),
        '@' => Some("there are no annotations; documentation starts with `///`".into()),
        '$' => Some("a value is named without `$`; in a string it is `{name}`".into()),
        _ => None,
    };
    let shown: String = text.chars().take(10).collect();
    (format!("`{shown}` means nothing here"), help)
}

/// An offset as the trees count; the size of a file is bounded long before.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
