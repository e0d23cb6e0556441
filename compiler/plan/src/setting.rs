//! Values of `fuse.toml` as constants of a type.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a setting fits a few types; all others are reported in one arm"
)]

use ecow::{EcoString, eco_format};
use fuse_analysis::project::{Setting, Spanned};
use fuse_analysis::ty::{Bounds, RecordTy, Ty};
use fuse_analysis::value::{Value, cpu_text, duration_text, memory_text};
use fuse_base::{Diagnostic, Span, closest, codes};
use fuse_wire::formats;
use fuse_wire::read::{BYTES, CPUS, DURATIONS, quantity};
use indexmap::IndexMap;

use crate::cx::Cx;
use crate::types;

/// The constant, or a report of why there is none.
pub(crate) fn value(
    cx: &Cx<'_>,
    setting: &Spanned<Setting>,
    ty: &Ty,
    what: &str,
    declared: Span,
) -> Option<Value> {
    match read(cx, setting, ty) {
        Ok(value) => Some(value),
        Err(wrong) => {
            let message = format!("{what} is {}, and this is {}", cx.package.show(ty, &[]), wrong.found);
            let diagnostic = Diagnostic::new(&codes::target::SETTING_TYPE, wrong.span, message)
                .label(declared, "declared here")
                .help(wrong.help);
            cx.report(diagnostic);
            None
        }
    }
}

struct Wrong {
    span: Span,
    found: String,
    help: String,
}

fn show(setting: &Setting) -> String {
    match setting {
        Setting::String(text) => format!("the text {text:?}"),
        Setting::Int(number) => format!("the number {number}"),
        Setting::Float(number) => format!("the number {number:?}"),
        Setting::Bool(value) => format!("`{value}`"),
        Setting::List(_) => "a list".to_owned(),
        Setting::Table(_) => "a table".to_owned(),
    }
}

fn example(ty: &Ty) -> &'static str {
    match ty {
        Ty::Bool => "write `true` or `false`",
        Ty::Int(_) | Ty::Count(_) => "write a whole number without quotes",
        Ty::Float(_) => "write a number without quotes",
        Ty::Duration(_) => "write a text such as \"30min\"",
        Ty::Cpu(_) => "write a text such as \"500m\", or a whole number of processors",
        Ty::Memory(_) => "write a text such as \"2Gi\"",
        Ty::List(..) => "write a list: `[…]`",
        Ty::Map(_) | Ty::Record(_) => "write a table: `{ … }`",
        Ty::Tagged(_) => "write a table with one case: `{ case = { … } }`",
        Ty::Range => "write a text such as \"1..=3\"",
        Ty::DnsLabel => "write lower-case letters, digits and `-`, at most 63",
        _ => "write a text in quotes",
    }
}

/// A value of another kind.
fn wrong(setting: &Spanned<Setting>, ty: &Ty) -> Wrong {
    Wrong { span: setting.span, found: show(&setting.value), help: example(ty).to_owned() }
}

/// A value of the right kind that the type does not admit.
fn out(span: Span, found: String) -> Wrong {
    Wrong { span, found, help: "write a value that the type admits".to_owned() }
}

fn read(cx: &Cx<'_>, setting: &Spanned<Setting>, ty: &Ty) -> Result<Value, Wrong> {
    let wrong = || wrong(setting, ty);
    let out = |text: String| out(setting.span, text);
    let whole = |n: i64, bounds: &Bounds<i64>| {
        if bounds.admits(n) { Ok(Value::Int(n)) } else { Err(out(format!("the number {n}"))) }
    };
    match (&setting.value, ty) {
        (_, Ty::Optional(inner)) => read(cx, setting, inner),
        (Setting::Bool(value), Ty::Bool | Ty::Scalar) => Ok(Value::Bool(*value)),
        (Setting::Int(n), Ty::Int(bounds) | Ty::Count(bounds)) => whole(*n, bounds),
        (Setting::Int(n), Ty::Scalar) => Ok(Value::Int(*n)),
        #[allow(clippy::cast_precision_loss, reason = "TOML writes floats without a point as whole numbers")]
        (Setting::Int(n), Ty::Float(bounds)) if bounds.admits(*n as f64) => Ok(Value::Float(*n as f64)),
        (Setting::Float(f), Ty::Float(bounds)) if bounds.admits(*f) && f.is_finite() => Ok(Value::Float(*f)),
        (Setting::Float(f), Ty::Scalar) if f.is_finite() => Ok(Value::Float(*f)),
        (Setting::Int(n), Ty::Cpu(bounds)) => {
            match u64::try_from(*n).ok().and_then(|n| n.checked_mul(1000)) {
                Some(milli) if bounds.admits(milli) => Ok(Value::Cpu(milli)),
                _ => Err(wrong()),
            }
        }
        (Setting::String(text), _) => read_text(cx, text, setting, ty),
        (Setting::List(items), Ty::List(item, bounds)) => {
            if !bounds.admits(i64::try_from(items.len()).unwrap_or(i64::MAX)) {
                return Err(out(format!("a list of {}", items.len())));
            }
            items.iter().map(|one| read(cx, one, item)).collect::<Result<_, _>>().map(Value::List)
        }
        (Setting::Table(entries), Ty::Map(item)) => entries
            .iter()
            .map(|(key, one)| Ok((key.clone(), read(cx, one, item)?)))
            .collect::<Result<IndexMap<_, _>, _>>()
            .map(Value::Record),
        (Setting::Table(entries), Ty::Tagged(_)) => read_case(cx, entries, ty, setting),
        (Setting::Table(entries), Ty::Record(record)) => read_record(cx, entries, record, setting.span),
        _ => Err(wrong()),
    }
}

/// A value that stands as a text.
fn read_text(cx: &Cx<'_>, text: &EcoString, setting: &Spanned<Setting>, ty: &Ty) -> Result<Value, Wrong> {
    let wrong = || wrong(setting, ty);
    let out = |text: EcoString| out(setting.span, text.to_string());
    let form = match ty {
        Ty::Url => Some(formats::url(text)),
        Ty::Path => Some(formats::path(text)),
        Ty::Image => Some(formats::image(text)),
        Ty::DnsLabel => Some(formats::dns_label(text)),
        _ => None,
    };
    if let Some(form) = form {
        return match form {
            None => Ok(Value::Str(text.clone())),
            Some(reason) => {
                let help = format!("{reason}: write another text");
                Err(Wrong { span: setting.span, found: show(&setting.value), help })
            }
        };
    }
    match ty {
        Ty::Duration(bounds) => match quantity(text, DURATIONS) {
            Some(ms) if bounds.admits(ms) => Ok(Value::Duration(ms)),
            Some(ms) => Err(out(duration_text(ms))),
            None => Err(wrong()),
        },
        Ty::Cpu(bounds) => match quantity(text, CPUS) {
            Some(milli) if bounds.admits(milli) => Ok(Value::Cpu(milli)),
            Some(milli) => Err(out(cpu_text(milli))),
            None => Err(wrong()),
        },
        Ty::Memory(bounds) => match quantity(text, BYTES) {
            Some(bytes) if bounds.admits(bytes) => Ok(Value::Memory(bytes)),
            Some(bytes) => Err(out(memory_text(bytes))),
            None => Err(wrong()),
        },
        Ty::Enum(_) => case(cx, text, ty, setting.span),
        Ty::Range => range(text).ok_or_else(wrong),
        Ty::String(refined) => {
            let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
            let fits = refined.bytes.admits(length) && refined.matches(text);
            if fits { Ok(Value::Str(text.clone())) } else { Err(out(show(&setting.value).into())) }
        }
        Ty::Scalar => Ok(Value::Str(text.clone())),
        _ => Err(wrong()),
    }
}

/// A table with one key, the case, over the table of its record.
fn read_case(
    cx: &Cx<'_>,
    entries: &IndexMap<EcoString, Spanned<Setting>>,
    ty: &Ty,
    setting: &Spanned<Setting>,
) -> Result<Value, Wrong> {
    let Some((key, inner)) = entries.first().filter(|_| entries.len() == 1) else {
        return Err(wrong(setting, ty));
    };
    let Some((case, record)) = types::variants(cx.package, ty).find(|(case, _)| *case == key) else {
        let names = types::variants(cx.package, ty).map(|(case, _)| case.as_str());
        let help = fuse_base::did_you_mean(key, names).unwrap_or_default();
        return Err(Wrong { span: inner.span, found: format!("a case `{key}`"), help });
    };
    let value = read(cx, inner, &Ty::Record(record))?;
    Ok(Value::Record(IndexMap::from_iter([(case.clone(), value)])))
}

/// A table with the fields of a record.
fn read_record(
    cx: &Cx<'_>,
    entries: &IndexMap<EcoString, Spanned<Setting>>,
    record: &RecordTy,
    span: Span,
) -> Result<Value, Wrong> {
    let known: Vec<&str> = record.fields.iter().map(|field| field.name.as_str()).collect();
    if let Some((key, one)) = entries.iter().find(|(key, _)| !known.contains(&key.as_str())) {
        let help = fuse_base::did_you_mean(key, known).unwrap_or_default();
        return Err(Wrong { span: one.span, found: format!("a field `{key}`"), help });
    }
    let mut fields = IndexMap::new();
    for field in &record.fields {
        let value = match entries.get(&field.name) {
            Some(one) => read(cx, one, &field.ty)?,
            None if matches!(field.ty, Ty::Optional(_)) => Value::None,
            None => {
                let help = format!("add `{} = …`", field.name);
                return Err(Wrong { span, found: "a table without it".to_owned(), help });
            }
        };
        fields.insert(field.name.clone(), value);
    }
    Ok(Value::Record(fields))
}

fn case(cx: &Cx<'_>, text: &EcoString, ty: &Ty, span: Span) -> Result<Value, Wrong> {
    let cases = types::cases(cx.package, ty);
    if cases.contains(text) {
        return Ok(Value::Case(text.clone()));
    }
    let names: Vec<&str> = cases.iter().map(EcoString::as_str).collect();
    let help = closest(text, names.iter().copied()).map_or_else(
        || format!("write one of \"{}\"", names.join("\", \"")),
        |name| format!("did you mean \"{name}\"?"),
    );
    Err(Wrong { span, found: format!("the text {text:?}"), help })
}

/// `1..=3`, `0..`
fn range(text: &str) -> Option<Value> {
    let (low, high) = text.split_once("..")?;
    let low = low.trim().parse().ok()?;
    let high = match high.trim() {
        "" => None,
        high => Some(high.strip_prefix('=')?.trim().parse().ok()?),
    };
    if high.is_some_and(|high| high < low) { None } else { Some(Value::Range(low, high)) }
}

/// What `fuse.toml` calls the place of a setting, for messages.
pub(crate) fn table(target: &str, rest: &str) -> EcoString {
    eco_format!("[target.{target}.{rest}]")
}
