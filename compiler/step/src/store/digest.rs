//! Digests.
//!
//! The digest of a file is the SHA-256 of its bytes, what `sha256sum` prints. The digest of a folder is the SHA-256 of
//! its *index*: lines of compact JSON, each ended by a line feed,
//!
//! ```text
//! {"fuse-tree":1}
//! {"folder":"data","mode":"755"}
//! {"file":"data/a.csv","mode":"644","size":12,"sha256":"…64 hex digits…"}
//! {"link":"latest.csv","to":"data/a.csv"}
//! ```
//!
//! in the order of the bytes of their paths, so that a folder stands before what it holds. The folder itself has no
//! line. Modes are octal: of an artifact `755` for folders and for files that anybody may execute, else `644`; of a
//! `Source` the permission bits as they are. Owners and times do not count.

use std::io::{BufRead, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::rules::{self, Limits};

/// The SHA-256 of something.
pub(super) type Sum = [u8; 32];

/// A file, folder or link of a tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    /// Its path within the tree, `/` between names.
    pub(super) path: String,
    /// What it is.
    pub(super) kind: Kind,
}

/// What an entry is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Folder { mode: u32 },
    File { mode: u32, size: u64, sum: Sum },
    Link { target: String },
}

/// A line of an index.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Folder(FolderLine),
    File(FileLine),
    Link(LinkLine),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FolderLine {
    folder: String,
    mode: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLine {
    file: String,
    mode: String,
    size: u64,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkLine {
    link: String,
    to: String,
}

const HEAD: &str = "{\"fuse-tree\":1}\n";

/// The longest line: a path of [`rules::MAX_PATH`] bytes, twice for a link, each byte escaped.
const MAX_LINE: u64 = 2 * 6 * rules::MAX_PATH as u64 + 200;

/// Writes the index of sorted entries and says its digest.
pub(super) fn write(entries: &[Entry], to: &mut dyn Write) -> std::io::Result<Sum> {
    let mut to = Summing::new(to);
    to.write_all(HEAD.as_bytes())?;
    for entry in entries {
        let path = entry.path.clone();
        let line = match &entry.kind {
            Kind::Folder { mode } => Line::Folder(FolderLine { folder: path, mode: format!("{mode:o}") }),
            Kind::File { mode, size, sum } => {
                Line::File(FileLine { file: path, mode: format!("{mode:o}"), size: *size, sha256: hex(sum) })
            }
            Kind::Link { target } => Line::Link(LinkLine { link: path, to: target.clone() }),
        };
        serde_json::to_writer(&mut to, &line)?;
        to.write_all(b"\n")?;
    }
    Ok(to.sum())
}

/// The digest of a folder with these sorted entries.
pub(super) fn of(entries: &[Entry]) -> Sum {
    // A sink takes everything.
    write(entries, &mut std::io::sink()).unwrap_or_default()
}

/// Reads an index line by line and checks what it says as if it came from anywhere.
pub(super) struct Index<R> {
    lines: R,
    last: Option<String>,
    limits: Limits,
}

impl<R: BufRead> Index<R> {
    pub(super) fn new(lines: R) -> Self {
        Self { lines, last: None, limits: Limits::default() }
    }

    fn entry(&mut self) -> Result<Option<Entry>, String> {
        if self.last.is_none() {
            if self.line()?.as_deref() != Some(HEAD.trim_end()) {
                return Err("its index is of another version".to_owned());
            }
            self.last = Some(String::new());
        }
        let Some(line) = self.line()? else { return Ok(None) };
        let entry = read(&line)?;
        rules::path(&entry.path)?;
        if self.last.as_ref().is_some_and(|last| *last >= entry.path) {
            return Err(format!("its index is not sorted at `{}`", entry.path));
        }
        let target = if let Kind::Link { target } = &entry.kind { target } else { "" };
        if let Kind::Link { target } = &entry.kind {
            rules::link(&entry.path, target)?;
        }
        self.limits.entry(&entry.path, target)?;
        if let Kind::File { size, .. } = entry.kind {
            self.limits.bytes(size)?;
        }
        self.last = Some(entry.path.clone());
        Ok(Some(entry))
    }

    fn line(&mut self) -> Result<Option<String>, String> {
        let mut line = String::new();
        let read = self.lines.by_ref().take(MAX_LINE).read_line(&mut line);
        match read.map_err(|error| format!("its index cannot be read: {error}"))? {
            0 => Ok(None),
            _ if line.ends_with('\n') => {
                line.pop();
                Ok(Some(line))
            }
            _ => Err("its index is cut off".to_owned()),
        }
    }
}

impl<R: BufRead> Iterator for Index<R> {
    type Item = Result<Entry, String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.entry().transpose()
    }
}

fn read(line: &str) -> Result<Entry, String> {
    let bits = |mode: &str| {
        u32::from_str_radix(mode, 8).ok().filter(|mode| *mode <= 0o777).ok_or("its index holds a wrong mode")
    };
    let line = serde_json::from_str(line).map_err(|_| "its index holds a line that is none".to_owned())?;
    Ok(match line {
        Line::Folder(line) => Entry { kind: Kind::Folder { mode: bits(&line.mode)? }, path: line.folder },
        Line::File(line) => {
            let sum = unhex(&line.sha256).ok_or("its index holds a wrong digest")?;
            Entry { kind: Kind::File { mode: bits(&line.mode)?, size: line.size, sum }, path: line.file }
        }
        Line::Link(line) => Entry { kind: Kind::Link { target: line.to }, path: line.link },
    })
}

/// As a reference has it: `sha256:` and 64 hex digits.
pub(super) fn text(sum: &Sum) -> String {
    format!("sha256:{}", hex(sum))
}

/// The digest of a file that is read already, as a reference has it.
pub(crate) fn of_bytes(bytes: &[u8]) -> String {
    text(&Sha256::digest(bytes).into())
}

/// 64 hex digits.
pub(super) fn hex(sum: &Sum) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Sum> {
    let mut sum = Sum::default();
    let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 64 || !text.bytes().all(plain) {
        return None;
    }
    for (at, byte) in sum.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(sum)
}

/// Passes bytes on and sums them.
pub(super) struct Summing<T> {
    inner: T,
    sum: Sha256,
    bytes: u64,
}

impl<T> Summing<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, sum: Sha256::new(), bytes: 0 }
    }

    /// The digest of what passed.
    pub(super) fn sum(self) -> Sum {
        self.end().1
    }

    /// What they passed to, and their digest.
    pub(super) fn end(self) -> (T, Sum) {
        (self.inner, self.sum.finalize().into())
    }

    /// How many bytes passed.
    pub(super) fn passed(&self) -> u64 {
        self.bytes
    }

    fn count(&mut self, passed: &[u8]) {
        self.sum.update(passed);
        self.bytes += passed.len() as u64;
    }
}

impl<T: Write> Write for Summing<T> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.count(bytes.get(..written).unwrap_or(bytes));
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Summing<T> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(into)?;
        self.count(into.get(..read).unwrap_or_default());
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        let sum = Sha256::digest(b"hello\n").into();
        vec![
            Entry { path: "data".to_owned(), kind: Kind::Folder { mode: 0o755 } },
            Entry { path: "data/ä \"b\"".to_owned(), kind: Kind::File { mode: 0o644, size: 6, sum } },
            Entry { path: "latest".to_owned(), kind: Kind::Link { target: "data/ä \"b\"".to_owned() } },
        ]
    }

    #[test]
    fn an_index_is_what_the_documentation_says() {
        let mut index = Vec::new();
        let sum = write(&entries(), &mut index).unwrap();
        let hello = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        let expected = format!(
            "{{\"fuse-tree\":1}}\n{{\"folder\":\"data\",\"mode\":\"755\"}}\n\
             {{\"file\":\"data/ä \\\"b\\\"\",\"mode\":\"644\",\"size\":6,\"sha256\":\"{hello}\"}}\n\
             {{\"link\":\"latest\",\"to\":\"data/ä \\\"b\\\"\"}}\n"
        );
        assert_eq!(String::from_utf8(index.clone()).unwrap(), expected);
        assert_eq!(sum, <Sum>::from(Sha256::digest(&index)));
        assert_eq!(sum, of(&entries()));
        let back: Result<Vec<Entry>, String> = Index::new(index.as_slice()).collect();
        assert_eq!(back.unwrap(), entries());
    }

    #[test]
    fn a_hostile_index_is_refused() {
        let head = "{\"fuse-tree\":1}\n";
        let file = |path: &str| {
            format!("{{\"file\":\"{path}\",\"mode\":\"644\",\"size\":1,\"sha256\":\"{}\"}}\n", "0".repeat(64))
        };
        for (lines, why) in [
            (String::new(), "another version"),
            ("{\"fuse-tree\":2}\n".to_owned(), "another version"),
            (format!("{head}{}", file("../x")), "leaves the folder"),
            (format!("{head}{}", file("/x")), "absolute"),
            (format!("{head}{}{}", file("b"), file("a")), "not sorted"),
            (format!("{head}{}{}", file("a"), file("a")), "not sorted"),
            (format!("{head}{{\"link\":\"l\",\"to\":\"../x\"}}\n"), "outside of the folder"),
            (format!("{head}{{\"folder\":\"l\",\"mode\":\"4755\"}}\n"), "wrong mode"),
            (format!("{head}{{\"folder\":\"l\",\"mode\":\"755\",\"size\":1}}\n"), "none"),
            (format!("{head}{{\"folder\":\"l\",\"mode\":\"755\"}}"), "cut off"),
            (format!("{head}{}", "x".repeat(1 << 20)), "cut off"),
        ] {
            let read: Result<Vec<Entry>, String> = Index::new(lines.as_bytes()).collect();
            assert!(read.as_ref().is_err_and(|error| error.contains(why)), "{read:?} for {why}");
        }
    }
}
