//! Steps at the end: by how the run and its steps ended, and by what there is.

use super::harness::Run;

/// The pipeline with what its first step gives, or that it fails.
fn nightly(rows: &str) -> Run {
    Run::of("golden/build/finally/out/dev", "nightly").param("rows", rows)
}

#[test]
fn all_that_came_to_be_is_there_at_the_end() {
    let run = nightly("120").go();
    run.only(&["got", "big", "join--size", "tell", "tell--4", "tell--6", "tell--7", "keep", "tell--8"]);
    // The check of `alarm` was left out.
    assert_eq!(run.said("tell"), "team: ended Completed\n");
    assert_eq!((run.said("tell--7"), run.said("tell--8")), ("size 120\n", "done\n"));
}

#[test]
fn what_stands_in_an_arm_that_was_not_taken_is_missing_at_the_end() {
    let run = nightly("7").go();
    run.only(&["got", "join--size", "tell", "tell--4", "tell--5", "tell--6", "tell--7"]);
    assert_eq!((run.said("tell"), run.said("tell--5")), ("team: ended Completed\n", "7 rows are few\n"));
}

#[test]
fn the_end_comes_after_a_failure_too() {
    let run = nightly("none").fails();
    run.only(&["tell", "tell--2", "tell--3"]);
    assert_eq!(run.said("tell"), "team: ended Failed\n");
    assert_eq!(run.said("tell--3"), "nothing came: Failed\n");
    // Whether an arm was taken holds at the end, too.
    let run = nightly("7").param("alarm", "false").go();
    run.only(&["got", "join--size", "tell", "tell--4", "tell--5", "tell--7"]);
    let quiet = nightly("none").param("alarm", "false").fails();
    quiet.only(&["tell", "tell--3"]);
}
