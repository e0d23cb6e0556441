//! Calls that share a pod.

use super::harness::{ObjectStore, Run};

const CLAIM: &str = "golden/build/fused/out/dev";
const BUCKET: &str = "golden/build/fused/out/s3";

/// What `tell` says of twelve films, six of them even.
const SAID: &str = "Films \"to\" $HOME see: large, 6.0 of [12, 7, 12] \
                    (Films \"to\" $HOME see $( 12, Films \"to\" $HOME see/$(, 12)";

#[test]
fn values_and_files_pass_inside_the_pod() {
    let run = Run::of(CLAIM, "films").param("mark", "$(").param("extra", "7").go();
    run.only(&["all", "show", "join--seen", "n"]);
    assert_eq!(run.output("text").as_deref(), Some(SAID));
    // Both files that `thin` wrote and its note; a small list has none.
    assert_eq!(run.output("n").as_deref(), Some("3"));
    assert_eq!(run.output("few"), None);
}

#[test]
fn the_last_call_computes_conditions_over_all() {
    let run = Run::of(CLAIM, "films").param("rows", "7").param("extra", "5").go();
    run.only(&["all", "show", "count", "join--seen", "n"]);
    assert_eq!(run.result("all", "arm--0"), "0");
    assert_eq!((run.output("few").as_deref(), run.output("n").as_deref()), (Some("0"), Some("0")));
}

#[test]
fn only_what_leaves_the_pod_goes_into_the_bucket() {
    let Some(store) = ObjectStore::start(&["runs"]) else { return };
    let mut run = Run::of(BUCKET, "films").param("mark", "$(").instead("https://s3.example", &store.url());
    for (name, value) in
        [("AWS_ACCESS_KEY_ID", "AKIA-of-the-store"), ("AWS_SECRET_ACCESS_KEY", "secret-of-the-store/+=")]
    {
        run = run.store_secret("store", name, value);
    }
    let run = run.go();
    assert_eq!(run.output("text").as_deref(), Some(SAID));
    let keys = store.keys("runs");
    let start = format!("fuse/runs/{}/", run.uid());
    let outputs: std::collections::BTreeSet<String> = keys
        .iter()
        .map(|key| key.strip_prefix(&start).unwrap().split('/').take(2).collect::<Vec<_>>().join("/"))
        .collect();
    assert_eq!(outputs.into_iter().collect::<Vec<_>>(), ["all/less--films", "all/tell--all"]);
}

#[test]
fn commands_take_values_of_the_pod() {
    let run = Run::of(CLAIM, "rounds").param("name", "Ada").param("n", "8").go();
    assert_eq!(run.output("best").as_deref(), Some("[\"0.1\",\"0.2\"]"));
}

#[test]
fn a_value_of_the_wrong_type_fails_the_call_that_gives_it_and_nothing_follows() {
    let run = Run::of(CLAIM, "rounds").param("name", "Ada").param("n", "19").fails();
    let error = run.error("pod--i0");
    assert!(error.contains("half: the output `n`"), "{error}");
    let pod = run.failed("pod--i0");
    let ran: Vec<&str> = pod.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(ran, ["fuse-in", "times"]);
}

#[test]
fn calls_without_values_need_no_other_container() {
    Run::of(CLAIM, "words").param("loud", "true").go().only(&[
        "said",
        "fused",
        "brief--fused",
        "brief--2--fused",
    ]);
}

#[test]
fn a_join_finds_what_a_pod_of_an_arm_gave() {
    let guarded = |deep: &str| {
        let run = Run::of(CLAIM, "guarded").param("deep", deep).param("rows", "5");
        run.secret("wall", "WALL_TOKEN", "secret-of-the-wall").go()
    };
    let deep = guarded("true");
    deep.only(&["fused", "join--got", "seen", "posted--up", "fused--2"]);
    assert_eq!((deep.result("join--got", "left").as_str(), deep.output("n").as_deref()), ("2.0", Some("2")));
    let plain = guarded("false");
    plain.only(&["fetch", "join--got", "seen", "posted--up", "fused--2"]);
    assert_eq!(plain.result("join--got", "left"), "1.0");
    let said: Vec<&str> =
        plain.ran("posted--up").steps.iter().skip(1).map(|step| step.stdout.trim()).collect();
    assert_eq!(said[1], "at https://wall.example/et-of-the-wall: done");
    let ended: Vec<&str> =
        plain.ran("fused--2").steps.iter().skip(1).map(|step| step.stdout.trim()).collect();
    assert_eq!(ended, ["Completed", "Succeeded"]);
}

#[test]
fn calls_of_a_pod_keep_to_their_own_folders() {
    let run =
        Run::of(CLAIM, "guarded").param("deep", "false").secret("wall", "WALL_TOKEN", "x-of-the-wall").go();
    let fuse = run.ran("posted--up").folder.join("fuse");
    let names = |at: &str| -> Vec<String> {
        let entries = std::fs::read_dir(fuse.join(at)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names("calls"), ["end", "first", "post"]);
    assert_eq!(names("calls/end"), ["in", "in.json", "known.json", "out", "task.json", "tmp"]);
    assert_eq!(names("calls/first"), ["in", "in.json", "out", "task.json", "tmp"]);
    assert_eq!(std::fs::read_link(fuse.join("in.json")).unwrap().to_str(), Some("now/call/in.json"));
    let now = std::fs::read_link(fuse.join("now/call")).unwrap();
    assert!(now.ends_with("fuse/calls/post"), "{}", now.display());
}
