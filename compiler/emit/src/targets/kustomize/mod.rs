//! `kustomization.yaml`: the files that can be applied, in order. Run templates are not among them: an object with
//! `generateName` can be created, but not applied.

use fuse_plan::Plan;
use serde::Serialize;

use super::Target;
use crate::manifest::{Causes, Manifest};
use crate::yaml::Error;

/// Kustomize.
pub(super) struct Kustomize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kustomization<'a> {
    api_version: &'static str,
    kind: &'static str,
    resources: Vec<&'a str>,
}

impl Target for Kustomize {
    fn name(&self) -> &'static str {
        "kustomize"
    }

    fn lower(&self, _plan: &Plan, written: &[Manifest]) -> Result<Vec<Manifest>, Error> {
        let mut resources: Vec<&str> = Vec::new();
        for manifest in written.iter().filter(|manifest| manifest.applied) {
            if !resources.contains(&manifest.file.as_str()) {
                resources.push(&manifest.file);
            }
        }
        if resources.is_empty() {
            return Ok(Vec::new());
        }
        let object = Kustomization {
            api_version: "kustomize.config.k8s.io/v1beta1",
            kind: "Kustomization",
            resources,
        };
        Ok(vec![Manifest::beside("kustomization.yaml", &object, Causes::default())?])
    }
}
