//! The contract of a task, as a verb gets it.

use fuse_wire::Contract;

use crate::args::Args;
use crate::failure::Failure;
use crate::names::is_file_name;

/// Reads `--task`.
///
/// # Errors
/// It is missing, or no contract of this version.
pub(crate) fn contract(args: &Args) -> Result<Contract, Failure> {
    let contract: Contract = serde_json::from_str(args.needed("task")?)
        .map_err(|error| Failure::new(format!("the contract `--task` cannot be read: {error}")))?;
    check(&contract)?;
    Ok(contract)
}

/// Names in a contract become names of files.
pub(crate) fn check(contract: &Contract) -> Result<(), Failure> {
    let ports = contract.inputs.keys().chain(contract.outputs.keys()).chain(contract.constants.keys());
    let names =
        ports.chain(contract.joins.keys()).chain(contract.lists.keys()).chain(contract.slots.values());
    for name in names {
        if !is_file_name(name) {
            return Err(Failure::new(format!("the contract has the name {name:?}, which no file can have")));
        }
    }
    Ok(())
}

/// A result of work for a task, with the task's name in front of a failure.
pub(crate) fn told<T>(name: &str, result: Result<T, Failure>) -> Result<T, Failure> {
    result.map_err(|failure| if name.is_empty() { failure } else { failure.of(name) })
}
