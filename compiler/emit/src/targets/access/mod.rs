//! `access.yaml`: service accounts and exactly the rights that the steps declare. What a domain in another cluster must
//! allow stands in `domain.<name>/access.yaml`.

mod role;
mod role_binding;
mod service_account;

use fuse_plan::Plan;

use super::Target;
use crate::manifest::Manifest;
use crate::yaml::Error;

const FILE: &str = "access.yaml";
const RBAC_VERSION: &str = "rbac.authorization.k8s.io/v1";

/// Kubernetes RBAC.
pub(super) struct Access;

impl Target for Access {
    fn name(&self) -> &'static str {
        "access"
    }

    fn lower(&self, plan: &Plan, _written: &[Manifest]) -> Result<Vec<Manifest>, Error> {
        let mut manifests = Vec::new();
        for account in &plan.accounts {
            manifests.push(service_account::lower(account, &plan.namespace)?);
        }
        for role in &plan.roles {
            manifests.push(role::lower(role)?);
            if role.outside.is_none() {
                manifests.push(role_binding::lower(role, &plan.namespace)?);
            }
        }
        Ok(manifests)
    }
}
