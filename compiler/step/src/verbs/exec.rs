//! `exec`: the user's command, from its own arguments or from the contract.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use super::Verb;
use crate::failure::Failure;
use crate::step;

pub(super) const VERB: Verb = Verb { name: "exec", run };

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let mut words = words.into_iter();
    let given: Option<Vec<OsString>> = match words.next() {
        None => None,
        Some(dashes) if dashes == "--" => Some(words.collect()),
        Some(other) => {
            return Err(Failure::new(format!("the command stands behind `--`, and {other:?} stands there")));
        }
    };
    step::run(&|contract| {
        let all = given.clone().unwrap_or_else(|| contract.into_iter().map(OsString::from).collect());
        let (program, args) = all.split_first().ok_or_else(|| Failure::new("there is no command to run"))?;
        let mut command = Command::new(program);
        command.args(args);
        Ok(command)
    })
}
