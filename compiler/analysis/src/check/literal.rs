//! Literals: numbers and texts, read as the type that is expected.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::number::{Decimal, Number};
use fuse_wire::formats;

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
            Ty::Url => (formats::url(text), "a Url is `scheme://host/path`, without blanks"),
            Ty::Path => (formats::path(text), "a Path is relative, with `/` between names and without `..`"),
            Ty::Image => {
                (formats::image(text), "an Image is `registry/name:tag` or `name@sha256:…`, in lower case")
            }
            Ty::DnsLabel => (
                formats::dns_label(text),
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
