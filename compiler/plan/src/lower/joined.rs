//! The Task of a join.

use ecow::{EcoString, eco_format};
use fuse_wire::contract::{Contract, Join};

use super::NodeSpec;
use super::around::{Around, Need, run_params};
use super::helpers::{HELPER, helper, param};
use super::join::JoinWork;
use super::task::{Built, slots};
use super::val::Late;
use crate::budget;
use crate::cx::Cx;
use crate::model::{Arg, ResultDecl, Text};
use crate::types;

/// The Task of a step that merges arms.
pub(crate) fn join(cx: &Cx<'_>, node: &NodeSpec<'_>, work: &JoinWork) -> Option<Built> {
    let mut contract = Contract { name: node.name.to_string(), slots: slots(node), ..Contract::default() };
    let mut outputs = Vec::new();
    for (name, merged) in &work.results {
        let port = types::port(cx.package, &merged.ty, &[]);
        let (cases, otherwise) = (merged.cases.clone(), merged.otherwise.clone());
        contract.joins.insert(name.to_string(), Join { port, cases, otherwise });
        outputs.push(ResultDecl { name: name.clone(), description: None, cause: merged.cause });
    }
    let mut words = vec![eco_format!("--wire={}", fuse_wire::WIRE_VERSION), contract.argument().into()];
    let (mut params, mut args, mut results) = (Vec::new(), Vec::new(), Vec::new());
    let selects = work.selects.iter().map(Late::text);
    let parts = work.parts.iter().map(|(text, _)| text.clone());
    for (option, prefix, texts) in
        [("select", "arm", selects.collect::<Vec<_>>()), ("part", "part", parts.collect())]
    {
        for (at, text) in texts.into_iter().enumerate() {
            let name = eco_format!("{prefix}--{at}");
            words.push(eco_format!("--{option}={name}=$(params.{name})"));
            params.push(param(name.clone(), node.cause));
            args.push(Arg { name, value: Text::One(text), cause: node.cause });
        }
    }
    results.extend(work.selects.iter().filter_map(|late| late.node().map(|(at, name)| (at, name.clone()))));
    results.extend(work.parts.iter().filter_map(|(_, source)| source.clone()));

    let stored = work.reads_slots() || !node.slots.is_empty();
    let around = Around::new(cx, node, Need::of(false, stored))?;
    let mut env = Vec::new();
    if stored {
        let (more, secrets) = around.helper();
        words.extend(more);
        env = secrets;
        let (declared, given) = run_params(node, &["run--uid"]);
        params.extend(declared);
        args.extend(given);
    }
    let mut task = helper(cx, node, "join", params, outputs, words)?;
    for step in &mut task.steps {
        step.env.clone_from(&env);
    }
    task.workspaces.extend(around.workspace());
    let sizes: Vec<(EcoString, u64)> = work
        .results
        .iter()
        .map(|(name, merged)| (name.clone(), types::max_bytes(cx.package, &merged.ty)))
        .collect();
    budget::check(cx, &mut task, &sizes, node.cause);
    let store = !task.workspaces.is_empty();
    Some(Built { base: work.base.clone(), task, args, results, store, timeout: HELPER, retries: 0 })
}
