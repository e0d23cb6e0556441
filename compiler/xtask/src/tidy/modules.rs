//! Folders and lists agree: no file that nobody compiles, no entry that a registry forgets.

use std::collections::BTreeSet;

use super::Report;
use crate::tree::TextFile;

/// Files with a list of everything in their folder: each module has an entry.
static REGISTRIES: &[(&str, &str)] = &[
    ("compiler/base/src/codes/mod.rs", "static FAMILIES"),
    ("compiler/cli/src/verbs/mod.rs", "static ALL"),
    ("compiler/emit/src/targets/mod.rs", "static ALL"),
    ("compiler/xtask/src/tidy/mod.rs", "static ALL"),
];

pub(super) fn check(files: &[TextFile], report: &mut Report) -> Result<(), String> {
    let sources: Vec<&TextFile> = files.iter().filter(|file| file.is_source()).collect();
    for file in &sources {
        let Some((folder, name)) = file.path.rsplit_once('/') else { continue };
        let (folder, module) = match name {
            "lib.rs" | "main.rs" => continue,
            "mod.rs" => match folder.rsplit_once('/') {
                Some((above, module)) => (above, module),
                None => continue,
            },
            name => (folder, name.trim_end_matches(".rs")),
        };
        let owners = [
            format!("{folder}/mod.rs"),
            format!("{folder}/lib.rs"),
            format!("{folder}/main.rs"),
            format!("{folder}.rs"),
        ];
        let declared = sources
            .iter()
            .filter(|source| owners.contains(&source.path))
            .any(|source| modules(&source.text).contains(module));
        if !declared && !folder.ends_with("/bin") {
            report.problem(format!("{} is no module of anything", file.path));
        }
    }
    for (path, list) in REGISTRIES {
        let Some(file) = sources.iter().find(|file| file.path == *path) else {
            report.problem(format!("{path} is missing"));
            continue;
        };
        let Some((_, entries)) = file.text.split_once(list) else {
            report.problem(format!("{path} has no `{list}`"));
            continue;
        };
        let entries = entries.split_once("];").map_or(entries, |(entries, _)| entries);
        for module in modules(&file.text) {
            if !entries.contains(&format!("{module}::")) {
                report.problem(format!("{path}: {module} is not in the list"));
            }
        }
    }
    Ok(())
}

/// The modules that a file declares.
fn modules(text: &str) -> BTreeSet<&str> {
    text.lines()
        .filter_map(|line| {
            let line = line.trim();
            let line = line.strip_prefix("pub ").or_else(|| line.strip_prefix("pub(crate) ")).unwrap_or(line);
            line.strip_prefix("mod ")?.strip_suffix(';')
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_declarations_and_no_inline_modules() {
        let found = modules("mod a;\npub mod b;\n    pub(crate) mod c;\nmod tests {\n// mod d;\n");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
