//! What the user's command sees: its environment, and the words of its own command line.

use std::fs;
use std::path::Path;
use std::process::Command;

use fuse_wire::WireType;
use fuse_wire::contract::{Part, Word, variable};
use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::failure::Failure;
use crate::inputs::Typed;
use crate::places::Places;
use crate::pod::Pod;
use crate::values::{is_composite, present};

/// Inputs and constants with their types, as `in` left them.
///
/// # Errors
/// One is gone.
pub(crate) fn values(pod: &Pod, places: &Places) -> Result<IndexMap<String, Typed>, Failure> {
    let mut values = Pod::values(places, "in.json")?;
    let inputs = pod.contract.inputs.iter().map(|(name, port)| (name, port.ty()));
    let constants = pod.contract.constants.iter().map(|(name, constant)| (name, constant.ty.clone()));
    let mut all = IndexMap::new();
    for (name, ty) in inputs.chain(constants) {
        let value = values.remove(name).ok_or_else(|| {
            Failure::new(format!("{} has no `{name}` any more", places.below("in.json").display()))
        })?;
        all.insert(name.clone(), (ty, value));
    }
    Ok(all)
}

/// The text that stands for a value: a scalar or a uri itself, else the path of its files; `None` if it is absent.
///
/// # Errors
/// The value is not of its type.
fn text(places: &Places, name: &str, ty: &WireType, value: &Json) -> Result<Option<String>, Failure> {
    if value.is_null() {
        return Ok(None);
    }
    let ty = present(ty);
    if is_composite(ty) || matches!(ty, WireType::Files(_)) {
        return Ok(Some(places.below("in").join(name).display().to_string()));
    }
    fuse_wire::write::scalar(value).map(Some).map_err(Failure::new)
}

/// Sets `IN_*`, `OUT_*`, `HOME`, `TMPDIR` and late variables, and takes away what only `fuse-step` reads.
///
/// # Errors
/// The folders of `HOME` and `TMPDIR` cannot be made.
pub(crate) fn set(
    command: &mut Command,
    pod: &Pod,
    values: &IndexMap<String, Typed>,
    places: &Places,
) -> Result<(), Failure> {
    command.env_remove("FUSE_ROOT").env_remove("FUSE_RESULTS").env_remove("FUSE_CALL");
    for (name, (ty, value)) in values {
        match text(places, name, ty, value)? {
            Some(text) => command.env(variable("IN", name), text),
            None => command.env_remove(variable("IN", name)),
        };
    }
    for name in pod.contract.outputs.keys() {
        command.env(variable("OUT", name), pod.out(places, name));
    }
    // Steps of one pod may run as different users, so each has folders of its own.
    let own = places.below("tmp").join(nix::unistd::Uid::effective().to_string());
    for (name, folder) in [("HOME", "home"), ("TMPDIR", "tmp")] {
        let folder = own.join(folder);
        fs::create_dir_all(&folder).map_err(|error| Failure::io("make the folder", &folder, &error))?;
        command.env(name, folder);
    }
    if places.fuse != Path::new("/fuse") {
        command.env("FUSE_IN", places.below("in.json"));
    }
    command.envs(&pod.env);
    Ok(())
}

/// The words of the contract's command.
///
/// # Errors
/// It names an input that is none.
pub(crate) fn words(
    pod: &Pod,
    values: &IndexMap<String, Typed>,
    places: &Places,
) -> Result<Vec<String>, Failure> {
    let input = |name: &str| {
        let (ty, value) = values
            .get(name)
            .ok_or_else(|| Failure::new(format!("the command needs `{name}`, which is no input")))?;
        text(places, name, ty, value).map(Option::unwrap_or_default)
    };
    let word = |word: &Word| match word {
        Word::Text(text) => Ok(text.clone()),
        Word::Parts(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Ok(text.clone()),
                Part::Input { input: name } => input(name),
            })
            .collect(),
    };
    pod.contract.run.iter().map(word).collect()
}
