//! Runs of every plan of the repository, by Tekton's rules, with random outcomes: no run shows what none may show.
//!
//! What the lowering does against Tekton's surprises is taken out in turn, and the same runs find it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use fastrand::Rng;
use fuse_plan::simulate::outcomes::{Program, Remedy};

/// How often each pipeline is run.
const RUNS: u64 = 40;

/// A list that is made in an arm, with a loop over it.
const ROUNDS_OF_AN_ARM: &str = r#"
task find(name: String) -> { names: List<String ..=8> 1..=16 } {
  image "alpine:3.22"
  script sh """
    echo "[\"$IN_NAME\"]" > "$OUT_NAMES"
  """
}

task say(name: String) {
  image "alpine:3.22"
  script sh """
    echo "$IN_NAME"
  """
}

pipeline rounds_of_an_arm(loud: Bool) {
  if loud {
    let found = find("a")
    for name in found.names { say(name) }
  }
}
"#;

fn programs() -> Vec<Program> {
    let mut all = Vec::new();
    let arm = ("rounds of an arm".to_owned(), support::lower(ROUNDS_OF_AN_ARM));
    for (name, case) in support::repository().into_iter().chain([arm]) {
        let plan = case.plan();
        let pipelines = plan.pipelines.iter();
        all.extend(pipelines.map(|pipeline| Program::new(&name, &case.package, plan, pipeline)));
    }
    assert!(all.len() > 20, "only {} pipelines", all.len());
    all
}

/// The first violation that runs of the programs show.
fn first_violation(programs: &[Program]) -> Option<String> {
    let mut rng = Rng::with_seed(7);
    let mut runs = programs.iter().flat_map(|program| (0..RUNS).map(move |at| (program, at)));
    runs.find_map(|(program, at)| program.run(&mut rng, at % 2 == 1).err())
}

#[test]
fn no_run_shows_what_none_may_show() {
    assert_eq!(first_violation(&programs()), None);
}

#[test]
fn without_any_remedy_runs_find_that_it_is_gone() {
    for remedy in Remedy::ALL {
        let all: Vec<Program> = programs().into_iter().map(|program| program.without(remedy)).collect();
        assert!(first_violation(&all).is_some(), "no run finds out that there is no {remedy:?}");
    }
}
