//! `join`: one value where several arms of a condition give it.

use std::ffi::OsString;
use std::process::ExitCode;

use fuse_wire::contract::{Case, Contract, Join, Leaf, Piece, Port, Selector};
use fuse_wire::text::is_absent;
use fuse_wire::{ABSENT, Reference};
use serde_json::Value as Json;

use super::Verb;
use crate::args::{Args, shortened};
use crate::failure::Failure;
use crate::inputs;
use crate::outputs::{self, Given};
use crate::places::Places;
use crate::store::{self, Store};

pub(super) const VERB: Verb = Verb { name: "join", run };

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let args = Args::read(words, &["wire", "task", "store", "run", "select", "part"])?;
    let contract = super::contract(&args)?;
    join(&contract, &args).map_err(|failure| super::named(failure, &contract.name))?;
    Ok(ExitCode::SUCCESS)
}

/// Where the values of arms come from.
struct Sources<'a> {
    selects: Vec<(&'a str, &'a str)>,
    parts: Vec<(&'a str, &'a str)>,
    run: Option<&'a str>,
    store: Option<Box<dyn Store>>,
}

fn join(contract: &Contract, args: &Args) -> Result<(), Failure> {
    let places = Places::from_env();
    let run = args.one("run")?;
    let store = match run {
        Some(_) => Some(store::open(args.one("store")?, &places)?),
        None => None,
    };
    let sources = Sources { selects: args.pairs("select")?, parts: args.pairs("part")?, run, store };
    let mut given = Given::default();
    for (name, join) in &contract.joins {
        let text = sources.merged(join).map_err(|failure| failure.of(format!("`{name}`")))?;
        given.results.insert(name.clone(), text);
    }
    outputs::finish(contract, &places, &given)?;
    match &sources.store {
        Some(store) => outputs::leave(contract, run, &**store, &|name| given.results.get(name).cloned()),
        None => Ok(()),
    }
}

impl Sources<'_> {
    /// The merged value as it stands on the wire.
    fn merged(&self, join: &Join) -> Result<String, Failure> {
        for Case { selectors, value } in &join.cases {
            if self.holds(selectors)?
                && let Some(texts) = self.texts(value)?
                && !texts.first().is_some_and(|text| is_absent(text))
            {
                return checked(&join.port, &texts);
            }
        }
        if let Some(otherwise) = &join.otherwise
            && let Some(texts) = self.texts(otherwise)?
        {
            return checked(&join.port, &texts);
        }
        if join.port.is_optional() {
            return Ok(ABSENT.to_string());
        }
        let arms: Vec<String> =
            self.selects.iter().map(|(name, text)| format!("{name} is `{}`", shortened(text))).collect();
        let arms = if arms.is_empty() { String::new() } else { format!("; {}", arms.join(", ")) };
        Err(Failure::new(format!(
            "no arm gave a value{arms}\nthe step of the arm that ran left none in the store of the run"
        )))
    }

    fn holds(&self, selectors: &[Selector]) -> Result<bool, Failure> {
        for Selector { input, is, not } in selectors {
            let text = named(&self.selects, "select", input)?;
            if is.iter().any(|one| one == text) == *not {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The texts of a value; `None` where a step has left a part of it nowhere.
    fn texts(&self, leaves: &[Leaf]) -> Result<Option<Vec<String>>, Failure> {
        let mut all = Vec::new();
        for leaf in leaves {
            let mut joined = String::new();
            for piece in leaf {
                match piece {
                    Piece::Text(text) => joined.push_str(text),
                    Piece::In(name) => joined.push_str(named(&self.parts, "part", name)?),
                    Piece::Slot(slot) => match self.slot(slot)? {
                        Some(text) => joined.push_str(&text),
                        None => return Ok(None),
                    },
                }
            }
            all.push(joined);
        }
        Ok(Some(all))
    }

    fn slot(&self, slot: &str) -> Result<Option<String>, Failure> {
        match (&self.store, self.run) {
            (Some(store), Some(run)) => store.find(run, slot),
            _ => Err(Failure::new("`--run=…` is missing")),
        }
    }
}

fn named<'a>(pairs: &[(&str, &'a str)], option: &str, name: &str) -> Result<&'a str, Failure> {
    let found = pairs.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    found.ok_or_else(|| Failure::new(format!("`--{option}={name}=…` is missing")))
}

/// A value that fits its port, as one text.
fn checked(port: &Port, texts: &[String]) -> Result<String, Failure> {
    let ty = port.ty();
    let value = inputs::value(&ty, texts)?;
    match (port, &value) {
        (Port::Store { .. } | Port::Uri { .. }, Json::String(text)) => {
            let reference = Reference::read(text).map_err(Failure::new)?;
            reference.write().map_err(Failure::new)
        }
        _ => fuse_wire::write::write(&ty, &value).map_err(Failure::new),
    }
}
