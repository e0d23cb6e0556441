//! `files.yaml`: the files of the package that the steps take, each in an immutable `ConfigMap` that is named after its
//! content, so that a run never sees another one.

use std::collections::BTreeMap;

use fuse_plan::Plan;
use serde::Serialize;

use super::Target;
use crate::manifest::{Causes, Manifest};
use crate::object::Metadata;
use crate::yaml::{Error, Text};

/// Files that the manifests carry.
pub(super) struct Files;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfigMap<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    immutable: bool,
    data: BTreeMap<&'a str, Text<'a>>,
}

impl Target for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn lower(&self, plan: &Plan, _written: &[Manifest]) -> Result<Vec<Manifest>, Error> {
        plan.files
            .iter()
            .map(|file| {
                let object = ConfigMap {
                    api_version: "v1",
                    kind: "ConfigMap",
                    metadata: Metadata { name: &file.name, namespace: &plan.namespace },
                    immutable: true,
                    data: BTreeMap::from([(file.key.as_str(), Text(&file.text))]),
                };
                Manifest::applied("files.yaml", &object, Causes::of(file.cause))
            })
            .collect()
    }
}
