//! The files of the repository.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

pub(crate) use fuse_testkit::repository;

/// A text file of the repository.
pub(crate) struct TextFile {
    /// Its path from the root, with `/`.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

impl TextFile {
    /// `base` for `compiler/base/…`.
    pub(crate) fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("compiler/")?.split('/').next()
    }

    /// Whether it is Rust that goes into a program: no test, no benchmark.
    pub(crate) fn is_source(&self) -> bool {
        self.path.ends_with(".rs")
            && self.path.strip_prefix("compiler/").is_some_and(|path| path.contains("/src/"))
    }

    /// Its lines with their numbers, up to the tests at its end.
    pub(crate) fn source_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .take_while(|line| line.trim() != "#[cfg(test)]")
            .enumerate()
            .map(|(i, line)| (i + 1, line))
    }
}

/// All files that are in git or would be, sorted; what is no UTF-8 is left out.
pub(crate) fn files() -> Result<Vec<TextFile>, String> {
    let root = repository();
    let mut found: Vec<TextFile> = paths()?
        .into_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(root.join(&path)).ok()?;
            Some(TextFile { path, text })
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn paths() -> Result<Vec<String>, String> {
    let root = repository();
    let git = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(&root)
        .output();
    if let Ok(output) = git
        && output.status.success()
    {
        let list = String::from_utf8_lossy(&output.stdout).into_owned();
        return Ok(list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect());
    }
    // A source archive has no git: everything but what builds leave behind.
    let mut found = Vec::new();
    walk(&root, "", &mut found).map_err(|error| format!("{}: {error}", root.display()))?;
    Ok(found)
}

fn walk(folder: &PathBuf, prefix: &str, found: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if prefix.is_empty() && (name == "target" || name == ".git") {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{path}/"), found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}
