//! Types and fields.

use super::Lower;
use super::docs::Docs;
use super::view::{Elem, Node, Token};
use crate::ast::{Field, Name, StrLit, TypeArg, TypeExpr, TypeKind};
use crate::kinds::SyntaxKind as K;

impl Lower {
    pub(super) fn type_expr(&mut self, node: Node<'_>) -> TypeExpr {
        let span = self.node_span(node);
        let suffixes = node.nodes().filter(|part| is_suffix(part.kind)).count();
        self.below(suffixes + 1, span, |this| this.type_parts(node))
            .unwrap_or(TypeExpr { kind: TypeKind::Missing, span })
    }

    fn type_parts(&mut self, node: Node<'_>) -> TypeExpr {
        let mut path = Vec::new();
        let mut args = Vec::new();
        let mut record = None;
        let mut end = node.start;
        for elem in node.children() {
            match elem {
                Elem::Token(token) if token.kind.is_word() => path.push(self.name(token)),
                Elem::Node(part) if part.kind == K::TypeArgs => args = self.type_args(part),
                Elem::Node(part) if part.kind == K::RecordType => record = Some(self.fields(part)),
                Elem::Node(part) if is_suffix(part.kind) => break,
                _ => {}
            }
            end = elem.end();
        }
        let kind = match record {
            Some(fields) => TypeKind::Record(fields),
            None if path.is_empty() => TypeKind::Missing,
            None => TypeKind::Named { path, args },
        };
        let mut ty = TypeExpr { kind, span: self.span(node.start, end) };
        for part in node.nodes().filter(|part| is_suffix(part.kind)) {
            ty = self.suffixed(ty, part, node.start);
        }
        ty
    }

    fn suffixed(&mut self, base: TypeExpr, part: Node<'_>, start: u32) -> TypeExpr {
        let span = self.span(start, part.end());
        let base = Box::new(base);
        let kind = match part.kind {
            K::Optional => TypeKind::Optional(base),
            K::Bounds => {
                let (low, high) = self.bounds(part);
                TypeKind::Bounded { base, low: low.map(Box::new), high: high.map(Box::new) }
            }
            K::Matches => {
                let pattern = part.children().find_map(|elem| self.string_elem(elem));
                let pattern = pattern
                    .unwrap_or_else(|| StrLit { parts: Vec::new(), span: self.span(part.end(), part.end()) });
                TypeKind::Matches { base, pattern }
            }
            K::Within => TypeKind::In { base, set: Box::new(self.expr_of(part)) },
            _ => {
                let form = part.tokens().find(|token| token.kind == K::Ident);
                let form = form.map_or_else(|| self.missing_name(part.end()), |token| self.name(token));
                let schemes = part.node(K::Schemes).map(|list| self.names(list)).unwrap_or_default();
                TypeKind::By { base, form, schemes }
            }
        };
        TypeExpr { kind, span }
    }

    /// The ends of `a..=b`.
    fn bounds(&mut self, part: Node<'_>) -> (Option<crate::ast::Expr>, Option<crate::ast::Expr>) {
        let (mut low, mut high) = (None, None);
        let mut operator: Option<Token<'_>> = None;
        for elem in part.children() {
            match elem {
                Elem::Token(token) if matches!(token.kind, K::DotDot | K::DotDotEq) => operator = Some(token),
                Elem::Node(bound) if bound.kind == K::Bound => {
                    let value = Some(self.flat_expr(bound));
                    if operator.is_some() { high = value } else { low = value }
                }
                _ => {}
            }
        }
        if let Some(token) = operator.filter(|token| token.kind == K::DotDot)
            && high.is_some()
        {
            self.exclusive_range(token);
        }
        (low, high)
    }

    pub(super) fn type_args(&mut self, node: Node<'_>) -> Vec<TypeArg> {
        node.nodes()
            .filter(|part| part.kind == K::TypeArg)
            .map(|part| TypeArg { label: self.label(part), value: self.type_of(part) })
            .collect()
    }

    /// The word before the `:` that a node starts with.
    pub(super) fn label(&self, node: Node<'_>) -> Option<Name> {
        let mut tokens = node.children();
        match (tokens.next(), tokens.next()) {
            (Some(Elem::Token(word)), Some(Elem::Token(colon)))
                if word.kind.is_word() && colon.kind == K::Colon =>
            {
                Some(self.name(word))
            }
            _ => None,
        }
    }

    /// The fields of a record type, facets or an artifact.
    pub(super) fn fields(&mut self, node: Node<'_>) -> Vec<Field> {
        let mut fields = Vec::new();
        let mut docs = Docs::default();
        for elem in node.all() {
            match elem {
                Elem::Node(part) if part.kind == K::Field => {
                    let doc = docs.take();
                    let name = self.key(part);
                    let ty = self.type_of(part);
                    fields.push(Field { doc, name, ty, default: self.default(part) });
                }
                other => docs.see(other),
            }
        }
        fields
    }

    /// The word or quoted key that a node starts with.
    pub(super) fn key(&mut self, node: Node<'_>) -> Name {
        match node.children().next() {
            Some(Elem::Token(token)) if token.kind.is_word() => self.name(token),
            Some(elem @ Elem::Token(token)) if token.kind.is_plain_string() => {
                let text = self.string_elem(elem).and_then(|literal| literal.plain()).unwrap_or_default();
                Name { text, span: self.token_span(token) }
            }
            _ => self.missing_name(node.start),
        }
    }
}

fn is_suffix(kind: K) -> bool {
    matches!(kind, K::Optional | K::Bounds | K::Matches | K::Within | K::By)
}
