//! `securityContext` of pods and of steps.

use ecow::EcoString;
use fuse_plan::model::Security;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodSecurity<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    run_as_user: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_as_group: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_as_non_root: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fs_group: Option<i64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    supplemental_groups: &'a [i64],
    #[serde(skip_serializing_if = "Option::is_none")]
    seccomp_profile: Option<Seccomp<'a>>,
}

#[derive(Serialize)]
struct Seccomp<'a> {
    #[serde(rename = "type")]
    profile: &'a str,
}

impl<'a> PodSecurity<'a> {
    pub(super) fn of(security: &'a Security) -> Option<Self> {
        let one = Self {
            run_as_user: security.run_as_user,
            run_as_group: security.run_as_group,
            run_as_non_root: security.run_as_non_root,
            fs_group: security.fs_group,
            supplemental_groups: &security.supplemental_groups,
            seccomp_profile: security.seccomp.as_deref().map(|profile| Seccomp { profile }),
        };
        let empty = one.run_as_user.is_none()
            && one.run_as_group.is_none()
            && one.run_as_non_root.is_none()
            && one.fs_group.is_none()
            && one.supplemental_groups.is_empty()
            && one.seccomp_profile.is_none();
        (!empty).then_some(one)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StepSecurity<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_privilege_escalation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_only_root_filesystem: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capabilities: Option<Capabilities<'a>>,
}

#[derive(Serialize)]
struct Capabilities<'a> {
    drop: &'a [EcoString],
}

impl<'a> StepSecurity<'a> {
    pub(super) fn of(security: &'a Security) -> Option<Self> {
        let drop = security.drop_capabilities.as_slice();
        let one = Self {
            allow_privilege_escalation: security.allow_privilege_escalation,
            read_only_root_filesystem: security.read_only_root_filesystem,
            capabilities: (!drop.is_empty()).then_some(Capabilities { drop }),
        };
        let empty = one.allow_privilege_escalation.is_none()
            && one.read_only_root_filesystem.is_none()
            && one.capabilities.is_none();
        (!empty).then_some(one)
    }
}
