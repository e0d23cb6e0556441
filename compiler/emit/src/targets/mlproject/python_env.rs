use ecow::EcoString;
use fuse_plan::model;
use serde::Serialize;

use super::ENVIRONMENT_FILE;
use crate::manifest::{Causes, Folder, Manifest};
use crate::yaml::Error;

#[derive(Serialize)]
struct PythonEnv<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    python: Option<&'a str>,
    build_dependencies: [&'static str; 1],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    dependencies: &'a [EcoString],
}

pub(super) fn lower(project: &model::MlProject) -> Result<Manifest, Error> {
    let object = PythonEnv {
        python: project.python.as_deref(),
        build_dependencies: ["pip"],
        dependencies: &project.dependencies,
    };
    let manifest = Manifest::beside(ENVIRONMENT_FILE, &object, Causes::default())?;
    Ok(Manifest { folder: Folder::Package, ..manifest })
}
