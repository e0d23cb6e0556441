//! The statements of a `const fn`: `let`, `if` and `for` over constants.
//!
//! Where the function is checked for itself its parameters are open and both arms of an `if` are checked; where it is
//! called, the arm that the condition chooses.

use std::rc::Rc;

use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::{self, Cond, Else, Expr, IfExpr, Name, Pattern, StmtKind};

use super::body::Body;
use super::constant::{fold, has_error};
use super::expr::constant;
use super::generics::instantiate;
use super::literal::bare;
use crate::model::{Block, Kind, Typed};
use crate::ty::{Bounds, Ty};
use crate::value::Value;

/// What a condition says.
enum Test {
    /// It is known.
    Known(bool),
    /// It depends on the call.
    Open,
}

impl Body<'_, '_> {
    /// The value of a block: that of its last expression.
    pub(super) fn block(&mut self, block: &ast::Block, want: Option<&Ty>) -> Typed {
        let outer = self.flow.names.clone();
        let mut value = None;
        let last = block.stmts.len().saturating_sub(1);
        for (at, stmt) in block.stmts.iter().enumerate() {
            match &stmt.kind {
                StmtKind::Let { pattern, ty, value } => self.define_local(pattern, ty.as_ref(), value),
                StmtKind::Expr(expr) if at == last => {
                    value = Some(match want {
                        Some(want) => self.expect(expr, want),
                        None => self.expr(expr, None),
                    });
                }
                StmtKind::Expr(expr) => {
                    let typed = self.expr(expr, None);
                    if !has_error(&typed) {
                        let message = "this does nothing: its value is not used";
                        let diagnostic = Diagnostic::new(&codes::types::NO_EFFECT, expr.span, message)
                            .help("bind it with `let`, or remove it");
                        self.checker.report(diagnostic);
                    }
                }
                StmtKind::Return(_) | StmtKind::Finally(_) => {
                    let diagnostic = Diagnostic::new(
                        &codes::names::WRONG_KIND,
                        stmt.span,
                        "a `const fn` has no `return` and no `finally`",
                    )
                    .help("end the block with an expression: that is its value");
                    self.checker.report(diagnostic);
                    value = Some(Typed::error(stmt.span));
                }
            }
        }
        self.flow.names = outer;
        value.unwrap_or_else(|| {
            let message = "this block has no value".to_owned();
            let end = Span { start: block.span.end.saturating_sub(1), ..block.span };
            self.checker.missing_clause(end, message, "end it with an expression: that is its value");
            Typed::error(block.span)
        })
    }

    fn define_local(&mut self, pattern: &Pattern, ty: Option<&ast::TypeExpr>, value: &Expr) {
        let env = self.env.clone();
        let want = ty.map(|ty| self.checker.ty(ty, &env));
        let want = want.map(|ty| self.found().map_or_else(|| ty.clone(), |found| instantiate(&ty, found)));
        let typed = match &want {
            Some(want) => self.expect(value, want),
            None => self.expr(value, None),
        };
        self.bind_value(pattern, typed);
    }

    /// Binds the names of a pattern to a value.
    fn bind_value(&mut self, pattern: &Pattern, typed: Typed) {
        match pattern {
            Pattern::Name(name) => self.bind_name(name, typed),
            Pattern::Record(fields, _) => {
                for (field, name) in fields {
                    let part = if has_error(&typed) {
                        Typed::error(field.span)
                    } else {
                        self.value_member(typed.clone(), field, field.span)
                    };
                    self.bind_name(name, part);
                }
            }
            Pattern::Tuple(_, span) => {
                let diagnostic = Diagnostic::new(
                    &codes::names::WRONG_KIND,
                    *span,
                    "a `const fn` has no pairs: a name or `{ … }` is bound here",
                )
                .help("bind one name, or the fields of a record: `{ a, b }`");
                self.checker.report(diagnostic);
            }
        }
    }

    fn bind_name(&mut self, name: &Name, typed: Typed) {
        let id = self.add_local(name, typed.ty.clone());
        // An open value stays a name, so that using it twice is no copy.
        let open = self.instance.is_none() && !matches!(typed.kind, Kind::Value(_));
        let kind = if open && !has_error(&typed) { Kind::Local(id) } else { typed.kind };
        self.flow.constants.insert(id, Typed { kind, ..typed });
    }

    /// `if` in a function: a value by a condition that is known where the function is called.
    pub(super) fn choose(&mut self, inner: &IfExpr, want: Option<&Ty>, span: Span) -> Typed {
        let outer = self.flow.names.clone();
        let Some(test) = self.test(&inner.cond) else {
            self.flow.names = outer;
            return Typed::error(span);
        };
        let typed = match test {
            Test::Known(yes) if self.instance.is_some() => {
                let then = |body: &mut Self| body.block(&inner.then, want);
                let otherwise = |body: &mut Self| {
                    body.flow.names.clone_from(&outer);
                    body.otherwise(inner.otherwise.as_ref(), want, span)
                };
                let value = if yes { then(self) } else { otherwise(self) };
                match (&inner.otherwise, want) {
                    (None, None) => present(value),
                    _ => value,
                }
            }
            Test::Known(_) | Test::Open => {
                let then = self.block(&inner.then, want);
                self.flow.names.clone_from(&outer);
                let other =
                    inner.otherwise.as_ref().map(|_| self.otherwise(inner.otherwise.as_ref(), want, span));
                let broken = has_error(&then) || other.as_ref().is_some_and(has_error);
                let block = |value: Typed| Block { stmts: Vec::new(), value: Some(Box::new(value)) };
                let ty = match want {
                    _ if broken => Ty::Error,
                    Some(want) => want.clone(),
                    None => self.value_type(&block(then), other.map(block).as_ref(), span),
                };
                if ty.is_error() { Typed::error(span) } else { self.opaque(ty, span) }
            }
        };
        self.flow.names = outer;
        typed
    }

    fn otherwise(&mut self, otherwise: Option<&Else>, want: Option<&Ty>, span: Span) -> Typed {
        match otherwise {
            None => constant(Value::None, want.cloned().unwrap_or_else(|| Ty::Json.optional()), span),
            Some(Else::Block(block)) => self.block(block, want),
            Some(Else::If(next)) => match want {
                Some(want) => self.expect(next, want),
                None => self.expr(next, None),
            },
        }
    }

    /// The condition; `if let` binds its name. `None` after a diagnostic.
    fn test(&mut self, cond: &Cond) -> Option<Test> {
        let typed = match cond {
            Cond::Expr(expr) => self.expect(expr, &Ty::Bool),
            Cond::Let { value, .. } => self.expr(value, None),
        };
        if has_error(&typed) {
            return None;
        }
        let Cond::Let { name, .. } = cond else {
            return match &typed.kind {
                Kind::Value(Value::Bool(yes)) => Some(Test::Known(*yes)),
                _ => self.open(&typed, "`if`"),
            };
        };
        if !matches!(typed.ty, Ty::Optional(_)) {
            self.always_present(&typed.ty, typed.span);
            return None;
        }
        let ty = bare(&typed.ty).clone();
        match &typed.kind {
            Kind::Value(Value::None) if self.instance.is_some() => Some(Test::Known(false)),
            Kind::Value(_) | Kind::Some(_) if self.instance.is_some() => {
                let kind = if let Kind::Some(inner) = typed.kind { inner.kind } else { typed.kind };
                self.bind_name(name, Typed { kind, ty, late: typed.late, span: typed.span });
                Some(Test::Known(true))
            }
            _ => {
                let test = self.open(&typed, "`if let`");
                let value = self.opaque(ty, typed.span);
                self.bind_name(name, value);
                test
            }
        }
    }

    /// Something that is not known: fine as long as the function is not called.
    fn open(&mut self, typed: &Typed, what: &str) -> Option<Test> {
        if self.instance.is_none() {
            return Some(Test::Open);
        }
        let message = format!("{what} in a `const fn` needs a constant, and this is none");
        let diagnostic = Diagnostic::new(&codes::flow::LATE_IN_CONST, typed.span, message)
            .help("give the function literals and `const`s: parameters are known only per target or run");
        self.checker.report(diagnostic);
        None
    }

    /// `fail "…"` in a function: where it is called so, the build fails with the text.
    pub(super) fn refuse(&mut self, text: &Expr, span: Span) -> Typed {
        let text = self.expect(text, &Ty::string());
        if has_error(&text) {
            return Typed::error(span);
        }
        if let (Kind::Value(Value::Str(words)), true) = (&text.kind, self.instance.is_some()) {
            let diagnostic = Diagnostic::new(&codes::types::FUNCTION_FAILED, span, words.to_string())
                .help("give other arguments");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        let typed = self.opaque(Ty::Never, span);
        Typed { late: text.late, ..typed }
    }

    /// `for x in xs { … }` in a function: the list of what the block yields.
    pub(super) fn each_item(
        &mut self,
        pattern: &Pattern,
        source: &Expr,
        block: &ast::Block,
        want: Option<&Ty>,
        span: Span,
    ) -> Typed {
        let wanted = match want.map(bare) {
            Some(Ty::List(item, _)) => Some(Rc::clone(item)),
            _ => None,
        };
        let list = self.expr(source, None);
        if has_error(&list) {
            return Typed::error(span);
        }
        let item = match &list.ty {
            Ty::List(item, bounds) => Some(((**item).clone(), *bounds)),
            Ty::Range => Some((Ty::int(), Bounds { low: Some(0), high: None })),
            _ => None,
        };
        let Some((item, bounds)) = item else {
            let found = self.checker.show(&list.ty);
            let message = format!("`for` goes over a list or a range, and this is {found}");
            let diagnostic = Diagnostic::new(&codes::types::WRONG_TYPE, list.span, message)
                .help("write a list `[a, b]` or a range `0..=9`");
            self.checker.report(diagnostic);
            return Typed::error(span);
        };
        let Some(items) = self.items(&list, &item) else {
            if self.open(&list, "`for`").is_none() {
                return Typed::error(span);
            }
            let outer = self.flow.names.clone();
            let one = self.opaque(item, list.span);
            self.bind_value(pattern, one);
            let value = self.block(block, wanted.as_deref());
            self.flow.names = outer;
            let ty = Ty::List(Rc::new(value.ty.clone()), bounds);
            return if has_error(&value) { Typed::error(span) } else { self.opaque(ty, span) };
        };
        let mut values = Vec::new();
        for item in items {
            let outer = self.flow.names.clone();
            self.bind_value(pattern, item);
            let value = self.block(block, wanted.as_deref());
            self.flow.names = outer;
            if has_error(&value) {
                return Typed::error(span);
            }
            values.push(value);
        }
        self.list_of(values, wanted, span)
    }

    /// The items of a list that is known; a function that is not called goes over none.
    fn items(&self, list: &Typed, item: &Ty) -> Option<Box<dyn Iterator<Item = Typed>>> {
        self.instance.as_ref()?;
        let (ty, span, late) = (item.clone(), list.span, list.late);
        match &list.kind {
            Kind::Value(Value::List(items)) => {
                let items = items.clone();
                Some(Box::new(items.into_iter().map(move |value| constant(value, ty.clone(), span))))
            }
            Kind::Value(Value::Range(low, Some(high))) => {
                Some(Box::new((*low..=*high).map(move |i| constant(Value::Int(i), ty.clone(), span))))
            }
            Kind::List(items) => {
                let items = items.clone();
                Some(Box::new(items.into_iter().map(move |item| Typed { late: item.late && late, ..item })))
            }
            _ => None,
        }
    }

    fn list_of(&mut self, values: Vec<Typed>, wanted: Option<Rc<Ty>>, span: Span) -> Typed {
        let late = values.iter().any(|value| value.late);
        let item = wanted.or_else(|| values.first().map(|value| Rc::new(value.ty.clone())));
        let len = i64::try_from(values.len()).unwrap_or(i64::MAX);
        let ty =
            Ty::List(item.unwrap_or_else(|| Rc::new(Ty::Json)), Bounds { low: Some(len), high: Some(len) });
        fold(Typed { kind: Kind::List(values), ty, late, span })
    }
}

/// The value of an `if` without `else`, where it was chosen.
fn present(value: Typed) -> Typed {
    if matches!(value.ty, Ty::Optional(_)) || has_error(&value) {
        return value;
    }
    let (ty, late, span) = (value.ty.clone().optional(), value.late, value.span);
    match value.kind {
        Kind::Value(_) => Typed { ty, ..value },
        _ => Typed { kind: Kind::Some(Box::new(value)), ty, late, span },
    }
}
