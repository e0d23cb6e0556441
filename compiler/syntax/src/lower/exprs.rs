//! Expressions: precedence over the flat list of operands and operators.

use fuse_base::{Diagnostic, Span, codes::syntax as codes};

use super::Lower;
use super::view::{Elem, Node, Token};
use crate::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::kinds::SyntaxKind as K;

impl Expr {
    /// A hole that was reported.
    pub(crate) fn missing(span: Span) -> Self {
        Self { kind: ExprKind::Missing, span }
    }
}

/// Where the lowering of a flat list stands.
pub(super) struct Cursor<'a, 't> {
    pub(super) elems: &'a [Elem<'t>],
    pub(super) at: usize,
    /// Where the list ends: the place of what is missing there.
    pub(super) end: u32,
}

impl<'t> Cursor<'_, 't> {
    pub(super) fn peek(&self) -> Option<Elem<'t>> {
        self.elems.get(self.at).copied()
    }

    /// Takes the next element if it is a token of this kind.
    pub(super) fn take(&mut self, kind: K) -> Option<Token<'t>> {
        let token = self.peek()?.token().filter(|token| token.kind == kind)?;
        self.at += 1;
        Some(token)
    }

    /// The place of what should come next.
    pub(super) fn place(&self) -> u32 {
        self.peek().map_or(self.end, Elem::start)
    }
}

impl Lower {
    /// The first expression in a node; a missing one if there is none.
    pub(super) fn expr_of(&mut self, node: Node<'_>) -> Expr {
        match node.node(K::Expr) {
            Some(expr) => self.flat_expr(expr),
            None => Expr::missing(self.span(node.end(), node.end())),
        }
    }

    /// The expression that a flat node stands for.
    pub(super) fn flat_expr(&mut self, node: Node<'_>) -> Expr {
        let elems: Vec<Elem<'_>> = node.children().collect();
        let links = elems.iter().filter(|elem| is_link(elem.kind())).count();
        let span = self.elems_span(&elems, node.start);
        self.below(links + 1, span, |this| this.range(&elems, node.end()))
            .unwrap_or_else(|| Expr::missing(span))
    }

    /// `a..=b`, which binds loosest, or what it is made of.
    fn range(&mut self, elems: &[Elem<'_>], end: u32) -> Expr {
        let found = elems.iter().position(|elem| elem.is(K::DotDotEq) || elem.is(K::DotDot));
        let Some(at) = found else {
            return self.operators(elems, end);
        };
        let (low, rest) = elems.split_at(at);
        let (operator, high) = match rest.split_first() {
            Some((Elem::Token(token), high)) => (*token, high),
            _ => return Expr::missing(self.span(end, end)),
        };
        let low = (!low.is_empty()).then(|| Box::new(self.operators(low, operator.start)));
        let high = (!high.is_empty()).then(|| Box::new(self.operators(high, end)));
        let exclusive = operator.kind == K::DotDot && high.is_some();
        if exclusive {
            self.exclusive_range(operator);
        }
        Expr { kind: ExprKind::Range { low, high, exclusive }, span: self.elems_span(elems, end) }
    }

    pub(super) fn exclusive_range(&mut self, operator: Token<'_>) {
        let span = self.token_span(operator);
        self.diagnostics.push(
            Diagnostic::new(
                &codes::EXCLUSIVE_RANGE,
                span,
                "ranges are written `..=`: both ends belong to them",
            )
            .help("write `..=`")
            .fix("write `..=`", span, "..="),
        );
    }

    fn operators(&mut self, elems: &[Elem<'_>], end: u32) -> Expr {
        let mut cursor = Cursor { elems, at: 0, end };
        self.climb(&mut cursor, 0)
    }

    /// Precedence climbing; recursion is bounded by the number of levels.
    fn climb(&mut self, cursor: &mut Cursor<'_, '_>, least: u8) -> Expr {
        let mut left = self.operand(cursor);
        let mut compared: Option<Span> = None;
        while let Some(Elem::Token(token)) = cursor.peek() {
            let Some((op, level)) = binary(token) else { break };
            if level < least {
                break;
            }
            cursor.at += 1;
            let op_span = self.token_span(token);
            let right = self.climb(cursor, level + 1);
            if level == COMPARISON {
                if let Some(first) = compared {
                    self.chained(op_span, first);
                }
                compared = Some(op_span);
            } else {
                compared = None;
            }
            let span = left.span.to(right.span);
            let kind = ExprKind::Binary { op, op_span, left: Box::new(left), right: Box::new(right) };
            left = Expr { kind, span };
        }
        left
    }

    fn chained(&mut self, at: Span, first: Span) {
        self.diagnostics.push(
            Diagnostic::new(&codes::CHAINED_COMPARISON, at, "comparisons do not chain")
                .label(first, "the first comparison")
                .help("join two comparisons with `&&`: `a < b && b < c`"),
        );
    }

    /// Prefix operators and what they stand before.
    fn operand(&mut self, cursor: &mut Cursor<'_, '_>) -> Expr {
        let mut prefixes: Vec<(UnaryOp, Token<'_>)> = Vec::new();
        loop {
            if let Some(token) = cursor.take(K::Minus) {
                prefixes.push((UnaryOp::Neg, token));
            } else if let Some(token) = cursor.take(K::Not) {
                prefixes.push((UnaryOp::Not, token));
            } else {
                break;
            }
        }
        let mut expr = self.postfix(cursor);
        for (op, token) in prefixes.into_iter().rev() {
            let span = self.span(token.start, expr.span.end.max(token.end()));
            expr = Expr { kind: ExprKind::Unary { op, operand: Box::new(expr) }, span };
        }
        expr
    }
}

/// The level of comparisons and `in`, which do not chain.
const COMPARISON: u8 = 3;

/// The operator that a token is, and how tightly it binds.
fn binary(token: Token<'_>) -> Option<(BinaryOp, u8)> {
    Some(match token.kind {
        K::Coalesce => (BinaryOp::Coalesce, 0),
        K::OrOr => (BinaryOp::Or, 1),
        K::AndAnd => (BinaryOp::And, 2),
        K::EqEq => (BinaryOp::Eq, COMPARISON),
        K::NotEq => (BinaryOp::Ne, COMPARISON),
        K::Less => (BinaryOp::Lt, COMPARISON),
        K::LessEq => (BinaryOp::Le, COMPARISON),
        K::Greater => (BinaryOp::Gt, COMPARISON),
        K::GreaterEq => (BinaryOp::Ge, COMPARISON),
        K::Keyword if token.text == "in" => (BinaryOp::In, COMPARISON),
        K::Plus => (BinaryOp::Add, 4),
        K::Minus => (BinaryOp::Sub, 4),
        K::Star => (BinaryOp::Mul, 5),
        K::Slash => (BinaryOp::Div, 5),
        K::Percent => (BinaryOp::Rem, 5),
        _ => return None,
    })
}

/// Whether an element makes the typed view one level higher.
fn is_link(kind: K) -> bool {
    matches!(kind, K::Dot | K::Args | K::Index | K::WithPart | K::AfterPart | K::Not | K::Minus | K::Keyword)
        || matches!(kind, K::EqEq | K::NotEq | K::Less | K::LessEq | K::Greater | K::GreaterEq)
        || matches!(kind, K::AndAnd | K::OrOr | K::Coalesce | K::Plus | K::Star | K::Slash | K::Percent)
}
