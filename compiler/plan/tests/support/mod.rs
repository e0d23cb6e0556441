//! Sources in, a plan out: the checker and the lowering over texts in memory and the library in the repository.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ecow::EcoString;
use fuse_analysis::{FileError, Files};
use fuse_base::{Diagnostic, Sources};
use fuse_plan::Plan;

pub const DEFAULT: &str = include_str!("../../../../golden/default.fuse.toml");

struct Memory {
    files: BTreeMap<String, Arc<str>>,
}

fn stdlib() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../stdlib")
}

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Arc<str>, FileError> {
        self.files.get(path).cloned().ok_or(FileError::Missing)
    }

    fn std(&self, path: &str) -> Option<Arc<str>> {
        std::fs::read_to_string(stdlib().join(path)).ok().map(Arc::from)
    }

    fn std_names(&self) -> Vec<String> {
        let mut all: Vec<String> = std::fs::read_dir(stdlib().join("tools"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        all.sort();
        all
    }

    fn own_files(&self) -> Vec<String> {
        self.files.keys().filter(|path| path.ends_with(".fuse")).cloned().collect()
    }
}

/// A package of one or more files with the plan of a target.
pub struct Case {
    pub sources: Sources,
    pub result: Result<Plan, Vec<Diagnostic>>,
}

/// The plan of `pipeline.fuse` with the default `fuse.toml`.
pub fn lower(source: &str) -> Case {
    lower_with(&[("pipeline.fuse", source)], DEFAULT, "dev")
}

/// The plan of files for a target of a `fuse.toml`; the checker must have nothing to say.
pub fn lower_with(files: &[(&str, &str)], toml: &str, target: &str) -> Case {
    let mut sources = Sources::new();
    let file = sources.add("fuse.toml", toml);
    let mut diagnostics = Vec::new();
    let project = fuse_analysis::project::read(file, toml, &mut diagnostics).expect("a project");
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let files: BTreeMap<String, Arc<str>> =
        files.iter().map(|(path, text)| ((*path).to_owned(), Arc::from(*text))).collect();
    let entries: Vec<EcoString> =
        files.keys().filter(|path| path.ends_with(".fuse")).map(EcoString::from).collect();
    let checked = fuse_analysis::check(&mut sources, &Memory { files }, &entries);
    assert!(checked.diagnostics.is_empty(), "{}", show(&checked.diagnostics, &sources));
    let target = project.targets.iter().find(|one| one.name == target).expect("the target");
    let result = fuse_plan::plan(&checked.package, &project, target, &sources);
    Case { sources, result }
}

/// One line a diagnostic: place, code, message, help.
pub fn show(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for one in diagnostics {
        let at = sources.line_column(one.span);
        let path = sources.path(one.span.file);
        let help = one.help.as_deref().map(|help| format!(" | {help}")).unwrap_or_default();
        out += &format!("{path}:{}:{} {} {}{help}\n", at.line, at.column, one.code.id, one.message);
    }
    out
}

impl Case {
    pub fn plan(&self) -> &Plan {
        match &self.result {
            Ok(plan) => plan,
            Err(diagnostics) => panic!("{}", show(diagnostics, &self.sources)),
        }
    }

    /// The errors, a line each.
    pub fn errors(&self) -> String {
        match &self.result {
            Ok(plan) => panic!("no errors, but a plan:\n{plan}"),
            Err(diagnostics) => show(diagnostics, &self.sources),
        }
    }
}
