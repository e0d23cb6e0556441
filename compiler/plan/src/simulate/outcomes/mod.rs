//! Random outcomes for a pipeline of a plan, and what a run must never show, whatever comes out.
//!
//! No task is skipped but by its own guard or after a failure, no run hangs or fails for a reason that no step gave,
//! lists of rounds stay in order, joins find the value of the arm that ran, and a green run has its outputs. What the
//! lowering does against Tekton's surprises is a [`Remedy`] each; taken out, the same runs find it.

mod pods;
mod remedies;

use std::collections::{BTreeMap, BTreeSet};

use ecow::EcoString;
use fastrand::Rng;
use fuse_analysis::Package;
use fuse_analysis::ty::Ty;
use fuse_wire::contract::{Contract, of_call};

use super::references::{self, ResultRef};
use super::{Condition, Fate, Run, Skip, Task, Value, Workflow, simulate};
use crate::Plan;
use crate::model::{self, Node, NodeKind, ParamKind, Pipeline};

pub use remedies::Remedy;

use pods::Pods;

/// A pipeline with what its pods do.
#[derive(Debug, Clone)]
pub struct Program {
    name: String,
    workflow: Workflow,
    tasks: BTreeMap<String, Work>,
    /// For each `input` of a guard what it is compared with.
    guards: BTreeMap<String, BTreeSet<String>>,
    /// Outputs that a green run must have.
    required: BTreeSet<String>,
    /// Whether pods of a matrix write their number beside what they give.
    numbered: bool,
}

/// What the pods of a pipeline task do.
#[derive(Debug, Clone, Default)]
struct Work {
    /// A helper that fails the run.
    fails: bool,
    /// What the task takes and gives; empty for one that exists already.
    contract: Contract,
    /// Its results; `true` is an array.
    results: Vec<(String, bool)>,
}

impl Program {
    /// The pipeline of a plan, with the package that the plan was made of.
    #[must_use]
    pub fn new(name: &str, package: &Package, plan: &Plan, pipeline: &Pipeline) -> Self {
        let tasks = pipeline.all_nodes().map(|node| (node.name.to_string(), Work::new(plan, node)));
        let declared = package.pipelines.iter().find(|one| one.span == pipeline.cause);
        let outputs = declared.map(|one| one.outputs.as_slice()).unwrap_or_default();
        let needed = outputs.iter().filter(|output| !matches!(output.ty, Ty::Optional(_)));
        let mut program = Self {
            name: format!("{name}: {}", pipeline.name),
            workflow: Workflow::from(pipeline),
            tasks: tasks.collect(),
            guards: BTreeMap::new(),
            required: needed.map(|output| output.name.to_string()).collect(),
            numbered: true,
        };
        program.note();
        program
    }

    /// Notes what guards compare, and what tasks that exist already must write.
    fn note(&mut self) {
        let all: Vec<&Task> = self.workflow.all_tasks().collect();
        for when in all.iter().flat_map(|task| &task.when) {
            self.guards.entry(when.input.clone()).or_default().extend(when.values.iter().cloned());
        }
        let outputs = self.workflow.results.iter().flat_map(|output| output.value.texts());
        let read = all.into_iter().flat_map(references::all);
        let read: Vec<ResultRef> = read.chain(outputs.flat_map(references::in_text)).collect();
        for ResultRef { task, result } in read {
            if let Some(work) = self.tasks.get_mut(&task)
                && !work.results.iter().any(|(name, _)| *name == result)
            {
                work.results.push((result, false));
            }
        }
    }

    /// One run with random outcomes, with or without failing pods.
    ///
    /// # Errors
    /// What the run shows that no run may show.
    pub fn run(&self, rng: &mut Rng, failures: bool) -> Result<Run, String> {
        let mut workflow = self.workflow.clone();
        let mut params = BTreeMap::new();
        for input in self.guards.keys() {
            if let Some(name) = between(input, "$(params.", ")") {
                params.insert(name.to_owned(), Value::One(self.compared(input, rng, false)));
            }
            if let Some(name) = between(input, "$(workspaces.", ".bound)") {
                workflow.bound.insert(name.to_owned(), rng.bool());
            }
        }
        let mut pods = Pods::new(self, rng.fork(), failures);
        let run = simulate(&workflow, &params, &mut pods);
        let found = pods.violation.take().or_else(|| self.violation(&run, pods.failed));
        found.map_or(Ok(run), |text| Err(format!("{}: {text}", self.name)))
    }

    /// A text that a guard looks for, or now and then another one.
    fn compared(&self, input: &str, rng: &mut Rng, others: bool) -> String {
        // An optional parameter may be absent; what a step gives is asked about elsewhere.
        let fits = |text: &&String| !others || !fuse_wire::text::is_absent(text);
        let known: Vec<&String> = self.guards.get(input).into_iter().flatten().filter(fits).collect();
        match rng.choice(&known) {
            Some(value) if !others || rng.u8(0..4) > 0 => (*value).clone(),
            _ => "other".to_owned(),
        }
    }

    /// What is wrong with a run.
    fn violation(&self, run: &Run, failed: bool) -> Option<String> {
        let last = |name: &str| self.workflow.finally.iter().any(|one| one.name == name);
        let wrong = run.tasks.iter().find(|(task, fate)| match fate {
            Fate::Skipped(Skip::Stopping) => !failed,
            // What it asks for by `if let` is not there.
            Fate::Skipped(Skip::MissingResults) => !last(task),
            Fate::Skipped(Skip::When) | Fate::Succeeded | Fate::Failed => false,
            Fate::Skipped(Skip::Parent | Skip::EmptyMatrix) | Fate::Invalid | Fate::Pending => true,
        });
        if let Some((task, fate)) = wrong {
            return Some(format!("{task} is {fate:?}"));
        }
        let allowed = if failed {
            matches!(run.condition, Condition::Failed | Condition::Succeeded | Condition::Completed)
        } else {
            run.condition.is_true()
        };
        if !allowed {
            return Some(format!("the run ends {:?}", run.condition));
        }
        let lacks = self.required.iter().find(|name| !run.results.contains_key(*name));
        lacks.filter(|_| !failed).map(|name| format!("the run is green without its output {name}"))
    }
}

impl Work {
    fn new(plan: &Plan, node: &Node) -> Self {
        let Some(task) = plan.task(node.task) else { return Self::default() };
        let contract = task.steps.iter().find_map(|step| match &step.run {
            model::Run::Command { command, args } => contract(command.iter().chain(args)),
            model::Run::Script(_) => None,
        });
        let results = task.results.iter().map(|one| (one.name.to_string(), one.kind == ParamKind::Array));
        Self {
            fails: node.kind == NodeKind::Fail,
            contract: contract.unwrap_or_default(),
            results: results.collect(),
        }
    }
}

/// What a pod takes and gives, by the words of its first container. What several calls of a pod take and give has their
/// names in front; what stays among them is none of it.
fn contract<'w>(words: impl Iterator<Item = &'w EcoString>) -> Option<Contract> {
    let (mut all, mut call): (Option<Contract>, _) = (None, None);
    for word in words {
        if let Some(name) = word.strip_prefix("--call=") {
            call = Some(name);
        }
        let json = word.strip_prefix("--task=");
        let Some(own) = json.and_then(|json| serde_json::from_str::<Contract>(json).ok()) else { continue };
        let Some(call) = call else { return Some(own) };
        let named = |name: String| of_call(call, &name);
        let all = all.get_or_insert_default();
        let inputs = own.inputs.into_iter().filter(|(name, _)| !own.from.contains_key(name));
        all.inputs.extend(inputs.map(|(name, port)| (named(name), port)));
        all.outputs.extend(own.outputs.into_iter().map(|(name, port)| (named(name), port)));
        all.slots.extend(own.slots.into_iter().map(|(slot, result)| (slot, named(result))));
        all.arms.extend(own.arms);
    }
    all
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    text.strip_prefix(start)?.strip_suffix(end)
}
