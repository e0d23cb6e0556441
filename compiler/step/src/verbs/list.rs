//! `list`: checks a list that a loop ranges over, and counts it.

use std::ffi::OsString;
use std::process::ExitCode;

use fuse_wire::contract::Contract;
use serde_json::Value as Json;

use super::Verb;
use crate::args::Args;
use crate::failure::Failure;
use crate::outputs::Given;
use crate::places::Places;
use crate::{inputs, outputs, store};

pub(super) const VERB: Verb = Verb { name: "list", run };

/// Instances of a loop: the indices of more do not fit into a result.
const MOST: usize = 256;

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let args = Args::read(words, &["wire", "task", "store", "run", "step", "in", "composite"])?;
    let contract = super::contract(&args)?;
    list(&contract, &args).map_err(|failure| super::named(failure, &contract.name))?;
    Ok(ExitCode::SUCCESS)
}

fn list(contract: &Contract, args: &Args) -> Result<(), Failure> {
    let places = Places::from_env();
    let values = inputs::given(contract, args)?;
    let length = |name: &str| match values.get(name) {
        Some((_, Json::Array(items))) => Ok(items.len()),
        _ => Err(Failure::new(format!("the input `{name}` is no list"))),
    };
    let mut given = Given::default();
    for (name, list) in &contract.lists {
        let count = length(name)?;
        if count > MOST {
            return Err(Failure::new(format!("`{name}` has {count} items, and a loop takes at most {MOST}")));
        }
        for other in &list.zip {
            let others = length(other)?;
            if others != count {
                return Err(Failure::new(format!(
                    "`{name}` has {count} items and `{other}` {others}: lists that are zipped are of one length"
                )));
            }
        }
        let Some((ty, value)) = values.get(name) else { continue };
        let text = fuse_wire::write::write(ty, value).map_err(Failure::new)?;
        if list.stored {
            let (run, step) = (args.needed("run")?, args.needed("step")?);
            store::open(args.one("store")?, &places)?.leave(run, &format!("{step}/{name}.json"), &text)?;
        } else {
            given.results.insert(name.clone(), text);
        }
        let indices: Vec<String> = (0..count).map(|at| at.to_string()).collect();
        let indices = serde_json::to_string(&indices).map_err(|error| Failure::new(error.to_string()))?;
        given.results.insert(format!("{name}--idx"), indices);
        given.results.insert(format!("{name}--nonempty"), (count > 0).to_string());
    }
    outputs::finish(contract, &places, &given)
}
