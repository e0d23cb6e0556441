//! Files of a pod: written by one step, read by steps of other users.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use nix::fcntl::OFlag;

use crate::failure::Failure;

/// A folder that every user may read.
pub const READABLE: u32 = 0o755;
/// A folder that every user may write to; what they write stays theirs.
pub const SHARED: u32 = 0o1777;

/// Makes a folder with a mode, whatever the process's umask is.
///
/// # Errors
/// It cannot be made, or something else is there.
pub fn folder(path: &Path, mode: u32) -> Result<(), Failure> {
    match fs::create_dir(path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists && is_folder(path) => {}
        Err(error) => return Err(Failure::io("make", path, &error)),
    }
    set_mode(path, mode)
}

/// Sets a mode.
///
/// # Errors
/// The file belongs to somebody else, or is not there.
pub fn set_mode(path: &Path, mode: u32) -> Result<(), Failure> {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(|error| Failure::io("set the mode of", path, &error))
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

/// Writes a file that was not there, readable by every user. Nothing that stands at its place is followed.
///
/// # Errors
/// It exists already, or the disk is full.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(path)?;
        file.write_all(bytes)?;
        file.set_permissions(Permissions::from_mode(mode))
    };
    write().map_err(|error| Failure::io("write", path, &error))
}

/// Writes a file under another name first, so that a reader never sees a part of it.
///
/// # Errors
/// The folder is missing or not writable, or the disk is full.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().set_permissions(Permissions::from_mode(0o644))?;
        file.persist(path).map_err(|error| error.error)
    };
    write().map(|_| ()).map_err(|error| Failure::io("write", path, &error))
}

/// Removes a file or folder with all that is in it; links are removed, not followed.
///
/// # Errors
/// Something in it belongs to somebody else.
pub fn remove(path: &Path) -> Result<(), Failure> {
    let removed = if is_folder(path) { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::io("remove", path, &error)),
        _ => Ok(()),
    }
}

/// What stands at a path that a step was to write.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// The bytes of a regular file.
    Bytes(Vec<u8>),
    /// A file that is larger than asked for: its size.
    TooLarge(u64),
    /// Something else: what it is, in words.
    Other(&'static str),
}

/// Reads a regular file of at most `most` bytes. Links, pipes and devices are neither followed nor opened to block.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path, most: u64) -> Result<Found, Failure> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = match OpenOptions::new().read(true).custom_flags(flags.bits()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => {
            let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
            return if is_link { Ok(Found::Other("a link")) } else { Err(Failure::io("read", path, &error)) };
        }
    };
    let metadata = file.metadata().map_err(|error| Failure::io("read", path, &error))?;
    if metadata.is_dir() {
        return Ok(Found::Other("a folder"));
    }
    if !metadata.is_file() {
        return Ok(Found::Other("a pipe, a socket or a device"));
    }
    if metadata.len() > most {
        return Ok(Found::TooLarge(metadata.len()));
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| Failure::io("read", path, &error))?;
    let size = bytes.len() as u64;
    Ok(if size > most { Found::TooLarge(size) } else { Found::Bytes(bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_read_and_no_more_than_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(read(&at("none"), 9), Ok(Found::Nothing));
        write(&at("file"), b"12345", 0o644).unwrap();
        assert_eq!(read(&at("file"), 5), Ok(Found::Bytes(b"12345".to_vec())));
        assert_eq!(read(&at("file"), 4), Ok(Found::TooLarge(5)));
        assert_eq!(read(folder.path(), 4), Ok(Found::Other("a folder")));
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        assert_eq!(read(&at("link"), 9), Ok(Found::Other("a link")));
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(read(&at("pipe"), 9), Ok(Found::Other("a pipe, a socket or a device")));
        assert!(matches!(read(Path::new("/dev/zero"), 9), Ok(Found::Other(_))));
        assert!(write(&at("link"), b"", 0o644).is_err(), "nothing is written through a link");
        write_whole(&at("link"), b"x").unwrap();
        assert_eq!(fs::read(at("file")).unwrap(), b"12345");
    }
}
