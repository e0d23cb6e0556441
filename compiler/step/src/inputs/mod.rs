//! The inputs of a task: every one that the contract declares, exactly once, of its type.

pub(crate) mod in_pod;
pub(crate) mod layout;
mod mounted;
pub(crate) mod rounds;

use fuse_wire::WireType;
use fuse_wire::contract::{Contract, Port};
use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::args::{Args, shortened};
use crate::failure::Failure;
use crate::values::{is_scalar, read};

/// A value with its type.
pub(crate) type Typed = (WireType, Json);

/// The values of `--in` and `--composite`, in the order of the contract.
///
/// # Errors
/// One is missing, unknown, given twice, or not of its type.
pub(crate) fn inputs(args: &Args, contract: &Contract) -> Result<IndexMap<String, Typed>, Failure> {
    let mut given = given(args)?;
    let mut all = IndexMap::new();
    for (name, port) in contract.inputs.iter().filter(|(name, _)| !contract.from.contains_key(*name)) {
        let ty = port.ty();
        let value = rounds::text(args, contract, name, &ty, given.get(name.as_str()));
        let value = value.map_err(|failure| failure.of(format!("the input `{name}`")))?;
        let texts = given.shift_remove(name.as_str());
        let texts = value
            .map(|text| vec![text])
            .or(texts)
            .ok_or_else(|| Failure::new(format!("the input `{name}` is missing")))?;
        let value = read(&ty, &texts).and_then(|value| settable(&ty, value));
        let value = value.map_err(|failure| failure.of(format!("the input `{name}`")))?;
        all.insert(name.clone(), (ty, value));
    }
    match given.keys().next() {
        None => Ok(all),
        Some(name) => {
            let known: Vec<&str> = contract.inputs.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Err(Failure::new(format!("there is no input `{}`; the inputs are {known}", shortened(name))))
        }
    }
}

/// Constants of the contract, in their canonical form.
///
/// # Errors
/// A value is not of its type.
pub(crate) fn constants(contract: &Contract) -> Result<IndexMap<String, Typed>, Failure> {
    let mut all = IndexMap::new();
    for (name, constant) in &contract.constants {
        let ty = constant.ty.clone();
        let value = fuse_wire::write::write(&ty, &constant.value).map_err(Failure::new);
        let value = value.and_then(|text| read(&ty, &[text])).and_then(|value| settable(&ty, value));
        let value = value.map_err(|failure| failure.of(format!("the constant `{name}`")))?;
        all.insert(name.clone(), (ty, value));
    }
    Ok(all)
}

/// The operands of `--operand=<chain>=<name>=<text>`, for each chain.
///
/// # Errors
/// As for [`inputs`].
pub(crate) fn operands(args: &Args, contract: &Contract) -> Result<Vec<IndexMap<String, Json>>, Failure> {
    let mut given: IndexMap<(usize, &str), &str> = IndexMap::new();
    for value in args.all("operand") {
        let parts = value.split_once('=').and_then(|(chain, rest)| {
            let (name, text) = rest.split_once('=')?;
            Some((chain.parse().ok()?, name, text))
        });
        let (chain, name, text) = parts.ok_or_else(|| {
            Failure::new(format!("`--operand={}` is not <condition>=<name>=<text>", shortened(value)))
        })?;
        if given.insert((chain, name), text).is_some() {
            return Err(Failure::new(format!("`--operand={chain}={}=…` is given twice", shortened(name))));
        }
    }
    let mut all = Vec::new();
    for (chain, arms) in contract.arms.iter().enumerate() {
        let mut values = IndexMap::new();
        for (name, ty) in &arms.operands {
            let text = given
                .shift_remove(&(chain, name.as_str()))
                .ok_or_else(|| Failure::new(format!("`--operand={chain}={name}=…` is missing")))?;
            let value = read(ty, &[text.to_owned()])
                .map_err(|failure| failure.of(format!("`{name}` of `arm--{chain}`")))?;
            values.insert(name.clone(), value);
        }
        all.push(values);
    }
    match given.keys().next() {
        None => Ok(all),
        Some((chain, name)) => {
            Err(Failure::new(format!("`arm--{chain}` has no operand `{}`", shortened(name))))
        }
    }
}

/// Late environment variables, decoded; an absent one is not set.
///
/// # Errors
/// One is missing, unknown, given twice, or cannot be a variable.
pub(crate) fn late_env(args: &Args, contract: &Contract) -> Result<IndexMap<String, String>, Failure> {
    let mut given: IndexMap<&str, &str> = args.pairs("env")?.into_iter().collect();
    let mut all = IndexMap::new();
    for name in contract.env.iter().filter(|name| !contract.env_from.contains_key(*name)) {
        let text = given
            .shift_remove(name.as_str())
            .ok_or_else(|| Failure::new(format!("`--env={name}=…` is missing")))?;
        if let Some(text) = readable_env(name, text)? {
            all.insert(name.clone(), text);
        }
    }
    match given.keys().next() {
        None => Ok(all),
        Some(name) => {
            Err(Failure::new(format!("the contract has no environment variable `{}`", shortened(name))))
        }
    }
}

/// A variable of the environment, decoded; `None` where it is absent.
fn readable_env(name: &str, text: &str) -> Result<Option<String>, Failure> {
    if fuse_wire::text::is_absent(text) {
        return Ok(None);
    }
    let of = |failure: Failure| failure.of(format!("the environment variable {name}"));
    let text = fuse_wire::decode(text).map_err(|error| of(Failure::new(error.to_string())))?;
    without_nul(&text).map_err(of)?;
    Ok(Some(text))
}

/// The texts of each name, one or a composite with its leaves.
fn given(args: &Args) -> Result<IndexMap<&str, Vec<String>>, Failure> {
    let mut all: IndexMap<&str, Vec<String>> =
        args.pairs("in")?.into_iter().map(|(name, text)| (name, vec![text.to_owned()])).collect();
    for (name, texts) in &args.composites {
        if all.insert(name, texts.clone()).is_some() {
            return Err(Failure::new(format!("the input `{}` is given twice", shortened(name))));
        }
    }
    Ok(all)
}

/// A scalar becomes an environment variable.
fn settable(ty: &WireType, value: Json) -> Result<Json, Failure> {
    if let (true, Json::String(text)) = (is_scalar(ty), &value) {
        without_nul(text)?;
    }
    Ok(value)
}

fn without_nul(text: &str) -> Result<(), Failure> {
    match text.find('\0') {
        None => Ok(()),
        Some(at) => {
            let message = format!("byte {at} is a NUL character, which no environment variable can hold");
            Err(Failure::new(message))
        }
    }
}

/// Whether an output is files in the store of the run.
pub(crate) const fn stored(port: &Port) -> Option<(&String, bool)> {
    if let Port::Store { store, optional } = port { Some((store, *optional)) } else { None }
}
