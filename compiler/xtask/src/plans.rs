//! Random pipelines with random outcomes and what the simulator says of them, as JSON: one case on each line. The
//! oracle runs them through Tekton's own reconcilers.
//!
//! They are not what the compiler writes, on purpose: guards by `notin`, references that are not mirrored, empty
//! matrices and results that nobody writes are the cases in which the rules matter.

use std::collections::BTreeMap;
use std::io::Write;

use fastrand::Rng;
use fuse_plan::simulate::{
    Attempt, Cluster, Condition, Fate, Operator, Output, Param, Pod, Run, Task, Value, When, Workflow,
    simulate,
};
use serde_json::{Value as Json, json};

/// Writes so many cases to the standard output.
pub(crate) fn run(seed: &str, count: &str) -> Result<(), String> {
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text}: {error}"));
    let (seed, count) = (number(seed)?, number(count)?);
    let mut out = std::io::stdout().lock();
    for at in 0..count {
        writeln!(out, "{}", case(seed, at)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// A case by the seed and its number, so that one alone can be made again.
fn case(seed: u64, at: u64) -> Json {
    let mut rng = Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(at));
    let plan = Plan::random(&mut rng);
    let mut pods = Pods { rng, plan: &plan, ends: Vec::new() };
    let run = simulate(&plan.workflow, &BTreeMap::new(), &mut pods);
    json!({
        "name": format!("{seed}-{at}"),
        "workflow": plan.workflow,
        "declares": plan.declares.iter().map(|(task, results)| {
            let results = results.iter().map(|(name, array)| json!({ "name": name, "array": array }));
            (task.clone(), Json::Array(results.collect()))
        }).collect::<serde_json::Map<_, _>>(),
        "ends": pods.ends,
        "run": shown(&run),
    })
}

/// A run in the oracle's words. A run that hangs keeps no record of what was skipped.
fn shown(run: &Run) -> Json {
    let hung = run.condition == Condition::Hung;
    let fate = |fate: &Fate| match fate {
        Fate::Skipped(skip) if !hung => format!("Skipped({skip:?})"),
        Fate::Succeeded | Fate::Failed => format!("{fate:?}"),
        Fate::Skipped(_) | Fate::Invalid | Fate::Pending => "None".to_owned(),
    };
    let tasks: BTreeMap<&String, String> = run.tasks.iter().map(|(name, one)| (name, fate(one))).collect();
    json!({ "tasks": tasks, "condition": format!("{:?}", run.condition), "results": run.results })
}

/// A pipeline with the results that its tasks declare: name, and whether it is an array.
struct Plan {
    workflow: Workflow,
    declares: BTreeMap<String, Vec<(&'static str, bool)>>,
}

impl Plan {
    fn random(rng: &mut Rng) -> Self {
        let mut plan = Self { workflow: Workflow::default(), declares: BTreeMap::new() };
        let items = (0..rng.usize(0..4)).map(|at| at.to_string()).collect();
        plan.workflow.defaults.insert("xs".to_owned(), Value::Many(items));
        for at in 0..rng.usize(2..9) {
            let task = plan.task(rng, format!("t{at}"));
            plan.workflow.tasks.push(task);
        }
        for at in 0..rng.usize(0..3) {
            let task = plan.last(rng, format!("f{at}"));
            plan.workflow.finally.push(task);
        }
        for at in 0..rng.usize(0..3) {
            if let Some(value) = plan.result(rng, true) {
                let output = Output { name: format!("o{at}"), value: Value::One(value) };
                plan.workflow.results.push(output);
            }
        }
        plan
    }

    /// A task that uses some of those before it.
    fn task(&mut self, rng: &mut Rng, name: String) -> Task {
        let mut task = Task { name, ..Task::default() };
        for at in 0..rng.usize(0..3) {
            if let Some(text) = self.result(rng, true) {
                task.params.push(Param { name: format!("p{at}"), value: Value::One(text) });
            }
        }
        for _ in 0..chance(rng, &[5, 4, 1]) {
            let input = self.result(rng, false).filter(|_| rng.u8(0..4) > 0);
            let input = input.unwrap_or_else(|| rng.u8(0..2).to_string());
            task.when.push(when(rng, input));
        }
        if rng.u8(0..4) == 0 {
            self.fan_out(rng, &mut task);
        }
        if !self.workflow.tasks.is_empty() && rng.u8(0..3) == 0 {
            let before = rng.usize(0..self.workflow.tasks.len());
            task.after.extend(self.workflow.tasks.get(before).map(|task| task.name.clone()));
        }
        match rng.u8(0..8) {
            0 => task.retries = 1,
            1 => task.goes_on = true,
            _ => {}
        }
        // Only texts of a matrix are collected.
        let mut results = vec![("r", false)];
        if task.matrix.is_empty() {
            results.push(("idx", true));
        }
        self.declares.insert(task.name.clone(), results);
        task
    }

    /// A matrix over a list of constants, of a parameter, or of an array that an earlier task wrote.
    fn fan_out(&self, rng: &mut Rng, task: &mut Task) {
        let arrays: Vec<String> = self
            .workflow
            .tasks
            .iter()
            .filter(|task| task.matrix.is_empty())
            .map(|task| format!("$(tasks.{}.results.idx[*])", task.name))
            .collect();
        let value = match rng.u8(0..4) {
            0 => Value::Many((0..rng.usize(1..4)).map(|at| at.to_string()).collect()),
            1 => Value::One("$(params.xs[*])".to_owned()),
            _ => match rng.choice(&arrays) {
                Some(text) => Value::One(text.clone()),
                None => return,
            },
        };
        if rng.bool()
            && let Value::One(text) = &value
        {
            task.params.push(Param { name: "mirror".to_owned(), value: Value::One(text.clone()) });
        }
        task.matrix.push(Param { name: "i".to_owned(), value });
    }

    /// A task of `finally`.
    fn last(&mut self, rng: &mut Rng, name: String) -> Task {
        let mut task = Task { name, ..Task::default() };
        let before = rng.usize(0..self.workflow.tasks.len().max(1));
        let Some(before) = self.workflow.tasks.get(before).map(|task| task.name.clone()) else { return task };
        match rng.u8(0..4) {
            0 => {
                let input = format!("$(tasks.{before}.status)");
                let value = (*rng.choice(&["Succeeded", "Failed", "None"]).unwrap_or(&"None")).to_owned();
                task.when.push(When { input, operator: Operator::In, values: vec![value] });
            }
            1 => {
                let value = Value::One("$(tasks.status)".to_owned());
                task.params.push(Param { name: "status".to_owned(), value });
            }
            2 => {
                let value = self.result(rng, true).map(Value::One);
                task.params.extend(value.map(|value| Param { name: "p".to_owned(), value }));
            }
            _ => {
                let input = self.result(rng, false);
                task.when.extend(input.map(|input| when(rng, input)));
            }
        }
        self.declares.insert(task.name.clone(), vec![("r", false)]);
        task
    }

    /// A reference to the result `r` of a task; all of them where the task is a matrix, if those will do.
    fn result(&self, rng: &mut Rng, arrays: bool) -> Option<String> {
        let fits = |task: &&Task| arrays || task.matrix.is_empty();
        let tasks: Vec<&Task> = self.workflow.tasks.iter().filter(fits).collect();
        let task = rng.choice(&tasks)?;
        let all = if task.matrix.is_empty() { "" } else { "[*]" };
        Some(format!("$(tasks.{}.results.r{all})", task.name))
    }
}

fn when(rng: &mut Rng, input: String) -> When {
    let operator = if rng.u8(0..4) == 0 { Operator::NotIn } else { Operator::In };
    When { input, operator, values: vec![rng.u8(0..2).to_string()] }
}

/// An index, by weights.
fn chance(rng: &mut Rng, weights: &[u32]) -> usize {
    let mut rest = rng.u32(0..weights.iter().sum());
    for (at, weight) in weights.iter().enumerate() {
        if rest < *weight {
            return at;
        }
        rest -= weight;
    }
    0
}

/// Pods that do anything, and the record of it.
struct Pods<'p> {
    rng: Rng,
    plan: &'p Plan,
    ends: Vec<Json>,
}

impl Cluster for Pods<'_> {
    fn attempt(&mut self, pod: &Pod<'_>) -> Attempt {
        let succeeded = self.rng.u8(0..10) > 0;
        let mut results = BTreeMap::new();
        for (name, array) in self.plan.declares.get(&pod.task.name).into_iter().flatten() {
            if self.rng.u8(0..15) == 0 {
                continue;
            }
            let value = if *array {
                let count = *self.rng.choice(&[0, 0, 1, 1, 2, 2, 2, 12]).unwrap_or(&0);
                Value::Many((0..count).map(|at| at.to_string()).collect())
            } else {
                Value::One(self.rng.u8(0..2).to_string())
            };
            results.insert((*name).to_owned(), value);
        }
        self.ends.push(json!({
            "task": pod.task.name,
            "instance": pod.instance,
            "succeeded": succeeded,
            "results": results,
        }));
        Attempt { succeeded, results }
    }

    fn next(&mut self, running: &[(&str, usize)]) -> usize {
        self.rng.usize(0..running.len())
    }
}
