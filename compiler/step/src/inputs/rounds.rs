//! What belongs to one round of a loop, out of what belongs to all: an item of a list, or what the pod of the same
//! number gave in an earlier matrix.

use std::collections::BTreeMap;

use fuse_wire::WireType;
use fuse_wire::contract::{Contract, NO_ITEM, Pick};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::args::{Args, shortened};
use crate::failure::Failure;
use crate::values::{is_composite, read};

/// What a pod of a matrix gives: its number and every output, as texts on the wire or the JSON of composites.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Out {
    i: String,
    v: Map<String, Json>,
}

/// The result `out`.
pub(crate) fn out<'r>(
    index: u32,
    results: impl IntoIterator<Item = (&'r String, &'r String)>,
    contract: &Contract,
) -> Result<String, Failure> {
    let mut v = Map::new();
    for (name, text) in results {
        let composite = contract.outputs.get(name).is_some_and(|port| is_composite(&port.ty()));
        let absent = fuse_wire::text::is_absent(text);
        let value = if composite && !absent { json(text)? } else { Json::from(text.as_str()) };
        v.insert(name.clone(), value);
    }
    serde_json::to_string(&Out { i: index.to_string(), v }).map_err(|error| Failure::new(error.to_string()))
}

/// What a pod gives that has no item.
pub(crate) fn nothing() -> Result<String, Failure> {
    let out = Out { i: NO_ITEM.to_owned(), v: Map::new() };
    serde_json::to_string(&out).map_err(|error| Failure::new(error.to_string()))
}

/// The text of an input that is taken out of something whole; `None` where it arrives as it is.
///
/// # Errors
/// There is no such item, or the results of a matrix are not complete.
pub(crate) fn text(
    args: &Args,
    contract: &Contract,
    name: &str,
    ty: &WireType,
    given: Option<&Vec<String>>,
) -> Result<Option<String>, Failure> {
    if let Some(path) = contract.collects.get(name) {
        return list(args, name, path).map(Some);
    }
    let Some(pick) = contract.picks.get(name) else { return Ok(None) };
    let index = index(args)?;
    let found = match pick {
        Pick::Index { .. } => return Ok(Some(index.to_string())),
        Pick::Item { list, path } => {
            let texts = given.ok_or_else(|| Failure::new("it is missing"))?;
            return item(list, texts, index, path, ty).map(Some);
        }
        Pick::Out { out } => {
            let mut all = outs(args, name)?;
            let v =
                all.remove(&index).ok_or_else(|| Failure::new(format!("nothing came of round {index}")))?;
            part(Json::Object(v), out)?
        }
    };
    Ok(Some(written(found)))
}

/// What all pods of a matrix gave, in the order of their numbers: the JSON of a list.
///
/// # Errors
/// The results are not complete.
pub(crate) fn list(args: &Args, name: &str, path: &[String]) -> Result<String, Failure> {
    let mut items = Vec::new();
    for (at, (index, v)) in (0..).zip(outs(args, name)?) {
        if index != at {
            return Err(Failure::new(format!("nothing came of round {at}")));
        }
        items.push(part(Json::Object(v), path)?);
    }
    Ok(Json::Array(items).to_string())
}

fn index(args: &Args) -> Result<u32, Failure> {
    let text = args.needed("index")?;
    text.parse().map_err(|_| Failure::new(format!("`--index={}` is no index", shortened(text))))
}

/// The item of this number, checked with the whole list and written again.
fn item(
    list: &WireType,
    texts: &[String],
    index: u32,
    path: &[String],
    ty: &WireType,
) -> Result<String, Failure> {
    let Json::Array(items) = read(list, texts)? else { return Err(Failure::new("it is no list")) };
    let count = items.len();
    let item = usize::try_from(index).ok().and_then(|at| items.into_iter().nth(at));
    let item = item.ok_or_else(|| Failure::new(format!("round {index} has no item: there are {count}")))?;
    let mut value = item;
    for name in path {
        value = match value {
            Json::Object(mut fields) => fields.remove(name).unwrap_or(Json::Null),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                return Err(Failure::new(format!("its item has no `{name}`")));
            }
        };
    }
    fuse_wire::write::write(ty, &value).map_err(Failure::new)
}

/// What the pods of a matrix gave, by their numbers.
fn outs(args: &Args, name: &str) -> Result<BTreeMap<u32, Map<String, Json>>, Failure> {
    let given = args.outs.iter().find(|(known, _)| known == name).map(|(_, outs)| outs);
    let given = given.ok_or_else(|| Failure::new(format!("`--outs={name}` is missing")))?;
    let mut all = BTreeMap::new();
    for text in given {
        let broken = || Failure::new(format!("`{}` is no result of a round", shortened(text)));
        let out: Out = serde_json::from_str(text).map_err(|_| broken())?;
        if out.i == NO_ITEM {
            continue;
        }
        let index: u32 = out.i.parse().map_err(|_| broken())?;
        if all.insert(index, out.v).is_some() {
            return Err(Failure::new(format!("two results came of round {index}")));
        }
    }
    Ok(all)
}

fn part(value: Json, path: &[String]) -> Result<Json, Failure> {
    let mut value = value;
    for name in path {
        // A reference is text that is JSON itself; nothing is taken out of it.
        value = match value {
            Json::Object(mut fields) => {
                fields.remove(name).ok_or_else(|| Failure::new(format!("a round gave no `{name}`")))?
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                return Err(Failure::new(format!("what a round gave has no `{name}`")));
            }
        };
    }
    Ok(value)
}

/// A part as a text on the wire.
fn written(value: Json) -> String {
    if let Json::String(text) = value { text } else { value.to_string() }
}

fn json(text: &str) -> Result<Json, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::new(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use fuse_wire::ABSENT;

    use super::*;

    fn args(words: &[&str]) -> Args {
        let known = ["index", "outs", "in", "composite"];
        Args::read(words.iter().map(OsString::from).collect(), &known).unwrap()
    }

    fn contract(json: &str) -> Contract {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn results_are_taken_by_number_never_by_position() {
        let args = args(&[
            "--index=1",
            "--outs=score",
            r#"{"i":"10","v":{"score":"10.5"}}"#,
            r#"{"i":"1","v":{"score":"1.5","where":{"a":"x"}}}"#,
            "--outs=none",
            "--in=x=1",
        ]);
        assert_eq!(args.outs[1], ("none".to_owned(), Vec::new()));
        assert_eq!(args.pairs("in").unwrap(), [("x", "1")]);
        let one = contract(
            r#"{"pick":{"score":{"out":["score"]},"deep":{"out":["where","a"]},"n":{"index":true}}}"#,
        );
        let text = |name: &str| text(&args, &one, name, &WireType::float(), None);
        assert_eq!(text("score").unwrap().unwrap(), "1.5");
        assert_eq!(text("n").unwrap().unwrap(), "1");
        assert_eq!(text("other").unwrap(), None);
        assert!(list(&args, "score", &["score".to_owned()]).unwrap_err().message.contains("round 0"));
    }

    #[test]
    fn a_list_is_in_the_order_of_the_rounds() {
        let given: Vec<String> = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
            .iter()
            .map(|i| format!(r#"{{"i":"{i}","v":{{"s":"{i}.5"}}}}"#))
            .collect();
        let mut words = vec!["--outs=p"];
        words.extend(given.iter().map(String::as_str));
        let text = list(&args(&words), "p", &["s".to_owned()]).unwrap();
        assert!(text.starts_with(r#"["0.5","1.5","2.5""#) && text.ends_with(r#""10.5"]"#), "{text}");
        words.push(&given[0]);
        assert!(list(&args(&words), "p", &[]).unwrap_err().message.contains("two results"));
    }

    #[test]
    fn an_item_is_checked_with_its_list() {
        let args = args(&["--index=1"]);
        let one = contract(
            r#"{"pick":{"a":{"list":"List<Float> 1..=3"},"b":{"list":"List<{r: Int}>","path":["r"]}}}"#,
        );
        let text = |name: &str, given: &str, ty: &WireType| {
            text(&args, &one, name, ty, Some(&vec![given.to_owned()])).map(Option::unwrap)
        };
        assert_eq!(text("a", r#"["0.1","0.5"]"#, &WireType::float()).unwrap(), "0.5");
        assert!(text("a", r#"["0.1"]"#, &WireType::float()).unwrap_err().message.contains("no item"));
        assert!(text("a", r#"["0.1","x"]"#, &WireType::float()).is_err());
        assert!(text("a", r#"["0.1","1","2","3"]"#, &WireType::float()).is_err());
    }

    #[test]
    fn what_a_pod_gives_is_read_back() {
        let one = contract(r#"{"out":{"s":"Float","l":"List<Int>","o":"Int?"}}"#);
        let results = indexmap::IndexMap::from([
            ("s".to_owned(), "0.5".to_owned()),
            ("l".to_owned(), r#"["1","2"]"#.to_owned()),
            ("o".to_owned(), ABSENT.to_string()),
        ]);
        let text = out(3, &results, &one).unwrap();
        assert_eq!(text, format!(r#"{{"i":"3","v":{{"s":"0.5","l":["1","2"],"o":"{ABSENT}"}}}}"#));
    }
}
