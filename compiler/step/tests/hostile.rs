//! What steps and runs started by hand may come up with: refused with a reason, never followed, never waited for.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[allow(dead_code, reason = "each test uses its part")]
mod common;

use std::fmt::Write as _;
use std::fs;

use common::Pod;

#[test]
fn arguments_that_no_compiler_writes_are_refused() {
    let pod = Pod::new();
    let wrong = |contract: &str, args: &[&str], part: &str| {
        pod.arrive(contract, args).bad(part);
        assert!(!pod.path("fuse/in.json").exists(), "nothing is written");
    };
    wrong(r#"{"in":{"a":"Int"}}"#, &["--in=a=1", "--in=a=2"], "is given twice");
    wrong(r#"{"in":{"a":"Map<Scalar>"}}"#, &["--in=a={}", "--composite=a", "{}"], "is given twice");
    wrong(r#"{"in":{"a":"Map<Scalar>"}}"#, &["--in=a={\"k\":\"1\",\"k\":\"2\"}"], "stands twice");
    wrong(r#"{"in":{"a":"{x: Int}"}}"#, &["--in=a={\"x\":1,\"y\":2}"], "there is no field `y`");
    wrong(r#"{"in":{"a":"{x: Int}"}}"#, &["--in=a={"], "EOF");
    wrong(r#"{"in":{"a":"List<Int>"}}"#, &["--in=a=[1] [2]"], "trailing");
    let deep = format!("--in=a={}{}", "[".repeat(20_000), "]".repeat(20_000));
    wrong(r#"{"in":{"a":"List<Scalar>"}}"#, &[&deep], "the input `a`");
    wrong(
        r#"{"in":{"a":"List<Int>"}}"#,
        &["--composite=a", "[\"\u{F0081}\",\"\u{F0082}\"]", "1"],
        "lacks parts",
    );
    wrong(r#"{"in":{"a":"Int"}}"#, &["--in=a=1", "--env=X=1"], "no environment variable `X`");
    wrong(r#"{"env":["X"]}"#, &[], "`--env=X=…` is missing");
    wrong(r#"{"env":["X"]}"#, &["--env=X=\u{F0000}"], "NUL");
    wrong(r#"{"in":{"a":"Int"}}"#, &["--in=a=1", "--operand=0=x=1"], "has no operand");
    wrong(r#"{"in":{"a":"Int"}}"#, &["--in=a=1", "--operand=x"], "is not <condition>");
    wrong(r#"{"arms":[{"if":[["<","x",1]],"operands":{"x":"Int"}}]}"#, &[], "`--operand=0=x=…` is missing");
    wrong(r#"{"in":{"../a":"Int"}}"#, &["--in=../a=1"], "no file can have");
    wrong(r#"{"in":{"a":{"store":"Dataset"}}}"#, &["--in=a=nothing"], "is no uri");
    pod.run(&["in", "--wire=1", "--task={"]).bad("cannot be read");
    pod.run(&["in", "--wire=1", "--task={\"future\":1}"]).bad("unknown field `future`");
    pod.run(&["in", "--task={}"]).bad("`--wire=…` is missing");
    pod.run(&["in", "--wire=1", "--task={}", "--force"]).bad("is no option");
}

#[test]
fn keys_stay_in_their_folder() {
    for key in ["", ".", "..", "../x", "/etc/x", "a/b", "a\u{F0000}b", &"x".repeat(256)] {
        let pod = Pod::new();
        pod.arrive(r#"{"in":{"a":"Map<Map<Scalar>>"}}"#, &[&format!("--in=a={{\"k\":{{\"{key}\":\"1\"}}}}")])
            .bad("is no name of a file");
        assert_eq!(fs::read_dir(pod.path("fuse/in/a/k")).unwrap().count(), 0, "{key:?}");
    }
    let pod = Pod::new();
    pod.arrive(r#"{"in":{"a":"Map<Scalar>"}}"#, &["--in=a={\"-rf\":\"1\",\"...\":\"2\",\"*\":\"3\"}"]).good();
    assert_eq!(fs::read_dir(pod.path("fuse/in/a")).unwrap().count(), 3);
}

#[test]
fn thousands_of_entries_are_data_and_no_input() {
    let map = |count: usize| {
        let mut text = String::from("--in=a={");
        for at in 0..count {
            let _ = write!(text, "{}\"{at}\":1", if at == 0 { "" } else { "," });
        }
        text + "}"
    };
    let pod = Pod::new();
    pod.arrive(r#"{"in":{"a":"Map<Scalar>"}}"#, &[&map(3_000)]).good();
    assert_eq!(fs::read_dir(pod.path("fuse/in/a")).unwrap().count(), 3_000);
    let items = format!("--in=a=[{}1]", "1,".repeat(20_000));
    pod.arrive(r#"{"in":{"a":"List<Int>"}}"#, &[&items]).bad("more than 10000 parts");
}

#[test]
fn outputs_are_files_and_nothing_else() {
    let contract = r#"{"name":"train","out":{"x":"String ..=64"}}"#;
    for (script, part) in [
        ("ln -s /etc/hostname $OUT_X", "is a link, not a file"),
        ("ln -s nowhere $OUT_X", "is a link, not a file"),
        ("mkfifo $OUT_X", "is a pipe, not a file"),
        ("mkdir $OUT_X", "is a folder, not a file"),
        ("head -c 100000000 /dev/zero > $OUT_X", "has 100000000 bytes"),
        ("printf 'a\\000b' > $OUT_X; printf '\\377' >> $OUT_X", "is no text: byte 3"),
        ("rm -rf ${OUT_X%/x}", "it wrote nothing"),
        ("touch ${OUT_X%x}\"$(printf 'a\\033[2Jb\\nc')\"", "a\\u{1b}[2Jb\\nc"),
    ] {
        let pod = Pod::new();
        pod.arrive(contract, &[]).good();
        pod.sh(script).bad(part);
        assert!(pod.results().is_empty(), "{script}");
    }
    let pod = Pod::new();
    pod.arrive(contract, &[]).good();
    let ended = pod.sh("mknod $OUT_X c 1 3 || { printf x > $OUT_X; exit 3; }");
    if ended.code == Some(3) {
        common::leave_out("the right to make devices");
    } else {
        ended.bad("is a device, not a file");
    }
}

#[test]
fn references_lead_nowhere_else() {
    for (script, part) in [
        ("ln -s / $OUT_DATA", "is a link, not a file or a folder"),
        ("mkfifo $OUT_DATA", "is a pipe, not a file or a folder"),
        ("true", "the step wrote no"),
    ] {
        let pod = Pod::new();
        pod.arrive(r#"{"out":{"data":{"store":"Dataset"}}}"#, &["--run=u1", "--step=make"]).good();
        pod.sh(script).bad(part);
    }
}

#[test]
fn what_in_left_is_not_believed_blindly() {
    let pod = Pod::new();
    pod.arrive(r#"{"in":{"a":"Int"},"out":{"x":"Int"}}"#, &["--in=a=1"]).good();
    let json = pod.read("fuse/task.json");
    let change = |from: &str, to: &str, part: &str| {
        assert!(json.contains(from), "{json}");
        fs::write(pod.path("fuse/task.json"), json.replace(from, to)).unwrap();
        pod.run(&["exec", "--", "true"]).bad(part);
    };
    change("\"version\":1", "\"version\":2", "has version 2");
    change("\"version\":1", "\"version\":1,\"more\":1", "unknown field `more`");
    change("\"x\":", "\"../x\":", "no file can have");
    fs::remove_file(pod.path("fuse/task.json")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", pod.path("fuse/task.json")).unwrap();
    pod.run(&["exec", "--", "true"]).bad("is a link");
}
