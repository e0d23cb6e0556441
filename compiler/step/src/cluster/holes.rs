//! Holes: places of a manifest, `null` until a run fills them with what one of its steps gave.

use fuse_wire::contract::{Contract, Port};
use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use crate::failure::Failure;
use crate::inputs::Typed;
use crate::inputs::layout;
use crate::values::{readable, reference};

/// Fills the holes `<json pointer>=<input>[.uri]`.
///
/// # Errors
/// A hole is no place of the manifest or is filled already, or what belongs there is no single value.
pub(crate) fn fill<'a>(
    manifest: &mut Map<String, Json>,
    holes: impl Iterator<Item = &'a str>,
    contract: &Contract,
    inputs: &IndexMap<String, Typed>,
) -> Result<(), Failure> {
    let mut absent = Vec::new();
    for hole in holes {
        // Keys of a manifest may hold `=`, names of inputs do not.
        let Some((pointer, from)) = hole.rsplit_once('=') else {
            return Err(Failure::new(format!("the hole `{}` says no input", readable(hole))));
        };
        let of = |failure: Failure| failure.of(format!("the hole `{}`", readable(pointer)));
        let value = value(from, contract, inputs).map_err(of)?;
        let place = at(manifest, pointer).map_err(of)?;
        match value {
            Some(value) => *place = value,
            None => absent.push(pointer),
        }
    }
    // Only now: leaving out an item would move the places behind it.
    for pointer in absent {
        leave_out(manifest, pointer)
            .map_err(|failure| failure.of(format!("the hole `{}`", readable(pointer))))?;
    }
    Ok(())
}

/// What an input puts into a hole; nothing where it is absent.
fn value(from: &str, contract: &Contract, inputs: &IndexMap<String, Typed>) -> Result<Option<Json>, Failure> {
    let (name, uri) = from.strip_suffix(".uri").map_or((from, false), |name| (name, true));
    let (Some(port), Some((_, value))) = (contract.inputs.get(name), inputs.get(name)) else {
        return Err(Failure::new(format!("there is no input `{}`", readable(name))));
    };
    match (port, value) {
        (_, Json::Null) => Ok(None),
        (Port::Uri { uri: schemes, .. }, Json::String(text)) if uri => {
            let of = |failure: Failure| failure.of(format!("the input `{name}`"));
            let reference = reference(text).map_err(of)?;
            layout::scheme(&reference, schemes).map_err(of)?;
            Ok(Some(Json::String(reference.uri)))
        }
        (Port::Value(_), Json::String(_) | Json::Number(_) | Json::Bool(_)) if !uri => {
            Ok(Some(value.clone()))
        }
        (Port::Value(_) | Port::Store { .. } | Port::Uri { .. }, _) => {
            Err(Failure::new(format!("`{}` is no single value", readable(from))))
        }
    }
}

/// The place of a hole, which is `null`.
fn at<'a>(manifest: &'a mut Map<String, Json>, pointer: &str) -> Result<&'a mut Json, Failure> {
    let (place, key) = around(manifest, pointer)?;
    let found = match place {
        Place::Fields(fields) => fields.get_mut(&key),
        Place::Items(items) => index(&key).and_then(|at| items.get_mut(at)),
    };
    match found {
        Some(place) if place.is_null() => Ok(place),
        Some(_) => Err(Failure::new("something stands there already")),
        None => Err(nowhere()),
    }
}

fn leave_out(manifest: &mut Map<String, Json>, pointer: &str) -> Result<(), Failure> {
    let (place, key) = around(manifest, pointer)?;
    match place {
        Place::Fields(fields) => {
            fields.shift_remove(&key);
            Ok(())
        }
        Place::Items(_) => Err(Failure::new("an item of a list cannot be absent")),
    }
}

/// What a value stands in.
enum Place<'a> {
    Fields(&'a mut Map<String, Json>),
    Items(&'a mut Vec<Json>),
}

/// What a pointer's last part is a key of, and that key.
fn around<'a>(manifest: &'a mut Map<String, Json>, pointer: &str) -> Result<(Place<'a>, String), Failure> {
    let (parents, last) = pointer.rsplit_once('/').ok_or_else(nowhere)?;
    let mut place = Place::Fields(manifest);
    for part in parents.split('/').skip(1) {
        let key = unescaped(part);
        let found = match place {
            Place::Fields(fields) => fields.get_mut(&key),
            Place::Items(items) => index(&key).and_then(|at| items.get_mut(at)),
        };
        place = match found {
            Some(Json::Object(fields)) => Place::Fields(fields),
            Some(Json::Array(items)) => Place::Items(items),
            _ => return Err(nowhere()),
        };
    }
    if pointer.starts_with('/') { Ok((place, unescaped(last))) } else { Err(nowhere()) }
}

fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// An index as a pointer writes it: no sign, no leading zero.
fn index(key: &str) -> Option<usize> {
    let digits = key.bytes().all(|c| c.is_ascii_digit()) && (key == "0" || !key.starts_with('0'));
    if digits { key.parse().ok() } else { None }
}

fn nowhere() -> Failure {
    Failure::new("there is no such place in the manifest")
}

#[cfg(test)]
mod tests {
    use fuse_wire::WireType;
    use serde_json::json;

    use super::*;

    fn filled(manifest: &Json, holes: &[&str]) -> Result<Json, String> {
        let value = |ty: &str| Port::Value(ty.parse().unwrap());
        let uri = |optional| Port::Uri { uri: vec!["s3".into()], rewrite: IndexMap::new(), optional };
        let typed = |value: Json| (WireType::string(), value);
        let all = [
            ("s", value("String"), json!("\"\n$(x)\u{F0024}\\")),
            ("n", value("Int"), json!(3)),
            ("l", value("List<Int>"), json!([1])),
            ("m", uri(false), json!("s3://b/x")),
            ("g", uri(false), json!("gs://b/x")),
            ("none", uri(true), Json::Null),
        ];
        let mut contract = Contract::default();
        let mut inputs = IndexMap::new();
        for (name, port, value) in all {
            contract.inputs.insert(name.to_owned(), port);
            inputs.insert(name.to_owned(), typed(value));
        }
        let Json::Object(mut fields) = manifest.clone() else { panic!("no object") };
        fill(&mut fields, holes.iter().copied(), &contract, &inputs).map_err(|failure| failure.message)?;
        Ok(Json::Object(fields))
    }

    #[test]
    fn values_stay_values() {
        let manifest = json!({"a": [{"b=/~": null}, null, null], "c": null, "d": {"e": null}});
        let holes = ["/a/0/b=~1~0=s", "/a/1=m.uri", "/a/2=n", "/c=none.uri", "/d/e=none.uri"];
        assert_eq!(
            filled(&manifest, &holes),
            Ok(json!({"a": [{"b=/~": "\"\n$(x)\u{F0024}\\"}, "s3://b/x", 3], "d": {}}))
        );
    }

    #[test]
    fn what_is_no_hole_is_refused() {
        let manifest = json!({"a": [null, 1], "b": {"c": "x"}, "d": null});
        for (hole, why) in [
            ("/a/2=s", "no such place"),
            ("/a/00=s", "no such place"),
            ("/a/-=s", "no such place"),
            ("/a/+0=s", "no such place"),
            ("/x=s", "no such place"),
            ("/b/c/d=s", "no such place"),
            ("=s", "no such place"),
            ("x/d=s", "no such place"),
            ("/a=s", "something stands there"),
            ("/a/1=s", "something stands there"),
            ("/b/c=s", "something stands there"),
            ("/d", "says no input"),
            ("/d=x", "there is no input `x`"),
            ("/d=l", "no single value"),
            ("/d=m", "no single value"),
            ("/d=s.uri", "no single value"),
            ("/d=g.uri", "another scheme than s3"),
            ("/a/0=none.uri", "an item of a list cannot be absent"),
        ] {
            let error = filled(&manifest, &[hole]).unwrap_err();
            assert!(error.contains(why), "{hole}: {error}");
        }
        assert!(filled(&manifest, &["/d=s", "/d=s"]).unwrap_err().contains("something stands there"));
    }
}
