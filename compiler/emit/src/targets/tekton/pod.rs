//! `podTemplate`: of a whole run, and of single pipeline tasks. Tekton completes the second by the first, field by
//! field.

use fuse_plan::Plan;
use fuse_plan::model::{self, Toleration};
use indexmap::IndexMap;
use serde::Serialize;

use super::security::PodSecurity;
use crate::object::Named;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodTemplate<'a> {
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    node_selector: IndexMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tolerations: Vec<Tolerated<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    security_context: Option<PodSecurity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runtime_class_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority_class_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_pull_secrets: Vec<Named<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tolerated<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    operator: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    toleration_seconds: Option<i64>,
}

impl<'a> PodTemplate<'a> {
    /// Of one pipeline task.
    pub(super) fn of(pod: &'a model::PodTemplate) -> Self {
        Self {
            node_selector: pod.selector.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
            tolerations: pod.tolerations.iter().map(Tolerated::of).collect(),
            security_context: None,
            runtime_class_name: pod.runtime_class.as_deref(),
            priority_class_name: pod.priority_class.as_deref(),
            image_pull_secrets: Vec::new(),
        }
    }

    /// Of all pods of a run.
    pub(super) fn of_all(plan: &'a Plan, pod: Option<&'a model::PodTemplate>) -> Option<Self> {
        let security_context = PodSecurity::of(&plan.security);
        let empty = security_context.is_none() && plan.pull_secrets.is_empty() && pod.is_none();
        let own = pod.map(Self::of);
        (!empty).then(|| Self {
            security_context,
            image_pull_secrets: plan.pull_secrets.iter().map(|name| Named { name }).collect(),
            ..own.unwrap_or_else(|| Self {
                node_selector: IndexMap::new(),
                tolerations: Vec::new(),
                security_context: None,
                runtime_class_name: None,
                priority_class_name: None,
                image_pull_secrets: Vec::new(),
            })
        })
    }
}

impl<'a> Tolerated<'a> {
    fn of(one: &'a Toleration) -> Self {
        Self {
            key: one.key.as_deref(),
            operator: if one.value.is_some() { "Equal" } else { "Exists" },
            value: one.value.as_deref(),
            effect: one.effect.as_deref(),
            toleration_seconds: one.seconds,
        }
    }
}
