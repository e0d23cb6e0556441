//! What arrives in a pod: read, held against its type, and laid out for the user's step.

mod lay;

use std::collections::BTreeSet;

use fuse_wire::contract::{Arms, Contract};
use fuse_wire::{WireType, decode, read, write};
use indexmap::IndexMap;
use serde_json::Value as Json;

pub use lay::{Files, lay};

use crate::args::{Args, shortened};
use crate::failure::Failure;

/// Whether a text matches an RE2 pattern as a whole. The compiler has checked the pattern.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    regex::RegexBuilder::new(&format!(r"\A(?:{pattern})\z"))
        .size_limit(10 << 20)
        .build()
        .is_ok_and(|regex| regex.is_match(text))
}

/// Reads a value of a type from the arguments that carry it.
///
/// # Errors
/// It is not of the type.
pub fn value(ty: &WireType, texts: &[String]) -> Result<Json, Failure> {
    read::read(ty, texts, &matches).map_err(|error| {
        // A reader's message may quote the whole value.
        let text = error.to_string();
        Failure::new(if text.len() > 400 { shortened_to(&text, 400) } else { text })
    })
}

fn shortened_to(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    short.push('…');
    short
}

/// The inputs of a contract with their values, in declared order; constants of the contract last.
///
/// # Errors
/// One is missing, unknown, or not of its type.
pub fn given(contract: &Contract, args: &Args) -> Result<IndexMap<String, (WireType, Json)>, Failure> {
    let mut texts: IndexMap<&str, Vec<String>> = IndexMap::new();
    for (name, text) in args.pairs("in")? {
        texts.insert(name, vec![text.to_owned()]);
    }
    for (name, parts) in &args.composites {
        if texts.insert(name, parts.clone()).is_some() {
            return Err(Failure::new(format!("the input `{}` is given twice", shortened(name))));
        }
    }
    if let Some(unknown) = texts.keys().find(|name| !contract.inputs.contains_key(**name)) {
        return Err(Failure::new(format!("there is no input `{}`", shortened(unknown))));
    }
    let mut all = IndexMap::new();
    for (name, port) in &contract.inputs {
        let input = || format!("the input `{name}`");
        let texts =
            texts.get(name.as_str()).ok_or_else(|| Failure::new(format!("{} is missing", input())))?;
        let ty = port.ty();
        let value = value(&ty, texts).map_err(|failure| failure.of(input()))?;
        all.insert(name.clone(), (ty, value));
    }
    for (name, constant) in &contract.constants {
        all.insert(name.clone(), (constant.ty.clone(), constant.value.clone()));
    }
    Ok(all)
}

/// The operands of each chain that arrive by themselves.
///
/// # Errors
/// One is missing, unknown, or not of its type.
pub fn operands(contract: &Contract, args: &Args) -> Result<Vec<IndexMap<String, Json>>, Failure> {
    let mut texts: Vec<(usize, &str, &str)> = Vec::new();
    for (chain, rest) in args.all("operand").filter_map(|text| text.split_once('=')) {
        let parts = chain.parse().ok().zip(rest.split_once('='));
        let Some((chain, (name, text))) = parts else {
            return Err(Failure::new(format!("`--operand={}` names no chain", shortened(chain))));
        };
        texts.push((chain, name, text));
    }
    let mut used = 0;
    let mut all = Vec::new();
    for (at, Arms { operands, .. }) in contract.arms.iter().enumerate() {
        let mut values = IndexMap::new();
        for (name, ty) in operands {
            let found = texts.iter().find(|(chain, known, _)| *chain == at && known == name);
            let what = || format!("the operand `{name}` of a condition");
            let (_, _, text) = found.ok_or_else(|| Failure::new(format!("{} is missing", what())))?;
            used += 1;
            values.insert(
                name.clone(),
                value(ty, &[(*text).to_owned()]).map_err(|failure| failure.of(what()))?,
            );
        }
        all.push(values);
    }
    if used == texts.len() { Ok(all) } else { Err(Failure::new("there are more operands than conditions")) }
}

/// Environment that comes as late text.
///
/// # Errors
/// A name is not one that the contract has, or a value is not encoded.
pub fn environment(contract: &Contract, args: &Args) -> Result<IndexMap<String, String>, Failure> {
    let wanted: BTreeSet<&str> = contract.env.iter().map(String::as_str).collect();
    let mut all = IndexMap::new();
    for (name, text) in args.pairs("env")? {
        let what = || format!("the variable `{}`", shortened(name));
        if !wanted.contains(name) {
            return Err(Failure::new(format!("{} is not expected", what())));
        }
        let text = decode(text).map_err(|error| Failure::new(error.to_string()).of(what()))?;
        no_nul(&text).map_err(|failure| failure.of(what()))?;
        all.insert(name.to_owned(), text);
    }
    match wanted.iter().find(|name| !all.contains_key(**name)) {
        Some(missing) => Err(Failure::new(format!("the variable `{missing}` is missing"))),
        None => Ok(all),
    }
}

/// Refuses what no variable of an environment can hold.
///
/// # Errors
/// The text has a NUL character.
pub fn no_nul(text: &str) -> Result<(), Failure> {
    match text.find('\0') {
        Some(at) => {
            Err(Failure::new(format!("has a NUL character at byte {at}, which no variable can hold")))
        }
        None => Ok(()),
    }
}

/// The text that a scalar has in a file or a variable; `None` for composites and absent values.
#[must_use]
pub fn text(value: &Json) -> Option<String> {
    write::scalar(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_the_whole_text_in_linear_time() {
        assert!(matches("[a-z]+|x1", "x1"));
        assert!(!matches("[a-z]+", "ab1"));
        assert!(!matches("^a$", "a\n"));
        assert!(!matches("(a+)+b", &"a".repeat(100_000)));
        assert!(!matches("(", "("));
    }
}
