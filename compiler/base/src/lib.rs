//! Spans, sources and diagnostics: what every stage of the compiler shares.
//!
//! Absent on purpose: any knowledge of the language, of tools or of targets, and any I/O. Texts come in as
//! [`Sources`], diagnostics go out as values; `render` turns them into text for people or programs.

pub mod codes;
mod diagnostic;
pub mod render;
mod source;
mod suggest;

pub use diagnostic::{Code, Diagnostic, Fix, Label, Severity, sort_and_dedup};
pub use source::{FileId, LineColumn, SourceFile, Sources, Span};
pub use suggest::{closest, did_you_mean};
