//! The helpers `decide`, `join`, `list` and `fail`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[allow(dead_code, reason = "each test uses its part")]
mod common;

use std::fs;

use common::{Ended, Pod, task};

fn helper(pod: &Pod, verb: &str, contract: &str, args: &[&str]) -> Ended {
    let task = task(contract);
    let mut all = vec![verb, "--wire=1", &task];
    all.extend(args);
    pod.run(&all)
}

#[test]
fn decide_writes_the_arm() {
    let contract = r#"{"in":{"a":"Float","b":"Float?"},"arms":[{"if":[["&&",["present","b"],["<","a","b"]],["<","a",1.0]]}]}"#;
    for (a, b, arm) in [("0.5", "0.6", "0"), ("0.5", "\u{F0080}", "1"), ("NaN", "1", "2"), ("2", "1", "2")] {
        let pod = Pod::new();
        helper(&pod, "decide", contract, &[&format!("--in=a={a}"), &format!("--in=b={b}")]).good();
        assert_eq!(pod.result("arm--0"), arm, "{a} {b}");
        assert_eq!(pod.results(), ["arm--0"]);
    }
}

const JOIN: &str = r#"{"name":"join--r","join":{"value":{"port":"{name: String, note: String?}",
    "cases":[
      {"if":[{"in":"arm","is":["0"]},{"in":"mode","is":["off"],"not":true}],
       "value":[[{"text":"{\"name\":\"󰂁\",\"note\":\"󰂂\"}"}],[{"text":"a-"},{"in":"part"}],[{"slot":"join--r/note"}]]},
      {"if":[{"in":"arm","is":["1","2"]}],"value":[[{"in":"whole"}]]}],
    "else":[[{"text":"{\"name\":\"none\",\"note\":\"󰂀\"}"}]]}}}"#;

#[test]
fn join_takes_the_arm_that_ran() {
    let pod = Pod::new();
    fs::create_dir_all(pod.path("fuse/store/runs/u1/join--r")).unwrap();
    let note = fuse_wire::encode("\"n\" $(x)").unwrap();
    fs::write(pod.path("fuse/store/runs/u1/join--r/note"), &note).unwrap();
    let join = |arm: &str, mode: &str, whole: &str| {
        let args = [
            "--run=u1".to_owned(),
            format!("--select=arm={arm}"),
            format!("--select=mode={mode}"),
            "--part=part=b".to_owned(),
            format!("--part=whole={whole}"),
        ];
        helper(&pod, "join", JOIN, &args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    join("0", "on", "").good();
    assert_eq!(pod.result("value"), format!("{{\"name\":\"a-b\",\"note\":\"{note}\"}}"));
    join("2", "on", "{\"name\":\"w\",\"note\":null}").good();
    assert_eq!(pod.result("value"), "{\"name\":\"w\",\"note\":\"\u{F0080}\"}");
    for (arm, whole) in [("0", ""), ("7", ""), ("1", "\u{F0080}")] {
        join(arm, "off", whole).good();
        assert_eq!(pod.result("value"), "{\"name\":\"none\",\"note\":\"\u{F0080}\"}", "{arm}");
    }
    join("1", "on", "{\"name\":1}").bad("join--r: the field `note` is missing");
    helper(&pod, "join", JOIN, &["--select=arm=0"]).bad("`--select=mode=…` is missing");
}

#[test]
fn join_checks_references_and_leaves_its_own_slots() {
    let pod = Pod::new();
    let contract = r#"{"join":{"model":{"port":{"uri":["s3"]},"cases":[{"value":[[{"in":"m"}]]}]},
        "note":{"port":"String?","cases":[]}},"slots":{"join--s/model":"model"}}"#;
    helper(&pod, "join", contract, &["--run=u1", "--part=m=s3://b/x"]).good();
    assert_eq!(pod.result("model"), r#"{"u":"s3://b/x"}"#);
    assert_eq!(pod.result("note"), "\u{F0080}");
    assert_eq!(pod.read("fuse/store/runs/u1/join--s/model"), r#"{"u":"s3://b/x"}"#);
    helper(&pod, "join", contract, &["--run=u1", "--part=m=gs://b/x"]).bad("another scheme than s3");
    helper(&pod, "join", contract, &["--part=m=s3://b/x"]).bad("`--run=…` is missing");
}

#[test]
fn list_counts_and_checks() {
    let contract = r#"{"name":"list--xs","in":{"xs":"List<Int 0..=9> ..=300","ys":"List<String>"},
        "list":{"xs":{"zip":["ys"]},"ys":{}}}"#;
    let pod = Pod::new();
    helper(
        &pod,
        "list",
        contract,
        &["--in=xs=[1,2,3]", "--composite=ys", "[\"a\",\"\u{F0081}\",\"c\"]", "b"],
    )
    .good();
    for (name, text) in [
        ("xs--idx", r#"["0","1","2"]"#),
        ("xs--nonempty", "true"),
        ("xs", r#"["1","2","3"]"#),
        ("ys", r#"["a","b","c"]"#),
    ] {
        assert_eq!(pod.result(name), text, "{name}");
    }
    helper(&pod, "list", contract, &["--in=xs=[]", "--in=ys=[]"]).good();
    assert_eq!((pod.result("xs--idx"), pod.result("xs--nonempty")), ("[]".into(), "false".into()));
    helper(&pod, "list", contract, &["--in=xs=[12]", "--in=ys=[\"a\"]"]).bad("`12` is not of type Int 0..=9");
    let many = format!("--in=xs=[{}1]", "1,".repeat(256));
    helper(&pod, "list", contract, &[&many, "--in=ys=[]"])
        .bad("has 257 items, and a loop has at most 256 steps");
}

#[test]
fn a_list_that_no_result_holds_goes_to_the_store() {
    let pod = Pod::new();
    let contract = r#"{"in":{"xs":"List<String ..=1000>"},"list":{"xs":{"stored":true}},"budget":3000}"#;
    let item = "x".repeat(900);
    let list = format!("[{}\"{item}\"]", format!("\"{item}\",").repeat(99));
    helper(&pod, "list", contract, &["--run=u1", "--step=list--xs", &format!("--in=xs={list}")]).good();
    assert_eq!(pod.read("fuse/store/runs/u1/list--xs/xs.json"), list);
    assert_eq!(pod.results(), ["xs--idx", "xs--nonempty"]);
}

#[test]
fn out_needs_a_store_and_a_layout() {
    let pod = Pod::new();
    pod.run(&["out", "--wire=1"]).bad("`--store=…` is missing");
    pod.run(&["out", "--wire=1", "--store={}", "--run=u1", "--step=make"])
        .bad("`fuse-step in` has to run before");
}

#[test]
fn fail_says_what_the_program_says() {
    let pod = Pod::new();
    let ended = pod.run(&["fail", "--wire=1", "--message=rmse 0.9\u{F000A}is \u{F0024}(bad)"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), "fuse-step fail: rmse 0.9\n  is $(bad)\n"));
}
