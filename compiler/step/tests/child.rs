//! The user's command as a child: its status, its signals, its environment.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[allow(dead_code, reason = "each test uses its part")]
mod common;

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::{Ended, Pod};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Starts a script that makes the file `ready`, and waits for that.
fn started(pod: &Pod, script: &str) -> Child {
    let file = pod.path("script");
    std::fs::write(&file, script).unwrap();
    let mut command = pod.command(&["sh", file.to_str().unwrap()]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until(|| pod.path("ready").exists());
    child
}

fn until(done: impl Fn() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(60), "it never comes");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
}

fn ended(child: Child) -> Ended {
    Ended::of(&child.wait_with_output().unwrap())
}

fn pod(contract: &str) -> Pod {
    let pod = Pod::new();
    pod.arrive(contract, &[]).good();
    pod
}

#[test]
fn signals_reach_the_command_and_its_own_answer_counts() {
    for signal in
        [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGUSR1, Signal::SIGUSR2]
    {
        let pod = pod(r#"{"name":"train","out":{"x":"Int"}}"#);
        let name = signal.as_str().trim_start_matches("SIG");
        let child = started(
            &pod,
            &format!("trap 'echo got; exit 7' {name}; : > ready; while :; do sleep 0.02; done"),
        );
        send(&child, signal);
        let ended = ended(child);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(7), "got\n"), "{signal}: {}", ended.stderr);
    }
}

#[test]
fn a_signal_ends_what_the_command_started_too() {
    let pod = pod("{}");
    let child = started(&pod, "sleep 600 & echo $! > pid; : > ready; wait");
    send(&child, Signal::SIGTERM);
    let ended = ended(child);
    assert_eq!(ended.code, Some(143));
    assert!(ended.stderr.contains("SIGTERM ended the command"), "{}", ended.stderr);
    let sleeper: i32 = pod.read("pid").trim().parse().unwrap();
    // It is gone, or gone but for whoever adopted it.
    let alive = || {
        let state = std::fs::read_to_string(format!("/proc/{sleeper}/stat")).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    };
    until(|| !alive());
}

#[test]
fn a_command_may_live_on_after_a_signal() {
    let pod = pod(r#"{"out":{"x":"Int"}}"#);
    let child = started(
        &pod,
        "trap 'echo 5 > $OUT_X' USR1; : > ready; while [ ! -e $OUT_X ]; do sleep 0.02 || :; done",
    );
    send(&child, Signal::SIGUSR1);
    ended(child).good();
    assert_eq!(pod.result("x"), "5");
}

#[test]
fn statuses_are_kept() {
    let pod = pod(r#"{"name":"train","out":{"x":"Int"}}"#);
    for code in [1, 2, 126, 127, 255] {
        let ended = pod.sh(&format!("echo 1 > $OUT_X; exit {code}"));
        assert_eq!(ended.code, Some(code));
        assert_eq!(ended.stderr, "", "the command has said itself why");
    }
    assert_eq!(pod.sh("kill -SEGV $$").code, Some(139));
    assert!(pod.results().is_empty());
}

#[test]
fn scripts_stop_at_the_first_failure_and_at_unknown_names() {
    let pod = pod("{}");
    assert_eq!(pod.sh("false; echo on").stdout, "");
    let ended = pod.sh("echo $IN_NONE; echo on");
    assert!(ended.code != Some(0) && ended.stdout.is_empty(), "{ended:?}");
}

#[test]
fn what_the_image_says_stays_and_late_variables_win() {
    let pod = Pod::new();
    let contract = r#"{"in":{"a":"Int"},"env":["LATE","GONE"]}"#;
    pod.arrive(contract, &["--in=a=1", "--env=LATE=new", "--env=GONE=\u{F0080}"]).good();
    let mut command = pod.command(&["exec", "--", "env"]);
    command.env("KEPT", "kept").env("LATE", "old").env("HOME", "/root").env("IN_A", "old");
    let ended = Ended::of(&command.output().unwrap()).good();
    let line =
        |line: &str| assert!(ended.stdout.lines().any(|found| found == line), "{line}: {}", ended.stdout);
    line("KEPT=kept");
    line("LATE=new");
    line("IN_A=1");
    assert!(!ended.stdout.contains("GONE="), "{}", ended.stdout);
    let home = ended.stdout.lines().find_map(|line| line.strip_prefix("HOME=")).unwrap();
    assert!(home.starts_with(pod.path("fuse/tmp").to_str().unwrap()), "{home}");
}

#[test]
fn nothing_waits_for_input() {
    let pod = pod("{}");
    assert_eq!(pod.sh("cat; echo end").good().stdout, "end\n");
}
