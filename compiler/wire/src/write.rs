//! Values as they travel: the inverse of [`crate::read`], led by the type.

use serde_json::Value as Json;

use crate::composite::{Composite, Encoded};
use crate::text::{ABSENT, encode};
use crate::types::WireType;

/// The text on the wire of a value that [`crate::read::read`] gave.
///
/// # Errors
/// A text holds a reserved character, or the value is not of the type.
pub fn write(ty: &WireType, value: &Json) -> Result<String, String> {
    match (ty, value) {
        (WireType::Optional(_), Json::Null) => Ok(ABSENT.to_string()),
        (WireType::Optional(inner), _) => write(inner, value),
        (WireType::List(..) | WireType::Map(_) | WireType::Record(_) | WireType::Union(_), _) => {
            match composite(ty, value)?.write().map_err(|error| format!("{error:?}"))? {
                Encoded::One(text) => Ok(text),
                Encoded::Many(_) => Err("a value has no late parts".to_owned()),
            }
        }
        // A reference is JSON by itself, and its writer has checked that it needs no encoding.
        (WireType::Files(_) | WireType::Uri(_), Json::String(text)) => Ok(text.clone()),
        _ => encode(&scalar(value)?).map_err(|error| error.to_string()),
    }
}

/// The text of a scalar as steps and results have it.
///
/// # Errors
/// The value is no scalar.
pub fn scalar(value: &Json) -> Result<String, String> {
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Bool(_) | Json::Number(_) => Ok(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => Err(format!("{value} is no scalar")),
    }
}

fn composite(ty: &WireType, value: &Json) -> Result<Composite, String> {
    let not = || format!("{value} is not of type {ty}");
    match (ty, value) {
        (WireType::Optional(_), Json::Null) => Ok(Composite::Absent),
        (WireType::Optional(inner), _) => composite(inner, value),
        (WireType::List(item, _), Json::Array(items)) => {
            items.iter().map(|one| composite(item, one)).collect::<Result<_, _>>().map(Composite::List)
        }
        (WireType::Map(item), Json::Object(fields)) => fields
            .iter()
            .map(|(key, one)| Ok((key.clone(), composite(item, one)?)))
            .collect::<Result<_, String>>()
            .map(Composite::Record),
        (WireType::Record(types), Json::Object(fields)) => types
            .iter()
            .map(|(key, ty)| Ok((key.clone(), composite(ty, fields.get(key).unwrap_or(&Json::Null))?)))
            .collect::<Result<_, String>>()
            .map(Composite::Record),
        (WireType::Union(cases), Json::Object(fields)) if fields.len() == 1 => fields
            .iter()
            .map(|(key, one)| {
                let (_, ty) = cases.iter().find(|(case, _)| case == key).ok_or_else(not)?;
                Ok((key.clone(), composite(ty, one)?))
            })
            .collect::<Result<_, _>>()
            .map(Composite::Record),
        (WireType::List(..) | WireType::Map(_) | WireType::Record(_) | WireType::Union(_), _) => Err(not()),
        (_, Json::Null) => Err(not()),
        _ => scalar(value).map(Composite::Text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::read::read;

    fn yes(_: &str, _: &str) -> bool {
        true
    }

    /// A type with a value of it.
    fn typed() -> impl Strategy<Value = (WireType, Json)> {
        let plain = || any::<String>().prop_filter("not reserved", |text| encode(text).is_ok());
        let leaf = prop_oneof![
            plain().prop_map(|text| (WireType::string(), json!(text))),
            any::<i64>().prop_map(|n| (WireType::int(), json!(n))),
            any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(|x| (WireType::float(), json!(x))),
            any::<bool>().prop_map(|b| (WireType::Bool, json!(b))),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                (inner.clone(), 0..4usize).prop_map(|((ty, value), n)| {
                    (WireType::List(Box::new(ty), Default::default()), Json::Array(vec![value; n]))
                }),
                (inner.clone(), proptest::collection::vec(plain(), 0..4)).prop_map(|((ty, value), keys)| {
                    let fields = keys.into_iter().map(|key| (key, value.clone())).collect();
                    (WireType::Map(Box::new(ty)), Json::Object(fields))
                }),
                proptest::collection::vec(inner.clone(), 0..4).prop_map(|fields| {
                    let name = |at: usize| format!("field_{at}");
                    let types =
                        fields.iter().enumerate().map(|(at, (ty, _))| (name(at), ty.clone())).collect();
                    let values = fields.into_iter().enumerate().map(|(at, (_, v))| (name(at), v)).collect();
                    (WireType::Record(types), Json::Object(values))
                }),
                (inner, any::<bool>())
                    .prop_filter("flat", |((ty, _), _)| !matches!(ty, WireType::Optional(_)))
                    .prop_map(|((ty, value), given)| {
                        (WireType::Optional(Box::new(ty)), if given { value } else { Json::Null })
                    }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read((ty, value) in typed()) {
            let text = write(&ty, &value).unwrap();
            prop_assert!(!text.contains('$'), "{text}");
            prop_assert_eq!(read(&ty, &[text], &yes), Ok(value));
        }
    }

    #[test]
    fn values_of_other_types_are_refused() {
        assert!(write(&"List<Int>".parse().unwrap(), &json!({})).is_err());
        assert!(write(&"{a: Int}".parse().unwrap(), &json!({})).is_err());
        assert!(write(&WireType::string(), &json!([])).is_err());
    }
}
