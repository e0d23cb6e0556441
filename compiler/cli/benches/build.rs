//! Wall time and peak memory of `fusec build` on generated packages, the whole program from start to exit.
//!
//! `cargo bench -p fusec --bench build`. It prints a table and asserts nothing: machines differ.
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use fuse_testkit::steps_package;
use nix::sys::resource::{UsageWho, getrusage};

/// Sizes, ascending: the system keeps one peak for all children, so each row may only be larger than the last.
const SIZES: [(usize, usize); 3] = [(10, 100), (100, 60), (1_000, 40)];

fn main() -> ExitCode {
    match measure_all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure_all() -> Result<(), String> {
    println!("{:>6} {:>12} {:>12} {:>12} {:>12}", "steps", "build", "slowest", "unchanged", "peak memory");
    for (steps, runs) in SIZES {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        for (path, text) in steps_package(steps) {
            fs::write(dir.path().join(path), text).map_err(|error| error.to_string())?;
        }
        let mut fresh = Vec::new();
        let mut unchanged = Vec::new();
        for _ in 0..runs {
            fresh.push(build(dir.path(), true)?);
            unchanged.push(build(dir.path(), false)?);
        }
        fresh.sort();
        unchanged.sort();
        let memory = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?.max_rss();
        println!(
            "{steps:>6} {:>12} {:>12} {:>12} {:>12}",
            shown(median(&fresh)),
            shown(fresh.last().copied().unwrap_or_default()),
            shown(median(&unchanged)),
            format!("{:.1} MiB", f64::from(u32::try_from(memory).unwrap_or(u32::MAX)) / 1024.0),
        );
    }
    Ok(())
}

/// One build: with everything to write, or with nothing.
fn build(package: &Path, everything: bool) -> Result<Duration, String> {
    let output = package.join("generated");
    if everything && output.exists() {
        fs::remove_dir_all(&output).map_err(|error| error.to_string())?;
    }
    let fusec = PathBuf::from(env!("CARGO_BIN_EXE_fusec"));
    let mut command = Command::new(fusec);
    command.arg("build").current_dir(package);
    let start = Instant::now();
    let finished = command.output().map_err(|error| error.to_string())?;
    let time = start.elapsed();
    if !finished.status.success() {
        return Err(format!("does not build:\n{}", String::from_utf8_lossy(&finished.stderr)));
    }
    Ok(time)
}

fn median(sorted: &[Duration]) -> Duration {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn shown(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}
