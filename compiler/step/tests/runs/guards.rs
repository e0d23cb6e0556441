//! Conditions: which tasks run for which values, and how a run ends that fails.
//!
//! Joins belong here, too: a value after either arm, `??`, `fail`, a join under a guard.

use super::harness::{Ended, Run};

#[test]
fn a_step_says_itself_which_arm_is_taken() {
    let counted =
        |least: &str| Run::of("golden/build/arm-in-step/out/dev", "counted").param("least", least).go();
    let run = counted("1");
    run.only(&["found", "report", "more"]);
    let rows = run.result("found", "rows");
    assert_eq!(run.said("report"), format!("enough: {rows}\n"));
    assert_eq!((run.wire("found", "arm--0"), run.wire("found", "arm--1")), ("0", "0"));

    let run = counted("1000000");
    run.only(&["found", "report--2", "more"]);
    assert_eq!(run.said("report--2"), format!("too few: {rows} of 1000000\n"));
    run.skipped("report");
}

#[test]
fn a_helper_decides_over_values_of_two_steps() {
    let compared = |a: &str, b: &str| {
        Run::of("golden/build/arm-helper/out/dev", "compared").param("a", a).param("b", b).go()
    };
    let run = compared("short", "longer");
    run.only(&["left", "right", "if--value", "keep"]);
    assert_eq!(run.said("keep"), "keeping longer\n");
    let run = compared("longer", "short");
    run.only(&["left", "right", "if--value", "keep--2"]);
    assert_eq!(run.said("keep--2"), "keeping longer\n");
    // Equal is not less.
    compared("abc", "abc").only(&["left", "right", "if--value", "keep--2"]);
}

#[test]
fn a_helper_decides_over_a_parameter() {
    let limited = |size: &str| Run::of("golden/build/arm-helper/out/dev", "limited").param("size", size);
    assert_eq!(limited("11").go().said("keep"), "keeping 11\n");
    limited("20").go().only(&["if--size", "keep"]);
    limited("10").go().only(&["if--size"]);
    limited("21").go().only(&["if--size"]);
    // No number: the helper refuses it, and nothing else starts.
    let run = limited("many").fails();
    assert!(run.error("if--size").contains("size"), "{}", run.story());
}

#[test]
fn tekton_asks_what_it_can_ask_itself() {
    let direct = || Run::of("golden/build/direct-guards/out/dev", "direct");
    let always = ["parcel", "note", "note--3", "note--5"];
    let with = |more: &[&'static str]| [&always[..], more].concat();
    direct().go().only(&with(&["note--7", "note--10"]));
    direct()
        .param("dry", "true")
        .param("wanted", "large")
        .param("mode", "slow")
        .go()
        .only(&with(&["note--6", "note--8", "note--9"]));
    let run = direct().param("dry", "True").fails();
    assert!(
        run.error("fail--dry").contains("the parameter dry must be true or false, not True"),
        "{}",
        run.story()
    );
    let run = direct().param("wanted", "huge").fails();
    assert!(
        run.error("fail--wanted").contains("the parameter wanted must be small or large, not huge"),
        "{}",
        run.story()
    );
}

#[test]
fn guards_in_guards_hold_together() {
    let nested = |a: &str, b: &str, verbose: &str| {
        let run = Run::of("golden/build/runs-guards/out/dev", "nested");
        run.param("a", a).param("b", b).param("verbose", verbose).go()
    };
    let run = nested("4", "4", "true");
    run.only(&["first", "second", "both"]);
    assert_eq!(run.output("last").as_deref(), Some("both high"));
    let run = nested("4", "3", "true");
    run.only(&["first", "second", "say", "say--2"]);
    assert_eq!(run.said("say"), "only the first is high: 3");
    assert_eq!(run.output("last"), None);
    nested("4", "3", "false").only(&["first", "second", "say"]);
    nested("3", "9", "true").only(&["first", "say--3"]);
    nested("1", "9", "true").only(&["first", "say--4"]);

    let run = Run::of("golden/build/nested-guards/out/dev", "nested").go();
    run.only(&["first", "second", "both"]);
}

#[test]
fn what_may_be_absent_is_asked_for() {
    let search = || Run::of("golden/build/if-let/out/dev", "search");
    let run = search().go();
    run.only(&["line", "show"]);
    assert!(run.said("show").starts_with("root:"), "{}", run.said("show"));
    let run = search().param("pattern", "no such line").param("greeting", "hello").go();
    run.only(&["line", "show--2", "show--3"]);
    assert_eq!(run.said("show--2"), "nothing matches no such line\n");
    assert_eq!(run.said("show--3"), "hello\n");
    // Given and empty is not absent.
    assert_eq!(search().param("greeting", "").go().said("show--3"), "\n");
}

#[test]
fn a_task_that_does_not_hand_over_what_it_declares_fails() {
    let faulty = |how: &str| Run::of("golden/build/runs-guards/out/dev", "faulty").param("how", how);
    let run = faulty("well").go();
    assert_eq!(run.output("size").as_deref(), Some("3"));

    let code = |run: &Ended| run.failed("found").steps.last().unwrap().code;
    for (how, named, status) in
        [("forgets", "size", 1), ("text", "many", 1), ("exit", "", 7), ("signal", "SIGKILL", 137)]
    {
        let run = faulty(how).fails();
        assert_eq!(code(&run), status, "{how}: {}", run.story());
        assert!(run.error("found").contains(named), "{how}: {}", run.story());
        assert_eq!(run.output("size"), None);
        assert!(run.failed("found").results.is_empty());
    }
}
