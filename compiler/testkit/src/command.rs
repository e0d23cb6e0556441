//! Runs a program to its end, or to the end of patience.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A program that has not ended by then hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a program left behind.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its exit status; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
}

/// Runs the command without input and without the caller's environment; one that hangs is killed and an error.
pub fn finish(command: &mut Command) -> Result<Finished, String> {
    let begin = Instant::now();
    let mut child = clean(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start {}: {error}", command.get_program().display()))?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let code = wait(&mut child, begin)?;
    let bytes = |thread: JoinHandle<Vec<u8>>| thread.join().map_err(|_| "lost the output".to_owned());
    Ok(Finished { code, stdout: bytes(stdout)?, stderr: bytes(stderr)? })
}

/// Leaves nothing of the environment that could change what the program says; what the caller set stays.
fn clean(command: &mut Command) -> &mut Command {
    let own: Vec<_> =
        command.get_envs().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))).collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8").envs(own)
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came before a failed read is still shown.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn wait(child: &mut Child, begin: Instant) -> Result<Option<i32>, String> {
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.code()),
            Ok(None) if begin.elapsed() > PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("hangs: no end after {} s", PATIENCE.as_secs()));
            }
            Ok(None) => thread::sleep(pause),
            Err(error) => return Err(error.to_string()),
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
