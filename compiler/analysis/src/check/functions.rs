//! `const fn`: checked when first needed, put into its calls with the arguments in place.

use std::rc::Rc;

use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::{self, Arg};

use super::body::{Body, Env, EnvParam, Place};
use super::callee::param_views;
use super::constant::has_error;
use super::params::env_params;
use super::scope::Def;
use super::substitute::substitute;
use super::{Checker, FnDef, FnState, Function};
use crate::model::{Kind, ToolId, Typed};
use crate::value::Value;

impl Checker<'_> {
    /// Gives a `const fn` its place.
    pub(super) fn declare_fn(
        &mut self,
        module: usize,
        tool: Option<ToolId>,
        function: &ast::FnItem,
        public: bool,
    ) {
        let empty = function.body.stmts.is_empty();
        let later = later_fn(function);
        if let Some(what) = later {
            self.not_yet(&codes::not_yet::CONST_FN_BODY, function.name.span, what);
        } else if empty && function.body.span.start < function.body.span.end {
            let message = format!("`{}` has no value", function.name.text);
            self.missing_clause(function.name.span, message, "write the value as one expression in `{ … }`");
        }
        let def = if empty || later.is_some() { Def::Error } else { Def::Fn(self.fns.len()) };
        self.define(module, tool, &function.name, def, public);
        if let Def::Fn(_) = def {
            self.fns.push(FnDef {
                module,
                tool,
                source: Rc::new(function.clone()),
                state: FnState::Unchecked,
            });
        }
    }

    /// Checks every `const fn` of a module, used or not.
    pub(super) fn all_functions(&mut self, module: usize) {
        for id in 0..self.fns.len() {
            let here = self.fns.get(id).filter(|function| function.module == module);
            if let Some(span) = here.map(|function| function.source.name.span) {
                self.fn_item(id, span);
            }
        }
    }

    /// A `const fn` with its body checked; `None` after a diagnostic.
    fn fn_item(&mut self, id: usize, used: Span) -> Option<Rc<Function>> {
        let item = self.fns.get_mut(id)?;
        match &item.state {
            FnState::Done(function) => return Some(Rc::clone(function)),
            FnState::Checking => {
                let (name, span) = (item.source.name.text.clone(), item.source.name.span);
                let diagnostic = Diagnostic::new(
                    &codes::names::CYCLIC_DEFINITION,
                    used,
                    format!("the function `{name}` is defined by itself"),
                )
                .label(span, "declared here")
                .help("a `const fn` cannot recur: break the circle");
                self.report(diagnostic);
                return None;
            }
            FnState::Unchecked => {}
        }
        item.state = FnState::Checking;
        let (source, module, tool) = (Rc::clone(&item.source), item.module, item.tool);
        let function = Rc::new(self.check_fn(&source, module, tool));
        if let Some(item) = self.fns.get_mut(id) {
            item.state = FnState::Done(Rc::clone(&function));
        }
        Some(function)
    }

    fn check_fn(&mut self, source: &ast::FnItem, module: usize, tool: Option<ToolId>) -> Function {
        let env = Env::of_module(module, tool);
        let params = self.params(&source.params, &env);
        let ret = source.ret.as_ref().map(|ty| self.ty(ty, &env));
        let scope: Vec<EnvParam> =
            env_params(&params).into_iter().map(|param| EnvParam { constant: true, ..param }).collect();
        let env = Env { params: Rc::new(scope), ..env.at(Place::Function) };
        let body = match source.body.stmts.as_slice() {
            [ast::Stmt { kind: ast::StmtKind::Expr(value), .. }] if self.enter(value.span) => {
                let mut body = self.body(env);
                let typed = match &ret {
                    Some(ret) => body.expect(value, ret),
                    None => body.expr(value, None),
                };
                self.leave();
                typed
            }
            _ => Typed::error(source.body.span),
        };
        let ret = ret.unwrap_or_else(|| body.ty.clone());
        Function { params, ret, body }
    }
}

impl Body<'_, '_> {
    /// A call of a `const fn`: its body with the arguments put in.
    pub(super) fn function(&mut self, id: usize, text: &str, args: &[Arg], span: Span) -> Typed {
        let Some(function) = self.checker.fn_item(id, span) else {
            self.ignore(args);
            return Typed::error(span);
        };
        let params = param_views(&function.params);
        let declared = self.checker.fns.get(id).map_or(span, |item| item.source.name.span);
        let Some(given) = self.arrange(&params, args, text, declared, span) else {
            return Typed::error(span);
        };
        let mut values = Vec::with_capacity(params.len());
        for ((param, slot), declared) in params.iter().zip(&given).zip(&function.params) {
            values.push(match (slot, &declared.default) {
                (Some((value, _)), _) => self.expect(value, &param.ty),
                (None, Some(default)) => default.clone(),
                (None, None) => super::expr::constant(Value::None, param.ty.clone(), span),
            });
        }
        let broken = has_error(&function.body) || values.iter().any(has_error);
        let result = if broken { Typed::error(span) } else { substitute(&function.body, &values) };
        let well =
            !broken && self.checker.charge(&result, span) && self.well_formed(&result, &function.ret, span);
        let kind = if well { result.kind } else { Kind::Error };
        Typed { kind, ty: function.ret.clone(), late: result.late, span }
    }
}

/// What of a `const fn` cannot be built yet.
fn later_fn(function: &ast::FnItem) -> Option<&'static str> {
    if !function.generics.is_empty() {
        return Some("a `const fn` with type parameters");
    }
    match function.body.stmts.as_slice() {
        [] | [ast::Stmt { kind: ast::StmtKind::Expr(_), .. }] => None,
        _ => Some("a `const fn` with statements"),
    }
}
