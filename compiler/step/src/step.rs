//! A user's step between `in` and `out`: its command, and then what the contract demands of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, ExitCode};

use indexmap::IndexMap;

use crate::failure::Failure;
use crate::inputs::layout::file;
use crate::inputs::{Typed, in_pod, rounds, stored};
use crate::outputs::file::text;
use crate::places::Places;
use crate::pod::Pod;
use crate::run::Run;
use crate::{arms, child, environment, outputs, results, slots, task};

/// Runs a command that `command` makes of the words of the contract, then closes the step.
///
/// # Errors
/// The command cannot be run or a signal ends it; an output is not as declared.
pub(crate) fn run(command: &dyn Fn(Vec<String>) -> Result<Command, Failure>) -> Result<ExitCode, Failure> {
    let places = Places::from_env();
    let mut pod = Pod::read(&places)?;
    let name = pod.contract.name.clone();
    task::told(&name, around(&mut pod, &places, command))
}

fn around(
    pod: &mut Pod,
    places: &Places,
    command: &dyn Fn(Vec<String>) -> Result<Command, Failure>,
) -> Result<ExitCode, Failure> {
    if pod.idle {
        let given = !pod.contract.outputs.is_empty();
        let all = given
            .then(|| Ok(("out".to_owned(), rounds::nothing()?)))
            .into_iter()
            .collect::<Result<_, _>>()?;
        return results::write(places, &all, pod.contract.budget).map(|()| ExitCode::SUCCESS);
    }
    if pod.call.is_some() {
        in_pod::complete(pod, places)?;
        turn(places)?;
    }
    let values = environment::values(pod, places)?;
    let mut command = command(environment::words(pod, &values, places)?)?;
    environment::set(&mut command, pod, &values, places)?;
    match child::run(&mut command)? {
        0 => close(pod, places, values).map(|()| ExitCode::SUCCESS),
        // The command has said itself why.
        status => Ok(ExitCode::from(status)),
    }
}

/// Lets the paths of a pod with one call lead to this one: `/fuse/in`, `/fuse/in.json`, `/fuse/out`.
fn turn(places: &Places) -> Result<(), Failure> {
    let link = places.shared(NOW).join("call");
    let _ = fs::remove_file(&link);
    symlink(&places.fuse, &link).map_err(|error| Failure::io("make the link", &link, &error))
}

/// The folder with the link to the call whose turn it is.
pub(crate) const NOW: &str = "now";

/// What `out` puts together with the files that it takes away, as one result is written once; and what later calls of
/// the pod have from this one.
const REST: &str = ".given.json";
/// Bytes of that file at most.
const MAX_REST: u64 = 1 << 20;

fn leave_rest(places: &Places, all: &IndexMap<String, String>) -> Result<(), Failure> {
    let json = serde_json::to_string(all).map_err(|error| Failure::new(error.to_string()))?;
    if json.len() as u64 > MAX_REST {
        let message =
            format!("the values for later steps take {} bytes, and {MAX_REST} may be handed on", json.len());
        return Err(Failure::new(message));
    }
    file(&places.below("out").join(REST), &json)
}

/// What the user's step gave beside files.
pub(crate) fn rest(places: &Places) -> Result<IndexMap<String, String>, Failure> {
    let text = text(&places.below("out").join(REST), MAX_REST)?.unwrap_or_else(|| "{}".to_owned());
    serde_json::from_str(&text).map_err(|error| Failure::new(format!("{REST} cannot be read: {error}")))
}

/// All that a pod of a matrix gives, as one result; files that `out` takes away come to it there.
pub(crate) fn as_one(pod: &Pod, all: &IndexMap<String, String>) -> Result<IndexMap<String, String>, Failure> {
    if pod.contract.outputs.is_empty() {
        return Ok(IndexMap::new());
    }
    let index =
        pod.index.ok_or_else(|| Failure::new("`--index=…` is missing: this is one pod of a matrix"))?;
    let ordered = pod.contract.outputs.keys().filter_map(|name| Some((name, all.get(name)?)));
    Ok(IndexMap::from([("out".to_owned(), rounds::out(index, ordered, &pod.contract)?)]))
}

/// Demands the outputs, computes conditions, and hands over.
fn close(pod: &Pod, places: &Places, mut values: IndexMap<String, Typed>) -> Result<(), Failure> {
    let run = Run::on_claim(pod.run.clone(), pod.step.clone(), pod.index, places);
    let outputs = outputs::demand(pod, places, &run)?;
    let mut all = outputs.results;
    if pod.call.is_some() && !pod.contract.arms.is_empty() {
        values = in_pod::operands(pod, places, &outputs.values)?;
    } else {
        values.extend(outputs.values);
    }
    let arms = arms::choose(&pod.contract.arms, &pod.operands, &values)?;
    if pod.call.is_none() {
        all.extend(arms.iter().cloned());
    }
    if pod.claim {
        slots::leave(&pod.contract, &run, &|name| Ok(all.get(name).cloned()))?;
    }
    if pod.contract.each {
        if !pod.claim && pod.contract.outputs.values().any(|port| stored(port).is_some()) {
            return leave_rest(places, &all);
        }
        all = as_one(pod, &all)?;
    }
    if pod.call.is_some() {
        leave_rest(places, &in_pod::left(pod, places, &all)?)?;
        all = given(pod, &all);
        all.extend(arms);
    }
    results::write(places, &all, pod.contract.budget)
}

/// The outputs that leave the pod, by the names of its results.
pub(crate) fn given(pod: &Pod, all: &IndexMap<String, String>) -> IndexMap<String, String> {
    let given = all.iter().filter(|(name, _)| pod.contract.gives(name));
    given.map(|(name, text)| (pod.result(name), text.clone())).collect()
}
