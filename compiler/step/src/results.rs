//! Results: files in `/tekton/results`, all of them or none, within what a pod can hand back.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use indexmap::IndexMap;
use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::outputs::file;
use crate::places::Places;

/// Bytes of a termination message without Tekton's own records: what fits whatever the contract says.
const MESSAGE: u32 = 3936;
/// Bytes around a name and its value: `{"key":"","value":"","type":1},`.
const AROUND: u64 = 31;
/// Bytes of a result that is read back.
const MAX: u64 = 1 << 20;

/// Writes results; those that lie there already count.
///
/// # Errors
/// They do not fit, or the folder is missing.
pub(crate) fn write(
    places: &Places,
    results: &IndexMap<String, String>,
    budget: Option<u32>,
) -> Result<(), Failure> {
    if results.is_empty() {
        return Ok(());
    }
    let mut all = present(places)?;
    all.extend(results.iter().map(|(name, text)| (name.clone(), text.clone())));
    fits(&all, budget)?;
    let io = |error: &std::io::Error| Failure::io("write results to", &places.results, error);
    let mut ready = Vec::new();
    for (name, text) in results {
        let mut file =
            tempfile::Builder::new().prefix(".fuse-").tempfile_in(&places.results).map_err(|e| io(&e))?;
        file.write_all(text.as_bytes()).map_err(|error| io(&error))?;
        fs::set_permissions(file.path(), Permissions::from_mode(0o644)).map_err(|error| io(&error))?;
        ready.push((name, file));
    }
    for (name, file) in ready {
        let file: NamedTempFile = file;
        file.persist(places.results.join(name)).map_err(|error| io(&error.error))?;
    }
    Ok(())
}

/// The results that lie there, by name.
fn present(places: &Places) -> Result<IndexMap<String, String>, Failure> {
    let entries = fs::read_dir(&places.results).map_err(|error| {
        let failure = Failure::io("open", &places.results, &error);
        Failure::new(format!("{}; Tekton makes it for a step whose Task declares results", failure.message))
    })?;
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| !name.starts_with(".fuse-"));
    names.sort_unstable();
    let mut all = IndexMap::new();
    for name in names {
        if let Some(text) = file::text(&places.results.join(&name), MAX)? {
            all.insert(name, text);
        }
    }
    Ok(all)
}

/// One result.
pub(crate) fn find(places: &Places, name: &str) -> Result<Option<String>, Failure> {
    file::text(&places.results.join(name), MAX)
}

fn fits(results: &IndexMap<String, String>, budget: Option<u32>) -> Result<(), Failure> {
    let sizes = results.iter().map(|(name, text)| (name, escaped(name) + escaped(text) + AROUND));
    let mut sizes: Vec<(&String, u64)> = sizes.collect();
    let used: u64 = sizes.iter().map(|(_, bytes)| bytes).sum();
    let allowed = u64::from(budget.unwrap_or(MESSAGE).min(MESSAGE));
    if used <= allowed {
        return Ok(());
    }
    sizes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let shown: Vec<String> = sizes.iter().map(|(name, bytes)| format!("{name} {bytes}")).collect();
    Err(Failure::new(format!(
        "the results take {used} bytes, and {allowed} fit into what a pod hands back: {}\n\
         return what is large as an artifact, or bound its type: `String ..=64`, `List<T> ..=10`",
        shown.join(", ")
    )))
}

/// Bytes of a text in JSON as Go writes it, which escapes for HTML too.
fn escaped(text: &str) -> u64 {
    let bytes = |c: char| match c {
        '"' | '\\' => 2,
        '<' | '>' | '&' | '\u{0}'..='\u{1F}' | '\u{2028}' | '\u{2029}' => 6,
        c => c.len_utf8() as u64,
    };
    text.chars().map(bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> (tempfile::TempDir, Places) {
        let dir = tempfile::tempdir().unwrap();
        let places = Places::new(dir.path().join("fuse"), dir.path().join("results"));
        fs::create_dir(&places.results).unwrap();
        (dir, places)
    }

    #[test]
    fn all_or_none() {
        let (_dir, places) = places();
        let results = |size: usize| {
            IndexMap::from([("a".to_owned(), "x".repeat(10)), ("b".to_owned(), "<".repeat(size))])
        };
        // (1 + 10 + 31) + (1 + 6 · 5 + 31)
        assert!(
            write(&places, &results(5), Some(103)).unwrap_err().message.contains("take 104 bytes, and 103")
        );
        assert_eq!(fs::read_dir(&places.results).unwrap().count(), 0);
        write(&places, &results(5), Some(104)).unwrap();
        let mode = fs::metadata(places.results.join("a")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        assert_eq!(find(&places, "b").unwrap().unwrap(), "<<<<<");
        assert_eq!(fs::read_dir(&places.results).unwrap().count(), 2);
        let later = IndexMap::from([("c".to_owned(), String::new())]);
        assert!(write(&places, &later, Some(104)).unwrap_err().message.contains("take 136 bytes"));
    }

    #[test]
    fn a_missing_folder_is_told() {
        let (_dir, mut places) = places();
        places.results = places.fuse.join("none");
        let results = IndexMap::from([("a".to_owned(), String::new())]);
        assert!(write(&places, &results, None).unwrap_err().message.contains("Tekton makes it"));
        write(&places, &IndexMap::new(), None).unwrap();
    }
}
