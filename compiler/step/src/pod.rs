//! `/fuse/task.json`: what `in` leaves for the steps behind it.

use std::path::PathBuf;

use fuse_wire::Contract;
use fuse_wire::contract::of_call;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::failure::Failure;
use crate::inputs::layout;
use crate::outputs::file;
use crate::places::Places;
use crate::task;

/// The version of this file. Both sides are one binary, so another one means that somebody else wrote it.
const VERSION: u32 = 1;
/// Bytes of the file at most: arguments are smaller.
const MAX: u64 = 8 << 20;

/// What the steps of a pod know of their task.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pod {
    version: u32,
    /// The contract.
    pub(crate) contract: Contract,
    /// The run's uid.
    pub(crate) run: Option<String>,
    /// The step's name.
    pub(crate) step: Option<String>,
    /// Which call of several in the pod it is.
    pub(crate) call: Option<String>,
    /// The calls before it.
    pub(crate) before: Vec<String>,
    /// The index of a fan-out's instance.
    pub(crate) index: Option<u32>,
    /// Values of operands, for each condition.
    pub(crate) operands: Vec<IndexMap<String, Json>>,
    /// Late environment variables.
    pub(crate) env: IndexMap<String, String>,
    /// Whether files and slots go to a mounted claim, else `out` takes them away.
    pub(crate) claim: bool,
    /// Where the step writes files: `OUT_<NAME>`.
    pub(crate) files: IndexMap<String, PathBuf>,
    /// Whether it is the one pod of a matrix over an empty list: it does nothing.
    pub(crate) idle: bool,
}

impl Pod {
    /// Of a contract, without anything else.
    pub(crate) fn new(contract: Contract) -> Self {
        Self {
            version: VERSION,
            contract,
            run: None,
            step: None,
            call: None,
            before: Vec::new(),
            index: None,
            operands: Vec::new(),
            env: IndexMap::new(),
            claim: false,
            files: IndexMap::new(),
            idle: false,
        }
    }

    /// Of a call that shares its pod with others.
    pub(crate) fn of_call(contract: Contract, call: &str, before: Vec<String>) -> Self {
        Self { call: Some(call.to_owned()), before, ..Self::new(contract) }
    }

    pub(crate) fn write(&self, places: &Places) -> Result<(), Failure> {
        let json = serde_json::to_string(self).map_err(|error| Failure::new(error.to_string()))?;
        layout::file(&places.below("task.json"), &json)
    }

    /// # Errors
    /// `in` has not run, or the file is not its.
    pub(crate) fn read(places: &Places) -> Result<Self, Failure> {
        let path = places.below("task.json");
        let text = file::text(&path, MAX)?.ok_or_else(|| {
            Failure::new(format!(
                "there is no {}: `fuse-step in` has to run before this step",
                path.display()
            ))
        })?;
        let pod: Self = serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?;
        if pod.version != VERSION {
            let message = format!("{} has version {}, not {VERSION}", path.display(), pod.version);
            return Err(Failure::new(message));
        }
        task::check(&pod.contract)?;
        Ok(pod)
    }

    /// The name that an output has as a result of the pod.
    pub(crate) fn result(&self, output: &str) -> String {
        self.call.as_ref().map_or_else(|| output.to_owned(), |call| of_call(call, output))
    }

    /// The values of inputs and constants, as they were left in a file.
    ///
    /// # Errors
    /// They are gone, or no JSON.
    pub(crate) fn values(places: &Places, name: &str) -> Result<serde_json::Map<String, Json>, Failure> {
        let path = places.below(name);
        let text =
            file::text(&path, MAX)?.ok_or_else(|| Failure::new(format!("there is no {}", path.display())))?;
        serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))
    }

    /// Where the step writes an output.
    pub(crate) fn out(&self, places: &Places, name: &str) -> PathBuf {
        self.files.get(name).cloned().unwrap_or_else(|| places.below("out").join(name))
    }
}
