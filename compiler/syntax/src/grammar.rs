//! The grammar, compiled from `grammar/fuse.pest`.

// The derive declares `Rule` and its parser without documentation.
#![allow(missing_docs, unreachable_pub)]

/// Reads masked text; see [`crate::mask`].
#[derive(pest_derive::Parser)]
#[grammar = "../../../grammar/fuse.pest"]
pub(crate) struct Grammar;
