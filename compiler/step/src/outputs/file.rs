//! Files that somebody else wrote: never followed, never waited for, never read beyond what is needed.

use std::fs::{self, FileType, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::fcntl::OFlag;

use crate::failure::Failure;

/// What is wrong with a file that should hold a text.
pub(crate) enum Unfit {
    /// A file, but larger: so many bytes.
    Large(u64),
    /// A file, but no text: the first byte that is none.
    Binary(usize),
    /// Something else.
    Other(Failure),
}

/// The text of a regular file of at most `most` bytes; `None` where there is nothing.
pub(crate) fn look(path: &Path, most: u64) -> Result<Option<String>, Unfit> {
    let io = |error| Unfit::Other(Failure::io("read", path, &error));
    let kind = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
        Ok(metadata) => metadata.file_type(),
    };
    let odd = |kind: FileType| {
        Unfit::Other(Failure::new(format!("{} is {}, not a file", path.display(), name(kind))))
    };
    if !kind.is_file() {
        return Err(odd(kind));
    }
    // The file may have been exchanged since.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(odd(metadata.file_type()));
    }
    if metadata.len() > most {
        return Err(Unfit::Large(metadata.len()));
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > most {
        return Err(Unfit::Large(bytes.len() as u64));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => Err(Unfit::Binary(error.utf8_error().valid_up_to())),
    }
}

/// As [`look`], for files of our own: whatever is wrong is a failure.
pub(crate) fn text(path: &Path, most: u64) -> Result<Option<String>, Failure> {
    look(path, most).map_err(|unfit| match unfit {
        Unfit::Large(bytes) => {
            Failure::new(format!("{} has {bytes} bytes, and {most} are the most", path.display()))
        }
        Unfit::Binary(at) => Failure::new(format!("{} is no text: byte {at} is not UTF-8", path.display())),
        Unfit::Other(failure) => failure,
    })
}

/// What lies there, in words.
pub(crate) fn name(kind: FileType) -> &'static str {
    if kind.is_symlink() {
        "a link"
    } else if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_file() {
        "a file"
    } else {
        "a device"
    }
}
