//! Constants: module constants on demand, and folding of expressions whose parts are constant.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast;

use super::body::{Body, Env};
use super::{Checker, ConstState};
use crate::model::{Kind, Typed};
use crate::ops::{binary, pick, unary};
use crate::ty::Ty;
use crate::value::Value;

impl Checker<'_> {
    /// The value of a constant expression of a type; `None` after a diagnostic.
    pub(super) fn constant(&mut self, expr: &ast::Expr, want: &Ty, env: &Env) -> Option<Value> {
        let mut body = self.body(env.at(super::body::Place::Constant));
        let typed = body.expect(expr, want);
        body.value_of(typed)
    }

    /// The checked value of a module constant.
    pub(super) fn const_item(&mut self, id: usize, used: Span) -> Typed {
        let Some(item) = self.consts.get_mut(id) else { return Typed::error(used) };
        match &item.state {
            ConstState::Done(typed) => {
                let typed = Typed { span: used, ..(**typed).clone() };
                return if self.charge(&typed, used) { typed } else { Typed::error(used) };
            }
            ConstState::Checking => {
                let (name, span) = (item.name.clone(), item.span);
                let diagnostic = Diagnostic::new(
                    &codes::names::CYCLIC_DEFINITION,
                    used,
                    format!("the constant `{name}` is defined by itself"),
                )
                .label(span, "declared here")
                .help("break the circle");
                self.report(diagnostic);
                return Typed::error(used);
            }
            ConstState::Unchecked => {}
        }
        item.state = ConstState::Checking;
        let (source, module, tool, span) = (Rc::clone(&item.source), item.module, item.tool, item.span);
        let typed = if self.enter(used) {
            let typed = self.check_const(&source.0, source.1.as_ref(), module, tool, span);
            self.leave();
            typed
        } else {
            Typed::error(span)
        };
        if let Some(item) = self.consts.get_mut(id) {
            item.state = ConstState::Done(Box::new(typed.clone()));
        }
        Typed { span: used, ..typed }
    }

    fn check_const(
        &mut self,
        ty: &Option<ast::TypeExpr>,
        value: Option<&ast::Expr>,
        module: usize,
        tool: Option<crate::model::ToolId>,
        span: Span,
    ) -> Typed {
        let env = Env::of_module(module, tool);
        let want = ty.as_ref().map(|ty| self.ty(ty, &env));
        let Some(value) = value else { return Typed::error(span) };
        let mut body = self.body(env);
        let typed = match &want {
            Some(want) => body.expect(value, want),
            None => body.expr(value, None),
        };
        let place = typed.span;
        let ty = typed.ty.clone();
        match body.value_of(typed) {
            Some(value) => Typed { kind: Kind::Value(value), ty, late: false, span: place },
            None => Typed::error(place),
        }
    }

    /// Checks every constant of a module, used or not.
    pub(super) fn all_consts(&mut self, module: usize) {
        for id in 0..self.consts.len() {
            if let Some(span) = self.consts.get(id).filter(|item| item.module == module).map(|item| item.span)
            {
                self.const_item(id, span);
            }
        }
    }
}

impl Body<'_, '_> {
    /// The constant that an expression is; a late one is reported.
    pub(super) fn value_of(&mut self, typed: Typed) -> Option<Value> {
        match typed.kind {
            Kind::Value(value) => Some(value),
            _ if has_error(&typed) => None,
            _ => {
                let diagnostic = Diagnostic::new(
                    &codes::flow::LATE_IN_CONST,
                    typed.span,
                    "a constant is needed here: this is not known when the manifests are built",
                )
                .help("write a literal or the name of a `const`");
                self.report_late(diagnostic, &typed);
                None
            }
        }
    }
}

impl Body<'_, '_> {
    /// Reports a late value where a constant is needed, with the place that makes it late.
    pub(super) fn report_late(&mut self, diagnostic: Diagnostic, typed: &Typed) {
        let cause =
            match late_part(typed).map(|part| &part.kind) {
                // Arguments of a function speak of parameters of its caller.
                _ if self.instance.is_some() => None,
                Some(Kind::Param(at)) => self.env.params.get(*at).map(|param| {
                    (param.span, format!("each run may set `{}`: it is not `const`", param.name))
                }),
                Some(Kind::Local(id)) => self.flow.local(*id).map(|local| {
                    let step = self.flow.steps.contains(id);
                    (local.span, if step { "known when this step has run" } else { "bound here" }.to_owned())
                }),
                _ => None,
            };
        let diagnostic = match cause {
            Some((span, words)) => diagnostic.label(span, words),
            None => diagnostic,
        };
        self.checker.report(diagnostic);
    }
}

/// The parameter or binding that makes an expression late.
fn late_part(typed: &Typed) -> Option<&Typed> {
    if !typed.late {
        return None;
    }
    let mut parts = typed.parts().peekable();
    if parts.peek().is_none() { Some(typed) } else { parts.find_map(late_part) }
}

/// Whether an error inside was reported.
pub(super) fn has_error(typed: &Typed) -> bool {
    typed.ty.is_error() || matches!(typed.kind, Kind::Error) || typed.parts().any(has_error)
}

/// The same expression, as a value where all its parts are values. Never changes the type.
pub(super) fn fold(typed: Typed) -> Typed {
    let value = match &typed.kind {
        Kind::List(items) => items.iter().map(as_value).collect::<Option<Vec<_>>>().map(Value::List),
        Kind::Record(fields) => fields
            .iter()
            .map(|(key, field)| Some((key.clone(), as_value(field)?)))
            .collect::<Option<_>>()
            .map(Value::Record),
        Kind::Concat(parts) => concat(parts),
        Kind::Field(base, name) => match as_ref(base) {
            Some(Value::Record(fields)) => fields.get(name).cloned(),
            Some(Value::Duration(ms)) if name == "seconds" => i64::try_from(ms / 1000).ok().map(Value::Int),
            _ => None,
        },
        Kind::CaseName(base) => match as_ref(base) {
            Some(Value::Case(name)) => Some(Value::Str(name.clone())),
            _ => None,
        },
        Kind::RangeMin(base) => match as_ref(base) {
            Some(Value::Range(low, _)) => Some(Value::Int(*low)),
            _ => None,
        },
        Kind::RangeMax(base) => match as_ref(base) {
            Some(Value::Range(_, high)) => Some(high.map_or(Value::None, Value::Int)),
            _ => None,
        },
        Kind::Index(base, index) => {
            as_ref(base).zip(as_ref(index)).and_then(|(base, index)| pick(base, index))
        }
        Kind::Unary(op, operand) => as_ref(operand).and_then(|value| unary(*op, value)),
        Kind::Binary(op, left, right) => {
            as_ref(left).zip(as_ref(right)).and_then(|(left, right)| binary(*op, left, right))
        }
        Kind::Some(inner) => as_value(inner),
        _ => None,
    };
    match value {
        Some(value) => Typed { kind: Kind::Value(value), late: false, ..typed },
        None => typed,
    }
}

fn as_ref(typed: &Typed) -> Option<&Value> {
    if let Kind::Value(value) = &typed.kind { Some(value) } else { None }
}

fn as_value(typed: &Typed) -> Option<Value> {
    as_ref(typed).cloned()
}

fn concat(parts: &[Typed]) -> Option<Value> {
    let mut all = EcoString::new();
    for part in parts {
        all.push_str(&as_ref(part)?.text()?);
    }
    Some(Value::Str(all))
}
