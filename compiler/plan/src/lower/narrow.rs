//! Refinements of a pipeline's parameters, checked where their values enter: the step that takes one admits no more
//! than the pipeline does.

#![allow(clippy::wildcard_enum_match_arm, reason = "types without refinements stay as they are")]

use std::rc::Rc;

use fuse_analysis::ty::{FieldTy, RecordTy, Text, Ty};

use super::val::{Late, Origin, Val};

/// The type of a task's parameter, narrowed by those of the pipeline's parameters that are given for it.
pub(crate) fn narrowed(ty: &Ty, value: &Val) -> Ty {
    match (ty, value) {
        (_, Val::Late(Late { origin: Origin::Param(_), ty: given, uri: false })) => meet(ty, given),
        (Ty::Optional(inner), _) => narrowed(inner, value).optional(),
        (Ty::Record(record), Val::Record(values)) => {
            let field = |field: &FieldTy| {
                let value = values.iter().find(|(name, _)| *name == field.name);
                let ty = value.map_or_else(|| field.ty.clone(), |(_, value)| narrowed(&field.ty, value));
                FieldTy { ty, ..field.clone() }
            };
            let fields = record.fields.iter().map(field).collect();
            Ty::Record(Rc::new(RecordTy { name: record.name.clone(), fields }))
        }
        _ => ty.clone(),
    }
}

/// What both types admit.
fn meet(ty: &Ty, given: &Ty) -> Ty {
    match (ty, given) {
        (Ty::Optional(ty), Ty::Optional(given)) => meet(ty, given).optional(),
        (Ty::Optional(ty), _) => meet(ty, given).optional(),
        (Ty::Int(a), Ty::Int(b)) => Ty::Int(a.both(*b)),
        (Ty::Count(a), Ty::Int(b) | Ty::Count(b)) => Ty::Count(a.both(*b)),
        (Ty::Float(a), Ty::Float(b)) => Ty::Float(a.both(*b)),
        (Ty::Duration(a), Ty::Duration(b)) => Ty::Duration(a.both(*b)),
        (Ty::Cpu(a), Ty::Cpu(b)) => Ty::Cpu(a.both(*b)),
        (Ty::Memory(a), Ty::Memory(b)) => Ty::Memory(a.both(*b)),
        (Ty::String(a), Ty::String(b)) => Ty::String(text(a, b)),
        (Ty::List(ty, a), Ty::List(given, b)) => Ty::List(Rc::new(meet(ty, given)), a.both(*b)),
        (Ty::Map(ty), Ty::Map(given)) => Ty::Map(Rc::new(meet(ty, given))),
        (Ty::Record(ty), Ty::Record(given)) => {
            let field = |field: &FieldTy| {
                let other = given.fields.iter().find(|other| other.name == field.name);
                let ty = other.map_or_else(|| field.ty.clone(), |other| meet(&field.ty, &other.ty));
                FieldTy { ty, ..field.clone() }
            };
            let fields = ty.fields.iter().map(field).collect();
            Ty::Record(Rc::new(RecordTy { name: ty.name.clone(), fields }))
        }
        _ => ty.clone(),
    }
}

/// A text has one pattern on the wire; that of the task stays where both have one.
fn text(a: &Text, b: &Text) -> Text {
    let own = a.pattern.is_some() || a.names.is_some();
    let from = if own { a } else { b };
    Text { bytes: a.bytes.both(b.bytes), pattern: from.pattern.clone(), names: from.names.clone() }
}

#[cfg(test)]
mod tests {
    use fuse_analysis::ty::Bounds;

    use super::*;

    fn int(low: Option<i64>, high: Option<i64>) -> Ty {
        Ty::Int(Bounds { low, high })
    }

    #[test]
    fn both_bounds_hold() {
        assert_eq!(meet(&int(Some(0), None), &int(Some(1), Some(9))), int(Some(1), Some(9)));
        assert_eq!(meet(&int(Some(3), Some(5)), &int(Some(1), Some(9))), int(Some(3), Some(5)));
        assert_eq!(meet(&Ty::int().optional(), &int(None, Some(9))), int(None, Some(9)).optional());
        assert_eq!(meet(&Ty::Bool, &Ty::Bool), Ty::Bool);
        let given = Ty::String(Text { pattern: Some("[a-z]+".into()), ..Text::default() });
        assert_eq!(meet(&Ty::string(), &given), given);
        let own = Ty::String(Text { pattern: Some("a+".into()), ..Text::default() });
        assert_eq!(meet(&own, &given), own);
    }
}
