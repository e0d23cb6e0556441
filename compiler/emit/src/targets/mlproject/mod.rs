//! `MLproject` and `python_env.yaml` in the package's folder, so that MLflow runs the Python tasks without a cluster.

mod project;
mod python_env;

use fuse_plan::Plan;

use super::Target;
use crate::manifest::Manifest;
use crate::yaml::Error;

/// MLflow projects.
pub(super) struct MlProject;

const ENVIRONMENT_FILE: &str = "python_env.yaml";

impl Target for MlProject {
    fn name(&self) -> &'static str {
        "mlproject"
    }

    fn lower(&self, plan: &Plan, _written: &[Manifest]) -> Result<Vec<Manifest>, Error> {
        let Some(project) = &plan.mlproject else { return Ok(Vec::new()) };
        Ok(vec![project::lower(project)?, python_env::lower(project)?])
    }
}
