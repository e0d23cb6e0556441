//! A build that is killed at any point leaves the old output or the new one, whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, reason = "each test uses its part")]
mod common;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use common::{Package, fusec};
use fuse_testkit::tree;

/// How many builds are killed.
const ROUNDS: u32 = 40;

fn program(greeting: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("pipeline hello() {\n");
    for i in 0..40 {
        let _ = writeln!(text, "  greet_{i}()");
    }
    text.push_str("}\n");
    for i in 0..40 {
        let _ = write!(
            text,
            "\ntask greet_{i}() {{\n  image \"alpine:3.22\"\n  script sh \"\"\"\n    echo {greeting}\n  \"\"\"\n}}\n"
        );
    }
    text
}

/// What the target's folder holds; a build in progress may have it between two names, never in parts.
fn output(package: &Package) -> BTreeMap<String, Vec<u8>> {
    tree(&package.path().join("generated/dev")).unwrap_or_default()
}

fn build(package: &Package) -> Command {
    let mut command = Command::new(fusec());
    command.args(["build", "."]).current_dir(package.path()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

#[test]
fn old_or_new_and_nothing_between() {
    let package = Package::new(&[("main.fuse".to_owned(), program("old"))]).unwrap();
    let mut states = Vec::new();
    let mut times = Vec::new();
    for greeting in ["old", "new"] {
        package.write("main.fuse", &program(greeting)).unwrap();
        let start = Instant::now();
        let done = build(&package).output().unwrap();
        times.push(start.elapsed());
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        states.push(output(&package));
    }
    assert!(!states[0].is_empty() && states[0] != states[1]);
    let whole = times[1];
    let mut killed = 0;
    for round in 0..ROUNDS {
        let greeting = if round % 2 == 0 { "old" } else { "new" };
        package.write("main.fuse", &program(greeting)).unwrap();
        let mut child = build(&package).spawn().unwrap();
        // Over the whole time of a build, and a little more for the last ones.
        thread::sleep(whole.mul_f64(f64::from(round + 1) / f64::from(ROUNDS) * 1.2));
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        let found = output(&package);
        assert!(states.contains(&found), "round {round}: neither old nor new: {:?}", found.keys());
    }
    assert!(killed > ROUNDS / 10, "only {killed} of {ROUNDS} builds were killed before their end");
    // The next build clears away what the killed ones left.
    package.write("main.fuse", &program("old")).unwrap();
    assert!(build(&package).status().unwrap().success());
    assert_eq!(output(&package), states[0]);
    let names: Vec<String> = fs::read_dir(package.path().join("generated"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, ["dev"], "nothing of the killed builds is left");
}
