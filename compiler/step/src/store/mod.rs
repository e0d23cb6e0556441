//! The store of a run: where files pass from step to step.
//!
//! Everything of a run lies below `runs/<run uid>/`, an output below `<step>[/<index>]/<output>`. A mounted claim has
//! it there in place (`volume`); a bucket has it under a part of its digest (`object`), so that attempts and
//! writers never mix. What a digest is says `digest`. Names, paths, links and sizes are checked by the same
//! `rules` wherever they come from.

mod archive;
mod connect;
pub(crate) mod digest;
mod download;
mod errors;
mod folder;
mod landing;
#[cfg(test)]
mod laws;
mod names;
mod object;
mod open;
mod rules;
mod tree;
mod upload;
mod volume;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use fuse_wire::Reference;

/// Whether what lies at a path could be kept in a store: files that stay in their pod are held to the same.
///
/// # Errors
/// It holds what no store can keep.
pub(crate) fn check(path: &Path) -> Result<(), Failure> {
    tree::check(path)
}

pub use self::connect::Variables;
pub use self::open::{open, open_with};
use crate::failure::Failure;

/// Bytes of a small text, at most.
const MAX_TEXT: u64 = 1 << 20;

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

/// What lies at a uri is not what was kept there.
fn changed(uri: &str, expected: &str, found: &digest::Sum) -> Failure {
    Failure::new(format!(
        "{uri} was changed after the step kept it\nexpected {expected}\nfound    {}\nstart the run again; \
         whoever writes to the store beside Fuse must not write below `runs/`",
        digest::text(found)
    ))
}

/// The text of bytes that were read up to one byte over [`MAX_TEXT`].
fn text_of(bytes: Vec<u8>, at: &dyn Display) -> Result<String, Failure> {
    if bytes.len() as u64 > MAX_TEXT {
        return Err(Failure::new(format!("{at} is larger than {} MiB", MAX_TEXT >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| Failure::new(format!("{at} is not valid UTF-8")))
}
