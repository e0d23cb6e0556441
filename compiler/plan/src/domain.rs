//! Domains: the namespace, and the cluster, that a tool's resources are applied to.

#![allow(clippy::wildcard_enum_match_arm, reason = "a few kinds of values lead somewhere")]

use ecow::EcoString;
use fuse_analysis::model::{Param, Resource, Tool};
use fuse_analysis::project::{Credentials, ToolBinding};
use fuse_analysis::ty::Ty;
use fuse_analysis::value::Value;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};

use crate::cx::Cx;
use crate::lower::val::Val;
use crate::setting;

/// Where objects go.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The namespace.
    pub(crate) namespace: &'a EcoString,
    /// The domain; `None`: beside the pipelines.
    pub(crate) domain: Option<&'a EcoString>,
    /// What opens another cluster.
    pub(crate) credentials: Option<&'a Credentials>,
}

impl<'a> Place<'a> {
    /// The domain, where it lies in another cluster.
    pub(crate) fn outside(&self) -> Option<(&'a EcoString, &'a Credentials)> {
        Some((self.domain?, self.credentials?))
    }
}

/// Where the objects of a resource go.
pub(crate) fn place<'a>(cx: &Cx<'a>, resource: &Resource) -> Place<'a> {
    let tool = resource.sig.tool.and_then(|tool| cx.package.tools.get(tool.0 as usize));
    let named = tool.and_then(|tool| cx.target.bind.get(&tool.name)?.domain.as_ref());
    let found = named.and_then(|name| cx.target.domains.get_key_value(&name.value));
    match found {
        Some((name, domain)) => Place {
            namespace: &domain.namespace,
            domain: Some(name),
            credentials: domain.credentials.as_ref(),
        },
        None => Place { namespace: &cx.target.namespace.value, domain: None, credentials: None },
    }
}

/// Reports that a binding names a domain that the target does not have.
pub(crate) fn check(cx: &Cx<'_>, tool: &Tool, binding: &ToolBinding) {
    let Some(name) = &binding.domain else { return };
    if cx.target.domains.contains_key(&name.value) {
        return;
    }
    let target = &cx.target.name;
    let message = format!("target `{target}` has no domain `{}` for `{}`", name.value, tool.name);
    let known = cx.target.domains.keys().map(EcoString::as_str);
    let meant = fuse_base::closest(&name.value, known.clone()).and_then(|_| did_you_mean(&name.value, known));
    let table = setting::table(target, &format!("domain.{}", name.value));
    let help = format!("add {table} with `namespace = \"<namespace>\"`");
    let diagnostic = Diagnostic::new(&codes::target::DOMAIN, name.span, message)
        .label(cx.target.span, "this target")
        .help(meant.unwrap_or(help));
    cx.report(diagnostic);
}

/// Reports an argument that nobody in the domain can follow.
pub(crate) fn check_argument(cx: &Cx<'_>, place: Place<'_>, param: &Param, value: &Val, span: Span) {
    let Some(domain) = place.domain else { return };
    let other_cluster = place.credentials.is_some();
    let Some((text, reach)) = local_value(value, &param.ty, other_cluster) else { return };
    let message = format!("{text} is reached {reach} alone, and the object goes to the domain `{domain}`");
    let help = if reach == CLUSTER {
        "give a url that the other cluster reaches too"
    } else {
        "give a url with a namespace in it, or files in an object store"
    };
    cx.report(Diagnostic::new(&codes::target::LOCAL_REFERENCE, span, message).help(help));
}

const CLUSTER: &str = "in its own cluster";
const NAMESPACE: &str = "in its own namespace";

/// The first part of a value that leads to something local.
fn local_value(value: &Val, ty: &Ty, other_cluster: bool) -> Option<(String, &'static str)> {
    match (value, ty) {
        (Val::Const(value), _) => local_part(value, ty, other_cluster),
        (Val::Late(late), _) => volume(&late.ty),
        (value, Ty::Optional(inner)) => local_value(value, inner, other_cluster),
        (Val::List(items), Ty::List(item, _)) => {
            items.iter().find_map(|value| local_value(value, item, other_cluster))
        }
        _ => None,
    }
}

/// Files in a volume claim are referred to by `pvc:`.
fn volume(ty: &Ty) -> Option<(String, &'static str)> {
    let ty = if let Ty::Optional(inner) = ty { inner } else { ty };
    let Ty::Artifact(artifact) = ty else { return None };
    let schemes = artifact.by.as_ref()?;
    schemes.names.iter().any(|name| name == "pvc").then(|| ("a volume (`pvc:`)".to_owned(), NAMESPACE))
}

/// The first part of a constant that leads to something local.
fn local_part(value: &Value, ty: &Ty, other_cluster: bool) -> Option<(String, &'static str)> {
    match (value, ty) {
        (value, Ty::Optional(inner)) => local_part(value, inner, other_cluster),
        (Value::Str(text), Ty::Url) => {
            local_url(text, other_cluster).map(|reach| (format!("`{text}`"), reach))
        }
        (Value::Str(text), Ty::Artifact(_)) if text.starts_with("pvc:") => {
            Some((format!("`{text}`"), NAMESPACE))
        }
        (Value::List(items), Ty::List(item, _)) => {
            items.iter().find_map(|value| local_part(value, item, other_cluster))
        }
        (Value::Record(fields), Ty::Map(item)) => {
            fields.values().find_map(|value| local_part(value, item, other_cluster))
        }
        (Value::Record(fields), Ty::Record(record)) => record
            .fields
            .iter()
            .find_map(|field| local_part(fields.get(&field.name)?, &field.ty, other_cluster)),
        _ => None,
    }
}

/// Where alone the host of a url is found, if not everywhere.
fn local_url(url: &str, other_cluster: bool) -> Option<&'static str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    if host.starts_with('[') {
        return None;
    }
    let host = host.split(':').next().unwrap_or(host).trim_end_matches('.').to_ascii_lowercase();
    if !host.contains('.') {
        return Some(NAMESPACE);
    }
    let of_cluster = host.ends_with(".svc") || host.ends_with(".cluster.local");
    (other_cluster && of_cluster).then_some(CLUSTER)
}

#[cfg(test)]
mod tests {
    use super::{CLUSTER, NAMESPACE, local_url};

    #[test]
    fn hosts_that_are_found_in_one_place_alone() {
        for (url, near, far) in [
            ("http://mlflow:5000/x", Some(NAMESPACE), Some(NAMESPACE)),
            ("http://mlflow.mlops.svc:5000", None, Some(CLUSTER)),
            ("http://MLflow.mlops.SVC.cluster.local./", None, Some(CLUSTER)),
            ("https://mlflow.example.com", None, None),
            ("https://svc.example.com/a.svc", None, None),
            ("https://u@h.svc", None, Some(CLUSTER)),
            ("http://[::1]:80", None, None),
            ("http://10.0.0.1", None, None),
        ] {
            assert_eq!((local_url(url, false), local_url(url, true)), (near, far), "{url}");
        }
    }
}
