//! A program through the compiler, and its plan through runs with random outcomes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use ecow::EcoString;
use fastrand::Rng;
use fuse_analysis::{Demand, FileError, Files};
use fuse_base::{Diagnostic, FileId, Sources};
use fuse_emit::{Folder, Header};
use fuse_plan::simulate::outcomes::{Program, Remedy};

use super::blocks::Blocks;
use super::tree::{Tree, text};

/// The one file of a program.
const FILE: &str = "pipeline.fuse";

/// What is wrong with a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What it is in short: shrinking keeps it.
    pub(crate) kind: String,
    /// The whole of it.
    pub(crate) text: String,
}

/// What becomes of a program.
#[derive(Debug)]
pub(crate) struct Trial {
    /// Path and text of each file that is written.
    pub(crate) manifests: Vec<(String, String)>,
    /// How many pipeline tasks its pipelines have.
    pub(crate) nodes: usize,
    /// How many runs there were.
    pub(crate) runs: usize,
}

/// How a program is tried.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The text of `fuse.toml`.
    pub(crate) toml: String,
    /// Runs of each pipeline.
    pub(crate) outcomes: usize,
    /// What the lowering is tried without.
    pub(crate) without: Option<Remedy>,
    /// The seed of the outcomes.
    pub(crate) seed: u64,
}

/// The library, read once.
#[derive(Debug, Clone)]
pub(crate) struct Library(Arc<BTreeMap<String, Arc<str>>>);

impl Library {
    /// The library of the repository.
    pub(crate) fn read() -> Result<Self, String> {
        let root: PathBuf = fuse_testkit::repository().join("stdlib");
        let files = fuse_testkit::tree(&root)?;
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(Arc::from);
        Ok(Self(Arc::new(
            files.iter().filter_map(|(path, bytes)| Some((path.clone(), text(bytes)?))).collect(),
        )))
    }
}

struct Package<'l> {
    library: &'l Library,
    text: Arc<str>,
}

impl Files for Package<'_> {
    fn read(&self, path: &str) -> Result<Arc<str>, FileError> {
        if path == FILE { Ok(self.text.clone()) } else { Err(FileError::Missing) }
    }

    fn std(&self, path: &str) -> Option<Arc<str>> {
        self.library.0.get(path).cloned()
    }

    fn std_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn own_files(&self) -> Vec<String> {
        vec![FILE.to_owned()]
    }
}

/// Checks a program, writes its manifests, and lets its pipelines run.
pub(crate) fn trial(library: &Library, program: &[Tree], settings: &Settings) -> Result<Trial, Failure> {
    let (text, blocks) = (text(program), Blocks::of(program));
    let mut sources = Sources::new();
    let file: FileId = sources.add("fuse.toml", settings.toml.as_str());
    let mut diagnostics = Vec::new();
    let project = fuse_analysis::project::read(file, &settings.toml, &mut diagnostics);
    let Some(project) = project.filter(|_| diagnostics.is_empty()) else {
        return Err(refused("fuse.toml", &diagnostics, &sources));
    };
    let files = Package { library, text: Arc::from(text.as_str()) };
    let demand = Demand::of(&project, &[]);
    let checked = fuse_analysis::check(&mut sources, &files, &[EcoString::from(FILE)], &demand);
    if !checked.diagnostics.is_empty() {
        return Err(refused("check", &checked.diagnostics, &sources));
    }
    let mut trial = Trial { manifests: Vec::new(), nodes: 0, runs: 0 };
    for target in &project.targets {
        let plan = fuse_plan::plan(&checked.package, &project, target, &sources);
        let plan = plan.map_err(|diagnostics| refused("plan", &diagnostics, &sources))?;
        if !plan.warnings.is_empty() {
            return Err(refused("plan", &plan.warnings, &sources));
        }
        let header = Header { version: "0.0.0".to_owned(), inputs: String::new() };
        let written = fuse_emit::emit(&plan, &header, &sources);
        let written = written.map_err(|error| failure("emit", error.to_string()))?;
        let written = written.into_iter().filter(|one| one.folder == Folder::Target);
        trial.manifests.extend(written.map(|one| (format!("{}/{}", target.name, one.path), one.text)));
        let mut rng = Rng::with_seed(settings.seed);
        for pipeline in &plan.pipelines {
            trial.nodes += pipeline.order.len();
            let mut program = Program::new(&target.name, &checked.package, &plan, pipeline);
            if let Some(remedy) = settings.without {
                program = program.without(remedy);
            }
            for at in 0..settings.outcomes {
                let run = program.run(&mut rng, at % 2 == 1).map_err(|text| failure("violation", text))?;
                if let Some(text) = blocks.violation(pipeline, &sources, &run) {
                    return Err(failure("violation", format!("{}: {text}", pipeline.name)));
                }
                trial.runs += 1;
            }
        }
    }
    Ok(trial)
}

fn failure(kind: &str, text: String) -> Failure {
    Failure { kind: kind.to_owned(), text }
}

fn refused(by: &str, diagnostics: &[Diagnostic], sources: &Sources) -> Failure {
    let mut text = String::new();
    for one in diagnostics {
        let at = sources.line_column(one.span);
        let path = sources.path(one.span.file);
        text += &format!("{path}:{}:{} {} {}\n", at.line, at.column, one.code.id, one.message);
        let whole = sources.get(one.span.file).map_or("", |file| &file.text);
        let line = whole.lines().nth(usize::try_from(at.line).unwrap_or(0).saturating_sub(1));
        text += &format!("  | {}\n", line.unwrap_or_default().trim());
    }
    let codes: BTreeSet<&str> = diagnostics.iter().map(|one| one.code.id).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    Failure { kind: format!("{by} {}", codes.join(" ")), text }
}
