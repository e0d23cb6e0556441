//! Values as what Tekton gets: strings and arrays, encoded.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a value is written for a few pairs of kind and type; all others are reported in one arm"
)]

use ecow::EcoString;
use fuse_analysis::ty::Ty;
use fuse_analysis::value::Value;
use fuse_base::{Diagnostic, Span, codes};
use fuse_wire::composite::{Composite, CompositeError, Encoded};
use fuse_wire::contract::{Leaf, Piece};
use fuse_wire::{ABSENT, text};

use super::eval::unusable;
use super::given;
use super::val::Val;
use crate::cx::Cx;
use crate::model::Text;

/// A value as the value of a parameter of its type.
pub(crate) fn value(cx: &Cx<'_>, val: &Val, ty: &Ty, span: Span) -> Option<Text> {
    match (val, ty) {
        (Val::Const(Value::None), _) => Some(Text::One(EcoString::from(ABSENT))),
        (_, Ty::Optional(inner)) => value(cx, val, inner, span),
        (Val::Late(late), _) => Some(Text::One(late.text())),
        (Val::Const(Value::Given(given)), _) => given::reference(cx, given, ty, span).map(Text::One),
        (_, Ty::List(..) | Ty::Map(_) | Ty::Record(_) | Ty::Tagged(_) | Ty::Range) => {
            let composite = composite(cx, val, ty, span)?;
            match composite.write() {
                Ok(Encoded::One(text)) => Some(Text::One(text.into())),
                Ok(Encoded::Many(all)) => Some(Text::Many(all.into_iter().map(EcoString::from).collect())),
                Err(CompositeError::Reserved(found)) => {
                    reserved(cx, found, span);
                    None
                }
                Err(CompositeError::TooManyLate(_)) => {
                    let most = text::MAX_PLACEHOLDERS;
                    let message = format!("more than {most} parts of this value are known only at run time");
                    let help = "pass fewer, or write them into an artifact";
                    cx.report(Diagnostic::new(&codes::plan::TOO_MANY_LATE, span, message).help(help));
                    None
                }
            }
        }
        _ => one(cx, val, span).map(Text::One),
    }
}

/// A scalar as one encoded text.
pub(crate) fn one(cx: &Cx<'_>, val: &Val, span: Span) -> Option<EcoString> {
    match val {
        Val::Const(value) => constant(cx, value, span),
        Val::Late(late) => Some(late.text()),
        Val::Concat(parts) => {
            let mut all = EcoString::new();
            for part in parts {
                all.push_str(&one(cx, part, span)?);
            }
            Some(all)
        }
        other => {
            unusable(cx, other, span);
            None
        }
    }
}

/// The text of a constant scalar, encoded.
pub(crate) fn constant(cx: &Cx<'_>, value: &Value, span: Span) -> Option<EcoString> {
    if *value == Value::None {
        return Some(EcoString::from(ABSENT));
    }
    let Some(plain) = value.text() else {
        unusable(cx, &Val::Unit, span);
        return None;
    };
    match text::encode(&plain) {
        Ok(encoded) => Some(encoded.into()),
        Err(found) => {
            reserved(cx, found, span);
            None
        }
    }
}

/// A text with its references taken apart; constants hold no `$`.
pub(crate) fn taken_apart(text: &str, pieces: &mut dyn FnMut(&str) -> Option<Leaf>) -> Option<Leaf> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("$(") {
        let (before, reference) = rest.split_at(start);
        let end = reference.find(')')? + 1;
        let (reference, after) = reference.split_at(end);
        if !before.is_empty() {
            all.push(Piece::Text(before.to_owned()));
        }
        all.extend(pieces(reference)?);
        rest = after;
    }
    if !rest.is_empty() || all.is_empty() {
        all.push(Piece::Text(rest.to_owned()));
    }
    Some(all)
}

fn reserved(cx: &Cx<'_>, found: text::Reserved, span: Span) {
    let message = format!("the character U+{:04X} has a meaning on the wire", u32::from(found.found));
    cx.report(
        Diagnostic::new(&codes::plan::RESERVED_CHARACTER, span, message)
            .help("the characters U+F0000 to U+F00FF cannot stand in values; leave it out"),
    );
}

fn composite(cx: &Cx<'_>, val: &Val, ty: &Ty, span: Span) -> Option<Composite> {
    match (val, ty) {
        (Val::Const(Value::None), _) => Some(Composite::Absent),
        (_, Ty::Optional(inner)) => composite(cx, val, inner, span),
        (Val::Late(late), _) => Some(Composite::Late(late.text().into())),
        (Val::Const(Value::Given(given)), _) => {
            given::reference(cx, given, ty, span).map(|text| Composite::Text(text.into()))
        }
        (Val::Concat(_), _) => one(cx, val, span).map(|text| Composite::Late(text.into())),
        (Val::List(items), Ty::List(item, _)) => {
            items.iter().map(|one| composite(cx, one, item, span)).collect::<Option<_>>().map(Composite::List)
        }
        (Val::Record(fields), Ty::Record(_) | Ty::Map(_) | Ty::Tagged(_)) => {
            let get = |key: &str| fields.iter().find(|(name, _)| name == key).map(|(_, field)| field.clone());
            entries(cx, fields.iter().map(|(key, _)| key.clone()).collect(), &get, ty, span)
        }
        (Val::Const(Value::List(items)), Ty::List(item, _)) => items
            .iter()
            .map(|one| composite(cx, &Val::Const(one.clone()), item, span))
            .collect::<Option<_>>()
            .map(Composite::List),
        (Val::Const(Value::Record(fields)), Ty::Record(_) | Ty::Map(_) | Ty::Tagged(_)) => {
            let get = |key: &str| fields.get(key).cloned().map(Val::Const);
            entries(cx, fields.keys().cloned().collect(), &get, ty, span)
        }
        (Val::Const(Value::Range(low, high)), Ty::Range) => {
            let high = high.map_or(Composite::Absent, |high| Composite::Text(high.to_string()));
            Some(Composite::Record(vec![
                ("min".into(), Composite::Text(low.to_string())),
                ("max".into(), high),
            ]))
        }
        (Val::Const(value), _) if value.text().is_some() => {
            value.text().map(|text| Composite::Text(text.into()))
        }
        _ => {
            unusable(cx, val, span);
            None
        }
    }
}

/// The fields of a record in the order of its type, the entries of a map in their own.
fn entries(
    cx: &Cx<'_>,
    keys: Vec<EcoString>,
    get: &dyn Fn(&str) -> Option<Val>,
    ty: &Ty,
    span: Span,
) -> Option<Composite> {
    let mut all = Vec::new();
    match ty {
        Ty::Record(record) => {
            for field in &record.fields {
                let value = get(&field.name).unwrap_or(Val::none());
                all.push((field.name.to_string(), composite(cx, &value, &field.ty, span)?));
            }
        }
        Ty::Tagged(_) => {
            for (case, record) in
                crate::types::variants(cx.package, ty).filter(|(case, _)| keys.contains(case))
            {
                let value = get(case).unwrap_or(Val::none());
                all.push((case.to_string(), composite(cx, &value, &Ty::Record(record), span)?));
            }
        }
        Ty::Map(item) => {
            for key in keys {
                file_name(cx, &key, span)?;
                let value = get(&key).unwrap_or(Val::none());
                all.push((key.to_string(), composite(cx, &value, item, span)?));
            }
        }
        _ => {}
    }
    Some(Composite::Record(all))
}

/// A step sees a map as a folder with a file for each key.
fn file_name(cx: &Cx<'_>, key: &EcoString, span: Span) -> Option<()> {
    let fits = !key.is_empty()
        && key.len() <= 255
        && !matches!(key.as_str(), "." | "..")
        && !key.contains(|c: char| c == '/' || c.is_control());
    if fits {
        return Some(());
    }
    cx.report(
        Diagnostic::new(
            &codes::plan::FILE_NAME,
            span,
            format!("the key `{}` is no name of a file", key.escape_debug()),
        )
        .help("a step sees a map as a folder with a file for each key: leave out `/` and control characters"),
    );
    None
}
