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
        | Kind::If(_)
        | Kind::For(_) => body.kind.clone(),
    };
    let typed = Typed { kind, ty: body.ty.clone(), late: false, span: body.span };
    let late = is_late(&typed);
    fold(Typed { late, ..typed })
}

/// Steps and what is bound to them are late by themselves, anything else by its parts.
fn is_late(typed: &Typed) -> bool {
    let step =
        matches!(typed.kind, Kind::Local(_) | Kind::Call(_) | Kind::Apply(_) | Kind::If(_) | Kind::Fail(_));
    step || typed.parts().any(|part| part.late)
}
