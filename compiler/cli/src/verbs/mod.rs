//! The verbs: one file each, and an entry in [`ALL`].

mod build;
mod check;
mod explain;
mod graph;
mod lsp;
mod new;
mod tools;

use clap::{ArgMatches, Command};

use crate::console::Console;
use crate::exit::Exit;

/// A verb of the command line.
pub(crate) struct Verb {
    /// What the user types.
    pub(crate) name: &'static str,
    /// Adds its description and arguments.
    pub(crate) arguments: fn(Command) -> Command,
    /// Does it.
    pub(crate) run: fn(&ArgMatches, &mut Console) -> Exit,
}

/// All verbs, in the order of the help.
pub(crate) static ALL: &[Verb] =
    &[new::VERB, check::VERB, build::VERB, graph::VERB, tools::VERB, explain::VERB, lsp::VERB];

/// A verb whose arguments are the type `A`.
const fn verb<A: clap::Args + Run>(name: &'static str) -> Verb {
    Verb {
        name,
        arguments: |command| A::augment_args(command),
        run: |matches, console| match A::from_arg_matches(matches) {
            Ok(arguments) => arguments.run(console),
            Err(error) => {
                let _ = error.print();
                Exit::Usage
            }
        },
    }
}

/// What the arguments of a verb ask for.
trait Run {
    fn run(self, console: &mut Console) -> Exit;
}
