//! The store of a run: where files pass from step to step.

mod volume_stub;

use std::path::{Path, PathBuf};

use fuse_wire::Reference;

use crate::failure::Failure;

pub use volume_stub::open;

/// Which output of which step a file is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The run's uid.
    pub run: String,
    /// The step's name.
    pub step: String,
    /// The index of a fan-out's instance.
    pub index: Option<u32>,
    /// The output.
    pub output: String,
}

/// Where files and small texts of a run are kept: `runs/<run>/<step>[/<index>]/<output>/`.
pub trait Store {
    /// The path where the step itself writes an output, when that is the store already (a mounted claim).
    ///
    /// # Errors
    /// What an earlier attempt left there cannot be removed, or the folder around it cannot be made.
    fn in_place(&self, place: &Place) -> Result<Option<PathBuf>, Failure>;

    /// Keeps what a step wrote at `from` (for a claim the path of [`Store::in_place`]) and says where it is.
    /// `artifact` is the artifact's type: a `Source` keeps modes and links.
    ///
    /// # Errors
    /// It holds what the store cannot keep, or the store refuses.
    fn keep(&self, artifact: &str, place: &Place, from: &Path) -> Result<Reference, Failure>;

    /// Brings files to `to`, which must not exist: a link to them where they are mounted, else a copy whose digest
    /// was checked.
    ///
    /// # Errors
    /// The reference is not of this store, what lies there is not what was kept, or it would leave the folder.
    fn fetch(&self, artifact: &str, reference: &Reference, to: &Path) -> Result<(), Failure>;

    /// Leaves a small text: `runs/<run>/<name>`; `name` is `join--r/value` or `list--xs/list.json`.
    ///
    /// # Errors
    /// The store refuses.
    fn leave(&self, run: &str, name: &str, text: &str) -> Result<(), Failure>;

    /// A small text that was left; `None` where there is none. At most 1 MiB is read.
    ///
    /// # Errors
    /// The store refuses, or the text is larger.
    fn find(&self, run: &str, name: &str) -> Result<Option<String>, Failure>;
}
