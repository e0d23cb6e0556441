//! What the lowering does against Tekton's surprises, to be taken out.

use std::collections::BTreeSet;

use super::Program;
use crate::simulate::references::{self, ResultRef};
use crate::simulate::{Operator, Task, Value};

/// Something without which runs go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Every task of an arm has all guards around it: without, a missing result skips it, and that spreads.
    Guards,
    /// Guards on results say `in`: `notin` holds where a result is missing.
    In,
    /// A matrix has the guards of the step that counts its list. A reference that stands in `matrix` alone is none by
    /// which Tekton skips; mirrored into the parameters it would skip, and that spreads.
    Mirrored,
    /// What a pod of a matrix gives has the pod's number in it: results come in the order of names as texts.
    Index,
    /// A step collects what a matrix gives for an output of the pipeline, which Tekton else does not find.
    Collectors,
}

impl Remedy {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Guards, Self::In, Self::Mirrored, Self::Index, Self::Collectors];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Guards => "guards",
            Self::In => "in",
            Self::Mirrored => "mirrored",
            Self::Index => "index",
            Self::Collectors => "collectors",
        }
    }
}

impl Program {
    /// The program as it would be lowered without a remedy.
    #[must_use]
    pub fn without(mut self, remedy: Remedy) -> Self {
        match remedy {
            Remedy::Guards => self.without_guards(),
            Remedy::In => self.with_notin(),
            Remedy::Mirrored => self.without_guards_of_lists(),
            Remedy::Index => self.numbered = false,
            Remedy::Collectors => self.without_collectors(),
        }
        self
    }

    /// The names of the tasks of a kind.
    fn tasks_that(&self, of: impl Fn(&Task) -> bool) -> BTreeSet<String> {
        self.workflow.tasks.iter().filter(|task| of(task)).map(|task| task.name.clone()).collect()
    }

    /// Only the first tasks of an arm keep their guards.
    fn without_guards(&mut self) {
        let guarded = self.tasks_that(|task| !task.when.is_empty());
        for task in &mut self.workflow.tasks {
            let follows = references::all(task).iter().any(|from| guarded.contains(&from.task));
            if follows {
                task.when.clear();
            }
        }
    }

    fn with_notin(&mut self) {
        for task in &mut self.workflow.tasks {
            for when in task.when.iter_mut().filter(|when| when.input.starts_with("$(tasks.")) {
                let known = self.guards.get(&when.input).into_iter().flatten().cloned();
                let all = known.chain(["other".to_owned()]);
                when.values = all.filter(|value| !when.values.contains(value)).collect();
                when.operator = Operator::NotIn;
            }
        }
    }

    fn without_guards_of_lists(&mut self) {
        let lists: Vec<Task> = self.workflow.tasks.clone();
        for task in &mut self.workflow.tasks {
            let over = task.matrix.iter().flat_map(|param| param.value.texts()).flat_map(references::in_text);
            let over: BTreeSet<String> = over.map(|from| from.task).collect();
            let lists = lists.iter().filter(|list| over.contains(&list.name));
            let guards: Vec<_> = lists.flat_map(|list| &list.when).collect();
            task.when.retain(|when| !guards.contains(&when));
        }
    }

    fn without_collectors(&mut self) {
        let matrices = self.tasks_that(|task| !task.matrix.is_empty());
        let mut gone = BTreeSet::new();
        for output in &mut self.workflow.results {
            let Some(ResultRef { task: collector, .. }) =
                output.value.texts().flat_map(references::in_text).next()
            else {
                continue;
            };
            let Some(task) = self.workflow.tasks.iter().find(|task| task.name == collector) else { continue };
            let from = references::all(task).into_iter().next();
            if let Some(ResultRef { task: from, result }) = from.filter(|from| matrices.contains(&from.task))
                && task.matrix.is_empty()
            {
                output.value = Value::One(format!("$(tasks.{from}.results.{result}[*])"));
                gone.insert(collector);
            }
        }
        self.workflow.tasks.retain(|task| !gone.contains(&task.name));
    }
}
