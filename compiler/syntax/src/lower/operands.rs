//! Operands: literals, names, calls, lists, records and what follows a value.

use ecow::EcoString;

use fuse_base::{Diagnostic, codes::syntax as codes};

use super::Lower;
use super::exprs::Cursor;
use super::view::{Elem, Node, Token};
use crate::ast::{Arg, Expr, ExprKind, RecordEntry, TypeArg};
use crate::kinds::SyntaxKind as K;
use crate::number;

impl Lower {
    /// `apply`, a value, its suffixes, then `with` and `after`.
    pub(super) fn postfix(&mut self, cursor: &mut Cursor<'_, '_>) -> Expr {
        let apply = match cursor.peek() {
            Some(Elem::Token(token)) if token.kind == K::Keyword && token.text == "apply" => {
                cursor.at += 1;
                Some(token)
            }
            _ => None,
        };
        let mut expr = self.primary(cursor);
        expr = self.suffixes(expr, cursor);
        if let Some(token) = apply {
            let span = self.span(token.start, expr.span.end.max(token.end()));
            expr = Expr { kind: ExprKind::Apply(Box::new(expr)), span };
        }
        while let Some(Elem::Node(part)) = cursor.peek() {
            let span = self.span(expr.span.start, part.end());
            let kind = if part.kind == K::WithPart {
                ExprKind::With { base: Box::new(expr), settings: Box::new(self.settings(part)) }
            } else if part.kind == K::AfterPart {
                ExprKind::After { base: Box::new(expr), steps: self.steps(part) }
            } else {
                break;
            };
            cursor.at += 1;
            expr = Expr { kind, span };
        }
        expr
    }

    fn settings(&mut self, part: Node<'_>) -> Expr {
        match part.node(K::Record) {
            Some(record) => self.node_expr(record),
            None => Expr::missing(self.span(part.end(), part.end())),
        }
    }

    fn steps(&mut self, part: Node<'_>) -> Vec<Expr> {
        let steps = part.nodes().filter(|step| step.kind == K::StepRef);
        steps.map(|step| self.flat_expr(step)).collect()
    }

    fn primary(&mut self, cursor: &mut Cursor<'_, '_>) -> Expr {
        // An operator in place of a value: the value is missing and was reported.
        let at = cursor.place();
        match cursor.peek() {
            Some(Elem::Token(token)) if starts_value(token.kind) => {
                cursor.at += 1;
                self.token_expr(token)
            }
            Some(Elem::Node(node)) if !is_suffix(node.kind) => {
                cursor.at += 1;
                self.node_expr(node)
            }
            _ => Expr::missing(self.span(at, at)),
        }
    }

    fn token_expr(&mut self, token: Token<'_>) -> Expr {
        let span = self.token_span(token);
        let kind = match (token.kind, token.text) {
            (K::Number, text) => {
                self.check_number(token);
                ExprKind::Number(text.into())
            }
            (K::Keyword, "true") => ExprKind::Bool(true),
            (K::Keyword, "false") => ExprKind::Bool(false),
            (K::Keyword, "none") => ExprKind::None,
            (kind, _) if kind.is_plain_string() => ExprKind::Str(self.plain_string(token)),
            (_, text) => ExprKind::Name(text.into()),
        };
        Expr { kind, span }
    }

    /// Reports a number that no type can hold.
    fn check_number(&mut self, token: Token<'_>) {
        if let Err(error) = number::parse(token.text) {
            let span = self.token_span(token);
            let diagnostic = Diagnostic::new(&codes::BAD_NUMBER, span, error.to_string());
            self.diagnostics.push(diagnostic.help_opt(error.help()));
        }
    }

    pub(super) fn node_expr(&mut self, node: Node<'_>) -> Expr {
        let span = self.node_span(node);
        let kind = match node.kind {
            K::StringLit => ExprKind::Str(self.holed_string(node)),
            K::List => {
                let values = node.nodes().filter(|part| part.kind == K::Expr);
                ExprKind::List(values.map(|value| self.flat_expr(value)).collect())
            }
            K::Record => ExprKind::Record(self.entries(node)),
            K::Paren => ExprKind::Paren(Box::new(self.expr_of(node))),
            K::IfExpr => return self.if_expr(node),
            K::ForExpr => return self.for_expr(node),
            K::FusedExpr => ExprKind::Fused(self.body(node)),
            K::FailExpr => ExprKind::Fail(Box::new(self.failure(node))),
            _ => ExprKind::Missing,
        };
        Expr { kind, span }
    }

    /// The text behind `fail`.
    fn failure(&mut self, node: Node<'_>) -> Expr {
        match node.children().nth(1) {
            Some(Elem::Token(token)) => self.token_expr(token),
            Some(Elem::Node(text)) => self.node_expr(text),
            None => Expr::missing(self.span(node.end(), node.end())),
        }
    }

    fn entries(&mut self, node: Node<'_>) -> Vec<RecordEntry> {
        let mut entries = Vec::new();
        for part in node.nodes() {
            if part.kind == K::Spread {
                entries.push(RecordEntry::Spread(self.expr_of(part)));
            } else if part.kind == K::Entry {
                let quoted = part.children().next().is_some_and(|elem| elem.kind().is_plain_string());
                let key = self.key(part);
                let value = part.token(K::Colon).map(|_| self.expr_of(part));
                entries.push(RecordEntry::Field { key, quoted, value });
            }
        }
        entries
    }

    fn suffixes(&mut self, mut expr: Expr, cursor: &mut Cursor<'_, '_>) -> Expr {
        let mut type_args: Vec<TypeArg> = Vec::new();
        loop {
            let start = expr.span.start;
            match cursor.peek() {
                Some(Elem::Token(dot)) if dot.kind == K::Dot => {
                    cursor.at += 1;
                    let word = cursor.peek().and_then(Elem::token).filter(|token| token.kind.is_word());
                    // `in` behind a missing member is the operator: a member stands on the line of its dot.
                    let name = match word.filter(|token| token.kind == K::Ident || token.text != "in") {
                        Some(token) => {
                            cursor.at += 1;
                            self.name(token)
                        }
                        None => self.missing_name(dot.end()),
                    };
                    let span = self.span(start, name.span.end);
                    expr = Expr { kind: ExprKind::Member { base: Box::new(expr), name }, span };
                }
                Some(Elem::Node(part)) if part.kind == K::TypeArgs => {
                    cursor.at += 1;
                    type_args = self.type_args(part);
                }
                Some(Elem::Node(part)) if part.kind == K::Args => {
                    cursor.at += 1;
                    let args = self.args(part);
                    let span = self.span(start, part.end());
                    let type_args = std::mem::take(&mut type_args);
                    expr = Expr { kind: ExprKind::Call { callee: Box::new(expr), type_args, args }, span };
                }
                Some(Elem::Node(part)) if part.kind == K::Index => {
                    cursor.at += 1;
                    let index = Box::new(self.expr_of(part));
                    let span = self.span(start, part.end());
                    expr = Expr { kind: ExprKind::Index { base: Box::new(expr), index }, span };
                }
                _ => return expr,
            }
        }
    }

    pub(super) fn args(&mut self, node: Node<'_>) -> Vec<Arg> {
        node.nodes().filter(|part| part.kind == K::Arg).map(|part| self.arg(part)).collect()
    }

    fn arg(&mut self, part: Node<'_>) -> Arg {
        let name = self.label(part);
        let value = match part.node(K::Expr) {
            Some(expr) => Some(self.flat_expr(expr)),
            None if name.is_some() => None,
            None => Some(Expr::missing(self.node_span(part))),
        };
        Arg { name, value, span: self.node_span(part) }
    }

    /// A bare word as an expression.
    pub(super) fn word_expr(&self, token: Token<'_>) -> Expr {
        Expr { kind: ExprKind::Name(EcoString::from(token.text)), span: self.token_span(token) }
    }
}

fn starts_value(kind: K) -> bool {
    kind.is_word() || kind == K::Number || kind.is_plain_string()
}

fn is_suffix(kind: K) -> bool {
    matches!(kind, K::Args | K::Index | K::TypeArgs | K::WithPart | K::AfterPart | K::Error)
}
