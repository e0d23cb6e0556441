//! The cases of `golden/cli`, `golden/check` and `golden/build`; `golden/README.md` says what is in a case.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod build;
mod check;
mod cli;
#[allow(dead_code, reason = "each test uses its part")]
#[path = "../common/mod.rs"]
mod common;

use fuse_testkit::{Case, Test, Verdict, cases, run};

/// Runs a case of a kind.
type Runner = fn(&Case) -> Verdict;

fn main() {
    let kinds: [(&str, Runner); 3] = [("cli", cli::run), ("check", check::run), ("build", build::run)];
    let mut tests = Vec::new();
    for (kind, runner) in kinds {
        match cases(kind) {
            Ok(cases) => {
                for case in cases {
                    tests.push(Test::new(format!("{kind}::{}", case.name), move || runner(&case)));
                }
            }
            Err(error) => tests.push(Test::new(kind, move || Err(error))),
        }
    }
    run(tests)
}
