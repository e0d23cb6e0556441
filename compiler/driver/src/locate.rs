//! Finds the package that a command is about, and the `.fuse` files in it.

use std::path::{Component, Path, PathBuf};
use std::{env, fs, io};

use fuse_base::closest;

use crate::failure::{Failure, reason};

/// The file that makes a folder a package.
pub const PROJECT_FILE: &str = "fuse.toml";

/// The folder below a package that builds write into.
pub const OUTPUT_FOLDER: &str = "generated";

/// A package on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Its folder, absolute and without symbolic links.
    pub root: PathBuf,
    /// What stands before package-relative paths in messages: empty, or ending in `/`.
    pub prefix: String,
    /// The file whose pipelines are meant, relative to the package; `None` for all.
    pub only: Option<String>,
}

impl Location {
    /// How messages call a path of the package.
    #[must_use]
    pub fn shown(&self, path: &str) -> String {
        if path.is_empty() {
            let folder = self.prefix.trim_end_matches('/');
            return if self.prefix.is_empty() { ".".to_owned() } else { folder.to_owned() };
        }
        format!("{}{path}", self.prefix)
    }

    /// The package in exactly this folder, such as the root that an editor opened.
    ///
    /// # Errors
    /// When the folder cannot be entered or has no `fuse.toml`.
    pub fn of_folder(folder: &Path) -> Result<Self, Failure> {
        let shown = folder.display().to_string();
        let root = folder.canonicalize().map_err(|error| Failure::reading(&shown, &error))?;
        if is_package(&root) { Self::at(root, None) } else { Err(no_package(&root, &shown)) }
    }

    fn at(root: PathBuf, only: Option<String>) -> Result<Self, Failure> {
        let cwd = current_folder()?;
        let prefix = display_prefix(&root, &cwd);
        Ok(Self { root, prefix, only })
    }
}

/// The package that `path` names: a package folder, its `fuse.toml` or a `.fuse` file in it; without a path the
/// package around the current folder.
///
/// # Errors
/// When there is no such file, no package, or the system refuses to tell.
pub fn locate(path: Option<&Path>) -> Result<Location, Failure> {
    let Some(path) = path else {
        let cwd = current_folder()?;
        let root = package_around(&cwd).ok_or_else(|| no_package(&cwd, "the current folder"))?;
        return Location::at(root, None);
    };
    let shown = path.display().to_string();
    let full = path.canonicalize().map_err(|error| missing(path, &shown, &error))?;
    if full.is_dir() {
        return Location::of_folder(path);
    }
    let folder = full.parent().unwrap_or(&full).to_path_buf();
    if full.file_name().is_some_and(|name| name == PROJECT_FILE) {
        return Location::at(folder, None);
    }
    if full.extension().is_none_or(|extension| extension != "fuse") {
        let help = "give a package folder or a `.fuse` file";
        return Err(Failure::new(format!("{shown} is no `.fuse` file"), help));
    }
    let root = package_around(&folder).ok_or_else(|| no_package(&folder, &shown))?;
    let Some(only) = full.strip_prefix(&root).ok().and_then(slashes) else {
        return Err(Failure::new(format!("the path of {shown} is no UTF-8"), "rename the file"));
    };
    Location::at(root, Some(only))
}

/// A path that does not exist, or cannot be reached.
fn missing(path: &Path, shown: &str, error: &io::Error) -> Failure {
    if error.kind() != io::ErrorKind::NotFound {
        return Failure::reading(shown, error);
    }
    let folder = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut names: Vec<String> = fs::read_dir(folder)
        .map(|entries| entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
        .unwrap_or_default();
    names.sort();
    let help = closest(&name, names.iter().map(String::as_str)).map_or_else(
        || "check the path; `fusec new <name>` makes a package".to_owned(),
        |found| format!("did you mean `{}`?", path.with_file_name(found).display()),
    );
    Failure::new(format!("cannot read {shown}: {}", reason(error)), help)
}

/// A folder that is no package, with the package that may have been meant.
fn no_package(folder: &Path, shown: &str) -> Failure {
    let around = package_around(folder).map_or_else(
        || format!("add a `{PROJECT_FILE}`, or make a package with `fusec new <name>`"),
        |root| format!("it lies in the package {}: give that folder", root.display()),
    );
    Failure::new(format!("{shown} has no `{PROJECT_FILE}`, so it is no package"), around)
}

fn current_folder() -> Result<PathBuf, Failure> {
    let cwd = env::current_dir().and_then(|folder| folder.canonicalize());
    cwd.map_err(|error| Failure::reading("the current folder", &error))
}

/// The nearest folder upwards with a `fuse.toml`.
fn package_around(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|folder| is_package(folder)).map(Path::to_path_buf)
}

/// Whether something is called `fuse.toml` here; whether it can be read is told when it is read.
fn is_package(folder: &Path) -> bool {
    folder.join(PROJECT_FILE).symlink_metadata().is_ok()
}

/// The way from the current folder to the package, as messages show it.
fn display_prefix(root: &Path, cwd: &Path) -> String {
    if let Ok(below) = root.strip_prefix(cwd) {
        let below = below.to_string_lossy().replace('\\', "/");
        return if below.is_empty() { below } else { format!("{below}/") };
    }
    if let Ok(up) = cwd.strip_prefix(root) {
        return "../".repeat(up.components().count());
    }
    format!("{}/", root.display())
}

/// A relative path with `/` between names; `None` if a name is no UTF-8.
fn slashes(path: &Path) -> Option<String> {
    let names: Option<Vec<&str>> = path
        .components()
        .map(|component| match component {
            Component::Normal(name) => name.to_str(),
            Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
        })
        .collect();
    names.map(|names| names.join("/"))
}

/// All `.fuse` files of a package, sorted: not in hidden folders, the output folder or packages within the package.
///
/// # Errors
/// When a folder cannot be listed, or a file's name is no UTF-8.
pub fn fuse_files(location: &Location) -> Result<Vec<String>, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![(location.root.clone(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let listing = fs::read_dir(&folder).map_err(|error| unlistable(location, &prefix, &error))?;
        for entry in listing {
            let entry = entry.map_err(|error| unlistable(location, &prefix, &error))?;
            let kind = entry.file_type().map_err(|error| unlistable(location, &prefix, &error))?;
            let Ok(name) = entry.file_name().into_string() else {
                if entry.path().extension().is_some_and(|extension| extension == "fuse") {
                    let shown = format!("{}{prefix}{}", location.prefix, entry.file_name().to_string_lossy());
                    return Err(Failure::new(format!("the name of {shown} is no UTF-8"), "rename the file"));
                }
                continue;
            };
            let output = prefix.is_empty() && name == OUTPUT_FOLDER;
            if name.starts_with('.') || output {
                continue;
            }
            // Links to folders are not followed: what lies behind them is listed at its own place, or is not ours.
            if kind.is_dir() {
                if !is_package(&entry.path()) {
                    folders.push((entry.path(), format!("{prefix}{name}/")));
                }
            } else if name.ends_with(".fuse") && !(kind.is_symlink() && entry.path().is_dir()) {
                files.push(format!("{prefix}{name}"));
            }
        }
    }
    files.sort();
    Ok(files)
}

fn unlistable(location: &Location, prefix: &str, error: &io::Error) -> Failure {
    let shown = location.shown(prefix.trim_end_matches('/'));
    Failure::new(
        format!("cannot list the folder {shown}: {}", reason(error)),
        "make it readable for this user, or move it out of the package",
    )
}
