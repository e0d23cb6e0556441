//! Files that a reader can hold; functions are measured by clippy.

use super::Report;
use crate::tree::TextFile;

/// Lines of a Rust file that are worth a thought.
const MANY: usize = 400;
/// Lines of a Rust file that are too many.
const TOO_MANY: usize = 700;

pub(super) fn check(files: &[TextFile], report: &mut Report) -> Result<(), String> {
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        match file.text.lines().count() {
            lines if lines > TOO_MANY => {
                report.problem(format!("{} has {lines} lines; at most {TOO_MANY}", file.path));
            }
            lines if lines > MANY => report.warning(format!("{} has {lines} lines", file.path)),
            _ => {}
        }
    }
    Ok(())
}
