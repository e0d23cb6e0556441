//! Runs of every plan of the repository, by Tekton's rules, with random outcomes: no task is skipped but by its own
//! guard or after a failure, and no run hangs or fails for a reason that no step gave.
//!
//! What the lowering does against Tekton's surprises is taken out in turn, and the same runs find it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use fuse_plan::Plan;
use fuse_plan::model::{NodeKind, ParamKind, Pipeline};
use fuse_plan::simulate::{
    Attempt, Cluster, Condition, Fate, Operator, Pod, Run, Skip, Task, Value, Workflow, simulate,
};

/// How often each pipeline is run.
const RUNS: u64 = 40;

/// A pipeline with what its steps write.
struct Program {
    name: String,
    workflow: Workflow,
    /// For each task its results; `true` is an array.
    writes: BTreeMap<String, Vec<(String, bool)>>,
    /// For each `input` of a guard what it is compared with.
    guards: BTreeMap<String, BTreeSet<String>>,
    /// Helpers that fail the run.
    fails: BTreeSet<String>,
}

impl Program {
    fn new(case: &str, plan: &Plan, pipeline: &Pipeline) -> Self {
        let mut writes = BTreeMap::new();
        for node in pipeline.all_nodes() {
            let results = plan.task(node.task).map(|task| task.results.clone()).unwrap_or_default();
            let declared = results.iter().map(|one| (one.name.to_string(), one.kind == ParamKind::Array));
            writes.insert(node.name.to_string(), declared.collect());
        }
        let workflow = Workflow::from(pipeline);
        let mut program = Self {
            name: format!("{case}: {}", pipeline.name),
            guards: BTreeMap::new(),
            fails: pipeline
                .all_nodes()
                .filter(|node| node.kind == NodeKind::Fail)
                .map(|node| node.name.to_string())
                .collect(),
            workflow,
            writes,
        };
        program.note();
        program
    }

    /// Notes what guards compare, and what tasks that exist already must write.
    fn note(&mut self) {
        for task in self.workflow.all_tasks() {
            for when in &task.when {
                self.guards.entry(when.input.clone()).or_default().extend(when.values.iter().cloned());
            }
        }
        let texts: Vec<String> = self.workflow.all_tasks().flat_map(texts).collect();
        let outputs = self.workflow.results.iter().map(|output| match &output.value {
            Value::One(text) => text.clone(),
            Value::Many(texts) => texts.concat(),
        });
        for text in texts.into_iter().chain(outputs) {
            for (task, result) in references(&text) {
                if let Some(known) = self.writes.get_mut(&task)
                    && !known.iter().any(|(name, _)| *name == result)
                {
                    known.push((result, false));
                }
            }
        }
    }

    /// The names of the tasks of a kind.
    fn tasks(&self, of: impl Fn(&Task) -> bool) -> BTreeSet<String> {
        self.workflow.tasks.iter().filter(|task| of(task)).map(|task| task.name.clone()).collect()
    }

    /// Whether a list may be empty: then its matrix has a guard for it.
    fn may_be_empty(&self, task: &str, result: &str) -> bool {
        let guard = format!("$(tasks.{task}.results.{}--nonempty)", result.trim_end_matches("--idx"));
        self.guards.contains_key(&guard)
    }

    /// A value that a parameter or result can have where a guard looks at it.
    fn guarded(&self, input: &str, rng: &mut Rng, others: bool) -> String {
        let known: Vec<&String> = self.guards.get(input).into_iter().flatten().collect();
        match rng.choice(&known) {
            Some(value) if !others || rng.u8(0..4) > 0 => (*value).clone(),
            _ => "other".to_owned(),
        }
    }

    fn run(&self, rng: &mut Rng, failures: bool) -> (Run, bool) {
        let mut workflow = self.workflow.clone();
        let mut params = BTreeMap::new();
        for input in self.guards.keys() {
            if let Some(name) = input.strip_prefix("$(params.").and_then(|rest| rest.strip_suffix(')')) {
                params.insert(name.to_owned(), Value::One(self.guarded(input, rng, false)));
            }
            if let Some(name) =
                input.strip_prefix("$(workspaces.").and_then(|rest| rest.strip_suffix(".bound)"))
            {
                workflow.bound.insert(name.to_owned(), rng.bool());
            }
        }
        let mut pods = Pods { rng: rng.fork(), program: self, failures, failed: false };
        let run = simulate(&workflow, &params, &mut pods);
        (run, pods.failed)
    }

    /// What is wrong with a run.
    fn violation(&self, run: &Run, failed: bool) -> Option<String> {
        let wrong = run.tasks.iter().find(|(task, fate)| match fate {
            Fate::Skipped(Skip::Stopping) => !failed,
            // What it asks for by `if let` is not there.
            Fate::Skipped(Skip::MissingResults) => {
                !self.workflow.finally.iter().any(|one| one.name == **task)
            }
            Fate::Skipped(Skip::When) | Fate::Succeeded | Fate::Failed => false,
            Fate::Skipped(_) | Fate::Invalid | Fate::Pending => true,
        });
        if let Some((task, fate)) = wrong {
            return Some(format!("{}: {task} is {fate:?}", self.name));
        }
        let allowed = if failed {
            matches!(run.condition, Condition::Failed | Condition::Succeeded | Condition::Completed)
        } else {
            run.condition.is_true()
        };
        (!allowed).then(|| format!("{}: the run ends {:?}", self.name, run.condition))
    }
}

/// Pods that write all that they declare, or fail where that is asked for.
struct Pods<'p> {
    rng: Rng,
    program: &'p Program,
    failures: bool,
    failed: bool,
}

impl Cluster for Pods<'_> {
    fn attempt(&mut self, pod: &Pod<'_>) -> Attempt {
        let name = &pod.task.name;
        if self.program.fails.contains(name) || self.failures && self.rng.u8(0..8) == 0 {
            self.failed = true;
            return Attempt::default();
        }
        let mut results = BTreeMap::new();
        for (result, array) in self.program.writes.get(name).into_iter().flatten() {
            let value = if *array {
                let least = usize::from(!self.program.may_be_empty(name, result));
                Value::Many((0..self.rng.usize(least..5)).map(|at| at.to_string()).collect())
            } else {
                let input = format!("$(tasks.{name}.results.{result})");
                Value::One(self.program.guarded(&input, &mut self.rng, !result.starts_with("arm--")))
            };
            results.insert(result.clone(), value);
        }
        let counted: Vec<(String, bool)> = results
            .iter()
            .filter_map(|(result, value)| match value {
                Value::Many(items) => Some((result.replace("--idx", "--nonempty"), !items.is_empty())),
                Value::One(_) => None,
            })
            .collect();
        for (result, nonempty) in counted {
            results.insert(result, Value::One(nonempty.to_string()));
        }
        Attempt { succeeded: true, results }
    }

    fn next(&mut self, running: &[(&str, usize)]) -> usize {
        self.rng.usize(0..running.len())
    }
}

fn texts(task: &Task) -> Vec<String> {
    let mut all = Vec::new();
    for param in task.params.iter().chain(&task.matrix) {
        match &param.value {
            Value::One(text) => all.push(text.clone()),
            Value::Many(texts) => all.extend(texts.iter().cloned()),
        }
    }
    all.extend(task.when.iter().map(|when| when.input.clone()));
    all
}

/// The task and result of each reference of a text.
fn references(text: &str) -> Vec<(String, String)> {
    let inner = text.split("$(tasks.").skip(1).filter_map(|rest| rest.split(')').next());
    inner
        .filter_map(|inner| inner.split_once(".results."))
        .map(|(task, result)| (task.to_owned(), result.trim_end_matches("[*]").to_owned()))
        .collect()
}

fn programs() -> Vec<Program> {
    let mut all = Vec::new();
    for (name, case) in support::repository() {
        let plan = case.plan();
        all.extend(plan.pipelines.iter().map(|pipeline| Program::new(&name, plan, pipeline)));
    }
    assert!(all.len() > 20, "only {} pipelines", all.len());
    all
}

/// The first violation that runs of the programs show.
fn first_violation(programs: &[Program]) -> Option<String> {
    let mut rng = Rng::with_seed(7);
    for program in programs {
        for at in 0..RUNS {
            let (run, failed) = program.run(&mut rng, at % 2 == 1);
            if let Some(violation) = program.violation(&run, failed) {
                return Some(violation);
            }
        }
    }
    None
}

#[test]
fn no_task_is_skipped_but_by_its_guard_and_no_run_hangs() {
    assert_eq!(first_violation(&programs()), None);
}

/// Takes a remedy out of all programs; runs must find that it is gone.
fn without(what: &str, take_out: impl Fn(&mut Program)) {
    let mut all = programs();
    all.iter_mut().for_each(take_out);
    let found = first_violation(&all);
    assert!(found.is_some(), "no run finds out that there are no {what}");
}

#[test]
fn without_guards_on_every_task_of_an_arm() {
    without("guards on every task of an arm", |program| {
        let guarded = program.tasks(|task| !task.when.is_empty());
        for task in &mut program.workflow.tasks {
            let inside =
                texts(task).iter().flat_map(|text| references(text)).any(|(from, _)| guarded.contains(&from));
            if inside {
                task.when.clear();
            }
        }
    });
}

#[test]
fn with_notin_instead_of_in() {
    without("guards by `in`", |program| {
        for task in &mut program.workflow.tasks {
            for when in task.when.iter_mut().filter(|when| when.input.starts_with("$(tasks.")) {
                let all = program
                    .guards
                    .get(&when.input)
                    .into_iter()
                    .flatten()
                    .cloned()
                    .chain(["other".to_owned()]);
                when.values = all.filter(|value| !when.values.contains(value)).collect();
                when.operator = Operator::NotIn;
            }
        }
    });
}

#[test]
fn without_collectors() {
    without("collectors", |program| {
        let matrices = program.tasks(|task| !task.matrix.is_empty());
        let mut gone = BTreeSet::new();
        for output in &mut program.workflow.results {
            let Value::One(text) = &output.value else { continue };
            let Some((collector, _)) = references(text).into_iter().next() else { continue };
            let task = program.workflow.tasks.iter().find(|task| task.name == collector).unwrap();
            let from = texts(task).iter().flat_map(|text| references(text)).next();
            if let Some((from, result)) = from.filter(|(from, _)| matrices.contains(from)) {
                output.value = Value::One(format!("$(tasks.{from}.results.{result}[*])"));
                gone.insert(collector);
            }
        }
        program.workflow.tasks.retain(|task| !gone.contains(&task.name));
    });
}
