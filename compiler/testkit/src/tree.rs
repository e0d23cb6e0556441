//! Folders as values.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The files below a folder by their path in it, with `/`; symbolic links appear as `-> target`, and are not followed.
pub fn tree(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut files = BTreeMap::new();
    walk(folder, "", &mut files).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(files)
}

fn walk(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_symlink() {
            let target = fs::read_link(entry.path())?;
            files.insert(path, format!("-> {}", target.display()).into_bytes());
        } else {
            files.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Copies the files below `from` into `to`, except those whose path in it `skip` names.
pub fn copy(from: &Path, to: &Path, skip: impl Fn(&str) -> bool) -> Result<(), String> {
    for (path, bytes) in tree(from)? {
        if !skip(&path) {
            write(&to.join(&path), &bytes)?;
        }
    }
    Ok(())
}

/// Writes a file and the folders above it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let shown = |error: std::io::Error| format!("{}: {error}", path.display());
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(shown)?;
    }
    fs::write(path, bytes).map_err(shown)
}
