//! `join`: the value of the arm that ran.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitCode;

use fuse_wire::ABSENT;
use fuse_wire::contract::{Case, Contract, Join, Leaf, Piece, Port};
use fuse_wire::text::is_absent;
use indexmap::IndexMap;

use super::Verb;
use crate::args::Args;
use crate::failure::Failure;
use crate::inputs::{layout, rounds};
use crate::places::Places;
use crate::run::Run;
use crate::values::{read, readable, reference};
use crate::{results, slots, task};

pub(super) const VERB: Verb = Verb { name: "join", run };

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let args =
        Args::read(words, &["wire", "task", "store", "run", "step", "index", "select", "part", "outs"])?;
    args.wire()?;
    let contract = task::contract(&args)?;
    task::told(&contract.name, join(&args, &contract))
}

fn join(args: &Args, contract: &Contract) -> Result<ExitCode, Failure> {
    let places = Places::from_env();
    let run = Run::read(args, &places)?;
    let selects = args.pairs("select")?.into_iter().collect();
    let parts = args.pairs("part")?.into_iter().collect();
    let merge = Merge { args, run: &run, selects, parts };
    let mut all = IndexMap::new();
    for (name, join) in &contract.joins {
        let many = contract.joins.len() > 1;
        let text = merge.value(join).map_err(|failure| if many { failure.of(name) } else { failure })?;
        all.insert(name.clone(), text);
    }
    slots::leave(contract, &run, &|name| Ok(all.get(name).cloned()))?;
    results::write(&places, &all, contract.budget)?;
    Ok(ExitCode::SUCCESS)
}

struct Merge<'a> {
    args: &'a Args,
    run: &'a Run<'a>,
    selects: BTreeMap<&'a str, &'a str>,
    parts: BTreeMap<&'a str, &'a str>,
}

impl Merge<'_> {
    /// The text of the first case that holds and gives a value, else the default. A case gives none where a part of it
    /// is absent, or lies nowhere because the step that yields it did not run.
    fn value(&self, join: &Join) -> Result<String, Failure> {
        let mut why = None;
        for case in &join.cases {
            if !self.holds(case)? {
                continue;
            }
            match self.leaves(&case.value)? {
                Ok(leaves) if !matches!(leaves.as_slice(), [one] if is_absent(one)) => {
                    return written(&join.port, &leaves);
                }
                Ok(_) => {
                    why = Some(Failure::new(
                        "the arm that ran gave no value, and there is no default: add `?? …`",
                    ))
                }
                Err(slot) => why = Some(left_nothing(&slot)),
            }
        }
        if let Some(leaves) = &join.otherwise {
            let leaves = self.leaves(leaves)?.map_err(|slot| left_nothing(&slot))?;
            return written(&join.port, &leaves);
        }
        if join.port.is_optional() {
            return Ok(ABSENT.to_string());
        }
        Err(why.unwrap_or_else(|| self.nothing(join)))
    }

    fn holds(&self, case: &Case) -> Result<bool, Failure> {
        for selector in &case.selectors {
            let found = self
                .selects
                .get(selector.input.as_str())
                .ok_or_else(|| Failure::new(format!("`--select={}=…` is missing", selector.input)))?;
            if selector.is.iter().any(|text| text == found) == selector.not {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The texts of a value, or the slot that is empty.
    fn leaves(&self, leaves: &[Leaf]) -> Result<Result<Vec<String>, String>, Failure> {
        let mut all = Vec::new();
        for leaf in leaves {
            let mut text = String::new();
            for piece in leaf {
                match self.piece(piece)? {
                    Ok(part) => text.push_str(&part),
                    Err(slot) => return Ok(Err(slot)),
                }
            }
            all.push(text);
        }
        Ok(Ok(all))
    }

    fn piece(&self, piece: &Piece) -> Result<Result<String, String>, Failure> {
        match piece {
            Piece::Text(text) => Ok(Ok(text.clone())),
            Piece::In(name) => {
                let text = self.parts.get(name.as_str()).map(|text| Ok((*text).to_owned()));
                text.ok_or_else(|| Failure::new(format!("`--part={name}=…` is missing")))
            }
            Piece::Call { .. } => Err(Failure::new("a join is no step of a pod with others")),
            Piece::Outs { outs, path } => rounds::list(self.args, outs, path).map(Ok),
            Piece::Slot(slot) => {
                let found = self.run.store()?.find(self.run.uid()?, slot)?;
                Ok(found.ok_or_else(|| slot.clone()))
            }
        }
    }

    fn nothing(&self, join: &Join) -> Failure {
        let mut names: Vec<&str> = Vec::new();
        for selector in join.cases.iter().flat_map(|case| &case.selectors) {
            if !names.contains(&selector.input.as_str()) {
                names.push(&selector.input);
            }
        }
        let shown: Vec<String> = names
            .iter()
            .filter_map(|name| Some(format!("{name} = `{}`", readable(self.selects.get(name)?))))
            .collect();
        let with = if shown.is_empty() { String::new() } else { format!(" ({})", shown.join(", ")) };
        Failure::new(format!("no arm gave a value{with}, and there is no default: add `else` or `?? …`"))
    }
}

fn left_nothing(slot: &str) -> Failure {
    Failure::new(format!(
        "the step that gives it left no `{slot}` in the store of the run; \
         look whether that step ran in this run, and with this store"
    ))
}

/// Leaves as one text on the wire, checked by the form of the port.
fn written(port: &Port, leaves: &[String]) -> Result<String, Failure> {
    let ty = port.ty();
    let value = read(&ty, leaves)?;
    match (port, value.as_str()) {
        (Port::Store { .. }, Some(text)) => reference(text)?.write().map_err(Failure::new),
        (Port::Uri { uri, .. }, Some(text)) => {
            let reference = reference(text)?;
            layout::scheme(&reference, uri)?;
            reference.write().map_err(Failure::new)
        }
        (Port::Value(_) | Port::Store { .. } | Port::Uri { .. }, _) => {
            fuse_wire::write::write(&ty, &value).map_err(Failure::new)
        }
    }
}
