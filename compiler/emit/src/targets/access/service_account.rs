use fuse_plan::model;
use serde::Serialize;

use super::FILE;
use crate::manifest::{Causes, Manifest};
use crate::object::Metadata;
use crate::yaml::Error;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceAccount<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    automount_service_account_token: bool,
}

pub(super) fn lower(account: &model::ServiceAccount, namespace: &str) -> Result<Manifest, Error> {
    let object = ServiceAccount {
        api_version: "v1",
        kind: "ServiceAccount",
        metadata: Metadata { name: &account.name, namespace },
        automount_service_account_token: account.token,
    };
    Manifest::applied(FILE, &object, Causes::of(account.cause))
}
