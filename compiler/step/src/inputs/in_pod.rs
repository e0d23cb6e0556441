//! What a call has from earlier calls of its pod. It is known when those have ended, so the call's own container puts it
//! together: values as texts on the wire, files as links to where they were written.

use std::os::unix::fs::symlink;
use std::path::Path;

use fuse_wire::contract::{IN_POD, Leaf, Piece};
use fuse_wire::{ABSENT, Reference};
use indexmap::IndexMap;
use serde_json::Value as Json;

use super::layout::{Layout, file};
use super::{Typed, readable_env, settable, stored};
use crate::args::{Args, shortened};
use crate::failure::Failure;
use crate::names::is_file_name;
use crate::outputs::{exists, storable};
use crate::places::Places;
use crate::pod::Pod;
use crate::run::Run;
use crate::step;
use crate::values::read;

/// What the calls of a pod left, read once each.
struct Given<'p> {
    places: &'p Places,
    known: IndexMap<String, IndexMap<String, String>>,
}

impl<'p> Given<'p> {
    fn new(places: &'p Places) -> Self {
        Self { places, known: IndexMap::new() }
    }

    /// The text of what a call gave.
    fn text(&mut self, call: &str, result: &str) -> Result<String, Failure> {
        if !self.known.contains_key(call) {
            self.known.insert(call.to_owned(), step::rest(&self.places.of(call)?)?);
        }
        let text = self.known.get(call).and_then(|all| all.get(result));
        text.cloned().ok_or_else(|| Failure::new(format!("`{call}` has left no `{result}` in this pod")))
    }

    fn leaf(&mut self, leaf: &Leaf) -> Result<String, Failure> {
        leaf.iter()
            .map(|piece| match piece {
                Piece::Text(text) => Ok(text.clone()),
                Piece::Call { call, result } => self.text(call, result),
                Piece::In(name) => Err(Failure::new(format!("the part `{name}` has not arrived"))),
                Piece::Slot(_) | Piece::Outs { .. } => {
                    Err(Failure::new("only a `join` takes something out of the store"))
                }
            })
            .collect()
    }
}

/// Puts the parts of `--part` into what an input or variable is put together of.
///
/// # Errors
/// One is missing or unknown.
pub(crate) fn arrive(args: &Args, pod: &mut Pod) -> Result<(), Failure> {
    let mut given: IndexMap<&str, &str> = args.pairs("part")?.into_iter().collect();
    let contract = &mut pod.contract;
    for piece in contract.from.values_mut().flatten().chain(contract.env_from.values_mut()).flatten() {
        if let Piece::In(name) = piece {
            let text = given.shift_remove(name.as_str());
            let text = text.ok_or_else(|| Failure::new(format!("`--part={name}=…` is missing")))?;
            *piece = Piece::Text(text.to_owned());
        }
    }
    match given.keys().next() {
        None => Ok(()),
        Some(name) => Err(Failure::new(format!("there is no part `{}`", shortened(name)))),
    }
}

/// Completes the inputs and variables of a call whose earlier ones have ended.
///
/// # Errors
/// One left nothing, or not what is asked for; the disk refuses.
pub(crate) fn complete(pod: &mut Pod, places: &Places) -> Result<(), Failure> {
    let mut given = Given::new(places);
    for (name, leaf) in &pod.contract.env_from {
        let text = given.leaf(leaf)?;
        if let Some(text) = readable_env(name, &text)? {
            pod.env.insert(name.clone(), text);
        }
    }
    if pod.contract.from.is_empty() {
        return Ok(());
    }
    let mut shown = Pod::values(places, Places::KNOWN)?;
    let run = Run::on_claim(pod.run.clone(), pod.step.clone(), pod.index, places);
    let mut layout = Layout::of_a_call(&run);
    for (name, leaves) in &pod.contract.from {
        let put = one(pod, &mut given, leaves, name)
            .and_then(|(ty, value)| layout.put(&ty, &value, &places.below("in").join(name)));
        shown.insert(name.clone(), put.map_err(|failure| failure.of(format!("the input `{name}`")))?);
    }
    file(&places.below("in.json"), &Json::Object(shown).to_string())
}

fn one(pod: &Pod, given: &mut Given<'_>, leaves: &[Leaf], name: &str) -> Result<Typed, Failure> {
    let port = pod.contract.inputs.get(name).ok_or_else(|| Failure::new("the contract has no such input"))?;
    let texts: Vec<String> = leaves.iter().map(|leaf| given.leaf(leaf)).collect::<Result<_, _>>()?;
    let ty = port.ty();
    let value = read(&ty, &texts).and_then(|value| settable(&ty, value))?;
    Ok((ty, value))
}

/// Links to files that a call of the pod wrote: `<call>/<output>`.
pub(crate) fn link(places: &Places, path: &str, to: &Path) -> Result<(), Failure> {
    let unknown = || Failure::new(format!("`{IN_POD}{}` is no output of this pod", shortened(path)));
    let (call, output) =
        path.split_once('/').filter(|(_, output)| is_file_name(output)).ok_or_else(unknown)?;
    let theirs = places.of(call)?;
    let pod = Pod::read(&theirs)?;
    pod.contract.outputs.get(output).and_then(stored).ok_or_else(unknown)?;
    let from = pod.out(&theirs, output);
    storable(&from)?;
    symlink(&from, to).map_err(|error| Failure::io("make the link", to, &error))
}

/// What a call leaves for others of its pod: texts on the wire, of files where they are.
///
/// # Errors
/// The disk refuses.
pub(crate) fn left(
    pod: &Pod,
    places: &Places,
    results: &IndexMap<String, String>,
) -> Result<IndexMap<String, String>, Failure> {
    let mut all = results.clone();
    for (name, port) in pod.contract.outputs.iter().filter(|(_, port)| stored(port).is_some()) {
        let text = if exists(&pod.out(places, name))? {
            let uri = format!("{IN_POD}{}/{name}", pod.call.as_deref().unwrap_or_default());
            Reference { uri, digest: None }.write().map_err(Failure::new)?
        } else if port.is_optional() {
            ABSENT.to_string()
        } else {
            continue;
        };
        all.insert(name.clone(), text);
    }
    Ok(all)
}

/// All that the calls of the pod gave so far, as the operands of conditions: `<call>--<output>`.
///
/// # Errors
/// An earlier call left something else than it declares.
pub(crate) fn operands(
    pod: &Pod,
    places: &Places,
    own: &IndexMap<String, Typed>,
) -> Result<IndexMap<String, Typed>, Failure> {
    let mut all: IndexMap<String, Typed> =
        own.iter().map(|(name, value)| (pod.result(name), value.clone())).collect();
    for call in &pod.before {
        let theirs = places.of(call)?;
        let (earlier, texts) = (Pod::read(&theirs)?, step::rest(&theirs)?);
        for (name, port) in &earlier.contract.outputs {
            let Some(text) = texts.get(name) else { continue };
            let value = read(&port.ty(), std::slice::from_ref(text))?;
            all.insert(earlier.result(name), (port.ty(), value));
        }
    }
    Ok(all)
}
