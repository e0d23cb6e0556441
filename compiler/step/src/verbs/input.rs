//! `in`: checks what arrived and lays it out for the user's step.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use fuse_wire::contract::{Contract, Port};
use fuse_wire::{Reference, WireType};
use indexmap::IndexMap;
use serde_json::Value as Json;

use super::Verb;
use crate::args::Args;
use crate::failure::Failure;
use crate::places::Places;
use crate::pod::Pod;
use crate::store::{self, Store};
use crate::{files, inputs};

pub(super) const VERB: Verb = Verb { name: "in", run };

const OPTIONS: [&str; 10] =
    ["wire", "task", "store", "run", "step", "index", "in", "composite", "operand", "env"];

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let args = Args::read(words, &OPTIONS)?;
    let contract = super::contract(&args)?;
    let name = contract.name.clone();
    prepare(contract, &args, &Places::from_env()).map_err(|failure| super::named(failure, &name))?;
    Ok(ExitCode::SUCCESS)
}

/// Everything is read before anything is written.
fn prepare(contract: Contract, args: &Args, places: &Places) -> Result<(), Failure> {
    let given = inputs::given(&contract, args)?;
    for (name, (_, value)) in &given {
        let text = inputs::text(value).unwrap_or_default();
        inputs::no_nul(&text).map_err(|failure| failure.of(format!("the input `{name}`")))?;
    }
    let operands = inputs::operands(&contract, args)?;
    let env = inputs::environment(&contract, args)?;
    let index = args.one("index")?.map(str::parse).transpose();
    let mut pod = Pod {
        run: args.one("run")?.map(str::to_owned),
        step: args.one("step")?.map(str::to_owned),
        index: index.map_err(|_| Failure::new("`--index` is no number"))?,
        volume: args.one("store")?.is_none() && args.one("run")?.is_some(),
        contract,
        outputs: IndexMap::new(),
        operands,
        env,
    };
    layout(places)?;
    let needs_store = pod.volume || given.values().any(|(ty, _)| holds_files(ty));
    let store = if needs_store { Some(store::open(args.one("store")?, places)?) } else { None };
    let values = lay(&given, places, store.as_deref())?;
    pod.outputs = outputs(&pod, places, store.as_deref())?;
    pod.write(places, &values)
}

fn holds_files(ty: &WireType) -> bool {
    match ty {
        WireType::Files(_) => true,
        WireType::List(inner, _) | WireType::Map(inner) | WireType::Optional(inner) => holds_files(inner),
        WireType::Record(fields) => fields.iter().any(|(_, ty)| holds_files(ty)),
        WireType::Bool
        | WireType::Int(_)
        | WireType::Float(_)
        | WireType::Text(..)
        | WireType::Duration(_)
        | WireType::Cpu(_)
        | WireType::Memory(_)
        | WireType::Count(_)
        | WireType::Url
        | WireType::Path
        | WireType::Image
        | WireType::DnsLabel
        | WireType::Scalar
        | WireType::Enum(_)
        | WireType::Uri(_) => false,
    }
}

/// The folders of a pod, without what an attempt in the same pod left, and this program for the steps after it.
fn layout(places: &Places) -> Result<(), Failure> {
    for left in ["in", "out", "tmp", "in.json", "task.json", "bin/fuse-step"] {
        files::remove(&places.below(left))?;
    }
    for (name, mode) in
        [("bin", files::READABLE), ("in", files::READABLE), ("out", files::SHARED), ("tmp", files::SHARED)]
    {
        files::folder(&places.below(name), mode)?;
    }
    let program = places.below("bin/fuse-step");
    std::fs::copy("/proc/self/exe", &program).map_err(|error| Failure::io("write", &program, &error))?;
    files::set_mode(&program, 0o755)
}

fn lay(
    given: &IndexMap<String, (WireType, Json)>,
    places: &Places,
    store: Option<&dyn Store>,
) -> Result<IndexMap<String, Json>, Failure> {
    let fetch = |artifact: &str, reference: &Reference, to: &Path| match store {
        Some(store) => store.fetch(artifact, reference, to),
        None => Err(Failure::new("no store is there to fetch files from")),
    };
    let mut values = IndexMap::new();
    for (name, (ty, value)) in given {
        let at = places.below("in").join(name);
        let laid = inputs::lay(ty, value, &at, &fetch);
        values.insert(name.clone(), laid.map_err(|failure| failure.of(format!("the input `{name}`")))?);
    }
    Ok(values)
}

/// Where the step writes its outputs: into the store where it is mounted, else beside everything else.
fn outputs(
    pod: &Pod,
    places: &Places,
    store: Option<&dyn Store>,
) -> Result<IndexMap<String, PathBuf>, Failure> {
    let mut all = IndexMap::new();
    for (name, port) in &pod.contract.outputs {
        let mut path = places.below("out").join(name);
        if let (Port::Store { .. }, true, Some(store)) = (port, pod.volume, store) {
            path = store.in_place(&pod.place(name)?)?.unwrap_or(path);
        }
        all.insert(name.clone(), path);
    }
    Ok(all)
}
