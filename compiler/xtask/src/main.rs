//! Repository chores: `cargo xtask <chore>`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod bless;
mod generate;
mod not_yet;
mod plans;
mod programs;
mod schema;
mod tidy;
mod tree;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask tidy               checks what the compiler and clippy cannot: arrows, pages, goldens, sizes, words
cargo xtask bless              runs the tests and writes what comes out as what is expected
cargo xtask not-yet            writes grammar/not-yet.md
cargo xtask gen-schema         writes editors/fuse.toml.schema.json
cargo xtask gen-steps N DIR    writes a package with a pipeline of N steps into the new folder DIR
cargo xtask plans SEED N       prints N random pipelines with outcomes, and what the simulator says of them
cargo xtask programs SEED N [--outcomes N] [--from N] [--without REMEDY] [-- ORACLE ARGUMENT...]
                               compiles N random programs, simulates runs, shows their manifests to the oracle
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["tidy"] => tidy::run(),
        ["bless"] => bless::run(),
        ["not-yet"] => not_yet::write(),
        ["gen-schema"] => schema::write(),
        ["gen-steps", count, folder] => generate::run(count, folder),
        ["plans", seed, count] => plans::run(seed, count),
        ["programs", arguments @ ..] => programs::run(arguments),
        [..] => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", error.trim_end());
            ExitCode::FAILURE
        }
    }
}
