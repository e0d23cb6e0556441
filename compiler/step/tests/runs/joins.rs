//! Values that leave the arms of a condition: merged after either arm, with defaults, absent, and under outer guards.

use super::harness::Run;

const JOIN: &str = "golden/build/join/out/dev";

#[test]
fn a_join_takes_what_the_step_of_the_taken_arm_left() {
    let shape = |radius: &str| Run::of(JOIN, "shape").param("radius", radius);
    let run = shape("0.5").go();
    run.only(&["if--r", "circumference", "join--r", "area--2"]);
    let merged: f64 = run.result("join--r", "value").parse().unwrap();
    assert!((merged - std::f64::consts::PI).abs() < 1e-9, "{merged}");
    let area: f64 = run.output("area").unwrap().parse().unwrap();
    assert!((area - std::f64::consts::PI.powi(3)).abs() < 1e-9, "{area}");

    let run = shape("2").go();
    run.only(&["if--r", "area", "join--r", "area--2"]);
    assert_eq!(run.result("join--r", "value"), run.result("area", "value"));
}

#[test]
fn fail_ends_the_run_with_its_message() {
    let run = Run::of(JOIN, "shape").param("radius", "11.5").fails();
    assert!(run.error("fail--r").contains("radius must be in 0.1..10, got 11.5"), "{}", run.story());
    assert_eq!(run.output("area"), None);
}

#[test]
fn constants_and_parameters_are_merged_without_a_store() {
    let constants =
        |score: &str| Run::of(JOIN, "constants").param("score", score).param("name", "$(id) x").go();
    let run = constants("0.1");
    run.only(&["if--word", "join--word", "tell"]);
    assert_eq!(run.output("said").as_deref(), Some("low none"));
    assert_eq!(constants("0.6").output("said").as_deref(), Some("medium $(id) x none"));
    assert_eq!(constants("0.9").output("said").as_deref(), Some("$(id) x none"));
}

#[test]
fn parts_of_a_record_and_files_are_merged_where_they_are_used() {
    for (flag, taken, name) in [("true", "measure", "first"), ("false", "measure--2", "other")] {
        let run = Run::of(JOIN, "parts").param("flag", flag).param("name", "first").go();
        run.only(&[taken, "join--m", "told"]);
        assert_eq!(run.output("score").as_deref(), Some("0.5"));
        assert_eq!(run.said("told"), format!("{name}\n"), "the files of the arm that ran");
    }
}

#[test]
fn what_may_be_absent_gets_its_default_or_stays_absent() {
    let absent = |name: Option<&str>, score: &str| {
        let run = Run::of(JOIN, "absent").param("score", score);
        if let Some(name) = name { run.param("name", name) } else { run }
    };
    let run = absent(None, "0.9").go();
    assert_eq!(run.result("join--name", "value"), "nobody");
    assert_eq!(run.result("join--label", "value"), "nothing");
    assert_eq!(run.wire("join--deep", "score"), "\u{F0080}");
    assert_eq!(run.result("join--deep--2", "value"), "0.25");
    assert_eq!(run.output("said").as_deref(), Some("default 0.25"));
    run.skipped("m");
    run.skipped("deep");

    let run = absent(Some("xyz"), "0.1").go();
    assert_eq!(run.result("join--label", "value"), "found xyz");
    assert_eq!(run.result("join--deep", "score"), "0.5");
    assert_eq!(run.output("said").as_deref(), Some("found xyz 0.5"));
    assert_eq!(run.output("other").as_deref(), Some("found xyz"));
    assert_eq!(run.said("told"), "inner\n");
}

#[test]
fn a_chain_runs_one_of_its_arms() {
    let sizes = |size: &str| Run::of("golden/build/else-if/out/dev", "sizes").param("size", size).go();
    for (size, task, text) in
        [("small", "tell", "s\n"), ("medium", "tell--2", "m\n"), ("large", "tell--3", "l\n")]
    {
        let run = sizes(size);
        run.only(&[task]);
        assert_eq!(run.said(task), text);
    }
    let run = Run::of("golden/build/else-if/out/dev", "grades").go();
    run.only(&["s", "tell--2"]);
    assert_eq!(run.said("tell--2"), "good it\n");
    Run::of("golden/build/else-if/out/dev", "mixed").param("size", "medium").go().only(&["tell--3"]);
}
