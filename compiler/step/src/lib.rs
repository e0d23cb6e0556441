//! `fuse-step`, the runtime half of the compiler: what runs in the pods around the user's steps.
//!
//! It shares the wire encoding, the types and the conditions with the compiler. A verb is a file in `verbs/`.
//! Absent on purpose: syntax, packages, manifests.

pub mod args;
mod arms;
mod child;
mod cluster;
mod environment;
pub mod failure;
mod inputs;
mod names;
mod outputs;
pub mod places;
mod pod;
mod results;
mod run;
mod slots;
mod step;
pub mod store;
mod task;
mod values;
mod verbs;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs a verb with its arguments and says how it ended.
#[must_use]
pub fn run(words: Vec<OsString>) -> ExitCode {
    verbs::run(words)
}
