//! The manifests of many programs, before the oracle in one call.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::trial::Failure;

/// The program that says whether manifests would be accepted, with its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Oracle(pub(crate) Vec<String>);

/// A folder of manifests.
#[derive(Debug)]
pub(crate) struct Batch {
    folder: PathBuf,
    count: usize,
}

impl Batch {
    /// An empty one.
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("fuse-programs-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self { folder, count: 0 })
    }

    /// Writes the files of a program.
    pub(crate) fn add(&mut self, number: u64, files: &[(String, String)]) -> Result<(), String> {
        for (path, text) in files {
            let file = self.folder.join(number.to_string()).join(path);
            let parent = file.parent().unwrap_or(&self.folder);
            std::fs::create_dir_all(parent)
                .and_then(|()| std::fs::write(&file, text))
                .map_err(|error| format!("{}: {error}", file.display()))?;
        }
        self.count += 1;
        Ok(())
    }

    pub(crate) const fn count(&self) -> usize {
        self.count
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Oracle {
    /// How many documents of a batch the oracle accepts, and what it refuses: the program's number and the verdict.
    pub(crate) fn judge(&self, batch: &Batch) -> Result<(usize, Vec<(u64, Failure)>), String> {
        let (program, arguments) = self.0.split_first().ok_or("no oracle is named")?;
        let mut command = Command::new(program);
        command.args(arguments).args(folders(&batch.folder)?);
        let output = command.output().map_err(|error| format!("{program}: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let root = format!("{}/", batch.folder.display());
        let refused = said.lines().filter(|line| line.starts_with("refused "));
        let found: Vec<(u64, Failure)> = refused
            .filter_map(|line| {
                let number = line.split_once(&root)?.1.split('/').next()?.parse().ok()?;
                let text = line.replace(&root, "");
                // The verdict without the place: the numbers of a smaller program are others.
                let kind = text.split_whitespace().filter(|word| !word.contains('/')).take(6);
                Some((number, Failure { kind: kind.collect::<Vec<_>>().join(" "), text }))
            })
            .collect();
        let accepted = said.lines().filter(|line| line.starts_with("ok ")).count();
        // Silence is no verdict.
        if output.status.success() && accepted > 0 || !found.is_empty() {
            return Ok((accepted, found));
        }
        Err(format!("the oracle gave up:\n{said}{}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// The folders with manifests: one for each target of each program.
fn folders(root: &Path) -> Result<Vec<PathBuf>, String> {
    let list = |folder: &Path| -> Result<Vec<PathBuf>, String> {
        let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(|error| error.to_string()));
        paths.collect()
    };
    let mut all = Vec::new();
    for program in list(root)? {
        all.extend(list(&program)?);
    }
    all.sort();
    Ok(all)
}
