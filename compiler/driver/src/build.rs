//! Writes the manifests of a package: every selected target as a whole, or nothing at all.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fuse_emit::Folder;

use crate::check::{Checked, check};
use crate::disk::Overlay;
use crate::failure::Failure;
use crate::header::{header, version_of};
use crate::locate::{Location, OUTPUT_FOLDER};
use crate::replace::{self, StagedFile, StagedFolder};

/// What a build did.
#[derive(Debug)]
pub struct Built {
    /// The package; with errors nothing was written.
    pub checked: Checked,
    /// What was written, or stood there already: the targets, then single files.
    pub written: Vec<Written>,
}

/// A folder or file of the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its path, as messages show it.
    pub path: String,
    /// How many files it holds; `None` for a single file.
    pub files: Option<usize>,
    /// Whether anything differed from what stood there.
    pub changed: bool,
}

/// The files of all targets, before they are written.
pub(crate) struct Output {
    /// The folder that the target folders lie in.
    pub(crate) parent: PathBuf,
    /// How messages call it, ending in `/` unless it is the current folder.
    pub(crate) shown_parent: String,
    /// The folder of single files.
    pub(crate) base: PathBuf,
    /// How messages call it, ending in `/` unless it is the current folder.
    pub(crate) shown_base: String,
    /// Target and its files, path and text.
    pub(crate) targets: Vec<(String, Vec<(String, String)>)>,
    /// Single files by name.
    pub(crate) single: BTreeMap<String, String>,
}

/// Checks a package and writes the selected targets, all of them where `selection` is empty, below `generated/` of
/// the package or below `out`.
///
/// # Errors
/// When files cannot be read or written; the old output is then untouched.
pub fn build(location: &Location, selection: &[String], out: Option<&Path>) -> Result<Built, Vec<Failure>> {
    let mut checked = check(location, &Overlay::new(), selection)?;
    if checked.errors() > 0 {
        checked.show_from_here();
        return Ok(Built { checked, written: Vec::new() });
    }
    let output = output(location, &checked, out).map_err(|failure| vec![failure])?;
    let written = write(&output).map_err(|failure| vec![failure])?;
    checked.show_from_here();
    Ok(Built { checked, written })
}

/// Emits every plan.
pub(crate) fn output(location: &Location, checked: &Checked, out: Option<&Path>) -> Result<Output, Failure> {
    if checked.package.roots.is_empty() && checked.package.deploys.is_empty() {
        let what = location.only.as_deref().unwrap_or("");
        let shown = location.shown(what);
        if !checked.package.pipelines.is_empty() {
            let message = format!("{shown} declares no pipeline that can be built alone, and no deploy");
            let help = "name what its type parameters are: `build = [\"name<argument>\"]` in `[package]`";
            return Err(Failure::new(message, help));
        }
        let message = format!("{shown} declares no pipeline and no deploy");
        return Err(Failure::new(message, "there is nothing to build: `fusec check` checks modules alone"));
    }
    let (base, shown_base) = match out {
        Some(folder) => (folder.to_path_buf(), folder_prefix(folder)),
        None => (location.root.clone(), location.prefix.clone()),
    };
    let (parent, shown_parent) = match out {
        Some(folder) => (folder.to_path_buf(), shown_base.clone()),
        None => (base.join(OUTPUT_FOLDER), format!("{shown_base}{OUTPUT_FOLDER}/")),
    };
    let header = header(checked);
    let mut output =
        Output { parent, shown_parent, base, shown_base, targets: Vec::new(), single: BTreeMap::new() };
    for plan in &checked.plans {
        let artifacts = fuse_emit::emit(plan, &header, &checked.sources).map_err(|error| {
            let message = format!("cannot print the manifests of target `{}`: {error}", plan.target);
            Failure::new(message, "this is a mistake of the compiler: please report it with the package")
        })?;
        let mut files = Vec::new();
        for artifact in artifacts {
            match artifact.folder {
                Folder::Target => files.push((artifact.path, artifact.text)),
                Folder::Package => output.add_single(artifact.path, artifact.text, &plan.target)?,
            }
        }
        output.targets.push((plan.target.to_string(), files));
    }
    Ok(output)
}

impl Output {
    fn add_single(&mut self, path: String, text: String, target: &str) -> Result<(), Failure> {
        match self.single.get(&path) {
            Some(other) if *other != text => {
                let message =
                    format!("`{path}` would not be the same for target `{target}` and the one before");
                Err(Failure::new(
                    message,
                    "build the targets that differ into folders of their own with `--out`",
                ))
            }
            Some(_) => Ok(()),
            None => {
                self.single.insert(path, text);
                Ok(())
            }
        }
    }
}

/// A folder given by the user as the beginning of paths.
fn folder_prefix(folder: &Path) -> String {
    let shown = folder.display().to_string();
    let trimmed = shown.trim_end_matches('/');
    match trimmed {
        "" if shown.is_empty() => String::new(),
        "." => String::new(),
        _ => format!("{trimmed}/"),
    }
}

/// Something that will be put in its place at the end.
enum Step {
    Folder(StagedFolder, String),
    File(StagedFile, String),
}

/// Writes everything aside first: if that fails, nothing has changed.
fn write(output: &Output) -> Result<Vec<Written>, Failure> {
    let made = make_parent(output)?;
    let result = write_locked(output);
    if let (Err(_), Some(made)) = (&result, made) {
        // Only folders of this build, and only while they are empty.
        let upwards = output.parent.ancestors().take_while(|folder| folder.starts_with(&made));
        upwards.take_while(|folder| fs::remove_dir(folder).is_ok()).for_each(drop);
    }
    result
}

/// Makes the folder of the targets; gives the topmost folder that was missing.
fn make_parent(output: &Output) -> Result<Option<PathBuf>, Failure> {
    let missing = output
        .parent
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && folder.symlink_metadata().is_err());
    let made = missing.last().map(Path::to_path_buf);
    let shown = output.shown_parent.trim_end_matches('/');
    fs::create_dir_all(&output.parent).map_err(|error| Failure::writing(shown, &error))?;
    Ok(made)
}

fn write_locked(output: &Output) -> Result<Vec<Written>, Failure> {
    let failed = |shown: &str, error: io::Error| Failure::writing(shown.trim_end_matches('/'), &error);
    let _lock = replace::lock(&output.parent).map_err(|error| failed(&output.shown_parent, error))?;
    if output.base != output.parent {
        replace::repair(&output.base).map_err(|error| failed(&output.shown_base, error))?;
    }
    let mut written = Vec::new();
    let mut steps = Vec::new();
    for (target, files) in &output.targets {
        let shown = format!("{}{target}", output.shown_parent);
        let place = output.parent.join(target);
        owned_folder(&place, &shown)?;
        let changed = !folder_is(&place, files);
        if changed {
            let staged = replace::stage_folder(&output.parent, target, files);
            steps.push(Step::Folder(staged.map_err(|error| failed(&shown, error))?, shown.clone()));
        }
        written.push(Written { path: shown, files: Some(files.len()), changed });
    }
    for (name, text) in &output.single {
        let shown = format!("{}{name}", output.shown_base);
        let place = output.base.join(name);
        owned_file(&place, &shown)?;
        let staged = replace::stage_file(&place, text).map_err(|error| failed(&shown, error))?;
        written.push(Written { path: shown.clone(), files: None, changed: staged.is_some() });
        steps.extend(staged.map(|staged| Step::File(staged, shown)));
    }
    for step in steps {
        match step {
            Step::Folder(staged, shown) => staged.commit().map_err(|error| failed(&shown, error))?,
            Step::File(staged, shown) => staged.commit().map_err(|error| failed(&shown, error))?,
        }
    }
    Ok(written)
}

/// All files below a folder, sorted, with `/` between names; `None` where it is no folder that can be listed.
pub(crate) fn listing(folder: &Path) -> Option<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in fs::read_dir(&folder).ok()? {
            let entry = entry.ok()?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type().ok()?.is_dir() {
                folders.push((entry.path(), format!("{name}/")));
            } else {
                files.push(name);
            }
        }
    }
    files.sort();
    Some(files)
}

/// Whether a folder holds exactly these files.
pub(crate) fn folder_is(place: &Path, files: &[(String, String)]) -> bool {
    let mut expected: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    expected.sort_unstable();
    !place.is_symlink()
        && listing(place).is_some_and(|found| found == expected)
        && files.iter().all(|(path, text)| file_is(&place.join(path), text))
}

/// Whether a file has exactly this content.
pub(crate) fn file_is(place: &Path, text: &str) -> bool {
    fs::read(place).is_ok_and(|bytes| bytes == text.as_bytes())
}

/// Refuses to replace a folder that holds something and was not made by a build.
fn owned_folder(place: &Path, shown: &str) -> Result<(), Failure> {
    let Ok(metadata) = place.symlink_metadata() else { return Ok(()) };
    let help = "move it away, or choose another folder with `--out`";
    if !metadata.is_dir() {
        return Err(Failure::new(format!("cannot write {shown}: it is no folder"), help));
    }
    let files = listing(place).ok_or_else(|| {
        Failure::new(format!("cannot write {shown}: its old content cannot be listed"), help)
    })?;
    let generated = |path: &String| {
        fs::read(place.join(path)).is_ok_and(|bytes| version_of(&String::from_utf8_lossy(&bytes)).is_some())
    };
    if files.is_empty() || files.iter().any(generated) {
        return Ok(());
    }
    let message = format!("cannot write {shown}: it holds files, and none of them was written by fusec");
    Err(Failure::new(message, help))
}

/// Refuses to replace a file that was not made by a build.
fn owned_file(place: &Path, shown: &str) -> Result<(), Failure> {
    let Ok(bytes) = fs::read(place) else { return Ok(()) };
    if version_of(&String::from_utf8_lossy(&bytes)).is_some() {
        return Ok(());
    }
    let message = format!("cannot write {shown}: the file is there and was not written by fusec");
    let help = "move it away, or remove `[mlflow] project = true` from `fuse.toml`";
    Err(Failure::new(message, help))
}
