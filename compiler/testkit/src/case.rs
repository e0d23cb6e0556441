//! The cases of a kind.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder `golden/<kind>/<name>`.
#[derive(Clone, Debug)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub dir: PathBuf,
}

impl Case {
    /// The text of a file of the case.
    pub fn read(&self, file: &str) -> Result<String, String> {
        fs::read_to_string(self.dir.join(file)).map_err(|error| format!("{}/{file}: {error}", self.name))
    }

    /// The text of a file of the case, if the case has it.
    pub fn read_opt(&self, file: &str) -> Result<Option<String>, String> {
        if self.dir.join(file).exists() { self.read(file).map(Some) } else { Ok(None) }
    }
}

/// The root folder of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.ancestors().nth(2).unwrap_or(crate_folder).to_path_buf()
}

/// The cases of a kind, sorted by name; stray files beside them are an error.
pub fn cases(kind: &str) -> Result<Vec<Case>, String> {
    let folder = repository().join("golden").join(kind);
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let dir = entry.map_err(|error| error.to_string())?.path();
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !dir.is_dir() {
            return Err(format!("golden/{kind}/{name} is not a folder; a case is a folder"));
        }
        found.push(Case { name, dir });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}
