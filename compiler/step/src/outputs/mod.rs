//! The outputs of a task: every one that the contract declares, of its type. What is wrong is told all at once.

pub(crate) mod file;
mod json;
mod metrics;
mod missing;
mod value;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use fuse_wire::contract::{Port, variable};
use fuse_wire::{ABSENT, Reference, WireType};
use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::failure::Failure;
use crate::inputs::Typed;
use crate::inputs::layout;
use crate::places::Places;
use crate::pod::Pod;
use crate::run::Run;
use crate::store;
use crate::values::readable;

/// Bytes of a uri that a step writes; what is left after rewriting has to fit into a result.
const MAX_URI: u64 = 2048;

/// What a step wrote.
#[derive(Default)]
pub(crate) struct Outputs {
    /// Values, for conditions.
    pub(crate) values: IndexMap<String, Typed>,
    /// Texts on the wire.
    pub(crate) results: IndexMap<String, String>,
}

/// Reads all outputs; on a claim also keeps the files.
///
/// # Errors
/// One is missing or not as declared.
pub(crate) fn demand(pod: &Pod, places: &Places, run: &Run<'_>) -> Result<Outputs, Failure> {
    let mut found = Outputs::default();
    let mut wrong: Vec<String> = Vec::new();
    for (name, port) in &pod.contract.outputs {
        match one(pod, places, run, name, port) {
            Ok((value, result)) => {
                found.results.extend(result.map(|text| (name.clone(), text)));
                found.values.insert(name.clone(), (port.ty(), value));
            }
            Err(failure) => wrong.push(failure.message),
        }
    }
    // Values of missing metrics have nothing to add to it.
    wrong.retain(|message| !message.is_empty());
    if wrong.is_empty() { Ok(found) } else { Err(Failure::new(wrong.join("\n"))) }
}

/// A value and its result; files that `out` takes away have none yet.
fn one(
    pod: &Pod,
    places: &Places,
    run: &Run<'_>,
    name: &str,
    port: &Port,
) -> Result<(Json, Option<String>), Failure> {
    let path = pod.out(places, name);
    let of = |failure: Failure| failure.of(format!("the output `{name}`"));
    let absent = (Json::Null, Some(ABSENT.to_string()));
    match port {
        Port::Value(ty) => {
            let value = match metrics::source(&pod.contract, name) {
                Some((from, key)) if !exists(&path)? => {
                    metrics::value(ty, key, &pod.out(places, from), &variable("OUT", name))
                }
                _ => value::read(ty, &path).map_err(of)?.ok_or(()).or_else(|()| not_there(ty, pod, &path)),
            }?;
            let text = fuse_wire::write::write(ty, &value).map_err(|error| of(Failure::new(error)))?;
            Ok((value, Some(text)))
        }
        Port::Uri { uri, rewrite, optional } => {
            let Some(written) = value::line(&path, MAX_URI, "a uri").map_err(of)? else {
                return if *optional { Ok(absent) } else { Err(missing::tell(pod, &path)) };
            };
            let (uri, text) = reference(&written, uri, rewrite).map_err(of)?;
            Ok((Json::from(uri), Some(text)))
        }
        Port::Store { store, optional } => {
            if !exists(&path)? {
                return if *optional { Ok(absent) } else { Err(missing::tell(pod, &path)) };
            }
            storable(&path).map_err(of)?;
            let kept = pod.claim && pod.contract.hands_on(name);
            let text = kept.then(|| keep(run, store, &pod.result(name), &path)).transpose().map_err(of)?;
            if pod.call.is_some() && !kept {
                store::check(&path).map_err(of)?;
            }
            Ok((Json::from(path.display().to_string()), text))
        }
    }
}

fn not_there(ty: &WireType, pod: &Pod, path: &Path) -> Result<Json, Failure> {
    if matches!(ty, WireType::Optional(_)) { Ok(Json::Null) } else { Err(missing::tell(pod, path)) }
}

pub(crate) fn exists(path: &Path) -> Result<bool, Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::io("read", path, &error)),
    }
}

/// Files of an output: a file or a folder that is itself no link.
pub(crate) fn storable(path: &Path) -> Result<(), Failure> {
    let kind = fs::symlink_metadata(path).map_err(|error| Failure::io("read", path, &error))?.file_type();
    if kind.is_file() || kind.is_dir() {
        return Ok(());
    }
    let message = format!("{} is {}, not a file or a folder", path.display(), file::name(kind));
    Err(Failure::new(message))
}

/// Keeps files in the store; the reference is the result.
pub(crate) fn keep(run: &Run<'_>, artifact: &str, name: &str, path: &Path) -> Result<String, Failure> {
    let reference = run.store()?.keep(artifact, &run.place(name)?, path)?;
    reference.write().map_err(Failure::new)
}

/// A uri that a step wrote, as the binding of its service says: the longest prefix that fits is replaced.
fn reference(
    written: &str,
    schemes: &[String],
    rewrite: &IndexMap<String, String>,
) -> Result<(String, String), Failure> {
    let longest = rewrite.iter().filter(|(from, _)| written.starts_with(from.as_str()));
    let uri = match longest.max_by_key(|(from, _)| from.len()) {
        Some((from, to)) => format!("{to}{}", written.get(from.len()..).unwrap_or_default()),
        None => written.to_owned(),
    };
    let no_uri = |error: String| Failure::new(readable(&error));
    if uri.starts_with('{') {
        return Err(no_uri(format!("`{uri}` is no uri")));
    }
    let reference = Reference::read(&uri).map_err(no_uri)?;
    layout::scheme(&reference, schemes).map_err(|mut failure| {
        failure
            .message
            .push_str("; `rewrite` in the binding of a service replaces the beginning of its uris");
        failure
    })?;
    Ok((uri, reference.write().map_err(no_uri)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_is_replaced_before_the_scheme_is_checked() {
        let rewrite = IndexMap::from([
            ("mlflow-artifacts:/".to_owned(), "s3://mlflow/".to_owned()),
            ("mlflow-artifacts:/1/".to_owned(), "s3://first/".to_owned()),
        ]);
        let schemes = ["s3".to_owned()];
        let uri = |text: &str| reference(text, &schemes, &rewrite).map(|(uri, _)| uri);
        assert_eq!(uri("mlflow-artifacts:/2/a").unwrap(), "s3://mlflow/2/a");
        assert_eq!(uri("mlflow-artifacts:/1/a").unwrap(), "s3://first/a");
        assert!(uri("mlflow-artifacts:2/a").unwrap_err().message.contains("another scheme than s3"));
        for text in ["", "x", "s3://a b", "{\"u\":\"s3://a\"}", "s3://$(params.x)"] {
            assert!(uri(text).is_err(), "{text}");
        }
    }
}
