//! The verbs. Each is a file here and an entry of [`ALL`].

mod decide;
mod exec;
mod fail;
mod input;
mod join;
mod list;
mod out;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use fuse_wire::Contract;

use crate::args::Args;
use crate::failure::{Failure, REFUSED};

/// A verb of `fuse-step`.
pub(crate) struct Verb {
    /// Its name: the first argument.
    pub(crate) name: &'static str,
    /// What it does with the other arguments.
    pub(crate) run: fn(Vec<OsString>) -> Result<ExitCode, Failure>,
}

static ALL: &[Verb] = &[
    input::VERB,
    exec::EXEC,
    exec::SH,
    exec::PYTHON,
    out::VERB,
    decide::VERB,
    join::VERB,
    list::VERB,
    fail::VERB,
];

/// Runs the verb that the first argument names.
pub(crate) fn run(mut words: Vec<OsString>) -> ExitCode {
    let name = if words.is_empty() { OsString::new() } else { words.remove(0) };
    let Some(verb) = ALL.iter().find(|verb| verb.name == name) else {
        let names: Vec<&str> = ALL.iter().map(|verb| verb.name).collect();
        return tell(
            "fuse-step",
            &format!("there is no verb {name:?}; the verbs are {}", names.join(", ")),
            REFUSED,
        );
    };
    match (verb.run)(words) {
        Ok(status) => status,
        Err(failure) => tell(&format!("fuse-step {}", verb.name), &failure.message, failure.status),
    }
}

/// The contract of `--task=`, once the wire version fits.
fn contract(args: &Args) -> Result<Contract, Failure> {
    args.wire()?;
    let text = args.needed("task")?;
    serde_json::from_str(text).map_err(|error| Failure::new(format!("`--task=…` is no contract: {error}")))
}

/// A failure with the task in front that it happened to.
fn named(failure: Failure, task: &str) -> Failure {
    if task.is_empty() { failure } else { failure.of(task) }
}

/// A message in the log of the pod: its first line says who speaks, others are indented.
fn tell(who: &str, message: &str, status: u8) -> ExitCode {
    let text = format!("{who}: {}\n", message.replace('\n', "\n  "));
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
    ExitCode::from(status)
}
