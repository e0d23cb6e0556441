//! Text to a lossless syntax tree and its typed view. Parsing never fails: it returns a tree and the errors.
//!
//! ```text
//! text ──mask──> masked text, tokens ──grammar──> pairs ──tree──> rowan tree, markers ──lower──> ast::File
//!                                                                    └──expected──> diagnostics
//! ```
//!
//! Laws: the text of the tree is the source, byte for byte, whatever the source is; any text gets an answer in linear
//! time and bounded depth.
//!
//! Absent on purpose: names, types, files, the meaning of a clause.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "kinds and rules have hundreds of variants of which a match means a few; tests hold the tables"
)]

extern crate alloc;

pub mod ast;
mod expected;
mod grammar;
pub mod kinds;
mod lower;
mod mask;
pub mod number;
mod parse;
mod tree;

pub use kinds::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};
pub use parse::{MAX_DIAGNOSTICS, MAX_FILE_SIZE, Parse, parse};
