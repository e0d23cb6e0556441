//! Sources in, a plan out: the checker and the lowering over texts in memory and the library in the repository.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ecow::EcoString;
use fuse_analysis::{FileError, Files, Package};
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
    pub package: Package,
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
    let demand = fuse_analysis::Demand::of(&project, &[target.to_owned()]);
    let checked = fuse_analysis::check(&mut sources, &Memory { files }, &entries, &demand);
    assert!(checked.diagnostics.is_empty(), "{}", show(&checked.diagnostics, &sources));
    let target = project.targets.iter().find(|one| one.name == target).expect("the target");
    let result = fuse_plan::plan(&checked.package, &project, target, &sources);
    Case { sources, package: checked.package, result }
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

/// The packages in the repository that must build, with their `fuse.toml` and targets.
pub fn repository() -> Vec<(String, Case)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = vec![root.join("examples/wine-quality")];
    let cases = std::fs::read_dir(root.join("golden/build")).unwrap();
    folders.extend(cases.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()));
    folders.sort();
    let mut all = Vec::new();
    for folder in folders {
        let mut files = Vec::new();
        collect(&folder, &folder, &mut files);
        let toml = files.iter().find(|(path, _)| path == "fuse.toml").map(|(_, text)| text.clone());
        let toml = toml.unwrap_or_else(|| DEFAULT.to_owned());
        let texts: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let mut diagnostics = Vec::new();
        let project = fuse_analysis::project::read(fuse_base::FileId(0), &toml, &mut diagnostics).unwrap();
        for target in &project.targets {
            let name = format!("{} for {}", folder.file_name().unwrap().display(), target.name);
            all.push((name, lower_with(&texts, &toml, &target.name)));
        }
    }
    all
}

fn collect(root: &std::path::Path, folder: &std::path::Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "out" | "generated") {
                collect(root, &path, files);
            }
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            files.push((path.strip_prefix(root).unwrap().to_string_lossy().into_owned(), text));
        }
    }
}

impl Case {
    /// The lines of the plan's text below a heading line, without the indent.
    pub fn part(&self, heading: &str) -> Vec<String> {
        let text = self.plan().to_string();
        let lines = text.lines().skip_while(|line| !line.trim_start().starts_with(heading));
        let indent = lines.clone().next().map_or(0, |line| line.len() - line.trim_start().len());
        let inner = |line: &&str| line.len() - line.trim_start().len() > indent;
        lines.skip(1).take_while(inner).map(|line| line.trim().to_owned()).collect()
    }
}
