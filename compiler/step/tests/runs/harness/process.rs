//! Runs programs in a clean environment, each in a session of its own that ends with it.

use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a program that is asked to end may take.
const GRACE: Duration = Duration::from_secs(5);

/// How a program ended.
#[derive(Clone, Debug)]
pub struct Exit {
    /// Its status; that of a signal is 128 and its number, as shells have it.
    pub code: i32,
    /// What it wrote to standard output; what is not UTF-8 is replaced.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
    /// Whether it was ended because it took too long.
    pub timed_out: bool,
}

/// Runs a program to its end. One that takes longer is told to end. What it leaves running is killed, as with a
/// container.
pub fn run(command: &Command, patience: Duration) -> Exit {
    let begun = Instant::now();
    let mut child = in_session(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let session = child.id();
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let (ended, end) = mpsc::channel();
    let waiter = thread::spawn(move || {
        let status = child.wait();
        let _ = ended.send(());
        status
    });
    let timed_out = end.recv_timeout(patience).is_err();
    if timed_out {
        let _ = kill(pid(session), Signal::SIGTERM);
        let _ = end.recv_timeout(GRACE);
    }
    kill_session(session);
    let status = waiter.join().unwrap().unwrap();
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1);
    let text =
        |thread: thread::JoinHandle<Vec<u8>>| String::from_utf8_lossy(&thread.join().unwrap()).into_owned();
    Exit { code, stdout: text(stdout), stderr: text(stderr), took: begun.elapsed(), timed_out }
}

/// The same command in a session of its own: what it starts can leave its process group, but not the session unseen.
pub fn in_session(command: &Command) -> Command {
    let mut inner = Command::new("setsid");
    inner.arg(command.get_program()).args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        inner.envs(value.map(|value| (name, value)));
    }
    if let Some(folder) = command.get_current_dir() {
        inner.current_dir(folder);
    }
    inner
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).unwrap())
}

/// Kills every process of a session.
fn kill_session(session: u32) {
    let session = session.to_string();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(number) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // The name in parentheses may hold anything; then: state, parent, group, session.
        let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
        if fields.split(' ').nth(3) == Some(session.as_str()) {
            let _ = kill(pid(number), Signal::SIGKILL);
        }
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        bytes
    })
}

/// Ends a server that was started in a session of its own, and what it started.
pub fn end(child: &mut Child) {
    let _ = kill(pid(child.id()), Signal::SIGTERM);
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline && child.try_wait().is_ok_and(|status| status.is_none()) {
        thread::sleep(Duration::from_millis(50));
    }
    kill_session(child.id());
    let _ = child.wait();
}
