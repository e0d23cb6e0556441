//! A bucket: plain objects that any tool can read, below the run, the step and the output.
//!
//! An object's key holds the first 16 hex digits of the digest of the whole output, so that two attempts with other
//! content never mix, and an object that is there already is the one that is to be written:
//!
//! | output     | reference                                   | objects                                        |
//! |------------|---------------------------------------------|------------------------------------------------|
//! | a file     | `…/<step>/<output>/<digest>`                | that one                                       |
//! | a folder   | `…/<step>/<output>/<digest>/`               | one per file below it, and `<digest>.index`    |
//! | a `Source` | `…/<step>/<output>/<digest>.tar.zst`        | that one, with modes and links                 |
//!
//! The index is written last: a folder without one is not whole. Links, empty folders and who may execute a file stand
//! only there; a tool that reads the objects alone does not see them. An upload that was cut off is taken up by the
//! next attempt where it ended. Parts of a large file that never became one are invisible, and are the bucket's to
//! forget (a lifecycle rule).
//!
//! A reference without digest, of a run that was started by hand, is whatever lies there: an object, all objects below
//! it, or the archive of a `Source`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fuse_wire::Reference;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};
use tokio::runtime::Runtime;

use super::connect::Link;
use super::errors::{Told, is_nothing};
use super::landing::Landing;
use super::open::Argument;
use super::tree::{self, Found, Modes};
use super::{MAX_TEXT, Place, Store, digest, names, rules, text_of};
use crate::args::shortened;
use crate::failure::Failure;
use crate::places::Places;

/// Bytes of a key, at most: what the strictest of the stores takes.
const MAX_KEY: usize = 1024;

/// The ending of an archive.
pub(super) const ARCHIVE: &str = ".tar.zst";

/// The path of an object below another path.
pub(super) fn inner<'a>(path: &str, key: &'a Key) -> Option<&'a str> {
    key.as_ref().strip_prefix(path)?.strip_prefix('/')
}

/// A bucket as store.
pub(super) struct Bucket {
    pub(super) store: Arc<dyn ObjectStore>,
    told: Told,
    runtime: Runtime,
    /// `s3://bucket/`.
    base: String,
    /// Empty, or a path with `/` at its end.
    prefix: String,
    /// What a pod may write to, where no step finds it.
    pub(super) root: PathBuf,
}

impl Bucket {
    pub(super) fn new(argument: &Argument, link: Link, places: &Places) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
        Ok(Self {
            store: link.store,
            told: link.told,
            runtime,
            base: format!("{}://{}/", argument.kind.scheme(), argument.bucket),
            prefix: argument.prefix.as_ref().map(|prefix| format!("{prefix}/")).unwrap_or_default(),
            root: places.fuse.clone(),
        })
    }

    /// The uri of a path within the bucket.
    pub(super) fn uri(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The key of a path within the bucket.
    pub(super) fn key(&self, path: &str) -> Result<Key, Failure> {
        if path.len() > MAX_KEY {
            return Err(Failure::new(format!(
                "{} is over {MAX_KEY} bytes long, more than a store takes: give the file a shorter path",
                self.uri(path)
            )));
        }
        Key::parse(path)
            .map_err(|error| Failure::new(format!("{} is no place in the store: {error}", self.uri(path))))
    }

    /// The store did not do what was asked.
    pub(super) fn failure(&self, verb: &str, path: &str, error: &object_store::Error) -> Failure {
        self.told.failure(verb, &self.uri(path), error)
    }

    /// The path within the bucket that a uri means.
    fn own<'a>(&self, uri: &'a str) -> Result<&'a str, Failure> {
        let path = uri.strip_prefix(&self.base).filter(|path| path.starts_with(&self.prefix));
        let path = path.ok_or_else(|| {
            Failure::new(format!(
                "`{}` is not in the target's store, whose uris start with {}{}; \
                 fuse-in fetches only from the target's store",
                shortened(uri),
                self.base,
                self.prefix
            ))
        })?;
        let inner = path.strip_suffix('/').unwrap_or(path);
        rules::path(inner)
            .map_err(|why| Failure::new(format!("`{}` is no place in the store: {why}", shortened(uri))))?;
        Ok(path)
    }
}

impl Store for Bucket {
    fn in_place(&self, place: &Place) -> Result<Option<PathBuf>, Failure> {
        names::output(place).map(|_| None)
    }

    fn keep(&self, artifact: &str, place: &Place, from: &Path) -> Result<Reference, Failure> {
        let found = tree::find(&self.root, from, Modes::of(artifact))?;
        let sum = found.sum();
        let short: String = digest::hex(&sum).chars().take(16).collect();
        let at = format!("{}{}/{short}", self.prefix, names::output(place)?);
        let path = match found {
            Found::File { file, size, sum } => {
                self.runtime.block_on(self.put_whole(&at, file, (size, sum), from))?;
                at
            }
            Found::Folder { folder, entries } if artifact == "Source" => {
                let at = format!("{at}{ARCHIVE}");
                self.runtime.block_on(self.put_archive(&at, &folder, &entries, from))?;
                at
            }
            Found::Folder { folder, entries } => {
                self.runtime.block_on(self.put_folder(&at, &folder, &entries, from))?;
                format!("{at}/")
            }
        };
        Ok(Reference { uri: self.uri(&path), digest: Some(digest::text(&sum)) })
    }

    fn fetch(&self, artifact: &str, reference: &Reference, to: &Path) -> Result<(), Failure> {
        let path = self.own(&reference.uri)?;
        let landing = Landing::beside(to)?;
        let expected = reference.digest.as_deref();
        self.runtime.block_on(async {
            match (path.strip_suffix('/'), expected) {
                (Some(path), Some(expected)) => self.get_folder(path, expected, &landing).await,
                (Some(path), None) => self.get_listed(path, &landing).await,
                (None, _) if artifact == "Source" && path.ends_with(ARCHIVE) => {
                    self.get_archive(path, expected, &landing).await
                }
                (None, _) => self.get_whole(path, expected, &landing).await,
            }
        })?;
        landing.finish()
    }

    fn leave(&self, run: &str, name: &str, text: &str) -> Result<(), Failure> {
        let path = format!("{}{}", self.prefix, names::slot(run, name)?);
        let key = self.key(&path)?;
        let put = self.runtime.block_on(self.store.put(&key, PutPayload::from(text.as_bytes().to_vec())));
        put.map(|_| ()).map_err(|error| self.failure("write", &path, &error))
    }

    fn find(&self, run: &str, name: &str) -> Result<Option<String>, Failure> {
        let path = format!("{}{}", self.prefix, names::slot(run, name)?);
        let key = self.key(&path)?;
        self.runtime.block_on(async {
            let got = match self.store.get(&key).await {
                Err(error) if is_nothing(&error) => return Ok(None),
                got => got.map_err(|error| self.failure("read", &path, &error))?,
            };
            let bytes = if got.meta.size > MAX_TEXT {
                // As long as what is too long.
                vec![0; MAX_TEXT as usize + 1]
            } else {
                got.bytes().await.map_err(|error| self.failure("read", &path, &error))?.to_vec()
            };
            text_of(bytes, &self.uri(&path)).map(Some)
        })
    }
}
