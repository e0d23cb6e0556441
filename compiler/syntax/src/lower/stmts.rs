//! Blocks, statements, patterns, `if` and `for`.

use super::Lower;
use super::view::{Elem, Node};
use crate::ast::{Block, Cond, Else, Expr, ExprKind, IfExpr, Pattern, Stmt, StmtKind};
use crate::kinds::SyntaxKind as K;

impl Lower {
    pub(super) fn block(&mut self, node: Node<'_>) -> Block {
        let stmts = node.nodes().filter_map(|part| self.stmt(part)).collect();
        Block { stmts, span: self.node_span(node) }
    }

    fn stmt(&mut self, node: Node<'_>) -> Option<Stmt> {
        let kind = match node.kind {
            K::LetStmt => {
                let pattern = self.pattern_of(node);
                let ty = self.annotation(node);
                let value = match node.node(K::AssignValue) {
                    Some(_) => self.assigned(node),
                    None => self.expr_of(node),
                };
                StmtKind::Let { pattern, ty, value }
            }
            K::ReturnStmt => StmtKind::Return(node.node(K::Expr).map(|expr| self.flat_expr(expr))),
            K::FinallyStmt => StmtKind::Finally(self.body(node)),
            K::ExprStmt => StmtKind::Expr(self.expr_of(node)),
            _ => return None,
        };
        Some(Stmt { kind, span: self.node_span(node) })
    }

    /// The pattern of a `let` or `for`; a missing name if there is none.
    fn pattern_of(&mut self, node: Node<'_>) -> Pattern {
        match node.node(K::Pattern) {
            Some(pattern) => self.pattern(pattern),
            None => {
                let keyword = node.tokens().next().map_or(node.start, |token| token.end());
                Pattern::Name(self.missing_name(keyword))
            }
        }
    }

    fn pattern(&mut self, node: Node<'_>) -> Pattern {
        let span = self.node_span(node);
        match node.children().next() {
            Some(Elem::Token(token)) => Pattern::Name(self.name(token)),
            Some(Elem::Node(record)) if record.kind == K::RecordPattern => {
                let fields = record.nodes().filter(|part| part.kind == K::PatternField);
                Pattern::Record(fields.map(|field| self.pattern_field(field)).collect(), span)
            }
            Some(Elem::Node(tuple)) => {
                let parts = tuple.nodes().filter(|part| part.kind == K::Pattern);
                Pattern::Tuple(parts.map(|part| self.pattern(part)).collect(), span)
            }
            None => Pattern::Name(self.missing_name(node.start)),
        }
    }

    fn pattern_field(&mut self, node: Node<'_>) -> (crate::ast::Name, crate::ast::Name) {
        let words: Vec<_> = node.tokens().filter(|token| token.kind.is_word()).collect();
        let field = words.first().map_or_else(|| self.missing_name(node.start), |token| self.name(*token));
        let bound = match words.get(1) {
            Some(token) => self.name(*token),
            None if node.token(K::Colon).is_some() => self.missing_name(node.end()),
            None => field.clone(),
        };
        (field, bound)
    }

    /// `if … {} else if … {} else {}`: a flat list of arms becomes a chain.
    pub(super) fn if_expr(&mut self, node: Node<'_>) -> Expr {
        let mut arms: Vec<(u32, Option<Node<'_>>, Option<Node<'_>>)> = Vec::new();
        let mut last_else = None;
        for elem in node.children() {
            match elem {
                Elem::Token(token) if token.text == "if" => {
                    last_else = None;
                    arms.push((token.start, None, None));
                }
                Elem::Token(token) if token.text == "else" => last_else = Some(token.end()),
                Elem::Node(part) if part.kind == K::Cond => {
                    if let Some(arm) = arms.last_mut() {
                        arm.1 = Some(part);
                    }
                }
                Elem::Node(part) if part.kind == K::Block => match (last_else, arms.last_mut()) {
                    (None, Some(arm)) => arm.2 = Some(part),
                    _ => {
                        let span = self.node_span(node);
                        return self.if_chain(node, &arms, Some(part), span);
                    }
                },
                _ => {}
            }
        }
        let span = self.node_span(node);
        self.if_chain(node, &arms, None, span)
    }

    fn if_chain(
        &mut self,
        node: Node<'_>,
        arms: &[(u32, Option<Node<'_>>, Option<Node<'_>>)],
        last: Option<Node<'_>>,
        span: fuse_base::Span,
    ) -> Expr {
        let chain = self.below(arms.len(), span, |this| {
            let mut otherwise = last.map(|block| Else::Block(this.block(block)));
            let mut whole = None;
            for (start, cond, block) in arms.iter().rev() {
                if let Some(inner) = whole.take() {
                    otherwise = Some(Else::If(Box::new(inner)));
                }
                let cond = this.cond(*cond, *start);
                let then = match block {
                    Some(block) => this.block(*block),
                    None => Block { stmts: Vec::new(), span: this.span(*start, *start) },
                };
                let kind = ExprKind::If(Box::new(IfExpr { cond, then, otherwise: otherwise.take() }));
                whole = Some(Expr { kind, span: this.span(*start, node.end()) });
            }
            whole
        });
        chain.flatten().unwrap_or_else(|| Expr::missing(span))
    }

    fn cond(&mut self, node: Option<Node<'_>>, at: u32) -> Cond {
        let Some(node) = node else { return Cond::Expr(Expr::missing(self.span(at, at))) };
        if node.word("let").is_none() {
            return Cond::Expr(self.expr_of(node));
        }
        let name = node.tokens().find(|token| token.kind == K::Ident);
        let name = name.map_or_else(|| self.missing_name(node.start), |token| self.name(token));
        Cond::Let { name, value: self.expr_of(node) }
    }

    pub(super) fn for_expr(&mut self, node: Node<'_>) -> Expr {
        let pattern = self.pattern_of(node);
        let source = Box::new(self.expr_of(node));
        let body = self.body(node);
        Expr { kind: ExprKind::For { pattern, source, body }, span: self.node_span(node) }
    }
}
