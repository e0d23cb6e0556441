//! The user's command as a child: signals reach it, its status is kept.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{
    SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGWINCH,
};
use signal_hook::iterator::Signals;

use crate::environment::Environment;
use crate::failure::Failure;

/// The status of a command that the image does not have.
const NOT_FOUND: u8 = 127;
/// The status of a command that cannot be run.
const NOT_EXECUTABLE: u8 = 126;

/// Runs a command and waits for its end. Signals that arrive meanwhile are passed on.
///
/// # Errors
/// The image lacks the command, it cannot be run, or it ended otherwise than with status 0: the failure has the
/// status to end with.
pub fn run(words: &[OsString], environment: &Environment) -> Result<(), Failure> {
    let Some((program, args)) = words.split_first() else {
        return Err(Failure::new("there is no command to run"));
    };
    let mut command = Command::new(program);
    command.args(args);
    for name in &environment.remove {
        command.env_remove(name);
    }
    command.envs(environment.set.iter().map(|(name, value)| (name, value)));
    // Listening starts before the child does, so that no signal falls between them.
    let forwarded =
        [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGCONT, SIGTSTP, SIGCHLD];
    let mut signals = Signals::new(forwarded)
        .map_err(|error| Failure::new(format!("cannot listen to signals: {error}")))?;
    let mut child = command.spawn().map_err(|error| not_started(program, &error))?;
    let pid = i32::try_from(child.id()).map(Pid::from_raw).ok();
    let handle = signals.handle();
    let forward = thread::spawn(move || {
        for number in signals.forever().filter(|number| *number != SIGCHLD) {
            if let (Some(pid), Ok(signal)) = (pid, Signal::try_from(number)) {
                let _ = kill(pid, signal);
            }
        }
    });
    let ended = child.wait();
    handle.close();
    let _ = forward.join();
    let ended = ended.map_err(|error| Failure::new(format!("cannot wait for the command: {error}")))?;
    if ended.success() { Ok(()) } else { Err(not_well(ended)) }
}

fn not_started(program: &OsString, error: &std::io::Error) -> Failure {
    let name = program.to_string_lossy();
    let kind = error.kind();
    let message = if kind == ErrorKind::NotFound {
        format!("the image has no `{name}`")
    } else if kind == ErrorKind::PermissionDenied {
        format!("`{name}` of the image is not executable")
    } else if kind == ErrorKind::ArgumentListTooLong {
        "the inputs are too large for the environment of a process".to_owned()
    } else {
        format!("cannot run `{name}`: {error}")
    };
    Failure { message, status: if kind == ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE } }
}

/// The command itself has said what was wrong, unless a signal ended it.
fn not_well(ended: ExitStatus) -> Failure {
    let Some(number) = ended.signal() else {
        let status = ended.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX);
        return Failure { message: format!("the command ended with status {status}"), status };
    };
    let name = Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |name| name.to_string());
    let why = match Signal::try_from(number) {
        Ok(Signal::SIGKILL) => ": the memory limit of the step was reached, or its pod was deleted",
        Ok(Signal::SIGTERM) => ": the run was cancelled, or its time was over",
        _ => "",
    };
    let status = u8::try_from(128 + number).unwrap_or(u8::MAX);
    Failure { message: format!("the command was ended by {name}{why}"), status }
}
