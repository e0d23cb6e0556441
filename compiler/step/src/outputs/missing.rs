//! What to say of an output that a step did not write.

use std::fs;
use std::path::Path;

use fuse_wire::contract::variable;

use crate::failure::Failure;
use crate::pod::Pod;
use crate::values::readable;

/// Files that a message names.
const SHOWN: usize = 10;
/// Names that are looked at.
const LISTED: usize = 10_000;

/// The output at `path` is missing.
pub(super) fn tell(pod: &Pod, path: &Path) -> Failure {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut others = path.parent().map(names).unwrap_or_default();
    let near = nearest(pod, &name, &others).cloned();
    let more = others.len().saturating_sub(SHOWN);
    others.truncate(SHOWN);
    let wrote: Vec<String> = others.iter().map(|other| readable(other)).collect();
    let mut message = format!("the step wrote no {}; it wrote ", path.display());
    message.push_str(&if wrote.is_empty() { "nothing".to_owned() } else { wrote.join(", ") });
    if more > 0 {
        message.push_str(&format!(" and {more} more"));
    }
    let variable = variable("OUT", &name);
    match near {
        Some(near) => {
            let near = readable(&near);
            message.push_str(&format!(
                "\n`{near}` looks like it: write to `${variable}`, whose name is `{name}`"
            ));
        }
        None => message.push_str(&format!("\nwrite the output to the path in `${variable}`")),
    }
    Failure::new(message)
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(LISTED);
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

/// The name that may be meant: of a file that is no output itself.
fn nearest<'a>(pod: &Pod, name: &str, others: &'a [String]) -> Option<&'a String> {
    let base = |text: &str| text.split('.').next().unwrap_or_default().to_lowercase();
    let distance = |other: &String| {
        if base(other) == base(name) { 0 } else { strsim::osa_distance(other, name) }
    };
    let free = others.iter().filter(|other| !pod.contract.outputs.contains_key(other.as_str()));
    let near = free.map(|other| (distance(other), other)).min_by_key(|(distance, _)| *distance)?;
    (near.0 <= 2 && near.0 * 2 < name.chars().count().max(1)).then_some(near.1)
}
