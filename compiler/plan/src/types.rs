//! Types of the language as types on the wire, and the largest text that a value of a type has.

#![allow(clippy::wildcard_enum_match_arm, reason = "most types have no part that matters here")]

use std::rc::Rc;

use ecow::{EcoString, eco_format};
use fuse_analysis::Package;
use fuse_analysis::model::Signature;
use fuse_analysis::ty::{Bounds, RecordTy, Text, Ty};
use fuse_base::Span;
use fuse_wire::WireType;
use fuse_wire::contract::Port;
use fuse_wire::types::Range;
use indexmap::IndexMap;

fn signed(bounds: &Bounds<u64>) -> Range<i64> {
    let cast = |bound: Option<u64>| bound.map(|value| i64::try_from(value).unwrap_or(i64::MAX));
    Range { low: cast(bounds.low), high: cast(bounds.high) }
}

fn same<T: Copy>(bounds: &Bounds<T>) -> Range<T> {
    Range { low: bounds.low, high: bounds.high }
}

/// The pattern of a text: on the wire names are one, too.
fn pattern(text: &Text) -> Option<String> {
    let Some(names) = &text.names else { return text.pattern.as_ref().map(ToString::to_string) };
    let names: Vec<String> =
        names.iter().filter(|name| text.matches(name)).map(|name| escaped(name)).collect();
    Some(names.join("|"))
}

/// A text as a pattern that matches it alone.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The type as contracts write it.
pub(crate) fn wire(package: &Package, ty: &Ty) -> WireType {
    match ty {
        Ty::Bool => WireType::Bool,
        Ty::Int(bounds) => WireType::Int(same(bounds)),
        Ty::Float(bounds) => WireType::Float(same(bounds)),
        Ty::String(text) => WireType::Text(same(&text.bytes), pattern(text)),
        Ty::Duration(bounds) => WireType::Duration(signed(bounds)),
        Ty::Cpu(bounds) => WireType::Cpu(signed(bounds)),
        Ty::Memory(bounds) => WireType::Memory(signed(bounds)),
        Ty::Count(bounds) => WireType::Count(same(bounds)),
        Ty::Url => WireType::Url,
        Ty::Path => WireType::Path,
        Ty::Image => WireType::Image,
        Ty::DnsLabel => WireType::DnsLabel,
        Ty::Scalar => WireType::Scalar,
        Ty::Range => WireType::Record(vec![
            ("min".into(), WireType::int()),
            ("max".into(), WireType::Optional(Box::new(WireType::int()))),
        ]),
        Ty::Enum(_) => WireType::Enum(cases(package, ty).iter().map(ToString::to_string).collect()),
        Ty::Tagged(_) => WireType::Union(
            variants(package, ty)
                .map(|(case, record)| (case.to_string(), wire(package, &Ty::Record(record))))
                .collect(),
        ),
        Ty::List(item, bounds) => WireType::List(Box::new(wire(package, item)), same(bounds)),
        Ty::Map(item) => WireType::Map(Box::new(wire(package, item))),
        Ty::Record(record) => WireType::Record(
            record.fields.iter().map(|field| (field.name.to_string(), wire(package, &field.ty))).collect(),
        ),
        Ty::Optional(inner) => WireType::Optional(Box::new(wire(package, inner))),
        Ty::Artifact(artifact) => match &artifact.by {
            Some(schemes) => WireType::Uri(schemes.names.iter().map(ToString::to_string).collect()),
            None => WireType::Files(artifact_name(package, artifact.decl.0).to_string()),
        },
        // A folder is told by its path.
        Ty::Dir | Ty::Generic(_) | Ty::Json | Ty::Error | Ty::Never => WireType::string(),
    }
}

fn artifact_name(package: &Package, decl: u32) -> EcoString {
    package.artifacts.get(decl as usize).map(|decl| decl.name.clone()).unwrap_or_default()
}

/// The names of an enum's cases; empty for other types.
pub(crate) fn cases<'a>(package: &'a Package, ty: &Ty) -> &'a [EcoString] {
    if let Ty::Enum(id) = ty { package.enums.get(id.0 as usize).map_or(&[], |e| &e.cases) } else { &[] }
}

/// The cases of an enum that carry records, each with its record; none for other types.
pub(crate) fn variants<'a>(
    package: &'a Package,
    ty: &Ty,
) -> impl Iterator<Item = (&'a EcoString, Rc<RecordTy>)> {
    let def = if let Ty::Tagged(id) = ty { package.enums.get(id.0 as usize) } else { None };
    def.into_iter().flat_map(|def| def.cases.iter().zip(def.records.iter().cloned()))
}

/// The form of an input or output.
pub(crate) fn port(package: &Package, ty: &Ty, rewrite: &[(EcoString, EcoString)]) -> Port {
    let (inner, optional) = match ty {
        Ty::Optional(inner) => (&**inner, true),
        _ => (ty, false),
    };
    let Ty::Artifact(artifact) = inner else { return Port::Value(wire(package, ty)) };
    match &artifact.by {
        None => Port::Store { store: artifact_name(package, artifact.decl.0).to_string(), optional },
        Some(schemes) => Port::Uri {
            uri: schemes.names.iter().map(ToString::to_string).collect(),
            rewrite: rewrite
                .iter()
                .map(|(from, to)| (from.to_string(), to.to_string()))
                .collect::<IndexMap<_, _>>(),
            optional,
        },
    }
}

/// Whether a value holds files in the store of the run.
pub(crate) fn in_store(ty: &Ty) -> bool {
    match ty {
        Ty::Artifact(artifact) => artifact.by.is_none(),
        Ty::List(inner, _) | Ty::Map(inner) | Ty::Optional(inner) => in_store(inner),
        Ty::Record(record) => record.fields.iter().any(|field| in_store(&field.ty)),
        _ => false,
    }
}

/// Without the `?`.
pub(crate) fn present(ty: &Ty) -> &Ty {
    if let Ty::Optional(inner) = ty { inner } else { ty }
}

/// Whether values are texts that compare as texts.
pub(crate) const fn is_text(ty: &Ty) -> bool {
    matches!(ty, Ty::String(_) | Ty::Url | Ty::Path | Ty::Image | Ty::DnsLabel)
}

/// The small values that travel with the artifacts of a signature: `source--commit`, with its type and place. They
/// are always results: the step cannot know who reads them.
pub(crate) fn fields(package: &Package, sig: &Signature) -> IndexMap<EcoString, (Ty, Span)> {
    let mut all = IndexMap::new();
    for output in &sig.outputs {
        let Ty::Artifact(artifact) = present(&output.ty) else { continue };
        let fields = package.artifacts.get(artifact.decl.0 as usize).map_or(&[][..], |decl| &decl.fields);
        for (name, ty) in fields {
            all.insert(eco_format!("{}--{name}", output.name), (ty.clone(), output.span));
        }
    }
    all
}

/// The largest number of bytes of a value's text.
pub(crate) fn max_bytes(package: &Package, ty: &Ty) -> u64 {
    wire(package, ty).max_bytes()
}
