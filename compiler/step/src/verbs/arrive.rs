//! `in`: lays out `/fuse` for the user's step.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use fuse_wire::Contract;
use fuse_wire::contract::NO_ITEM;
use nix::sys::stat::{Mode, umask};
use serde_json::Value as Json;

use super::Verb;
use crate::args::Args;
use crate::failure::Failure;
use crate::inputs::layout::{Layout, file};
use crate::inputs::{constants, inputs, late_env, operands, stored};
use crate::places::Places;
use crate::pod::Pod;
use crate::run::Run;
use crate::task;

pub(super) const VERB: Verb = Verb { name: "in", run };

const OPTIONS: &[&str] =
    &["wire", "task", "store", "run", "step", "index", "in", "composite", "outs", "operand", "env"];

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let args = Args::read(words, OPTIONS)?;
    args.wire()?;
    let contract = task::contract(&args)?;
    let name = contract.name.clone();
    task::told(&name, lay_out(&args, contract, &Places::from_env()))
}

fn lay_out(args: &Args, contract: Contract, places: &Places) -> Result<ExitCode, Failure> {
    if contract.each && args.one("index")? == Some(NO_ITEM) {
        return idle(contract, places);
    }
    // Everything is read before anything is written.
    let run = Run::read(args, places)?;
    let mut values = inputs(args, &contract)?;
    values.extend(constants(&contract)?);
    let mut pod = Pod::new(contract);
    pod.operands = operands(args, &pod.contract)?;
    pod.env = late_env(args, &pod.contract)?;
    // What arrives is for every user of the pod to read.
    umask(Mode::from_bits_truncate(0o022));
    clean(places)?;
    let mut layout = Layout::new(&run);
    let mut shown = serde_json::Map::new();
    for (name, (ty, value)) in &values {
        let value = layout.put(ty, value, &places.below("in").join(name));
        let value = value.map_err(|failure| failure.of(format!("the input `{name}`")))?;
        shown.insert(name.clone(), value);
    }
    file(&places.below("in.json"), &Json::Object(shown).to_string())?;
    outgoing(&mut pod, &run)?;
    pod.write(places)?;
    program(places)?;
    close(&places.fuse);
    Ok(ExitCode::SUCCESS)
}

/// The layout of a pod that has no item.
fn idle(contract: Contract, places: &Places) -> Result<ExitCode, Failure> {
    umask(Mode::from_bits_truncate(0o022));
    clean(places)?;
    let mut pod = Pod::new(contract);
    pod.idle = true;
    pod.write(places)?;
    program(places)?;
    close(&places.fuse);
    Ok(ExitCode::SUCCESS)
}

/// Where the step writes files, and what `exec` needs to know of the run.
fn outgoing(pod: &mut Pod, run: &Run<'_>) -> Result<(), Failure> {
    let names: Vec<String> = pod
        .contract
        .outputs
        .iter()
        .filter(|(_, port)| stored(port).is_some())
        .map(|(name, _)| name.clone())
        .collect();
    if !names.is_empty() || !pod.contract.slots.is_empty() {
        run.uid()?;
        pod.claim = run.is_claim();
    }
    for name in names {
        if let Some(path) = if pod.claim { run.store()?.in_place(&run.place(&name)?)? } else { None } {
            pod.files.insert(name, path);
        }
    }
    (pod.run, pod.step, pod.index) = (run.uid.clone(), run.step.clone(), run.index);
    Ok(())
}

/// An empty layout: a second attempt in the same pod finds what the first one left.
fn clean(places: &Places) -> Result<(), Failure> {
    for name in ["bin", "in", "in.json", "task.json", "out", "tmp"] {
        let path = places.below(name);
        let removed = match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(&path),
            Ok(_) => fs::remove_file(&path),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        removed.map_err(|error| Failure::io("remove", &path, &error))?;
    }
    for (name, mode) in [("bin", 0o755), ("in", 0o755), ("out", 0o1777), ("tmp", 0o1777)] {
        let path = places.below(name);
        let made =
            fs::create_dir(&path).and_then(|()| fs::set_permissions(&path, Permissions::from_mode(mode)));
        made.map_err(|error| Failure::io("make the folder", &path, &error))?;
    }
    Ok(())
}

/// The program itself, for steps whose images know nothing of it.
fn program(places: &Places) -> Result<(), Failure> {
    let to = places.below("bin").join("fuse-step");
    let copied =
        fs::copy("/proc/self/exe", &to).and_then(|_| fs::set_permissions(&to, Permissions::from_mode(0o755)));
    copied.map_err(|error| Failure::io("write", &to, &error))
}

/// Leaves only `out` and `tmp` to other users. Who may not say so lays out for the one user of the pod, or for a
/// group that the volume belongs to.
fn close(fuse: &Path) {
    if let Ok(metadata) = fs::metadata(fuse) {
        let kept = metadata.permissions().mode() & 0o7000;
        let _ = fs::set_permissions(fuse, Permissions::from_mode(kept | 0o755));
    }
}
