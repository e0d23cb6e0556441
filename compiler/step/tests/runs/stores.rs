//! Stores: files pass from step to step, and a step of the user sees nothing of the store but them.

use super::harness::{Ended, ObjectStore, Run};

const SECRETS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIA-of-the-store"), ("AWS_SECRET_ACCESS_KEY", "secret-of-the-store/+=")];

fn check(run: &Ended) {
    run.only(&["made", "look", "show"]);
    assert_eq!(run.output("rows").as_deref(), Some("20"));
    let seen = run.said("show");
    assert!(seen.ends_with("a note\nin two lines"), "{seen}");
    // It did write down its environment and that of its parent.
    assert!(seen.matches("IN_DATA=").count() >= 1 && seen.matches("PATH=").count() >= 2, "{seen}");
    for (name, value) in SECRETS {
        assert!(!seen.contains(name) && !seen.contains(value), "{seen}");
    }
}

#[test]
fn files_pass_on_a_claim() {
    let run = Run::of("golden/build/runs-store/out/claim", "seen").go();
    check(&run);
    let note = run.store().join("runs").join(run.uid()).join("made/notes/deep/er/my note");
    assert_eq!(std::fs::read_to_string(note).unwrap(), "a note\nin two lines");
}

#[test]
fn files_pass_in_an_object_store_and_its_keys_stay_with_fuse_step() {
    let Some(store) = ObjectStore::start(&["runs"]) else { return };
    let mut run =
        Run::of("golden/build/runs-store/out/s3", "seen").instead("https://s3.example", &store.url());
    for (name, value) in SECRETS {
        run = run.store_secret("store", name, value);
    }
    let run = run.go();
    check(&run);
    let prefix = format!("fuse/runs/{}/made/notes/", run.uid());
    let keys = store.keys("runs");
    assert!(keys.iter().any(|key| key.starts_with(&prefix)), "{keys:?}");
    assert!(std::fs::read_dir(run.store()).unwrap().next().is_none(), "nothing is on a claim");
}

#[test]
fn without_the_secret_of_the_store_no_pod_starts() {
    let run = Run::of("golden/build/runs-store/out/s3", "seen").fails();
    assert!(run.story().contains("couldn't find key AWS_ACCESS_KEY_ID in Secret store"), "{}", run.story());
}
