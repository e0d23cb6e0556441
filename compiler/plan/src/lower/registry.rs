//! The Tasks of a target: one for each identity. Two calls share a Task when nothing of it differs but the places
//! that caused it: declaration, type arguments, constants, forms of composites, resources, added results and arms
//! all show in what a Task says.

use std::collections::BTreeMap;

use ecow::{EcoString, eco_format};
use fuse_base::Span;

use crate::model::{Task, TaskRef};
use crate::names;

/// Tasks by what they say.
#[derive(Default)]
pub(crate) struct Registry {
    tasks: Vec<Task>,
    variants: BTreeMap<EcoString, Vec<TaskRef>>,
}

impl Registry {
    /// The Task of this name and content, made if there is none; the second variant of a name is `name--2`.
    pub(crate) fn intern(&mut self, base: &EcoString, mut task: Task) -> TaskRef {
        let plain = without_causes(&task);
        let known = self.variants.entry(base.clone()).or_default();
        for at in known.iter() {
            let same = self.tasks.get(at.0).is_some_and(|other| {
                let mut other = without_causes(other);
                other.name = EcoString::new();
                other == plain
            });
            if same {
                return *at;
            }
        }
        task.name = match known.len() {
            0 => names::object(&[base]),
            n => names::object(&[&eco_format!("{base}--{}", n + 1)]),
        };
        let at = TaskRef(self.tasks.len());
        known.push(at);
        self.tasks.push(task);
        at
    }

    pub(crate) fn into_tasks(self) -> Vec<Task> {
        self.tasks
    }
}

/// A Task with every place wiped out.
fn without_causes(task: &Task) -> Task {
    let mut task = task.clone();
    let none = Span::default();
    task.cause = none;
    task.params.iter_mut().for_each(|param| param.cause = none);
    task.results.iter_mut().for_each(|result| result.cause = none);
    for step in &mut task.steps {
        step.image.1 = none;
        step.run_cause = none;
        step.env.iter_mut().for_each(|env| env.cause = none);
        let resources = &mut step.resources;
        let all = [&mut resources.cpu_request, &mut resources.memory_request, &mut resources.memory_limit];
        for (_, cause) in all.into_iter().flatten() {
            *cause = none;
        }
    }
    task
}
