//! What stops a command without a place in a source: files, folders, usage.
#![allow(clippy::wildcard_enum_match_arm, reason = "the kinds of system errors are an open list")]

use std::fmt;
use std::io;

/// A message and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What went wrong, naming the file; without a full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Failure {
    /// A failure with a way out.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }

    /// A failure of reading `what`.
    #[must_use]
    pub fn reading(what: &str, error: &io::Error) -> Self {
        let help = match error.kind() {
            io::ErrorKind::PermissionDenied => "make it readable for this user",
            io::ErrorKind::NotFound => "check the path",
            _ if is_link_loop(error) => "remove the symbolic link or let it lead to a file",
            _ => "check the path and the file system",
        };
        Self::new(format!("cannot read {what}: {}", reason(error)), help)
    }

    /// A failure of writing `what`; nothing of it has been changed.
    #[must_use]
    pub fn writing(what: &str, error: &io::Error) -> Self {
        let help = match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "make the folder writable for this user, or choose another one with `--out`"
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "free some space, or choose a folder on another disk with `--out`"
            }
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                "remove the file that is in the way, or choose another folder with `--out`"
            }
            _ if is_link_loop(error) => "remove the symbolic link, or choose another folder with `--out`",
            _ => "check the folder and its file system, or choose another one with `--out`",
        };
        Self::new(format!("cannot write {what}: {}", reason(error)), help)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "\nhelp: {help}"))
    }
}

impl std::error::Error for Failure {}

/// Whether a path leads through symbolic links without end.
fn is_link_loop(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    #[cfg(not(unix))]
    return false;
}

/// The system's reason in words that do not depend on the system.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
        io::ErrorKind::NotADirectory => "a part of the path is no folder".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::AlreadyExists => "something of that name is in the way".to_owned(),
        _ if is_link_loop(error) => "its symbolic links lead in a circle".to_owned(),
        _ => error.to_string(),
    }
}
