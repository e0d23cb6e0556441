//! Results: small texts that Tekton hands to other steps.

use std::fs;
use std::path::Path;

use fuse_wire::{Contract, Reference};
use indexmap::IndexMap;

use super::Given;
use crate::args::shortened;
use crate::failure::Failure;
use crate::files;
use crate::places::Places;
use crate::store::Store;

/// Bytes around the name and value of a result: `{"key":"","value":"","type":1},`.
const AROUND: usize = 31;

/// Writes the results, all or none, once they fit into a termination message together with those that are there.
///
/// # Errors
/// They do not fit, or the folder of the results is missing.
pub fn finish(contract: &Contract, places: &Places, given: &Given) -> Result<(), Failure> {
    if given.results.is_empty() {
        return Ok(());
    }
    if !places.results.is_dir() {
        let place = places.results.display();
        return Err(Failure::new(format!("{place} is missing: Tekton makes it for a Task with results")));
    }
    fits(contract, places, given)?;
    for (name, text) in &given.results {
        files::write_whole(&places.results.join(name), text.as_bytes())?;
    }
    Ok(())
}

fn fits(contract: &Contract, places: &Places, given: &Given) -> Result<(), Failure> {
    let Some(budget) = contract.budget else { return Ok(()) };
    let mut sizes: IndexMap<String, usize> = existing(&places.results);
    for (name, text) in &given.results {
        let json = serde_json::to_string(text).map_or(text.len(), |json| json.len() - 2);
        sizes.insert(name.clone(), name.len() + json + AROUND);
    }
    let sum: usize = sizes.values().sum();
    if sum as u64 <= u64::from(budget) {
        return Ok(());
    }
    let mut all: Vec<(usize, String)> = sizes.into_iter().map(|(name, size)| (size, name)).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    let largest: Vec<String> = all.iter().take(5).map(|(size, name)| format!("`{name}` {size}")).collect();
    Err(Failure::new(format!(
        "the results take {sum} bytes, and {budget} fit into the message of this pod: {}\n\
         `$`, quotes, backslashes and line ends take four bytes each; return an artifact instead",
        largest.join(", ")
    )))
}

/// What steps of this pod have written before.
fn existing(folder: &Path) -> IndexMap<String, usize> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut all: Vec<(String, usize)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let size = usize::try_from(entry.metadata().ok()?.len()).ok()?;
            Some((name.clone(), name.len() + size + AROUND))
        })
        .collect();
    all.sort_unstable();
    all.into_iter().collect()
}

/// A reference as a result.
///
/// # Errors
/// It is longer than a result may be.
pub fn reference(name: &str, reference: &Reference) -> Result<String, Failure> {
    reference.write().map_err(|error| Failure::new(error).of(format!("the output `{name}`")))
}

/// Leaves the results that joins look for in the run's store.
///
/// # Errors
/// The store refuses.
pub fn leave(
    contract: &Contract,
    run: Option<&str>,
    store: &dyn Store,
    find: &dyn Fn(&str) -> Option<String>,
) -> Result<(), Failure> {
    for (slot, name) in &contract.slots {
        let run = run.ok_or_else(|| Failure::new("`--run=…` is missing"))?;
        let text = find(name).ok_or_else(|| {
            Failure::new(format!("there is no result `{}` for {}", shortened(name), shortened(slot)))
        })?;
        store.leave(run, slot, &text)?;
    }
    Ok(())
}
