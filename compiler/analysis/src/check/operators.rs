//! `!x`, `-x`, `a < b`, `a && b`, `a ?? b`.

use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::Expr;

use super::body::Body;
use super::constant::{fold, has_error};
use super::literal::bare;
use crate::model::{BinaryOp, Kind, Typed, UnaryOp};
use crate::ty::Ty;

impl Body<'_, '_> {
    pub(super) fn unary(&mut self, op: UnaryOp, operand: &Expr, span: Span, want: Option<&Ty>) -> Typed {
        let operand = match op {
            UnaryOp::Not => self.expect(operand, &Ty::Bool),
            UnaryOp::Neg => self.expr(operand, want),
        };
        if has_error(&operand) {
            return Typed::error(span);
        }
        if op == UnaryOp::Neg && !matches!(operand.ty, Ty::Int(_) | Ty::Float(_) | Ty::Count(_)) {
            let found = self.checker.show(&operand.ty);
            let message = format!("`-` is for numbers, and this is {found}");
            return self.wrong_operands(span, &message, "leave `-` out");
        }
        let (ty, late) = match &operand.ty {
            Ty::Int(_) | Ty::Count(_) => (Ty::int(), operand.late),
            Ty::Float(_) => (Ty::float(), operand.late),
            ty => (ty.clone(), operand.late),
        };
        fold(Typed { kind: Kind::Unary(op, Box::new(operand)), ty, late, span })
    }

    fn wrong_operands(&mut self, span: Span, message: &str, help: &str) -> Typed {
        let diagnostic = Diagnostic::new(&codes::types::OPERATOR, span, message).help(help);
        self.checker.report(diagnostic);
        Typed::error(span)
    }

    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &Expr,
        right: &Expr,
        span: Span,
        want: Option<&Ty>,
    ) -> Typed {
        use BinaryOp as Op;
        match op {
            Op::And | Op::Or => {
                let (left, right) = (self.expect(left, &Ty::Bool), self.expect(right, &Ty::Bool));
                self.operation(op, left, right, Ty::Bool, span)
            }
            Op::Coalesce => self.coalesce(left, right, span, want),
            Op::In => self.membership(left, right, span),
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => {
                self.comparison(op, op_span, left, right, span)
            }
            Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem => {
                self.arithmetic(op, op_span, left, right, span, want)
            }
        }
    }

    /// Both operands with the literal side read as the other side's type.
    fn pair(&mut self, left: &Expr, right: &Expr, want: Option<&Ty>) -> (Typed, Typed) {
        let literal = |expr: &Expr| {
            use fuse_syntax::ast::ExprKind as K;
            matches!(expr.kind, K::Number(_) | K::Name(_) | K::List(_))
                || matches!(expr.kind, K::Unary { .. })
        };
        let first = |body: &mut Self, expr: &Expr| body.expr(expr, want);
        if literal(left) && !literal(right) {
            let right = first(self, right);
            let left = self.side(left, &right);
            return (left, right);
        }
        let plain = matches!(left.kind, fuse_syntax::ast::ExprKind::Number(_));
        if plain && matches!(right.kind, fuse_syntax::ast::ExprKind::Name(_)) {
            let right = first(self, right);
            let left = self.side(left, &right);
            return (left, right);
        }
        let left = first(self, left);
        let right = self.side(right, &left);
        (left, right)
    }

    /// Whether nothing here has this name.
    fn means_nothing(&self, name: &str) -> bool {
        let known = self.checker.lookup(self.env.module, self.env.tool, name).is_some()
            || self.env.params.iter().any(|param| param.name == name);
        !known
            && !self.flow.names.contains_key(name)
            && self.env.generic(name).is_none()
            && self.env.used(name).is_none()
    }

    fn side(&mut self, expr: &Expr, other: &Typed) -> Typed {
        let want = bare(&other.ty).clone();
        if want.is_error()
            && let fuse_syntax::ast::ExprKind::Name(name) = &expr.kind
            && self.means_nothing(name)
        {
            // It may well be a case of what is broken.
            return Typed::error(expr.span);
        }
        let typed = self.expr(expr, if want.is_error() { None } else { Some(&want) });
        // Constants are read as the other side's type: `rmse < 1`.
        match (&typed.kind, &want) {
            (Kind::Value(_), Ty::Float(_) | Ty::Url | Ty::Image | Ty::Path | Ty::DnsLabel) => {
                let unbounded = if matches!(want, Ty::Float(_)) { Ty::float() } else { want };
                self.fit(typed, &unbounded)
            }
            _ => typed,
        }
    }

    fn operation(&mut self, op: BinaryOp, left: Typed, right: Typed, ty: Ty, span: Span) -> Typed {
        if has_error(&left) || has_error(&right) {
            return Typed::error(span);
        }
        let late = left.late || right.late;
        let constant = matches!((&left.kind, &right.kind), (Kind::Value(_), Kind::Value(_)));
        let typed = fold(Typed { kind: Kind::Binary(op, Box::new(left), Box::new(right)), ty, late, span });
        if constant && !matches!(typed.kind, Kind::Value(_)) {
            let diagnostic = Diagnostic::new(
                &codes::types::OUT_OF_RANGE,
                span,
                "this has no value: it overflows or divides by zero",
            )
            .help("write other numbers");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        typed
    }

    fn comparison(&mut self, op: BinaryOp, op_span: Span, left: &Expr, right: &Expr, span: Span) -> Typed {
        if [left, right].into_iter().any(compares) {
            // The parser told that comparisons do not chain.
            self.expr(left, None);
            self.expr(right, None);
            return Typed::error(span);
        }
        let (left, right) = self.pair(left, right, None);
        if has_error(&left) || has_error(&right) {
            return Typed::error(span);
        }
        let (left, right) = (self.present(left), self.present(right));
        if has_error(&left) || has_error(&right) {
            return Typed::error(span);
        }
        let ordered = !matches!(op, BinaryOp::Eq | BinaryOp::Ne);
        let kind = |ty: &Ty| match ty {
            Ty::Int(_) | Ty::Count(_) => Some("Int"),
            Ty::Float(_) => Some("Float"),
            Ty::String(_) | Ty::Url | Ty::Path | Ty::Image | Ty::DnsLabel => Some("String"),
            Ty::Duration(_) => Some("Duration"),
            Ty::Cpu(_) => Some("Cpu"),
            Ty::Memory(_) => Some("Memory"),
            Ty::Bool if !ordered => Some("Bool"),
            _ => None,
        };
        let same = match (&left.ty, &right.ty) {
            (Ty::Enum(a), Ty::Enum(b)) => !ordered && a == b,
            (a, b) => kind(a).is_some() && kind(a) == kind(b),
        };
        if !same {
            let (a, b) = (self.checker.show(&left.ty), self.checker.show(&right.ty));
            let sign = self.checker.sources.text(op_span).to_owned();
            let help = match (&left.ty, &right.ty) {
                (Ty::Tagged(_), _) | (_, Ty::Tagged(_)) => {
                    "cases with records are handed on as they are: let a step look into them"
                }
                (a, b) if ordered && a == b => "these have no order: compare with `==` or `!=`",
                (Ty::Int(_) | Ty::Float(_), Ty::Int(_) | Ty::Float(_)) => "declare both as `Float`",
                _ => "both sides are of one type: numbers, texts, quantities, or cases of one enum",
            };
            return self.wrong_operands(op_span, &format!("`{sign}` cannot compare {a} with {b}"), help);
        }
        self.operation(op, left, right, Ty::Bool, span)
    }

    /// An operand that must be there.
    fn present(&mut self, typed: Typed) -> Typed {
        let want = bare(&typed.ty).clone();
        if matches!(typed.ty, Ty::Optional(_)) { self.fit(typed, &want) } else { typed }
    }

    fn membership(&mut self, left: &Expr, right: &Expr, span: Span) -> Typed {
        let left = self.expr(left, None);
        let left = self.present(left);
        let list =
            Ty::List(std::rc::Rc::new(left.ty.clone()), crate::ty::Bounds { low: Some(0), high: None });
        let right = self.expect(right, &list);
        if has_error(&left) || has_error(&right) {
            return Typed::error(span);
        }
        if let Ty::Tagged(_) = left.ty {
            let shown = self.checker.show(&left.ty);
            let help = "cases with records are handed on as they are: let a step look into them";
            return self.wrong_operands(span, &format!("`in` cannot compare {shown}"), help);
        }
        if right.late {
            let diagnostic = Diagnostic::new(
                &codes::flow::LATE_IN_CONST,
                right.span,
                "the list after `in` is a constant: this is known only when the pipeline runs",
            )
            .help("write the list out, or let a task test membership");
            self.report_late(diagnostic, &right);
            return Typed::error(span);
        }
        self.operation(BinaryOp::In, left, right, Ty::Bool, span)
    }

    fn arithmetic(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &Expr,
        right: &Expr,
        span: Span,
        want: Option<&Ty>,
    ) -> Typed {
        let (left, right) = self.pair(left, right, want);
        if has_error(&left) || has_error(&right) {
            return Typed::error(span);
        }
        let ty = match (&left.ty, &right.ty) {
            (Ty::Int(_) | Ty::Count(_), Ty::Int(_) | Ty::Count(_)) => Ty::int(),
            (Ty::Float(_), Ty::Float(_)) => Ty::float(),
            (Ty::String(_), Ty::String(_)) if op == BinaryOp::Add && !(left.late || right.late) => {
                Ty::string()
            }
            (a, b) => {
                let (a, b) = (self.checker.show(a), self.checker.show(b));
                let sign = self.checker.sources.text(op_span).to_owned();
                let help =
                    "arithmetic is for two `Int` or two `Float`; texts are written together: `\"{a}{b}\"`";
                return self.wrong_operands(op_span, &format!("`{sign}` is not for {a} and {b}"), help);
            }
        };
        self.operation(op, left, right, ty, span)
    }

    /// `a ?? b`: `a` where it is there, else `b`.
    fn coalesce(&mut self, left: &Expr, right: &Expr, span: Span, want: Option<&Ty>) -> Typed {
        let optional = want.map(|ty| ty.clone().optional());
        let left = self.expr(left, optional.as_ref());
        let inner = bare(&left.ty).clone();
        let right = if left.ty.is_error() { self.expr(right, want) } else { self.expect(right, &inner) };
        if has_error(&left) || has_error(&right) {
            return Typed::error(span);
        }
        if !matches!(left.ty, Ty::Optional(_)) {
            let diagnostic = Diagnostic::new(
                &codes::flow::ALWAYS_PRESENT,
                left.span,
                "this value is always there: `??` has nothing to do",
            )
            .help("leave `??` and the default out");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        if self.of_late_round(&left) {
            self.not_in_late_loop(
                span,
                "`??` on a value of each round",
                "let the task of the round fill the gap",
            );
        }
        self.operation(BinaryOp::Coalesce, left, right, inner, span)
    }
}

/// Whether an expression is a comparison, not in brackets.
fn compares(expr: &Expr) -> bool {
    use BinaryOp as Op;
    let fuse_syntax::ast::ExprKind::Binary { op, .. } = &expr.kind else { return false };
    matches!(op, Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::In)
}
