//! Files on their way into a bucket.
//!
//! What a step wrote was summed before; every byte is summed again on its way, so that a file that somebody still
//! writes to never becomes an object. Memory is bounded: small files are sent whole, some at a time, large ones one
//! after the other in parts.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufWriter, Read, Seek as _, Write as _};
use std::path::Path;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt as _, TryStreamExt as _};
use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStoreExt as _, PutPayload};

use super::archive;
use super::digest::{self, Entry, Kind, Sum, Summing};
use super::errors::is_nothing;
use super::folder::Folder;
use super::object::{Bucket, inner};
use crate::failure::Failure;

/// Files up to this size are sent whole, [`AT_ONCE`] at a time.
const SMALL: u64 = 4 << 20;
const AT_ONCE: usize = 8;
/// Bytes of a part, at least; parts on their way take up to [`FLYING`] bytes.
const PART: u64 = 8 << 20;
const FLYING: u64 = 32 << 20;
/// Parts of an object, at most.
const MAX_PARTS: u64 = 10_000;

impl Bucket {
    /// Keeps a single file.
    pub(super) async fn put_whole(
        &self,
        path: &str,
        mut file: File,
        (size, sum): (u64, Sum),
        from: &Path,
    ) -> Result<(), Failure> {
        if self.is_there(path, size).await? {
            return Ok(());
        }
        file.rewind().map_err(|error| Failure::io("read", from, &error))?;
        self.put_file(path, file, (size, sum), from).await
    }

    /// Keeps a folder: its files, then its index.
    pub(super) async fn put_folder(
        &self,
        path: &str,
        folder: &Folder,
        entries: &[Entry],
        from: &Path,
    ) -> Result<(), Failure> {
        let there = self.there(path, entries).await?;
        let mut missing = Vec::new();
        for (entry, there) in entries.iter().zip(there) {
            if let Kind::File { size, sum, .. } = entry.kind {
                self.key(&format!("{path}/{}", entry.path))?;
                missing.extend((!there).then_some((entry, size, sum)));
            }
        }
        let (small, large): (Vec<_>, Vec<_>) = missing.into_iter().partition(|(_, size, _)| *size <= SMALL);
        let put = |(entry, size, sum): (&Entry, u64, Sum)| {
            let at = format!("{path}/{}", entry.path);
            let told = from.join(&entry.path);
            let inner = entry.path.clone();
            async move {
                let file = open(folder, &inner).map_err(|error| Failure::io("read", &told, &error))?;
                self.put_file(&at, file, (size, sum), &told).await
            }
        };
        futures_util::stream::iter(small.into_iter().map(put))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        for file in large {
            put(file).await?;
        }
        self.put_index(&format!("{path}.index"), entries).await
    }

    async fn put_index(&self, path: &str, entries: &[Entry]) -> Result<(), Failure> {
        let (file, (size, sum)) = self.scratch(|to| digest::write(entries, to).map(|_| ()))?;
        self.put_file(path, file, (size, sum), &self.root).await
    }

    /// Keeps a folder as an archive.
    pub(super) async fn put_archive(
        &self,
        path: &str,
        folder: &Folder,
        entries: &[Entry],
        from: &Path,
    ) -> Result<(), Failure> {
        let mut failed = None;
        let packed = self.scratch(|to| {
            archive::pack(folder, entries, from, to).map_err(|failure| {
                let error = std::io::Error::other(failure.message.clone());
                failed = Some(failure);
                error
            })
        });
        let (file, (size, sum)) = packed.map_err(|other| failed.unwrap_or(other))?;
        if self.is_there(path, size).await? {
            return Ok(());
        }
        self.put_file(path, file, (size, sum), from).await
    }

    /// A scratch file with what `fill` writes, at its start, and its size and digest.
    fn scratch(
        &self,
        fill: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
    ) -> Result<(File, (u64, Sum)), Failure> {
        let write = || {
            let mut to = Summing::new(BufWriter::new(tempfile::tempfile_in(&self.root)?));
            fill(&mut to)?;
            to.flush()?;
            let (bytes, (inner, sum)) = (to.passed(), to.end());
            let mut file = inner.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.rewind()?;
            Ok((file, (bytes, sum)))
        };
        write().map_err(|error| Failure::io("write a temporary file to", &self.root, &error))
    }

    async fn is_there(&self, path: &str, size: u64) -> Result<bool, Failure> {
        match self.store.head(&self.key(path)?).await {
            Ok(meta) => Ok(meta.size == size),
            Err(error) if is_nothing(&error) => Ok(false),
            Err(error) => Err(self.failure("look at", path, &error)),
        }
    }

    /// Which of the entries are objects already. Nothing but that is remembered of a listing, which may be long.
    async fn there(&self, path: &str, entries: &[Entry]) -> Result<Vec<bool>, Failure> {
        let mut there = vec![false; entries.len()];
        let mut list = self.store.list(Some(&self.key(path)?));
        while let Some(meta) = list.next().await {
            let meta = meta.map_err(|error| self.failure("list", path, &error))?;
            let Some(inner) = inner(path, &meta.location) else { continue };
            let Ok(at) = entries.binary_search_by(|entry| entry.path.as_str().cmp(inner)) else { continue };
            if let (Some(Entry { kind: Kind::File { size, .. }, .. }), Some(there)) =
                (entries.get(at), there.get_mut(at))
            {
                *there = *size == meta.size;
            }
        }
        Ok(there)
    }

    /// Writes an object, unless the file is not what was summed.
    async fn put_file(
        &self,
        path: &str,
        file: File,
        (size, sum): (u64, Sum),
        from: &Path,
    ) -> Result<(), Failure> {
        let key = self.key(path)?;
        let mut from = Source { file: Summing::new(file), left: size, sum, path: from };
        if size > SMALL {
            return self.put_parts(path, &key, size, from).await;
        }
        let bytes = from.block(size)?;
        from.end()?;
        let put = self.store.put(&key, PutPayload::from_bytes(bytes)).await;
        put.map(|_| ()).map_err(|error| self.failure("write", path, &error))
    }

    async fn put_parts(&self, path: &str, key: &Key, size: u64, mut from: Source<'_>) -> Result<(), Failure> {
        let part = PART.max(size.div_ceil(MAX_PARTS).next_multiple_of(1 << 20));
        if part > FLYING {
            return Err(Failure::new(format!(
                "{} is larger than {} GiB, and a store takes no larger file: divide it",
                from.path.display(),
                (FLYING * MAX_PARTS) >> 30
            )));
        }
        let upload = self.store.put_multipart(key).await;
        let mut upload = upload.map_err(|error| self.failure("write", path, &error))?;
        let sent = self.send_parts(path, upload.as_mut(), part, &mut from).await;
        let sent = sent.and_then(|()| from.end());
        let done = match sent {
            Ok(()) => {
                upload.complete().await.map(|_| ()).map_err(|error| self.failure("write", path, &error))
            }
            Err(failure) => Err(failure),
        };
        if done.is_err() {
            // What cannot be told to the store either stays invisible all the same.
            let _ = upload.abort().await;
        }
        done
    }

    async fn send_parts(
        &self,
        path: &str,
        upload: &mut dyn MultipartUpload,
        part: u64,
        from: &mut Source<'_>,
    ) -> Result<(), Failure> {
        let most = usize::try_from(FLYING / part).unwrap_or(1).max(1);
        let mut flying = FuturesUnordered::new();
        while from.left > 0 {
            if flying.len() >= most {
                let landed: Option<object_store::Result<()>> = flying.next().await;
                landed.transpose().map_err(|error| self.failure("write", path, &error))?;
            }
            let bytes = from.block(part.min(from.left))?;
            flying.push(upload.put_part(PutPayload::from_bytes(bytes)));
        }
        flying.try_collect::<()>().await.map_err(|error| self.failure("write", path, &error))
    }
}

/// Opens a file of a tree.
pub(super) fn open(folder: &Folder, path: &str) -> std::io::Result<File> {
    let (around, name) = path.rsplit_once('/').unwrap_or(("", path));
    folder.below(around)?.file(OsStr::new(name))
}

/// A file that is read once more, and must be what it was.
pub(super) struct Source<'a> {
    pub(super) file: Summing<File>,
    pub(super) left: u64,
    pub(super) sum: Sum,
    pub(super) path: &'a Path,
}

impl Source<'_> {
    /// The next bytes.
    fn block(&mut self, size: u64) -> Result<Bytes, Failure> {
        let mut block = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        let read = (&mut self.file).take(size).read_to_end(&mut block);
        read.map_err(|error| Failure::io("read", self.path, &error))?;
        if block.len() as u64 != size {
            return Err(self.changed());
        }
        self.left -= size;
        Ok(block.into())
    }

    /// All was read.
    pub(super) fn end(self) -> Result<(), Failure> {
        let (changed, sum) = (self.changed(), self.sum);
        if self.file.end().1 == sum { Ok(()) } else { Err(changed) }
    }

    pub(super) fn changed(&self) -> Failure {
        Failure::new(format!(
            "{} changed while it was kept: something still writes to it after the step's command ended",
            self.path.display()
        ))
    }
}
