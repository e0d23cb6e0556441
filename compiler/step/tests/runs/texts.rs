//! Hostile values: they arrive unchanged, and nothing executes them.

use std::path::Path;

use serde_json::json;

use super::harness::{Cluster, Ended, Run};

/// A file of that name appears where any of its commands is executed, wherever that is.
const CANARY: &str = "canary-7f3a";

/// What shells, Tekton, kubelet, YAML, JSON, Python and `printf` give a meaning to.
fn hostile() -> Vec<String> {
    let canary = |text: &str| text.replace("CANARY", CANARY);
    vec![
        canary("$(touch CANARY) `touch CANARY`; touch CANARY # && touch CANARY | touch CANARY"),
        canary("'; touch CANARY; '\" ; touch CANARY; \" '''\"\"\"+__import__('os').system('touch CANARY')"),
        canary(
            "$(params.text) $$(HOME) $$ $(AWS_SECRET_ACCESS_KEY) $(context.taskRun.name) $(tasks.first.results.x)",
        ),
        canary("$(PATH) ${PATH} $PATH $(CANARY) $(results.text.path) $(workspaces.fuse--store.path)"),
        "{\"a\": [1, \"b\"]} \\u0041 \\n \\ \\\\ %24( %s %d %% {x} {{ y }} {% z %}".to_owned(),
        // A step that writes a result has one line end at its end dropped, so that none stands there.
        "\n- on: no\n\ty: ~\r\n--- &a !!python/object *a\n\n# no: comment\r".to_owned(),
        "--in=text=other".to_owned(),
        "-n".to_owned(),
        "--".to_owned(),
        "@file".to_owned(),
        "~root/* ? [a-z] !! ^a^b".to_owned(),
        "  blanks on both sides \t".to_owned(),
        "é 🙂 \u{202e}rtl\u{200b} \u{feff}bom \u{7f}\u{1}\u{1b}[31m".to_owned(),
        "../../../etc/passwd".to_owned(),
        String::new(),
    ]
}

/// Looks for a file or folder with that name below a folder.
fn appears(name: &str, folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let entry = entry.unwrap();
        entry.file_name().to_string_lossy().contains(name)
            || entry.file_type().unwrap().is_dir() && appears(name, &entry.path())
    })
}

fn harmless(run: &Ended, text: &str) {
    assert!(!appears(CANARY, run.folder()), "{text:?} was executed\n{}", run.story());
    for place in [Path::new("/"), Path::new("/tmp"), Path::new("."), Path::new("/root")] {
        assert!(!place.join(CANARY).exists(), "{text:?} was executed in {}", place.display());
    }
}

#[test]
fn a_text_arrives_unchanged_in_shell_and_python() {
    for text in hostile() {
        let run = Run::of("golden/build/runs-texts/out/dev", "texts").param("text", &text).go();
        run.only(&["first", "second", "joined"]);
        assert_eq!(run.result("first", "text"), text);
        assert_eq!(run.said("first"), text);
        assert_eq!(run.said("second"), text);
        assert_eq!(run.said("joined"), format!("{text} and {text}"));
        assert_eq!(run.result("joined", "text"), format!("{text}, {text}"));
        assert_eq!(run.output("text").as_ref(), Some(&text));
        harmless(&run, &text);
    }
}

#[test]
fn a_text_of_the_source_arrives_as_it_was_written() {
    let cluster = Cluster::start(json!({
        "url": "http://hostile.example",
        "conditions": [{"type": "Ready", "status": "True"}],
    }));
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    cluster.write_kubeconfig(&kubeconfig);
    let run = || Run::of("golden/build/hostile-strings/out/dev", "hostile_strings").cluster(&kubeconfig);

    let text = format!("$(touch {CANARY})");
    let ended = run().param("text", &text).go();
    ended.only(&["first", "use-all", "predictor"]);
    assert_eq!(ended.result("first", "text"), format!("{text}{text}"));
    assert_eq!(ended.said("use-all"), format!("{text}{text} and {text} $(x)\ngood\n{text}"));
    assert_eq!(ended.result("predictor", "url"), "http://hostile.example");
    harmless(&ended, &text);

    let written = "$(params.text) $$(HOME) `id` \"; rm -rf / #\n- on: no\ty: ~ {x} {{ y }} %24( é 🙂";
    let ended = run().go();
    assert_eq!(ended.result("first", "text"), format!("{written}{written}"));
    assert_eq!(ended.wire("first", "model"), r#"{"u":"s3://models/a/"}"#);
    let applied = cluster.applied();
    assert_eq!(applied.len(), 2);
    assert_eq!(applied[1].body["spec"]["predictor"]["model"]["storageUri"], "s3://models/a/");
}

#[test]
fn what_could_be_taken_for_an_encoded_text_is_refused() {
    // Written by hand: a reserved character that means nothing.
    let run = Run::of("golden/build/runs-texts/out/dev", "texts").by_hand("text", "\u{F00FF}").fails();
    assert!(run.error("first").contains("text"), "{}", run.story());
}

#[test]
fn names_and_constants() {
    let run = Run::of("golden/build/names/out/dev", "a_name_with_underscores").param("name", "it's").go();
    assert_eq!(run.said("say-hello--4"), "three");
    assert_eq!(run.said("greet"), "Hello, it's\n");
    assert_eq!(run.said("greet--2"), "it's, it's\n");
    assert_eq!(run.said("greet--3"), "Hello, again\n");
}
