//! Types as a user writes them, for messages.

use std::fmt::{Display, Write as _};

use super::Checker;
use crate::model::{Generic, Package};
use crate::ty::{ArtifactTy, Bounds, Facet, Ty};

impl Checker<'_> {
    /// The type in back quotes.
    pub(super) fn show(&self, ty: &Ty) -> String {
        format!("`{}`", super::limits::shortened(&self.package.show(ty, &[])))
    }
}

impl Package {
    /// A type as a user writes it; `generics` names the type parameters of the declaration that it stands in.
    #[must_use]
    pub fn show(&self, ty: &Ty, generics: &[Generic]) -> String {
        match ty {
            Ty::Error => "?".to_owned(),
            Ty::Never => "Never".to_owned(),
            Ty::Bool => "Bool".to_owned(),
            Ty::Int(bounds) => bounded("Int", bounds, Clone::clone),
            Ty::Float(bounds) => bounded("Float", bounds, |f| format!("{f:?}")),
            Ty::Count(bounds) => bounded("Count", bounds, Clone::clone),
            Ty::Duration(bounds) => bounded("Duration", bounds, |ms| crate::value::duration_text(*ms)),
            Ty::Cpu(bounds) => bounded("Cpu", bounds, |milli| crate::value::cpu_text(*milli)),
            Ty::Memory(bounds) => bounded("Memory", bounds, |bytes| crate::value::memory_text(*bytes)),
            Ty::String(text) => {
                let mut out = bounded("String", &text.bytes, Clone::clone);
                if let Some(pattern) = &text.pattern {
                    let _ = write!(out, " matches r\"{pattern}\"");
                }
                if let Some(names) = &text.names {
                    let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
                    let _ = write!(out, " in [{}]", names.join(", "));
                }
                out
            }
            Ty::Url => "Url".to_owned(),
            Ty::Path => "Path".to_owned(),
            Ty::Image => "Image".to_owned(),
            Ty::DnsLabel => "DnsLabel".to_owned(),
            Ty::Scalar => "Scalar".to_owned(),
            Ty::Range => "Range".to_owned(),
            Ty::Dir => "Dir".to_owned(),
            Ty::Json => "any value of a manifest".to_owned(),
            Ty::Enum(id) | Ty::Tagged(id) => {
                self.enums.get(id.0 as usize).map_or("?", |e| e.name.as_str()).to_owned()
            }
            Ty::List(item, Bounds { low: Some(0), high: Some(256) | None }) => {
                format!("List<{}>", self.show(item, generics))
            }
            Ty::List(item, bounds) => {
                bounded(&format!("List<{}>", self.show(item, generics)), bounds, Clone::clone)
            }
            Ty::Map(item) => format!("Map<{}>", self.show(item, generics)),
            Ty::Optional(inner) => format!("{}?", self.show(inner, generics)),
            Ty::Generic(id) => generics.get(id.0 as usize).map_or("_", |g| g.name.as_str()).to_owned(),
            Ty::Record(record) => {
                if let Some(name) = &record.name {
                    return name.to_string();
                }
                let fields: Vec<String> = record
                    .fields
                    .iter()
                    .map(|field| format!("{}: {}", field.name, self.show(&field.ty, generics)))
                    .collect();
                if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) }
            }
            Ty::Artifact(artifact) => self.show_artifact(artifact, generics),
        }
    }

    fn show_artifact(&self, artifact: &ArtifactTy, generics: &[Generic]) -> String {
        let Some(decl) = self.artifacts.get(artifact.decl.0 as usize) else { return "?".to_owned() };
        let generic = |id: u32| generics.get(id as usize).map_or("_", |g| g.name.as_str()).to_owned();
        let mut facets: Vec<String> = Vec::new();
        for (at, ((name, _), facet)) in decl.facets.iter().zip(&artifact.facets).enumerate() {
            let value = match facet {
                Facet::Unset => continue,
                Facet::Case(case) => case.to_string(),
                Facet::Row(ty) => self.show(ty, generics),
                Facet::Generic(id) => generic(id.0),
                Facet::ConstParam(_) => "_".to_owned(),
            };
            facets.push(if at == 0 { value } else { format!("{name}: {value}") });
        }
        let mut out = decl.name.to_string();
        if !facets.is_empty() {
            let _ = write!(out, "<{}>", facets.join(", "));
        }
        if let Some(schemes) = &artifact.by {
            out.push_str(" by uri");
            if !schemes.names.is_empty() {
                let _ = write!(out, "({})", schemes.names.join(", ").replace('-', "_"));
            }
        }
        out
    }
}

fn bounded<T: PartialEq, S: Display>(name: &str, bounds: &Bounds<T>, show: impl Fn(&T) -> S) -> String {
    match (&bounds.low, &bounds.high) {
        (None, None) => name.to_owned(),
        (Some(low), None) => format!("{name} {}..", show(low)),
        (None, Some(high)) => format!("{name} ..={}", show(high)),
        (Some(low), Some(high)) => format!("{name} {}..={}", show(low), show(high)),
    }
}
