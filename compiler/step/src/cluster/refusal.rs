//! What an answer of the API server means to the user, and what to do.

use std::fmt::Write as _;

use kube::core::Status;

use super::object::Object;
use super::request::{Cluster, Problem, Refusal};
use crate::failure::Failure;
use crate::values::readable;

/// Fields, owners or causes that are shown.
const SHOWN: usize = 20;

/// What a request that went wrong was about.
pub(crate) struct Asked<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) object: &'a Object,
    /// What the verb of `fuse-step` needs.
    pub(crate) rights: &'static str,
}

impl Asked<'_> {
    /// Why it went wrong.
    pub(crate) fn failure(&self, problem: &Problem) -> Failure {
        let host = &self.cluster.host;
        Failure::new(match problem {
            Problem::Refused(refusal) => self.refused(refusal),
            Problem::Unreached(why) if why.contains("certificate") => format!(
                "the API server at {host} is not trusted: {}\n\
                 the certificate of its authority must be in the credentials (`certificate-authority-data`)",
                readable(why)
            ),
            Problem::Unreached(why) => {
                format!("the API server at {host} cannot be reached: {}", readable(why))
            }
            Problem::Silent(why) => {
                format!("the API server at {host} was reached, but gave no answer: {}", readable(why))
            }
            Problem::Unsendable => format!(
                "the token for the API server at {host} cannot be sent: it must be one line without a newline at its end"
            ),
            Problem::Odd(why) => {
                format!(
                    "what answers at {host} is no API server, or something stands between: {}",
                    readable(why)
                )
            }
        })
    }

    fn refused(&self, refusal: &Refusal) -> String {
        match refusal.code {
            401 => self.unknown(),
            403 => self.forbidden(refusal),
            404 => self.missing(refusal),
            409 if !refusal.owners().is_empty() => self.owned(refusal),
            400 | 422 => self.invalid(refusal),
            500 if refusal.is_undeclared() => self.invalid(refusal),
            429 | 500.. => format!("the API server at {} fails: {}", self.cluster.host, answer(refusal)),
            _ => format!("the API server refuses {}: {}", self.object, answer(refusal)),
        }
    }

    fn unknown(&self) -> String {
        let what = if self.cluster.own {
            "the token of the pod's ServiceAccount has expired or is of another cluster"
        } else {
            "its token or certificate has expired or is of another cluster: renew the Secret with the kubeconfig"
        };
        format!("the API server at {} does not accept the credentials (401)\n{what}", self.cluster.host)
    }

    fn forbidden(&self, refusal: &Refusal) -> String {
        let message = refusal.message();
        // Quotas and admission answer with the same code.
        let Some((account, verb)) = denied(message) else {
            return format!("the cluster does not allow {}: {}", self.object, answer(refusal));
        };
        let place = if self.object.name.is_empty() || matches!(verb, "list") {
            format!("in namespace {}", self.object.namespace)
        } else {
            format!("`{}` in namespace {}", self.object.name, self.object.namespace)
        };
        format!(
            "the account {} may not {} {} {place}\n\
             it needs the rights {}: apply the generated access.yaml, \
             and start the run under the ServiceAccount that stands there",
            readable(account),
            readable(verb),
            self.object.resource(),
            self.rights
        )
    }

    fn missing(&self, refusal: &Refusal) -> String {
        let Object { kind, namespace, .. } = self.object;
        let details = refusal.status.as_ref().and_then(|status| status.details.as_ref());
        match details {
            Some(details) if details.kind == "namespaces" => {
                format!("there is no namespace {namespace} at {}", self.cluster.host)
            }
            Some(details) if !details.name.is_empty() => {
                format!("the API server does not find {}: {}", self.object, answer(refusal))
            }
            _ => {
                format!(
                    "the cluster knows no {kind} of {} ({})\n\
                     the operator that serves this kind is not installed there, or in another version",
                    self.object.api_version(),
                    self.object.resource()
                )
            }
        }
    }

    fn owned(&self, refusal: &Refusal) -> String {
        let mut owners: Vec<(String, Vec<&str>)> = Vec::new();
        for (message, field) in refusal.owners() {
            let owner = owner(message);
            match owners.iter_mut().find(|(known, _)| *known == owner) {
                Some((_, fields)) => fields.push(field),
                None => owners.push((owner, vec![field])),
            }
        }
        let mut text =
            format!("nothing was changed: others have set fields of {} that this pipeline sets", self.object);
        for (owner, fields) in owners.iter().take(SHOWN) {
            let _ = write!(text, "\n{} owns {}", readable(owner), list(fields.iter().copied()));
        }
        text.push_str(
            "\ntake these fields out of the resource, or have the owner leave them out; \
             where it is no longer in use, delete the object, and the next run makes it anew",
        );
        text
    }

    fn invalid(&self, refusal: &Refusal) -> String {
        let mut text = format!("the API server does not accept the manifest of {}", self.object);
        let causes = causes(refusal.status.as_ref());
        if causes.is_empty() {
            let _ = write!(text, ": {}", answer(refusal));
        }
        for cause in causes.iter().take(SHOWN) {
            let _ = write!(text, "\n{}", readable(cause));
        }
        if causes.len() > SHOWN {
            let _ = write!(text, "\nand {} more", causes.len() - SHOWN);
        }
        text
    }
}

/// `500 InternalError: message`.
pub(crate) fn answer(refusal: &Refusal) -> String {
    let reason = refusal.status.as_ref().map(|status| status.reason.as_str()).unwrap_or_default();
    let message = refusal.message().trim();
    let mut text = refusal.code.to_string();
    if !reason.is_empty() {
        let _ = write!(text, " {}", readable(reason));
    }
    if !message.is_empty() {
        let _ = write!(text, ": {}", readable(message));
    }
    text
}

/// Who may not do what: `User "system:…" cannot patch resource …`.
fn denied(message: &str) -> Option<(&str, &str)> {
    let (_, rest) = message.split_once("User \"")?;
    let (account, rest) = rest.split_once('"')?;
    let (verb, _) = rest.strip_prefix(" cannot ")?.split_once(" resource ")?;
    Some((account, verb))
}

/// `conflict with "kubectl" with subresource "scale" using apps/v1` as `kubectl (subresource scale)`.
fn owner(message: &str) -> String {
    let Some((_, rest)) = message.split_once("conflict with \"") else { return message.to_owned() };
    let Some((name, rest)) = rest.split_once('"') else { return message.to_owned() };
    match rest.split_once("with subresource \"").and_then(|(_, rest)| rest.split_once('"')) {
        Some((subresource, _)) => format!("{name} (subresource {subresource})"),
        None => name.to_owned(),
    }
}

/// `spec.replicas: Invalid value: …`, each.
fn causes(status: Option<&Status>) -> Vec<String> {
    let Some(details) = status.and_then(|status| status.details.as_ref()) else { return Vec::new() };
    let shown = details.causes.iter().filter(|cause| !cause.message.is_empty());
    shown
        .map(|cause| {
            if cause.field.is_empty() || cause.field == "<nil>" {
                cause.message.clone()
            } else {
                format!("{}: {}", cause.field, cause.message)
            }
        })
        .collect()
}

/// Names with commas, the first ones of many.
pub(crate) fn list<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = names.len().saturating_sub(SHOWN);
    let mut text = names.take(SHOWN).map(readable).collect::<Vec<_>>().join(", ");
    if more > 0 {
        let _ = write!(text, " and {more} more");
    }
    text
}
