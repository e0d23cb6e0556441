//! Files on their way out of a bucket.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Seek as _};
use std::path::Path;

use futures_util::stream::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectStoreExt as _;

use super::digest::{self, Entry, Index, Kind, Sum, Summing};
use super::errors::is_nothing;
use super::landing::{Landing, Planted, close, write};
use super::object::{Bucket, inner};
use super::rules::{self, Limits};
use super::{archive, changed};
use crate::failure::Failure;

/// Objects that are read at a time.
const AT_ONCE: usize = 8;

/// Bytes of an index, at most: all paths, and for each entry what stands beside its path.
const MAX_INDEX: u64 = 96 << 20;

impl Bucket {
    /// Fetches a single file. Without a digest the uri of a folder may lack its `/`.
    pub(super) async fn get_whole(
        &self,
        path: &str,
        expected: Option<&str>,
        landing: &Landing<'_>,
    ) -> Result<(), Failure> {
        if expected.is_none() && !self.is_object(path).await? {
            return self.get_listed(path, landing).await;
        }
        let (file, to) = landing.file()?;
        let sum = self.get_file(path, file, u64::MAX, &to).await?.1;
        self.as_expected(path, expected, &sum)
    }

    /// Fetches a folder that a step kept.
    pub(super) async fn get_folder(
        &self,
        path: &str,
        expected: &str,
        landing: &Landing<'_>,
    ) -> Result<(), Failure> {
        let at = format!("{path}.index");
        let mut index = landing.scratch()?;
        let clone = index.try_clone().map_err(|error| Failure::io("read", Path::new(&at), &error))?;
        let sum = self.get_file(&at, clone, MAX_INDEX, Path::new("a temporary file")).await?.1;
        self.as_expected(&format!("{path}/"), Some(expected), &sum)?;
        index.rewind().map_err(|error| Failure::io("read", Path::new(&at), &error))?;
        let planted = std::cell::RefCell::new(landing.folder()?);
        let entries = Index::new(BufReader::new(index)).map(|entry| {
            let entry = entry.map_err(|why| Failure::new(format!("{}: {why}", self.uri(path))))?;
            // Here, in the order of the index: a folder comes before what it holds.
            let is_file = planted.borrow_mut().bare(&entry)?;
            Ok::<_, Failure>(is_file.then_some(entry))
        });
        futures_util::stream::iter(entries)
            .try_filter_map(|entry| std::future::ready(Ok(entry)))
            .map(|entry| async {
                let entry = entry?;
                let (file, to) = {
                    let planted = planted.borrow();
                    (planted.file(&entry.path, mode(&entry))?, planted.told(&entry.path))
                };
                self.get_entry(path, &entry, file, &to).await
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        planted.into_inner().finish()
    }

    /// Fetches all objects below a path, of which nothing more is known.
    pub(super) async fn get_listed(&self, path: &str, landing: &Landing<'_>) -> Result<(), Failure> {
        let files = self.listed(path).await?;
        let planted = landing.folder()?;
        futures_util::stream::iter(files)
            .map(|(inner, size)| {
                let planted: &Planted<'_> = &planted;
                async move {
                    let to = planted.told(&inner);
                    let file = planted.file(&inner, 0o644)?;
                    self.get_file(&format!("{path}/{inner}"), file, size, &to).await.map(|_| ())
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        planted.finish()
    }

    /// Fetches an archive and unpacks it.
    pub(super) async fn get_archive(
        &self,
        path: &str,
        expected: Option<&str>,
        landing: &Landing<'_>,
    ) -> Result<(), Failure> {
        let mut packed = landing.scratch()?;
        let failed = |error: std::io::Error| Failure::io("read", Path::new("a temporary file"), &error);
        let clone = packed.try_clone().map_err(failed)?;
        self.get_file(path, clone, u64::MAX, Path::new("a temporary file")).await?;
        packed.rewind().map_err(failed)?;
        let mut planted = landing.folder()?;
        let entries = archive::unpack(packed, &mut planted).map_err(|failure| failure.of(self.uri(path)))?;
        self.as_expected(path, expected, &digest::of(&entries))?;
        planted.finish()
    }

    async fn is_object(&self, path: &str) -> Result<bool, Failure> {
        match self.store.head(&self.key(path)?).await {
            Ok(_) => Ok(true),
            Err(error) if is_nothing(&error) => Ok(false),
            Err(error) => Err(self.failure("read", path, &error)),
        }
    }

    /// The objects below a path with their sizes. Empty objects that stand for a folder are none.
    async fn listed(&self, path: &str) -> Result<Vec<(String, u64)>, Failure> {
        let mut limits = Limits::default();
        let mut files = Vec::new();
        let key = self.key(path)?;
        let mut list = self.store.list(Some(&key));
        let refused = |why: String| Failure::new(format!("{}/ cannot be fetched: {why}", self.uri(path)));
        while let Some(meta) = list.next().await {
            let meta = meta.map_err(|error| self.failure("list", path, &error))?;
            let Some(inner) = inner(path, &meta.location) else { continue };
            rules::path(inner).map_err(refused)?;
            limits.entry(inner, "").and_then(|()| limits.bytes(meta.size)).map_err(refused)?;
            files.push((inner.to_owned(), meta.size));
        }
        if files.is_empty() {
            return Err(Failure::new(format!("there is nothing at {}", self.uri(path))));
        }
        let folders: BTreeSet<String> = files
            .iter()
            .flat_map(|(file, _)| {
                file.match_indices('/').filter_map(|(at, _)| file.get(..at).map(str::to_owned))
            })
            .collect();
        files.retain(|(file, size)| *size > 0 || !folders.contains(file));
        Ok(files)
    }

    /// Fetches a file of a folder and checks it against the index.
    async fn get_entry(&self, path: &str, entry: &Entry, file: File, to: &Path) -> Result<(), Failure> {
        let Kind::File { size, sum, .. } = &entry.kind else { return Ok(()) };
        let at = format!("{path}/{}", entry.path);
        let (_, found) = self.get_file(&at, file, *size, to).await?;
        if found == *sum { Ok(()) } else { Err(changed(&self.uri(&at), &digest::text(sum), &found)) }
    }

    /// Writes an object of at most `most` bytes to a file, and says its size and digest.
    async fn get_file(&self, path: &str, file: File, most: u64, to: &Path) -> Result<(u64, Sum), Failure> {
        let failed = |error| self.failure("read", path, &error);
        let got = self.store.get(&self.key(path)?).await.map_err(failed)?;
        let mut file = Summing::new(file);
        let mut stream = got.into_stream();
        while let Some(bytes) = stream.try_next().await.map_err(failed)? {
            if file.passed() + bytes.len() as u64 > most {
                return Err(Failure::new(format!(
                    "{} is larger than it was when it was kept",
                    self.uri(path)
                )));
            }
            write(&mut file, &bytes, to)?;
        }
        let size = file.passed();
        let (file, sum) = file.end();
        close(file, to)?;
        Ok((size, sum))
    }

    fn as_expected(&self, path: &str, expected: Option<&str>, found: &Sum) -> Result<(), Failure> {
        match expected {
            Some(expected) if digest::text(found) != expected => {
                Err(changed(&self.uri(path), expected, found))
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn mode(entry: &Entry) -> u32 {
    match entry.kind {
        Kind::File { mode, .. } | Kind::Folder { mode } => mode,
        Kind::Link { .. } => 0o777,
    }
}
