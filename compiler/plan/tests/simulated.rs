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

/// `if let` of what may be absent in an arm that may not run, of a constant, and of what a loop gives.
const PRESENCE: &str = r#"
task find(level: Int = 1) -> { label: String? ..=8, kind: String ..=8, levels: List<Int> ..=12 } {
  image "alpine:3.22"
  script sh """
    echo "$IN_LEVEL" > "$OUT_LABEL"
    echo "$IN_LEVEL" > "$OUT_KIND"
    echo "[$IN_LEVEL]" > "$OUT_LEVELS"
  """
}

task tell(text: String, levels: List<String>? ..=12) {
  image "alpine:3.22"
  script sh """
    echo "$IN_TEXT ${IN_LEVELS:-}"
  """
}

pipeline labels(loud: Bool) {
  if loud {
    let found = find()
  }
  if let label = found.label { tell(label) }
  if let other = found.label { tell(other) } else { tell("none") }
}

pipeline inner(kind: String) -> { kind: String? } {
  if kind == "a" {
    let second = find()
  }
  return { kind: second.kind }
}

pipeline arms_of_arms(level: Int) {
  let first = find()
  if level > 3 { tell("much") } else if level * 2 > 3 {
    let called = inner(first.kind)
    let never = inner("b")
  }
  if let kind = called.kind { fail "it is {kind}" }
  if let rest = never.kind { tell(if rest == "a" && first.kind == "a" { rest } else { "no" }) }
}

pipeline rounds(const loud: Bool = true, levels: List<Int> ..=12) {
  if loud {
    let all = for level in levels { find(level:) }
  }
  if let kinds = all.kind { tell("all", levels: kinds) }
}

pipeline refusals() -> { name: String } {
  let found = find()
  let name = if found.kind == "a" { "it is a" } else if found.kind < "b" { fail "it is {found.kind}" }
  return { name: name ?? "another" }
}
"#;

fn programs() -> Vec<Program> {
    let mut all = Vec::new();
    let own = [("rounds of an arm", ROUNDS_OF_AN_ARM), ("defaults", DEFAULTS), ("presence", PRESENCE)];
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
