//! What a step must have written, held against its contract: the producer fails, not its consumers.

mod arms;
mod missing;
mod results;
mod written;

use std::path::Path;

use fuse_wire::contract::{Contract, Port};
use fuse_wire::{ABSENT, WireType, write};
use indexmap::IndexMap;
use serde_json::Value as Json;

pub use arms::arms;
pub use results::{finish, leave, reference};

use crate::failure::Failure;
use crate::places::Places;
use crate::pod::Pod;
use crate::store::Store;

/// What a step gave: results as they stand on the wire, and typed values for its conditions.
#[derive(Debug, Default)]
pub struct Given {
    /// Results by name.
    pub results: IndexMap<String, String>,
    /// Types and values, of outputs and inputs.
    pub values: IndexMap<String, (WireType, Json)>,
}

impl Given {
    /// Notes a value, as a result of this name.
    ///
    /// # Errors
    /// It holds a character that is reserved on the wire.
    pub fn add(&mut self, name: &str, ty: &WireType, value: Json) -> Result<(), Failure> {
        self.results.insert(name.to_owned(), write::write(ty, &value).map_err(Failure::new)?);
        self.values.insert(name.to_owned(), (ty.clone(), value));
        Ok(())
    }
}

/// Inputs with their types, for conditions.
#[must_use]
pub fn with_inputs(contract: &Contract, inputs: &IndexMap<String, Json>) -> Given {
    let mut given = Given::default();
    for (name, value) in inputs {
        let port = contract.inputs.get(name).map(Port::ty);
        let ty = port.or_else(|| contract.constants.get(name).map(|constant| constant.ty.clone()));
        if let Some(ty) = ty {
            given.values.insert(name.clone(), (ty, value.clone()));
        }
    }
    given
}

/// Demands every output of the user's step. Files go to `store` where it is mounted; without it they wait for
/// `fuse-step out`.
///
/// # Errors
/// An output is missing, of another type, or too large.
pub fn demand(
    pod: &Pod,
    places: &Places,
    store: Option<&dyn Store>,
    mut given: Given,
) -> Result<Given, Failure> {
    for (name, port) in &pod.contract.outputs {
        let path = pod.outputs.get(name).cloned().unwrap_or_else(|| places.below("out").join(name));
        one(pod, places, store, &mut given, (name, port, &path))?;
    }
    arms(&pod.contract, &pod.operands, &mut given)?;
    Ok(given)
}

fn one(
    pod: &Pod,
    places: &Places,
    store: Option<&dyn Store>,
    given: &mut Given,
    (name, port, path): (&str, &Port, &Path),
) -> Result<(), Failure> {
    let absent = |given: &mut Given| {
        given.results.insert(name.to_owned(), ABSENT.to_string());
        given.values.insert(name.to_owned(), (port.ty(), Json::Null));
    };
    match port {
        Port::Value(ty) => match written::value(path, ty)? {
            Some(value) => given.add(name, ty, value)?,
            None => match written::metric(pod, name, ty)? {
                Some(value) => given.add(name, ty, value)?,
                None if port.is_optional() => absent(given),
                None => return Err(missing::output(pod, places, name, path)),
            },
        },
        Port::Uri { uri, rewrite, .. } => match written::uri(path, uri, rewrite)? {
            Some(text) => {
                given.results.insert(name.to_owned(), text.clone());
                given.values.insert(name.to_owned(), (port.ty(), Json::from(text)));
            }
            None if port.is_optional() => absent(given),
            None => return Err(missing::output(pod, places, name, path)),
        },
        Port::Store { store: artifact, .. } => {
            if std::fs::symlink_metadata(path).is_err() {
                if !port.is_optional() {
                    return Err(missing::output(pod, places, name, path));
                }
                absent(given);
            } else if let Some(store) = store {
                let reference = store.keep(artifact, &pod.place(name)?, path);
                let reference = reference.map_err(|failure| failure.of(format!("the output `{name}`")))?;
                given.results.insert(name.to_owned(), results::reference(name, &reference)?);
            }
        }
    }
    Ok(())
}
