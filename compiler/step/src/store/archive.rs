//! The archive of a `Source`: `tar`, compressed with Zstandard.
//!
//! The same tree gives the same bytes: entries in the order of their paths, no times, no owners. What is unpacked may
//! come from anywhere: every path and link is checked, nothing but files, folders and links is made, nothing twice,
//! and neither memory nor disk is taken without bound.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use tar::{Builder, EntryType, Header, PaxExtensions};

use super::digest::{Entry, Kind, Sum, Summing};
use super::folder::Folder;
use super::landing::Planted;
use super::rules::{self, Limits};
use super::upload::{Source, open};
use crate::args::shortened;
use crate::failure::Failure;

const LEVEL: i32 = 3;

/// The window of a compressed stream, at most 2^24 bytes: what it takes stays in memory.
const WINDOW: u32 = 24;

/// Bytes of a long name or of extensions, at most.
const MAX_EXTENSION: u64 = 64 << 10;

/// Packs a tree whose entries are known.
pub(super) fn pack(
    folder: &Folder,
    entries: &[Entry],
    from: &Path,
    to: &mut dyn Write,
) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::io("pack", from, &error);
    let mut tar = Builder::new(zstd::Encoder::new(to, LEVEL).map_err(failed)?);
    for entry in entries {
        let mut header = Header::new_gnu();
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        match &entry.kind {
            Kind::Folder { mode } => {
                header.set_entry_type(EntryType::Directory);
                header.set_mode(*mode);
                tar.append_data(&mut header, format!("{}/", entry.path), io::empty()).map_err(failed)?;
            }
            Kind::Link { target } => {
                header.set_entry_type(EntryType::Symlink);
                header.set_mode(0o777);
                tar.append_link(&mut header, &entry.path, target).map_err(failed)?;
            }
            Kind::File { mode, size, sum } => {
                let told = from.join(&entry.path);
                let file = open(folder, &entry.path).map_err(|error| Failure::io("read", &told, &error))?;
                header.set_entry_type(EntryType::Regular);
                header.set_mode(*mode);
                header.set_size(*size);
                let mut file = Source { file: Summing::new(file), left: *size, sum: *sum, path: &told };
                let read = tar.append_data(&mut header, &entry.path, (&mut file.file).take(*size));
                read.map_err(failed)?;
                if file.file.passed() != *size {
                    return Err(file.changed());
                }
                file.end()?;
            }
        }
    }
    let zstd = tar.into_inner().map_err(failed)?;
    zstd.finish().and_then(Write::flush).map_err(failed)
}

/// Unpacks an archive, and says what was in it, sorted.
pub(super) fn unpack(packed: File, planted: &mut Planted<'_>) -> Result<Vec<Entry>, Failure> {
    let mut zstd = zstd::Decoder::new(packed).map_err(|error| unread(&error))?;
    zstd.window_log_max(WINDOW).map_err(|error| unread(&error))?;
    let mut tar = tar::Archive::new(BufReader::new(zstd));
    let mut unpacking = Unpacking { planted, limits: Limits::default(), entries: Vec::new() };
    // Raw: the library would read a long name whole, however long it says it is.
    let entries = tar.entries().map_err(|error| unread(&error))?.raw(true);
    let mut long = Long::default();
    for entry in entries {
        let mut entry = entry.map_err(|error| unread(&error))?;
        if !long.read(&mut entry)? {
            unpacking.entry(&mut entry, std::mem::take(&mut long))?;
        }
    }
    let mut entries = unpacking.entries;
    entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

/// What stands before an entry about it.
#[derive(Default)]
struct Long {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
}

impl Long {
    /// Reads an entry that tells about the next; says whether it was one.
    fn read<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<bool, Failure> {
        let kind = entry.header().entry_type();
        if kind.is_gnu_longname() {
            self.path = Some(text(extension(entry)?));
        } else if kind.is_gnu_longlink() {
            self.target = Some(text(extension(entry)?));
        } else if kind.is_pax_local_extensions() {
            self.extensions(&extension(entry)?)?;
        } else if kind.is_pax_global_extensions() {
            extension(entry)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn extensions(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        for extension in PaxExtensions::new(bytes) {
            let extension = extension.map_err(|error| unread(&error))?;
            match extension.key_bytes() {
                b"path" => self.path = Some(extension.value_bytes().to_vec()),
                b"linkpath" => self.target = Some(extension.value_bytes().to_vec()),
                key if key == b"size" || key.starts_with(b"GNU.sparse") => {
                    return Err(Failure::new(
                        "it holds a sparse file, or one in a form that is not known here",
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn extension<R: Read>(entry: &mut tar::Entry<'_, R>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    entry.take(MAX_EXTENSION + 1).read_to_end(&mut bytes).map_err(|error| unread(&error))?;
    if bytes.len() as u64 > MAX_EXTENSION {
        return Err(Failure::new(format!("it holds a name of more than {} KiB", MAX_EXTENSION >> 10)));
    }
    Ok(bytes)
}

/// A long name ends with a zero byte.
fn text(mut bytes: Vec<u8>) -> Vec<u8> {
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

struct Unpacking<'a, 'b> {
    planted: &'a mut Planted<'b>,
    limits: Limits,
    entries: Vec<Entry>,
}

impl Unpacking<'_, '_> {
    fn entry<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>, long: Long) -> Result<(), Failure> {
        let kind = entry.header().entry_type();
        let mode = entry.header().mode().map_err(|error| unread(&error))? & 0o777;
        let path = utf8(long.path.unwrap_or_else(|| entry.path_bytes().into_owned()))?;
        let path = plain(&path);
        if path.is_empty() && kind == EntryType::Directory {
            return Ok(());
        }
        rules::path(path).map_err(Failure::new)?;
        let target = if kind.is_symlink() {
            let short = || entry.link_name_bytes().map(|name| name.into_owned());
            utf8(long.target.or_else(short).unwrap_or_default())?
        } else {
            String::new()
        };
        self.limits.entry(path, &target).map_err(Failure::new)?;
        let made = if kind.is_dir() {
            self.planted.folder(path, mode)?;
            Kind::Folder { mode }
        } else if kind.is_file() || kind.is_contiguous() {
            let size = entry.header().size().map_err(|error| unread(&error))?;
            self.limits.bytes(size).map_err(Failure::new)?;
            Kind::File { mode, size, sum: self.file(entry, path, mode, size)? }
        } else if kind.is_symlink() {
            self.planted.link(path, &target)?;
            Kind::Link { target }
        } else {
            return Err(Failure::new(format!(
                "`{}` is neither a file, a folder nor a link (a hard link, a device, a pipe)",
                shortened(path)
            )));
        };
        self.entries.push(Entry { path: path.to_owned(), kind: made });
        Ok(())
    }

    fn file<R: Read>(
        &self,
        entry: &mut tar::Entry<'_, R>,
        path: &str,
        mode: u32,
        size: u64,
    ) -> Result<Sum, Failure> {
        let told = self.planted.told(path);
        let mut to = Summing::new(self.planted.file(path, mode)?);
        let mut block = vec![0; 1 << 16];
        loop {
            let read = entry.read(&mut block).map_err(|error| unread(&error))?;
            if read == 0 {
                break;
            }
            to.write_all(block.get(..read).unwrap_or_default())
                .map_err(|error| Failure::io("write", &told, &error))?;
        }
        if to.passed() != size {
            return Err(Failure::new("it is cut off"));
        }
        Ok(to.sum())
    }
}

/// A path without what tools put around it: `./` in front, `/` behind a folder.
fn plain(path: &str) -> &str {
    let path = path.strip_prefix("./").unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path == "." { "" } else { path }
}

fn utf8(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let name = String::from_utf8_lossy(error.as_bytes()).into_owned();
        Failure::new(format!("the name `{}` is not valid UTF-8", shortened(&name)))
    })
}

fn unread(error: &io::Error) -> Failure {
    Failure::new(format!("it is no archive that can be read: {error}"))
}
