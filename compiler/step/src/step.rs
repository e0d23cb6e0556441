//! A user's step between `in` and `out`: its command, and then what the contract demands of it.

use std::process::{Command, ExitCode};

use indexmap::IndexMap;

use crate::failure::Failure;
use crate::inputs::Typed;
use crate::places::Places;
use crate::pod::Pod;
use crate::run::Run;
use crate::{arms, child, environment, outputs, results, slots, task};

/// Runs a command that `command` makes of the words of the contract, then closes the step.
///
/// # Errors
/// The command cannot be run or a signal ends it; an output is not as declared.
pub(crate) fn run(command: &dyn Fn(Vec<String>) -> Result<Command, Failure>) -> Result<ExitCode, Failure> {
    let places = Places::from_env();
    let pod = Pod::read(&places)?;
    task::told(&pod.contract.name, around(&pod, &places, command))
}

fn around(
    pod: &Pod,
    places: &Places,
    command: &dyn Fn(Vec<String>) -> Result<Command, Failure>,
) -> Result<ExitCode, Failure> {
    let values = environment::values(pod, places)?;
    let mut command = command(environment::words(pod, &values, places)?)?;
    environment::set(&mut command, pod, &values, places)?;
    match child::run(&mut command)? {
        0 => close(pod, places, values).map(|()| ExitCode::SUCCESS),
        // The command has said itself why.
        status => Ok(ExitCode::from(status)),
    }
}

/// Demands the outputs, computes conditions, and hands over.
fn close(pod: &Pod, places: &Places, mut values: IndexMap<String, Typed>) -> Result<(), Failure> {
    let run = Run::on_claim(pod.run.clone(), pod.step.clone(), pod.index, places);
    let outputs = outputs::demand(pod, places, &run)?;
    let mut all = outputs.results;
    values.extend(outputs.values);
    all.extend(arms::choose(&pod.contract.arms, &pod.operands, &values)?);
    if pod.claim {
        slots::leave(&pod.contract, &run, &|name| Ok(all.get(name).cloned()))?;
    }
    results::write(places, &all, pod.contract.budget)
}
