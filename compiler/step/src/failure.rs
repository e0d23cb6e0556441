//! Why a verb could not do its work: one message for the log of the pod, and the status that it ends with.

use std::fmt;
use std::path::Path;

/// The status of a verb that refuses its input or cannot do its work.
pub const REFUSED: u8 = 1;

/// A failure, told once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What went wrong, in the user's words; further lines say what was found and what to do.
    pub message: String,
    /// The exit status.
    pub status: u8,
}

impl Failure {
    /// A failure with status [`REFUSED`].
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: REFUSED }
    }

    /// A failed operation on a file or folder: `cannot write /fuse/in/alpha: No space left on device`.
    #[must_use]
    pub fn io(verb: &str, path: &Path, error: &std::io::Error) -> Self {
        // The number that the standard library adds says nothing to a reader.
        let text = error.to_string();
        let text = text.split(" (os error").next().unwrap_or(&text);
        Self::new(format!("cannot {verb} {}: {text}", path.display()))
    }

    /// The same failure with what it happened to in front: `alpha: …`.
    #[must_use]
    pub fn of(mut self, what: impl fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
