//! Exit statuses, the same for all verbs.

use std::process::ExitCode;

/// How a verb ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// It did what was asked; what was compared is fresh.
    Done,
    /// The package has errors.
    Errors,
    /// Usage, files or the system.
    Usage,
    /// What stands on disk is not what a build would write.
    Stale,
    /// Another version of the compiler wrote what stands on disk.
    OtherCompiler,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Errors => 1,
            Exit::Usage => 2,
            Exit::Stale => 3,
            Exit::OtherCompiler => 4,
        })
    }
}
