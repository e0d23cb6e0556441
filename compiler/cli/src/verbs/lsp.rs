//! `fusec lsp`: the language server, for editors.

use fuse_driver::Failure;

use super::{Run, Verb, verb};
use crate::console::{Console, Format};
use crate::exit::Exit;

/// The entry in the list of verbs.
pub(super) const VERB: Verb = verb::<Arguments>("lsp");

/// Run the language server over standard input and output
#[derive(clap::Args)]
struct Arguments {
    /// The only way it speaks; editors like to say so
    #[arg(long, hide = true)]
    stdio: bool,
}

impl Run for Arguments {
    fn run(self, console: &mut Console) -> Exit {
        let Self { stdio: _ } = self;
        match fuse_lsp::stdio() {
            Ok(()) => Exit::Done,
            Err(reason) => {
                let help = "start it from an editor; `fusec check` does the same once, in a terminal";
                console.fail(
                    &[Failure::new(format!("the language server stopped: {reason}"), help)],
                    Format::Human,
                )
            }
        }
    }
}
