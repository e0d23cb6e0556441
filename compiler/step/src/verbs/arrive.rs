//! `in`: lays out `/fuse` for the user's step.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::ExitCode;

use fuse_wire::Contract;
use fuse_wire::contract::NO_ITEM;
use indexmap::IndexMap;
use nix::sys::stat::{Mode, umask};
use serde_json::Value as Json;

use super::Verb;
use crate::args::Args;
use crate::failure::Failure;
use crate::inputs::layout::{Layout, file};
use crate::inputs::{Typed, constants, in_pod, inputs, late_env, operands, stored};
use crate::places::Places;
use crate::pod::Pod;
use crate::run::Run;
use crate::{step, task};

pub(super) const VERB: Verb = Verb { name: "in", run };

const OPTIONS: &[&str] = &[
    "wire",
    "task",
    "store",
    "run",
    "step",
    "index",
    "in",
    "composite",
    "outs",
    "operand",
    "env",
    "call",
    "part",
];

/// Modes of folders: for every user to read, and for every user to write what is theirs.
const CLOSED: u32 = 0o755;
const OPEN: u32 = 0o1777;

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let args = Args::read(words, OPTIONS)?;
    args.wire()?;
    let places = Places::from_env();
    if !args.calls.is_empty() {
        return lay_out_calls(&args, &places);
    }
    let contract = task::contract(&args)?;
    let name = contract.name.clone();
    task::told(&name, lay_out(&args, contract, &places))
}

fn lay_out(args: &Args, contract: Contract, places: &Places) -> Result<ExitCode, Failure> {
    if contract.each && args.one("index")? == Some(NO_ITEM) {
        return idle(contract, places);
    }
    // Everything is read before anything is written.
    let run = Run::read(args, places)?;
    let arrived = Arrived::read(args, Pod::new(contract))?;
    clean(places)?;
    folders(places, CLOSED)?;
    arrived.write(&run, places)?;
    program(places)?;
    close(&places.fuse);
    Ok(ExitCode::SUCCESS)
}

/// Several calls, each with a folder of its own.
fn lay_out_calls(args: &Args, places: &Places) -> Result<ExitCode, Failure> {
    let run = Run::read(args, places)?;
    let mut all = Vec::new();
    for (at, (call, own)) in args.calls.iter().enumerate() {
        let before = args.calls.iter().take(at).map(|(call, _)| call.clone()).collect();
        let pod = Pod::of_call(task::contract(own)?, call, before);
        let name = pod.contract.name.clone();
        all.push((places.of(call)?, task::told(&name, Arrived::read(own, pod))?));
    }
    clean(places)?;
    made(&places.shared("calls"), CLOSED)?;
    for (theirs, arrived) in all {
        let name = arrived.pod.contract.name.clone();
        // What others of the pod give is completed by the user of the call.
        let mode = if arrived.pod.contract.from.is_empty() { CLOSED } else { OPEN };
        made(&theirs.fuse, mode)?;
        folders(&theirs, mode)?;
        task::told(&name, arrived.write(&run, &theirs))?;
    }
    turns(places)?;
    program(places)?;
    close(&places.fuse);
    Ok(ExitCode::SUCCESS)
}

/// The paths of a pod with one call, as links to the call whose turn it is.
fn turns(places: &Places) -> Result<(), Failure> {
    // Whoever a call runs as, it puts its own link there.
    made(&places.shared(step::NOW), 0o777)?;
    for name in ["in", "in.json", "out"] {
        let link = places.shared(name);
        symlink(Path::new(step::NOW).join("call").join(name), &link)
            .map_err(|error| Failure::io("make the link", &link, &error))?;
    }
    Ok(())
}

/// What has arrived for a call.
struct Arrived {
    pod: Pod,
    values: IndexMap<String, Typed>,
}

impl Arrived {
    fn read(args: &Args, mut pod: Pod) -> Result<Self, Failure> {
        let mut values = inputs(args, &pod.contract)?;
        values.extend(constants(&pod.contract)?);
        pod.operands = operands(args, &pod.contract)?;
        pod.env = late_env(args, &pod.contract)?;
        in_pod::arrive(args, &mut pod)?;
        Ok(Self { pod, values })
    }

    /// Inputs as files, and what the call's own container needs to know.
    fn write(mut self, run: &Run<'_>, places: &Places) -> Result<(), Failure> {
        let mut layout = Layout::new(run);
        let mut shown = serde_json::Map::new();
        for (name, (ty, value)) in &self.values {
            let value = layout.put(ty, value, &places.below("in").join(name));
            let value = value.map_err(|failure| failure.of(format!("the input `{name}`")))?;
            shown.insert(name.clone(), value);
        }
        let whole = self.pod.contract.from.is_empty();
        let name = if whole { "in.json" } else { Places::KNOWN };
        file(&places.below(name), &Json::Object(shown).to_string())?;
        outgoing(&mut self.pod, run)?;
        self.pod.write(places)
    }
}

/// The layout of a pod that has no item.
fn idle(contract: Contract, places: &Places) -> Result<ExitCode, Failure> {
    clean(places)?;
    folders(places, CLOSED)?;
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
        .filter(|(name, port)| stored(port).is_some() && pod.contract.hands_on(name))
        .map(|(name, _)| name.clone())
        .collect();
    if !names.is_empty() || !pod.contract.slots.is_empty() {
        run.uid()?;
        pod.claim = run.is_claim();
    }
    for name in names {
        if let Some(path) =
            if pod.claim { run.store()?.in_place(&run.place(&pod.result(&name))?)? } else { None }
        {
            pod.files.insert(name, path);
        }
    }
    (pod.run, pod.step, pod.index) = (run.uid.clone(), run.step.clone(), run.index);
    Ok(())
}

/// Removes what the first attempt in the same pod left. What arrives now is for every user of the pod to read.
fn clean(places: &Places) -> Result<(), Failure> {
    umask(Mode::from_bits_truncate(0o022));
    for name in ["bin", "in", "in.json", "task.json", "out", "tmp", "calls", step::NOW] {
        let path = places.shared(name);
        let removed = match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(&path),
            Ok(_) => fs::remove_file(&path),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        removed.map_err(|error| Failure::io("remove", &path, &error))?;
    }
    Ok(())
}

/// The folders of a call.
fn folders(places: &Places, inputs: u32) -> Result<(), Failure> {
    for (name, mode) in [("in", inputs), ("out", OPEN), ("tmp", OPEN)] {
        made(&places.below(name), mode)?;
    }
    Ok(())
}

fn made(path: &Path, mode: u32) -> Result<(), Failure> {
    let made = fs::create_dir(path).and_then(|()| fs::set_permissions(path, Permissions::from_mode(mode)));
    made.map_err(|error| Failure::io("make the folder", path, &error))
}

/// The program itself, for steps whose images know nothing of it.
fn program(places: &Places) -> Result<(), Failure> {
    let bin = places.shared("bin");
    made(&bin, CLOSED)?;
    let to = bin.join("fuse-step");
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
