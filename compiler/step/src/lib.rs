//! `fuse-step`, the runtime half of the compiler: what runs in the pods around the user's steps.
//!
//! It shares the wire encoding, the types and the conditions with the compiler. A verb is a file in `verbs/`.
//! Absent on purpose: syntax, packages, manifests.

pub mod args;
pub mod child;
pub mod environment;
pub mod failure;
pub mod files;
pub mod inputs;
pub mod outputs;
pub mod places;
pub mod pod;
pub mod store;
mod verbs;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs a verb with its arguments and says how it ended.
#[must_use]
pub fn run(words: Vec<OsString>) -> ExitCode {
    verbs::run(words)
}
