use fuse_plan::model;
use indexmap::IndexMap;
use serde::Serialize;

use super::ENVIRONMENT_FILE;
use crate::manifest::{Causes, Folder, Manifest, pointer_part};
use crate::yaml::{Error, Text, Tree};

#[derive(Serialize)]
struct MlProject<'a> {
    name: &'a str,
    python_env: &'static str,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    entry_points: IndexMap<&'a str, EntryPoint<'a>>,
}

#[derive(Serialize)]
struct EntryPoint<'a> {
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    parameters: IndexMap<&'a str, Parameter<'a>>,
    command: Text<'a>,
}

#[derive(Serialize)]
struct Parameter<'a> {
    #[serde(rename = "type")]
    ty: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Tree<'a>>,
}

pub(super) fn lower(project: &model::MlProject) -> Result<Manifest, Error> {
    let mut causes = Causes::default();
    let mut entry_points = IndexMap::new();
    for entry in &project.entry_points {
        let pointer = format!("/entry_points/{}", pointer_part(&entry.name));
        causes.add(pointer.clone(), entry.cause);
        let mut parameters = IndexMap::new();
        for parameter in &entry.parameters {
            causes.add(format!("{pointer}/parameters/{}", pointer_part(&parameter.name)), parameter.cause);
            let default = parameter.default.as_ref().map(Tree);
            parameters.insert(parameter.name.as_str(), Parameter { ty: parameter.ty, default });
        }
        entry_points.insert(entry.name.as_str(), EntryPoint { parameters, command: Text(&entry.command) });
    }
    let object = MlProject { name: &project.name, python_env: ENVIRONMENT_FILE, entry_points };
    let manifest = Manifest::beside("MLproject", &object, causes)?;
    Ok(Manifest { folder: Folder::Package, ..manifest })
}
