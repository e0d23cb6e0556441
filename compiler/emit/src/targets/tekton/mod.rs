//! `tasks.yaml`, and for each pipeline `pipeline.<name>.yaml` and `run.<name>.yaml`.

mod param;
mod pipeline;
mod pod;
mod run;
mod security;
mod task;

use fuse_plan::Plan;

use super::Target;
use crate::manifest::Manifest;
use crate::yaml::Error;

const VERSION: &str = "tekton.dev/v1";

/// Tekton Pipelines.
pub(super) struct Tekton;

impl Target for Tekton {
    fn name(&self) -> &'static str {
        "tekton"
    }

    fn lower(&self, plan: &Plan, _written: &[Manifest]) -> Result<Vec<Manifest>, Error> {
        let mut manifests = Vec::new();
        for task in &plan.tasks {
            manifests.push(task::lower(task, plan)?);
        }
        for pipeline in &plan.pipelines {
            manifests.push(pipeline::lower(plan, pipeline)?);
            manifests.push(run::lower(plan, pipeline)?);
        }
        Ok(manifests)
    }
}
