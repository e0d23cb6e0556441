//! A pipeline as Tekton sees it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{self, Node, Pipeline};

/// A Pipeline, reduced to what decides how a run goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Workflow {
    /// Defaults of its parameters.
    pub defaults: BTreeMap<String, Value>,
    /// Its workspaces, and whether the run binds them.
    pub bound: BTreeMap<String, bool>,
    /// `spec.tasks`
    pub tasks: Vec<Task>,
    /// `spec.finally`
    pub finally: Vec<Task>,
    /// `spec.results`
    pub results: Vec<Output>,
}

/// A pipeline task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Task {
    /// Its name.
    pub name: String,
    /// `when`
    pub when: Vec<When>,
    /// `params`
    pub params: Vec<Param>,
    /// `matrix.params`
    pub matrix: Vec<Param>,
    /// `runAfter`
    pub after: Vec<String>,
    /// `retries`
    pub retries: u32,
    /// `onError: continue`
    pub goes_on: bool,
}

/// A `when` entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct When {
    /// `input`
    pub input: String,
    /// `operator`
    pub operator: Operator,
    /// `values`
    pub values: Vec<String>,
}

/// The operator of a `when` entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Operator {
    /// `in`
    In,
    /// `notin`
    NotIn,
}

/// A parameter that is given to a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// A string or an array of strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A string.
    One(String),
    /// An array.
    Many(Vec<String>),
}

/// A result of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its value: references to results.
    pub value: Value,
}

impl Value {
    /// Its texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(text) => std::slice::from_ref(text).iter(),
            Self::Many(texts) => texts.iter(),
        }
        .map(String::as_str)
    }
}

impl Workflow {
    /// All its tasks, those of `finally` last.
    pub fn all_tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().chain(&self.finally)
    }
}

impl From<&Pipeline> for Workflow {
    fn from(pipeline: &Pipeline) -> Self {
        let defaults = pipeline
            .params
            .iter()
            .filter_map(|param| Some((param.name.to_string(), value(param.default.as_ref()?))));
        let results = pipeline.results.iter().map(|result| Output {
            name: result.name.to_string(),
            value: Value::One(result.value.to_string()),
        });
        Self {
            defaults: defaults.collect(),
            bound: pipeline.workspaces.iter().map(|one| (one.name.to_string(), !one.optional)).collect(),
            tasks: pipeline.nodes().map(Task::from).collect(),
            finally: pipeline.finally.iter().map(Task::from).collect(),
            results: results.collect(),
        }
    }
}

impl From<&Node> for Task {
    fn from(node: &Node) -> Self {
        let when = node.guards.iter().map(|guard| When {
            input: guard.input.to_string(),
            operator: match guard.operator {
                model::Operator::In => Operator::In,
                model::Operator::NotIn => Operator::NotIn,
            },
            values: guard.values.iter().map(ToString::to_string).collect(),
        });
        Self {
            name: node.name.to_string(),
            when: when.collect(),
            params: params(&node.params),
            matrix: params(&node.matrix),
            after: node.run_after.iter().map(ToString::to_string).collect(),
            retries: node.retries,
            goes_on: node.continues.is_some(),
        }
    }
}

fn params(args: &[model::Arg]) -> Vec<Param> {
    args.iter().map(|arg| Param { name: arg.name.to_string(), value: value(&arg.value) }).collect()
}

fn value(text: &model::Text) -> Value {
    match text {
        model::Text::One(text) => Value::One(text.to_string()),
        model::Text::Many(texts) => Value::Many(texts.iter().map(ToString::to_string).collect()),
    }
}
