//! Arguments put into the body of a `const fn`.

use super::constant::fold;
use crate::model::{Kind, Typed};

/// The body with each parameter replaced by its argument, folded where that makes constants.
#[deny(clippy::wildcard_enum_match_arm)]
pub(super) fn substitute(body: &Typed, args: &[Typed]) -> Typed {
    let sub = |inner: &Typed| Box::new(substitute(inner, args));
    let kind = match &body.kind {
        Kind::Param(at) => return args.get(*at).map_or_else(|| Typed::error(body.span), Clone::clone),
        Kind::Field(base, name) => Kind::Field(sub(base), name.clone()),
        Kind::Metric(base, name) => Kind::Metric(sub(base), name.clone()),
        Kind::ArtifactField(base, name) => Kind::ArtifactField(sub(base), name.clone()),
        Kind::Uri(base) => Kind::Uri(sub(base)),
        Kind::CaseName(base) => Kind::CaseName(sub(base)),
        Kind::RangeMin(base) => Kind::RangeMin(sub(base)),
        Kind::RangeMax(base) => Kind::RangeMax(sub(base)),
        Kind::Index(base, index) => Kind::Index(sub(base), sub(index)),
        Kind::Concat(parts) => Kind::Concat(parts.iter().map(|part| substitute(part, args)).collect()),
        Kind::List(items) => Kind::List(items.iter().map(|item| substitute(item, args)).collect()),
        Kind::Record(fields) => {
            Kind::Record(fields.iter().map(|(name, field)| (name.clone(), substitute(field, args))).collect())
        }
        Kind::Unary(op, operand) => Kind::Unary(*op, sub(operand)),
        Kind::Binary(op, left, right) => Kind::Binary(*op, sub(left), sub(right)),
        Kind::Some(inner) => Kind::Some(sub(inner)),
        Kind::Fail(text) => Kind::Fail(sub(text)),
        Kind::Error
        | Kind::Value(_)
        | Kind::Option(..)
        | Kind::Generic(_)
        | Kind::Local(_)
        | Kind::Call(_)
        | Kind::Apply(_)
        | Kind::If(_) => body.kind.clone(),
    };
    let late = is_late(&kind);
    fold(Typed { kind, ty: body.ty.clone(), late, span: body.span })
}

#[deny(clippy::wildcard_enum_match_arm)]
fn is_late(kind: &Kind) -> bool {
    match kind {
        Kind::Field(base, _)
        | Kind::Metric(base, _)
        | Kind::ArtifactField(base, _)
        | Kind::Uri(base)
        | Kind::CaseName(base)
        | Kind::RangeMin(base)
        | Kind::RangeMax(base)
        | Kind::Unary(_, base)
        | Kind::Some(base) => base.late,
        Kind::Index(a, b) | Kind::Binary(_, a, b) => a.late || b.late,
        Kind::Concat(parts) | Kind::List(parts) => parts.iter().any(|part| part.late),
        Kind::Record(fields) => fields.iter().any(|(_, field)| field.late),
        Kind::Local(_) | Kind::Call(_) | Kind::Apply(_) | Kind::If(_) | Kind::Fail(_) => true,
        Kind::Error | Kind::Value(_) | Kind::Param(_) | Kind::Option(..) | Kind::Generic(_) => false,
    }
}
