//! Expected files: compared, or written when blessing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use similar::TextDiff;

use crate::{Finished, Outcome, Verdict, blessing, tree, tree::write};

/// A diff is cut after this many lines: it is to be read.
const DIFF_LINES: usize = 200;

/// The expected files of one case.
#[derive(Debug)]
pub struct Golden {
    folder: PathBuf,
    bless: bool,
    seen: BTreeSet<String>,
    problems: Vec<String>,
}

impl Golden {
    /// Compares with, or blesses, the files in `folder`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), bless: blessing(), seen: BTreeSet::new(), problems: Vec::new() }
    }

    /// As [`Golden::new`], with the choice made by the caller.
    #[must_use]
    pub fn with_bless(folder: impl Into<PathBuf>, bless: bool) -> Self {
        Self { bless, ..Self::new(folder) }
    }

    /// Something is wrong that no expected file can bless.
    pub fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    /// `actual` must be what the file `path` says.
    pub fn expect(&mut self, path: &str, actual: &[u8]) {
        self.seen.insert(path.to_owned());
        let file = self.folder.join(path);
        let expected = fs::read(&file).ok();
        if expected.as_deref() == Some(actual) {
            return;
        }
        if self.bless {
            if let Err(error) = write(&file, actual) {
                self.problems.push(error);
            }
            return;
        }
        self.problems.push(match expected {
            None => format!("{path} is missing; what came out:\n{}", cut(&String::from_utf8_lossy(actual))),
            Some(expected) => format!("{path} differs (- expected, + actual):\n{}", diff(&expected, actual)),
        });
    }

    /// As [`Golden::expect`], but nothing is expected as no file rather than as an empty one.
    pub fn expect_some(&mut self, path: &str, actual: &[u8]) {
        if !actual.is_empty() || self.folder.join(path).exists() && !self.bless {
            self.expect(path, actual);
        }
    }

    /// How a program ended and what it printed: `exit_code`, `stdout` and `stderr`; `said` makes output the same on
    /// every machine. A crash is a problem that no bless takes away.
    pub fn expect_finished(&mut self, finished: &Finished, said: &dyn Fn(&[u8]) -> Vec<u8>) {
        let (stdout, stderr) = (said(&finished.stdout), said(&finished.stderr));
        match finished.code {
            // A panic exits like this, and never is what a case expects.
            Some(101) | None => self.problem(format!("crashed: {}", String::from_utf8_lossy(&stderr))),
            Some(code) => self.expect("exit_code", format!("{code}\n").as_bytes()),
        }
        self.expect_some("stdout", &stdout);
        self.expect_some("stderr", &stderr);
    }

    /// The files below the folder `path` must be exactly these.
    pub fn expect_tree(&mut self, path: &str, actual: &BTreeMap<String, Vec<u8>>) {
        for (name, bytes) in actual {
            self.expect(&format!("{path}/{name}"), bytes);
        }
    }

    /// The verdict; files of the case that are neither compared nor `input` are orphans, which blessing removes.
    pub fn finish(mut self, input: impl Fn(&str) -> bool) -> Verdict {
        let present = tree(&self.folder).unwrap_or_default();
        for path in present.keys().filter(|path| !self.seen.contains(*path) && !input(path)) {
            if self.bless {
                if let Err(error) = fs::remove_file(self.folder.join(path)) {
                    self.problems.push(format!("{path}: {error}"));
                }
            } else {
                self.problems
                    .push(format!("{path} is an orphan: nothing like it came out, and it is no input"));
            }
        }
        if self.problems.is_empty() {
            return Ok(Outcome::Passed);
        }
        let mut text = self.problems.join("\n");
        let _ = write!(text, "\n\n{}: `BLESS=1` writes what may be blessed", self.folder.display());
        Err(text)
    }
}

fn diff(expected: &[u8], actual: &[u8]) -> String {
    let (expected, actual) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(actual));
    let diff = TextDiff::from_lines(expected.as_ref(), actual.as_ref());
    let text = diff.unified_diff().context_radius(3).to_string();
    cut(&text)
}

fn cut(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().take(DIFF_LINES).map(shorten).collect();
    let left = text.lines().count().saturating_sub(DIFF_LINES);
    if left > 0 {
        lines.push(format!("… and {left} more lines"));
    }
    lines.join("\n")
}

/// A line as a diff shows it: long ones are cut.
fn shorten(line: &str) -> String {
    let mut out: String = line.chars().take(400).collect();
    if out.len() < line.len() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            write(&dir.path().join(path), text.as_bytes()).unwrap();
        }
        dir
    }

    fn compare(dir: &tempfile::TempDir, bless: bool) -> Verdict {
        let mut golden = Golden::with_bless(dir.path(), bless);
        golden.expect("stdout", b"one\ntwo\n");
        golden.expect_some("stderr", b"");
        golden.expect_tree("out", &BTreeMap::from([("a/b.yaml".to_owned(), b"b\n".to_vec())]));
        golden.finish(|path| path == "args")
    }

    #[test]
    fn what_differs_is_missing_or_is_an_orphan_fails() {
        let dir = case(&[("args", ""), ("stdout", "one\n"), ("stderr", "x\n"), ("out/c.yaml", "c\n")]);
        let text = compare(&dir, false).err().unwrap();
        for part in
            ["stdout differs", "+two", "stderr differs", "out/a/b.yaml is missing", "out/c.yaml is an orphan"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("args is an orphan"));
    }

    #[test]
    fn blessing_makes_it_agree_but_not_what_is_wrong_in_itself() {
        let dir = case(&[("args", ""), ("stdout", "one\n"), ("stderr", "x\n"), ("out/c.yaml", "c\n")]);
        assert!(compare(&dir, true).is_ok());
        assert!(compare(&dir, false).is_ok());
        assert_eq!(tree(dir.path()).unwrap().keys().collect::<Vec<_>>(), ["args", "out/a/b.yaml", "stdout"]);
        let mut golden = Golden::with_bless(dir.path(), true);
        golden.problem("a mark without its diagnostic");
        assert!(golden.finish(|_| true).is_err());
    }
}
