use ecow::EcoString;
use fuse_plan::model;
use serde::Serialize;

use super::{FILE, RBAC_VERSION};
use crate::manifest::domain_file;
use crate::manifest::{Causes, Manifest};
use crate::object::Metadata;
use crate::yaml::Error;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Role<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    api_groups: &'a [EcoString],
    resources: &'a [EcoString],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    resource_names: &'a [EcoString],
    verbs: &'a [EcoString],
}

/// Whom the role is for is unknown where it lies in another cluster: the comment says which credentials need it.
pub(super) fn lower(role: &model::Role) -> Result<Manifest, Error> {
    let rules = role
        .rules
        .iter()
        .map(|rule| Rule {
            api_groups: &rule.groups,
            resources: &rule.resources,
            resource_names: &rule.names,
            verbs: &rule.verbs,
        })
        .collect();
    let object = Role {
        api_version: RBAC_VERSION,
        kind: "Role",
        metadata: Metadata { name: &role.name, namespace: &role.namespace },
        rules,
    };
    let causes = Causes::of(role.cause);
    let Some((domain, credentials)) = &role.outside else {
        return Manifest::applied(FILE, &object, causes);
    };
    let manifest = Manifest::applied(domain_file(domain, FILE), &object, causes)?;
    let note = format!(
        "bind {} to the account that the kubeconfig in the Secret {} (key {}) speaks for\n",
        role.name, credentials.secret, credentials.key
    );
    Ok(Manifest { note, ..manifest })
}
