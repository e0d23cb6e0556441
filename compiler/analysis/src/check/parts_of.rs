//! Parts of named constants, taken without a copy of the whole: `names[3]`, `settings.train`.

use fuse_base::Span;
use fuse_syntax::ast::{Expr, ExprKind};

use super::body::Body;
use super::expr::constant;
use super::scope::Def;
use super::{Checker, ConstState};
use crate::model::{Kind, Typed};
use crate::ops::pick;
use crate::ty::Ty;
use crate::value::Value;

impl Checker<'_> {
    /// A module's constant where it stands.
    fn const_in_place(&mut self, id: usize, used: Span) -> Option<&Typed> {
        if matches!(self.consts.get(id)?.state, ConstState::Unchecked) {
            self.const_item(id, used);
        }
        match &self.consts.get(id)?.state {
            ConstState::Done(typed) => Some(typed),
            ConstState::Unchecked | ConstState::Checking => None,
        }
    }
}

impl Body<'_, '_> {
    /// The part of a named constant under a key or index; `None` where the usual way has to say why there is none.
    pub(super) fn part_of(&mut self, base: &Expr, key: &Value, span: Span) -> Option<Typed> {
        let whole = self.in_place(base)?;
        let Kind::Value(value) = &whole.kind else { return None };
        let ty = match (&whole.ty, key) {
            (Ty::List(item, _), Value::Int(_)) | (Ty::Map(item), Value::Str(_) | Value::Case(_)) => {
                (**item).clone()
            }
            (Ty::Record(record), Value::Str(name) | Value::Case(name)) => {
                record.fields.iter().find(|field| field.name == *name)?.ty.clone()
            }
            _ => return None,
        };
        let part = constant(pick(value, key)?, ty, span);
        Some(if self.checker.charge(&part, span) { part } else { Typed::error(span) })
    }

    /// What a name stands for, where that is a constant.
    fn in_place(&mut self, base: &Expr) -> Option<&Typed> {
        if let ExprKind::Name(name) = &base.kind {
            if let Some(id) = self.flow.names.get(name).copied() {
                return if self.flow.missing_arm(id).is_some() { None } else { self.flow.constants.get(&id) };
            }
            if let Some(at) = self.env.params.iter().position(|param| param.name == *name) {
                return self.instance.as_ref()?.args.get(at);
            }
        }
        match self.path(base)? {
            (Def::Const(id), _) => self.checker.const_in_place(id, base.span),
            _ => None,
        }
    }
}
