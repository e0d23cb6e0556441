//! Slots: results that also go to the run's store, where a join finds them when it may not refer to the step.

use fuse_wire::Contract;

use crate::failure::Failure;
use crate::run::Run;

/// Leaves the texts of results in their slots.
///
/// # Errors
/// A result is missing, or the store refuses.
pub(crate) fn leave(
    contract: &Contract,
    run: &Run<'_>,
    text: &dyn Fn(&str) -> Result<Option<String>, Failure>,
) -> Result<(), Failure> {
    for (slot, result) in &contract.slots {
        let text = text(result)?.ok_or_else(|| {
            Failure::new(format!("there is no result `{result}`, which a later step finds as `{slot}`"))
        })?;
        run.store()?.leave(run.uid()?, slot, &text)?;
    }
    Ok(())
}
