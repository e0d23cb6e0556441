//! `decide`: computes which arm of a condition runs, where no step can.

use std::ffi::OsString;
use std::process::ExitCode;

use fuse_wire::contract::Contract;

use super::Verb;
use crate::args::Args;
use crate::failure::Failure;
use crate::places::Places;
use crate::{inputs, outputs};

pub(super) const VERB: Verb = Verb { name: "decide", run };

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let args = Args::read(words, &["wire", "task", "in", "composite", "operand"])?;
    let contract = super::contract(&args)?;
    decide(&contract, &args).map_err(|failure| super::named(failure, &contract.name))?;
    Ok(ExitCode::SUCCESS)
}

fn decide(contract: &Contract, args: &Args) -> Result<(), Failure> {
    let mut given = outputs::Given { values: inputs::given(contract, args)?, ..outputs::Given::default() };
    let operands = inputs::operands(contract, args)?;
    outputs::arms(contract, &operands, &mut given)?;
    outputs::finish(contract, &Places::from_env(), &given)
}
