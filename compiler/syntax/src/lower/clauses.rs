//! Clauses: a word and what follows it.

use super::Lower;
use super::docs::Docs;
use super::view::{Elem, Node};
use crate::ast::{Clause, ClauseArg, Doc};
use crate::kinds::SyntaxKind as K;

impl Lower {
    /// The clauses between two braces.
    pub(super) fn clauses_in(&mut self, node: Node<'_>) -> Vec<Clause> {
        let mut clauses = Vec::new();
        let mut docs = Docs::default();
        for elem in node.all() {
            match elem {
                Elem::Node(part) if part.kind == K::Clause => {
                    let doc = docs.take();
                    clauses.push(self.clause(part, doc));
                }
                other => docs.see(other),
            }
        }
        clauses
    }

    pub(super) fn clause(&mut self, node: Node<'_>, doc: Doc) -> Clause {
        let mut children = node.children();
        let head = match children.next() {
            Some(Elem::Token(token)) => self.name(token),
            _ => self.missing_name(node.start),
        };
        let args = children.filter_map(|elem| self.clause_arg(elem)).collect();
        Clause { doc, head, args, span: self.node_span(node) }
    }

    fn clause_arg(&mut self, elem: Elem<'_>) -> Option<ClauseArg> {
        match elem {
            Elem::Token(token) if token.kind.is_word() => Some(ClauseArg::Expr(self.word_expr(token))),
            Elem::Node(part) if part.kind == K::Expr => Some(ClauseArg::Expr(self.flat_expr(part))),
            Elem::Node(part) if part.kind == K::Typed => Some(self.typed(part)),
            Elem::Node(part) if part.kind == K::Bind => {
                Some(ClauseArg::Bind { name: self.first_word(part), value: self.expr_of(part) })
            }
            Elem::Node(part) if part.kind == K::Clauses => Some(ClauseArg::Clauses(self.clauses_in(part))),
            Elem::Token(_) | Elem::Node(_) => None,
        }
    }

    fn typed(&mut self, part: Node<'_>) -> ClauseArg {
        let name = self.first_word(part);
        let optional = part.token(K::Question).is_some();
        let ty = match self.annotation(part) {
            Some(ty) => Some(ty),
            None if part.token(K::Colon).is_some() => Some(self.type_of(part)),
            None => None,
        };
        ClauseArg::Typed { name, optional, ty, default: self.default(part) }
    }
}
