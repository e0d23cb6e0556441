//! `cargo xtask gen-steps`

use std::fs;
use std::path::Path;

use fuse_testkit::steps_package;

/// Writes a package with a pipeline of `count` steps into a folder that does not exist or is empty.
pub(crate) fn run(count: &str, folder: &str) -> Result<(), String> {
    let count: usize = count.parse().ok().filter(|count| *count > 0).ok_or("N is a number from 1")?;
    let folder = Path::new(folder);
    let shown = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(shown)?;
    if fs::read_dir(folder).map_err(shown)?.next().is_some() {
        return Err(format!("{} is not empty", folder.display()));
    }
    for (path, text) in steps_package(count) {
        fs::write(folder.join(path), text).map_err(shown)?;
    }
    Ok(())
}
