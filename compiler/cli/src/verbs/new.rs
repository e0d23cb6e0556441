//! `fusec new`: a small package that builds.

use std::path::Path;

use fuse_driver::create_package;

use super::{Run, Verb, verb};
use crate::console::{Console, Format};
use crate::exit::Exit;

/// The entry in the list of verbs.
pub(super) const VERB: Verb = verb::<Arguments>("new");

/// Make a small package that builds, in a folder of its own
#[derive(clap::Args)]
struct Arguments {
    /// The package's name, and the folder's: lower-case letters, digits and `-`
    name: String,
}

impl Run for Arguments {
    fn run(self, console: &mut Console) -> Exit {
        match create_package(Path::new("."), &self.name) {
            Ok(files) => {
                let list: Vec<String> = files.iter().map(|file| format!("{}/{file}", self.name)).collect();
                let name = &self.name;
                console
                    .say(&format!("wrote {}\nhelp: build it with `fusec build {name}`\n", list.join(", ")));
                Exit::Done
            }
            Err(failure) => console.fail(&[failure], Format::Human),
        }
    }
}
