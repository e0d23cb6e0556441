//! Numbers among the metrics of a step: `metrics--rmse` is `rmse` of the JSON object that the step wrote as `metrics`.

use std::path::Path;

use fuse_wire::contract::Port;
use fuse_wire::{Contract, WireType};
use serde_json::Value as Json;

use super::{file, json, value};
use crate::failure::Failure;
use crate::values::{present, readable};

/// Bytes of all metrics of a step.
const MAX: u64 = 1 << 20;
/// Metrics that a message names.
const SHOWN: usize = 20;

/// The output that holds a metric, and the metric's name.
pub(super) fn source<'a>(contract: &Contract, name: &'a str) -> Option<(&'a str, &'a str)> {
    let (from, key) = name.split_once("--")?;
    match contract.outputs.get(from)? {
        Port::Store { store, .. } if store == "Metrics" => Some((from, key)),
        Port::Store { .. } | Port::Value(_) | Port::Uri { .. } => None,
    }
}

/// A metric from the file of all; `alone` is the variable of the file where the step could have written it.
///
/// # Errors
/// It was not logged or is not of its type. The message is empty where there are no metrics at all: that is told of
/// the output that should hold them.
pub(super) fn value(ty: &WireType, key: &str, path: &Path, alone: &str) -> Result<Json, Failure> {
    let optional = matches!(ty, WireType::Optional(_));
    let Some(text) = file::text(path, MAX)? else {
        return if optional { Ok(Json::Null) } else { Err(Failure::new("")) };
    };
    let all: serde_json::Map<String, Json> = serde_json::from_str(&json::quoted_numbers(&text))
        .map_err(|error| Failure::new(format!("{} is no JSON object: {error}", path.display())))?;
    match all.get(key) {
        None | Some(Json::Null) if optional => Ok(Json::Null),
        None | Some(Json::Null) => Err(unlogged(key, &all, path, alone)),
        Some(found) => {
            let text = scalar(ty, found).map_err(Failure::new);
            text.and_then(|text| value::plain(ty, &text)).map_err(|f| f.of(format!("the metric `{key}`")))
        }
    }
}

/// Whole numbers are often logged as `3.0`.
fn scalar(ty: &WireType, found: &Json) -> Result<String, String> {
    let whole = found.as_f64().filter(|x| x.fract() == 0.0 && x.abs() < 9e15);
    match (present(ty), whole) {
        (WireType::Int(_) | WireType::Count(_), Some(whole)) if !found.is_i64() => Ok(format!("{whole:.0}")),
        _ => fuse_wire::write::scalar(found).map_err(|error| readable(&error)),
    }
}

fn unlogged(key: &str, all: &serde_json::Map<String, Json>, path: &Path, alone: &str) -> Failure {
    let mut names: Vec<String> =
        all.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| readable(name)).collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let mut logged = if names.is_empty() { "none at all".to_owned() } else { names.join(", ") };
    if more > 0 {
        logged.push_str(&format!(" and {more} more"));
    }
    Failure::new(format!(
        "the step logged no metric `{key}` in {}; it logged {logged}\nlog `{key}`, or write it to `${}`",
        path.display(),
        alone
    ))
}
