//! From a package on disk to a checked one, and on to the plans of its targets.

use ecow::EcoString;
use fuse_analysis::project::{Project, Target, read};
use fuse_analysis::{Demand, Files as _, Package};
use fuse_base::codes::package as codes;
use fuse_base::{Diagnostic, Sources, did_you_mean, sort_and_dedup};
use fuse_plan::Plan;

use crate::disk::{Disk, Overlay, unreadable};
use crate::failure::Failure;
use crate::locate::{Location, PROJECT_FILE, fuse_files};

/// Everything that is known of a package after checking it.
#[derive(Debug)]
pub struct Checked {
    /// All texts; paths are relative to the package until [`Checked::show_from_here`].
    pub sources: Sources,
    /// What is wrong, sorted by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// The typed package; worth reading only without errors.
    pub package: Package,
    /// `fuse.toml`, where it could be read.
    pub project: Option<Project>,
    /// The plans of the selected targets in the order of `fuse.toml`; none where there are errors.
    pub plans: Vec<Plan>,
    prefix: String,
}

impl Checked {
    /// How many errors there are.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|one| one.is_error()).count()
    }

    /// How many warnings there are.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.diagnostics.len() - self.errors()
    }

    /// Makes the paths of the sources lead from the folder that the user works in; after emission, not before.
    pub fn show_from_here(&mut self) {
        let prefix = std::mem::take(&mut self.prefix);
        self.sources.prefix_paths(&prefix);
    }
}

/// Checks a package and plans the selected targets, all of them where `selection` is empty.
///
/// # Errors
/// When files cannot be read, or a selected target does not exist.
pub fn check(location: &Location, overlay: &Overlay, selection: &[String]) -> Result<Checked, Vec<Failure>> {
    let mut own = fuse_files(location).map_err(|failure| vec![failure])?;
    own.extend(overlay.keys().filter(|path| path.ends_with(".fuse")).cloned());
    own.sort();
    own.dedup();
    let entries = location.only.as_ref().map_or_else(|| own.clone(), |only| vec![only.clone()]);
    let disk = Disk::new(location, overlay, own);
    let toml = readable(location, &disk, &entries)?;

    let mut sources = Sources::new();
    let mut diagnostics = Vec::new();
    let file = sources.add(PROJECT_FILE, toml.clone());
    let project = read(file, &toml, &mut diagnostics);
    let wrong_project = diagnostics.iter().any(Diagnostic::is_error);
    if let (Some(project), false) = (&project, wrong_project) {
        known_targets(location, project, selection).map_err(|failure| vec![failure])?;
    }
    let entries: Vec<EcoString> = entries.into_iter().map(EcoString::from).collect();
    let demand = project.as_ref().filter(|_| !wrong_project).map(|project| Demand::of(project, selection));
    let analysed = fuse_analysis::check(&mut sources, &disk, &entries, &demand.unwrap_or_default());
    diagnostics.extend(analysed.diagnostics);

    let mut checked = Checked {
        sources,
        diagnostics,
        package: analysed.package,
        project,
        plans: Vec::new(),
        prefix: location.prefix.clone(),
    };
    if !wrong_project {
        checked.plan(selection);
    }
    sort_and_dedup(&mut checked.diagnostics, &checked.sources);
    Ok(checked)
}

/// Reads all entries once, so that every unreadable one is told; gives the text of `fuse.toml`.
fn readable(
    location: &Location,
    disk: &Disk<'_>,
    entries: &[String],
) -> Result<std::sync::Arc<str>, Vec<Failure>> {
    let mut failures = Vec::new();
    let mut text = |path: &str| {
        disk.read(path).map_err(|error| failures.push(unreadable(&location.shown(path), &error))).ok()
    };
    let toml = text(PROJECT_FILE);
    for entry in entries {
        text(entry);
    }
    if entries.is_empty() {
        let help =
            "write a pipeline into a file such as `pipeline.fuse`; `fusec new <name>` makes an example";
        failures.push(Failure::new(format!("{} holds no `.fuse` file", location.shown("")), help));
    }
    match toml {
        Some(toml) if failures.is_empty() => Ok(toml),
        Some(_) | None => Err(failures),
    }
}

fn known_targets(location: &Location, project: &Project, selection: &[String]) -> Result<(), Failure> {
    let names = || project.targets.iter().map(|target| target.name.as_str());
    let Some(unknown) = selection.iter().find(|name| names().all(|known| known != name.as_str())) else {
        return Ok(());
    };
    if project.bases.iter().any(|base| base.as_str() == unknown.as_str()) {
        let message = format!("the target `{unknown}` of {} is abstract", location.shown(PROJECT_FILE));
        return Err(Failure::new(message, "build a target that extends it, or remove `abstract = true`"));
    }
    let message = format!("{} has no target `{unknown}`", location.shown(PROJECT_FILE));
    let help = did_you_mean(unknown, names())
        .unwrap_or_else(|| format!("add `[target.{unknown}]`, or build one of its targets"));
    Err(Failure::new(message, help))
}

impl Checked {
    fn plan(&mut self, selection: &[String]) {
        let Some(project) = &self.project else { return };
        let has_roots = !self.package.roots.is_empty() || !self.package.deploys.is_empty();
        if project.targets.is_empty() && has_roots {
            let message = "the package has pipelines, and `fuse.toml` names no target to build them for";
            let help =
                "add `[target.dev]` with `namespace = \"<namespace>\"` and `tekton = { version = \"1.15\" }`";
            self.diagnostics.push(Diagnostic::new(&codes::NO_TARGET, project.name.span, message).help(help));
        }
        if self.errors() > 0 {
            return;
        }
        let selected = |target: &&Target| {
            selection.is_empty() || selection.iter().any(|name| *name == target.name.as_str())
        };
        let mut plans = Vec::new();
        let mut diagnostics = Vec::new();
        for target in project.targets.iter().filter(selected) {
            match fuse_plan::plan(&self.package, project, target, &self.sources) {
                Ok(plan) => {
                    diagnostics.extend(plan.warnings.iter().cloned());
                    plans.push(plan);
                }
                Err(errors) => diagnostics.extend(errors),
            }
        }
        self.diagnostics.extend(diagnostics);
        if self.errors() == 0 {
            self.plans = plans;
        }
    }
}

/// Checks the standard library alone: its tools with their tasks and resources, for people to read.
#[must_use]
pub fn check_std() -> Checked {
    const ENTRY: &str = "tools.fuse";
    let names = crate::stdlib::names();
    let imports: String = names.iter().map(|name| format!("import std/{name}\n")).collect();
    let overlay = Overlay::from([(ENTRY.to_owned(), imports.into())]);
    let nowhere = Location { root: std::path::PathBuf::new(), prefix: String::new(), only: None };
    let disk = Disk::new(&nowhere, &overlay, vec![ENTRY.to_owned()]);
    let mut sources = Sources::new();
    let analysed = fuse_analysis::check(&mut sources, &disk, &[EcoString::from(ENTRY)], &Demand::default());
    Checked {
        sources,
        diagnostics: analysed.diagnostics,
        package: analysed.package,
        project: None,
        plans: Vec::new(),
        prefix: String::new(),
    }
}
