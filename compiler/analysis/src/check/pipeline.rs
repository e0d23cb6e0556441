//! Pipelines and deployments: statements, arms, presence, and what is returned.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::{self, Cond, Else, Expr, ExprKind, IfExpr, ItemKind, Name, Pattern, StmtKind};

use super::body::{Body, Env, Place};
use super::call::root_call;
use super::constant::{fold, has_error};
use super::declare::Style;
use super::expr::names_a_step;
use super::literal::bare;
use super::loops::written;
use super::returns::returns;
use super::{Checker, index};
use crate::model::{Block, Chain, ChainId, Condition, Deploy, If, Kind, Local, LocalId, Stmt, Typed};
use crate::ty::Ty;

/// Step names that the compiler's own helpers start with.
const RESERVED: [&str; 3] = ["join", "list", "decide"];

impl Checker<'_> {
    /// The pipelines and deployments of a module; only those of the package's own entry files are built.
    pub(super) fn flows(&mut self, module: usize) {
        let Some((ast, entry)) = self.modules.get(module).map(|m| (Rc::clone(&m.ast), m.entry)) else {
            return;
        };
        self.pipelines(module);
        for item in &ast.items {
            if let ItemKind::Deploy(deploy) = &item.kind {
                let deploy = self.deploy(module, deploy);
                if let Some(deploy) = deploy.filter(|_| entry) {
                    self.package.deploys.push(deploy);
                }
            }
        }
    }

    fn deploy(&mut self, module: usize, deploy: &ast::DeployItem) -> Option<Deploy> {
        let mut body = self.body(Env::of_module(module, None).at(Place::Deploy));
        body.applying = true;
        body.hint = Some(deploy.name.text.clone());
        let typed = body.expr(&deploy.value, None);
        if has_error(&typed) {
            return None;
        }
        let Kind::Apply(call) = typed.kind else {
            let diagnostic = Diagnostic::new(
                &codes::names::WRONG_KIND,
                deploy.value.span,
                "`deploy` takes a call of a resource",
            )
            .help("write `deploy name = tool.resource(…)`");
            self.report(diagnostic);
            return None;
        };
        if matches!(deploy.value.kind, ExprKind::With { .. } | ExprKind::After { .. }) {
            let diagnostic = Diagnostic::new(
                &codes::names::WRONG_KIND,
                deploy.value.span,
                "a deployment is no step: it has no `with` and no `after`",
            )
            .help("give the resource what it needs as arguments");
            self.report(diagnostic);
            return None;
        }
        Some(Deploy { name: deploy.name.text.clone(), call: *call, span: deploy.name.span })
    }
}

impl Body<'_, '_> {
    /// The statements of a block; `value` says whether its value is used.
    #[deny(clippy::wildcard_enum_match_arm)]
    pub(super) fn statements(&mut self, block: &ast::Block, value: bool) -> Block {
        let mut out = Block { stmts: Vec::new(), value: None };
        let mut returned: Option<Span> = None;
        let last = block.stmts.len().saturating_sub(1);
        for (at, stmt) in block.stmts.iter().enumerate() {
            if let Some(place) = returned
                && !matches!(stmt.kind, StmtKind::Finally(_))
            {
                let diagnostic =
                    Diagnostic::new(&codes::flow::RETURN_LAST, stmt.span, "nothing can follow `return`")
                        .label(place, "the block returns here")
                        .help("move the statement before `return`");
                self.checker.report(diagnostic);
                returned = None;
            }
            match &stmt.kind {
                StmtKind::Let { pattern, ty, value } => {
                    self.bind(pattern, ty.as_ref(), value, &mut out.stmts)
                }
                StmtKind::Return(given) => {
                    let word = Span { end: stmt.span.start + 6, ..stmt.span };
                    self.no_return_in_loop(word);
                    self.not_fused(word, "`return`", "end the block in a value, and return that");
                    self.no_return_at_the_end(word);
                    returned = Some(stmt.span);
                    let stmt = self.give(given.as_ref(), stmt.span, &mut out.stmts);
                    out.stmts.push(stmt);
                }
                StmtKind::Finally(block) => {
                    let word = Span { end: stmt.span.start + 7, ..stmt.span };
                    self.not_fused(word, "`finally`", "write it at the end of the pipeline");
                    if let Some(block) = self.at_the_end(block, word, at == last) {
                        out.stmts.push(Stmt::Finally(block, word));
                    }
                }
                StmtKind::Expr(expr) if value && at == last => {
                    out.value = Some(Box::new(self.expr(expr, None)))
                }
                StmtKind::Expr(expr) => {
                    let typed = self.effect(expr);
                    returned = returned.or_else(|| returns(&typed));
                    out.stmts.push(Stmt::Expr(typed));
                }
            }
        }
        out
    }

    fn no_return_in_loop(&mut self, word: Span) {
        if self.flow.rounds.is_empty() {
            return;
        }
        let message = "a loop cannot return: all its rounds run";
        let diagnostic = Diagnostic::new(&codes::flow::LOOP_VALUE, word, message)
            .help("end the block in a value, and return the list that the loop gives: `let all = for …`");
        self.checker.report(diagnostic);
    }

    /// An expression for its effect.
    fn effect(&mut self, expr: &Expr) -> Typed {
        if let ExprKind::If(inner) = &expr.kind {
            return self.branch(inner, expr.span, false);
        }
        if let Some(each) = written(expr) {
            return self.each(each, None, false);
        }
        if let ExprKind::With { base, settings } = &expr.kind
            && let Some(each) = written(base)
        {
            return self.each(each, Some(settings), false);
        }
        let typed = self.expr(expr, None);
        let acts = matches!(typed.kind, Kind::If(_) | Kind::For(_) | Kind::Fused(_) | Kind::Fail(_))
            || root_call(&typed).is_some();
        if !acts && !has_error(&typed) {
            let diagnostic = Diagnostic::new(
                &codes::types::NO_EFFECT,
                expr.span,
                "this does nothing: its value is not used",
            )
            .help("bind it with `let`, or remove it");
            self.checker.report(diagnostic);
        }
        typed
    }

    fn bind(&mut self, pattern: &Pattern, ty: Option<&ast::TypeExpr>, value: &Expr, out: &mut Vec<Stmt>) {
        let env = self.env.clone();
        let want = ty.map(|ty| self.checker.ty(ty, &env));
        if let Pattern::Name(name) = pattern
            && names_a_step(value)
        {
            self.step_name(name);
            self.hint = Some(name.text.clone());
        }
        if let Pattern::Name(name) = pattern
            && is_loop(value)
        {
            self.loop_name = Some(name.text.clone());
        }
        let typed = match &want {
            Some(want) => self.expect(value, want),
            None => self.expr(value, None),
        };
        (self.hint, self.loop_name) = (None, None);
        match pattern {
            Pattern::Name(name) => {
                let id = self.add_local(name, typed.ty.clone());
                self.remember(id, &typed);
                out.push(Stmt::Let(id, typed));
            }
            Pattern::Record(fields, span) => self.destructure(fields, typed, *span, out),
            Pattern::Tuple(_, span) => {
                if !has_error(&typed) {
                    let message = "round brackets take the items of a loop apart, and this is one value";
                    let diagnostic = Diagnostic::new(&codes::flow::LOOP_PATTERN, *span, message)
                        .help("bind it under one name, or its fields: `let { a, b } = …`");
                    self.checker.report(diagnostic);
                }
                self.lost(pattern);
            }
        }
    }

    /// What a binding stands for, where that is a step or constant.
    fn remember(&mut self, id: LocalId, value: &Typed) {
        if self.waits(value) {
            self.flow.waiting.insert(id);
        }
        if value.late && matches!(value.ty, Ty::List(..)) && self.written_out(value) {
            self.flow.written_out.insert(id);
        }
        if root_call(value).is_some() || matches!(value.kind, Kind::For(_) | Kind::Fused(_)) {
            self.flow.steps.insert(id);
        } else if !value.late && !has_error(value) && self.checker.charge(value, value.span) {
            self.flow.constants.insert(id, value.clone());
        }
    }

    /// Whether a value is there only when a step has ended.
    fn waits(&self, value: &Typed) -> bool {
        match &value.kind {
            Kind::Call(_) | Kind::Apply(_) | Kind::If(_) | Kind::For(_) | Kind::Fused(_) => true,
            Kind::Local(id) => self.flow.waiting.contains(id),
            _ => value.parts().any(|part| self.waits(part)),
        }
    }

    /// `let { model, metrics: m } = f()`: the call is a step of its own name, each field a name.
    fn destructure(&mut self, fields: &[(Name, Name)], typed: Typed, span: Span, out: &mut Vec<Stmt>) {
        let whole = Name { text: EcoString::new(), span };
        let hidden = self.add_local(&whole, typed.ty.clone());
        let (ty, late) = (typed.ty.clone(), typed.late);
        let broken = has_error(&typed);
        let base = match &typed.kind {
            _ if late => Typed { kind: Kind::Local(hidden), ty: ty.clone(), late, span },
            _ => typed.clone(),
        };
        if self.waits(&typed) {
            self.flow.waiting.insert(hidden);
        }
        out.push(Stmt::Let(hidden, typed));
        for (field, name) in fields {
            let found = match &ty {
                Ty::Record(record) => record.fields.iter().find(|known| known.name == field.text),
                _ => None,
            };
            let part = match found {
                Some(known) => fold(Typed {
                    kind: Kind::Field(Box::new(base.clone()), field.text.clone()),
                    ty: known.ty.clone(),
                    late,
                    span: field.span,
                }),
                None => {
                    if !broken && !field.is_missing() {
                        self.no_such_output(&ty, field);
                    }
                    Typed::error(field.span)
                }
            };
            let id = self.add_local(name, part.ty.clone());
            self.remember(id, &part);
            out.push(Stmt::Let(id, part));
        }
    }

    pub(super) fn no_such_output(&mut self, ty: &Ty, field: &Name) {
        let names: Vec<EcoString> = match ty {
            Ty::Record(record) => record.fields.iter().map(|known| known.name.clone()).collect(),
            _ => Vec::new(),
        };
        let shown = self.checker.show(ty);
        let diagnostic = Diagnostic::new(
            &codes::names::UNKNOWN_MEMBER,
            field.span,
            format!("{shown} has no `{}`", field.text),
        )
        .help(or_nothing(fuse_base::did_you_mean(&field.text, names.iter().map(EcoString::as_str))));
        self.checker.report(diagnostic);
    }

    pub(super) fn step_name(&mut self, name: &Name) {
        if RESERVED.contains(&name.text.as_str()) {
            let diagnostic = Diagnostic::new(
                &codes::names::RESERVED_STEP,
                name.span,
                format!("a step cannot be called `{}`: the compiler's own steps are", name.text),
            )
            .help("bind it under another name: `let files = …`");
            self.checker.report(diagnostic);
        }
    }

    /// Binds a name here; the same name may be bound again only in another arm of the same condition.
    pub(super) fn add_local(&mut self, name: &Name, ty: Ty) -> LocalId {
        let id = LocalId(index(self.flow.locals.len()));
        self.flow.locals.push(Local {
            name: name.text.clone(),
            ty,
            presence: self.flow.arms.clone(),
            span: name.span,
        });
        if name.is_missing() {
            return id;
        }
        self.checker.style(name, Style::Value);
        let param = self.env.params.iter().find(|param| param.name == name.text).map(|param| param.span);
        let bound = self.flow.names.get(&name.text).and_then(|id| self.flow.local(*id));
        let clash =
            bound.filter(|local| !exclusive(&local.presence, &self.flow.arms)).map(|local| local.span);
        if let Some(first) = clash.or(param) {
            let diagnostic = Diagnostic::new(
                &codes::names::DUPLICATE_NAME,
                name.span,
                format!("`{}` is bound already", name.text),
            )
            .label(first, "bound here")
            .help("give one of them another name");
            self.checker.report(diagnostic);
        }
        if let Some(hidden) = self.flow.names.insert(name.text.clone(), id) {
            self.flow.hidden.insert(id, hidden);
        }
        id
    }

    /// An `if` whose value is used.
    pub(super) fn if_value(&mut self, inner: &IfExpr, span: Span) -> Typed {
        self.hint = None;
        if self.env.place != Place::Pipeline {
            let diagnostic = Diagnostic::new(&codes::names::WRONG_KIND, span, "`if` stands in pipelines")
                .help("let a step decide, or take the value as a parameter");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        self.branch(inner, span, true)
    }

    fn branch(&mut self, inner: &IfExpr, span: Span, used: bool) -> Typed {
        let (condition, cond_span) = self.condition(&inner.cond);
        let help = "put the `if` around the loop, filter the list in a task, or make the list `const`";
        self.not_in_late_loop(cond_span, "`if`", help);
        let help = "put the `if` around the `fused`, or let a step decide";
        self.not_fused(cond_span, "`if`", help);
        let around = self.flow.fused.take();
        let chain = ChainId(index(self.flow.chains.len()));
        self.flow.chains.push(Chain { cond: cond_span, presence: self.flow.arms.clone() });
        if condition.is_err() {
            self.flow.presence.insert(chain);
        }
        self.flow.arms.push((chain, 0));
        let condition = match condition {
            Ok(test) => Condition::Test(test),
            Err((name, value)) => {
                let ty = bare(&value.ty).clone();
                let id = self.add_local(&name, ty);
                Condition::Present(id, value)
            }
        };
        let then = self.statements(&inner.then, used);
        self.flow.arms.pop();
        let otherwise = match &inner.otherwise {
            None => None,
            Some(Else::Block(block)) => {
                self.flow.arms.push((chain, 1));
                let block = self.statements(block, used);
                self.flow.arms.pop();
                Some(block)
            }
            Some(Else::If(next)) => {
                self.flow.arms.push((chain, 1));
                let nested = self.chained(next, used);
                self.flow.arms.pop();
                Some(nested)
            }
        };
        self.flow.fused = around;
        let ty = if used { self.value_type(&then, otherwise.as_ref(), span) } else { Ty::Never };
        // Its arms may hold steps, so it is never copied as a constant.
        let late = true;
        Typed { kind: Kind::If(Box::new(If { chain, cond: condition, then, otherwise })), ty, late, span }
    }

    /// `else if`: an `else` with nothing but an `if` in it.
    fn chained(&mut self, next: &Expr, used: bool) -> Block {
        if !used {
            return Block { stmts: vec![Stmt::Expr(self.effect(next))], value: None };
        }
        Block { stmts: Vec::new(), value: Some(Box::new(self.expr(next, None))) }
    }

    /// The condition: a Bool, or the name and value of `if let`.
    #[allow(clippy::type_complexity)]
    fn condition(&mut self, cond: &Cond) -> (Result<Typed, (Name, Typed)>, Span) {
        match cond {
            Cond::Expr(expr) => {
                let typed = self.expect(expr, &Ty::Bool);
                (Ok(typed), expr.span)
            }
            Cond::Let { name, value } => {
                let typed = self.expr(value, None);
                if !matches!(typed.ty, Ty::Optional(_)) && !has_error(&typed) {
                    self.always_present(&typed.ty, value.span);
                }
                (Err((name.clone(), typed)), value.span)
            }
        }
    }

    /// Reports `if let` of a value that is always there.
    pub(super) fn always_present(&mut self, ty: &Ty, span: Span) {
        let shown = self.checker.show(ty);
        let message = format!("this is {shown} and always there: `if let` has nothing to ask");
        let diagnostic = Diagnostic::new(&codes::flow::ALWAYS_PRESENT, span, message);
        self.checker.report(diagnostic.help("use the value directly"));
    }

    /// The type of an `if` with both arms, or `T?` without an `else`.
    pub(super) fn value_type(&mut self, then: &Block, otherwise: Option<&Block>, span: Span) -> Ty {
        let of = |block: &Block| block.value.as_ref().map(|value| (value.ty.clone(), value.span));
        let (Some((first, first_span)), other) = (of(then), otherwise.map(of)) else {
            return self.no_arm_value(span);
        };
        let Some(second) = other else { return first.optional() };
        let Some((second, second_span)) = second else { return self.no_arm_value(span) };
        if first.is_error() || second.is_error() {
            return Ty::Error;
        }
        if first == Ty::Never {
            return second;
        }
        if second == Ty::Never {
            return first;
        }
        // `else if` of nothing but `fail`: where that does not hold either, there is no value.
        let nothing = |ty: &Ty| matches!(ty, Ty::Optional(inner) if **inner == Ty::Never);
        if nothing(&first) {
            return second.optional();
        }
        if nothing(&second) {
            return first.optional();
        }
        if super::fit::accepts(&second, &first, true) {
            return first;
        }
        if super::fit::accepts(&first, &second, true) {
            return second;
        }
        let (a, b) = (self.checker.show(&first), self.checker.show(&second));
        let diagnostic = Diagnostic::new(
            &codes::flow::ARM_TYPES,
            second_span,
            format!("the arms have different types: {a} and {b}"),
        )
        .label(first_span, format!("this is {a}"))
        .note(format!("this is {b}"))
        .help("use the value inside each arm, or give both arms one type");
        self.checker.report(diagnostic);
        Ty::Error
    }

    fn no_arm_value(&mut self, span: Span) -> Ty {
        let diagnostic = Diagnostic::new(
            &codes::flow::ARM_TYPES,
            span,
            "the value of this `if` is used, and an arm does not end in one",
        )
        .help("let each arm end in an expression");
        self.checker.report(diagnostic);
        Ty::Error
    }
}

/// A help line for `{ name }` patterns over something without such names.
fn or_nothing(help: Option<String>) -> String {
    help.unwrap_or_else(|| "bind the value under one name".to_owned())
}

/// Whether a binding names a loop.
fn is_loop(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::With { base, .. } => written(base).is_some(),
        _ => written(expr).is_some(),
    }
}

/// Whether two places lie in different arms of one condition.
fn exclusive(a: &[(ChainId, u32)], b: &[(ChainId, u32)]) -> bool {
    a.iter().any(|(chain, arm)| b.iter().any(|(other, side)| chain == other && arm != side))
}
