//! Inputs as files: `/fuse/in/<name>` is a file for a scalar, a folder for a list, a map or a record.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use fuse_wire::contract::{IN_POD, MOUNTED};
use fuse_wire::{Reference, WireType};
use serde_json::Value as Json;

use super::{in_pod, mounted};
use crate::failure::Failure;
use crate::names::is_file_name;
use crate::run::Run;
use crate::values::{readable, reference};

/// Files and folders of all inputs together: a folder with more is no input but data.
const MAX_ENTRIES: usize = 10_000;

/// Writes inputs below a folder.
pub(crate) struct Layout<'a> {
    run: &'a Run<'a>,
    entries: usize,
    /// Whether other calls of the pod have ended, so that their files are there.
    in_pod: bool,
}

impl<'a> Layout<'a> {
    pub(crate) const fn new(run: &'a Run<'a>) -> Self {
        Self { run, entries: 0, in_pod: false }
    }

    /// Of what a call has from others of its pod.
    pub(crate) const fn of_a_call(run: &'a Run<'a>) -> Self {
        Self { run, entries: 0, in_pod: true }
    }

    /// Writes a value to `at`, which does not exist yet, and says what stands for it in `in.json`: the path of files,
    /// the uri of a reference, else the value.
    ///
    /// # Errors
    /// A key is no name of a file, files cannot be brought, a uri has another scheme, or the disk refuses.
    pub(crate) fn put(&mut self, ty: &WireType, value: &Json, at: &Path) -> Result<Json, Failure> {
        match (ty, value) {
            (WireType::Optional(_), Json::Null) => return Ok(Json::Null),
            (WireType::Optional(inner), _) => return self.put(inner, value, at),
            _ => {}
        }
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            let message =
                format!("the inputs have more than {MAX_ENTRIES} parts: pass so much data as an artifact");
            return Err(Failure::new(message));
        }
        match (ty, value) {
            (WireType::List(item, _), Json::Array(items)) => {
                folder(at)?;
                let items = items.iter().enumerate().map(|(index, one)| {
                    let name = format!("{index:04}");
                    self.put(item, one, &at.join(&name)).map_err(|failure| failure.of(index))
                });
                items.collect::<Result<_, _>>().map(Json::Array)
            }
            (WireType::Map(item), Json::Object(fields)) => self.fields(fields, at, &|_| Some(item.as_ref())),
            (WireType::Record(types) | WireType::Union(types), Json::Object(fields)) => {
                self.fields(fields, at, &|key| types.iter().find(|(name, _)| name == key).map(|(_, ty)| ty))
            }
            (WireType::Files(artifact), Json::String(text)) => {
                let reference = reference(text)?;
                if let Some(path) = reference.uri.strip_prefix(IN_POD).filter(|_| self.in_pod) {
                    in_pod::link(self.run.places(), path, at)?;
                    return Ok(Json::from(at.display().to_string()));
                }
                match reference.uri.strip_prefix(MOUNTED) {
                    Some(path) => mounted::fetch(self.run.places(), path, &reference, at)?,
                    None => self.run.store()?.fetch(artifact, &reference, at)?,
                }
                Ok(Json::from(at.display().to_string()))
            }
            (WireType::Uri(schemes), Json::String(text)) => {
                let reference = reference(text)?;
                scheme(&reference, schemes)?;
                file(at, &reference.uri)?;
                Ok(Json::from(reference.uri))
            }
            _ => {
                let text = fuse_wire::write::scalar(value).map_err(Failure::new)?;
                file(at, &text)?;
                Ok(value.clone())
            }
        }
    }

    fn fields<'t>(
        &mut self,
        fields: &serde_json::Map<String, Json>,
        at: &Path,
        ty: &dyn Fn(&str) -> Option<&'t WireType>,
    ) -> Result<Json, Failure> {
        folder(at)?;
        let mut all = serde_json::Map::new();
        for (key, value) in fields {
            let shown = readable(key);
            if !is_file_name(key) {
                let message = format!(
                    "the key `{shown}` is no name of a file, and a step sees it as one: \
                     leave out `/` and NUL, and keep to 255 bytes"
                );
                return Err(Failure::new(message));
            }
            let ty = ty(key).ok_or_else(|| Failure::new(format!("there is no field `{shown}`")))?;
            let value = self.put(ty, value, &at.join(key)).map_err(|failure| failure.of(shown))?;
            all.insert(key.clone(), value);
        }
        Ok(Json::Object(all))
    }
}

/// Whether a reference has one of the schemes.
///
/// # Errors
/// It has another one.
pub(crate) fn scheme(reference: &Reference, schemes: &[String]) -> Result<(), Failure> {
    if schemes.is_empty() || schemes.iter().any(|scheme| scheme == reference.scheme()) {
        return Ok(());
    }
    let uri = readable(&reference.uri);
    Err(Failure::new(format!("`{uri}` has another scheme than {}", schemes.join(" or "))))
}

fn folder(at: &Path) -> Result<(), Failure> {
    fs::create_dir(at).map_err(|error| Failure::io("make the folder", at, &error))
}

/// A new file: nothing that lies there already is followed or replaced.
pub(crate) fn file(at: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(at);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::io("write", at, &error))
}
