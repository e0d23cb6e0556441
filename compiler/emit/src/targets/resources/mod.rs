//! `deploy.<name>.yaml`: objects of any kind, as their declaration in the standard library or the package shapes them.

use fuse_plan::Plan;

use super::Target;
use crate::manifest::{Causes, Manifest, domain_file};
use crate::yaml::{Error, Tree};

/// Declared resources.
pub(super) struct Resources;

impl Target for Resources {
    fn name(&self) -> &'static str {
        "resources"
    }

    fn lower(&self, plan: &Plan, _written: &[Manifest]) -> Result<Vec<Manifest>, Error> {
        plan.deploys
            .iter()
            .map(|deploy| {
                // A binding's `_` becomes `-`, as in every file name.
                let file = format!("deploy.{}.yaml", deploy.name.replace("_", "-"));
                let file = match &deploy.outside {
                    Some(domain) => domain_file(domain, &file),
                    None => file,
                };
                Manifest::applied(file, &Tree(&deploy.object), Causes::of(deploy.cause))
            })
            .collect()
    }
}
