//! The harness itself: it follows Tekton's rules, also those that no sound manifest ever meets.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::harness::manifest::{ParamType, Value};
use super::harness::process;
use super::harness::substitute::{Table, expand, references};
use super::harness::{Ended, Run};

/// Tasks that need no `fuse-step`: `give` writes its parameter as a result, `mute` writes none, `break` fails.
const TASKS: &str = r##"
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: give, namespace: ml}
spec:
  params: [{name: text, type: string, default: "0"}]
  results: [{name: out, type: string}]
  steps:
  - name: main
    image: alpine
    command: [/bin/sh, -c]
    args: ["printf %s \"$TEXT\" > \"$FUSE_RESULTS/out\"; printf '%s' \"$1\" \"$2\"", sh, "$(params.text)", "$$(TEXT)"]
    env: [{name: TEXT, value: "$(params.text)"}]
---
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: mute, namespace: ml}
spec:
  results: [{name: out, type: string}]
  steps: [{name: main, image: alpine, command: ["true"]}]
---
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: break, namespace: ml}
spec:
  steps: [{name: main, image: alpine, script: "echo broken >&2; false; echo unreachable"}]
---
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: spread, namespace: ml}
spec:
  params: [{name: items, type: array}]
  steps: [{name: main, image: alpine, script: "#!/bin/sh\nfor item; do echo \"[$item]\"; done\n", args: ["$(params.items[*])", last]}]
"##;

/// Runs the tasks of a pipeline, in YAML's flow style.
fn run(tasks: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let object = |kind: &str, spec: &str| {
        format!(
            "apiVersion: tekton.dev/v1\nkind: {kind}\nmetadata: {{name: p, namespace: ml}}\nspec:\n{spec}"
        )
    };
    let tasks: String = tasks.iter().map(|task| format!("  - {{{task}}}\n")).collect();
    let pipeline = format!("  params: [{{name: a, type: string, default: \"0\"}}]\n  tasks:\n{tasks}");
    fs::write(folder.path().join("tasks.yaml"), TASKS.trim_start()).unwrap();
    fs::write(folder.path().join("pipeline.p.yaml"), object("Pipeline", &pipeline)).unwrap();
    fs::write(folder.path().join("run.p.yaml"), object("PipelineRun", "  pipelineRef: {name: p}\n")).unwrap();
    Run::from(folder.path(), "p")
}

fn story(tasks: &[&str]) -> Vec<String> {
    let ended: Ended = run(tasks).ends();
    ended.story().lines().map(str::to_owned).collect()
}

const A: &str = "name: a, taskRef: {name: give}, params: [{name: text, value: '1'}]";
const UNTAKEN: &str =
    "name: b, taskRef: {name: give}, when: [{input: $(tasks.a.results.out), operator: in, values: ['0']}]";

#[test]
fn what_is_only_ordered_after_a_guarded_task_runs() {
    let c = "name: c, taskRef: {name: give}, runAfter: [b]";
    assert_eq!(story(&[c, UNTAKEN, A]), ["a ran", "b was skipped by its `when`", "c ran"]);
}

#[test]
fn what_needs_a_result_of_a_guarded_task_is_skipped_and_so_is_what_follows() {
    let c = "name: c, taskRef: {name: give}, params: [{name: text, value: $(tasks.b.results.out)}]";
    let d = "name: d, taskRef: {name: give}, runAfter: [c]";
    assert_eq!(
        story(&[A, UNTAKEN, c, d])[2..],
        ["c was skipped: c: the result b.out is missing", "d was skipped: c was skipped before it"]
    );
}

#[test]
fn one_missing_result_leaves_all_references_in_place() {
    // `in` is false then, `notin` is true and the skip spreads.
    let part = "params: [{name: text, value: $(tasks.b.results.out)}]";
    let c = format!(
        "name: c, taskRef: {{name: give}}, {part}, when: [{{input: $(tasks.a.results.out), operator: in, values: ['1']}}]"
    );
    let d = c.replace("name: c", "name: d").replace("operator: in", "operator: notin").replace("'1'", "'2'");
    assert_eq!(
        story(&[A, UNTAKEN, &c, &d])[2..],
        ["c was skipped by its `when`", "d was skipped: d: the result b.out is missing"]
    );
}

#[test]
fn a_result_that_a_task_did_not_write_fails_the_run() {
    let b = "name: b, taskRef: {name: mute}";
    let c = "name: c, taskRef: {name: give}, params: [{name: text, value: $(tasks.b.results.out)}]";
    assert_eq!(
        story(&[b, c]),
        ["b ran", "c was not started", "the run failed: c: the result b.out is missing"]
    );
}

#[test]
fn a_failure_ends_the_run() {
    let ended =
        run(&["name: x, taskRef: {name: break}", "name: y, taskRef: {name: give}, runAfter: [x]"]).fails();
    assert_eq!(ended.error("x"), "broken\n");
    assert!(ended.story().ends_with("y was not started\n"));
}

#[test]
fn texts_are_replaced_as_tekton_and_kubelet_do() {
    // By hand: the variable of the environment is expanded in arguments, `$$` is not.
    let b = "name: b, taskRef: {name: give}, params: [{name: text, value: \"x-$(params.a)\"}]";
    let ended = run(&[b]).by_hand("a", "$(TEXT)").go();
    assert_eq!(ended.wire("b", "out"), "x-$(TEXT)");
    assert_eq!(ended.said("b"), "x-x-$(TEXT)$(TEXT)");
    // As a trigger encodes it, nothing is expanded.
    let ended = run(&[b]).param("a", "$(TEXT) $$").go();
    assert_eq!(ended.result("b", "out"), "x-$(TEXT) $$");
    // A reference that arrives is looked at once more when the pod is made.
    let ended = run(&[b]).by_hand("a", "$(params.nope)").fails();
    assert!(ended.story().contains("PodCreationFailed"), "{}", ended.story());
    // An array takes the place of its reference.
    let list = "name: l, taskRef: {name: spread}, params: [{name: items, value: ['$(params.a)', 'b c']}]";
    assert_eq!(run(&[list]).param("a", "1").go().said("l"), "[1]\n[b c]\n[last]\n");
}

#[test]
#[should_panic(expected = "Tekton refuses `$(params.nope)`")]
fn a_reference_that_nothing_replaces_is_refused() {
    run(&["name: b, taskRef: {name: give}, params: [{name: text, value: $(params.nope)}]"]).go();
}

#[test]
#[should_panic(expected = "unknown field")]
fn a_field_that_the_harness_does_not_know_is_refused() {
    run(&["name: b, taskRef: {name: give}, onError: continue"]).go();
}

#[test]
#[should_panic(expected = "wrote elsewhere")]
fn a_step_that_writes_beside_its_folders_is_seen() {
    let text = "name: b, taskRef: {name: give}, params: [{name: text, value: \"$(params.a)\"}]";
    let run = run(&[text]);
    let canary = run.elsewhere().join("canary");
    fs::write(&canary, "").unwrap();
    run.go();
}

#[test]
fn one_pass_replaces_and_what_it_brings_stays() {
    let mut table = Table::default();
    table.parameter("a", &Value::Text("$(params.b)".into()));
    table.parameter("b", &Value::Text("2".into()));
    table.parameter("xs", &Value::List(vec!["1".into(), "$(params.b)".into()]));
    assert_eq!(table.text("$(params.a)$(params.c)$($(params['b'])"), "$(params.b)$(params.c)$(2");
    assert_eq!(table.text("$(params.b"), "$(params.b");
    assert_eq!(table.items("$(params.xs[*])"), ["1", "$(params.b)"]);
    assert_eq!(table.items("x$(params.xs[1])"), ["x$(params.b)"]);
    assert_eq!(table.value(&Value::Text("$(params.xs[*])".into())).ty(), ParamType::Array);
}

#[test]
fn a_reference_has_a_root_and_more() {
    assert_eq!(
        references("$(params.a) $(id) $(HOME) $(tasks.t.results.r) $(params"),
        ["params.a", "tasks.t.results.r"]
    );
}

#[test]
fn kubelet_expands_what_is_set() {
    let env = BTreeMap::from([("A".to_owned(), "$(B)".to_owned())]);
    assert_eq!(expand("$(A) $$(A) $(B) $A $( $", &env), "$(B) $(A) $(B) $A $( $");
    assert_eq!(expand("$$$$(A)", &env), "$$(A)");
}

#[test]
fn a_program_that_takes_too_long_ends_with_what_it_started() {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' TERM; sleep 1000 & echo $!; wait"]);
    let exit = process::run(&command, Duration::from_millis(300));
    assert!(exit.timed_out && exit.code == 137, "{exit:?}");
    let child: i32 = exit.stdout.trim().parse().unwrap();
    let gone = (0..200).any(|_| {
        thread::sleep(Duration::from_millis(20));
        let state = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    });
    assert!(gone, "its child runs on");
}

#[test]
#[should_panic(expected = "left a secret in")]
fn a_secret_of_the_store_in_a_file_is_seen() {
    // `in` writes the texts that it gets to files; here one of them is said to be a secret.
    let run = Run::of("golden/build/if-let/out/dev", "search").param("pattern", "an-odd-secret");
    run.store_secret("store", "KEY", "an-odd-secret").go();
}
