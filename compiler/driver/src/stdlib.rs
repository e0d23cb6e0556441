//! The standard library as it was when the compiler was built.

/// Path and text of every file, sorted by path.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/stdlib.rs"));

/// The text of a file, such as `core.fuse` or `tools/git/clone.sh.j2`.
#[must_use]
pub fn text(path: &str) -> Option<&'static str> {
    let at = FILES.binary_search_by(|(name, _)| (*name).cmp(path)).ok()?;
    FILES.get(at).map(|(_, text)| *text)
}

/// All files with their texts, sorted by path.
pub fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().copied()
}

/// The modules that `import std/<name>` finds, sorted: `tools/<name>/<name>.fuse`, `capabilities/<name>.fuse` and
/// the other `.fuse` files at the top, but `core.fuse`, which is always in scope.
#[must_use]
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = FILES
        .iter()
        .filter_map(|(path, _)| {
            let module = path.strip_suffix(".fuse")?;
            let name = match module.split('/').collect::<Vec<_>>().as_slice() {
                ["core"] => return None,
                [name] | ["capabilities", name] => *name,
                ["tools", folder, name] if folder == name => *name,
                _ => return None,
            };
            Some(name.to_owned())
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_complete() {
        assert!(FILES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(text("core.fuse").is_some_and(|text| text.contains("artifact Model")));
        assert!(text("tools/git/clone.sh.j2").is_some());
        assert_eq!(text("tools/git"), None);
        let names = names();
        assert!(names.contains(&"mlflow".to_owned()) && !names.contains(&"core".to_owned()), "{names:?}");
    }
}
