//! How the checker gets at texts without touching the disk itself.

use std::sync::Arc;

/// Where the texts of a package come from: the disk, an editor's buffers, a test.
pub trait Files {
    /// The text of a file of the package; `path` is relative to the package folder, with `/` between names.
    ///
    /// # Errors
    /// Says why there is no text.
    fn read(&self, path: &str) -> Result<Arc<str>, FileError>;

    /// The text of a file of the standard library, such as `core.fuse` or `tools/git/clone.sh.j2`.
    fn std(&self, path: &str) -> Option<Arc<str>>;

    /// The names `x` that `import std/x` finds, sorted.
    fn std_names(&self) -> Vec<String>;

    /// Paths of the package's own `.fuse` files, sorted: candidates for suggestions.
    fn own_files(&self) -> Vec<String>;
}

/// Why a file could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileError {
    /// There is no such file.
    Missing,
    /// The path leaves the package (by `..`, an absolute path or a symbolic link).
    Outside,
    /// Its bytes are no UTF-8; offset of the first wrong byte.
    NotUtf8(usize),
    /// It is larger than what is read, in bytes.
    TooLarge(u64),
    /// The system says why.
    Io(String),
}
