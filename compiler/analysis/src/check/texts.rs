//! `String in ["a", "b"]` and `String in fields(Row)`: texts of a list.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::Span;
use fuse_syntax::ast::{self, ExprKind, Name, TypeExpr, TypeKind};

use super::Checker;
use super::body::{Env, Place};
use crate::ty::Ty;
use crate::value::Value;

/// How many texts a `String in […]` may list.
const MOST_NAMES: usize = 256;

impl Checker<'_> {
    /// `String in ["a", "b"]`, `String in fields(Row)`.
    pub(super) fn named_texts(&mut self, ty: Ty, set: &ast::Expr, span: Span, env: &Env) -> Ty {
        let Some(names) = self.texts_of(set, env) else { return Ty::Error };
        if names.is_empty() || names.len() > MOST_NAMES {
            let message = format!("a text is one of 1 to {MOST_NAMES}, and these are {}", names.len());
            return self.bad_type(set.span, message, "write other texts, or `matches` with a pattern");
        }
        self.refine_string(ty, span, |refined| refined.names = Some(Rc::new(names)))
    }

    /// The texts of a constant list, the keys of a constant record, or the fields of a record type.
    fn texts_of(&mut self, set: &ast::Expr, env: &Env) -> Option<Vec<EcoString>> {
        if let ExprKind::Call { callee, args, .. } = &set.kind
            && matches!(&callee.kind, ExprKind::Name(name) if name == "fields")
            && let [ast::Arg { name: None, value: Some(row), .. }] = args.as_slice()
            && let Some(path) = path_of(row)
        {
            let kind = TypeKind::Named { path, args: Vec::new() };
            return match self.ty(&TypeExpr { kind, span: row.span }, env) {
                Ty::Record(record) => Some(record.fields.iter().map(|field| field.name.clone()).collect()),
                Ty::Error => None,
                other => {
                    let message = format!("{} has no fields", self.show(&other));
                    self.bad_type(row.span, message, "name a record type, such as a row");
                    None
                }
            };
        }
        let mut body = self.body(env.at(Place::Constant));
        let typed = body.expr(set, None);
        let place = typed.span;
        match body.value_of(typed)? {
            Value::Record(fields) => Some(fields.keys().cloned().collect()),
            Value::List(items) if items.iter().all(|item| matches!(item, Value::Str(_))) => {
                Some(items.iter().filter_map(Value::text).collect())
            }
            _ => {
                let help = "write `in [\"a\", \"b\"]` or `in fields(Row)`";
                self.bad_type(place, "a list of texts stands here", help);
                None
            }
        }
    }
}

/// The names of a dotted path.
fn path_of(expr: &ast::Expr) -> Option<Vec<Name>> {
    match &expr.kind {
        ExprKind::Name(text) => Some(vec![Name { text: text.clone(), span: expr.span }]),
        ExprKind::Member { base, name } => {
            let mut path = path_of(base)?;
            path.push(name.clone());
            Some(path)
        }
        _ => None,
    }
}
