//! A user's step from its inputs to its results.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[allow(dead_code, reason = "each test uses its part")]
mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;

use common::{Ended, Pod, leave_out};
use serde_json::json;

/// What shells, JSON, Tekton and the kubelet give a meaning to.
const HOSTILE: &str = "$(params.x) $$ ${HOME} `id` \"q\" 'q' \\n \n\t; & | < > * ? ~ # ! % $(AWS_SECRET_ACCESS_KEY) {{x}} äöü 🦀 -rf --in=x=1 \u{7f}\u{1}";

#[test]
fn inputs_are_laid_out_by_their_types() {
    let pod = Pod::new();
    let contract = r#"{"name":"train","in":{"alpha":"Float","n":"Int","ok":"Bool","note":"String?","missing":"Int?",
        "repo":"{url: Url, depth: Int?}","params":"Map<Scalar>","rates":"List<Float> 1..=3",
        "model":{"uri":["s3"]},"wait":"Duration"},
        "const":{"names":{"type":"List<String>","value":["a","b$"]}}}"#;
    let args = [
        "--in=alpha=1e-3",
        "--in=n=007",
        "--in=ok=true",
        "--in=note=",
        "--in=missing=\u{F0080}",
        "--composite=repo",
        "{\"url\":\"\u{F0081}\",\"depth\":\"\u{F0080}\"}",
        "https://git.example/x",
        "--in=params={\"a b\":\"1\",\"ä\":\"\u{F0024}x\"}",
        "--in=rates=[0.5,1]",
        "--in=model={\"u\":\"s3://b/m/\"}",
        "--in=wait=1h30min",
    ];
    pod.arrive(contract, &args).good();
    let all = json!({
        "alpha": 0.001, "n": 7, "ok": true, "note": "", "missing": null,
        "repo": {"url": "https://git.example/x", "depth": null},
        "params": {"a b": "1", "ä": "$x"}, "rates": [0.5, 1.0], "model": "s3://b/m/", "wait": "1h30min",
        "names": ["a", "b$"],
    });
    assert_eq!(pod.json(), all);
    for (path, text) in [
        ("alpha", "0.001"),
        ("n", "7"),
        ("ok", "true"),
        ("note", ""),
        ("repo/url", "https://git.example/x"),
        ("params/a b", "1"),
        ("params/ä", "$x"),
        ("rates/0000", "0.5"),
        ("rates/0001", "1.0"),
        ("model", "s3://b/m/"),
        ("names/0001", "b$"),
    ] {
        assert_eq!(pod.read(&format!("fuse/in/{path}")), text, "{path}");
    }
    for path in ["missing", "repo/depth", "rates/0002"] {
        assert!(!pod.path("fuse/in").join(path).exists(), "{path}");
    }
    let ended = pod.sh("env; echo \"[$IN_NOTE]\"").good();
    for line in ["IN_ALPHA=0.001", "IN_N=7", "IN_MODEL=s3://b/m/", "IN_WAIT=1h30min", "[]"] {
        assert!(ended.stdout.lines().any(|found| found == line), "{line}: {}", ended.stdout);
    }
    for (name, path) in [("REPO", "repo"), ("PARAMS", "params"), ("NAMES", "names")] {
        let line = format!("IN_{name}={}", pod.path("fuse/in").join(path).display());
        assert!(ended.stdout.contains(&line), "{line}: {}", ended.stdout);
    }
    for gone in ["IN_MISSING", "FUSE_ROOT", "FUSE_RESULTS"] {
        assert!(!ended.stdout.contains(gone), "{gone}");
    }
    assert!(ended.stdout.contains(&format!("FUSE_IN={}", pod.path("fuse/in.json").display())));
}

#[test]
fn a_second_attempt_starts_from_nothing() {
    let pod = Pod::new();
    pod.arrive(r#"{"in":{"a":"Map<Scalar>"},"out":{"x":"String"}}"#, &[r#"--in=a={"k":"1"}"#]).good();
    pod.sh("echo old > \"$OUT_X\"; mkdir -p \"$TMPDIR/deep\"; ln -s / \"$TMPDIR/root\"").good();
    assert!(pod.path("fuse/out/x").exists());
    pod.arrive(r#"{"in":{"b":"Int"},"out":{"x":"String?"}}"#, &["--in=b=1"]).good();
    assert_eq!(pod.json(), json!({"b": 1}));
    for gone in ["in/a", "out/x"] {
        assert!(!pod.path("fuse").join(gone).exists(), "{gone}");
    }
    assert_eq!(fs::read_dir(pod.path("fuse/tmp")).unwrap().count(), 0);
    pod.run(&["exec", "--", "true"]).good();
    assert_eq!(pod.result("x"), "\u{F0080}", "an optional output that is not there is absent");
    // A link in place of a folder is removed, not followed.
    let victim = pod.path("victim");
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join("kept"), "").unwrap();
    fs::remove_dir_all(pod.path("fuse/in")).unwrap();
    std::os::unix::fs::symlink(&victim, pod.path("fuse/in")).unwrap();
    pod.arrive(r#"{"in":{"b":"Int"}}"#, &["--in=b=1"]).good();
    assert!(victim.join("kept").exists() && !victim.join("b").exists());
}

#[test]
fn a_hostile_text_arrives_and_leaves_unchanged() {
    let encoded = fuse_wire::encode(HOSTILE).unwrap();
    let contract = r#"{"in":{"text":"String","map":"Map<Scalar>"},"out":{"text":"String ..=512","copy":"String ..=512"},
        "env":["LATE"]}"#;
    let map = format!("--in=map={{\"k\":\"{encoded}\"}}");
    let args = [format!("--in=text={encoded}"), map, format!("--env=LATE={encoded}")];
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let sh = "[ \"$IN_TEXT\" = \"$LATE\" ]; [ \"$(cat \"$IN_MAP/k\"; echo .)\" = \"$LATE.\" ]
        printf %s \"$IN_TEXT\" > \"$OUT_TEXT\"; cp \"$FUSE_ROOTED/in/text\" \"$OUT_COPY\"";
    let python = "import json, os
text = os.environ['IN_TEXT']
inputs = json.load(open(os.environ['FUSE_IN'], encoding='utf-8'))
assert inputs['text'] == text == os.environ['LATE'] == inputs['map']['k']
assert open(os.environ['IN_MAP'] + '/k', encoding='utf-8', newline='').read() == text
open(os.environ['OUT_TEXT'], 'w', encoding='utf-8', newline='').write(text)
open(os.environ['OUT_COPY'], 'w', encoding='utf-8', newline='').write(inputs['text'])";
    for language in ["sh", "python"] {
        let pod = Pod::new();
        pod.arrive(contract, &args).good();
        if language == "sh" {
            pod.sh(&sh.replace("$FUSE_ROOTED", pod.path("fuse").to_str().unwrap())).good();
        } else {
            let ended = pod.python(python);
            if ended.code == Some(127) {
                leave_out("python3");
                continue;
            }
            ended.good();
        }
        for name in ["text", "copy"] {
            assert_eq!(pod.result(name), encoded, "{language} {name}");
        }
    }
}

#[test]
fn a_command_of_the_contract_gets_texts_as_words() {
    let pod = Pod::new();
    let contract = r#"{"in":{"text":"String","map":"Map<Scalar>","none":"Int?"},
        "run":["printf","[%s]",["a=",{"in":"text"},"!"],[{"in":"map"}],[{"in":"none"}]]}"#;
    let text = fuse_wire::encode("$(x) \"y\"; *").unwrap();
    pod.arrive(contract, &[&format!("--in=text={text}"), "--in=map={}", "--in=none=\u{F0080}"]).good();
    let wanted = format!("[a=$(x) \"y\"; *!][{}][]", pod.path("fuse/in/map").display());
    assert_eq!(pod.run(&["exec"]).good().stdout, wanted);
    let pod = Pod::new();
    pod.arrive("{}", &[]).good();
    pod.run(&["exec"]).bad("there is no command");
    pod.run(&["exec", "true"]).bad("stands behind `--`");
}

#[test]
fn results_are_written_all_or_none() {
    let pod = Pod::new();
    let contract = r#"{"in":{"least":"Int"},
        "out":{"rows":"Int","share":"Float","table":"List<{a: Int}>","uri":{"uri":["s3"],"rewrite":{"mlflow:/":"s3://m/"}},
        "none":{"uri":[],"optional":true}},
        "arms":[{"if":[["<","rows","least"],["<","share","most"]],"operands":{"most":"Float"}},{"if":[["present","none"]]}],
        "budget":3936}"#;
    pod.arrive(contract, &["--in=least=3", "--operand=0=most=0.5"]).good();
    let script = "echo 7 > $OUT_ROWS; echo 0.25 > $OUT_SHARE; echo '[ {\"a\": 1} ]' > $OUT_TABLE; echo mlflow:/x > $OUT_URI";
    pod.sh(&format!("{script}; echo x > $OUT_SHARE")).bad("`x` is not of type Float");
    assert_eq!(pod.results(), [""; 0]);
    pod.sh(script).good();
    for (name, text) in [
        ("rows", "7"),
        ("share", "0.25"),
        ("table", r#"[{"a":"1"}]"#),
        ("uri", r#"{"u":"s3://m/x"}"#),
        ("none", "\u{F0080}"),
        ("arm--0", "1"),
        ("arm--1", "1"),
    ] {
        assert_eq!(pod.result(name), text, "{name}");
    }
    assert_eq!(pod.results().len(), 7);
}

#[test]
fn metrics_come_from_their_file_or_alone() {
    let contract = r#"{"name":"train","out":{"metrics":{"store":"Metrics"},"metrics--rmse":"Float","metrics--n":"Int"}}"#;
    let run = |script: &str| {
        let pod = Pod::new();
        pod.arrive(contract, &["--run=u1", "--step=train"]).good();
        let ended = pod.sh(script);
        let read = |name: &str| fs::read_to_string(pod.path("results").join(name)).unwrap_or_default();
        (ended, read("metrics--rmse"), read("metrics--n"))
    };
    let (ended, rmse, n) = run("echo '{\"rmse\": 0.79, \"n\": 3.0, \"x\": \"y\"}' > $OUT_METRICS");
    ended.good();
    assert_eq!((rmse.as_str(), n.as_str()), ("0.79", "3"));
    let (ended, rmse, _) = run("echo '{\"rmse\": NaN, \"n\": 1}' > $OUT_METRICS");
    ended.good();
    assert_eq!(rmse, "NaN");
    let (ended, rmse, _) = run("echo '{\"n\": 1}' > $OUT_METRICS; echo 0.5 > $OUT_METRICS__RMSE");
    ended.good();
    assert_eq!(rmse, "0.5");
    run("echo '{\"n\": 1.5, \"rmse\": 1}' > $OUT_METRICS").0.bad("the metric `n`: `1.5` is not of type Int");
    run("echo '{\"n\": [], \"rmse\": 1}' > $OUT_METRICS").0.bad("the metric `n`: [] is no scalar");
    run("mkdir $OUT_METRICS").0.bad("is a folder, not a file");
}

#[test]
fn files_and_slots_go_to_the_claim() {
    let pod = Pod::new();
    let contract = r#"{"name":"make","out":{"data":{"store":"Dataset"},"log":{"store":"Files","optional":true},"rows":"Int"},
        "slots":{"join--r/rows":"rows","join--r/data":"data"}}"#;
    pod.arrive(contract, &["--run=u1", "--step=make", "--index=3"]).good();
    pod.sh("mkdir $OUT_DATA; echo 1,2 > $OUT_DATA/a.csv; echo 2 > $OUT_ROWS").good();
    assert_eq!(pod.result("log"), "\u{F0080}");
    let reference = fuse_wire::Reference::read(&pod.result("data")).unwrap();
    assert!(reference.uri.contains("runs/u1/make/3/data"), "{reference:?}");
    // A join of the same run finds what was left, and another step gets the files.
    let join = r#"{"join":{"value":{"port":"Int","cases":[{"value":[[{"slot":"join--r/rows"}]]}]},
        "data":{"port":{"store":"Dataset"},"cases":[{"value":[[{"slot":"join--r/data"}]]}]}}}"#;
    pod.run(&["join", "--wire=1", &common::task(join), "--run=u1"]).good();
    assert_eq!(pod.result("value"), "2");
    let given = pod.result("data");
    let list = format!("[\"{}\"]", fuse_wire::encode(&given).unwrap());
    let contract = r#"{"in":{"data":{"store":"Dataset"},"all":"List<files(Dataset)>"}}"#;
    pod.arrive(contract, &[&format!("--in=data={given}"), &format!("--in=all={list}")]).good();
    assert_eq!(pod.sh("cat $IN_DATA/a.csv $IN_ALL/0000/a.csv").good().stdout, "1,2\n1,2\n");
    assert_eq!(pod.json()["all"][0], json!(pod.path("fuse/in/all/0000")));
    pod.arrive(r#"{"name":"make","out":{"data":{"store":"Dataset"}}}"#, &[])
        .bad("make: `--run=…` is missing");
    pod.arrive(r#"{"out":{"data":{"store":"Dataset"}}}"#, &["--run=..", "--step=x"])
        .bad("is no name of a folder");
}

#[test]
fn other_users_of_the_pod_can_run_and_change_only_out_and_tmp() {
    let pod = Pod::new();
    if fs::metadata(pod.path("fuse")).unwrap().uid() != 0 {
        return leave_out("root");
    }
    let contract = r#"{"in":{"text":"String","map":"Map<Scalar>"},"out":{"x":"String ..=200"}}"#;
    pod.arrive(contract, &["--in=text=a", "--in=map={\"k\":\"v\"}"]).good();
    let script = "cat $IN_MAP/k $FUSE_IN > /dev/null; echo t > $TMPDIR/t; echo h > $HOME/h
        for path in $IN_MAP/k $IN_MAP/new $FUSE_IN ${FUSE_IN%in.json}task.json ${FUSE_IN%in.json}new ${FUSE_IN%in.json}bin/fuse-step
        do if (echo x >> $path) 2>/dev/null; then echo can write $path; exit 9; fi; done
        if mv ${FUSE_IN%in.json}out ${FUSE_IN%in.json}tmp/out 2>/dev/null; then exit 8; fi
        id -u > $OUT_X";
    fs::write(pod.path("script"), script).unwrap();
    let mut command = pod.copied(&["sh", pod.path("script").to_str().unwrap()]);
    let ended = Ended::of(&command.uid(65534).gid(65534).output().unwrap()).good();
    assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    assert_eq!(pod.result("x"), "65534");
    let metadata = fs::metadata(pod.path("results/x")).unwrap();
    assert_eq!((metadata.uid(), metadata.permissions().mode() & 0o777), (65534, 0o644));
    // The same pod once more, as a user without rights from the start.
    let (first, pod) = (pod, Pod::new());
    let task = common::task(contract);
    let args = ["in", "--wire=1", &task, "--in=text=a", "--in=map={}"];
    let mut command = std::process::Command::new(first.path("fuse/bin/fuse-step"));
    command.env("FUSE_ROOT", pod.path("fuse")).env("FUSE_RESULTS", pod.path("results"));
    Ended::of(&command.args(args).uid(65534).gid(65534).output().unwrap()).good();
    fs::write(pod.path("script"), "echo ok > $OUT_X").unwrap();
    let mut command = pod.copied(&["sh", pod.path("script").to_str().unwrap()]);
    Ended::of(&command.uid(65533).gid(65533).output().unwrap()).good();
    assert_eq!(pod.result("x"), "ok");
}

#[test]
fn other_users_of_the_pod_write_files_in_place() {
    let pod = Pod::new();
    if fs::metadata(pod.path("fuse")).unwrap().uid() != 0 {
        return leave_out("root");
    }
    let contract = r#"{"out":{"data":{"store":"Dataset"}},"slots":{"join--r/data":"data"}}"#;
    pod.arrive(contract, &["--run=u1", "--step=make"]).good();
    fs::write(pod.path("script"), "mkdir $OUT_DATA; echo 1 > $OUT_DATA/a.csv").unwrap();
    let mut command = pod.copied(&["sh", pod.path("script").to_str().unwrap()]);
    Ended::of(&command.uid(65534).gid(65534).output().unwrap()).good();
    assert!(pod.result("data").contains("runs/u1/make/data"));
    assert_eq!(pod.read("fuse/store/runs/u1/join--r/data"), pod.result("data"));
}

#[test]
fn a_case_with_its_record_arrives_and_leaves() {
    let pod = Pod::new();
    let shape = "enum{circle: {radius: Float 0.., label: String?}, square: {}}";
    let contract = format!(
        r#"{{"name":"draw","in":{{"a":"{shape}","b":"{shape}","c":"List<{shape}>"}},"out":{{"x":"{shape}"}}}}"#
    );
    let args = [
        "--composite=a",
        "{\"circle\":{\"radius\":\"\u{F0081}\",\"label\":\"\u{F0080}\"}}",
        "2",
        "--in=b={\"square\":{}}",
        "--in=c=[{\"square\":{}},{\"circle\":{\"radius\":\"1\",\"label\":\"$\"}}]",
    ];
    pod.arrive(&contract, &args.map(|arg| arg.replace('$', "\u{F0024}")).each_ref().map(String::as_str))
        .good();
    assert_eq!(
        pod.json(),
        json!({
            "a": {"circle": {"radius": 2.0, "label": null}}, "b": {"square": {}},
            "c": [{"square": {}}, {"circle": {"radius": 1.0, "label": "$"}}],
        })
    );
    assert_eq!(pod.read("fuse/in/a/circle/radius"), "2.0");
    assert_eq!(pod.read("fuse/in/c/0001/circle/label"), "$");
    assert!(pod.path("fuse/in/b/square").is_dir());
    pod.sh(r#"echo '{"circle": {"radius": 3, "label": null}}' > "$OUT_X""#).good();
    assert_eq!(pod.result("x"), "{\"circle\":{\"radius\":\"3.0\",\"label\":\"\u{F0080}\"}}");
    let pod = Pod::new();
    pod.arrive(&contract, &["--in=a={\"square\":{}}", "--in=b={\"round\":{}}", "--in=c=[]"])
        .bad("the input `b`: there is no case `round`");
}
