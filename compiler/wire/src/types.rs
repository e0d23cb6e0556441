//! Types as text in contracts: `Int 1..=9`, `Map<Scalar>`, `{url: Url, revision: String}`, `enum(heads, tails)?`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How deep types nest at most, when read.
const MAX_DEPTH: usize = 32;

/// Inclusive bounds; `None` is open.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Range<T> {
    /// The least value.
    pub low: Option<T>,
    /// The greatest value.
    pub high: Option<T>,
}

impl<T> Default for Range<T> {
    fn default() -> Self {
        Self { low: None, high: None }
    }
}

impl<T: PartialOrd + Copy> Range<T> {
    /// Whether a value lies within.
    pub fn admits(&self, value: T) -> bool {
        self.low.is_none_or(|low| low <= value) && self.high.is_none_or(|high| value <= high)
    }

    const fn is_open(&self) -> bool {
        self.low.is_none() && self.high.is_none()
    }
}

/// The type of a value that crosses the cluster.
#[derive(Clone, PartialEq, Debug)]
pub enum WireType {
    /// `Bool`
    Bool,
    /// `Int`
    Int(Range<i64>),
    /// `Float`
    Float(Range<f64>),
    /// `String`, bounds in bytes; the pattern is RE2 and matches the whole text.
    Text(Range<i64>, Option<String>),
    /// `Duration`, bounds in milliseconds.
    Duration(Range<i64>),
    /// `Cpu`, bounds in thousandths.
    Cpu(Range<i64>),
    /// `Memory`, bounds in bytes.
    Memory(Range<i64>),
    /// `Count`
    Count(Range<i64>),
    /// `Url`
    Url,
    /// `Path`
    Path,
    /// `Image`
    Image,
    /// `DnsLabel`
    DnsLabel,
    /// `Scalar`
    Scalar,
    /// `enum(a, b)`
    Enum(Vec<String>),
    /// `List<T>`, bounds on its length.
    List(Box<WireType>, Range<i64>),
    /// `Map<T>`
    Map(Box<WireType>),
    /// `{a: T, b: U}`
    Record(Vec<(String, WireType)>),
    /// `enum{a: {x: T}, b: {}}`: a record of one field, one of these.
    Union(Vec<(String, WireType)>),
    /// `T?`
    Optional(Box<WireType>),
    /// `files(Model)`: an artifact in the store of the run.
    Files(String),
    /// `uri(s3, gs)`: a reference; without schemes any.
    Uri(Vec<String>),
}

impl WireType {
    /// `Float` without bounds.
    #[must_use]
    pub const fn float() -> Self {
        Self::Float(Range { low: None, high: None })
    }

    /// `Int` without bounds.
    #[must_use]
    pub const fn int() -> Self {
        Self::Int(Range { low: None, high: None })
    }

    /// `String` without refinement.
    #[must_use]
    pub const fn string() -> Self {
        Self::Text(Range { low: None, high: None }, None)
    }
}

/// Bytes of a String, Url, Path or Image without a bound.
const TEXT: u64 = 256;
/// Bytes of a number.
const NUMBER: u64 = 25;
/// Entries of a list without a bound.
const ITEMS: u64 = 256;
/// Bytes of a map: its keys are known only from a value.
const MAP: u64 = 1024;

impl WireType {
    /// The largest number of bytes that a value's text may take: what the budget of results counts with, and what a
    /// producer may write. A text without a bound has 256.
    #[must_use]
    pub fn max_bytes(&self) -> u64 {
        let high = |bounds: &Range<i64>, otherwise: u64| {
            bounds.high.map_or(otherwise, |high| u64::try_from(high).unwrap_or(0))
        };
        match self {
            Self::Bool => 5,
            Self::Int(_) | Self::Float(_) | Self::Duration(_) => NUMBER,
            Self::Cpu(_) | Self::Memory(_) | Self::Count(_) => NUMBER,
            Self::Text(bytes, _) => high(bytes, TEXT),
            Self::DnsLabel => 63,
            Self::Enum(cases) => cases.iter().map(|case| case.len() as u64).max().unwrap_or(0),
            Self::List(item, bounds) => {
                high(bounds, ITEMS).saturating_mul(item.max_bytes().saturating_add(3)).saturating_add(2)
            }
            Self::Map(_) => MAP,
            Self::Record(fields) => fields.iter().fold(2, |sum: u64, (name, ty)| {
                sum.saturating_add(name.len() as u64).saturating_add(ty.max_bytes()).saturating_add(6)
            }),
            Self::Union(cases) => {
                let most = |(name, ty): &(String, Self)| ty.max_bytes().saturating_add(name.len() as u64 + 8);
                cases.iter().map(most).max().unwrap_or(2)
            }
            Self::Optional(inner) => inner.max_bytes().max(4),
            Self::Files(_) | Self::Uri(_) => crate::reference::MAX_BYTES as u64,
            Self::Url | Self::Path | Self::Image | Self::Scalar => TEXT,
        }
    }
}

fn range<T: PartialEq + fmt::Display>(f: &mut fmt::Formatter<'_>, range: &Range<T>) -> fmt::Result {
    match (&range.low, &range.high) {
        (None, None) => Ok(()),
        (Some(low), None) => write!(f, " {low}.."),
        (None, Some(high)) => write!(f, " ..={high}"),
        (Some(low), Some(high)) => write!(f, " {low}..={high}"),
    }
}

/// A name, or a JSON string where it is none.
fn word(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if is_word(text) { f.write_str(text) } else { f.write_str(&quoted(text)) }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_word_char)
}

const fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+')
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl fmt::Display for WireType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranged = |f: &mut fmt::Formatter<'_>, name: &str, bounds: &Range<i64>| {
            f.write_str(name)?;
            range(f, bounds)
        };
        match self {
            Self::Bool => f.write_str("Bool"),
            Self::Int(bounds) => ranged(f, "Int", bounds),
            Self::Float(bounds) => {
                f.write_str("Float")?;
                range(f, bounds)
            }
            Self::Text(bytes, pattern) => {
                ranged(f, "String", bytes)?;
                pattern.as_ref().map_or(Ok(()), |pattern| write!(f, " matches {}", quoted(pattern)))
            }
            Self::Duration(bounds) => ranged(f, "Duration", bounds),
            Self::Cpu(bounds) => ranged(f, "Cpu", bounds),
            Self::Memory(bounds) => ranged(f, "Memory", bounds),
            Self::Count(bounds) => ranged(f, "Count", bounds),
            Self::Url => f.write_str("Url"),
            Self::Path => f.write_str("Path"),
            Self::Image => f.write_str("Image"),
            Self::DnsLabel => f.write_str("DnsLabel"),
            Self::Scalar => f.write_str("Scalar"),
            Self::Enum(cases) => words(f, "enum", cases),
            Self::List(item, bounds) => {
                write!(f, "List<{item}>")?;
                range(f, bounds)
            }
            Self::Map(item) => write!(f, "Map<{item}>"),
            Self::Record(fields) => record(f, fields),
            Self::Union(cases) => {
                f.write_str("enum")?;
                record(f, cases)
            }
            Self::Optional(inner) if inner.is_bounded() => write!(f, "({inner})?"),
            Self::Optional(inner) => write!(f, "{inner}?"),
            Self::Files(artifact) => {
                f.write_str("files(")?;
                word(f, artifact)?;
                f.write_str(")")
            }
            Self::Uri(schemes) => words(f, "uri", schemes),
        }
    }
}

fn words(f: &mut fmt::Formatter<'_>, head: &str, all: &[String]) -> fmt::Result {
    write!(f, "{head}(")?;
    for (at, one) in all.iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        word(f, one)?;
    }
    f.write_str(")")
}

fn record(f: &mut fmt::Formatter<'_>, fields: &[(String, WireType)]) -> fmt::Result {
    f.write_str("{")?;
    for (at, (name, ty)) in fields.iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        word(f, name)?;
        write!(f, ": {ty}")?;
    }
    f.write_str("}")
}

impl WireType {
    /// Whether bounds or a pattern follow the name, so that `?` needs parentheses.
    const fn is_bounded(&self) -> bool {
        match self {
            Self::Int(bounds)
            | Self::Duration(bounds)
            | Self::Cpu(bounds)
            | Self::Memory(bounds)
            | Self::Count(bounds)
            | Self::List(_, bounds) => !bounds.is_open(),
            Self::Float(bounds) => !bounds.is_open(),
            Self::Text(bytes, pattern) => !bytes.is_open() || pattern.is_some(),
            Self::Bool
            | Self::Url
            | Self::Path
            | Self::Image
            | Self::DnsLabel
            | Self::Scalar
            | Self::Enum(_)
            | Self::Map(_)
            | Self::Record(_)
            | Self::Union(_)
            | Self::Optional(_)
            | Self::Files(_)
            | Self::Uri(_) => false,
        }
    }
}

/// A text that is no type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeError {
    /// Where reading stopped, in bytes.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at byte {}", self.expected, self.at)
    }
}

impl std::error::Error for TypeError {}

impl FromStr for WireType {
    type Err = TypeError;

    fn from_str(text: &str) -> Result<Self, TypeError> {
        let mut reader = Reader { text, at: 0 };
        let ty = reader.ty(0)?;
        reader.space();
        if reader.at == text.len() { Ok(ty) } else { Err(reader.expected("the end")) }
    }
}

impl Serialize for WireType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WireType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    const fn expected(&self, expected: &'static str) -> TypeError {
        TypeError { at: self.at, expected }
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(' ').len();
    }

    fn take(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn need(&mut self, token: &'static str) -> Result<(), TypeError> {
        if self.take(token) { Ok(()) } else { Err(self.expected(token)) }
    }

    fn word(&mut self) -> Result<String, TypeError> {
        self.space();
        let rest = self.rest();
        if rest.starts_with('"') {
            return self.quoted();
        }
        let end = rest.find(|c| !is_word_char(c)).unwrap_or(rest.len());
        match rest.get(..end) {
            Some(word) if !word.is_empty() => {
                self.at += end;
                Ok(word.to_owned())
            }
            _ => Err(self.expected("a name")),
        }
    }

    fn quoted(&mut self) -> Result<String, TypeError> {
        self.space();
        let mut stream = serde_json::Deserializer::from_str(self.rest()).into_iter::<String>();
        match stream.next() {
            Some(Ok(text)) => {
                self.at += stream.byte_offset();
                Ok(text)
            }
            _ => Err(self.expected("a quoted text")),
        }
    }

    fn ty(&mut self, depth: usize) -> Result<WireType, TypeError> {
        if depth > MAX_DEPTH {
            return Err(self.expected("a type that nests less deeply"));
        }
        let base = if self.take("(") {
            let inner = self.ty(depth + 1)?;
            self.need(")")?;
            inner
        } else if self.take("{") {
            WireType::Record(self.record(depth)?)
        } else {
            self.named(depth)?
        };
        if self.take("?") { Ok(WireType::Optional(Box::new(base))) } else { Ok(base) }
    }

    fn record(&mut self, depth: usize) -> Result<Vec<(String, WireType)>, TypeError> {
        let mut fields = Vec::new();
        while !self.take("}") {
            if !fields.is_empty() {
                self.need(",")?;
            }
            let name = self.word()?;
            self.need(":")?;
            fields.push((name, self.ty(depth + 1)?));
        }
        Ok(fields)
    }

    fn named(&mut self, depth: usize) -> Result<WireType, TypeError> {
        let start = self.at;
        Ok(match self.word()?.as_str() {
            "Bool" => WireType::Bool,
            "Int" => WireType::Int(self.range()?),
            "Float" => WireType::Float(self.range()?),
            "String" => {
                let bytes = self.range()?;
                let pattern = if self.take("matches ") { Some(self.quoted()?) } else { None };
                WireType::Text(bytes, pattern)
            }
            "Duration" => WireType::Duration(self.range()?),
            "Cpu" => WireType::Cpu(self.range()?),
            "Memory" => WireType::Memory(self.range()?),
            "Count" => WireType::Count(self.range()?),
            "Url" => WireType::Url,
            "Path" => WireType::Path,
            "Image" => WireType::Image,
            "DnsLabel" => WireType::DnsLabel,
            "Scalar" => WireType::Scalar,
            "enum" if self.take("{") => WireType::Union(self.record(depth)?),
            "enum" => WireType::Enum(self.words()?),
            "uri" => WireType::Uri(self.words()?),
            "files" => {
                self.need("(")?;
                let artifact = self.word()?;
                self.need(")")?;
                WireType::Files(artifact)
            }
            "List" => {
                let item = self.argument(depth)?;
                WireType::List(item, self.range()?)
            }
            "Map" => WireType::Map(self.argument(depth)?),
            _ => return Err(TypeError { at: start, expected: "the name of a type" }),
        })
    }

    fn argument(&mut self, depth: usize) -> Result<Box<WireType>, TypeError> {
        self.need("<")?;
        let item = self.ty(depth + 1)?;
        self.need(">")?;
        Ok(Box::new(item))
    }

    fn words(&mut self) -> Result<Vec<String>, TypeError> {
        self.need("(")?;
        let mut all = Vec::new();
        while !self.take(")") {
            if !all.is_empty() {
                self.need(",")?;
            }
            all.push(self.word()?);
        }
        Ok(all)
    }

    fn range<T: FromStr>(&mut self) -> Result<Range<T>, TypeError> {
        self.space();
        if self.take("..=") {
            return Ok(Range { low: None, high: Some(self.number()?) });
        }
        if !self.rest().starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            return Ok(Range::default());
        }
        let low = Some(self.number()?);
        if self.take("..=") {
            return Ok(Range { low, high: Some(self.number()?) });
        }
        self.need("..")?;
        Ok(Range { low, high: None })
    }

    fn number<T: FromStr>(&mut self) -> Result<T, TypeError> {
        let rest = self.rest();
        let end = rest.find("..").unwrap_or(rest.len());
        let head = rest.get(..end).unwrap_or("");
        let end =
            head.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'))).unwrap_or(end);
        let number =
            head.get(..end).and_then(|text| text.parse().ok()).ok_or_else(|| self.expected("a number"))?;
        self.at += end;
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn types() -> impl Strategy<Value = WireType> {
        let ints =
            || (any::<Option<i64>>(), any::<Option<i64>>()).prop_map(|(low, high)| Range { low, high });
        let finite = || proptest::option::of(any::<f64>().prop_filter("finite", |f| f.is_finite()));
        let leaf = prop_oneof![
            Just(WireType::Bool),
            ints().prop_map(WireType::Int),
            (finite(), finite()).prop_map(|(low, high)| WireType::Float(Range { low, high })),
            (ints(), any::<Option<String>>()).prop_map(|(bytes, pattern)| WireType::Text(bytes, pattern)),
            ints().prop_map(WireType::Duration),
            Just(WireType::Url),
            Just(WireType::DnsLabel),
            proptest::collection::vec(any::<String>(), 0..3).prop_map(WireType::Enum),
            proptest::collection::vec("[a-z0-9+-]{1,9}", 0..3).prop_map(WireType::Uri),
            any::<String>().prop_map(WireType::Files),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                (inner.clone(), ints()).prop_map(|(item, bounds)| WireType::List(Box::new(item), bounds)),
                inner.clone().prop_map(|item| WireType::Map(Box::new(item))),
                proptest::collection::vec((any::<String>(), inner.clone()), 0..4).prop_map(WireType::Record),
                proptest::collection::vec((any::<String>(), inner.clone()), 0..3).prop_map(WireType::Union),
                inner
                    .prop_filter("flat", |inner| !matches!(inner, WireType::Optional(_)))
                    .prop_map(|inner| WireType::Optional(Box::new(inner))),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_type_is_read_back_from_its_text(ty in types()) {
            prop_assert_eq!(ty.to_string().parse::<WireType>(), Ok(ty));
        }

        #[test]
        fn any_text_gets_an_answer(text in ".{0,80}") {
            let _ = text.parse::<WireType>();
        }
    }

    #[test]
    fn types_read_as_in_the_language() {
        for text in [
            "Int 1..",
            "String ..=32",
            "Map<Scalar>",
            "(Int 1..=9)?",
            "{url: Url, revision: String}",
            "List<enum(heads, tails)> 1..=3",
            "enum{grid: {trials: Int}, none: {}}?",
            "String 1..=5 matches \"^[a-z]+$\"",
            "uri(s3, mlflow-artifacts)",
        ] {
            assert_eq!(text.parse::<WireType>().unwrap().to_string(), text);
        }
        assert_eq!("Flaot".parse::<WireType>(), Err(TypeError { at: 0, expected: "the name of a type" }));
        assert!(format!("{}Int{}", "List<".repeat(10_000), ">".repeat(10_000)).parse::<WireType>().is_err());
    }
}
