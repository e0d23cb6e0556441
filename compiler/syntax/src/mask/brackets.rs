//! Brackets: which opener a closer belongs to, what to say where there is none, and how deep they may nest.

use fuse_base::{Diagnostic, codes::syntax as codes};

use super::lines::Body;
use super::{ANGLE_CLOSE, ANGLE_OPEN, IMPLIED_BRACE, MAX_ANGLES, MAX_DEPTH, Scanner, offset};
use crate::kinds::SyntaxKind;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    Round,
    Square,
    Curly,
    Angle,
    Hole,
}

impl Shape {
    const fn mark(self) -> char {
        match self {
            Self::Round => '(',
            Self::Square => '[',
            Self::Curly | Self::Hole => '{',
            Self::Angle => '<',
        }
    }

    const fn closer(self) -> char {
        match self {
            Self::Round => ')',
            Self::Square => ']',
            Self::Curly | Self::Hole => '}',
            Self::Angle => '>',
        }
    }
}

/// An open bracket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) shape: Shape,
    pub(super) at: usize,
    /// Blanks before the line that it stands on.
    pub(super) indent: usize,
    /// What its lines mean, for `{`.
    pub(super) body: Body,
    /// Open `(` since the innermost `{`, this one included.
    rounds: u32,
    /// Open `[` since the innermost `{`, this one included.
    squares: u32,
    /// Whether the source lacks it.
    implied: bool,
}

impl Scanner<'_> {
    pub(super) fn push_open(&mut self, shape: Shape, at: usize, body: Body, implied: bool) {
        let (mut rounds, mut squares) = match shape {
            Shape::Curly | Shape::Hole => (0, 0),
            Shape::Round | Shape::Square | Shape::Angle => {
                self.stack.last().map_or((0, 0), |top| (top.rounds, top.squares))
            }
        };
        rounds += u32::from(shape == Shape::Round);
        squares += u32::from(shape == Shape::Square);
        self.angles += usize::from(shape == Shape::Angle);
        self.holes += usize::from(shape == Shape::Hole);
        if self.muted.is_none() && (self.stack.len() >= MAX_DEPTH || self.angles > MAX_ANGLES) {
            self.muted = Some(self.stack.len());
            self.refuse_depth(at);
        }
        self.stack.push(Open { shape, at, indent: self.indent, body, rounds, squares, implied });
    }

    fn refuse_depth(&mut self, at: usize) {
        if self.quiet {
            return;
        }
        self.quiet = true;
        let limit = if self.angles > MAX_ANGLES { MAX_ANGLES } else { MAX_DEPTH };
        let span = self.span(at, at + 1);
        self.error(
            Diagnostic::new(
                &codes::OVER_THE_LIMIT,
                span,
                format!("brackets nest deeper than {limit} levels"),
            )
            .help("give the inner parts names of their own"),
        );
    }

    /// Takes the innermost bracket off the stack.
    pub(super) fn pop_open(&mut self) -> Option<Open> {
        let open = self.stack.pop()?;
        self.angles -= usize::from(open.shape == Shape::Angle);
        self.holes -= usize::from(open.shape == Shape::Hole);
        let depth = self.stack.len();
        if self.header.as_ref().is_some_and(|header| header.depth > depth) {
            self.header = None;
        }
        if self.due.as_ref().is_some_and(|due| due.depth > depth) {
            self.due = None;
        }
        Some(open)
    }

    /// Ends the muted stretch once its outermost bracket is closed; the closer itself belongs to the stretch.
    fn unmute(&mut self) {
        if self.muted.is_some_and(|depth| self.stack.len() <= depth) {
            self.muted = None;
        }
    }

    /// An opening `(`, `[` or `{`.
    pub(super) fn open(&mut self, shape: Shape) {
        let at = self.pos;
        if shape == Shape::Curly && self.angle_on_top() && !self.last_is(&ANGLE_CONTENT) {
            self.drop_angles();
        }
        let body = if shape == Shape::Curly { self.body_of_brace() } else { self.body() };
        self.push_open(shape, at, body, false);
        let kind = match shape {
            Shape::Round => SyntaxKind::LParen,
            Shape::Square => SyntaxKind::LBracket,
            Shape::Curly | Shape::Hole | Shape::Angle => SyntaxKind::LBrace,
        };
        self.finish(kind, at, at + 1);
    }

    /// A `<` that stands at a name and before a letter: type arguments.
    pub(super) fn open_angle(&mut self) {
        let at = self.pos;
        self.push_open(Shape::Angle, at, self.body(), false);
        self.finish(SyntaxKind::LAngle, at, at + 1);
        self.put(at, ANGLE_OPEN);
    }

    pub(super) fn close_angle(&mut self) {
        let at = self.pos;
        self.pop_open();
        self.finish(SyntaxKind::RAngle, at, at + 1);
        self.put(at, ANGLE_CLOSE);
        self.unmute();
    }

    /// A closing `)` or `]`.
    pub(super) fn close_round(&mut self, shape: Shape) {
        let at = self.pos;
        let open = self.stack.last().map_or(0, |top| match shape {
            Shape::Round => top.rounds,
            Shape::Square | Shape::Curly | Shape::Angle | Shape::Hole => top.squares,
        });
        let kind = if shape == Shape::Round { SyntaxKind::RParen } else { SyntaxKind::RBracket };
        if open == 0 {
            let owed = self.owed.get_mut(usize::from(shape == Shape::Square));
            match owed {
                Some(owed) if *owed > 0 => *owed -= 1,
                _ => self.stray(shape, at),
            }
            return self.finish_blank(kind, at);
        }
        self.pop_until(shape);
        self.finish(kind, at, at + 1);
        self.unmute();
    }

    /// A closing `}`; of a hole it leads back into the string.
    pub(super) fn close_curly(&mut self) {
        let at = self.pos;
        if !self.stack.iter().rev().any(|open| matches!(open.shape, Shape::Curly | Shape::Hole)) {
            self.drop_all_but_curly();
            self.stray(Shape::Curly, at);
            return self.finish_blank(SyntaxKind::RBrace, at);
        }
        self.drop_all_but_curly();
        let Some(open) = self.pop_open() else { return };
        if open.shape == Shape::Hole {
            self.finish(SyntaxKind::HoleClose, at, at + 1);
            self.unmute();
            return self.string_rest();
        }
        let first_on_line = self.line_start + self.indent >= at;
        if first_on_line && self.indent < open.indent {
            self.suspects.push(offset(open.at));
        }
        self.finish(SyntaxKind::RBrace, at, at + 1);
        self.unmute();
    }

    /// A closer without opener is a token, but the grammar does not see it.
    fn finish_blank(&mut self, kind: SyntaxKind, at: usize) {
        self.finish(kind, at, at + 1);
        self.put(at, b' ');
    }

    fn stray(&mut self, shape: Shape, at: usize) {
        if self.quiet {
            return;
        }
        let (closer, opener) = (shape.closer(), shape.mark());
        let span = self.span(at, at + 1);
        self.error(
            Diagnostic::new(&codes::STRAY_BRACKET, span, format!("`{closer}` closes nothing"))
                .help(format!("remove it, or add the `{opener}` that it belongs to"))
                .fix(format!("remove `{closer}`"), span, ""),
        );
    }

    /// Pops up to the innermost bracket of this shape, which is there, and reports those on the way.
    fn pop_until(&mut self, shape: Shape) {
        while let Some(open) = self.pop_open() {
            if open.shape == shape {
                return;
            }
            self.unclosed(open);
        }
    }

    /// Pops and reports everything above the innermost `{`.
    fn drop_all_but_curly(&mut self) {
        while self.stack.last().is_some_and(|open| !matches!(open.shape, Shape::Curly | Shape::Hole)) {
            if let Some(open) = self.pop_open() {
                self.unclosed(open);
            }
        }
    }

    pub(super) fn angle_on_top(&self) -> bool {
        self.stack.last().is_some_and(|open| open.shape == Shape::Angle)
    }

    /// Pops the `<` on top: nothing that can stand between type arguments follows.
    pub(super) fn drop_angles(&mut self) {
        while self.angle_on_top() {
            if let Some(open) = self.pop_open() {
                self.unclosed(open);
            }
        }
        self.unmute();
    }

    /// Reports a bracket that is never closed.
    pub(super) fn unclosed(&mut self, open: Open) {
        let at = offset(open.at);
        if open.shape == Shape::Angle && self.muted.is_none() {
            // As a comparison it gives no further errors.
            self.put(open.at, b'<');
        }
        if self.quiet || !self.reported.insert(at) || open.implied {
            return;
        }
        if open.shape == Shape::Curly && self.implied.last().is_some_and(|implied| *implied > at) {
            self.implied.pop();
            return;
        }
        let blamed = match self.suspects.last() {
            Some(suspect) if open.shape == Shape::Curly && *suspect > at => {
                let suspect = *suspect as usize;
                self.suspects.pop();
                suspect
            }
            _ => open.at,
        };
        let (opener, closer) = (open.shape.mark(), open.shape.closer());
        let span = self.span(blamed, blamed + 1);
        let help = if open.shape == Shape::Angle {
            "close the type arguments with `>`; around a comparison stand spaces: `a < b`".to_owned()
        } else {
            format!("add the `{closer}`")
        };
        self.error(
            Diagnostic::new(&codes::UNCLOSED_BRACKET, span, format!("`{opener}` is never closed")).help(help),
        );
    }

    /// Pops the brackets above the innermost `{` that were opened since `from`, without a word: another error has
    /// swallowed their closers.
    pub(super) fn forget_since(&mut self, from: usize) {
        while let Some(open) = self.stack.last().copied() {
            if open.shape == Shape::Curly || open.at < from {
                break;
            }
            self.pop_open();
            self.reported.insert(offset(open.at));
            if open.shape == Shape::Angle {
                self.put(open.at, b'<');
            }
        }
        self.unmute();
    }

    /// A newline inside a hole: the string ends here, and everything that was opened in its holes.
    pub(super) fn cut_holes(&mut self) {
        while self.holes > 0 {
            let Some(open) = self.pop_open() else { break };
            self.reported.insert(offset(open.at));
            if open.shape == Shape::Hole && self.holes == 0 && !self.quiet {
                let span = self.span(open.at, open.at + 1);
                self.error(
                    Diagnostic::new(
                        &codes::UNTERMINATED_STRING,
                        span,
                        "the line ends inside a hole of a string",
                    )
                    .help("close the hole with `}` and the string with `\"`, or write `\\{` for the brace"),
                );
            }
        }
        self.unmute();
        let line = self.bytes.get(..self.pos).unwrap_or_default();
        let line_start = line.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.forget_since(line_start);
    }

    /// Closes everything before a declaration at the start of a line, or at the end of the file.
    pub(super) fn close_everything(&mut self) {
        while let Some(open) = self.pop_open() {
            self.unclosed(open);
        }
        self.muted = None;
        self.owed = [0; 2];
        self.suspects.clear();
        self.implied.clear();
    }

    /// Closes `(`, `[` and `<` before a statement that starts a line.
    pub(super) fn close_before_statement(&mut self) {
        while let Some(open) = self.stack.last().copied() {
            match open.shape {
                Shape::Curly | Shape::Hole => break,
                Shape::Round => self.owed = [self.owed[0] + 1, self.owed[1]],
                Shape::Square => self.owed = [self.owed[0], self.owed[1] + 1],
                Shape::Angle => {}
            }
            self.pop_open();
            self.unclosed(open);
        }
        self.unmute();
    }

    /// Assumes a `{` at the end of a line.
    pub(super) fn imply_brace(&mut self, at: usize, body: Body) {
        self.push_open(Shape::Curly, at, body, true);
        self.implied.push(offset(at));
        self.put(at, IMPLIED_BRACE);
    }
}

/// After one of these a `{` between `<` and `>` opens a record type.
const ANGLE_CONTENT: [SyntaxKind; 3] = [SyntaxKind::LAngle, SyntaxKind::Comma, SyntaxKind::Colon];
