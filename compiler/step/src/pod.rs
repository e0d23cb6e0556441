//! `/fuse/task.json`: what `fuse-step in` leaves for the steps after it.

use std::path::{Path, PathBuf};

use fuse_wire::Contract;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::failure::Failure;
use crate::files;
use crate::places::Places;
use crate::store::Place;

/// A pod's task with what only its first step knew.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pod {
    /// What the task takes and gives.
    pub contract: Contract,
    /// The run's uid, where something goes to its store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The step's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The index of a fan-out's instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Whether the store is a mounted claim, so that the step itself writes to it.
    pub volume: bool,
    /// Where the step writes each output.
    pub outputs: IndexMap<String, PathBuf>,
    /// The values that conditions work on, for each chain.
    pub operands: Vec<IndexMap<String, Json>>,
    /// Environment that came as late text.
    pub env: IndexMap<String, String>,
}

impl Pod {
    /// Writes it, and the values of the inputs beside it.
    ///
    /// # Errors
    /// The disk is full.
    pub fn write(&self, places: &Places, inputs: &IndexMap<String, Json>) -> Result<(), Failure> {
        let json = |value: serde_json::Result<String>| value.map_err(|error| Failure::new(error.to_string()));
        let task = json(serde_json::to_string(self))?;
        files::write(&places.below("task.json"), task.as_bytes(), 0o644)?;
        let inputs = json(serde_json::to_string(inputs))?;
        files::write(&places.below("in.json"), inputs.as_bytes(), 0o644)
    }

    /// What the first step of this pod left.
    ///
    /// # Errors
    /// It did not run, or ran with another version of `fuse-step`.
    pub fn read(places: &Places) -> Result<Self, Failure> {
        load(&places.below("task.json"))
    }

    /// The values of the inputs.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn inputs(places: &Places) -> Result<IndexMap<String, Json>, Failure> {
        load(&places.below("in.json"))
    }

    /// Where an output lies in the run's store.
    ///
    /// # Errors
    /// The manifest names no run.
    pub fn place(&self, output: &str) -> Result<Place, Failure> {
        let named = |text: &Option<String>, option: &str| {
            text.clone().ok_or_else(|| Failure::new(format!("`--{option}=…` is missing")))
        };
        Ok(Place {
            run: named(&self.run, "run")?,
            step: named(&self.step, "step")?,
            index: self.index,
            output: output.to_owned(),
        })
    }
}

fn load<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = std::fs::read(path).map_err(|error| {
        let hint = "\n`fuse-step in` runs first and leaves it";
        let Failure { message, status } = Failure::io("read", path, &error);
        Failure { message: message + hint, status }
    })?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::new(format!("{} was written by another version of fuse-step: {error}", path.display()))
    })
}
