//! `sh`: the interpreter of scripts that start with `#!/fuse/bin/fuse-step sh`.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use super::Verb;
use crate::failure::Failure;
use crate::step;

pub(super) const VERB: Verb = Verb { name: "sh", run };

const SHELL: &str = "/bin/sh";

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    if words.is_empty() {
        return Err(Failure::new("there is no script to run"));
    }
    step::run(&|_| {
        if !Path::new(SHELL).exists() {
            let message = format!(
                "the image of the step has no {SHELL}, which `script sh` needs: take an image with a shell, or `run [\"…\"]`"
            );
            return Err(Failure { message, status: 127 });
        }
        let mut command = Command::new(SHELL);
        command.arg("-eu").args(&words);
        Ok(command)
    })
}
