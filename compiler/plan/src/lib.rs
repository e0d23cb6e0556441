//! Lowering: a typed package and a target in, one [`Plan`] out. Decides everything that emission writes.
//!
//! Absent on purpose: I/O, manifests as text (`emit`), and any tool's name.

mod binding;
mod bodies;
mod budget;
mod cx;
mod domain;
mod lower;
mod mlproject;
pub mod model;
mod names;
mod nodes;
mod owners;
mod setting;
pub mod simulate;
mod target;
mod text;
mod timeouts;
mod types;

use fuse_analysis::Package;
use fuse_analysis::project::{Project, Target};
use fuse_base::{Diagnostic, Sources};

pub use fuse_analysis::value::duration_text;
pub use model::Plan;

use cx::Cx;
use lower::{Lower, Registry};

/// The plan of a package for a target.
///
/// # Errors
/// What the target lacks and what cannot be lowered, sorted by place; warnings are among them. Without errors the
/// warnings are in the plan.
pub fn plan(
    package: &Package,
    project: &Project,
    target: &Target,
    sources: &Sources,
) -> Result<Plan, Vec<Diagnostic>> {
    let cx = Cx::new(package, project, target, sources);
    target::check(&cx);
    binding::check(&cx);
    let mut registry = Registry::default();
    let mut lowered = Vec::new();
    for (pipeline, called) in package.roots_of(target) {
        let mut lower = Lower::new(&cx, pipeline);
        lower.body();
        if called && !lower.has_results() {
            continue;
        }
        match lower.finish(&mut registry) {
            Some(one) => lowered.push(one),
            None => cx.lost(pipeline),
        }
    }
    let deploys: Vec<_> = package.deploys.iter().filter_map(|deploy| lower::deploy(&cx, deploy)).collect();
    owners::check(&cx, &lowered, &deploys);
    let mlproject = project.mlproject.then(|| mlproject::entry_points(&cx));
    let diagnostics = cx.take();
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    let mut plan = Plan {
        package: project.name.value.clone(),
        target: target.name.clone(),
        namespace: target.namespace.value.clone(),
        tasks: registry.into_tasks(),
        pipelines: Vec::new(),
        accounts: Vec::new(),
        roles: Vec::new(),
        files: cx.carried(),
        deploys: deploys.into_iter().map(|(deploy, _)| deploy).collect(),
        security: target.security.clone(),
        pull_secrets: target.pull_secrets.clone(),
        mlproject,
        warnings: diagnostics,
    };
    for one in lowered {
        plan.pipelines.push(one.pipeline);
        plan.accounts.extend(one.accounts);
        plan.roles.extend(one.roles);
    }
    Ok(plan)
}
