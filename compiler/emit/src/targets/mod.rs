//! The output formats: one folder each, one file per kind of object.

mod access;
mod files;
mod kustomize;
mod mlproject;
mod resources;
mod tekton;

use fuse_plan::Plan;

use crate::manifest::Manifest;
use crate::yaml::Error;

/// An output format.
pub trait Target: Sync {
    /// Its name: its folder here.
    fn name(&self) -> &'static str;

    /// The objects that it makes of a plan; `written` are those of the formats before it in [`ALL`].
    fn lower(&self, plan: &Plan, written: &[Manifest]) -> Result<Vec<Manifest>, Error>;
}

/// All output formats, in the order in which their objects are applied. What lists others comes last.
pub static ALL: &[&dyn Target] = &[
    &access::Access,
    &files::Files,
    &tekton::Tekton,
    &resources::Resources,
    &mlproject::MlProject,
    &kustomize::Kustomize,
];
