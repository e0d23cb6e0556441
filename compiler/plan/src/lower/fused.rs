//! `fused { … }`: one pipeline task whose pod holds several calls, in their order.
//!
//! The calls see each other's values inside the pod; from outside they are results of the pod like any others, named
//! `<call>--<output>`.

use std::collections::{BTreeMap, BTreeSet};

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{Call, Fused, Output, Task};
use fuse_base::Span;
use fuse_wire::contract::of_call;

use super::calls::{Arg, TaskWork, Work};
use super::settings::Resolved;
use super::val::{Chosen, NodeAt, Val};
use super::{Lower, NodeSpec};
use crate::model::PipelineResult;
use crate::{names, types};

/// Calls that share a pod.
pub(crate) struct FusedWork<'a> {
    /// Its own index.
    pub(crate) at: NodeAt,
    pub(crate) base: EcoString,
    pub(crate) calls: Vec<Inner<'a>>,
    /// What is said of the pod as a whole.
    pub(crate) settings: Resolved,
    /// Conditions that the last call computes when it closes.
    pub(crate) arms: Vec<(Chosen, Span)>,
}

/// A call in a pod.
pub(crate) struct Inner<'a> {
    /// Its name in the pod.
    pub(crate) name: EcoString,
    pub(crate) work: TaskWork<'a>,
}

/// The name of what a call gives, outside of its pod.
pub(crate) fn given(call: &str, result: &str) -> EcoString {
    of_call(call, result).into()
}

/// What is left of a result's name without that of its call, where it is one of this call.
pub(crate) fn own<'r>(call: &str, result: &'r str) -> Option<&'r str> {
    result.strip_prefix(call)?.strip_prefix("--")
}

impl<'a> FusedWork<'a> {
    /// The call that gives a result, with the result's name there. Names in the source start with a letter, so that
    /// `say--2` is told from a result of `say`.
    pub(crate) fn giver(&self, result: &str) -> Option<(&Inner<'a>, EcoString)> {
        let mut calls = self.calls.iter().filter_map(|call| Some((call, own(&call.name, result)?.into())));
        calls.find(|(_, name): &(_, EcoString)| !name.starts_with(|c: char| c.is_ascii_digit()))
    }

    pub(super) fn giver_mut(&mut self, result: &str) -> Option<(&mut Inner<'a>, EcoString)> {
        let (found, name) = self.giver(result).map(|(call, name)| (call.name.clone(), name))?;
        self.calls.iter_mut().find(|call| call.name == found).map(|call| (call, name))
    }
}

impl<'a> Lower<'a, '_> {
    /// The block as a pipeline task.
    pub(super) fn pod(&mut self, fused: &'a Fused) -> Val {
        let hint = self.hint.take();
        let settings = self.settings(&fused.settings);
        let name = self.frame.step(fused.span, &fused.name);
        // The Task is that of the pipeline that has the block: those that call it share it.
        let (pipeline, label) =
            (names::kebab(&self.frame.pipeline.name), self.frame.own(fused.span, &fused.name));
        let base = eco_format!("{}--{pipeline}-fused-{label}", self.cx.project.name.value);
        let after = self.steps_of_all(&fused.after);
        let at = self.nodes.len();
        let work = FusedWork { at, base, calls: Vec::new(), settings, arms: Vec::new() };
        let work = Work::Fused(Box::new(work));
        let node = NodeSpec { after, ..NodeSpec::new(name, self.guards.clone(), work, fused.span) };
        self.push(node);
        let around = self.pod.replace(at);
        let value = self.block(&fused.block);
        self.pod = around;
        self.hint = hint;
        if matches!(value, Val::Unit) { Val::Record(Vec::new()) } else { value }
    }

    /// A call in the pod.
    pub(super) fn call_in_pod(
        &mut self,
        pod: NodeAt,
        call: &'a Call,
        task: &'a Task,
        args: Vec<Option<Arg>>,
        settings: Resolved,
    ) -> Val {
        let added = types::fields(self.cx.package, &task.sig);
        let after = self.steps_of_all(&call.after);
        let Some(node) = self.nodes.get_mut(pod) else { return Val::Error };
        // Calls of the pod that are named there have ended anyway.
        node.after.extend(after.into_iter().filter(|at| *at != pod));
        let Work::Fused(work) = &mut node.work else { return Val::Error };
        let taken = |name: &str| work.calls.iter().any(|other| other.name == name);
        let name = names::free(&names::kebab(&call.name), taken);
        let inner = TaskWork { call, task, args, settings, added, arms: Vec::new() };
        work.calls.push(Inner { name: name.clone(), work: inner });
        match task.sig.outputs.as_slice() {
            [only] if task.sig.single => self.output_of(pod, &given(&name, &only.name)),
            _ => Val::Inside(pod, name),
        }
    }

    /// The outputs of a step, or of a call in a pod, by the names that its results have.
    pub(super) fn outputs_of(&self, at: NodeAt, call: Option<&EcoString>) -> Vec<(EcoString, EcoString)> {
        let sig = match (self.nodes.get(at).map(|node| &node.work), call) {
            (Some(Work::Fused(work)), Some(call)) => {
                work.calls.iter().find(|inner| inner.name == *call).map(|inner| &inner.work.task.sig)
            }
            _ => self.signature_of(at),
        };
        let result = |output: &Output| call.map_or_else(|| output.name.clone(), |c| given(c, &output.name));
        sig.map(|sig| sig.outputs.iter().map(|o| (o.name.clone(), result(o))).collect()).unwrap_or_default()
    }

    /// The call that gives a result of a step.
    pub(super) fn giver(&self, at: NodeAt, result: &str) -> Option<(&TaskWork<'a>, EcoString)> {
        match &self.nodes.get(at)?.work {
            Work::Task(work) => Some((work, result.into())),
            Work::Fused(work) => work.giver(result).map(|(inner, name)| (&inner.work, name)),
            Work::Apply(_) | Work::Decide(_) | Work::Fail(_) | Work::Join(_) | Work::List(_) => None,
        }
    }

    /// For each pod the results that something outside of it reads.
    pub(super) fn read_outside(&self, results: &[PipelineResult]) -> BTreeMap<NodeAt, BTreeSet<EcoString>> {
        let pods = self.nodes.iter().enumerate().filter(|(_, node)| matches!(node.work, Work::Fused(_)));
        let mut all: BTreeMap<NodeAt, BTreeSet<EcoString>> =
            pods.map(|(at, _)| (at, BTreeSet::new())).collect();
        if all.is_empty() {
            return all;
        }
        for (of, result) in self.nodes.iter().flat_map(NodeSpec::reads) {
            if let Some(read) = all.get_mut(&of) {
                read.insert(result);
            }
        }
        for (at, read) in &mut all {
            let Some(spec) = self.nodes.get(*at) else { continue };
            let start = eco_format!("$(tasks.{}.results.", spec.name);
            let references = results.iter().flat_map(|result| result.value.split(start.as_str()).skip(1));
            read.extend(references.filter_map(|rest| rest.split_once(')')).map(|(name, _)| name.into()));
        }
        all
    }
}

impl NodeSpec<'_> {
    /// The calls of tasks that run in its pod.
    pub(super) fn calls(&self) -> Vec<(Option<&EcoString>, &TaskWork<'_>)> {
        match &self.work {
            Work::Task(work) => vec![(None, work)],
            Work::Fused(work) => work.calls.iter().map(|inner| (Some(&inner.name), &inner.work)).collect(),
            Work::Apply(_) | Work::Decide(_) | Work::Fail(_) | Work::Join(_) | Work::List(_) => Vec::new(),
        }
    }
}
