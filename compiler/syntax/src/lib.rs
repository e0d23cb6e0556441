//! Text to a lossless syntax tree and its typed view. Parsing never fails: it returns a tree and the errors.
//!
//! Absent on purpose: names, types, files, the meaning of a clause.

pub mod ast;
