//! Pipelines that call pipelines: their steps run where they are called, under the call's names and conditions.

use super::harness::Run;

const COMPOSE: &str = "golden/build/compose/out/dev";

#[test]
fn a_pipeline_called_twice_runs_twice() {
    let run = Run::of(COMPOSE, "extremes").param("score", "0.6").go();
    run.skipped("fail--low--score");
    run.ran("low--good");
    // The second call is constant: it gives `bad` and has no steps.
    assert_eq!(run.output("first").as_deref(), Some("good  bad"));
    assert_eq!(run.output("second").as_deref(), Some("good "));
    assert_eq!(run.output("text").as_deref(), Some("fine"));

    let run = Run::of(COMPOSE, "extremes").param("score", "0.2").go();
    run.skipped("low--good");
    run.ran("grade--good");
    assert_eq!(run.output("second").as_deref(), Some("bad"));
}

#[test]
fn a_called_pipeline_can_fail_the_run() {
    let run = Run::of(COMPOSE, "extremes").param("score", "-1.0").fails();
    assert!(run.error("fail--low--score").contains("a score of -1.0"), "{}", run.story());
}

#[test]
fn the_condition_around_a_call_is_one_around_its_steps() {
    let deep = |flag: &str| Run::of(COMPOSE, "deep").param("name", "n").param("flag", flag);
    let run = deep("true").go();
    run.ran("m--g--good");
    assert_eq!(run.said("show"), "n\n", "the files that a called pipeline returns");
    assert_eq!(run.output("grade").as_deref(), Some("good "));
    let run = deep("false").go();
    run.only(&[]);
    assert_eq!(run.output("grade"), None);
}

#[test]
fn type_parameters_follow_from_arguments() {
    let run = Run::of(COMPOSE, "rows").go();
    run.only(&["made", "copied--first", "copied--second", "use-rows"]);
}
