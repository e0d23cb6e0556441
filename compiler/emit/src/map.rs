//! The source map: every object and its important fields, with the place in the source that caused them.

use std::fmt::Write as _;

use fuse_base::Sources;
use indexmap::IndexMap;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::yaml::Error;
use crate::{Folder, Header, Manifest};

#[derive(Serialize)]
struct SourceMap<'a> {
    generated: String,
    causes: Causes<'a>,
}

/// `file#document/json/pointer` to `file:line:column`, in the order of the files.
struct Causes<'a> {
    files: &'a IndexMap<(Folder, &'a str), Vec<&'a Manifest>>,
    sources: &'a Sources,
}

impl Serialize for Causes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        // Thousands of entries: both texts are built in place.
        let (mut key, mut place) = (String::new(), String::new());
        for (&(_, path), documents) in self.files {
            for (at, manifest) in documents.iter().enumerate() {
                key.clear();
                let _ = write!(key, "{path}#{at}");
                let object = key.len();
                for (pointer, cause) in &manifest.causes {
                    key.truncate(object);
                    key.push_str(pointer);
                    place.clear();
                    let start = self.sources.line_column(*cause);
                    let file = self.sources.path(cause.file);
                    let _ = write!(place, "{file}:{}:{}", start.line, start.column);
                    map.serialize_entry(&key, &place)?;
                }
            }
        }
        map.end()
    }
}

/// The text of the map.
pub(crate) fn source_map(
    files: &IndexMap<(Folder, &str), Vec<&Manifest>>,
    header: &Header,
    sources: &Sources,
) -> Result<String, Error> {
    let map = SourceMap { generated: header.line(), causes: Causes { files, sources } };
    let mut text = serde_json::to_string_pretty(&map).map_err(Error::new)?;
    text.push('\n');
    Ok(text)
}
