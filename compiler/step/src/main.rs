//! `fuse-step`: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    fuse_step::run(std::env::args_os().skip(1).collect())
}
