//! Manifests: a [`Plan`] in, the texts of files out. Emission decides nothing; it gives each part of the plan its place
//! in an object and prints it.
//!
//! Absent on purpose: I/O, any choice (`plan` made them all), any tool's name. Targets do not know one another.

mod manifest;
mod map;
mod object;
pub mod targets;
pub mod yaml;

use fuse_base::Sources;
use fuse_plan::Plan;
use indexmap::IndexMap;

pub use manifest::{Folder, Manifest};
pub use yaml::Error;

/// What the first line of every file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The compiler's version.
    pub version: String,
    /// The SHA-256 of the inputs, in hexadecimal digits.
    pub inputs: String,
}

impl Header {
    /// The line, without a comment sign.
    #[must_use]
    pub fn line(&self) -> String {
        format!("fusec {} · inputs sha256:{} · generated, do not edit", self.version, self.inputs)
    }
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its path: a name, below `domain.<name>/` for what another cluster gets.
    pub path: String,
    /// The folder that the path is relative to.
    pub folder: Folder,
    /// The whole text.
    pub text: String,
}

/// The name of the source map.
pub const MAP_FILE: &str = "fuse.map.json";

/// Lowers the plan for every output format and prints the files, the source map last. The same plan gives the same
/// bytes. Files without content are left out.
pub fn emit(plan: &Plan, header: &Header, sources: &Sources) -> Result<Vec<Artifact>, Error> {
    let mut manifests: Vec<Manifest> = Vec::new();
    for target in targets::ALL {
        let lowered = target.lower(plan, &manifests)?;
        manifests.extend(lowered);
    }

    let mut files: IndexMap<(Folder, &str), Vec<&Manifest>> = IndexMap::new();
    for manifest in &manifests {
        files.entry((manifest.folder, &manifest.file)).or_default().push(manifest);
    }
    let mut artifacts: Vec<Artifact> = files
        .iter()
        .map(|(&(folder, path), documents)| Artifact {
            path: path.to_owned(),
            folder,
            text: file(header, documents),
        })
        .collect();
    artifacts.push(Artifact {
        path: MAP_FILE.to_owned(),
        folder: Folder::Target,
        text: map::source_map(&files, header, sources)?,
    });
    Ok(artifacts)
}

fn file(header: &Header, documents: &[&Manifest]) -> String {
    let mut text = format!("# {}\n", header.line());
    for note in documents.iter().flat_map(|manifest| manifest.note.lines()) {
        text.push_str(if note.is_empty() { "#" } else { "# " });
        text.push_str(note);
        text.push('\n');
    }
    text.push_str(&yaml::join(documents.iter().map(|manifest| manifest.text.as_str())));
    text
}
