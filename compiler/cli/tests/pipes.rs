//! What becomes of the output when nobody can take it.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs::File;
use std::io;
use std::process::{Command, Stdio};

fn explain(stdout: Stdio, stderr: Stdio) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fusec"));
    command.arg("explain").stdin(Stdio::null()).stdout(stdout).stderr(stderr);
    command.spawn().unwrap().wait_with_output().unwrap()
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let done = explain(writer.into(), Stdio::piped());
    assert_eq!((done.status.code(), done.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn data_that_is_lost_is_an_error() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let done = explain(full.into(), Stdio::piped());
    assert_eq!(done.status.code(), Some(2));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.starts_with("error: cannot write to standard output: "), "{said}");
}

#[test]
fn a_lost_terminal_stops_nothing() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_fusec"));
    let done = command.arg("verb-of-nobody").stderr(writer).status().unwrap();
    assert_eq!(done.code(), Some(2));
}
