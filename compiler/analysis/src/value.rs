//! Constants: what is known when the manifests are built.

use std::fmt;
use std::sync::Arc;

use ecow::EcoString;
use indexmap::IndexMap;

/// A constant value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// The absent optional.
    None,
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// An IEEE 754 double; never NaN or infinite in a constant.
    Float(f64),
    /// A String, Url, Path, Image or DnsLabel.
    Str(EcoString),
    /// A case of an enum, by its name.
    Case(EcoString),
    /// A duration in milliseconds.
    Duration(u64),
    /// Processors, in thousandths.
    Cpu(u64),
    /// Bytes.
    Memory(u64),
    /// `low..=high` or `low..`
    Range(i64, Option<i64>),
    /// A list.
    List(Vec<Value>),
    /// A record or a map, keys in declared order.
    Record(IndexMap<EcoString, Value>),
    /// An artifact that exists before the pipeline runs.
    Given(Given),
}

/// An artifact that no step makes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Given {
    /// `dataset("s3://bucket/x")`: it lies at a uri.
    Uri(EcoString),
    /// `file("movies.csv")`: the manifests carry it.
    File {
        /// Its path in the package.
        path: EcoString,
        /// Its content.
        text: Arc<str>,
    },
}

impl Value {
    /// The text of a scalar as scripts, names and strings see it; `None` for composites.
    #[must_use]
    pub fn text(&self) -> Option<EcoString> {
        Some(match self {
            Self::Bool(b) => EcoString::from(if *b { "true" } else { "false" }),
            Self::Int(i) => ecow::eco_format!("{i}"),
            Self::Float(f) => ecow::eco_format!("{f:?}"),
            Self::Str(s) | Self::Case(s) => s.clone(),
            Self::Duration(ms) => duration_text(*ms),
            Self::Cpu(milli) => cpu_text(*milli),
            Self::Memory(bytes) => memory_text(*bytes),
            Self::None | Self::Range(..) | Self::List(_) | Self::Record(_) | Self::Given(_) => return None,
        })
    }

    /// The value as JSON, for manifests and composites: quantities and durations as their text, absent as null.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        use serde_json::Value as J;
        match self {
            Self::None => J::Null,
            Self::Bool(b) => J::Bool(*b),
            Self::Int(i) => J::from(*i),
            Self::Float(f) => J::from(*f),
            Self::Range(low, high) => {
                let mut map = serde_json::Map::new();
                map.insert("min".into(), J::from(*low));
                if let Some(high) = high {
                    map.insert("max".into(), J::from(*high));
                }
                J::Object(map)
            }
            Self::List(items) => J::Array(items.iter().map(Self::json).collect()),
            Self::Record(fields) => {
                J::Object(fields.iter().map(|(key, value)| (key.to_string(), value.json())).collect())
            }
            Self::Given(Given::Uri(text) | Given::File { path: text, .. }) => J::String(text.to_string()),
            Self::Str(_) | Self::Case(_) | Self::Duration(_) | Self::Cpu(_) | Self::Memory(_) => {
                J::String(self.text().unwrap_or_default().to_string())
            }
        }
    }
}

/// `1h30m0s`, the way Go prints durations (Kubernetes and Tekton read and print it so).
#[must_use]
pub fn duration_text(milliseconds: u64) -> EcoString {
    let (seconds, ms) = (milliseconds / 1000, milliseconds % 1000);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = if ms == 0 { String::new() } else { format!(".{ms:03}").trim_end_matches('0').to_owned() };
    if hours > 0 {
        ecow::eco_format!("{hours}h{minutes}m{rest}{fraction}s")
    } else if minutes > 0 {
        ecow::eco_format!("{minutes}m{rest}{fraction}s")
    } else if rest > 0 || ms == 0 {
        ecow::eco_format!("{rest}{fraction}s")
    } else {
        ecow::eco_format!("{ms}ms")
    }
}

/// `500m`, `2`: the canonical quantity of Kubernetes for processors given in thousandths.
#[must_use]
pub fn cpu_text(milli: u64) -> EcoString {
    if milli.is_multiple_of(1000) {
        ecow::eco_format!("{}", milli / 1000)
    } else {
        ecow::eco_format!("{milli}m")
    }
}

/// `2Gi`, `1500M`: the shortest exact quantity of Kubernetes for a number of bytes.
#[must_use]
pub fn memory_text(bytes: u64) -> EcoString {
    const UNITS: [(&str, u64); 10] = [
        ("Pi", 1 << 50),
        ("P", 1_000_000_000_000_000),
        ("Ti", 1 << 40),
        ("T", 1_000_000_000_000),
        ("Gi", 1 << 30),
        ("G", 1_000_000_000),
        ("Mi", 1 << 20),
        ("M", 1_000_000),
        ("Ki", 1 << 10),
        ("k", 1_000),
    ];
    let fits = |(_, size): &&(&str, u64)| bytes >= *size && bytes.is_multiple_of(*size);
    UNITS.iter().find(fits).map_or_else(
        || ecow::eco_format!("{bytes}"),
        |(unit, size)| ecow::eco_format!("{}{unit}", bytes / size),
    )
}

impl fmt::Display for Value {
    /// As a user would write it in a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Str(s) => write!(f, "{s:?}"),
            Self::Given(Given::Uri(uri)) => write!(f, "{uri:?}"),
            Self::Given(Given::File { path, .. }) => write!(f, "file({path:?})"),
            Self::Range(low, None) => write!(f, "{low}.."),
            Self::Range(low, Some(high)) => write!(f, "{low}..={high}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Self::Record(fields) => {
                f.write_str("{ ")?;
                for (at, (key, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{key}: {value}")?;
                }
                f.write_str(" }")
            }
            Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Case(_)
            | Self::Duration(_)
            | Self::Cpu(_)
            | Self::Memory(_) => f.write_str(&self.text().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_print_as_kubernetes_writes_them() {
        assert_eq!(duration_text(5_400_000), "1h30m0s");
        assert_eq!(duration_text(90_500), "1m30.5s");
        assert_eq!(duration_text(250), "250ms");
        assert_eq!(duration_text(0), "0s");
        assert_eq!(cpu_text(500), "500m");
        assert_eq!(cpu_text(2000), "2");
        assert_eq!(memory_text(2 << 30), "2Gi");
        assert_eq!(memory_text(1_500_000_000), "1500M");
        assert_eq!(memory_text(1536 << 20), "1536Mi");
        assert_eq!(memory_text(7), "7");
    }
}
