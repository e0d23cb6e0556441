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

/// A default for what a called pipeline has in an arm of an arm; a text that is put together and compared.
const DEFAULTS: &str = r#"
task note(text: String = "q") -> { kind: String ..=8, said: String ..=8 } {
  image "alpine:3.22"
  script sh """
    echo "$IN_TEXT" > "$OUT_KIND"
    echo "$IN_TEXT" > "$OUT_SAID"
  """
}

pipeline inner(name: String) -> { said: String? } {
  let first = note()
  if name == "it is q" { note(text: name) }
  if first.kind in ["q", "r"] {
    let second = note()
  }
  return { said: second.said }
}

pipeline middle() -> { said: String? } {
  let first = note()
  if first.kind != "r" {
    let called = inner("it is {first.said}")
  }
  return { said: called.said }
}

pipeline outer(level: Int) {
  let called = middle()
  if level + 1 < level * 2 && level >= 4 {
    note(text: called.said ?? "none")
  }
}
"#;

fn programs() -> Vec<Program> {
    let mut all = Vec::new();
    let own = [("rounds of an arm", ROUNDS_OF_AN_ARM), ("defaults", DEFAULTS)];
    let own = own.map(|(name, text)| (name.to_owned(), support::lower(text)));
    for (name, case) in support::repository().into_iter().chain(own) {
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
