//! A claim that is mounted at `/fuse/store`: steps write their outputs in place, readers get links to them.
//!
//! A uri is `file:///fuse/store/…` wherever the claim is mounted: every pod mounts it there, and only tests elsewhere.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use fuse_wire::Reference;

use super::folder::{Folder, Is};
use super::tree::{self, Found, Modes};
use super::{MAX_TEXT, Place, Store, changed, digest, names, rules, text_of};
use crate::args::shortened;
use crate::failure::Failure;

const URI: &str = "file:///fuse/store/";

/// Whoever a later step runs as, it writes beside what earlier steps wrote.
const SHARED: u32 = 0o777;

/// The store on a mounted claim.
pub(super) struct Volume {
    root: PathBuf,
}

impl Volume {
    pub(super) fn open(root: PathBuf) -> Result<Self, Failure> {
        if root.is_dir() {
            return Ok(Self { root });
        }
        Err(Failure::new(format!(
            "no claim is mounted at {}: bind the workspace of the run's store when you start the run",
            root.display()
        )))
    }

    /// Opens a folder of the store and makes what is missing on the way.
    fn made(&self, path: &str) -> io::Result<Folder> {
        let mut at = Folder::trusted(&self.root)?;
        for name in path.split('/') {
            at = match at.folder(name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => shared(&at, name)?,
                there => there?,
            };
        }
        Ok(at)
    }

    /// The path within the store that a uri means.
    fn own<'a>(&self, uri: &'a str) -> Result<&'a str, Failure> {
        let path = uri.strip_prefix(URI).ok_or_else(|| {
            Failure::new(format!(
                "`{}` is not in the target's store, whose uris start with {URI}; fuse-in fetches only from the target's store",
                shortened(uri)
            ))
        })?;
        let path = path.strip_suffix('/').unwrap_or(path);
        rules::path(path)
            .map_err(|why| Failure::new(format!("`{}` is no place in the store: {why}", shortened(uri))))?;
        Ok(path)
    }
}

/// A new folder that everybody may write into. It gets its name when it is, so that no instance of a fan-out, which
/// may run as another user, finds it half made.
fn shared(around: &Folder, name: &str) -> io::Result<Folder> {
    let part = format!(".{}", unlike());
    let made = around.make(&part, SHARED)?;
    match around.rename(OsStr::new(&part), OsStr::new(name)) {
        Ok(()) => Ok(made),
        Err(error) => {
            around.remove(part.as_bytes())?;
            if error.kind() == io::ErrorKind::AlreadyExists { around.folder(name) } else { Err(error) }
        }
    }
}

/// Takes a path apart: the folder, and the name in it.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

impl Store for Volume {
    fn in_place(&self, place: &Place) -> Result<Option<PathBuf>, Failure> {
        let path = names::output(place)?;
        let full = self.root.join(&path);
        let (around, name) = split(&path);
        let folder = self.made(around).map_err(|error| Failure::io("make a folder for", &full, &error))?;
        // A file of another user cannot always be removed, but moved aside.
        let removed = folder.remove(name.as_bytes()).or_else(|error| {
            let aside = format!(".{name}-{}", unlike());
            folder.rename(OsStr::new(name), OsStr::new(&aside)).map_err(|_| error)
        });
        removed.map_err(|error| Failure::io("remove what an earlier attempt left at", &full, &error))?;
        Ok(Some(full))
    }

    fn keep(&self, artifact: &str, place: &Place, from: &Path) -> Result<Reference, Failure> {
        let path = names::output(place)?;
        let full = self.root.join(&path);
        if from != full {
            return Err(Failure::new(format!(
                "{} is not where this output lies: {}",
                from.display(),
                full.display()
            )));
        }
        let found = tree::find(&self.root, from, Modes::of(artifact))?;
        let slash = if matches!(found, Found::Folder { .. }) { "/" } else { "" };
        Ok(Reference { uri: format!("{URI}{path}{slash}"), digest: Some(digest::text(&found.sum())) })
    }

    fn fetch(&self, artifact: &str, reference: &Reference, to: &Path) -> Result<(), Failure> {
        let path = self.own(&reference.uri)?;
        let full = self.root.join(path);
        let (around, name) = split(path);
        let found = Folder::trusted(&self.root).and_then(|root| root.below(around)?.look(name));
        let is = found.map(|(is, _)| is).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                return Failure::new(format!("there is nothing at {}", reference.uri));
            }
            Failure::io("read", &full, &error)
        })?;
        if is == Is::File && reference.uri.ends_with('/') {
            return Err(Failure::new(format!("{} is a file, not a folder", reference.uri)));
        }
        if let Some(expected) = &reference.digest {
            let sum = tree::find(&self.root, &full, Modes::of(artifact))?.sum();
            if digest::text(&sum) != *expected {
                return Err(changed(&reference.uri, expected, &sum));
            }
        } else if !matches!(is, Is::File | Is::Folder) {
            return Err(Failure::new(format!("{} is neither a file nor a folder", reference.uri)));
        }
        std::os::unix::fs::symlink(&full, to).map_err(|error| Failure::io("make the link", to, &error))
    }

    fn leave(&self, run: &str, name: &str, text: &str) -> Result<(), Failure> {
        let path = names::slot(run, name)?;
        let full = self.root.join(&path);
        let (around, name) = split(&path);
        let failed = |error: io::Error| Failure::io("write", &full, &error);
        let folder = self.made(around).map_err(failed)?;
        let part = format!(".{}", unlike());
        let written = folder.create(&part, 0o644).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            folder.replace(OsStr::new(&part), OsStr::new(name))
        });
        if written.is_err() {
            let _ = folder.remove(OsStr::new(&part).as_bytes());
        }
        written.map_err(failed)
    }

    fn find(&self, run: &str, name: &str) -> Result<Option<String>, Failure> {
        let path = names::slot(run, name)?;
        let full = self.root.join(&path);
        let (around, name) = split(&path);
        let opened = Folder::trusted(&self.root).and_then(|root| root.below(around)?.file(name));
        let file: File = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::io("read", &full, &error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_TEXT + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::io("read", &full, &error))?;
        text_of(bytes, &full.display()).map(Some)
    }
}

/// A name that no other process chooses at the same time.
fn unlike() -> String {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}-{count:x}", now.as_nanos(), std::process::id())
}
