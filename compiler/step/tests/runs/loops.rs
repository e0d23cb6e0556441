//! Loops: rounds that are written out, and matrices over lists that are known late.

use super::harness::{ObjectStore, Run};

const CONST: &str = "golden/build/loops-const/out/dev";
const LATE: &str = "golden/build/loops-late/out/dev";

#[test]
fn rounds_are_put_together_in_their_order() {
    let run = Run::of(CONST, "greetings").go();
    let said = r#"[[["Hello Wizard Ada","Hello Wizard Ada Lovelace"],["Bye Wizard Ada","Bye Wizard Ada Lovelace"]],[["Hello Mr. Alan","Hello Mr. Alan Turing"],["Bye Mr. Alan","Bye Mr. Alan Turing"]]]"#;
    assert_eq!(run.output("messages").as_deref(), Some(said));
}

#[test]
fn conditions_hold_in_each_round_alone() {
    let run = Run::of(CONST, "reduce").param("bound", "0.2").by_hand("chars", "[]").go();
    assert_eq!(run.result("train--2--i0", "score"), "0.1");
    assert_eq!(run.wire("join--score--i1", "value"), "\u{F0080}");
    assert_eq!(run.result("join--score--i0", "value"), "0.1");
}

#[test]
fn more_than_ten_rounds_keep_their_order() {
    let numbers = |text: &dyn Fn(u32) -> String| {
        let all: Vec<String> = (0..12).map(|at| format!("\"{}\"", text(at))).collect();
        format!("[{}]", all.join(","))
    };
    let run = Run::of(LATE, "totals")
        .by_hand("qs", &numbers(&|at| at.to_string()))
        .by_hand("ps", &numbers(&|_| "2.0".to_owned()))
        .param("shipping", "1.0")
        .go();
    assert_eq!(run.output("totals"), Some(numbers(&|at| format!("{}.0", at * 2 + 1))));
}

#[test]
fn lists_of_several_lengths_and_bounds_end_the_run_at_once() {
    let totals = |qs: &str| Run::of(LATE, "totals").by_hand("qs", qs).fails().error("list--qs");
    assert!(totals(r#"["1","2"]"#).contains("a loop over both takes one of each"));
    assert!(totals("[]").contains("has 0 items"));
}

#[test]
fn stages_follow_their_own_rounds_and_files_come_together() {
    let run = Run::of(LATE, "movie-stats").go();
    run.only(&["movies", "genres", "list--names", "raw", "polish", "merge"]);
}

#[test]
fn files_of_rounds_come_together_in_an_object_store() {
    let Some(store) = ObjectStore::start(&["runs"]) else { return };
    let mut run =
        Run::of("golden/build/loops-late/out/s3", "movie-stats").instead("https://s3.example", &store.url());
    for (name, value) in
        [("AWS_ACCESS_KEY_ID", "AKIA-of-the-store"), ("AWS_SECRET_ACCESS_KEY", "secret-of-the-store/+=")]
    {
        run = run.store_secret("store", name, value);
    }
    let run = run.go();
    run.only(&["movies", "genres", "list--names", "raw", "polish", "merge"]);
    let keys = store.keys("runs");
    for place in ["raw/0/stats", "raw/1/stats", "polish/0/stats", "polish/1/stats", "merge/stats"] {
        let prefix = format!("fuse/runs/{}/{place}", run.uid());
        assert!(keys.iter().any(|key| key.starts_with(&prefix)), "{place}: {keys:?}");
    }
}

#[test]
fn what_comes_after_an_empty_list_finds_an_empty_list() {
    let sizes = |names: &str| {
        let run = Run::of(LATE, "sizes").by_hand("names", names).go();
        run.only(&["list--names", "measure", "double", "join--size", "count"]);
        (run.output("sizes").unwrap(), run.output("number").unwrap())
    };
    assert_eq!(sizes("[]"), ("[]".to_owned(), "0".to_owned()));
    assert_eq!(sizes(r#"["a","bcd"]"#), (r#"["2","6"]"#.to_owned(), "2".to_owned()));
}

#[test]
fn an_empty_list_skips_nothing_but_its_own_steps() {
    let run = |settings: &str, names: &str| {
        Run::of(LATE, "sweeps")
            .by_hand("settings", settings)
            .by_hand("names", names)
            .param("verbose", "true")
            .go()
    };
    run("[]", "[]").only(&["list--settings", "list--names", "list--names--2"]);
    let some = run(r#"[{"name":"a","rate":"0.5"}]"#, r#"["x","y"]"#);
    some.only(&[
        "list--settings",
        "train",
        "list--names",
        "train--2--i0",
        "train--2--i1",
        "list--names--2",
        "log",
    ]);
}
