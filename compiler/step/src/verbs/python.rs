//! `python`: the interpreter of scripts that start with `#!/fuse/bin/fuse-step python`.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use super::Verb;
use crate::failure::Failure;
use crate::step;

pub(super) const VERB: Verb = Verb { name: "python", run };

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    if words.is_empty() {
        return Err(Failure::new("there is no script to run"));
    }
    step::run(&|_| {
        let found = ["python3", "python"].into_iter().find_map(in_path).ok_or_else(|| Failure {
            message:
                "the image of the step has neither python3 nor python in PATH: take an image with Python"
                    .to_owned(),
            status: 127,
        })?;
        let mut command = Command::new(found);
        command.args(&words);
        Ok(command)
    })
}

/// The first file of a name in `PATH` that somebody may run.
fn in_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|file| {
        file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    })
}
