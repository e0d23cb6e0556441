//! Open folders. Every name is looked up in an open folder and no link is followed, so that nobody who moves things
//! about meanwhile can lead a read or a write elsewhere.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};

/// An open folder.
pub(super) struct Folder(OwnedFd);

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Is {
    Folder,
    File,
    Link,
    /// A device, a pipe or a socket.
    Other(&'static str),
}

const NO_LINK: OFlags = OFlags::CLOEXEC.union(OFlags::NOFOLLOW);

impl Folder {
    /// A folder that is trusted; links on the way are followed.
    pub(super) fn trusted(path: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::openat(CWD, path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?))
    }

    /// A folder in it.
    pub(super) fn folder(&self, name: &(impl AsRef<OsStr> + ?Sized)) -> io::Result<Self> {
        Ok(Self(rustix::fs::openat(&self.0, name.as_ref(), OFlags::DIRECTORY | NO_LINK, Mode::empty())?))
    }

    /// A folder further below; an empty path is the folder itself.
    pub(super) fn below(&self, path: &str) -> io::Result<Self> {
        let mut at = Self(self.0.try_clone()?);
        for name in path.split('/').filter(|name| !name.is_empty()) {
            at = at.folder(name)?;
        }
        Ok(at)
    }

    /// A regular file in it, for reading.
    pub(super) fn file(&self, name: &(impl AsRef<OsStr> + ?Sized)) -> io::Result<File> {
        // Not to block: it may have become a pipe since it was looked at.
        let file = File::from(rustix::fs::openat(
            &self.0,
            name.as_ref(),
            NO_LINK | OFlags::NONBLOCK,
            Mode::empty(),
        )?);
        if file.metadata()?.is_file() {
            return Ok(file);
        }
        Err(io::Error::other("it is no file any more"))
    }

    /// A new file in it.
    pub(super) fn create(&self, name: &(impl AsRef<OsStr> + ?Sized), mode: u32) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | NO_LINK;
        let file = rustix::fs::openat(&self.0, name.as_ref(), flags, Mode::from_raw_mode(0o600))?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))?;
        Ok(File::from(file))
    }

    /// A new folder in it; that it exists is an error.
    pub(super) fn make(&self, name: &(impl AsRef<OsStr> + ?Sized), mode: u32) -> io::Result<Self> {
        rustix::fs::mkdirat(&self.0, name.as_ref(), Mode::from_raw_mode(0o700))?;
        let folder = self.folder(name)?;
        folder.mode(mode)?;
        Ok(folder)
    }

    /// Sets its own mode.
    pub(super) fn mode(&self, mode: u32) -> io::Result<()> {
        Ok(rustix::fs::fchmod(&self.0, Mode::from_raw_mode(mode))?)
    }

    /// A new link in it.
    pub(super) fn link(&self, target: &str, name: &(impl AsRef<OsStr> + ?Sized)) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target, &self.0, name.as_ref())?)
    }

    /// Where a link in it leads.
    pub(super) fn target(&self, name: &(impl AsRef<OsStr> + ?Sized)) -> io::Result<Vec<u8>> {
        Ok(rustix::fs::readlinkat(&self.0, name.as_ref(), Vec::new())?.into_bytes())
    }

    /// What a name in it stands for, and its permission bits.
    pub(super) fn look(&self, name: &(impl AsRef<OsStr> + ?Sized)) -> io::Result<(Is, u32)> {
        let stat = rustix::fs::statat(&self.0, name.as_ref(), AtFlags::SYMLINK_NOFOLLOW)?;
        let is = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Is::Folder,
            FileType::RegularFile => Is::File,
            FileType::Symlink => Is::Link,
            FileType::Fifo => Is::Other("a pipe"),
            FileType::Socket => Is::Other("a socket"),
            FileType::CharacterDevice | FileType::BlockDevice | FileType::Unknown => Is::Other("a device"),
        };
        Ok((is, stat.st_mode & 0o777))
    }

    /// The names in it, unsorted; reading stops at a name too many.
    pub(super) fn names(&self, most: usize) -> io::Result<Vec<Vec<u8>>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = CStr::to_bytes(entry.file_name());
            if !matches!(name, b"." | b"..") {
                names.push(name.to_vec());
            }
            if names.len() > most {
                break;
            }
        }
        Ok(names)
    }

    /// Removes a name in it and all that lies below, however deep; that it does not exist is well.
    pub(super) fn remove(&self, name: &[u8]) -> io::Result<()> {
        let name = OsStr::from_bytes(name);
        let is = match self.look(name) {
            Ok((is, _)) => is,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if is != Is::Folder {
            return Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?);
        }
        self.empty(name)?;
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Empties a folder in it without a call for each depth: a hostile step can nest deeper than a stack. What lies
    /// two folders down is moved up, so that no more than two folders are ever open.
    fn empty(&self, name: &OsStr) -> io::Result<()> {
        let folder = self.folder(name)?;
        // It may be closed to writing; if it is somebody else's, the removal says so.
        let _ = folder.mode(0o700);
        let mut moved = 0_u64;
        loop {
            let names = folder.names(1000)?;
            if names.is_empty() {
                return Ok(());
            }
            for name in &names {
                let name = OsStr::from_bytes(name);
                if folder.look(name)?.0 == Is::Folder {
                    flatten(&folder, name, &mut moved)?;
                    rustix::fs::unlinkat(&folder.0, name, AtFlags::REMOVEDIR)?;
                } else {
                    rustix::fs::unlinkat(&folder.0, name, AtFlags::empty())?;
                }
            }
        }
    }

    /// Moves a name of it to another of it, which must not exist.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat_with(&self.0, from, &self.0, to, rustix::fs::RenameFlags::NOREPLACE)?)
    }

    /// Moves a name of it to another of it, whatever that was.
    pub(super) fn replace(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &self.0, to)?)
    }
}

/// Removes the files of a folder and moves its folders up, under names that nobody chose.
fn flatten(folder: &Folder, name: &OsStr, moved: &mut u64) -> io::Result<()> {
    let inner = folder.folder(name)?;
    let _ = inner.mode(0o700);
    loop {
        let names = inner.names(1000)?;
        if names.is_empty() {
            return Ok(());
        }
        for name in &names {
            let name = OsStr::from_bytes(name);
            if inner.look(name)?.0 == Is::Folder {
                let up = loop {
                    let up = format!(".removed-{moved}");
                    *moved += 1;
                    match rustix::fs::renameat_with(
                        &inner.0,
                        name,
                        &folder.0,
                        &up,
                        rustix::fs::RenameFlags::NOREPLACE,
                    ) {
                        Err(rustix::io::Errno::EXIST) => {}
                        done => break done,
                    }
                };
                up?;
            } else {
                rustix::fs::unlinkat(&inner.0, name, AtFlags::empty())?;
            }
        }
    }
}

/// The name of a path's last part and the folder that it lies in, opened without following links below `root`, which
/// is trusted. A path elsewhere is trusted but for its last part.
pub(super) fn parent<'a>(root: &Path, path: &'a Path) -> io::Result<(Folder, &'a OsStr)> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
    let around = path.parent().unwrap_or(Path::new("."));
    let Ok(inside) = around.strip_prefix(root) else {
        return Ok((Folder::trusted(around)?, name));
    };
    let mut at = Folder::trusted(root)?;
    for part in inside.components() {
        match part {
            std::path::Component::Normal(part) => at = at.folder(part)?,
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir
            | std::path::Component::RootDir
            | std::path::Component::Prefix(_) => return Err(io::Error::other("its path holds `..`")),
        }
    }
    Ok((at, name))
}
