//! Laws of the encoding.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use fuse_wire::composite::{Composite, Encoded};
use fuse_wire::read::read;
use fuse_wire::text::{decode, encode};
use fuse_wire::types::{Range, WireType};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// Texts that an encoder takes, with many of the characters that matter.
fn plain() -> impl Strategy<Value = String> {
    let hostile = prop_oneof![
        Just("$(params.x)".to_owned()),
        Just("$$(VAR)".to_owned()),
        Just("\"}\\".to_owned()),
        Just("\u{0}\n\t\u{7F}".to_owned()),
        any::<String>(),
    ];
    proptest::collection::vec(hostile, 0..4)
        .prop_map(|parts| parts.concat())
        .prop_filter("not reserved", |text| !text.chars().any(|c| ('\u{F0000}'..='\u{F00FF}').contains(&c)))
}

/// A value, its type and what a reader shall find; `late` leaves come as encoded texts.
fn values() -> impl Strategy<Value = (WireType, Composite, Json)> {
    let late =
        plain().prop_map(|text| (WireType::string(), Composite::Late(encode(&text).unwrap()), json!(text)));
    let leaf = prop_oneof![
        plain().prop_map(|text| (WireType::string(), Composite::Text(text.clone()), json!(text))),
        late,
        any::<i64>().prop_map(|n| (WireType::int(), Composite::Text(n.to_string()), json!(n))),
        Just((WireType::Optional(Box::new(WireType::Bool)), Composite::Absent, Json::Null)),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0usize..4).prop_map(|((ty, value, json), n)| (
                WireType::List(Box::new(ty), Range::default()),
                Composite::List(vec![value; n]),
                Json::Array(vec![json; n]),
            )),
            proptest::collection::btree_map(plain(), inner, 0..4).prop_map(|fields| {
                let mut all = (Vec::new(), Vec::new(), serde_json::Map::new());
                for (key, (ty, value, json)) in fields {
                    all.0.push((key.clone(), ty));
                    all.1.push((key.clone(), value));
                    all.2.insert(key, json);
                }
                (WireType::Record(all.0), Composite::Record(all.1), Json::Object(all.2))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn decoding_undoes_encoding(text in plain()) {
        let encoded = encode(&text).unwrap();
        prop_assert!(!encoded.contains(|c: char| matches!(c, '$' | '"' | '\\') || c.is_ascii_control()));
        prop_assert_eq!(decode(&encoded).unwrap(), text);
    }

    #[test]
    fn encoding_commutes_with_joining(a in plain(), b in plain()) {
        prop_assert_eq!(encode(&a).unwrap() + &encode(&b).unwrap(), encode(&(a + &b)).unwrap());
    }

    #[test]
    fn composites_are_read_back((ty, value, expected) in values()) {
        if value.late_parts() > fuse_wire::text::MAX_PLACEHOLDERS {
            return Ok(());
        }
        if !matches!(ty, WireType::List(..) | WireType::Record(_)) {
            return Ok(());
        }
        let args = match value.write().unwrap() {
            Encoded::One(text) => vec![text],
            Encoded::Many(all) => all,
        };
        prop_assert!(!args[0].contains('$') && !args[0].contains('\\'));
        prop_assert_eq!(read(&ty, &args, &|_, _| true).unwrap(), expected);
    }

    #[test]
    fn any_text_gets_an_answer(text in ".{0,60}", late in proptest::collection::vec(".{0,20}", 0..3)) {
        let ty: WireType = "{a: List<Int?>, b: Map<Scalar>}".parse().unwrap();
        let mut args = vec![text];
        args.extend(late);
        let _ = read(&ty, &args, &|_, _| true);
    }
}
