//! Reconciles: after each end of a pod, what is started next and whether the run is over.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, PodState, Resolved};
use super::references::{self, Table};
use super::workflow::{Output, Task, Value, Workflow};
use super::{Cluster, Condition, Fate, Pod, Run};

/// A run on its way.
pub(super) struct Reconciler<'w> {
    outputs: &'w [Output],
    /// All tasks, those of `finally` last, with the run's parameters in place.
    tasks: Vec<Task>,
    dag: usize,
    pods: Vec<Vec<PodState>>,
    /// What the parameters of each pod are: fixed when it is created.
    given: Vec<Vec<BTreeMap<String, Value>>>,
}

/// The graph was given a task as done whose parents are not: Tekton gives up the reconcile.
struct Confused;

impl<'w> Reconciler<'w> {
    pub(super) fn new(workflow: &'w Workflow, params: &BTreeMap<String, Value>) -> Self {
        let mut table = Table::default();
        for (name, value) in workflow.defaults.iter().chain(params) {
            table.set(&format!("params.{name}"), value);
        }
        for (name, bound) in &workflow.bound {
            table.set(&format!("workspaces.{name}.bound"), &Value::One(bound.to_string()));
        }
        let mut tasks: Vec<Task> = workflow.all_tasks().cloned().collect();
        tasks.iter_mut().for_each(|task| table.task(task));
        let pods = tasks.iter().map(|_| Vec::new()).collect();
        let given = tasks.iter().map(|_| Vec::new()).collect();
        Self { outputs: &workflow.results, tasks, dag: workflow.tasks.len(), pods, given }
    }

    pub(super) fn run(mut self, cluster: &mut dyn Cluster) -> Run {
        loop {
            let mut facts = Facts::new(&self.tasks, self.dag, &self.pods);
            if let Ok(Some(condition)) = self.reconcile(&mut facts) {
                return self.end(&mut facts, condition);
            }
            if !self.advance(cluster) {
                return self.end(&mut facts, Condition::Hung);
            }
        }
    }

    /// One reconcile: starts what can start; the condition where the run is over.
    fn reconcile(&mut self, facts: &mut Facts) -> Result<Option<Condition>, Confused> {
        let mut next = queue(facts)?;
        for at in next.clone() {
            if lacks_result(facts, at) {
                next.clear();
                facts.invalid.push(at);
            }
        }
        next.extend(last_ones(facts));
        for at in next {
            if facts.skip(at).is_none() && facts.finally_skip(at).is_none() {
                self.create(facts, at);
            }
        }
        facts.cache.clear();
        Ok(condition(facts))
    }

    /// Creates the pods of a task: one, or one for each combination of its matrix, the last parameter slowest.
    fn create(&mut self, facts: &mut Facts, at: usize) {
        let Some(resolved) = facts.tasks.get_mut(at) else { return };
        let task = &resolved.task;
        let base: BTreeMap<String, Value> =
            task.params.iter().map(|param| (param.name.clone(), param.value.clone())).collect();
        let mut all = vec![base];
        for param in &task.matrix {
            let texts: Vec<&str> = param.value.texts().collect();
            let with = |text: &str, one: &BTreeMap<String, Value>| {
                let mut one = one.clone();
                one.insert(param.name.clone(), Value::One(text.to_owned()));
                one
            };
            all = texts
                .iter()
                .flat_map(|text| all.iter().map(|one| with(text, one)).collect::<Vec<_>>())
                .collect();
        }
        resolved.pods = vec![PodState::Running(0); all.len()];
        if let (Some(pods), Some(given)) = (self.pods.get_mut(at), self.given.get_mut(at)) {
            pods.clone_from(&resolved.pods);
            *given = all;
        }
    }

    /// Lets one running pod end its attempt; `false`: none is running.
    fn advance(&mut self, cluster: &mut dyn Cluster) -> bool {
        let mut running: Vec<(usize, usize, u32)> = Vec::new();
        for (at, pods) in self.pods.iter().enumerate() {
            for (instance, pod) in pods.iter().enumerate() {
                if let PodState::Running(attempt) = pod {
                    running.push((at, instance, *attempt));
                }
            }
        }
        let shown: Vec<(&str, usize)> = running
            .iter()
            .filter_map(|(at, instance, _)| Some((self.tasks.get(*at)?.name.as_str(), *instance)))
            .collect();
        if shown.is_empty() {
            return false;
        }
        let chosen = cluster.next(&shown).min(running.len() - 1);
        let Some((at, instance, attempt)) = running.get(chosen).copied() else { return false };
        let Some(task) = self.tasks.get(at) else { return false };
        let params = self.given.get(at).and_then(|all| all.get(instance)).cloned().unwrap_or_default();
        let retries = task.retries;
        let ended = cluster.attempt(&Pod { task, instance, attempt, params });
        let again = !ended.succeeded && attempt < retries;
        if let Some(pod) = self.pods.get_mut(at).and_then(|pods| pods.get_mut(instance)) {
            *pod = if again { PodState::Running(attempt + 1) } else { PodState::Ended(ended) };
        }
        true
    }

    fn end(self, facts: &mut Facts, condition: Condition) -> Run {
        let mut tasks = BTreeMap::new();
        for at in 0..facts.tasks.len() {
            let fate = fate(facts, at);
            if let Some(resolved) = facts.get(at) {
                tasks.insert(resolved.task.name.clone(), fate);
            }
        }
        if condition == Condition::Hung {
            return Run { tasks, condition, results: BTreeMap::new() };
        }
        let mut results = BTreeMap::new();
        let mut lost = false;
        for output in self.outputs {
            match output_value(facts, output) {
                Given::Value(value) => {
                    results.insert(output.name.clone(), value);
                }
                Given::Left => {}
                Given::Lost => lost = true,
            }
        }
        let condition = if lost { Condition::CouldntGetPipelineResult } else { condition };
        Run { tasks, condition, results }
    }
}

/// The tasks that can start: those that are not done and whose parents are.
fn queue(facts: &mut Facts) -> Result<Vec<usize>, Confused> {
    let done: Vec<bool> = (0..facts.dag).map(|at| facts.is_done(at)).collect();
    let is_done = |at: usize| done.get(at).copied().unwrap_or(false);
    // What can be reached through tasks that are done.
    let mut reached: BTreeSet<usize> = BTreeSet::new();
    let mut ready = Vec::new();
    let mut grew = true;
    while grew {
        grew = false;
        for at in 0..facts.dag {
            let parents = facts.parents.get(at).map(Vec::as_slice).unwrap_or_default();
            let seen = parents.is_empty()
                || parents.iter().any(|parent| reached.contains(parent) && is_done(*parent));
            grew |= seen && reached.insert(at);
        }
    }
    for at in &reached {
        let parents = facts.parents.get(*at).map(Vec::as_slice).unwrap_or_default();
        if !is_done(*at) && parents.iter().all(|parent| is_done(*parent)) {
            ready.push(*at);
        }
    }
    if (0..facts.dag).any(|at| is_done(at) && !reached.contains(&at)) {
        return Err(Confused);
    }
    if facts.is_stopping() {
        return Ok(Vec::new());
    }
    ready.retain(|at| facts.get(*at).is_some_and(|resolved| !resolved.is_scheduled()));
    Ok(ready)
}

/// Whether a task that could start refers to a result that is not there.
fn lacks_result(facts: &Facts, at: usize) -> bool {
    let refs = facts.get(at).map(|resolved| references::all(&resolved.task)).unwrap_or_default();
    refs.iter().any(|one| {
        let from = facts.index(&one.task).and_then(|from| facts.get(from));
        from.and_then(|from| from.first_result(&one.result)).is_none()
    })
}

/// The tasks of `finally` that can start.
fn last_ones(facts: &mut Facts) -> Vec<usize> {
    if !facts.dag_done() {
        return Vec::new();
    }
    let statuses = statuses(facts);
    let mut all = Vec::new();
    for at in facts.dag..facts.tasks.len() {
        if facts.get(at).is_some_and(Resolved::is_scheduled) {
            continue;
        }
        facts.apply(at, &statuses);
        if let Ok(table) = facts.resolve(at) {
            facts.apply(at, &table);
            all.push(at);
        }
    }
    all
}

/// `$(tasks.status)` and `$(tasks.<name>.status)`.
fn statuses(facts: &mut Facts) -> Table {
    let mut table = Table::default();
    let mut whole = "Succeeded";
    for at in 0..facts.dag {
        let skipped = facts.skip(at).is_some();
        let Some(resolved) = facts.get(at) else { continue };
        table.set(&format!("tasks.{}.status", resolved.task.name), &Value::One(resolved.status().to_owned()));
        if resolved.any_failed() {
            whole = "Failed";
        } else if skipped && whole == "Succeeded" {
            whole = "Completed";
        }
    }
    table.set("tasks.status", &Value::One(whole.to_owned()));
    table
}

/// The condition of the run, once nothing is left to do.
fn condition(facts: &mut Facts) -> Option<Condition> {
    let fates: Vec<(Fate, bool)> = (0..facts.tasks.len())
        .map(|at| (fate(facts, at), facts.get(at).is_some_and(|resolved| resolved.task.goes_on)))
        .collect();
    if fates.iter().any(|(fate, _)| *fate == Fate::Pending) {
        return None;
    }
    Some(if fates.iter().any(|(fate, _)| *fate == Fate::Invalid) {
        Condition::PipelineValidationFailed
    } else if fates.iter().any(|(fate, goes_on)| *fate == Fate::Failed && !goes_on) {
        Condition::Failed
    } else if fates.iter().any(|(fate, _)| matches!(fate, Fate::Skipped(_))) {
        Condition::Completed
    } else {
        Condition::Succeeded
    })
}

fn fate(facts: &mut Facts, at: usize) -> Fate {
    let ended = facts.get(at).map(|task| (task.is_successful(), task.is_failure()));
    match ended {
        Some((true, _)) => Fate::Succeeded,
        Some((_, true)) => Fate::Failed,
        _ if facts.invalid.contains(&at) => Fate::Invalid,
        _ => match facts.skip(at).or_else(|| facts.finally_skip(at)) {
            Some(skip) => Fate::Skipped(skip),
            None => Fate::Pending,
        },
    }
}

/// What becomes of a result of the pipeline.
enum Given {
    Value(Value),
    /// Its task did not end well: it is left out.
    Left,
    /// Its task ended well without it: the run fails.
    Lost,
}

fn output_value(facts: &Facts, output: &Output) -> Given {
    let mut table = Table::default();
    let mut left = false;
    for one in output.value.texts().flat_map(references::in_text) {
        let from = facts.index(&one.task).and_then(|from| facts.get(from));
        let Some(from) = from else { return Given::Lost };
        match from.handed_over(&one.result) {
            Some(value) => {
                for root in ["tasks", "finally"] {
                    table.set(&format!("{root}.{}.results.{}", one.task, one.result), &value);
                }
            }
            None if from.is_successful() => return Given::Lost,
            None => left = true,
        }
    }
    if left { Given::Left } else { Given::Value(table.value(&output.value)) }
}
