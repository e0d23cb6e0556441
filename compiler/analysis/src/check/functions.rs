//! `const fn`: the body is checked once for itself, and again with the arguments in place wherever it is called.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::{self, Arg, TypeArg};

use super::body::{Body, Env, EnvParam, Instance, Place, scope_of};
use super::call::mentions_generics;
use super::callee::param_views;
use super::constant::has_error;
use super::generics::{Found, instantiate, learn, views};
use super::params::env_params;
use super::scope::Def;
use super::{Checker, FnDef, FnState, Function};
use crate::model::{Kind, LocalId, ToolId, Typed};
use crate::ty::Ty;
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
        if empty && function.body.span.start < function.body.span.end {
            let message = format!("`{}` has no value", function.name.text);
            self.missing_clause(function.name.span, message, "end it with an expression: that is its value");
        }
        let def = if empty { Def::Error } else { Def::Fn(self.fns.len()) };
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
                self.recurs(id, used);
                return None;
            }
            FnState::Unchecked => {}
        }
        item.state = FnState::Checking;
        let (source, module, tool) = (Rc::clone(&item.source), item.module, item.tool);
        self.fn_trail.push(id);
        let function = Rc::new(self.check_fn(&source, module, tool));
        self.fn_trail.pop();
        if let Some(item) = self.fns.get_mut(id) {
            item.state = FnState::Done(Rc::clone(&function));
        }
        Some(function)
    }

    /// A function that calls itself, with everything on the way.
    fn recurs(&mut self, id: usize, used: Span) {
        let from = self.fn_trail.iter().position(|open| *open == id).unwrap_or(0);
        let circle = self.fn_trail.get(from..).unwrap_or_default();
        let names: Vec<Span> =
            circle.iter().filter_map(|at| self.fns.get(*at)).map(|item| item.source.name.span).collect();
        let words: Vec<&str> = circle
            .iter()
            .chain(&[id])
            .filter_map(|at| self.fns.get(*at))
            .map(|item| item.source.name.text.as_str())
            .collect();
        let message = match words.as_slice() {
            [name, _] => format!("the function `{name}` is defined by itself"),
            words => format!("functions call one another in a circle: `{}`", words.join("` → `")),
        };
        let mut diagnostic = Diagnostic::new(&codes::names::CYCLIC_DEFINITION, used, message)
            .help("a `const fn` cannot recur: break the circle, or write a `for` over a list");
        for span in names {
            diagnostic = diagnostic.label(span, "declared here");
        }
        self.report(diagnostic);
    }

    fn check_fn(&mut self, source: &ast::FnItem, module: usize, tool: Option<ToolId>) -> Function {
        let before = self.diagnostics.len();
        let env = Env::of_module(module, tool);
        let generics = self.generics(&source.generics, &[], &env);
        let env = Env { generics: Rc::new(scope_of(&generics)), ..env };
        let params = self.params(&source.params, &env);
        let ret = source.ret.as_ref().map(|ty| self.ty(ty, &env));
        let scope: Vec<EnvParam> =
            env_params(&params).into_iter().map(|param| EnvParam { constant: true, ..param }).collect();
        let env = Env { params: Rc::new(scope), ..env.at(Place::Function) };
        let value = if self.enter(source.name.span) {
            let value = self.body(env).block(&source.body, ret.as_ref());
            self.leave();
            value
        } else {
            Typed::error(source.body.span)
        };
        let told = self.diagnostics.iter().skip(before).any(|one| one.is_error());
        let broken = told || has_error(&value);
        Function { params, generics, ret: ret.unwrap_or(value.ty), broken }
    }
}

/// A call of a `const fn`: what is called, and where.
pub(super) struct FnCall<'e> {
    pub(super) id: usize,
    /// The name as written, with its place.
    pub(super) text: &'e str,
    pub(super) called: Span,
    pub(super) type_args: &'e [TypeArg],
    pub(super) args: &'e [Arg],
    pub(super) span: Span,
}

impl Body<'_, '_> {
    /// A call of a `const fn`: its body with the arguments put in.
    pub(super) fn function(&mut self, call: &FnCall<'_>) -> Typed {
        let (id, text, span) = (call.id, call.text, call.span);
        let Some(function) = self.checker.fn_item(id, span) else {
            self.ignore(call.args);
            return Typed::error(span);
        };
        let params = param_views(&function.params);
        let generics = views(&function.generics);
        let declared = self.checker.fns.get(id).map_or(span, |item| item.source.name.span);
        let (mut found, places, named) = self.explicit(&generics, call.type_args, text);
        let Some(given) = self.arrange(&params, call.args, text, declared, span) else {
            return Typed::error(span);
        };
        let mut values = Vec::with_capacity(params.len());
        for ((param, slot), declared) in params.iter().zip(&given).zip(&function.params) {
            values.push(match (slot, &declared.default) {
                (Some((value, _)), _) => {
                    let want = instantiate(&param.ty, &found);
                    let value = self.expr(value, Some(&want).filter(|want| !mentions_generics(want)));
                    learn(&param.ty, &value.ty, &mut found);
                    self.fit(value, &instantiate(&param.ty, &found))
                }
                (None, Some(default)) => default.clone(),
                (None, None) => super::expr::constant(Value::None, param.ty.clone(), span),
            });
        }
        if !named || function.broken || values.iter().any(has_error) {
            return Typed::error(span);
        }
        if !self.within_bounds(&generics, &found, (None, text), &places, call.called) {
            return Typed::error(span);
        }
        let ret = instantiate(&function.ret, &found);
        if let Some(step) = values.iter().find(|value| holds_a_step(value)) {
            let diagnostic = Diagnostic::new(
                &codes::names::WRONG_KIND,
                step.span,
                format!("`{text}` is a function of values, and this is a step"),
            )
            .help("bind the step with `let` and give its name");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        let open = self.env.place == Place::Function && self.instance.is_none();
        if open && values.iter().any(|value| !matches!(value.kind, Kind::Value(_))) {
            return self.opaque(ret, span);
        }
        self.instantiated(id, text, Instance { args: values, found }, &ret, span)
    }

    /// The value of a function's body for these arguments. What is wrong inside is told at the call.
    fn instantiated(&mut self, id: usize, text: &str, instance: Instance, ret: &Ty, span: Span) -> Typed {
        let Some(item) = self.checker.fns.get(id) else { return Typed::error(span) };
        let (source, module, tool) = (Rc::clone(&item.source), item.module, item.tool);
        let FnState::Done(function) = &item.state else { return Typed::error(span) };
        let env = Env {
            generics: Rc::new(scope_of(&function.generics)),
            params: Rc::new(env_params(&function.params)),
            ..Env::of_module(module, tool).at(Place::Function)
        };
        let before = self.checker.diagnostics.len();
        let mut body = self.checker.body(env);
        body.instance = Some(Rc::new(instance));
        let value = body.block(&source.body, Some(ret));
        if !has_error(&value) && self.checker.charge(&value, span) {
            self.well_formed(&value, ret, span);
        }
        let inside = self.checker.diagnostics.split_off(before);
        let wrong = inside.into_iter().find(|one| one.is_error());
        let Some(wrong) = wrong else { return Typed { span, ..value } };
        let place = wrong.span;
        let mut told = Diagnostic { span, ..wrong };
        if place != span {
            told = told.label(place, format!("here, in `{text}`"));
        }
        self.checker.report(told);
        Typed::error(span)
    }

    /// Something of a type that is known only where the function is called.
    pub(super) fn opaque(&mut self, ty: Ty, span: Span) -> Typed {
        let id = LocalId(super::index(self.flow.locals.len()));
        let (name, presence) = (EcoString::new(), Vec::new());
        self.flow.locals.push(crate::model::Local { name, ty: ty.clone(), presence, span });
        Typed { kind: Kind::Local(id), ty, late: false, span }
    }

    /// The type parameters of the function that is being called, empty elsewhere.
    pub(super) fn found(&self) -> Option<&Found> {
        self.instance.as_ref().map(|instance| &instance.found)
    }
}

/// Whether a step is called inside: put into a body twice, it would run twice.
fn holds_a_step(typed: &Typed) -> bool {
    matches!(typed.kind, Kind::Call(_) | Kind::Apply(_) | Kind::If(_)) || typed.parts().any(holds_a_step)
}
