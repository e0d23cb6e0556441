//! `fusec check`: everything that is wrong with a package, for all its targets.

use std::collections::BTreeSet;
use std::path::PathBuf;

use fuse_driver::{Checked, Overlay, check, locate};

use super::{Run, Verb, verb};
use crate::console::{Console, Format, count};
use crate::exit::Exit;

/// The entry in the list of verbs.
pub(super) const VERB: Verb = verb::<Arguments>("check");

/// Check a package for all its targets, without writing anything
#[derive(clap::Args)]
struct Arguments {
    /// A package folder or a `.fuse` file [default: the package around the current folder]
    path: Option<PathBuf>,
    /// How diagnostics are printed
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

impl Run for Arguments {
    fn run(self, console: &mut Console) -> Exit {
        let found = locate(self.path.as_deref())
            .map_err(|failure| vec![failure])
            .and_then(|location| check(&location, &Overlay::new(), &[]));
        let mut checked = match found {
            Ok(checked) => checked,
            Err(failures) => return console.fail(&failures, self.format),
        };
        checked.show_from_here();
        console.diagnostics(&checked, self.format);
        if checked.errors() > 0 {
            return Exit::Errors;
        }
        if self.format == Format::Human {
            console.say(&summary(&checked));
        }
        Exit::Done
    }
}

fn summary(checked: &Checked) -> String {
    let package = &checked.package;
    let built = package.roots.iter().filter_map(|root| package.pipeline(root.pipeline));
    let names: BTreeSet<&str> = built.map(|pipeline| pipeline.name.as_str()).collect();
    let pipelines = count(names.len(), "pipeline");
    let deploys = count(checked.package.deploys.len(), "deployment");
    let parts: Vec<String> = pipelines.into_iter().chain(deploys).collect();
    let what = if parts.is_empty() { "modules without pipelines".to_owned() } else { parts.join(", ") };
    let targets: Vec<&str> = checked.plans.iter().map(|plan| plan.target.as_str()).collect();
    let where_to = if targets.is_empty() { String::new() } else { format!(" for {}", targets.join(", ")) };
    format!("checked {what}{where_to}: no errors\n")
}
