//! The typed view of a syntax tree: what the parser read, as plain data with spans.
//!
//! Built from the lossless tree in one walk ([`crate::parse`]). Where the source has a hole (a syntax error, told
//! already), the tree has [`ExprKind::Missing`], [`TypeKind::Missing`] or a [`Name`] with empty text; later stages
//! treat these as «an error was reported» and stay silent.

mod exprs;
mod items;
mod stmts;
mod types;

use ecow::EcoString;
use fuse_base::Span;

pub use exprs::*;
pub use items::*;
pub use stmts::*;
pub use types::*;

/// A word with its place; the text is empty where the name is missing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Name {
    /// The word; empty if the source lacks it.
    pub text: EcoString,
    /// Its place.
    pub span: Span,
}

impl Name {
    /// Whether the source lacks the name.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.text.is_empty()
    }
}

/// A documentation comment: the `///` lines above a declaration, without the slashes, joined by newlines.
pub type Doc = Option<EcoString>;

/// One file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// The declarations in source order.
    pub items: Vec<Item>,
}
