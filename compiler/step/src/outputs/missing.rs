//! What to say of an output that is not there: what was found instead, and the name that may have been meant.

use std::path::Path;

use fuse_wire::contract::variable;

use crate::args::shortened;
use crate::failure::Failure;
use crate::places::Places;
use crate::pod::Pod;

/// How many names are listed.
const SHOWN: usize = 10;

/// An output that the step did not write.
pub(super) fn output(pod: &Pod, places: &Places, name: &str, path: &Path) -> Failure {
    let mut found = names(&places.below("out"));
    if let Some(folder) = path.parent().filter(|folder| *folder != places.below("out")) {
        found.extend(names(folder).into_iter().filter(|name| !name.starts_with('.')));
    }
    let unexpected: Vec<&str> =
        found.iter().map(String::as_str).filter(|one| !pod.contract.outputs.contains_key(*one)).collect();
    let instead =
        if found.is_empty() { "it wrote nothing".to_owned() } else { format!("it wrote {}", list(&found)) };
    let mut message = format!("the step wrote no {}; {instead}", path.display());
    let variable = variable("OUT", name);
    match closest(name, &unexpected) {
        Some(near) => {
            message += &format!("\nis `{}` meant? write to the path in ${variable}", shortened(near))
        }
        None => message += &format!("\nwrite `{name}` to the path in ${variable}"),
    }
    Failure::new(message)
}

/// A number that was to be logged.
pub(super) fn metric<'a>(output: &str, key: &str, logged: impl Iterator<Item = &'a str>) -> Failure {
    let logged: Vec<String> = logged.map(str::to_owned).collect();
    let names: Vec<&str> = logged.iter().map(String::as_str).collect();
    let instead = if logged.is_empty() {
        "nothing was logged".to_owned()
    } else {
        format!("logged were {}", list(&logged))
    };
    let mut message = format!("`{output}` has no metric `{key}`; {instead}");
    if let Some(near) = closest(key, &names) {
        message += &format!("\nis `{}` meant?", shortened(near));
    }
    Failure::new(message)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(1000);
    let mut all: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    all.sort_unstable();
    all
}

fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{}`", shortened(name))).collect();
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// The name that differs least, where that is at most a third of it.
fn closest<'a>(name: &str, among: &[&'a str]) -> Option<&'a str> {
    let fold = |text: &str| text.to_lowercase().replace('-', "_");
    let short = |one: &&&str| one.len() <= 64;
    let near = among.iter().filter(short).map(|one| (strsim::osa_distance(&fold(name), &fold(one)), *one));
    near.min().filter(|(distance, _)| *distance <= name.len().div_ceil(3)).map(|(_, one)| one)
}
