//! The source map: every object and its important fields, with the place in the source that caused them.

use fuse_base::{Sources, Span};
use indexmap::IndexMap;
use serde::Serialize;

use crate::{Folder, Header, Manifest};

#[derive(Serialize)]
struct SourceMap {
    generated: String,
    /// `file#document/json/pointer` to `file:line:column`, in the order of the files.
    causes: IndexMap<String, String>,
}

/// The text of the map.
pub(crate) fn source_map(
    files: &IndexMap<(Folder, &str), Vec<&Manifest>>,
    header: &Header,
    sources: &Sources,
) -> String {
    let mut causes = IndexMap::new();
    for (&(_, path), documents) in files {
        for (at, manifest) in documents.iter().enumerate() {
            for (pointer, cause) in &manifest.causes {
                causes.insert(format!("{path}#{at}{pointer}"), place(*cause, sources));
            }
        }
    }
    // `{:#}` of a JSON value is infallible, unlike serialization into a writer.
    let map = SourceMap { generated: header.line(), causes };
    format!("{:#}\n", serde_json::json!(map))
}

fn place(span: Span, sources: &Sources) -> String {
    let at = sources.line_column(span);
    format!("{}:{}:{}", sources.path(span.file), at.line, at.column)
}
