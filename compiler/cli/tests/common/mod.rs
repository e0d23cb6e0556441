//! What the tests of the compiler as a whole share.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use fuse_base::Diagnostic;
use fuse_base::render::{Style, human};
use fuse_driver::{Checked, Failure, Location, Overlay, check};
use fuse_testkit::{Found, repository};

/// The package file of programs that come without one.
pub(crate) fn default_project() -> Result<String, String> {
    let path = repository().join("golden/default.fuse.toml");
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// A package in a temporary folder.
pub(crate) struct Package {
    dir: tempfile::TempDir,
}

impl Package {
    /// A package of these files, with the default `fuse.toml` where they have none.
    pub(crate) fn new(files: &[(String, String)]) -> Result<Self, String> {
        let package = Self { dir: tempfile::tempdir().map_err(|error| error.to_string())? };
        for (path, text) in files {
            package.write(path, text)?;
        }
        package.complete()
    }

    /// A copy of a folder, as [`Package::new`].
    pub(crate) fn copy(folder: &Path, skip: impl Fn(&str) -> bool) -> Result<Self, String> {
        let package = Self { dir: tempfile::tempdir().map_err(|error| error.to_string())? };
        fuse_testkit::copy(folder, package.path(), skip)?;
        package.complete()
    }

    fn complete(self) -> Result<Self, String> {
        if !self.path().join("fuse.toml").exists() {
            self.write("fuse.toml", &default_project()?)?;
        }
        Ok(self)
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> Result<(), String> {
        let path = self.path().join(path);
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The folder, without symbolic links.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn location(&self) -> Result<Location, String> {
        let mut location = Location::of_folder(self.path()).map_err(|failure| failure.to_string())?;
        // Messages name the files of the package; where it lies for the test is of no interest.
        location.prefix = String::new();
        Ok(location)
    }

    /// What the compiler says of it, for all targets.
    pub(crate) fn check(&self) -> Result<Checked, String> {
        check(&self.location()?, &Overlay::new(), &[]).map_err(|failures| told(&failures))
    }
}

/// Failures as one text.
pub(crate) fn told(failures: &[Failure]) -> String {
    failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The text for people, as it is blessed.
pub(crate) fn shown(checked: &Checked) -> String {
    human(&checked.diagnostics, &checked.sources, Style::default())
}

/// The diagnostics with their lines.
pub(crate) fn found(checked: &Checked) -> Vec<Found> {
    let one = |diagnostic: &Diagnostic| Found {
        file: checked.sources.path(diagnostic.span.file).to_owned(),
        line: checked.sources.line_column(diagnostic.span).line,
        code: diagnostic.code.id.to_owned(),
        message: diagnostic.message.clone(),
    };
    checked.diagnostics.iter().map(one).collect()
}

/// A fenced block of a page: its info string (`fuse lib.fuse`) and its text, with the line it starts on.
pub(crate) struct Block {
    pub(crate) info: String,
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// The fenced blocks of a Markdown text.
pub(crate) fn blocks(markdown: &str) -> Result<Vec<Block>, String> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in markdown.lines().enumerate() {
        open = match (open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                Some(Block { info: info.trim().to_owned(), text: String::new(), line: index + 1 })
            }
            (Some(block), Some("")) => {
                found.push(block);
                None
            }
            (Some(mut block), _) => {
                let _ = writeln!(block.text, "{line}");
                Some(block)
            }
            (None, None) => None,
        };
    }
    match open {
        Some(block) => Err(format!("line {}: the block is not closed", block.line)),
        None => Ok(found),
    }
}

/// The compiler that cargo has built for this test.
pub(crate) fn fusec() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_fusec"))
}
