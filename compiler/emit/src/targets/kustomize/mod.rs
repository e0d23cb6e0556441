//! `kustomization.yaml`: the files that can be applied, in order. Run templates are not among them: an object with
//! `generateName` can be created, but not applied. A folder that another cluster gets has one of its own.

use fuse_plan::Plan;
use indexmap::IndexMap;
use serde::Serialize;

use super::Target;
use crate::manifest::{Causes, Manifest};
use crate::yaml::Error;

const FILE: &str = "kustomization.yaml";

/// Kustomize.
pub(super) struct Kustomize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kustomization<'a> {
    api_version: &'static str,
    kind: &'static str,
    resources: Vec<&'a str>,
}

fn kustomization(folder: &str, resources: Vec<&str>) -> Result<Manifest, Error> {
    let object =
        Kustomization { api_version: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources };
    let file = if folder.is_empty() { FILE.to_owned() } else { format!("{folder}/{FILE}") };
    Manifest::beside(file, &object, Causes::default())
}

impl Target for Kustomize {
    fn name(&self) -> &'static str {
        "kustomize"
    }

    fn lower(&self, _plan: &Plan, written: &[Manifest]) -> Result<Vec<Manifest>, Error> {
        let mut folders: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for manifest in written.iter().filter(|manifest| manifest.applied) {
            let (folder, file) = manifest.file.rsplit_once('/').unwrap_or(("", &manifest.file));
            let resources = folders.entry(folder).or_default();
            if !resources.contains(&file) {
                resources.push(file);
            }
        }
        folders.into_iter().map(|(folder, resources)| kustomization(folder, resources)).collect()
    }
}
