//! `apply` and `start` against a stand-in of the API server.

mod answers;
mod apply;
mod case;
mod server;
mod start;

use std::collections::BTreeSet;
use std::fs;

use fuse_testkit::{Outcome, Test, Verdict};

fn main() {
    let cases: Vec<case::Case> = apply::cases().into_iter().chain(start::cases()).collect();
    let names: BTreeSet<String> = cases.iter().map(case::Case::place).collect();
    let mut tests: Vec<Test> = cases.into_iter().map(case::Case::test).collect();
    tests.push(Test::new("apply/told-to-end", apply::told_to_end));
    tests.push(Test::new("every-transcript-has-a-case", move || orphans(&names)));
    fuse_testkit::run(tests);
}

fn orphans(names: &BTreeSet<String>) -> Verdict {
    for verb in ["apply", "start"] {
        let folder = case::folder().join(verb);
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries.flatten() {
            let name = format!("{verb}/{}", entry.file_name().display());
            if !names.contains(&name) {
                return Err(format!("{} is of no case", entry.path().display()));
            }
        }
    }
    Ok(Outcome::Passed)
}
