//! Literals: numbers and texts, read as the type that is expected.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::number::{Decimal, Number};

use super::body::Body;
use super::limits::shortened;
use crate::model::{Kind, Typed};
use crate::ty::Ty;
use crate::value::Value;

/// How a unit counts: its name, and how many base units it is.
type Units = &'static [(&'static str, u64)];

/// Milliseconds.
const DURATION: Units =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
/// Thousandths of a processor.
const CPU: Units = &[("m", 1)];
/// Bytes.
const MEMORY: Units = &[
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
];

impl Body<'_, '_> {
    /// A number token, read by the expected type.
    pub(super) fn number(&mut self, text: &str, span: Span, want: Option<&Ty>) -> Typed {
        let Ok(number) = fuse_syntax::number::parse(text) else {
            // The parser told about it.
            return Typed::error(span);
        };
        let want = want.map(bare);
        let made = match (&number, want) {
            (Number::Unit(units), Some(Ty::Duration(_))) => quantity(units, DURATION).map(Value::Duration),
            (Number::Unit(units), Some(Ty::Cpu(_))) => quantity(units, CPU).map(Value::Cpu),
            (Number::Unit(units), Some(Ty::Memory(_))) => quantity(units, MEMORY).map(Value::Memory),
            (Number::Int(i), Some(Ty::Cpu(_))) => {
                u64::try_from(*i).ok().and_then(|i| i.checked_mul(1000)).map(Value::Cpu)
            }
            (Number::Float(f), Some(Ty::Cpu(_))) => thousandths(*f).map(Value::Cpu),
            (Number::Int(_) | Number::Float(_), Some(Ty::Duration(_) | Ty::Memory(_)))
            | (Number::Unit(_), _) => None,
            (Number::Int(i), Some(Ty::Float(_))) => {
                #[allow(clippy::cast_precision_loss)]
                let float = *i as f64;
                Some(Value::Float(float))
            }
            (Number::Int(i), _) => Some(Value::Int(*i)),
            (Number::Float(f), _) => Some(Value::Float(*f)),
        };
        let Some(value) = made else { return self.wrong_unit(text, &number, span, want) };
        let ty = match (&value, want) {
            (Value::Int(_), Some(Ty::Count(_))) => Ty::Count(crate::ty::Bounds::default()),
            (value, _) => type_of(value),
        };
        Typed { kind: Kind::Value(value), ty, late: false, span }
    }

    fn wrong_unit(&mut self, text: &str, number: &Number, span: Span, want: Option<&Ty>) -> Typed {
        let (message, help) = match want {
            Some(Ty::Duration(_)) => (
                format!("`{text}` is no duration"),
                "write a unit: `ms`, `s`, `min`, `h` or `d`, as in `1h30min`",
            ),
            Some(Ty::Memory(_)) => (
                format!("`{text}` is no amount of memory"),
                "write a suffix: `Ki`, `Mi`, `Gi` or `k`, `M`, `G`",
            ),
            Some(Ty::Cpu(_)) => {
                (format!("`{text}` is no amount of processors"), "write `2`, `0.5` or thousandths as `500m`")
            }
            _ if matches!(number, Number::Unit(_)) => (
                format!("`{text}` has a unit, and nothing says what it measures"),
                "write a plain number here, or annotate the type: `Duration`, `Cpu` or `Memory`",
            ),
            _ => (format!("`{text}` does not fit here"), "write another number"),
        };
        let diagnostic = Diagnostic::new(&codes::types::UNIT, span, message).help(help);
        self.checker.report(diagnostic);
        Typed::error(span)
    }

    /// Checks a constant text as the type that it is used as; a malformed one is reported.
    pub(super) fn text_as(&mut self, text: &str, ty: &Ty, span: Span) -> bool {
        let (wrong, help) = match ty {
            Ty::Url => (url(text), "a Url is `scheme://host/path`, without blanks"),
            Ty::Path => (path(text), "a Path is relative, with `/` between names and without `..`"),
            Ty::Image => (image(text), "an Image is `registry/name:tag` or `name@sha256:…`, in lower case"),
            Ty::DnsLabel => (
                dns_label(text),
                "a DnsLabel has at most 63 letters `a-z`, digits and `-`, starts with a letter and ends with no `-`",
            ),
            _ => return true,
        };
        let Some(wrong) = wrong else { return true };
        let shown = self.checker.show(ty);
        let diagnostic = Diagnostic::new(
            &codes::types::MALFORMED,
            span,
            format!("`{}` is no {shown}: {wrong}", shortened(text)),
        )
        .help(help);
        self.checker.report(diagnostic);
        false
    }
}

/// The type without `?`.
pub(super) fn bare(ty: &Ty) -> &Ty {
    if let Ty::Optional(inner) = ty { inner } else { ty }
}

/// The type of a constant on its own.
pub(super) fn type_of(value: &Value) -> Ty {
    match value {
        Value::Bool(_) => Ty::Bool,
        Value::Int(_) => Ty::int(),
        Value::Float(_) => Ty::float(),
        Value::Str(_) => Ty::string(),
        Value::Duration(_) => Ty::Duration(crate::ty::Bounds::default()),
        Value::Cpu(_) => Ty::Cpu(crate::ty::Bounds::default()),
        Value::Memory(_) => Ty::Memory(crate::ty::Bounds::default()),
        Value::Range(..) => Ty::Range,
        Value::None | Value::Case(_) | Value::List(_) | Value::Record(_) | Value::Given(_) => Ty::Json,
    }
}

fn quantity(units: &[(Decimal, EcoString)], table: Units) -> Option<u64> {
    let mut total: u64 = 0;
    for (value, unit) in units {
        let (_, size) = table.iter().find(|(name, _)| name == unit)?;
        let scaled = u64::try_from(value.times(i128::from(*size))?).ok()?;
        total = total.checked_add(scaled)?;
    }
    Some(total)
}

fn thousandths(cpus: f64) -> Option<u64> {
    let milli = cpus * 1000.0;
    let whole = milli.round();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let exact = (0.0..=1e12).contains(&whole) && (milli - whole).abs() < 1e-6;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    exact.then_some(whole as u64)
}

/// Why a text is no Url.
fn url(text: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = text.split_once(':') else { return Some("it has no scheme") };
    let good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !good {
        return Some("its scheme is not one");
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("it has blanks");
    }
    if rest.trim_start_matches('/').is_empty() {
        return Some("nothing follows the scheme");
    }
    None
}

/// Why a text is no relative path.
fn path(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("it is empty")
    } else if text.starts_with('/') {
        Some("it is absolute")
    } else if text.split('/').any(|part| part == "..") {
        Some("it leaves its folder")
    } else if text.chars().any(char::is_control) {
        Some("it has control characters")
    } else {
        None
    }
}

/// Why a text is no image reference (the grammar of the distribution project: `[host[:port]/]name[:tag][@digest]`).
fn image(text: &str) -> Option<&'static str> {
    let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
    if let Some(digest) = digest {
        let hex = digest.strip_prefix("sha256:").unwrap_or_default();
        if hex.len() != 64 || !hex.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase()) {
            return Some("its digest is not `sha256:` and 64 hexadecimal digits");
        }
    }
    let (name, tag) = match name.rsplit_once(':') {
        Some((head, tag)) if !tag.contains('/') => (head, Some(tag)),
        _ => (name, None),
    };
    if let Some(tag) = tag {
        let start = tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if !start || tag.len() > 128 || !tag.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)) {
            return Some("its tag is malformed");
        }
    }
    if name.is_empty() || name.len() > 255 {
        return Some("its name is empty or too long");
    }
    let mut parts = name.split('/').peekable();
    if let Some(first) = parts.peek()
        && name.contains('/')
        && (first.contains('.') || first.contains(':') || *first == "localhost")
    {
        let host_ok = first.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c));
        if !host_ok {
            return Some("its registry is malformed");
        }
        parts.next();
    }
    let component = |part: &str| {
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(ends)
            && part.ends_with(ends)
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
    };
    if parts.all(component) { None } else { Some("its name is malformed") }
}

/// Why a text is no RFC 1035 label: the strictest of the rules that object names meet (some controllers refuse a
/// leading digit).
fn dns_label(text: &str) -> Option<&'static str> {
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if text.len() > 63 {
        Some("it is longer than 63 bytes")
    } else if !text.starts_with(|c: char| c.is_ascii_lowercase()) || !text.ends_with(ends) {
        Some("it does not start with a lower-case letter or end with one or a digit")
    } else if !text.chars().all(|c| ends(c) || c == '-') {
        Some("it has other characters")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_constant_texts() {
        for good in
            ["alpine", "alpine/git:v2.49.1", "ghcr.io/mlflow/mlflow:v3.17.2-full", "localhost:5000/a__b/c"]
        {
            assert_eq!(image(good), None, "{good}");
        }
        for bad in ["", "Alpine", "a//b", "a:", "a@sha256:12", "a b", "-a"] {
            assert!(image(bad).is_some(), "{bad}");
        }
        assert_eq!(url("s3://wine/latest.csv"), None);
        assert!(url("wine").is_some() && url("s3://").is_some() && url("http://a b").is_some());
        assert_eq!(path("data/wine.csv"), None);
        assert!(path("/etc").is_some() && path("a/../b").is_some());
        assert_eq!(dns_label("wine-quality"), None);
        assert!(
            dns_label("-a").is_some()
                && dns_label("A").is_some()
                && dns_label("1a").is_some()
                && dns_label(&"a".repeat(64)).is_some()
        );
    }
}
