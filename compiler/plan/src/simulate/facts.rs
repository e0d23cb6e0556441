//! What a reconcile looks at: each task with its pods, and the graph.

use std::collections::BTreeMap;

use super::references::{self, ResultRef, Table};
use super::workflow::{Task, Value};
use super::{Attempt, Skip};

/// A pod that was created.
#[derive(Debug, Clone)]
pub(super) enum PodState {
    /// Its current attempt.
    Running(u32),
    /// It ended for good.
    Ended(Attempt),
}

/// A task in a reconcile.
#[derive(Debug, Clone)]
pub(super) struct Resolved {
    /// The task, with what is known so far in place of its references.
    pub(super) task: Task,
    /// Its pods, one for each instance of a matrix; none before it is started.
    pub(super) pods: Vec<PodState>,
    /// The collected results of a matrix; only there once something has asked for one of them.
    pub(super) collected: Option<BTreeMap<String, Vec<String>>>,
}

/// Why references of a task cannot be replaced: the task that lacks something.
pub(super) struct Missing(pub(super) Option<usize>);

/// The state of a run within one reconcile.
pub(super) struct Facts {
    pub(super) tasks: Vec<Resolved>,
    /// How many of the tasks are no `finally` tasks; they come first.
    pub(super) dag: usize,
    /// The parents of each task.
    pub(super) parents: Vec<Vec<usize>>,
    /// Tasks whose references cannot be resolved.
    pub(super) invalid: Vec<usize>,
    /// What was found out about skipping in this reconcile.
    pub(super) cache: BTreeMap<usize, Option<Skip>>,
    by_name: BTreeMap<String, usize>,
}

impl Resolved {
    pub(super) fn is_scheduled(&self) -> bool {
        !self.pods.is_empty()
    }

    pub(super) fn is_successful(&self) -> bool {
        let well = |pod: &PodState| matches!(pod, PodState::Ended(Attempt { succeeded: true, .. }));
        self.is_scheduled() && self.pods.iter().all(well)
    }

    pub(super) fn any_failed(&self) -> bool {
        self.pods.iter().any(|pod| matches!(pod, PodState::Ended(Attempt { succeeded: false, .. })))
    }

    pub(super) fn is_failure(&self) -> bool {
        let ended = |pod: &PodState| matches!(pod, PodState::Ended(_));
        self.any_failed() && self.pods.iter().all(ended)
    }

    pub(super) fn is_matrixed(&self) -> bool {
        !self.task.matrix.is_empty()
    }

    /// `$(tasks.<name>.status)`
    pub(super) fn status(&self) -> &'static str {
        if self.is_successful() {
            "Succeeded"
        } else if self.any_failed() {
            "Failed"
        } else {
            "None"
        }
    }

    /// What the first pod wrote.
    pub(super) fn first_result(&self, name: &str) -> Option<&Value> {
        let PodState::Ended(attempt) = self.pods.first()? else { return None };
        attempt.results.get(name)
    }

    /// A result for the pipeline: of a matrix only what something has asked for.
    pub(super) fn handed_over(&self, name: &str) -> Option<Value> {
        if !self.is_successful() && !self.is_failure() {
            None
        } else if self.is_matrixed() {
            self.collected.as_ref()?.get(name).cloned().map(Value::Many)
        } else {
            self.first_result(name).cloned()
        }
    }

    /// The results of the instances, in the order of their names as text. Instances that wrote none are left out.
    fn collect(&mut self) -> &BTreeMap<String, Vec<String>> {
        let single = self.pods.len() == 1;
        let mut order: Vec<usize> = (0..self.pods.len()).collect();
        order.sort_by_key(|at| if single { String::new() } else { at.to_string() });
        self.collected.get_or_insert_with(|| {
            let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for pod in order.iter().filter_map(|at| self.pods.get(*at)) {
                let PodState::Ended(attempt) = pod else { continue };
                for (name, value) in &attempt.results {
                    // Only strings are collected; another type counts as an empty one.
                    let text = if let Value::One(text) = value { text.clone() } else { String::new() };
                    all.entry(name.clone()).or_default().push(text);
                }
            }
            all
        })
    }
}

impl Facts {
    /// The tasks as they are written, with their pods; references are replaced where all of a task's are known.
    pub(super) fn new(tasks: &[Task], dag: usize, pods: &[Vec<PodState>]) -> Self {
        let by_name = tasks.iter().enumerate().map(|(at, task)| (task.name.clone(), at)).collect();
        let all = tasks.iter().zip(pods);
        let resolved =
            all.map(|(task, pods)| Resolved { task: task.clone(), pods: pods.clone(), collected: None });
        let mut facts = Self {
            tasks: resolved.collect(),
            dag,
            parents: Vec::new(),
            invalid: Vec::new(),
            cache: BTreeMap::new(),
            by_name,
        };
        facts.parents = (0..tasks.len()).map(|at| facts.parents_of(at)).collect();
        for at in 0..tasks.len() {
            if let Ok(table) = facts.resolve(at) {
                facts.apply(at, &table);
            }
        }
        facts
    }

    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Resolved> {
        self.tasks.get(at)
    }

    pub(super) const fn is_final(&self, at: usize) -> bool {
        at >= self.dag
    }

    fn parents_of(&self, at: usize) -> Vec<usize> {
        let Some(resolved) = self.get(at).filter(|_| !self.is_final(at)) else { return Vec::new() };
        let refs = references::all(&resolved.task).into_iter().map(|one| one.task);
        let mut all: Vec<usize> =
            resolved.task.after.iter().cloned().chain(refs).filter_map(|name| self.index(&name)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What the references of a task to results stand for; all of them or none.
    pub(super) fn resolve(&mut self, at: usize) -> Result<Table, Missing> {
        let refs = self.get(at).map(|resolved| references::all(&resolved.task)).unwrap_or_default();
        let mut table = Table::default();
        for ResultRef { task, result } in refs {
            let from = self.index(&task);
            let value = from.and_then(|from| self.result(from, &result)).ok_or(Missing(from))?;
            table.set(&format!("tasks.{task}.results.{result}"), &value);
        }
        Ok(table)
    }

    fn result(&mut self, at: usize, name: &str) -> Option<Value> {
        let resolved = self.tasks.get_mut(at)?;
        if !resolved.is_successful() && !resolved.is_failure() {
            return None;
        }
        if resolved.is_matrixed() {
            return resolved.collect().get(name).cloned().map(Value::Many);
        }
        resolved.first_result(name).cloned()
    }

    pub(super) fn apply(&mut self, at: usize, table: &Table) {
        if let Some(resolved) = self.tasks.get_mut(at) {
            table.task(&mut resolved.task);
        }
    }
}
