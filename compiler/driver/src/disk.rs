//! The package's texts: from the disk, from an editor's buffers, and the standard library from the binary.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use fuse_analysis::{FileError, Files};

use crate::failure::{Failure, reason};
use crate::locate::Location;
use crate::stdlib;

/// The largest file that is read: nothing that people write comes near it.
pub const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Texts that win over the disk: an editor's open buffers, by package-relative path.
pub type Overlay = BTreeMap<String, Arc<str>>;

/// The files of one package during one command: each is read once, so that all stages see the same text.
pub struct Disk<'a> {
    root: PathBuf,
    overlay: &'a Overlay,
    own: Vec<String>,
    read: RefCell<BTreeMap<String, Result<Arc<str>, FileError>>>,
}

impl<'a> Disk<'a> {
    /// The files of a package; `own` are its `.fuse` files.
    #[must_use]
    pub fn new(location: &Location, overlay: &'a Overlay, own: Vec<String>) -> Self {
        Self { root: location.root.clone(), overlay, own, read: RefCell::default() }
    }

    fn load(&self, path: &str) -> Result<Arc<str>, FileError> {
        let full = self.root.join(path).canonicalize().map_err(|error| io_error(&error))?;
        if !full.starts_with(&self.root) {
            return Err(FileError::Outside);
        }
        // Asked before opening: opening a pipe or a device would wait for its other end.
        let metadata = full.metadata().map_err(|error| io_error(&error))?;
        if metadata.is_dir() {
            return Err(FileError::Io("it is a folder".to_owned()));
        }
        if !metadata.is_file() {
            return Err(FileError::Io("it is no regular file".to_owned()));
        }
        let mut bytes = Vec::new();
        let file = File::open(&full).map_err(|error| io_error(&error))?;
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| io_error(&error))?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length > MOST_BYTES {
            return Err(FileError::TooLarge(metadata.len().max(length)));
        }
        let text =
            String::from_utf8(bytes).map_err(|error| FileError::NotUtf8(error.utf8_error().valid_up_to()))?;
        match text.bytes().position(|byte| byte == 0) {
            Some(at) => Err(FileError::Io(format!("byte {at} is NUL, so it is no text"))),
            None => Ok(Arc::from(text)),
        }
    }
}

impl Files for Disk<'_> {
    fn read(&self, path: &str) -> Result<Arc<str>, FileError> {
        let path = normal(path)?;
        if let Some(text) = self.overlay.get(&path) {
            return Ok(Arc::clone(text));
        }
        if let Some(known) = self.read.borrow().get(&path) {
            return known.clone();
        }
        let loaded = self.load(&path);
        self.read.borrow_mut().insert(path, loaded.clone());
        loaded
    }

    fn std(&self, path: &str) -> Option<Arc<str>> {
        stdlib::text(path).map(Arc::from)
    }

    fn std_names(&self) -> Vec<String> {
        stdlib::names()
    }

    fn own_files(&self) -> Vec<String> {
        self.own.clone()
    }
}

/// A relative path without `.` and `..`, as long as it stays in the package.
fn normal(path: &str) -> Result<String, FileError> {
    if path.contains('\0') {
        return Err(FileError::Io("the path holds a NUL byte".to_owned()));
    }
    let mut names: Vec<&str> = Vec::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(name) => names.push(name.to_str().unwrap_or_default()),
            Component::CurDir => {}
            Component::ParentDir => {
                names.pop().ok_or(FileError::Outside)?;
            }
            Component::Prefix(_) | Component::RootDir => return Err(FileError::Outside),
        }
    }
    Ok(names.join("/"))
}

fn io_error(error: &io::Error) -> FileError {
    if error.kind() == io::ErrorKind::NotFound { FileError::Missing } else { FileError::Io(reason(error)) }
}

/// A file that the command cannot do without, in words.
pub(crate) fn unreadable(shown: &str, error: &FileError) -> Failure {
    let mib = MOST_BYTES / (1024 * 1024);
    let (what, help) = match error {
        FileError::Missing => (
            "there is no such file".to_owned(),
            "check the path, or remove the link that leads to it".to_owned(),
        ),
        FileError::Outside => (
            "it is a symbolic link that leaves the package".to_owned(),
            "put a copy into the package: a package is built from its own files alone".to_owned(),
        ),
        FileError::NotUtf8(at) => {
            (format!("byte {at} is no UTF-8"), "save it as UTF-8; other encodings are not read".to_owned())
        }
        FileError::TooLarge(bytes) => (
            format!("it has {bytes} bytes"),
            format!("at most {mib} MiB are read: move data out of it, or split it into modules"),
        ),
        FileError::Io(why) => (why.clone(), "check the file, or move it out of the package".to_owned()),
    };
    Failure::new(format!("cannot read {shown}: {what}"), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_and_never_leave() {
        assert_eq!(normal("a/./b/../c.fuse").unwrap(), "a/c.fuse");
        assert_eq!(normal("a/../../x"), Err(FileError::Outside));
        assert_eq!(normal("/etc/passwd"), Err(FileError::Outside));
        assert!(matches!(normal("a\0b"), Err(FileError::Io(_))));
    }

    #[cfg(unix)]
    #[test]
    fn only_texts_of_the_package_are_read() {
        use std::os::unix::fs::symlink;
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().canonicalize().unwrap().join("package");
        std::fs::create_dir_all(root.join("folder")).unwrap();
        let write = |path: &str, bytes: &[u8]| std::fs::write(root.join(path), bytes).unwrap();
        write("a.fuse", b"a");
        write("latin", b"ab\xe9");
        write("binary", b"a\0");
        std::fs::write(outer.path().join("outside"), "x").unwrap();
        symlink("a.fuse", root.join("inner")).unwrap();
        symlink("../outside", root.join("outer")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        File::create(root.join("large")).unwrap().set_len(MOST_BYTES + 1).unwrap();
        let pipe = std::process::Command::new("mkfifo").arg(root.join("pipe")).status().unwrap();
        assert!(pipe.success());

        let overlay = Overlay::from([("b.fuse".to_owned(), Arc::from("buffer"))]);
        let location = Location { root: root.clone(), prefix: String::new(), only: None };
        let disk = Disk::new(&location, &overlay, Vec::new());
        let read = |path: &str| disk.read(path);
        assert_eq!(read("a.fuse").as_deref(), Ok("a"));
        assert_eq!(read("./folder/../inner").as_deref(), Ok("a"));
        assert_eq!(read("b.fuse").as_deref(), Ok("buffer"));
        assert_eq!(read("outer"), Err(FileError::Outside));
        assert_eq!(read("../outside"), Err(FileError::Outside));
        assert_eq!(read("none"), Err(FileError::Missing));
        assert_eq!(read("dangling"), Err(FileError::Missing));
        assert_eq!(read("latin"), Err(FileError::NotUtf8(2)));
        assert_eq!(read("large"), Err(FileError::TooLarge(MOST_BYTES + 1)));
        for odd in ["binary", "folder", "loop", "pipe", "a.fuse/b"] {
            assert!(matches!(read(odd), Err(FileError::Io(_))), "{odd}: {:?}", read(odd));
        }
        // All stages of a command see the text that the first one saw.
        write("a.fuse", b"changed");
        assert_eq!(read("a.fuse").as_deref(), Ok("a"));
    }
}
