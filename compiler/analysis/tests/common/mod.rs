//! A package in memory, with the standard library of the repository.

#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ecow::EcoString;
use fuse_analysis::{Checked, Demand, FileError, Files, check};
use fuse_base::{Diagnostic, Sources};

/// The root folder of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

/// Files by path.
#[derive(Clone, Default)]
pub(crate) struct Memory(pub(crate) BTreeMap<String, String>);

impl Memory {
    /// A package with one file, `main.fuse`.
    pub(crate) fn main(text: &str) -> Self {
        Self(BTreeMap::from([("main.fuse".to_owned(), text.to_owned())]))
    }

    /// The same package with one file more.
    pub(crate) fn with(mut self, path: &str, text: &str) -> Self {
        self.0.insert(path.to_owned(), text.to_owned());
        self
    }

    /// Checks it with all its `.fuse` files as entries.
    pub(crate) fn check(&self) -> (Checked, Sources) {
        let mut sources = Sources::new();
        let entries: Vec<EcoString> = self.own_files().into_iter().map(EcoString::from).collect();
        let checked = check(&mut sources, self, &entries, &Demand::default());
        (checked, sources)
    }
}

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Arc<str>, FileError> {
        self.0.get(path).map(|text| Arc::from(text.as_str())).ok_or(FileError::Missing)
    }

    fn std(&self, path: &str) -> Option<Arc<str>> {
        fs::read_to_string(repository().join("stdlib").join(path)).ok().map(Arc::from)
    }

    fn std_names(&self) -> Vec<String> {
        let tools = fs::read_dir(repository().join("stdlib/tools")).unwrap();
        let mut names: Vec<String> =
            tools.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn own_files(&self) -> Vec<String> {
        self.0.keys().filter(|path| path.ends_with(".fuse")).cloned().collect()
    }
}

/// A diagnostic as `FS0201 main.fuse:3:5 [marked text] message (help)`.
pub(crate) fn line(one: &Diagnostic, sources: &Sources) -> String {
    let place = sources.line_column(one.span);
    let (path, marked) = (sources.path(one.span.file), sources.text(one.span));
    let marked: String = marked.chars().take(60).collect::<String>().replace('\n', "⏎");
    let help = one.help.as_deref().unwrap_or("NO HELP");
    format!("{} {path}:{}:{} [{marked}] {} ({help})", one.code.id, place.line, place.column, one.message)
}

/// All diagnostics, one a line.
pub(crate) fn lines(diagnostics: &[Diagnostic], sources: &Sources) -> Vec<String> {
    diagnostics.iter().map(|one| line(one, sources)).collect()
}
