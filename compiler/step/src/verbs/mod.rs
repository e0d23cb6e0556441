//! The verbs. Each is a file here and an entry of [`ALL`].

mod apply;
mod arrive;
mod decide;
mod exec;
mod fail;
mod join;
mod list;
mod out;
mod python;
mod sh;
mod start;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use crate::failure::{Failure, REFUSED};

/// A verb of `fuse-step`.
pub(crate) struct Verb {
    /// Its name: the first argument.
    pub(crate) name: &'static str,
    /// What it does with the other arguments.
    pub(crate) run: fn(Vec<OsString>) -> Result<ExitCode, Failure>,
}

static ALL: &[Verb] = &[
    arrive::VERB,
    exec::VERB,
    sh::VERB,
    python::VERB,
    out::VERB,
    decide::VERB,
    join::VERB,
    list::VERB,
    fail::VERB,
    apply::VERB,
    start::VERB,
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

/// A message in the log of the pod: its first line says who speaks, others are indented.
fn tell(who: &str, message: &str, status: u8) -> ExitCode {
    let text = format!("{who}: {}\n", message.replace('\n', "\n  "));
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
    ExitCode::from(status)
}
