//! The schema of `fuse.toml` is that of the reader.

use super::Report;
use crate::schema::{FILE, text};
use crate::tree::TextFile;

pub(super) fn check(files: &[TextFile], report: &mut Report) -> Result<(), String> {
    let schema = text()?;
    if files.iter().find(|file| file.path == FILE).is_none_or(|file| file.text != schema) {
        report.problem(format!("{FILE} is not up to date: run `cargo xtask gen-schema`"));
    }
    Ok(())
}
