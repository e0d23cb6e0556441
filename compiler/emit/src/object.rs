//! What the objects of all targets have in common.

use serde::Serialize;

/// A Kubernetes object with a `spec`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Object<'a, S> {
    pub(crate) api_version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) metadata: Metadata<'a>,
    pub(crate) spec: S,
}

#[derive(Serialize)]
pub(crate) struct Metadata<'a> {
    pub(crate) name: &'a str,
    pub(crate) namespace: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Named<'a> {
    pub(crate) name: &'a str,
}
