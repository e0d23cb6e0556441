//! Expressions to values. What a name or call stands for is the caller's to say.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "an operation is for a few kinds of values; all others are reported in one arm"
)]

use ecow::EcoString;
use fuse_analysis::model::{BinaryOp, Call, For, Fused, If, Kind, LocalId, StatusOf, Typed, UnaryOp};
use fuse_analysis::ty::{Facet, GenericId, Ty};
use fuse_analysis::value::{Given, Value};
use fuse_base::{Diagnostic, Span, codes};
use fuse_wire::Condition;
use fuse_wire::condition::{Binary, Operand, Unary};
use indexmap::IndexMap;

use super::fused;
use super::val::{Computed, Late, NodeAt, Origin, Round, RoundOf, Rounds, Val};
use crate::cx::Cx;

/// What names and calls stand for where an expression is evaluated.
pub(crate) trait Names<'a> {
    fn param(&mut self, at: usize) -> Val;
    fn generic(&mut self, id: GenericId) -> Val;
    fn local(&mut self, _id: LocalId) -> Val {
        Val::Error
    }
    fn call(&mut self, _call: &'a Call) -> Val {
        Val::Error
    }
    fn each(&mut self, _each: &'a For) -> Val {
        Val::Error
    }
    fn fused(&mut self, _fused: &'a Fused) -> Val {
        Val::Error
    }
    fn branch(&mut self, _chain: &'a If, _span: Span) -> Val {
        Val::Error
    }
    fn output(&mut self, _node: NodeAt, _name: &EcoString) -> Val {
        Val::Error
    }
    /// A value that is taken out of an output: a metric or a field of an artifact.
    fn taken(&mut self, _from: &Late, _name: &EcoString, _ty: &Ty) -> Val {
        Val::Error
    }
    /// One value where several arms give it.
    fn settle(&mut self, value: Val, _ty: &Ty, _span: Span) -> Val {
        value
    }
    /// A text that is put together of late ones, for a condition.
    fn text(&mut self, value: Val, _ty: &Ty, _span: Span) -> Val {
        value
    }
    /// `left ?? right`, where `left` is known only when the pipeline runs.
    fn coalesce(&mut self, _left: Val, _right: &'a Typed, _span: Span) -> Val {
        Val::Error
    }
    fn fail(&mut self, _text: &'a Typed, _span: Span) -> Val {
        Val::Error
    }
    fn status(&mut self, _of: StatusOf, _ty: &Ty, _span: Span) -> Val {
        Val::Error
    }
}

/// The body of a task or resource, called with these arguments.
pub(crate) struct Callee<'s> {
    pub(crate) params: &'s [Val],
    pub(crate) generics: &'s [Facet],
}

impl<'a> Names<'a> for Callee<'_> {
    fn param(&mut self, at: usize) -> Val {
        self.params.get(at).cloned().unwrap_or(Val::Error)
    }

    fn generic(&mut self, id: GenericId) -> Val {
        facet(self.generics, id)
    }
}

/// The case that a type parameter stands for.
pub(crate) fn facet(generics: &[Facet], id: GenericId) -> Val {
    match generics.get(id.0 as usize) {
        Some(Facet::Case(case)) => Val::Const(Value::Case(case.clone())),
        _ => Val::none(),
    }
}

/// The value of an expression.
pub(crate) fn eval<'a>(cx: &Cx<'_>, typed: &'a Typed, names: &mut dyn Names<'a>) -> Val {
    match &typed.kind {
        Kind::Error | Kind::Offered(..) => Val::Error,
        Kind::Value(value) => Val::Const(value.clone()),
        Kind::Param(at) => names.param(*at),
        Kind::Option(tool, at) => cx.option(*tool, *at, typed.span).map_or(Val::Error, Val::Const),
        Kind::Generic(id) => names.generic(*id),
        Kind::Local(id) => names.local(*id),
        Kind::Call(call) | Kind::Apply(call) => names.call(call),
        Kind::If(chain) => names.branch(chain, typed.span),
        Kind::For(each) => names.each(each),
        Kind::Fused(fused) => names.fused(fused),
        Kind::Some(inner) => eval(cx, inner, names),
        Kind::Field(base, name) => {
            let base = eval(cx, base, names);
            field(cx, base, name, typed.span, names)
        }
        Kind::Metric(base, name) | Kind::ArtifactField(base, name) => {
            let base = eval(cx, base, names);
            map_late(cx, base, typed, &mut |late| names.taken(&late, name, of_item(&typed.ty)))
        }
        Kind::Uri(base) => map_text(eval(cx, base, names), "uri", &|late| Late { uri: true, ..late }),
        Kind::CaseName(base) => {
            map_text(eval(cx, base, names), "name", &|late| Late { ty: Ty::string(), ..late })
        }
        Kind::Fail(text) => names.fail(text, typed.span),
        Kind::Status(of) => names.status(*of, &typed.ty, typed.span),
        Kind::RangeMin(base) => match eval(cx, base, names) {
            Val::Const(Value::Range(low, _)) => Val::Const(Value::Int(low)),
            other => late_part(cx, &other, typed.span),
        },
        Kind::RangeMax(base) => match eval(cx, base, names) {
            Val::Const(Value::Range(_, high)) => Val::Const(high.map_or(Value::None, Value::Int)),
            other => late_part(cx, &other, typed.span),
        },
        Kind::Index(base, index) => {
            let (base, index) = (eval(cx, base, names), eval(cx, index, names));
            pick(cx, base, &index, typed)
        }
        Kind::Concat(parts) => {
            let parts = parts.iter().map(|part| (settled(cx, part, names), part.span)).collect();
            concat(cx, parts)
        }
        Kind::List(items) => list(items.iter().map(|item| settled(cx, item, names)).collect()),
        Kind::Record(fields) => {
            record(fields.iter().map(|(key, field)| (key.clone(), settled(cx, field, names))).collect())
        }
        Kind::Unary(op, operand) => {
            let operand = compared(cx, operand, names);
            unary(cx, *op, operand, typed)
        }
        Kind::Binary(BinaryOp::Coalesce, left, right) => match eval(cx, left, names) {
            Val::Const(Value::None) => eval(cx, right, names),
            Val::Const(value) => Val::Const(value),
            Val::Error => Val::Error,
            left => names.coalesce(left, right, typed.span),
        },
        Kind::Binary(op, left, right) => {
            let types = (left.ty.clone(), right.ty.clone());
            let (left, right) = (compared(cx, left, names), compared(cx, right, names));
            binary(cx, *op, left, right, &types, typed)
        }
    }
}

/// The value of an expression, as one value.
fn settled<'a>(cx: &Cx<'_>, typed: &'a Typed, names: &mut dyn Names<'a>) -> Val {
    let value = eval(cx, typed, names);
    names.settle(value, &typed.ty, typed.span)
}

/// The value of an operand of a condition, which is one reference where it is late.
fn compared<'a>(cx: &Cx<'_>, typed: &'a Typed, names: &mut dyn Names<'a>) -> Val {
    match settled(cx, typed, names) {
        text @ Val::Concat(_) => names.text(text, &typed.ty, typed.span),
        other => other,
    }
}

/// A late value under another name or type; the name of a constant case.
fn map_text(value: Val, part: &str, map: &dyn Fn(Late) -> Late) -> Val {
    match value {
        Val::Const(Value::Case(name) | Value::Given(Given::Uri(name))) => Val::text(name),
        Val::Late(late) => Val::Late(map(late)),
        Val::Arms(arms) => arms.part(part, &mut |value| map_text(value, part, map)),
        Val::List(items) => list(items.into_iter().map(|item| map_text(item, part, map)).collect()),
        other => other,
    }
}

fn late_part(cx: &Cx<'_>, base: &Val, span: Span) -> Val {
    if !matches!(base, Val::Error) {
        cx.report(
            Diagnostic::new(
                &codes::plan::LATE_FIELD,
                span,
                "a part of a value that is known only when the pipeline runs",
            )
            .help("pass the whole value, or return the part as an output of its own"),
        );
    }
    Val::Error
}

fn map_late(cx: &Cx<'_>, base: Val, typed: &Typed, take: &mut dyn FnMut(Late) -> Val) -> Val {
    match base {
        Val::Late(late) => match take(late) {
            Val::Unit => late_part(cx, &Val::Unit, typed.span),
            other => other,
        },
        Val::Arms(arms) => {
            let name = part_name(typed);
            arms.part(&name, &mut |value| map_late(cx, value, typed, take))
        }
        Val::List(items) => list(items.into_iter().map(|item| map_late(cx, item, typed, take)).collect()),
        Val::Round(round) => of_round(cx, *round, typed, take),
        Val::Rounds(rounds) => {
            let template = map_late(cx, rounds.template, typed, take);
            Val::Rounds(Box::new(Rounds { template, ..*rounds }))
        }
        other => late_part(cx, &other, typed.span),
    }
}

/// A metric or a field of an artifact that a step gives in each round: the step gives it beside its outputs.
fn of_round(cx: &Cx<'_>, round: Round, typed: &Typed, take: &mut dyn FnMut(Late) -> Val) -> Val {
    let (RoundOf::Out(node, _), [output]) = (&round.of, round.path.as_slice()) else {
        return late_part(cx, &Val::Round(Box::new(round)), typed.span);
    };
    let (node, output) = (*node, output.clone());
    let origin = Origin::Result { node, step: EcoString::new(), result: output.clone(), output };
    match take(Late { origin, ty: round.ty.clone(), uri: false }) {
        Val::Late(late) => {
            let path = vec![late.short().clone()];
            Val::Round(Box::new(Round { path, ty: late.ty, ..round }))
        }
        _ => late_part(cx, &Val::Unit, typed.span),
    }
}

fn part_name(typed: &Typed) -> EcoString {
    match &typed.kind {
        Kind::Metric(_, name) | Kind::ArtifactField(_, name) => name.clone(),
        _ => EcoString::new(),
    }
}

/// A field of a value; of a list it is the list of that field of each item.
pub(crate) fn field<'a>(
    cx: &Cx<'_>,
    base: Val,
    name: &EcoString,
    span: Span,
    names: &mut dyn Names<'a>,
) -> Val {
    match base {
        Val::Const(Value::Record(mut fields)) => Val::Const(fields.shift_remove(name).unwrap_or(Value::None)),
        Val::Const(Value::Duration(ms)) if name == "seconds" => {
            Val::Const(Value::Int(i64::try_from(ms / 1000).unwrap_or(i64::MAX)))
        }
        Val::Const(Value::None) => Val::none(),
        Val::Record(fields) => {
            fields.into_iter().find(|(key, _)| key == name).map_or(Val::none(), |(_, value)| value)
        }
        Val::Node(node) => names.output(node, name),
        Val::Inside(node, call) => names.output(node, &fused::given(&call, name)),
        Val::Arms(arms) => arms.part(name, &mut |value| field(cx, value, name, span, names)),
        Val::List(items) => list(items.into_iter().map(|item| field(cx, item, name, span, names)).collect()),
        Val::Const(Value::List(items)) => {
            list(items.into_iter().map(|item| field(cx, Val::Const(item), name, span, names)).collect())
        }
        Val::Round(round) => Val::Round(Box::new(round.part(name))),
        Val::Rounds(rounds) => {
            let template = field(cx, rounds.template, name, span, names);
            Val::Rounds(Box::new(Rounds { template, ..*rounds }))
        }
        Val::Error => Val::Error,
        other => late_part(cx, &other, span),
    }
}

fn pick(cx: &Cx<'_>, base: Val, index: &Val, typed: &Typed) -> Val {
    let at = match index {
        Val::Const(Value::Int(at)) => usize::try_from(*at).ok(),
        _ => None,
    };
    let key = match index {
        Val::Const(Value::Str(key) | Value::Case(key)) => Some(key),
        _ => None,
    };
    match (base, at, key) {
        (Val::Const(Value::List(items)), Some(at), _) => {
            items.into_iter().nth(at).map(Val::Const).unwrap_or_else(|| no_item(cx, typed))
        }
        (Val::List(items), Some(at), _) => items.into_iter().nth(at).unwrap_or_else(|| no_item(cx, typed)),
        (Val::Const(Value::Record(mut fields)), _, Some(key)) => {
            fields.shift_remove(key).map(Val::Const).unwrap_or_else(|| no_item(cx, typed))
        }
        (Val::Record(fields), _, Some(key)) => {
            let found = fields.into_iter().find(|(name, _)| name == key);
            found.map_or_else(|| no_item(cx, typed), |(_, value)| value)
        }
        (base, ..) => late_part(cx, &base, typed.span),
    }
}

fn no_item(cx: &Cx<'_>, typed: &Typed) -> Val {
    let message = "there is no such item";
    cx.report(
        Diagnostic::new(&codes::types::OUT_OF_RANGE, typed.span, message)
            .help("write an index or key that exists"),
    );
    Val::Error
}

fn concat(cx: &Cx<'_>, parts: Vec<(Val, Span)>) -> Val {
    let mut all: Vec<Val> = Vec::new();
    for (part, span) in parts {
        match part {
            Val::Const(value) => {
                let text = value.text().unwrap_or_default();
                match all.last_mut() {
                    Some(Val::Const(Value::Str(last))) => last.push_str(&text),
                    _ => all.push(Val::text(text)),
                }
            }
            Val::Late(late) => all.push(Val::Late(late)),
            Val::Concat(inner) => all.extend(inner),
            Val::Error => return Val::Error,
            other => {
                unusable(cx, &other, span);
                return Val::Error;
            }
        }
    }
    match all.as_slice() {
        [] => Val::text(""),
        [Val::Const(_)] => all.swap_remove(0),
        _ => Val::Concat(all),
    }
}

/// The type of a part of an item, where the part is asked of a whole list.
fn of_item(ty: &Ty) -> &Ty {
    if let Ty::List(item, _) = ty { of_item(item) } else { ty }
}

pub(crate) fn list(items: Vec<Val>) -> Val {
    if items.iter().any(|item| matches!(item, Val::Error)) {
        return Val::Error;
    }
    let constants: Option<Vec<Value>> = items.iter().map(|item| item.constant().cloned()).collect();
    constants.map_or(Val::List(items), |items| Val::Const(Value::List(items)))
}

fn record(fields: Vec<(EcoString, Val)>) -> Val {
    let constants: Option<IndexMap<EcoString, Value>> =
        fields.iter().map(|(key, field)| Some((key.clone(), field.constant()?.clone()))).collect();
    constants.map_or(Val::Record(fields), |fields| Val::Const(Value::Record(fields)))
}

/// Reports a value that cannot be used where one value is needed.
pub(crate) fn unusable(cx: &Cx<'_>, value: &Val, span: Span) {
    match value {
        Val::Expr(_) => cx.report(
            Diagnostic::new(
                &codes::plan::LATE_EXPRESSION,
                span,
                "this is computed from values that are known only when the pipeline runs",
            )
            .help("computations on late values are for conditions; for a value write a task"),
        ),
        Val::Error => {}
        Val::Never => cx.report(
            Diagnostic::new(
                &codes::plan::LATE_EXPRESSION,
                span,
                "this has no value: whatever happens, a `fail` comes before it",
            )
            .help(
                "the values that are known make its condition constant: pass others, or leave the call out",
            ),
        ),
        Val::Round(_) | Val::Rounds(_) => cx.report(
            Diagnostic::new(
                &codes::plan::NO_MATRIX,
                span,
                "what differs from round to round of a loop over a late list is passed to a task as it is",
            )
            .help("make it a parameter of its own, and let the task put it together"),
        ),
        Val::Arms(_)
        | Val::Const(_)
        | Val::Late(_)
        | Val::Concat(_)
        | Val::List(_)
        | Val::Record(_)
        | Val::Node(_)
        | Val::Inside(..)
        | Val::Unit => cx.report(
            Diagnostic::new(&codes::plan::LATE_FIELD, span, "this is not a single value")
                .help("name the part that is meant; only scalars stand in strings and conditions"),
        ),
    }
}

/// A constant as an operand of conditions.
pub(crate) fn operand(value: &Value, ty: &Ty) -> Option<Operand> {
    Some(match value {
        Value::None => Operand::Absent,
        Value::Bool(value) => Operand::Bool(*value),
        #[allow(clippy::cast_precision_loss, reason = "the checker admits only exact whole numbers here")]
        Value::Int(value) if matches!(ty, Ty::Float(_)) => Operand::Float(*value as f64),
        Value::Int(value) => Operand::Int(*value),
        Value::Float(value) => Operand::Float(*value),
        Value::Str(text) | Value::Case(text) => Operand::Text(text.to_string()),
        Value::Duration(n) | Value::Cpu(n) | Value::Memory(n) => Operand::Int(i64::try_from(*n).ok()?),
        Value::Range(..) | Value::List(_) | Value::Record(_) | Value::Given(_) => return None,
    })
}

/// A value of conditions as a constant of a type.
fn constant(operand: Operand, ty: &Ty) -> Option<Value> {
    Some(match (operand, ty) {
        (Operand::Bool(value), _) => Value::Bool(value),
        (Operand::Int(n), Ty::Duration(_)) => Value::Duration(u64::try_from(n).ok()?),
        (Operand::Int(n), Ty::Cpu(_)) => Value::Cpu(u64::try_from(n).ok()?),
        (Operand::Int(n), Ty::Memory(_)) => Value::Memory(u64::try_from(n).ok()?),
        (Operand::Int(n), _) => Value::Int(n),
        (Operand::Float(value), _) if value.is_finite() => Value::Float(value),
        (Operand::Text(text), _) => Value::Str(text.into()),
        (Operand::Absent, _) => Value::None,
        (Operand::Float(_) | Operand::Length(_), _) => return None,
    })
}

/// A value as a part of a condition; operands go by their references until the condition has its place.
pub(crate) fn computed(cx: &Cx<'_>, value: Val, ty: &Ty, span: Span) -> Option<Computed> {
    match value {
        Val::Expr(computed) => Some(*computed),
        Val::Late(late) => {
            let name = late.text();
            let condition = Condition::Name(name.to_string());
            Some(Computed { condition, operands: vec![(name, late)] })
        }
        Val::Const(ref value) => match operand(value, ty) {
            Some(operand) => Some(Computed { condition: Condition::Constant(operand), operands: Vec::new() }),
            None => {
                unusable(cx, &Val::Unit, span);
                None
            }
        },
        other => {
            unusable(cx, &other, span);
            None
        }
    }
}

/// The constant that a condition without operands is, else the condition.
fn settle(cx: &Cx<'_>, computed: Computed, typed: &Typed) -> Val {
    if !computed.operands.is_empty() {
        return Val::Expr(Box::new(computed));
    }
    let value = computed.condition.value(&|_| None).ok().and_then(|value| constant(value, &typed.ty));
    value.map_or_else(
        || {
            let message = "this has no value: it overflows or divides by zero";
            cx.report(Diagnostic::new(&codes::types::OUT_OF_RANGE, typed.span, message));
            Val::Error
        },
        Val::Const,
    )
}

fn unary(cx: &Cx<'_>, op: UnaryOp, operand: Val, typed: &Typed) -> Val {
    let Some(inner) = computed(cx, operand, &typed.ty, typed.span) else { return Val::Error };
    let op = match op {
        UnaryOp::Not => Unary::Not,
        UnaryOp::Neg => Unary::Neg,
    };
    let condition = Condition::Unary(op, Box::new(inner.condition));
    settle(cx, Computed { condition, operands: inner.operands }, typed)
}

fn operator(op: BinaryOp) -> Option<Binary> {
    Some(match op {
        BinaryOp::Add => Binary::Add,
        BinaryOp::Sub => Binary::Sub,
        BinaryOp::Mul => Binary::Mul,
        BinaryOp::Div => Binary::Div,
        BinaryOp::Rem => Binary::Rem,
        BinaryOp::Eq => Binary::Eq,
        BinaryOp::Ne => Binary::Ne,
        BinaryOp::Lt => Binary::Lt,
        BinaryOp::Le => Binary::Le,
        BinaryOp::Gt => Binary::Gt,
        BinaryOp::Ge => Binary::Ge,
        BinaryOp::And => Binary::And,
        BinaryOp::Or => Binary::Or,
        BinaryOp::In | BinaryOp::Coalesce => return None,
    })
}

fn binary(cx: &Cx<'_>, op: BinaryOp, left: Val, right: Val, types: &(Ty, Ty), typed: &Typed) -> Val {
    // `true && x` is x: what remains may be simple enough to need no step.
    if matches!(op, BinaryOp::And | BinaryOp::Or) {
        let neutral = Value::Bool(op == BinaryOp::And);
        match (left.constant(), right.constant()) {
            (Some(known), _) if *known == neutral => return right,
            (_, Some(known)) if *known == neutral => return left,
            (Some(known), _) | (_, Some(known)) => return Val::Const(known.clone()),
            (None, None) => {}
        }
    }
    let Some(a) = computed(cx, left, &types.0, typed.span) else { return Val::Error };
    let (condition, operands) = match operator(op) {
        Some(op) => {
            let Some(b) = computed(cx, right, &types.1, typed.span) else { return Val::Error };
            let mut operands = a.operands;
            for (name, late) in b.operands {
                if !operands.iter().any(|(known, _)| *known == name) {
                    operands.push((name, late));
                }
            }
            (Condition::Binary(op, Box::new(a.condition), Box::new(b.condition)), operands)
        }
        None => {
            let Val::Const(Value::List(items)) = right else { return late_part(cx, &right, typed.span) };
            let item = if let Ty::List(item, _) = &types.1 { item } else { &types.1 };
            let items: Option<Vec<Operand>> = items.iter().map(|value| operand(value, item)).collect();
            let Some(items) = items else { return late_part(cx, &Val::Unit, typed.span) };
            (Condition::In(Box::new(a.condition), items), a.operands)
        }
    };
    settle(cx, Computed { condition, operands }, typed)
}
