//! Where fetched files land: beside their place, until all of them are there and checked.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};
use tempfile::TempDir;

use super::digest::{Entry, Kind};
use super::folder::{Folder, Is};
use super::rules;
use crate::failure::Failure;

/// A folder beside the place of something that is being fetched. What is in it goes with it.
pub(super) struct Landing<'a> {
    to: &'a Path,
    around: TempDir,
}

const WHOLE: &str = "whole";

impl<'a> Landing<'a> {
    pub(super) fn beside(to: &'a Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::io("write", to, &error);
        if to.symlink_metadata().is_ok() {
            return Err(Failure::new(format!("{} exists already", to.display())));
        }
        let around = to.parent().ok_or_else(|| failed(io::Error::other("it names no file")))?;
        let around = tempfile::Builder::new().prefix(".fetch-").tempdir_in(around).map_err(failed)?;
        Ok(Self { to, around })
    }

    /// A scratch file.
    pub(super) fn scratch(&self) -> Result<File, Failure> {
        tempfile::tempfile_in(self.around.path())
            .map_err(|error| Failure::io("write", self.around.path(), &error))
    }

    /// The file that is fetched.
    pub(super) fn file(&self) -> Result<(File, PathBuf), Failure> {
        let folder = Folder::trusted(self.around.path());
        let file = folder.and_then(|folder| folder.create(WHOLE, 0o644));
        file.map(|file| (file, self.around.path().join(WHOLE)))
            .map_err(|error| Failure::io("write", self.to, &error))
    }

    /// The folder that is fetched.
    pub(super) fn folder(&self) -> Result<Planted<'a>, Failure> {
        let folder = Folder::trusted(self.around.path()).and_then(|folder| folder.make(WHOLE, 0o755));
        folder
            .map(|root| Planted { root, to: self.to, modes: Vec::new() })
            .map_err(|error| Failure::io("write", self.to, &error))
    }

    /// All is there: puts it in its place.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let whole = self.around.path().join(WHOLE);
        rustix::fs::renameat_with(CWD, &whole, CWD, self.to, RenameFlags::NOREPLACE)
            .map_err(|error| Failure::io("write", self.to, &error.into()))
    }
}

/// A folder into which a tree is written. Nothing is ever written through a link.
pub(super) struct Planted<'a> {
    root: Folder,
    to: &'a Path,
    /// Folders that get their modes at the end: they may forbid to write into them.
    modes: Vec<(String, u32)>,
}

impl Planted<'_> {
    /// Makes a folder. That it exists is well: a file further below may have come first.
    pub(super) fn folder(&mut self, path: &str, mode: u32) -> Result<(), Failure> {
        let (around, name) = self.around(path)?;
        match around.make(name, 0o755) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let there = around.look(name).map_err(|error| self.failed(path, &error))?;
                if there.0 != Is::Folder {
                    return Err(self.failed(path, &error));
                }
            }
            Err(error) => return Err(self.failed(path, &error)),
            Ok(_) => {}
        }
        if mode != 0o755 {
            self.modes.push((path.to_owned(), mode));
        }
        Ok(())
    }

    /// Makes a file.
    pub(super) fn file(&self, path: &str, mode: u32) -> Result<File, Failure> {
        let (around, name) = self.around(path)?;
        around.create(name, mode).map_err(|error| self.failed(path, &error))
    }

    /// Makes a link.
    pub(super) fn link(&self, path: &str, target: &str) -> Result<(), Failure> {
        rules::link(path, target).map_err(Failure::new)?;
        let (around, name) = self.around(path)?;
        around.link(target, name).map_err(|error| self.failed(path, &error))
    }

    /// Makes what is no file; says whether it was one.
    pub(super) fn bare(&mut self, entry: &Entry) -> Result<bool, Failure> {
        match &entry.kind {
            Kind::Folder { mode } => self.folder(&entry.path, *mode).map(|()| false),
            Kind::Link { target } => self.link(&entry.path, target).map(|()| false),
            Kind::File { .. } => Ok(true),
        }
    }

    /// Gives folders their modes, the innermost first.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.modes.sort();
        for (path, mode) in self.modes.iter().rev() {
            let folder = self.root.below(path).and_then(|folder| folder.mode(*mode));
            folder.map_err(|error| self.failed(path, &error))?;
        }
        Ok(())
    }

    /// The path as the user will know it.
    pub(super) fn told(&self, path: &str) -> PathBuf {
        self.to.join(path)
    }

    /// The folder that a path lies in, made where no line said so before, and the name in it.
    fn around<'p>(&self, path: &'p str) -> Result<(Folder, &'p OsStr), Failure> {
        rules::path(path).map_err(Failure::new)?;
        let (around, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut at = self.root.below("").map_err(|error| self.failed(path, &error))?;
        for part in around.split('/').filter(|part| !part.is_empty()) {
            let inner = match at.folder(part) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => at.make(part, 0o755),
                inner => inner,
            };
            at = inner.map_err(|error| self.failed(path, &error))?;
        }
        Ok((at, OsStr::new(name)))
    }

    fn failed(&self, path: &str, error: &io::Error) -> Failure {
        Failure::io("write", &self.to.join(path), error)
    }
}

/// Writes bytes to a file that was made at a path.
pub(super) fn write(file: &mut impl io::Write, bytes: &[u8], path: &Path) -> Result<(), Failure> {
    file.write_all(bytes).map_err(|error| Failure::io("write", path, &error))
}

/// Ends writing.
pub(super) fn close(mut file: File, path: &Path) -> Result<(), Failure> {
    file.flush().map_err(|error| Failure::io("write", path, &error))
}
