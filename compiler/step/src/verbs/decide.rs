//! `decide`: computes conditions that no step of the user can.

use std::ffi::OsString;
use std::process::ExitCode;

use fuse_wire::Contract;

use super::Verb;
use crate::args::Args;
use crate::failure::Failure;
use crate::inputs::{inputs, operands};
use crate::places::Places;
use crate::{arms, results, task};

pub(super) const VERB: Verb = Verb { name: "decide", run };

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let args = Args::read(words, &["wire", "task", "in", "composite", "operand"])?;
    args.wire()?;
    let contract = task::contract(&args)?;
    task::told(&contract.name, decide(&args, &contract))
}

fn decide(args: &Args, contract: &Contract) -> Result<ExitCode, Failure> {
    let values = inputs(args, contract)?;
    let chosen = arms::choose(&contract.arms, &operands(args, contract)?, &values)?;
    results::write(&Places::from_env(), &chosen.into_iter().collect(), contract.budget)?;
    Ok(ExitCode::SUCCESS)
}
