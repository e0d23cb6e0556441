//! `fusec explain`: the page of a diagnostic.

use fuse_base::{closest, codes};
use fuse_driver::Failure;

use super::{Run, Verb, verb};
use crate::console::{Console, Format};
use crate::exit::Exit;

/// The entry in the list of verbs.
pub(super) const VERB: Verb = verb::<Arguments>("explain");

/// Explain a diagnostic: what it means, a program that fails with it and the program put right
#[derive(clap::Args)]
struct Arguments {
    /// A code such as `FS0203`, or its name [default: list all codes]
    code: Option<String>,
}

impl Run for Arguments {
    fn run(self, console: &mut Console) -> Exit {
        let Some(text) = self.code else {
            let list: String = codes::all().map(|code| format!("{} {}\n", code.id, code.name)).collect();
            console.data(&list);
            return Exit::Done;
        };
        if let Some(code) = codes::find(&text) {
            console.data(&format!("{}\n", code.page.trim_end()));
            return Exit::Done;
        }
        let names = codes::all().map(|code| code.name);
        let help = closest(&text, names).map_or_else(
            || "`fusec explain` without a code lists all of them".to_owned(),
            |name| format!("did you mean `{name}`?"),
        );
        console.fail(&[Failure::new(format!("there is no diagnostic `{text}`"), help)], Format::Human)
    }
}
