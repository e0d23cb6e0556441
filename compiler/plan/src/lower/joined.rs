//! The Task of a join.

use ecow::{EcoString, eco_format};
use fuse_wire::contract::{Contract, Join};

use super::NodeSpec;
use super::around::{Around, Need};
use super::helpers::{built, hand, helper, param, wire};
use super::join::JoinWork;
use super::task::{Built, slots};
use crate::cx::Cx;
use crate::model::{Arg, ParamDecl, ParamKind, ResultDecl, Text};
use crate::types;

/// The Task of a step that merges arms.
pub(crate) fn join(cx: &Cx<'_>, node: &NodeSpec<'_>, work: &JoinWork) -> Option<Built> {
    let mut contract = Contract { name: node.name.to_string(), slots: slots(node), ..Contract::default() };
    let mut outputs = Vec::new();
    for (name, merged) in &work.results {
        let port = types::port(cx.package, &merged.ty, &[]);
        let (cases, otherwise) = (merged.cases.clone(), merged.otherwise.clone());
        contract.joins.insert(name.to_string(), Join { port, cases, otherwise });
        outputs.push(ResultDecl {
            name: name.clone(),
            description: None,
            kind: ParamKind::String,
            cause: merged.cause,
        });
    }
    let mut words = vec![wire(), contract.argument().into()];
    let (mut params, mut args) = (Vec::new(), Vec::new());
    for (option, prefix, refs) in [("select", "arm", &work.selects), ("part", "part", &work.parts)] {
        for (at, text) in refs.texts().enumerate() {
            let name = eco_format!("{prefix}--{at}");
            let value = Text::One(text.clone());
            let kind = value.kind();
            hand(&mut words, if kind == ParamKind::Array { "outs" } else { option }, &name, kind);
            params.push(ParamDecl { kind, ..param(name.clone(), node.cause) });
            args.push(Arg { name, value, cause: node.cause });
        }
    }
    let results = work.selects.results().chain(work.parts.results()).collect();

    let stored = work.reads_slots() || !node.slots.is_empty();
    let around = Around::new(cx, node, Need::of(false, stored))?;
    let env = if stored { around.helper(node, &mut words, &mut params, &mut args) } else { Vec::new() };
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
    Some(built(cx, &work.base, task, args, results, &sizes))
}
