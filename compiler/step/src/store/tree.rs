//! What a step wrote: a file, or a folder with all that it holds.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::digest::{self, Entry, Kind, Sum, Summing};
use super::folder::{Folder, Is, parent};
use super::rules::{self, Limits, MAX_DEPTH, MAX_ENTRIES};
use crate::args::shortened;
use crate::failure::Failure;

/// Which permission bits count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Modes {
    /// Whether a file can be executed.
    Executable,
    /// All: of a `Source`.
    All,
}

impl Modes {
    /// For an artifact of a type.
    pub(super) fn of(artifact: &str) -> Self {
        if artifact == "Source" { Self::All } else { Self::Executable }
    }

    pub(super) fn file(self, mode: u32) -> u32 {
        match self {
            Self::All => mode & 0o777,
            Self::Executable if mode & 0o111 == 0 => 0o644,
            Self::Executable => 0o755,
        }
    }

    pub(super) fn folder(self, mode: u32) -> u32 {
        match self {
            Self::All => mode & 0o777,
            Self::Executable => 0o755,
        }
    }
}

/// What was found at a path.
pub(super) enum Found {
    /// A file with its size and digest.
    File { file: File, size: u64, sum: Sum },
    /// A folder, and all that it holds, sorted.
    Folder { folder: Folder, entries: Vec<Entry> },
}

impl Found {
    /// The digest of the whole.
    pub(super) fn sum(&self) -> Sum {
        match self {
            Self::File { sum, .. } => *sum,
            Self::Folder { entries, .. } => digest::of(entries),
        }
    }
}

/// Looks at what lies at a path, and reads all of it. Below `root` no link is followed.
pub(super) fn find(root: &Path, path: &Path, modes: Modes) -> Result<Found, Failure> {
    look(root, path, modes, &read)
}

/// Whether all that lies at a path could be kept. What is in the files is not read.
pub(super) fn check(path: &Path) -> Result<(), Failure> {
    let root = path.parent().unwrap_or(path);
    let size = |file: &File| Ok((file.metadata()?.len(), [0; 32]));
    look(root, path, Modes::All, &size).map(drop)
}

fn look(root: &Path, path: &Path, modes: Modes, read: &Reader) -> Result<Found, Failure> {
    let unread = |error: io::Error| Failure::io("read", path, &error);
    let (around, name) = parent(root, path).map_err(unread)?;
    match around.look(name).map_err(unread)?.0 {
        Is::File => {
            let file = around.file(name).map_err(unread)?;
            let (size, sum) = read(&file).map_err(unread)?;
            Ok(Found::File { file, size, sum })
        }
        Is::Folder => {
            let folder = around.folder(name).map_err(unread)?;
            let mut walk = Walk { path, modes, read, limits: Limits::default(), entries: Vec::new() };
            walk.folder(&folder, "", 1)?;
            let mut entries = walk.entries;
            entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
            Ok(Found::Folder { folder, entries })
        }
        Is::Link => Err(Failure::new(format!(
            "{} is a link; the files themselves must lie there: copy what it leads to (`cp -L`)",
            path.display()
        ))),
        Is::Other(what) => {
            Err(Failure::new(format!("{} is {what}; only files and folders can be kept", path.display())))
        }
    }
}

/// The size of a file, and its digest where that is asked for.
type Reader = dyn Fn(&File) -> io::Result<(u64, Sum)>;

struct Walk<'a> {
    path: &'a Path,
    modes: Modes,
    read: &'a Reader,
    limits: Limits,
    entries: Vec<Entry>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Folder, at: &str, depth: usize) -> Result<(), Failure> {
        if depth > MAX_DEPTH {
            return Err(self.refused(&format!("`{}` lies in more than {MAX_DEPTH} folders", shortened(at))));
        }
        let names = folder.names(MAX_ENTRIES).map_err(|error| self.unread(at, &error))?;
        for name in &names {
            let Ok(text) = std::str::from_utf8(name) else {
                let name = String::from_utf8_lossy(name);
                return Err(self.refused(&format!("the name `{}` is not valid UTF-8", shortened(&name))));
            };
            let path = if at.is_empty() { text.to_owned() } else { format!("{at}/{text}") };
            rules::path(&path).map_err(|why| self.refused(&why))?;
            self.entry(folder, OsStr::from_bytes(name), path, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, folder: &Folder, name: &OsStr, path: String, depth: usize) -> Result<(), Failure> {
        let (is, mode) = folder.look(name).map_err(|error| self.unread(&path, &error))?;
        let target = if is == Is::Link { self.link(folder, name, &path)? } else { String::new() };
        self.limits.entry(&path, &target).map_err(|why| self.refused(&why))?;
        let kind = match is {
            Is::Folder => {
                let inner = folder.folder(name).map_err(|error| self.unread(&path, &error))?;
                self.folder(&inner, &path, depth + 1)?;
                Kind::Folder { mode: self.modes.folder(mode) }
            }
            Is::File => {
                let file = folder.file(name).map_err(|error| self.unread(&path, &error))?;
                let (size, sum) = (self.read)(&file).map_err(|error| self.unread(&path, &error))?;
                self.limits.bytes(size).map_err(|why| self.refused(&why))?;
                Kind::File { mode: self.modes.file(mode), size, sum }
            }
            Is::Link => Kind::Link { target },
            Is::Other(what) => {
                return Err(self.refused(&format!(
                    "`{}` is {what}; only files, folders and links can be kept",
                    shortened(&path)
                )));
            }
        };
        self.entries.push(Entry { path, kind });
        Ok(())
    }

    fn link(&self, folder: &Folder, name: &OsStr, path: &str) -> Result<String, Failure> {
        let target = folder.target(name).map_err(|error| self.unread(path, &error))?;
        let target = String::from_utf8(target).map_err(|_| {
            self.refused(&format!("the link `{}` leads to a name that is not valid UTF-8", shortened(path)))
        })?;
        rules::link(path, &target).map_err(|why| self.refused(&why))?;
        Ok(target)
    }

    fn refused(&self, why: &str) -> Failure {
        Failure::new(format!("{} cannot be kept: {why}", self.path.display()))
    }

    fn unread(&self, at: &str, error: &io::Error) -> Failure {
        Failure::io("read", &self.path.join(at), error)
    }
}

/// Reads a file whole: its size and digest. One that grows while it is read ends at the size that it had.
pub(super) fn read(file: &File) -> io::Result<(u64, Sum)> {
    let size = file.metadata()?.len();
    let mut from = Summing::new(file.take(size));
    let mut block = vec![0; 1 << 18];
    while from.read(&mut block)? > 0 {}
    if from.passed() != size {
        return Err(io::Error::other("it became shorter while it was read"));
    }
    Ok((size, from.sum()))
}
