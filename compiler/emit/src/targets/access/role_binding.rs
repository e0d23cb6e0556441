use fuse_plan::model;
use serde::Serialize;

use super::{FILE, RBAC_VERSION};
use crate::manifest::{Causes, Manifest};
use crate::object::Metadata;
use crate::yaml::Error;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleBinding<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    role_ref: RoleRef<'a>,
    subjects: [Subject<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleRef<'a> {
    api_group: &'static str,
    kind: &'static str,
    name: &'a str,
}

#[derive(Serialize)]
struct Subject<'a> {
    kind: &'static str,
    name: &'a str,
    namespace: &'a str,
}

pub(super) fn lower(role: &model::Role, namespace: &str) -> Result<Manifest, Error> {
    let name = role.name.as_str();
    let object = RoleBinding {
        api_version: RBAC_VERSION,
        kind: "RoleBinding",
        metadata: Metadata { name, namespace: &role.namespace },
        role_ref: RoleRef { api_group: "rbac.authorization.k8s.io", kind: "Role", name },
        subjects: [Subject { kind: "ServiceAccount", name, namespace }],
    };
    Manifest::applied(FILE, &object, Causes::of(role.cause))
}
