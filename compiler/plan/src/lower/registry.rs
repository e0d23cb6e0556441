//! The Tasks of a target: one for each identity. Two calls share a Task when nothing of it differs but the places
//! that caused it: declaration, type arguments, constants, forms of composites, resources, added results and arms
//! all show in what a Task says.

use std::collections::{BTreeMap, BTreeSet};

use ecow::{EcoString, eco_format};
use fuse_base::Span;

use crate::model::{Resources, Step, Task, TaskRef};
use crate::names;

/// Tasks by what they say.
#[derive(Default)]
pub(crate) struct Registry {
    tasks: Vec<Task>,
    variants: BTreeMap<EcoString, Vec<TaskRef>>,
    names: BTreeSet<EcoString>,
}

impl Registry {
    /// The Task of this name and content, made if there is none; the second variant of a name is `name--2`.
    pub(crate) fn intern(&mut self, base: &EcoString, mut task: Task) -> TaskRef {
        let known = self.variants.entry(base.clone()).or_default();
        for at in known.iter() {
            if self.tasks.get(at.0).is_some_and(|other| same(other, &task)) {
                return *at;
            }
        }
        let mut variants = (known.len() + 1..).map(|n| match n {
            1 => names::object(&[base]),
            n => names::object(&[&eco_format!("{base}--{n}")]),
        });
        // The second helper of a name in a round has the base `name--2`, which is no variant of `name`.
        task.name = variants.find(|name| !self.names.contains(name)).unwrap_or_default();
        self.names.insert(task.name.clone());
        let at = TaskRef(self.tasks.len());
        known.push(at);
        self.tasks.push(task);
        at
    }

    pub(crate) fn into_tasks(self) -> Vec<Task> {
        self.tasks
    }
}

/// Whether two Tasks say the same; names and places do not count.
fn same(a: &Task, b: &Task) -> bool {
    a.description == b.description
        && a.budget == b.budget
        && a.workspaces == b.workspaces
        && a.volumes == b.volumes
        && all(&a.params, &b.params, |a, b| {
            (&a.name, a.kind, &a.default, &a.description) == (&b.name, b.kind, &b.default, &b.description)
        })
        && all(&a.results, &b.results, |a, b| (&a.name, &a.description) == (&b.name, &b.description))
        && all(&a.steps, &b.steps, same_step)
}

fn same_step(a: &Step, b: &Step) -> bool {
    let value = |one: &Option<(EcoString, Span)>| one.as_ref().map(|(text, _)| text.clone());
    let resources = |one: &Resources| {
        let devices = one.devices.as_ref().map(|(name, count, _)| (name.clone(), count.clone()));
        (value(&one.cpu_request), value(&one.memory_request), value(&one.memory_limit), devices)
    };
    (&a.name, &a.image.0, &a.run, a.timeout, &a.mounts) == (&b.name, &b.image.0, &b.run, b.timeout, &b.mounts)
        && resources(&a.resources) == resources(&b.resources)
        && all(&a.env, &b.env, |a, b| (&a.name, &a.value) == (&b.name, &b.value))
}

fn all<T>(a: &[T], b: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}
