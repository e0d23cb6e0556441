//! Outputs of an `apply`: values that its object's status gives.

use fuse_wire::contract::{Contract, Port};
use indexmap::IndexMap;
use serde_json::Value as Json;

use super::object::Object;
use super::refusal::list;
use crate::args::{Args, shortened};
use crate::failure::Failure;
use crate::inputs::layout;
use crate::values::{is_composite, present, read, readable, reference};

/// Where each output of the contract is found, in its order: `--output=<name>=status.url`.
///
/// # Errors
/// One has no place, or the contract does not have it.
pub(crate) fn paths<'a>(args: &'a Args, contract: &Contract) -> Result<IndexMap<String, &'a str>, Failure> {
    let mut given: IndexMap<&str, &str> = args.pairs("output")?.into_iter().collect();
    let mut all = IndexMap::new();
    for name in contract.outputs.keys() {
        let path = given.shift_remove(name.as_str());
        let path = path.ok_or_else(|| Failure::new(format!("`--output={name}=…` is missing")))?;
        all.insert(name.clone(), path);
    }
    match given.keys().next() {
        None => Ok(all),
        Some(name) => Err(Failure::new(format!("there is no output `{}`", shortened(name)))),
    }
}

/// The results of the contract, in its order, as they travel.
///
/// # Errors
/// The object lacks one, or it is not of its type.
pub(crate) fn outputs(
    contract: &Contract,
    paths: &IndexMap<String, &str>,
    object: &Json,
    which: &Object,
) -> Result<IndexMap<String, String>, Failure> {
    let mut all = IndexMap::new();
    for (name, path) in paths {
        let Some(port) = contract.outputs.get(name) else { continue };
        let text = match find(object, path) {
            Ok(value) => wire(port, value),
            Err(_) if is_optional(port) => wire(port, &Json::Null),
            Err(missing) => return Err(missing.failure(name, path, which)),
        };
        let text = text.map_err(|failure| {
            failure.of(format!("the output `{name}`, taken from {} of {which}", readable(path)))
        })?;
        all.insert(name.clone(), text);
    }
    Ok(all)
}

/// A value that is not there: how far the path goes, and what is there instead.
struct Missing {
    upto: String,
    has: String,
}

impl Missing {
    fn failure(&self, name: &str, path: &str, which: &Object) -> Failure {
        let path = readable(path);
        Failure::new(format!(
            "{which} has no {path}, where the output `{name}` is taken from\n{} {}",
            readable(&self.upto),
            self.has
        ))
    }
}

/// The value at `status.url`; items of lists by their index.
fn find<'a>(object: &'a Json, path: &str) -> Result<&'a Json, Missing> {
    let mut value = object;
    let mut upto = String::new();
    for part in path.split('.') {
        let next = match value {
            Json::Object(fields) => fields.get(part),
            Json::Array(items) => part.parse().ok().and_then(|at: usize| items.get(at)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
        };
        value = match next {
            Some(next) if !next.is_null() => next,
            _ => {
                let upto = if upto.is_empty() { "the object".to_owned() } else { upto };
                return Err(Missing { upto, has: has(value) });
            }
        };
        if !upto.is_empty() {
            upto.push('.');
        }
        upto.push_str(part);
    }
    Ok(value)
}

fn has(value: &Json) -> String {
    match value {
        Json::Object(fields) if fields.is_empty() => "has nothing".to_owned(),
        Json::Object(fields) => {
            format!("has {}", list(fields.keys().map(String::as_str).collect::<Vec<_>>().into_iter()))
        }
        Json::Array(items) => format!("is a list of {}", items.len()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            format!("is {}", readable(&value.to_string()))
        }
    }
}

fn is_optional(port: &Port) -> bool {
    matches!(port.ty(), fuse_wire::WireType::Optional(_))
}

/// A value of a status as it travels.
fn wire(port: &Port, value: &Json) -> Result<String, Failure> {
    let ty = port.ty();
    let fits = |text: String| {
        let (bytes, most) = (text.len() as u64, ty.max_bytes());
        if bytes > most {
            return Err(Failure::new(format!(
                "it takes {bytes} bytes, and {most} are the most of its type {ty}"
            )));
        }
        Ok(text)
    };
    if value.is_null() {
        return fuse_wire::write::write(&ty, value).map_err(Failure::new);
    }
    let plain = match value {
        Json::Array(_) | Json::Object(_) if is_composite(present(&ty)) => value.to_string(),
        Json::Array(_) | Json::Object(_) => {
            return Err(Failure::new(format!("it is {}, not of type {ty}", readable(&value.to_string()))));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            fuse_wire::write::scalar(value).map_err(Failure::new)?
        }
    };
    // Characters of the encoding would be read as what they stand for.
    let encoded = fuse_wire::encode(&plain).map_err(|error| Failure::new(error.to_string()))?;
    match port {
        Port::Value(_) => {
            let text = if is_composite(present(&ty)) { plain } else { encoded };
            let value = read(&ty, &[text])?;
            fits(fuse_wire::write::write(&ty, &value).map_err(|error| Failure::new(readable(&error)))?)
        }
        Port::Uri { uri, rewrite, .. } => {
            let mut reference = reference(&plain)?;
            let prefix =
                rewrite.iter().find_map(|(from, to)| Some((reference.uri.strip_prefix(from.as_str())?, to)));
            if let Some((rest, to)) = prefix {
                reference.uri = format!("{to}{rest}");
            }
            layout::scheme(&reference, uri)?;
            reference.write().map_err(|error| Failure::new(readable(&error)))
        }
        Port::Store { .. } => Err(Failure::new("files are not taken from a status")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(ty: &str, value: &Json) -> Result<String, String> {
        wire(&Port::Value(ty.parse().unwrap()), value).map_err(|failure| failure.message)
    }

    #[test]
    fn values_are_checked_by_their_type() {
        assert_eq!(value("Url", &json!("http://a/$x")), Ok("http://a/\u{F0024}x".into()));
        assert_eq!(value("Int", &json!(3)), Ok("3".into()));
        assert_eq!(value("Int", &json!("3")), Ok("3".into()));
        assert_eq!(value("Bool?", &json!(true)), Ok("true".into()));
        assert_eq!(value("List<Int>", &json!([1, 2])), Ok(r#"["1","2"]"#.into()));
        assert!(value("Url", &json!("no url")).unwrap_err().contains("not of type Url"));
        assert!(value("Url", &json!({"a": 1})).unwrap_err().contains("not of type Url"));
        assert!(value("String", &json!("\u{F0024}")).unwrap_err().contains("is reserved"));
        assert!(value("List<String>", &json!(["\u{F0024}"])).unwrap_err().contains("is reserved"));
        assert!(
            value("Url", &json!(format!("http://{}", "x".repeat(300))))
                .unwrap_err()
                .contains("256 are the most")
        );
    }

    #[test]
    fn references_may_be_rewritten() {
        let rewrite = IndexMap::from([("oci://".to_owned(), "s3://b/".to_owned())]);
        let port = Port::Uri { uri: vec!["s3".into()], rewrite, optional: false };
        assert_eq!(wire(&port, &json!("oci://x")).unwrap(), r#"{"u":"s3://b/x"}"#);
        assert!(wire(&port, &json!("gs://x")).unwrap_err().message.contains("another scheme than s3"));
    }

    #[test]
    fn paths_say_how_far_they_go() {
        let object = json!({"status": {"url": null, "list": [{"a": 1}], "address": {"url": "x"}}});
        assert_eq!(find(&object, "status.address.url").ok(), Some(&json!("x")));
        assert_eq!(find(&object, "status.list.0.a").ok(), Some(&json!(1)));
        let missing =
            |path: &str| find(&object, path).err().map(|missing| format!("{} {}", missing.upto, missing.has));
        assert_eq!(missing("status.url").unwrap(), "status has url, list, address");
        assert_eq!(missing("status.address.url.x").unwrap(), "status.address.url is \"x\"");
        assert_eq!(missing("status.list.1").unwrap(), "status.list is a list of 1");
        assert_eq!(missing("x").unwrap(), "the object has status");
    }
}
