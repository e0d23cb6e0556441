//! `out`: carries files to an object store, and what joins look for.

use std::ffi::OsString;
use std::process::ExitCode;

use fuse_wire::contract::Port;

use super::Verb;
use crate::args::Args;
use crate::failure::Failure;
use crate::files::{self, Found};
use crate::places::Places;
use crate::pod::Pod;
use crate::{outputs, store};

pub(super) const VERB: Verb = Verb { name: "out", run };

/// A result is never larger than a termination message.
const RESULT: u64 = 16 << 10;

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let args = Args::read(words, &["wire", "store", "run", "step", "index"])?;
    args.wire()?;
    let places = Places::from_env();
    let pod = Pod::read(&places)?;
    carry(&args, &pod, &places).map_err(|failure| super::named(failure, &pod.contract.name))?;
    Ok(ExitCode::SUCCESS)
}

fn carry(args: &Args, pod: &Pod, places: &Places) -> Result<(), Failure> {
    let store = store::open(Some(args.needed("store")?), places)?;
    let mut given = outputs::Given::default();
    for (name, port) in &pod.contract.outputs {
        let Port::Store { store: artifact, .. } = port else { continue };
        let from = places.below("out").join(name);
        // The step has answered for it: what is optional and absent has its result already.
        if std::fs::symlink_metadata(&from).is_err() {
            continue;
        }
        let reference = store.keep(artifact, &pod.place(name)?, &from);
        let reference = reference.map_err(|failure| failure.of(format!("the output `{name}`")))?;
        given.results.insert(name.clone(), outputs::reference(name, &reference)?);
    }
    outputs::finish(&pod.contract, places, &given)?;
    let find = |name: &str| match files::read(&places.results.join(name), RESULT) {
        Ok(Found::Bytes(bytes)) => String::from_utf8(bytes).ok(),
        _ => None,
    };
    outputs::leave(&pod.contract, pod.run.as_deref(), &*store, &find)
}
