//! `fusec build`: manifests, or with `--check` whether those on disk are the right ones.

use std::path::PathBuf;

use fuse_driver::{Built, Compared, Failure, State, Written, build, compare, locate};

use super::{Run, Verb, verb};
use crate::console::{Console, Format, count};
use crate::exit::Exit;

/// The entry in the list of verbs.
pub(super) const VERB: Verb = verb::<Arguments>("build");

/// Write the manifests of a package's targets below `generated/`
#[derive(clap::Args)]
struct Arguments {
    /// A package folder or a `.fuse` file [default: the package around the current folder]
    path: Option<PathBuf>,
    /// A target to build; may be given several times [default: all targets]
    #[arg(short, long)]
    target: Vec<String>,
    /// The folder for the targets' folders [default: `generated` in the package]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write nothing: say whether the output is fresh, and how it differs
    #[arg(long)]
    check: bool,
    /// How diagnostics are printed
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

impl Run for Arguments {
    fn run(self, console: &mut Console) -> Exit {
        match self.work(console) {
            Ok(exit) => exit,
            Err(failures) => console.fail(&failures, self.format),
        }
    }
}

impl Arguments {
    fn work(&self, console: &mut Console) -> Result<Exit, Vec<Failure>> {
        let location = locate(self.path.as_deref()).map_err(|failure| vec![failure])?;
        if self.check {
            let compared = compare(&location, &self.target, self.out.as_deref())?;
            return Ok(self.report_compared(&compared, console));
        }
        let built = build(&location, &self.target, self.out.as_deref())?;
        Ok(self.report_built(&built, console))
    }

    fn report_built(&self, built: &Built, console: &mut Console) -> Exit {
        console.diagnostics(&built.checked, self.format);
        if built.checked.errors() > 0 {
            return Exit::Errors;
        }
        if self.format == Format::Human {
            for (word, changed) in [("wrote", true), ("unchanged", false)] {
                let parts: Vec<String> =
                    built.written.iter().filter(|one| one.changed == changed).map(part).collect();
                if !parts.is_empty() {
                    console.say(&format!("{word} {}\n", parts.join(", ")));
                }
            }
        }
        Exit::Done
    }

    fn report_compared(&self, compared: &Compared, console: &mut Console) -> Exit {
        console.diagnostics(&compared.checked, self.format);
        if compared.checked.errors() > 0 {
            return Exit::Errors;
        }
        match self.format {
            Format::Human => {
                for difference in &compared.differences {
                    console.data(&difference.diff);
                }
                for difference in &compared.differences {
                    console.say(&format!("stale: {}: {}\n", difference.path, difference.reason));
                }
            }
            Format::Json => {
                let stale = compared.differences.iter().map(|difference| {
                    let message = format!("{} is stale: {}", difference.path, difference.reason);
                    Failure::new(message, "run `fusec build` and commit what it writes")
                });
                console.fail(&stale.collect::<Vec<_>>(), self.format);
            }
        }
        let (exit, last) = match compared.state {
            State::Fresh => (Exit::Done, "fresh\n"),
            State::Stale => (Exit::Stale, "help: run `fusec build` and commit what it writes\n"),
            State::OtherCompiler => {
                (Exit::OtherCompiler, "help: use that version of fusec, or build again with this one\n")
            }
        };
        if self.format == Format::Human {
            console.say(last);
        }
        exit
    }
}

/// `generated/dev (6 files)`, `MLproject`
fn part(written: &Written) -> String {
    match written.files {
        Some(files) => {
            format!("{} ({})", written.path, count(files, "file").unwrap_or_else(|| "no files".to_owned()))
        }
        None => written.path.clone(),
    }
}
