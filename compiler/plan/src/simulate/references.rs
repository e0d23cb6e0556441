//! `$(…)`: what a text refers to, and its replacement.

use std::collections::BTreeMap;

use super::workflow::{Task, Value};

/// What references stand for, by what lies between `$(` and `)`.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    texts: BTreeMap<String, String>,
    lists: BTreeMap<String, Vec<String>>,
}

impl Table {
    /// A parameter or a result: whole, and the elements of an array.
    pub(super) fn set(&mut self, reference: &str, value: &Value) {
        match value {
            Value::One(text) => {
                self.texts.insert(reference.to_owned(), text.clone());
            }
            Value::Many(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.texts.insert(format!("{reference}[{at}]"), item.clone());
                }
                self.lists.insert(format!("{reference}[*]"), items.clone());
            }
        }
    }

    /// A text with its references replaced once.
    pub(super) fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, found)) = rest.split_once("$(") {
            out.push_str(before);
            let known = found.split_once(')').and_then(|(name, after)| Some((self.texts.get(name)?, after)));
            match known {
                Some((value, after)) => {
                    out.push_str(value);
                    rest = after;
                }
                None => {
                    out.push_str("$(");
                    rest = found;
                }
            }
        }
        out.push_str(rest);
        out
    }

    /// A value with its references replaced; a whole array takes the place of a text or of an element.
    pub(super) fn value(&self, value: &Value) -> Value {
        match value {
            Value::One(text) => match self.list(text) {
                Some(items) => Value::Many(items.clone()),
                None => Value::One(self.text(text)),
            },
            Value::Many(items) => Value::Many(items.iter().flat_map(|item| self.items(item)).collect()),
        }
    }

    /// What an element of an array becomes.
    pub(super) fn items(&self, text: &str) -> Vec<String> {
        self.list(text).cloned().unwrap_or_else(|| vec![self.text(text)])
    }

    fn list(&self, text: &str) -> Option<&Vec<String>> {
        self.lists.get(text.strip_prefix("$(")?.strip_suffix(')')?)
    }

    /// The task with its references replaced.
    pub(super) fn task(&self, task: &mut Task) {
        for param in task.params.iter_mut().chain(&mut task.matrix) {
            param.value = self.value(&param.value);
        }
        for when in &mut task.when {
            when.input = self.text(&when.input);
            when.values = when.values.iter().flat_map(|text| self.items(text)).collect();
        }
    }
}

/// A reference to a result of a task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ResultRef {
    /// The task.
    pub(super) task: String,
    /// The result.
    pub(super) result: String,
}

/// The references of a text to results, of tasks and of those of `finally`.
pub(super) fn in_text(text: &str) -> impl Iterator<Item = ResultRef> {
    text.split("$(").skip(1).filter_map(|found| {
        let (inner, _) = found.split_once(')')?;
        let (task, result) = inner
            .strip_prefix("tasks.")
            .or_else(|| inner.strip_prefix("finally."))?
            .split_once(".results.")?;
        let result = result.split_once('[').map_or(result, |(name, _)| name);
        Some(ResultRef { task: task.to_owned(), result: result.to_owned() })
    })
}

/// The references to results in parameters and guards: those that hold a task back until they are there.
pub(super) fn plain(task: &Task) -> Vec<ResultRef> {
    let values = task.params.iter().flat_map(|param| param.value.texts());
    let guards = task
        .when
        .iter()
        .flat_map(|when| std::iter::once(when.input.as_str()).chain(when.values.iter().map(String::as_str)));
    values.chain(guards).flat_map(in_text).collect()
}

/// All references of a task to results, those of its matrix too.
pub(super) fn all(task: &Task) -> Vec<ResultRef> {
    let matrix = task.matrix.iter().flat_map(|param| param.value.texts()).flat_map(in_text);
    let mut all = plain(task);
    all.extend(matrix);
    all
}
