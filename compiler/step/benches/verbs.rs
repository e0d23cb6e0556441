//! What `fuse-step` adds to a pod: `cargo bench -p fuse-step --bench verbs`.
//!
//! Each sample starts the program as the kubelet does. `nothing` is the price of starting any process here; what the
//! others take above it is ours.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::path::Path;
use std::process::{Command, Stdio};

use divan::Bencher;

fn main() {
    divan::main();
}

const TASK: &str = r#"--task={"name":"score","in":{"alpha":"Float","text":"String"},"out":{"rmse":"Float"},"arms":[{"if":[["<","rmse","alpha"]]}]}"#;

fn fuse_step(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fuse-step"));
    command.env("FUSE_ROOT", folder.join("fuse")).env("FUSE_RESULTS", folder.join("results"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn pod() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["fuse", "results"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    folder
}

fn arrive(folder: &Path) {
    let args = ["in", "--wire=1", TASK, "--in=alpha=0.5", "--in=text=hello"];
    assert!(fuse_step(folder).args(args).status().unwrap().success());
}

#[divan::bench]
fn nothing(bencher: Bencher<'_, '_>) {
    bencher.bench(|| Command::new("/bin/true").status().unwrap());
}

#[divan::bench]
fn start(bencher: Bencher<'_, '_>) {
    let folder = pod();
    bencher.bench(|| fuse_step(folder.path()).args(["fail", "--wire=1", "--message=x"]).status().unwrap());
}

/// Checks two inputs, lays them out, and copies the program for the steps after it.
#[divan::bench]
fn arrives(bencher: Bencher<'_, '_>) {
    let folder = pod();
    bencher.bench(|| arrive(folder.path()));
}

/// A shell that writes one number: its process included.
#[divan::bench]
fn runs(bencher: Bencher<'_, '_>) {
    let folder = pod();
    arrive(folder.path());
    let script = ["exec", "--", "/bin/sh", "-c", "echo 0.4 > \"$OUT_RMSE\""];
    bencher.bench(|| assert!(fuse_step(folder.path()).args(script).status().unwrap().success()));
}

/// The same shell alone.
#[divan::bench]
fn runs_alone(bencher: Bencher<'_, '_>) {
    let folder = pod();
    let file = folder.path().join("rmse");
    bencher.bench(|| {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "echo 0.4 > \"$OUT_RMSE\""]).env("OUT_RMSE", &file).status().unwrap()
    });
}
