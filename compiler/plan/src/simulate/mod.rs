//! What a run of a pipeline does, by Tekton's rules: which tasks run, which are skipped and why, how the run ends.
//!
//! A pure port of the scheduling of Tekton's PipelineRun reconciler (`pkg/reconciler/pipelinerun` of v1.15): guards,
//! parents, missing results, matrices, `finally`, retries and tasks whose failure is passed over. It knows nothing of
//! Fuse: it reads a [`Workflow`], which is what stands in the manifests. What pods do, and in which order they end, a
//! [`Cluster`] says. The oracle compares it with Tekton's own reconcilers.
//!
//! Absent on purpose: time (timeouts never strike), cancelling, custom tasks, CEL.

mod facts;
pub mod outcomes;
mod reconcile;
mod references;
mod skip;
mod workflow;

use std::collections::BTreeMap;

use serde::Serialize;

pub use workflow::{Operator, Output, Param, Task, Value, When, Workflow};

use reconcile::Reconciler;

/// What happens outside of Tekton's control.
pub trait Cluster {
    /// What one attempt of a pod does.
    fn attempt(&mut self, pod: &Pod<'_>) -> Attempt;

    /// Which of the running pods ends next, as an index; one that is too large means the last.
    fn next(&mut self, running: &[(&str, usize)]) -> usize;
}

/// A pod of a run.
#[derive(Debug)]
pub struct Pod<'w> {
    /// The pipeline task.
    pub task: &'w Task,
    /// Which instance of a matrix it is; 0 elsewhere.
    pub instance: usize,
    /// 0 at first.
    pub attempt: u32,
    /// Its parameters with all references replaced, those of a matrix included.
    pub params: BTreeMap<String, Value>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attempt {
    /// Whether it ended well.
    pub succeeded: bool,
    /// The results that it wrote.
    pub results: BTreeMap<String, Value>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// What became of each task.
    pub tasks: BTreeMap<String, Fate>,
    /// How it ended as a whole.
    pub condition: Condition,
    /// The results of the pipeline.
    pub results: BTreeMap<String, Value>,
}

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Fate {
    /// All its pods ended well.
    Succeeded,
    /// A pod of it failed for good.
    Failed,
    /// It was skipped.
    Skipped(Skip),
    /// Its references could not be resolved: the run fails.
    Invalid,
    /// It was never looked at: the run hangs.
    Pending,
}

/// Why a task was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Skip {
    /// «When Expressions evaluated to false»: the only one after which ordered followers run.
    When,
    /// «Parent Tasks were skipped»
    Parent,
    /// «Results were missing»
    MissingResults,
    /// «PipelineRun was stopping»
    Stopping,
    /// «Matrix Parameters have an empty array»
    EmptyMatrix,
}

/// How a run ended as a whole: the reason of its condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Condition {
    /// All tasks ran and ended well.
    Succeeded,
    /// No task failed, and some were skipped.
    Completed,
    /// A task failed.
    Failed,
    /// A reference could not be resolved.
    PipelineValidationFailed,
    /// A result of the pipeline is missing.
    CouldntGetPipelineResult,
    /// It stays «Running» until its timeout.
    Hung,
}

impl Condition {
    /// Whether the run is green.
    #[must_use]
    pub const fn is_true(self) -> bool {
        matches!(self, Self::Succeeded | Self::Completed)
    }
}

/// Runs a workflow to its end. Parameters that are not given take their defaults.
#[must_use]
pub fn simulate(workflow: &Workflow, params: &BTreeMap<String, Value>, cluster: &mut dyn Cluster) -> Run {
    Reconciler::new(workflow, params).run(cluster)
}

#[cfg(test)]
mod tests;
