//! The environment of the user's step: inputs, outputs, late variables, and a home that it can write to.

use std::path::PathBuf;

use fuse_wire::WireType;
use fuse_wire::contract::variable;
use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::failure::Failure;
use crate::inputs::text;
use crate::places::Places;
use crate::pod::Pod;

/// The kernel takes no variable over 128 KiB. A longer value is only in its file.
const LONGEST: usize = 120_000;

/// What is added to the environment of the container, and what is taken away from it.
#[derive(Debug, Default)]
pub struct Environment {
    /// Variables to set.
    pub set: Vec<(String, String)>,
    /// Variables to remove.
    pub remove: Vec<String>,
}

/// The environment of the user's step.
///
/// # Errors
/// The folders below `tmp` cannot be made.
pub fn environment(
    pod: &Pod,
    inputs: &IndexMap<String, Json>,
    places: &Places,
) -> Result<Environment, Failure> {
    let mut all = Environment::default();
    for (name, value) in inputs {
        let variable = variable("IN", name);
        match input(pod, name, value, places) {
            Some(text) if text.len() <= LONGEST => all.set.push((variable, text)),
            _ => all.remove.push(variable),
        }
    }
    for (name, path) in &pod.outputs {
        all.set.push((variable("OUT", name), path.to_string_lossy().into_owned()));
    }
    for (name, path) in [("HOME", home(places, "home")?), ("TMPDIR", home(places, "tmp")?)] {
        all.set.push((name.to_owned(), path.to_string_lossy().into_owned()));
    }
    // Where the folders of a pod lie elsewhere, a step is told where its inputs are, but not how to move them.
    if std::env::var_os("FUSE_ROOT").is_some() {
        all.set.push(("FUSE_IN".to_owned(), places.below("in.json").to_string_lossy().into_owned()));
    }
    all.remove.extend(["FUSE_ROOT".to_owned(), "FUSE_RESULTS".to_owned()]);
    all.set.extend(pod.env.iter().map(|(name, value)| (name.clone(), value.clone())));
    Ok(all)
}

/// A scalar is its text, a reference its uri, everything else the path where it was laid out.
fn input(pod: &Pod, name: &str, value: &Json, places: &Places) -> Option<String> {
    let port = pod.contract.inputs.get(name).map(fuse_wire::contract::Port::ty);
    let ty = port.or_else(|| pod.contract.constants.get(name).map(|constant| constant.ty.clone()))?;
    let ty = if let WireType::Optional(inner) = ty { *inner } else { ty };
    match (ty, value) {
        (_, Json::Null) => None,
        (WireType::List(..) | WireType::Map(_) | WireType::Record(_), _) => {
            Some(places.below("in").join(name).to_string_lossy().into_owned())
        }
        _ => text(value),
    }
}

/// A folder of the user's own below `tmp`: whoever runs the step makes it.
fn home(places: &Places, name: &str) -> Result<PathBuf, Failure> {
    let path = places.below("tmp").join(name);
    std::fs::create_dir_all(&path).map_err(|error| Failure::io("make", &path, &error))?;
    Ok(path)
}
