//! Which object of the cluster a manifest describes.

use std::fmt;

use fuse_wire::kind;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::core::Request;
use kube::core::Resource as _;
use serde_json::{Map, Value as Json};

use crate::failure::Failure;
use crate::values::readable;

/// What identifies an object: constants of its manifest.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    /// Empty where the API server makes the name.
    pub(crate) name: String,
    pub(crate) namespace: String,
}

/// A manifest: an object, in JSON.
///
/// # Errors
/// It is something else.
pub(crate) fn manifest(text: &str) -> Result<Map<String, Json>, Failure> {
    match serde_json::from_str(text) {
        Ok(Json::Object(fields)) => Ok(fields),
        Ok(_) => Err(Failure::new("the manifest is no JSON object")),
        Err(error) => Err(Failure::new(format!("the manifest is no JSON: {error}"))),
    }
}

impl Object {
    /// The object of a manifest; `name` is `name`, or `generateName` where the API server completes it.
    ///
    /// # Errors
    /// One of its parts is missing, no constant, or no part of a url.
    pub(crate) fn of(manifest: &Map<String, Json>, name: &str) -> Result<Self, Failure> {
        let metadata = match manifest.get("metadata") {
            Some(Json::Object(metadata)) => metadata.clone(),
            _ => Map::new(),
        };
        let version = constant(manifest.get("apiVersion"), "apiVersion", &['/', '.', '-'])?;
        let (group, version) = version.split_once('/').unwrap_or(("", &version));
        let parts = [group, version].iter().all(|part| !part.contains('/') && *part != "..");
        if version.is_empty() || !parts {
            return Err(Failure::new("the `apiVersion` of the manifest is not <group>/<version>"));
        }
        Ok(Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: constant(manifest.get("kind"), "kind", &[])?,
            name: constant(metadata.get(name), &format!("metadata.{name}"), &['.', '-', ':'])?,
            namespace: constant(metadata.get("namespace"), "metadata.namespace", &['-'])?,
        })
    }

    /// As in the manifest: `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        let Self { group, version, .. } = self;
        if group.is_empty() { version.clone() } else { format!("{group}/{version}") }
    }

    /// As in rights and urls: `deployments`.
    pub(crate) fn plural(&self) -> String {
        kind::plural(&self.kind)
    }

    /// As `kubectl` and messages of the API server name it: `deployments.apps`.
    pub(crate) fn resource(&self) -> String {
        let dot = if self.group.is_empty() { "" } else { "." };
        format!("{}{dot}{}", self.plural(), self.group)
    }

    /// Requests about objects of this kind in this namespace.
    pub(crate) fn requests(&self) -> Request {
        let kind = GroupVersionKind::gvk(&self.group, &self.version, &self.kind);
        let resource = ApiResource::from_gvk_with_plural(&kind, &self.plural());
        Request::new(DynamicObject::url_path(&resource, Some(&self.namespace)))
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blank = if self.name.is_empty() { "" } else { " " };
        write!(f, "{}{blank}{} in namespace {}", self.kind, self.name, self.namespace)
    }
}

/// A text that is a part of the object's url; `also` are characters that it may have besides letters and digits.
fn constant(value: Option<&Json>, what: &str, also: &[char]) -> Result<String, Failure> {
    let text = match value {
        Some(Json::String(text)) => text,
        None | Some(Json::Null) => {
            return Err(Failure::new(format!("the manifest has no `{what}`, which must be a constant")));
        }
        Some(other) => {
            let shown = readable(&other.to_string());
            return Err(Failure::new(format!("`{what}` of the manifest is {shown}, not a text")));
        }
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || also.contains(&c);
    if text.is_empty() || text == "." || text == ".." || !text.chars().all(fits) {
        return Err(Failure::new(format!("`{}` cannot be the `{what}` of an object", readable(text))));
    }
    Ok(text.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(manifest: &Json) -> Result<Object, String> {
        let fields = super::manifest(&manifest.to_string()).map_err(|failure| failure.message)?;
        Object::of(&fields, "name").map_err(|failure| failure.message)
    }

    #[test]
    fn groups_may_be_missing() {
        let of = |version: &str, kind: &str| {
            let metadata = json!({"name": "a", "namespace": "n"});
            object(&json!({"apiVersion": version, "kind": kind, "metadata": metadata}))
        };
        assert_eq!(of("v1", "Service").unwrap().resource(), "services");
        let knative = of("serving.knative.dev/v1", "Service").unwrap();
        assert_eq!(knative.resource(), "services.serving.knative.dev");
        let url = |object: &Object| {
            let request = object.requests().get(&object.name, &Default::default()).unwrap();
            request.uri().to_string()
        };
        assert_eq!(url(&knative), "/apis/serving.knative.dev/v1/namespaces/n/services/a");
        assert_eq!(url(&of("v1", "Service").unwrap()), "/api/v1/namespaces/n/services/a");
        for version in ["", "/", "a/", "a/b/c", "a b", "../v1", "a/.."] {
            assert!(of(version, "Service").is_err(), "{version}");
        }
    }

    #[test]
    fn names_stay_in_their_url() {
        for name in ["", "..", "a/b", "a?force=true", "a%2f", "a\n", "ä"] {
            let metadata = json!({"name": name, "namespace": "n"});
            let manifest = json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata});
            assert!(object(&manifest).unwrap_err().contains("metadata.name"), "{name}");
        }
    }
}
