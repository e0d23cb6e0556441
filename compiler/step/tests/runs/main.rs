//! Pipelines as the compiler emitted them, run natively: real shells, real Python, the real `fuse-step`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bodies;
mod compose;
mod confined;
mod finally;
mod fused;
mod guards;
mod harness;
mod joins;
mod loops;
mod rules;
mod stores;
mod texts;
