//! `list`: checks lists that a loop ranges over, and counts them.

use std::ffi::OsString;
use std::process::ExitCode;

use fuse_wire::contract::{Contract, List, NO_ITEM};
use indexmap::IndexMap;
use serde_json::Value as Json;

use super::Verb;
use crate::args::Args;
use crate::failure::Failure;
use crate::inputs::{Typed, inputs};
use crate::places::Places;
use crate::run::Run;
use crate::{results, slots, task};

pub(super) const VERB: Verb = Verb { name: "list", run };

/// Instances of a fan-out, as Tekton has them.
const MAX_ITEMS: usize = 256;

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let args =
        Args::read(words, &["wire", "task", "store", "run", "step", "index", "in", "composite", "outs"])?;
    args.wire()?;
    let contract = task::contract(&args)?;
    task::told(&contract.name, list(&args, &contract))
}

fn list(args: &Args, contract: &Contract) -> Result<ExitCode, Failure> {
    let places = Places::from_env();
    let run = Run::read(args, &places)?;
    let values = inputs(args, contract)?;
    let mut all = IndexMap::new();
    for (name, list) in &contract.lists {
        let count = length(&values, name)?;
        if count > MAX_ITEMS {
            let message = format!("`{name}` has {count} items, and a loop has at most {MAX_ITEMS} steps");
            return Err(Failure::new(message));
        }
        zipped(&values, name, count, list)?;
        let mut indices: Vec<String> = (0..count).map(|index| index.to_string()).collect();
        if indices.is_empty() && list.spare {
            indices.push(NO_ITEM.to_owned());
        }
        all.insert(format!("{name}--idx"), Json::from(indices).to_string());
        all.insert(format!("{name}--nonempty"), (count > 0).to_string());
        if list.counted {
            continue;
        }
        let (ty, value) = values.get(name).ok_or_else(|| unknown(name))?;
        let text = fuse_wire::write::write(ty, value).map_err(Failure::new)?;
        if list.stored {
            run.store()?.leave(run.uid()?, &format!("{}/{name}.json", run.step()?), &text)?;
        } else {
            all.insert(name.clone(), text);
        }
    }
    slots::leave(contract, &run, &|name| Ok(all.get(name).cloned()))?;
    results::write(&places, &all, contract.budget)?;
    Ok(ExitCode::SUCCESS)
}

fn items(count: usize) -> String {
    if count == 1 { "1 item".to_owned() } else { format!("{count} items") }
}

fn unknown(name: &str) -> Failure {
    Failure::new(format!("the list `{name}` is no input"))
}

fn length(values: &IndexMap<String, Typed>, name: &str) -> Result<usize, Failure> {
    match values.get(name) {
        None => Err(unknown(name)),
        Some((_, Json::Array(items))) => Ok(items.len()),
        Some((ty, _)) => Err(Failure::new(format!("`{name}` is absent or no list (its type is {ty})"))),
    }
}

fn zipped(values: &IndexMap<String, Typed>, name: &str, count: usize, list: &List) -> Result<(), Failure> {
    for other in &list.zip {
        let found = length(values, other)?;
        if found != count {
            let (count, found) = (items(count), items(found));
            let message =
                format!("`{name}` has {count} and `{other}` has {found}: a loop over both takes one of each");
            return Err(Failure::new(message));
        }
    }
    Ok(())
}
