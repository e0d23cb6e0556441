//! The user's command as a child: in a process group of its own, which gets every signal that the step gets, once.

use std::io::ErrorKind;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals;

use crate::failure::Failure;
use crate::values::readable;

/// The status of a command that cannot be run, as shells have it.
const NOT_RUNNABLE: u8 = 126;
/// The status of a command that is not there.
const NOT_FOUND: u8 = 127;

/// Runs a command to its end and says how it ended: `Ok` is the status that it chose.
///
/// # Errors
/// It cannot be started, or a signal ended it.
pub(crate) fn run(command: &mut Command) -> Result<u8, Failure> {
    let child = Arc::new(Mutex::new(None::<Pid>));
    forward(&child)?;
    // The group keeps a signal to this process's group from arriving twice.
    command.process_group(0).stdin(Stdio::null());
    let mut process = {
        // A signal waits until there is somebody to get it.
        let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
        let process = command.spawn().map_err(|error| unstarted(command, &error))?;
        *child = Some(pid(&process));
        process
    };
    let id = pid(&process);
    // It ends, but keeps its number until nobody sends signals to that any more.
    while waitid(Id::Pid(id), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(Errno::EINTR) {}
    *child.lock().unwrap_or_else(PoisonError::into_inner) = None;
    let status =
        process.wait().map_err(|error| Failure::new(format!("cannot wait for the command: {error}")))?;
    match (status.code(), status.signal()) {
        (Some(code), _) => Ok(u8::try_from(code).unwrap_or(u8::MAX)),
        (None, signal) => Err(killed(signal.unwrap_or_default())),
    }
}

fn pid(process: &Child) -> Pid {
    // A number of a process is a positive `pid_t`.
    Pid::from_raw(process.id().cast_signed())
}

/// Passes signals on while the command runs; before and afterwards they do what they do by default.
fn forward(child: &Arc<Mutex<Option<Pid>>>) -> Result<(), Failure> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2])
        .map_err(|error| Failure::new(format!("cannot take signals: {error}")))?;
    let child = Arc::clone(child);
    thread::spawn(move || {
        for number in signals.forever() {
            let child = child.lock().unwrap_or_else(PoisonError::into_inner);
            match (*child, Signal::try_from(number)) {
                // The command may be gone already, and then the signal has come too late.
                (Some(child), Ok(signal)) => drop(killpg(child, signal)),
                _ => drop(signal_hook::low_level::emulate_default_handler(number)),
            }
        }
    });
    Ok(())
}

fn killed(number: i32) -> Failure {
    let name =
        Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |signal| signal.to_string());
    let mut message = format!("{name} ended the command");
    if number == Signal::SIGKILL as i32 {
        message.push_str(
            "\nmost often it had used more memory than the step may: ask for more with `with { memory: … }`",
        );
    }
    Failure { message, status: u8::try_from(128 + number).unwrap_or(u8::MAX) }
}

fn unstarted(command: &Command, error: &std::io::Error) -> Failure {
    let program = Path::new(command.get_program());
    let shown = readable(&program.to_string_lossy());
    let kind = error.kind();
    if kind == ErrorKind::NotFound {
        let message = if !shown.contains('/') {
            format!("the image of the step has no command `{shown}` in PATH")
        } else if program.exists() {
            format!("the image of the step has {shown}, but not what runs it: its `#!` line or its loader")
        } else {
            format!("the image of the step has no {shown}")
        };
        return Failure { message, status: NOT_FOUND };
    }
    let message = if kind == ErrorKind::PermissionDenied {
        format!("{shown} may not be run: it is no file with the right to execute it")
    } else if kind == ErrorKind::ArgumentListTooLong {
        let values = command.get_envs().filter_map(|(_, value)| value);
        let bytes: usize = values.map(std::ffi::OsStr::len).sum();
        format!(
            "the inputs take {bytes} bytes as environment variables, more than the system lets pass: \
             pass data of that size as an artifact"
        )
    } else {
        Failure::io("run", program, error).message
    };
    Failure { message, status: NOT_RUNNABLE }
}
