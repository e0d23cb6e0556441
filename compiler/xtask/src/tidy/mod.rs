//! `cargo xtask tidy`: one check a file, and an entry in [`ALL`].

mod arrows;
mod codes;
mod golden;
mod modules;
mod schema;
mod sizes;
mod words;

use crate::tree::{TextFile, files};

/// What a check found.
#[derive(Default)]
struct Report {
    problems: Vec<String>,
    warnings: Vec<String>,
}

impl Report {
    fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    fn warning(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }
}

/// A check over all files of the repository.
type Check = fn(&[TextFile], &mut Report) -> Result<(), String>;

static ALL: &[(&str, Check)] = &[
    ("arrows", arrows::check),
    ("codes", codes::check),
    ("golden", golden::check),
    ("modules", modules::check),
    ("schema", schema::check),
    ("sizes", sizes::check),
    ("words", words::check),
];

/// Runs every check and tells everything that is found.
pub(crate) fn run() -> Result<(), String> {
    let files = files()?;
    let mut failed = false;
    for (name, check) in ALL {
        let mut report = Report::default();
        if let Err(error) = check(&files, &mut report) {
            report.problem(error);
        }
        for warning in &report.warnings {
            println!("warning: {name}: {warning}");
        }
        for problem in &report.problems {
            println!("error: {name}: {problem}");
        }
        failed |= !report.problems.is_empty();
    }
    if failed { Err("tidy: see above".to_owned()) } else { Ok(()) }
}
