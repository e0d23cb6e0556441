//! Reading and checking what arrives in a step: the inverse of [`crate::composite`], led by the type.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use crate::formats;
use crate::text::{ABSENT, decode, is_absent, placeholder_index};
use crate::types::{Range, WireType};

/// Deepest nesting of a composite.
const MAX_DEPTH: usize = 32;

/// A value that does not fit its type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadError {
    /// Where in the value: keys and indices, outermost first.
    pub path: Vec<String>,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.path {
            write!(f, "{part}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

fn error(message: impl Into<String>) -> ReadError {
    ReadError { path: Vec::new(), message: message.into() }
}

impl ReadError {
    fn below(mut self, part: impl Into<String>) -> Self {
        self.path.insert(0, part.into());
        self
    }
}

/// Says whether a text matches an RE2 pattern as a whole; this crate has no engine of its own.
pub type Matcher<'a> = &'a dyn Fn(&str, &str) -> bool;

/// The value behind a parameter: its text, or the JSON of a composite and its late leaves. The result is plain JSON:
/// numbers and truth values as such (a Float that JSON has no number for as text), an absent value as null, a
/// reference or files as the text on the wire.
///
/// # Errors
/// The value does not fit the type, or is written as no encoder writes it.
pub fn read(ty: &WireType, args: &[String], matches: Matcher<'_>) -> Result<Json, ReadError> {
    let Some((text, late)) = args.split_first() else { return Err(error("there is no value")) };
    let mut reader = Reader { late, used: vec![false; late.len()], matches };
    let value = reader.text(ty, text, 0, !late.is_empty())?;
    if let Some(unused) = reader.used.iter().position(|used| !used) {
        return Err(error(format!("late part {unused} stands nowhere")));
    }
    Ok(value)
}

struct Reader<'a> {
    late: &'a [String],
    used: Vec<bool>,
    matches: Matcher<'a>,
}

impl Reader<'_> {
    /// A value that came as text: a scalar as itself, a composite as JSON.
    fn text(&mut self, ty: &WireType, text: &str, depth: usize, holes: bool) -> Result<Json, ReadError> {
        match ty {
            WireType::Optional(_) if is_absent(text) => Ok(Json::Null),
            WireType::Optional(inner) => self.text(inner, text, depth, holes),
            WireType::List(..) | WireType::Map(_) | WireType::Record(_) | WireType::Union(_) => {
                let mut json = serde_json::Deserializer::from_str(text);
                let tree = Strict.deserialize(&mut json).map_err(|e| error(e.to_string()))?;
                json.end().map_err(|e| error(e.to_string()))?;
                self.tree(ty, &tree, depth, holes)
            }
            // `{"u":…,"d":…}`: a reference is JSON by itself and passed on as it is.
            WireType::Files(_) | WireType::Uri(_) => {
                Ok(Json::from(decode(text).map_err(|e| error(e.to_string()))?))
            }
            WireType::Bool
            | WireType::Int(_)
            | WireType::Float(_)
            | WireType::Text(..)
            | WireType::Duration(_)
            | WireType::Cpu(_)
            | WireType::Memory(_)
            | WireType::Count(_)
            | WireType::Url
            | WireType::Path
            | WireType::Image
            | WireType::DnsLabel
            | WireType::Scalar
            | WireType::Enum(_) => {
                let text = decode(text).map_err(|e| error(e.to_string()))?;
                scalar(ty, &text, self.matches).map_err(error)
            }
        }
    }

    fn tree(&mut self, ty: &WireType, tree: &Tree, depth: usize, holes: bool) -> Result<Json, ReadError> {
        if depth > MAX_DEPTH {
            return Err(error("nested too deeply"));
        }
        match (ty, tree) {
            (_, Tree::Leaf(text)) => {
                if let Some(index) = placeholder_index(text).filter(|_| holes) {
                    let late =
                        self.late.get(index).ok_or_else(|| error(format!("late part {index} is missing")))?;
                    if let Some(used) = self.used.get_mut(index) {
                        *used = true;
                    }
                    return self.text(ty, late, depth + 1, false);
                }
                self.leaf(ty, text, depth)
            }
            (WireType::Optional(inner), _) => self.tree(inner, tree, depth, holes),
            (WireType::List(item, bounds), Tree::List(items)) => {
                length(items.len(), *bounds)?;
                let items = items.iter().enumerate();
                let read = items.map(|(at, one)| {
                    self.tree(item, one, depth + 1, holes).map_err(|e| e.below(at.to_string()))
                });
                Ok(Json::Array(read.collect::<Result<_, _>>()?))
            }
            (WireType::Map(item), Tree::Record(fields)) => {
                let mut map = serde_json::Map::new();
                for (key, value) in fields {
                    let key = decode(key).map_err(|e| error(e.to_string()))?;
                    let value = self.tree(item, value, depth + 1, holes).map_err(|e| e.below(&key))?;
                    map.insert(key, value);
                }
                Ok(Json::Object(map))
            }
            (WireType::Record(types), Tree::Record(fields)) => self.record(types, fields, depth, holes),
            (WireType::Union(cases), Tree::Record(fields)) => self.case(cases, fields, depth, holes),
            _ => Err(error(format!("is not of type {ty}"))),
        }
    }

    /// A leaf in the JSON itself: scalars only, nothing nested as text.
    fn leaf(&mut self, ty: &WireType, text: &str, depth: usize) -> Result<Json, ReadError> {
        if let WireType::Optional(inner) = ty {
            return if is_absent(text) { Ok(Json::Null) } else { self.leaf(inner, text, depth) };
        }
        if matches!(ty, WireType::List(..) | WireType::Map(_) | WireType::Record(_) | WireType::Union(_)) {
            return Err(error(format!("is not of type {ty}")));
        }
        self.text(ty, text, depth + 1, false)
    }

    /// A case with its record: an object of one key.
    fn case(
        &mut self,
        cases: &[(String, WireType)],
        fields: &[(String, Tree)],
        depth: usize,
        holes: bool,
    ) -> Result<Json, ReadError> {
        let [(key, value)] = fields else { return Err(error("is not one case with its record")) };
        let key = decode(key).map_err(|e| error(e.to_string()))?;
        let Some((_, ty)) = cases.iter().find(|(case, _)| *case == key) else {
            return Err(error(format!("there is no case `{key}`")));
        };
        let value = self.tree(ty, value, depth + 1, holes).map_err(|e| e.below(&key))?;
        Ok(Json::Object(serde_json::Map::from_iter([(key, value)])))
    }

    fn record(
        &mut self,
        types: &[(String, WireType)],
        fields: &[(String, Tree)],
        depth: usize,
        holes: bool,
    ) -> Result<Json, ReadError> {
        let mut found = Vec::with_capacity(fields.len());
        for (key, value) in fields {
            let key = decode(key).map_err(|e| error(e.to_string()))?;
            if !types.iter().any(|(name, _)| *name == key) {
                return Err(error(format!("there is no field `{key}`")));
            }
            found.push((key, value));
        }
        let mut map = serde_json::Map::new();
        for (name, ty) in types {
            let value = found.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
            let value = match value {
                Some(value) => self.tree(ty, value, depth + 1, holes).map_err(|e| e.below(name))?,
                None => return Err(error(format!("the field `{name}` is missing"))),
            };
            map.insert(name.clone(), value);
        }
        Ok(Json::Object(map))
    }
}

fn length(len: usize, bounds: Range<i64>) -> Result<(), ReadError> {
    if i64::try_from(len).is_ok_and(|len| bounds.admits(len)) {
        return Ok(());
    }
    let word = if len == 1 { "item" } else { "items" };
    Err(error(format!("has {len} {word}, which its type does not allow")))
}

/// A scalar, decoded already.
fn scalar(ty: &WireType, text: &str, matches: Matcher<'_>) -> Result<Json, String> {
    let not = || format!("`{text}` is not of type {ty}");
    let within = |value: i64, bounds: &Range<i64>| if bounds.admits(value) { Ok(()) } else { Err(not()) };
    match ty {
        WireType::Bool => match text {
            "true" => Ok(Json::Bool(true)),
            "false" => Ok(Json::Bool(false)),
            _ => Err(not()),
        },
        WireType::Int(bounds) | WireType::Count(bounds) => {
            let value: i64 = text.parse().map_err(|_| not())?;
            within(value, bounds)?;
            if matches!(ty, WireType::Count(_)) && value < 0 {
                return Err(not());
            }
            Ok(Json::from(value))
        }
        WireType::Float(bounds) => {
            let value: f64 = text.parse().map_err(|_| not())?;
            if value.is_finite() && !bounds.admits(value) {
                return Err(not());
            }
            Ok(if value.is_finite() { Json::from(value) } else { Json::from(text) })
        }
        WireType::Text(bytes, pattern) => {
            within(i64::try_from(text.len()).map_err(|_| not())?, bytes)?;
            match pattern {
                Some(pattern) if !matches(pattern, text) => Err(not()),
                _ => Ok(Json::from(text)),
            }
        }
        WireType::Duration(bounds) => measured(text, DURATIONS, bounds).ok_or_else(not),
        WireType::Cpu(bounds) => measured(text, CPUS, bounds).ok_or_else(not),
        WireType::Memory(bounds) => measured(text, BYTES, bounds).ok_or_else(not),
        WireType::Enum(cases) if cases.iter().any(|case| case == text) => Ok(Json::from(text)),
        WireType::Url if formats::url(text).is_none() => Ok(Json::from(text)),
        WireType::Path if formats::path(text).is_none() => Ok(Json::from(text)),
        WireType::Image if formats::image(text).is_none() => Ok(Json::from(text)),
        WireType::DnsLabel if formats::dns_label(text).is_none() => Ok(Json::from(text)),
        WireType::Scalar => Ok(Json::from(text)),
        WireType::Enum(_)
        | WireType::Url
        | WireType::Path
        | WireType::Image
        | WireType::DnsLabel
        | WireType::List(..)
        | WireType::Map(_)
        | WireType::Record(_)
        | WireType::Union(_)
        | WireType::Optional(_)
        | WireType::Files(_)
        | WireType::Uri(_) => Err(not()),
    }
}

/// Units with their size in the smallest one; longer names first.
type Units = &'static [(&'static str, u64)];

/// Milliseconds.
pub const DURATIONS: Units =
    &[("min", 60_000), ("ms", 1), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
/// Thousandths of a processor.
pub const CPUS: Units = &[("m", 1), ("", 1_000)];
/// Bytes.
pub const BYTES: Units = &[
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
    ("", 1),
];

/// The number of smallest units that a text such as `1h30m`, `0.5` or `2Gi` stands for, exactly.
#[must_use]
pub fn quantity(text: &str, units: Units) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let fits = |(name, _): &&(&str, u64)| {
            tail.strip_prefix(name).is_some_and(|after| {
                after.is_empty() || (!name.is_empty() && after.starts_with(|c: char| c.is_ascii_digit()))
            })
        };
        let (name, size) = units.iter().find(fits)?;
        rest = tail.strip_prefix(name)?;
        total = total.checked_add(times(number, *size)?)?;
    }
    Some(total)
}

/// A decimal number of units, exactly.
fn times(number: &str, size: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || (number.contains('.') && fraction.is_empty()) || fraction.len() > 9 {
        return None;
    }
    let scale = 10u128.pow(u32::try_from(fraction.len()).ok()?);
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let product = digits.checked_mul(u128::from(size))?;
    if product % scale == 0 { u64::try_from(product / scale).ok() } else { None }
}

fn measured(text: &str, units: Units, bounds: &Range<i64>) -> Option<Json> {
    let value = i64::try_from(quantity(text, units)?).ok()?;
    bounds.admits(value).then(|| Json::from(text))
}

/// JSON as it arrives: leaves are texts, keys stand in order, none twice.
enum Tree {
    Leaf(String),
    List(Vec<Tree>),
    Record(Vec<(String, Tree)>),
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Tree;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    // Runs written by hand may hold numbers, truth values and null.
    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf(format!("{value:?}")))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(ABSENT.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(Strict)? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut fields: Vec<(String, Tree)> = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            if fields.iter().any(|(known, _)| *known == key) {
                return Err(serde::de::Error::custom(format!("the key `{key}` stands twice")));
            }
            fields.push((key, access.next_value_seed(Strict)?));
        }
        Ok(Tree::Record(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yes(_: &str, _: &str) -> bool {
        true
    }

    fn read_one(ty: &str, text: &str) -> Result<Json, String> {
        read(&ty.parse().unwrap(), &[text.to_owned()], &yes).map_err(|e| e.to_string())
    }

    #[test]
    fn scalars_are_checked() {
        assert_eq!(read_one("Int 1..=9", "7"), Ok(Json::from(7)));
        assert_eq!(read_one("Int 1..=9", "10"), Err("`10` is not of type Int 1..=9".into()));
        assert_eq!(read_one("Bool", "True"), Err("`True` is not of type Bool".into()));
        assert_eq!(read_one("Float", "NaN"), Ok(Json::from("NaN")));
        assert_eq!(read_one("Float 0..=1", "1e-3"), Ok(Json::from(0.001)));
        assert_eq!(read_one("Duration ..=600000", "10min"), Ok(Json::from("10min")));
        assert!(read_one("Duration ..=600000", "10m1s").is_err());
        assert_eq!(read_one("DnsLabel?", "\u{F0080}"), Ok(Json::Null));
        assert!(read_one("DnsLabel", "A").is_err());
        assert!(read_one("Path", "a/../b").is_err());
        assert_eq!(read_one("String", "\u{F0024}(params.x)"), Ok(Json::from("$(params.x)")));
    }

    #[test]
    fn composites_are_strict() {
        let repo = "{url: Url, revision: String}";
        assert!(read_one(repo, r#"{"url":"https://a","revision":"main"}"#).is_ok());
        assert_eq!(read_one(repo, r#"{"url":"https://a"}"#), Err("the field `revision` is missing".into()));
        assert_eq!(
            read_one(repo, r#"{"url":"https://a","revision":"main","x":1}"#),
            Err("there is no field `x`".into())
        );
        assert!(read_one("Map<Scalar>", r#"{"a":1,"a":2}"#).unwrap_err().contains("stands twice"));
        assert_eq!(
            read_one("List<Int> 1..=2", "[]"),
            Err("has 0 items, which its type does not allow".into())
        );
        assert_eq!(read_one("List<{a: Int}>", r#"[{"a":"x"}]"#), Err("0: a: `x` is not of type Int".into()));
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read_one("List<Scalar>", &deep).is_err());
    }

    #[test]
    fn a_case_is_an_object_of_one_key() {
        let shape = "enum{circle: {radius: Float 0..}, square: {}}";
        assert_eq!(read_one(shape, r#"{"square":{}}"#), Ok(serde_json::json!({"square": {}})));
        assert_eq!(
            read_one(shape, r#"{"circle":{"radius":1}}"#),
            Ok(serde_json::json!({"circle": {"radius": 1.0}}))
        );
        let wrong = |text: &str| read_one(shape, text).unwrap_err();
        assert_eq!(wrong(r#"{"circle":{"radius":-1}}"#), "circle: radius: `-1` is not of type Float 0..");
        assert_eq!(wrong(r#"{"round":{}}"#), "there is no case `round`");
        assert_eq!(wrong(r#"{"square":{},"circle":{"radius":1}}"#), "is not one case with its record");
        assert_eq!(wrong("{}"), "is not one case with its record");
        assert!(read_one(shape, "square").is_err() && read_one(shape, r#""square""#).is_err());
    }

    #[test]
    fn late_leaves_take_their_places() {
        let ty: WireType = "{a: Float, b: List<Int>}".parse().unwrap();
        let args = ["{\"a\":\"\u{F0081}\",\"b\":\"\u{F0082}\"}", "0.5", "[1,2]"].map(str::to_owned);
        assert_eq!(read(&ty, &args, &yes), Ok(serde_json::json!({"a": 0.5, "b": [1, 2]})));
        assert!(read(&ty, &args[..2], &yes).unwrap_err().to_string().contains("late part 1 is missing"));
        let ty: WireType = "List<String>".parse().unwrap();
        let extra = ["[\"x\"]", "y"].map(str::to_owned);
        assert_eq!(read(&ty, &extra, &yes).unwrap_err().message, "late part 0 stands nowhere");
    }

    #[test]
    fn quantities_are_exact() {
        assert_eq!(quantity("1h30min", DURATIONS), Some(5_400_000));
        assert_eq!(quantity("1h30m0s", DURATIONS), Some(5_400_000));
        assert_eq!(quantity("1m30.5s", DURATIONS), Some(90_500));
        assert_eq!(quantity("30", DURATIONS), None);
        assert_eq!(quantity("0.5", CPUS), Some(500));
        assert_eq!(quantity("500m", CPUS), Some(500));
        assert_eq!(quantity("0.0001", CPUS), None);
        assert_eq!(quantity("1.5Gi", BYTES), Some(1_610_612_736));
        assert_eq!(quantity("2Gi1Mi", BYTES), Some((2 << 30) + (1 << 20)));
        assert_eq!(quantity("99999999999P", BYTES), None);
        assert_eq!(quantity("", BYTES), None);
    }
}
