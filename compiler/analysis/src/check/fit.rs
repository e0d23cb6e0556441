//! Whether a value fits where it stands. There is no subtyping but `Never`, `T` to `T?`, and constants that are read
//! as what is asked for (a whole number as Float, a text as Url, Path, Image or DnsLabel).

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};

use super::body::Body;
use super::constant::has_error;
use super::limits::shortened;
use crate::model::{Kind, Typed};
use crate::ty::{ArtifactTy, Bounds, Facet, Ty};
use crate::value::Value;

impl Body<'_, '_> {
    /// The expression as the type that its place asks for; a misfit is reported once.
    pub(super) fn fit(&mut self, typed: Typed, want: &Ty) -> Typed {
        if has_error(&typed) || matches!(typed.ty, Ty::Never) || want.is_error() {
            return Typed { ty: want.clone(), ..typed };
        }
        if let Ty::Optional(inner) = want {
            return self.fit_optional(typed, inner, want);
        }
        if matches!(want, Ty::Json) {
            return self.fit_json(typed);
        }
        if matches!(typed.kind, Kind::Value(Value::None)) {
            let wanted = self.checker.show(want);
            let message = format!("{wanted} is expected here, and this is `none`");
            let diagnostic = Diagnostic::new(&codes::types::WRONG_TYPE, typed.span, message).help(format!(
                "give a value, or declare the type {}",
                self.checker.show(&want.clone().optional())
            ));
            self.checker.report(diagnostic);
            return Typed::error(typed.span);
        }
        if let Ty::Optional(_) = typed.ty {
            return self.maybe_absent(&typed, want);
        }
        if let Kind::Value(value) = &typed.kind {
            let value = value.clone();
            return self.fit_constant(typed, value, want);
        }
        if accepts(&typed.ty, want, typed.late) {
            return Typed { ty: want.clone(), ..typed };
        }
        self.mismatch(&typed, want)
    }

    fn fit_optional(&mut self, typed: Typed, inner: &Ty, want: &Ty) -> Typed {
        match &typed.ty {
            Ty::Optional(found) => {
                if accepts(found, inner, typed.late) {
                    return Typed { ty: want.clone(), ..typed };
                }
                if let Kind::Value(value) = &typed.kind
                    && *value != Value::None
                {
                    let value = value.clone();
                    let fitted = self.fit_constant(typed, value, inner);
                    return Typed { ty: want.clone(), ..fitted };
                }
                if matches!(typed.kind, Kind::Value(Value::None)) {
                    return Typed { ty: want.clone(), ..typed };
                }
                self.mismatch(&typed, want)
            }
            _ => {
                let fitted = self.fit(typed, inner);
                if has_error(&fitted) {
                    return fitted;
                }
                if let Kind::Value(_) = fitted.kind {
                    return Typed { ty: want.clone(), ..fitted };
                }
                let (late, span) = (fitted.late, fitted.span);
                Typed { kind: Kind::Some(Box::new(fitted)), ty: want.clone(), late, span }
            }
        }
    }

    /// A part of a manifest: any value; an artifact stands there by its `.uri`.
    fn fit_json(&mut self, typed: Typed) -> Typed {
        let bare = super::literal::bare(&typed.ty);
        if matches!(bare, Ty::Artifact(_)) {
            let found = self.checker.show(&typed.ty);
            let diagnostic = Diagnostic::new(
                &codes::types::WRONG_TYPE,
                typed.span,
                format!("{found} is an artifact and no value of a manifest"),
            )
            .help("write its `.uri`, and `by uri(…)` at the parameter");
            self.checker.report(diagnostic);
            return Typed::error(typed.span);
        }
        Typed { ty: Ty::Json, ..typed }
    }

    /// A constant is read as what is asked for, then held against bounds and patterns.
    fn fit_constant(&mut self, typed: Typed, value: Value, want: &Ty) -> Typed {
        let span = typed.span;
        if !self.reads_as(&typed.ty, want) {
            return self.mismatch(&typed, want);
        }
        let Some(value) = self.convert(value, &typed.ty, want, span) else { return Typed::error(span) };
        if let Some(wrong) = outside(&value, want) {
            self.out_of_range(&value, &wrong, want, span);
            return Typed::error(span);
        }
        Typed { kind: Kind::Value(value), ty: want.clone(), late: false, span }
    }

    fn out_of_range(&mut self, value: &Value, wrong: &str, want: &Ty, span: Span) {
        let (value, shown) = (shortened(&value.to_string()), self.checker.show(want));
        let diagnostic =
            Diagnostic::new(&codes::types::OUT_OF_RANGE, span, format!("`{value}` {wrong}: {shown}"))
                .help("write a value that the type admits");
        self.checker.report(diagnostic);
    }

    /// Whether constants of one type can be read as constants of the other.
    fn reads_as(&self, found: &Ty, want: &Ty) -> bool {
        match (found, want) {
            (Ty::Int(_), Ty::Float(_) | Ty::Cpu(_)) => true,
            (Ty::List(found, have), Ty::List(want, _)) => have.high == Some(0) || self.reads_as(found, want),
            (Ty::Map(found), Ty::Map(want)) => self.reads_as(found, want),
            (Ty::Record(found), Ty::Map(want)) => {
                found.fields.iter().all(|field| self.reads_as(&field.ty, want))
            }
            (Ty::Record(found), Ty::Record(want)) => {
                let known = |name: &str| want.fields.iter().any(|field| field.name == name);
                found.fields.iter().all(|field| known(&field.name))
                    && want.fields.iter().all(|field| {
                        let same = found.fields.iter().find(|other| other.name == field.name);
                        same.map_or(matches!(field.ty, Ty::Optional(_)), |other| {
                            self.reads_as(&other.ty, &field.ty)
                        })
                    })
            }
            (Ty::Optional(found), Ty::Optional(want)) => {
                matches!(**found, Ty::Json) || self.reads_as(found, want)
            }
            (found, Ty::Optional(want)) => self.reads_as(found, want),
            (found, want) => accepts(found, want, false),
        }
    }

    /// A constant read as another type; `None` after a diagnostic.
    fn convert(&mut self, value: Value, found: &Ty, want: &Ty, span: Span) -> Option<Value> {
        Some(match (value, found, want) {
            (Value::None, _, _) => Value::None,
            (value, found, Ty::Optional(want)) => {
                self.convert(value, super::literal::bare(found), want, span)?
            }
            (Value::Int(i), _, Ty::Float(_)) => {
                #[allow(clippy::cast_precision_loss)]
                let float = i as f64;
                Value::Float(float)
            }
            (Value::Int(i), _, Ty::Cpu(_)) => {
                let Some(milli) = u64::try_from(i).ok().and_then(|i| i.checked_mul(1000)) else {
                    self.out_of_range(&Value::Int(i), "is out of range", want, span);
                    return None;
                };
                Value::Cpu(milli)
            }
            (Value::Str(text), Ty::String(_), Ty::Url | Ty::Path | Ty::Image | Ty::DnsLabel) => {
                if !self.text_as(&text, want, span) {
                    return None;
                }
                Value::Str(text)
            }
            (Value::List(items), Ty::List(found, _), Ty::List(want, _)) => {
                let items: Option<Vec<Value>> =
                    items.into_iter().map(|item| self.convert(item, found, want, span)).collect();
                Value::List(items?)
            }
            (Value::Record(fields), Ty::Record(found), Ty::Record(want)) => {
                let mut out = indexmap::IndexMap::new();
                for field in &want.fields {
                    let other = found.fields.iter().find(|other| other.name == field.name);
                    let value = match (fields.get(&field.name), other) {
                        (Some(value), Some(other)) => {
                            self.convert(value.clone(), &other.ty, &field.ty, span)?
                        }
                        _ => Value::None,
                    };
                    out.insert(field.name.clone(), value);
                }
                Value::Record(out)
            }
            (Value::Record(fields), Ty::Record(found), Ty::Map(want)) => {
                let mut out = indexmap::IndexMap::new();
                for (name, value) in fields {
                    let other = found.fields.iter().find(|other| other.name == name);
                    let value = match other {
                        Some(other) => self.convert(value, &other.ty, want, span)?,
                        None => value,
                    };
                    out.insert(name, value);
                }
                Value::Record(out)
            }
            (value, _, _) => value,
        })
    }

    /// Whether a computed constant keeps the rules of its type, down to its parts.
    pub(super) fn well_formed(&mut self, typed: &Typed, ty: &Ty, span: Span) -> bool {
        let Kind::Value(value) = &typed.kind else { return true };
        if let Some(wrong) = outside(value, ty) {
            self.out_of_range(value, &wrong, ty, span);
            return false;
        }
        self.texts_well_formed(value, ty, span)
    }

    fn texts_well_formed(&mut self, value: &Value, ty: &Ty, span: Span) -> bool {
        match (value, ty) {
            (Value::Str(text), ty) => self.text_as(text, ty, span),
            (value, Ty::Optional(inner)) => self.texts_well_formed(value, inner, span),
            (Value::List(items), Ty::List(item, _)) => {
                items.iter().all(|value| self.texts_well_formed(value, item, span))
            }
            (Value::Record(fields), Ty::Record(record)) => record.fields.iter().all(|field| {
                fields.get(&field.name).is_none_or(|value| self.texts_well_formed(value, &field.ty, span))
            }),
            _ => true,
        }
    }

    pub(super) fn mismatch(&mut self, typed: &Typed, want: &Ty) -> Typed {
        if let (Ty::Artifact(found), Ty::Artifact(wanted)) = (&typed.ty, want)
            && found.decl == wanted.decl
        {
            let (found, wanted) = (Rc::clone(found), Rc::clone(wanted));
            return self.artifact_mismatch(typed, &found, &wanted);
        }
        let (found, wanted) = (self.checker.show(&typed.ty), self.checker.show(want));
        let help = match (&typed.ty, want) {
            (Ty::String(_), Ty::Enum(id)) => {
                let cases = self.checker.package.enums.get(id.0 as usize).map(|e| e.cases.join("`, `"));
                format!("a case is written without quotes: `{}`", cases.unwrap_or_default())
            }
            (Ty::String(_), Ty::Url | Ty::Path | Ty::Image | Ty::DnsLabel) => {
                format!("declare the type {wanted} where the value enters: there it can be checked")
            }
            (Ty::Int(_), Ty::Float(_)) => {
                "a whole number that is known late is no Float: declare it as `Float`".to_owned()
            }
            (from, Ty::String(_)) if from.is_scalar() => "write it into a text: `\"{…}\"`".to_owned(),
            (Ty::Record(_), _) if matches!(typed.kind, Kind::Record(_) | Kind::Value(_)) => {
                format!("give a value of type {wanted}, without `{{ }}`")
            }
            (Ty::Record(record), _) if record.fields.iter().any(|field| alike(&field.ty, want)) => {
                let fit = record.fields.iter().find(|field| alike(&field.ty, want));
                format!("name the output: `.{}`", fit.map_or("", |field| field.name.as_str()))
            }
            _ => format!("give a value of type {wanted}"),
        };
        let diagnostic = Diagnostic::new(
            &codes::types::WRONG_TYPE,
            typed.span,
            format!("{wanted} is expected here, and this is {found}"),
        )
        .help(help);
        self.checker.report(diagnostic);
        Typed::error(typed.span)
    }

    fn artifact_mismatch(&mut self, typed: &Typed, found: &ArtifactTy, want: &ArtifactTy) -> Typed {
        let shown = (self.checker.show(&typed.ty), self.checker.show(&Ty::Artifact(Rc::new(want.clone()))));
        let diagnostic = match (&found.by, &want.by) {
            (Some(_), None) => Diagnostic::new(
                &codes::types::FORM,
                typed.span,
                format!("this is {}, a reference, and files are demanded", shown.0),
            )
            .help("take it `by uri` at the parameter, or give an artifact whose files are in the target's store"),
            (None, Some(_)) => Diagnostic::new(
                &codes::types::FORM,
                typed.span,
                format!("this is {}, files of the target's store, and a uri is demanded", shown.0),
            )
            .help("declare the output `by uri(…)` where it is produced, or take files at the parameter"),
            _ => {
                let decl = self.checker.package.artifacts.get(want.decl.0 as usize);
                let names: Vec<_> = decl.map(|d| d.facets.iter().map(|(n, _)| n.clone()).collect()).unwrap_or_default();
                let pairs = found.facets.iter().zip(&want.facets).zip(&names);
                let odd = pairs.clone().find(|((found, want), _)| !facet_fits(found, want));
                let words = odd.map_or_else(String::new, |((found, _), name)| match found {
                    Facet::Unset => format!(": its {name} is not known"),
                    _ => format!(": the {name} differs"),
                });
                Diagnostic::new(
                    &codes::types::FACET,
                    typed.span,
                    format!("{} is demanded, and this is {}{words}", shown.1, shown.0),
                )
                .help("produce it as the consumer needs it, or name the facet where it is produced")
            }
        };
        self.checker.report(diagnostic);
        Typed::error(typed.span)
    }

    /// `T?` where `T` is wanted: names the condition and the ways out.
    fn maybe_absent(&mut self, typed: &Typed, want: &Ty) -> Typed {
        let (found, wanted) = (self.checker.show(&typed.ty), self.checker.show(want));
        let local = root_local(typed).filter(|id| self.flow.missing_arm(*id).is_some());
        let arm = local.and_then(|id| self.flow.missing_arm(id));
        if let (Some(id), Some((chain, _))) = (local, arm)
            && self.flow.finally == Some(chain)
        {
            return self.may_be_missing(typed, id, chain);
        }
        let condition = arm.and_then(|(chain, _)| self.flow.condition(chain));
        let diagnostic = match (local.and_then(|id| self.flow.local(id)), arm, condition) {
            (Some(local), Some((chain, side)), Some(condition)) => {
                let text = shortened(self.checker.sources.text(condition));
                let line = self.checker.sources.line_column(condition).line;
                let name = local.name.clone();
                let (when, label) = match (side, self.flow.presence.contains(&chain)) {
                    (0, false) => (format!("exists only when `{text}`"), "exists when this is true"),
                    (_, false) => (format!("does not exist when `{text}`"), "exists when this is false"),
                    (0, true) => {
                        (format!("exists only when `{text}` is present"), "exists when this is present")
                    }
                    (_, true) => {
                        (format!("does not exist when `{text}` is present"), "exists when this is absent")
                    }
                };
                Diagnostic::new(
                    &codes::flow::ABSENT,
                    typed.span,
                    format!("`{name}` {when}, and {wanted} is needed in any case"),
                )
                .label(condition, format!("`{name}` {label}"))
                .label(local.span, "bound here")
                .help(format!(
                    "`{name}` {when} (line {line}): move the use there, `if let`, `?? default`, or accept {}",
                    self.checker.show(&want.clone().optional())
                ))
            }
            _ => Diagnostic::new(
                &codes::flow::ABSENT,
                typed.span,
                format!("{wanted} is needed here, and this may be absent: {found}"),
            )
            .help("use it under `if let x = … { }`, give a default with `??`, or accept the optional type"),
        };
        self.checker.report(diagnostic);
        Typed::error(typed.span)
    }
}

/// Whether every value of one type is one of the other, up to bounds that are checked where values enter.
pub(super) fn accepts(found: &Ty, want: &Ty, late: bool) -> bool {
    match (found, want) {
        (Ty::Error | Ty::Never, _) | (_, Ty::Error | Ty::Json) => true,
        (Ty::Int(_), Ty::Int(_))
        | (Ty::Float(_), Ty::Float(_))
        | (Ty::String(_), Ty::String(_))
        | (Ty::Duration(_), Ty::Duration(_))
        | (Ty::Cpu(_), Ty::Cpu(_))
        | (Ty::Memory(_), Ty::Memory(_))
        | (Ty::Int(_) | Ty::Count(_), Ty::Count(_))
        | (Ty::String(_) | Ty::Int(_) | Ty::Float(_) | Ty::Bool | Ty::Scalar, Ty::Scalar) => true,
        // What a build composes of constants is read as the text that is asked for.
        (Ty::String(_), Ty::Url | Ty::Path | Ty::Image | Ty::DnsLabel) => !late,
        (Ty::List(found, have), Ty::List(want, need)) => {
            let known_short = have.high.zip(need.low).is_some_and(|(most, least)| most < least);
            !known_short && accepts(found, want, late)
        }
        (Ty::Map(found), Ty::Map(want)) => accepts(found, want, late),
        (Ty::Record(found), Ty::Map(want)) => found.fields.iter().all(|field| accepts(&field.ty, want, late)),
        (Ty::Record(found), Ty::Record(want)) => {
            found.fields.len() == want.fields.len()
                && want.fields.iter().all(|field| {
                    let same = found.fields.iter().find(|other| other.name == field.name);
                    same.is_some_and(|other| accepts(&other.ty, &field.ty, late))
                })
        }
        (Ty::Optional(found), Ty::Optional(want)) => accepts(found, want, late),
        (found, Ty::Optional(want)) => accepts(found, want, late),
        (Ty::Artifact(found), Ty::Artifact(want)) => {
            found.decl == want.decl
                && found.by.is_some() == want.by.is_some()
                && found.facets.iter().zip(&want.facets).all(|(found, want)| facet_fits(found, want))
        }
        (found, want) => found == want,
    }
}

/// Whether a field is probably what is wanted.
fn alike(field: &Ty, want: &Ty) -> bool {
    match (field, want) {
        (Ty::Artifact(field), Ty::Artifact(want)) => field.decl == want.decl,
        (field, want) => field == want,
    }
}

/// A facet left out in a demand is any; an unknown row is checked when the value arrives.
fn facet_fits(found: &Facet, want: &Facet) -> bool {
    match (found, want) {
        (_, Facet::Unset) | (Facet::Unset, Facet::Row(_)) => true,
        (found, want) => found == want,
    }
}

/// The local that an expression is a part of.
pub(super) fn root_local(typed: &Typed) -> Option<crate::model::LocalId> {
    match &typed.kind {
        Kind::Local(id) => Some(*id),
        Kind::Field(base, _) | Kind::Metric(base, _) | Kind::ArtifactField(base, _) | Kind::Some(base) => {
            root_local(base)
        }
        _ => None,
    }
}

/// Why a constant lies outside its type.
#[must_use]
pub fn outside(value: &Value, ty: &Ty) -> Option<String> {
    fn bounds<T: PartialOrd + Copy>(value: T, bounds: &Bounds<T>) -> Option<String> {
        if bounds.admits(value) { None } else { Some("is out of range".to_owned()) }
    }
    match (value, ty) {
        (Value::Int(i), Ty::Int(b) | Ty::Count(b)) => bounds(*i, b),
        (Value::Float(f), Ty::Float(b)) => bounds(*f, b),
        (Value::Duration(v), Ty::Duration(b))
        | (Value::Cpu(v), Ty::Cpu(b))
        | (Value::Memory(v), Ty::Memory(b)) => bounds(*v, b),
        (Value::Str(text), Ty::String(refined)) => {
            let bytes = i64::try_from(text.len()).unwrap_or(i64::MAX);
            if !refined.bytes.admits(bytes) {
                return Some(format!("has {bytes} bytes, which is out of range"));
            }
            if refined.matches(text) {
                return None;
            }
            let names = refined.names.as_ref().filter(|names| !names.contains(text));
            Some(names.map_or("does not match the pattern".to_owned(), |names| {
                fuse_base::closest(text, names.iter().map(EcoString::as_str))
                    .map_or("is none of these".to_owned(), |near| {
                        format!("is none of these (`\"{near}\"` is)")
                    })
            }))
        }
        (Value::List(items), Ty::List(item, b)) => {
            let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
            if !b.admits(len) {
                return Some(format!("has {len} items, which is out of range"));
            }
            items.iter().find_map(|value| outside(value, item))
        }
        (Value::Record(fields), Ty::Map(item)) => fields.values().find_map(|value| outside(value, item)),
        (Value::Record(fields), Ty::Record(record)) => {
            record.fields.iter().find_map(|field| outside(fields.get(&field.name)?, &field.ty))
        }
        (value, Ty::Optional(inner)) if *value != Value::None => outside(value, inner),
        _ => None,
    }
}
