//! A PipelineRun: which tasks run, in which order, with which values, by Tekton's rules.

use std::collections::{BTreeMap, BTreeSet};

use super::ended::{Ended, Fate, TaskRun};
use super::manifest::{Operator, ParamType, PipelineTask, Value};
use super::pod;
use super::start::Run;
use super::substitute::{Table, references, texts};

impl Ended {
    /// No task was skipped but by its own `when`, and no result was missing.
    pub(super) fn sound(&self) -> bool {
        self.broken.is_none() && !self.fates.values().any(|fate| matches!(fate, Fate::Orphaned(_)))
    }

    /// No task failed.
    pub(super) fn complete(&self) -> bool {
        !self.fates.values().any(|fate| matches!(fate, Fate::Failed(_) | Fate::NotStarted))
    }
}

/// The result that `tasks.<task>.results.<name>` refers to.
fn result_of(reference: &str) -> Option<(&str, &str)> {
    reference.strip_prefix("tasks.")?.split_once(".results.")
}

/// Every text of a task in which Tekton replaces references.
fn all_texts(task: &PipelineTask) -> Vec<&str> {
    let params = task.params.iter().chain(&task.matrix.params).flat_map(|param| texts(&param.value));
    let when = task
        .when
        .iter()
        .flat_map(|when| std::iter::once(when.input.as_str()).chain(when.values.iter().map(String::as_str)));
    params.chain(when).collect()
}

/// The results that a task refers to.
fn needed(task: &PipelineTask) -> BTreeSet<(String, String)> {
    let all = all_texts(task).into_iter().flat_map(references).filter_map(result_of);
    all.map(|(task, name)| (task.to_owned(), name.to_owned())).collect()
}

/// The tasks that come before one.
fn parents(task: &PipelineTask) -> BTreeSet<String> {
    task.run_after.iter().cloned().chain(needed(task).into_iter().map(|(task, _)| task)).collect()
}

/// How the run and its tasks have ended, when `finally` begins.
fn statuses(table: &mut Table, fates: &BTreeMap<String, Fate>, broken: bool) {
    let failed = broken || fates.values().any(|fate| matches!(fate, Fate::Failed(_)));
    let whole = fates.values().all(|fate| matches!(fate, Fate::Succeeded(_)));
    table.set(
        "tasks.status",
        match (failed, whole) {
            (true, _) => "Failed",
            (false, true) => "Succeeded",
            (false, false) => "Completed",
        },
    );
    for (name, fate) in fates {
        let status = match fate {
            Fate::Succeeded(_) => "Succeeded",
            Fate::Failed(_) => "Failed",
            Fate::Guarded | Fate::Orphaned(_) | Fate::NotStarted => "None",
        };
        table.set(format!("tasks.{name}.status"), status);
    }
}

impl Run {
    /// Runs it, however it ends.
    pub fn ends(self) -> Ended {
        let mut known = self.parameters_and_context();
        self.check_references(&known);
        let mut fates: BTreeMap<String, Fate> = BTreeMap::new();
        let mut broken = None;
        let mut waiting: Vec<&PipelineTask> = self.manifests.pipeline.tasks.iter().collect();
        while !waiting.is_empty() {
            let next =
                waiting.iter().position(|task| parents(task).iter().all(|name| fates.contains_key(name)));
            let task = waiting.remove(next.expect("the tasks have no cycle"));
            let over = broken.is_some() || fates.values().any(|fate| matches!(fate, Fate::Failed(_)));
            let fate = if over {
                Fate::NotStarted
            } else {
                self.one(task, &known, &fates).unwrap_or_else(|why| {
                    broken = Some(why);
                    Fate::NotStarted
                })
            };
            fates.insert(task.name.clone(), fate);
        }
        statuses(&mut known[1], &fates, broken.is_some());
        let last: Vec<(String, Fate)> =
            self.manifests.pipeline.finally.iter().map(|task| self.last(task, &known, &fates)).collect();
        fates.extend(last);
        let outputs = self.outputs(&known, &fates).unwrap_or_else(|why| {
            broken.get_or_insert(why);
            BTreeMap::new()
        });
        Ended { uid: self.uid, fates, broken, outputs, folder: self.folder }
    }

    /// What becomes of a task of `finally`: it is left out where a result that it refers to is missing.
    fn last(
        &self,
        task: &PipelineTask,
        known: &[Table; 2],
        fates: &BTreeMap<String, Fate>,
    ) -> (String, Fate) {
        let there = |(from, name): (String, String)| match &fates[&from] {
            Fate::Succeeded(run) => run.results.contains_key(&name),
            Fate::Failed(_) | Fate::Guarded | Fate::Orphaned(_) | Fate::NotStarted => false,
        };
        let fate = match needed(task).into_iter().all(there) {
            true => self.one(task, known, fates).expect("its results are there"),
            false => Fate::Guarded,
        };
        (task.name.clone(), fate)
    }

    /// What is known before the first task.
    fn parameters_and_context(&self) -> [Table; 2] {
        let mut params = Table::default();
        for declared in &self.manifests.pipeline.params {
            let given = self.manifests.run.params.iter().find(|given| given.name == declared.name);
            let value = self.params.get(&declared.name).or(given.map(|given| &given.value));
            let value = value.or(declared.default.as_ref());
            let value = value.unwrap_or_else(|| panic!("the run gives no {}", declared.name));
            assert_eq!(value.ty(), declared.ty, "{}", declared.name);
            params.parameter(&declared.name, value);
        }
        let mut context = Table::default();
        context.set("context.pipelineRun.uid", &self.uid);
        context.set("context.pipelineRun.name", "run-x7k2p");
        context.set("context.pipelineRun.namespace", &self.manifests.namespace);
        [params, context]
    }

    /// What admission and the reconciler check: every reference is known, every task and workspace is there.
    fn check_references(&self, known: &[Table; 2]) {
        let Self { manifests, .. } = self;
        let produced = |task: &str, name: &str| {
            let task = manifests.pipeline.tasks.iter().find(|other| other.name == task);
            let many = task.is_some_and(|task| !task.matrix.params.is_empty());
            let task = task.and_then(|task| manifests.tasks.get(&task.task_ref.name));
            let (name, whole) = name.strip_suffix("[*]").map_or((name, false), |name| (name, true));
            let array = |ty: ParamType| many || ty == ParamType::Array;
            task.is_some_and(|task| {
                task.results.iter().any(|result| result.name == name && array(result.ty) == whole)
            })
        };
        let outputs = manifests.pipeline.results.iter().map(|result| {
            assert_eq!(result.ty, ParamType::String);
            result.value.as_str()
        });
        let status = |reference: &str| {
            let step = reference.strip_prefix("tasks.").and_then(|rest| rest.strip_suffix(".status"));
            let known = |step| manifests.pipeline.tasks.iter().any(|task| task.name == step);
            reference == "tasks.status" || step.is_some_and(known)
        };
        let texts =
            manifests.pipeline.tasks.iter().flat_map(all_texts).chain(outputs).map(|text| (text, false));
        let last = manifests.pipeline.finally.iter().flat_map(all_texts).map(|text| (text, true));
        for (text, ended) in texts.chain(last) {
            let found = references(text);
            assert_eq!(found.len(), text.matches("$(").count(), "Tekton refuses `{text}`");
            for reference in found {
                let known = match result_of(reference) {
                    Some((task, name)) => produced(task, name),
                    None => known.iter().any(|table| table.knows(reference)) || ended && status(reference),
                };
                assert!(known, "Tekton refuses `$({reference})` in `{text}`");
            }
        }
        for task in manifests.pipeline.tasks.iter().chain(&manifests.pipeline.finally) {
            let Some(body) = manifests.tasks.get(&task.task_ref.name) else {
                panic!("{}: there is no Task {}", task.name, task.task_ref.name)
            };
            let bound: BTreeSet<&str> = task.workspaces.iter().map(|bound| bound.name.as_str()).collect();
            let wanted: BTreeSet<&str> = body.workspaces.iter().map(|mount| mount.name.as_str()).collect();
            assert_eq!(bound, wanted, "{}: workspaces", task.name);
            for bound in &task.workspaces {
                assert!(manifests.pipeline.workspaces.iter().any(|known| known.name == bound.workspace));
                assert!(manifests.run.workspaces.iter().any(|known| known.name == bound.workspace));
            }
            for (name, _) in &needed(task) {
                assert_ne!(name, &task.name);
            }
        }
    }

    /// What becomes of a task whose parents are done.
    fn one(
        &self,
        task: &PipelineTask,
        known: &[Table; 2],
        fates: &BTreeMap<String, Fate>,
    ) -> Result<Fate, String> {
        let mut results = Table::default();
        let mut missing = Vec::new();
        for (from, name) in needed(task) {
            match (&fates[&from], name.strip_suffix("[*]")) {
                (Fate::Succeeded(run), Some(name)) if run.arrays.contains_key(name) => {
                    results.list(format!("tasks.{from}.results.{name}[*]"), &run.arrays[name]);
                }
                (Fate::Succeeded(run), None) if run.results.contains_key(&name) => {
                    results.set(format!("tasks.{from}.results.{name}"), &run.results[&name]);
                }
                (
                    fate @ (Fate::Succeeded(_)
                    | Fate::Failed(_)
                    | Fate::Guarded
                    | Fate::Orphaned(_)
                    | Fate::NotStarted),
                    _,
                ) => {
                    missing.push((format!("{from}.{name}"), matches!(fate, Fate::Succeeded(_))));
                }
            }
        }
        // One missing result leaves every reference to a result in place.
        let results = if missing.is_empty() { results } else { Table::default() };
        let passes = [&known[0], &known[1], &results];
        let text = |text: &str| passes.iter().fold(text.to_owned(), |text, table| table.text(&text));
        let value = |value: &Value| passes.iter().fold(value.clone(), |value, table| table.value(&value));

        let runs = task.when.iter().all(|when| {
            let input = text(&when.input);
            let among = when.values.iter().any(|value| text(value) == input);
            among == (when.operator == Operator::In)
        });
        if !runs {
            return Ok(Fate::Guarded);
        }
        if let Some(parent) = parents(task).iter().find(|name| matches!(fates[*name], Fate::Orphaned(_))) {
            return Ok(Fate::Orphaned(format!("{parent} was skipped before it")));
        }
        if let Some((name, written)) = missing.first() {
            let why = format!("{}: the result {name} is missing", task.name);
            return if *written { Err(why) } else { Ok(Fate::Orphaned(why)) };
        }
        let params: BTreeMap<String, Value> =
            task.params.iter().map(|param| (param.name.clone(), value(&param.value))).collect();
        let body = &self.manifests.tasks[&task.task_ref.name];
        let Some(each) = task.matrix.params.first() else {
            let mut run = pod::run(self, task, params);
            for result in body.results.iter().filter(|result| result.ty == ParamType::Array) {
                let items = run.results.get(&result.name).map(|text| serde_json::from_str(text).unwrap());
                run.arrays.extend(items.map(|items| (result.name.clone(), items)));
            }
            return Ok(if run.succeeded() { Fate::Succeeded(run) } else { Fate::Failed(run) });
        };
        assert_eq!(task.matrix.params.len(), 1, "{}: a matrix of several lists", task.name);
        let Value::List(items) = value(&each.value) else { panic!("{}: no array", task.name) };
        if items.is_empty() {
            return Ok(Fate::Orphaned(format!("{}: its matrix is empty", task.name)));
        }
        let run = self.matrix(task, &each.name, items, &params);
        Ok(if run.succeeded() { Fate::Succeeded(run) } else { Fate::Failed(run) })
    }

    /// A pod for each item, the last one first. Tekton hands on their results in the order of the pods' names.
    fn matrix(
        &self,
        task: &PipelineTask,
        param: &str,
        items: Vec<String>,
        params: &BTreeMap<String, Value>,
    ) -> TaskRun {
        let mut pods: BTreeMap<String, TaskRun> = BTreeMap::new();
        for (at, item) in items.into_iter().enumerate().rev() {
            let mut params = params.clone();
            params.insert(param.to_owned(), Value::Text(item));
            let one = PipelineTask { name: format!("{}-{at}", task.name), ..task.clone() };
            pods.insert(one.name.clone(), pod::run(self, &one, params));
        }
        let mut all = TaskRun::default();
        for pod in pods.into_values() {
            all.steps.extend(pod.steps);
            all.refused = all.refused.or(pod.refused);
            for (name, text) in pod.results {
                all.arrays.entry(name).or_default().push(text);
            }
        }
        all
    }

    /// What the pipeline gives: a result of a task that did not run is left out.
    fn outputs(
        &self,
        known: &[Table; 2],
        fates: &BTreeMap<String, Fate>,
    ) -> Result<BTreeMap<String, String>, String> {
        let mut outputs = BTreeMap::new();
        'outputs: for result in &self.manifests.pipeline.results {
            let mut table = Table::default();
            for (from, name) in references(&result.value).into_iter().filter_map(result_of) {
                let Fate::Succeeded(run) = &fates[from] else { continue 'outputs };
                let Some(text) = run.results.get(name) else {
                    return Err(format!("{from} succeeded without the result {name}"));
                };
                table.set(format!("tasks.{from}.results.{name}"), text);
            }
            let text = [&known[0], &known[1], &table]
                .iter()
                .fold(result.value.clone(), |text, table| table.text(&text));
            outputs.insert(result.name.clone(), text);
        }
        Ok(outputs)
    }
}
