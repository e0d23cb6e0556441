//! A printed object on its way into a file.

use std::fmt::Display;

use fuse_base::Span;
use serde::Serialize;

use crate::yaml::{self, Error};

/// Where a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Folder {
    /// `generated/<target>/`
    Target,
    /// The package's own folder.
    Package,
}

/// One object: a document of one of the files.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The folder of its file.
    pub folder: Folder,
    /// The file's path in the folder.
    pub file: String,
    /// Whether the object is applied to the cluster, so that the kustomization lists its file.
    pub applied: bool,
    /// Lines that stand as comments at the top of the file.
    pub note: String,
    /// The document.
    pub text: String,
    /// JSON pointers into the object, the empty one first, with the place in the source that caused what is there.
    pub causes: Vec<(String, Span)>,
}

impl Manifest {
    /// An object that is applied to the cluster.
    pub fn applied<T: Serialize>(file: impl Into<String>, object: &T, causes: Causes) -> Result<Self, Error> {
        Ok(Self {
            folder: Folder::Target,
            file: file.into(),
            applied: true,
            note: String::new(),
            text: yaml::document(object)?,
            causes: causes.0,
        })
    }

    /// A file beside those that are applied.
    pub fn beside<T: Serialize>(file: impl Into<String>, object: &T, causes: Causes) -> Result<Self, Error> {
        Ok(Self { applied: false, ..Self::applied(file, object, causes)? })
    }
}

/// The path of a file of a domain in another cluster, whose objects are applied there and not with the rest.
pub(crate) fn domain_file(domain: &str, file: &str) -> String {
    format!("domain.{}/{file}", domain.replace('_', "-"))
}

/// Collects the causes of an object.
#[derive(Debug, Clone, Default)]
pub struct Causes(Vec<(String, Span)>);

impl Causes {
    /// The cause of the object as a whole.
    #[must_use]
    pub fn of(object: Span) -> Self {
        Self(vec![(String::new(), object)])
    }

    /// The cause of what a JSON pointer leads to.
    pub fn add(&mut self, pointer: impl Into<String>, cause: Span) {
        self.0.push((pointer.into(), cause));
    }

    /// The causes of the items of a list.
    pub fn items(&mut self, list: impl Display, causes: impl IntoIterator<Item = Span>) {
        for (at, cause) in causes.into_iter().enumerate() {
            self.add(format!("{list}/{at}"), cause);
        }
    }
}

/// A key as a part of a JSON pointer.
#[must_use]
pub(crate) fn pointer_part(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
