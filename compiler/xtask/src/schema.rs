//! `cargo xtask gen-schema`: the JSON schema of `fuse.toml`, for editors.

use std::fs;

use crate::tree::repository;

/// Where the schema is kept.
pub(crate) const FILE: &str = "editors/fuse.toml.schema.json";

/// Writes the schema.
pub(crate) fn write() -> Result<(), String> {
    let path = repository().join(FILE);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    fs::write(path, text()?).map_err(|error| format!("{FILE}: {error}"))
}

/// The schema as it must be.
pub(crate) fn text() -> Result<String, String> {
    let text = serde_json::to_string_pretty(&fuse_analysis::project::schema());
    text.map(|text| text + "\n").map_err(|error| error.to_string())
}
