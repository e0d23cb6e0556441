//! Tests that are folders: `golden/<kind>/<case>` holds what goes in and what must come out.
//!
//! A test binary without libtest lists its cases with [`cases`], runs them with [`run`] and compares through
//! [`Golden`]. `BLESS=1` writes what comes out; under `CI=true` nothing is blessed and a case that would skip fails.
//!
//! Absent on purpose: any use of the compiler. The tests bring it along.

mod case;
mod command;
mod golden;
mod marks;
mod setup;
mod steps;
mod tree;

pub use case::{Case, cases, repository};
pub use command::{Finished, finish};
pub use golden::Golden;
pub use marks::{Found, check_marks};
pub use setup::{Setup, run_in};
pub use steps::steps_package;
pub use tree::{copy, tree};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// What became of a case that did not fail.
pub enum Outcome {
    /// It ran and agreed.
    Passed,
    /// It could not run here, for this reason.
    Skipped(String),
}

/// What a case comes to: an outcome, or the text to print.
pub type Verdict = Result<Outcome, String>;

/// Says that a case cannot run on this machine; under `CI=true` that is a failure.
pub fn skip(reason: impl Into<String>) -> Verdict {
    let reason = reason.into();
    if in_ci() { Err(format!("would skip, and CI=true: {reason}")) } else { Ok(Outcome::Skipped(reason)) }
}

/// Whether the tests run where nothing may be skipped and nothing is blessed.
#[must_use]
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// Whether expected files are to be written instead of compared.
#[must_use]
pub fn blessing() -> bool {
    !in_ci() && std::env::var("BLESS").is_ok_and(|value| value == "1")
}

/// A named test.
pub struct Test {
    name: String,
    run: Box<dyn FnOnce() -> Verdict + Send>,
}

impl Test {
    /// A test that runs `run`.
    pub fn new(name: impl Into<String>, run: impl FnOnce() -> Verdict + Send + 'static) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// Runs the tests as `cargo test` expects it and ends the process. Not one test is a failure, too.
pub fn run(tests: Vec<Test>) -> ! {
    let arguments = Arguments::from_args();
    if tests.is_empty() {
        let none = Trial::test("there are cases", || Err(Failed::from("found not one case")));
        libtest_mimic::run(&arguments, vec![none]).exit()
    }
    let trials = tests
        .into_iter()
        .map(|test| {
            Trial::ignorable_test(test.name, move || match (test.run)() {
                Ok(Outcome::Passed) => Ok(Completion::Completed),
                Ok(Outcome::Skipped(reason)) => Ok(Completion::ignored_with(reason)),
                Err(text) => Err(Failed::from(text)),
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit()
}
