//! The lossless tree to the typed view, [`crate::ast`], in one walk.
//!
//! A hole in the tree was reported when it was found; here it becomes a missing part. What only the shape of several
//! tokens shows is reported here: chained comparisons, exclusive ranges, bad escapes and numbers.

mod clauses;
mod docs;
mod exprs;
mod items;
mod operands;
mod stmts;
mod strings;
mod types;
mod view;

use fuse_base::{Diagnostic, FileId, Span, codes::syntax as codes};
use rowan::GreenNodeData;

use crate::ast::{File, Name};
use view::{Elem, Node, Token};

/// How high an expression may stand: links of a chain, operands in a row, `else if`s. Later stages recurse this deep.
pub(crate) const MAX_HEIGHT: usize = 500;

/// The typed view of a tree and the errors found on the way.
pub(crate) fn lower(file: FileId, green: &GreenNodeData) -> (File, Vec<Diagnostic>) {
    let mut lower = Lower { file, diagnostics: Vec::new(), height: 0 };
    let items = lower.items(Node::root(green));
    for item in &items {
        lower.require_body(item);
    }
    (File { items }, lower.diagnostics)
}

struct Lower {
    file: FileId,
    diagnostics: Vec<Diagnostic>,
    /// The height of the typed view above the current place.
    height: usize,
}

impl Lower {
    fn span(&self, start: u32, end: u32) -> Span {
        Span::new(self.file, start, end)
    }

    fn node_span(&self, node: Node<'_>) -> Span {
        self.span(node.start, node.end())
    }

    fn token_span(&self, token: Token<'_>) -> Span {
        self.span(token.start, token.end())
    }

    fn elems_span(&self, elems: &[Elem<'_>], else_at: u32) -> Span {
        match (elems.first(), elems.last()) {
            (Some(first), Some(last)) => self.span(first.start(), last.end()),
            _ => self.span(else_at, else_at),
        }
    }

    fn name(&self, token: Token<'_>) -> Name {
        Name { text: token.text.into(), span: self.token_span(token) }
    }

    /// A name that the source lacks, at this place.
    fn missing_name(&self, at: u32) -> Name {
        Name { text: ecow::EcoString::new(), span: self.span(at, at) }
    }

    /// Runs `inner` below `links` more levels, or reports that this is too high.
    fn below<T>(&mut self, links: usize, span: Span, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.height + links > MAX_HEIGHT {
            self.diagnostics.push(
                Diagnostic::new(
                    &codes::OVER_THE_LIMIT,
                    span,
                    format!(
                        "this expression has more than {MAX_HEIGHT} parts in a row or inside one another"
                    ),
                )
                .help("give parts of it names with `let`"),
            );
            return None;
        }
        self.height += links;
        let result = inner(self);
        self.height -= links;
        Some(result)
    }
}
