//! What is said and where: data to standard output, everything else to standard error.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};

use fuse_base::render::{self, Style};
use fuse_base::{Diagnostic, Sources};
use fuse_driver::{Checked, Failure};
use serde_json::json;

use crate::exit::Exit;

/// `--color`
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum When {
    /// On terminals, unless `NO_COLOR` is set
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// `--format`
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    /// Text with the source
    Human,
    /// One JSON object a line and diagnostic
    Json,
}

/// How many diagnostics a person is shown at once; programs get all.
const MOST_SHOWN: usize = 100;

/// Both outputs. A reader that goes away (`fusec tools | head`) ends nothing and is no error.
pub(crate) struct Console {
    style: Style,
    /// The first failure of standard output, other than a reader that has gone.
    broken: Option<io::Error>,
}

impl Console {
    pub(crate) fn new(when: When) -> Self {
        let terminal = io::stderr().is_terminal();
        let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || env::var_os("TERM").is_some_and(|value| value == "dumb");
        let color = match when {
            When::Auto => terminal && !unwanted,
            When::Always => true,
            When::Never => false,
        };
        let columns = terminal.then(|| terminal_size::terminal_size_of(io::stderr())).flatten();
        let width = columns.map_or(Style::default().width, |(columns, _)| usize::from(columns.0));
        Self { style: Style { color, width }, broken: None }
    }

    /// Writes data.
    pub(crate) fn data(&mut self, text: &str) {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
            && self.broken.is_none()
        {
            self.broken = Some(error);
        }
    }

    /// Says something to the person in front of the terminal.
    pub(crate) fn say(&self, text: &str) {
        // Where nobody listens, nothing can be said about that either.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Says why a verb stopped.
    pub(crate) fn fail(&mut self, failures: &[Failure], format: Format) -> Exit {
        for failure in failures {
            match format {
                Format::Human => self.say(&self.failure(failure)),
                Format::Json => self.data(&failure_json(failure)),
            }
        }
        Exit::Usage
    }

    fn failure(&self, failure: &Failure) -> String {
        let (red, cyan, reset) =
            if self.style.color { ("\u{1b}[31;1m", "\u{1b}[36m", "\u{1b}[0m") } else { ("", "", "") };
        let help =
            failure.help.as_ref().map(|help| format!("{cyan}help{reset}: {help}\n")).unwrap_or_default();
        format!("{red}error{reset}: {}\n{help}", failure.message)
    }

    /// Shows the diagnostics and, where there are errors, their number: text for people on standard error, JSON on
    /// standard output.
    pub(crate) fn diagnostics(&mut self, checked: &Checked, format: Format) {
        let all = checked.diagnostics.as_slice();
        let most = if format == Format::Human { MOST_SHOWN } else { all.len() };
        let (shown, rest) = all.split_at(most.min(all.len()));
        let rendered = self.rendered(shown, &checked.sources, format);
        match format {
            Format::Human => self.say(&rendered),
            Format::Json => self.data(&rendered),
        }
        if !rest.is_empty() {
            self.say(&format!(
                "and {} more: put these right first, or see all with `--format json`\n\n",
                rest.len()
            ));
        }
        let (errors, warnings) = (checked.errors(), checked.warnings());
        if format == Format::Human && errors + warnings > 0 {
            let parts = [count(errors, "error"), count(warnings, "warning")];
            let parts: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
            self.say(&format!("{}\n", parts.join(", ")));
        }
    }

    fn rendered(&self, diagnostics: &[Diagnostic], sources: &Sources, format: Format) -> String {
        match format {
            Format::Human => render::human(diagnostics, sources, self.style),
            Format::Json => {
                let line = |one: &Diagnostic| format!("{}\n", render::json(one, sources).trim_end());
                diagnostics.iter().map(line).collect()
            }
        }
    }

    /// The exit status of the process: lost data is a failure, however well the verb went.
    pub(crate) fn close(mut self, exit: Exit) -> Exit {
        match (self.broken.take(), exit) {
            (Some(error), Exit::Done) => {
                let message = format!("cannot write to standard output: {error}");
                self.fail(&[Failure::new(message, "check where it is redirected to")], Format::Human)
            }
            (Some(_) | None, exit) => exit,
        }
    }
}

/// `2 errors`, `1 warning`; nothing for none.
pub(crate) fn count(number: usize, what: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{number} {what}s")),
    }
}

/// A failure with the keys of a diagnostic: it has neither code nor place.
fn failure_json(failure: &Failure) -> String {
    let object = json!({
        "code": null,
        "severity": "error",
        "message": failure.message,
        "file": null,
        "line": null,
        "column": null,
        "end_line": null,
        "end_column": null,
        "help": failure.help,
        "labels": [],
        "fix": null,
    });
    format!("{object}\n")
}
