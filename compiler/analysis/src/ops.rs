//! Operators on constants: the checker folds with them, and so does the lowering once parameters are known.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "an operator is for a few pairs of kinds and refuses all others"
)]

use crate::model::{BinaryOp, UnaryOp};
use crate::value::Value;

/// An element of a constant list or the value under a constant key.
pub fn pick(base: &Value, index: &Value) -> Option<Value> {
    match (base, index) {
        (Value::List(items), Value::Int(at)) => {
            usize::try_from(*at).ok().and_then(|at| items.get(at)).cloned()
        }
        (Value::Record(fields), Value::Str(key) | Value::Case(key)) => fields.get(key).cloned(),
        _ => None,
    }
}

/// `!x`, `-x` on constants; `None` on overflow.
pub fn unary(op: UnaryOp, value: &Value) -> Option<Value> {
    match (op, value) {
        (UnaryOp::Not, Value::Bool(b)) => Some(Value::Bool(!b)),
        (UnaryOp::Neg, Value::Int(i)) => i.checked_neg().map(Value::Int),
        (UnaryOp::Neg, Value::Float(f)) => Some(Value::Float(-f)),
        _ => None,
    }
}

/// An infix operator on constants: Int exact, Float IEEE 754, texts by code point; `None` where it has no value
/// (overflow, division by zero, a result that is not finite).
pub fn binary(op: BinaryOp, left: &Value, right: &Value) -> Option<Value> {
    use BinaryOp as Op;
    match op {
        Op::Coalesce => Some(if *left == Value::None { right.clone() } else { left.clone() }),
        Op::And | Op::Or => match (left, right) {
            (Value::Bool(a), Value::Bool(b)) => {
                Some(Value::Bool(if op == Op::And { *a && *b } else { *a || *b }))
            }
            _ => None,
        },
        Op::Eq => equal(left, right).map(Value::Bool),
        Op::Ne => equal(left, right).map(|same| Value::Bool(!same)),
        Op::Lt | Op::Le | Op::Gt | Op::Ge => {
            let order = order(left, right)?;
            Some(Value::Bool(match op {
                Op::Lt => order.is_some_and(std::cmp::Ordering::is_lt),
                Op::Le => order.is_some_and(std::cmp::Ordering::is_le),
                Op::Gt => order.is_some_and(std::cmp::Ordering::is_gt),
                _ => order.is_some_and(std::cmp::Ordering::is_ge),
            }))
        }
        Op::In => match right {
            Value::List(items) => Some(Value::Bool(items.iter().any(|item| equal(left, item) == Some(true)))),
            _ => None,
        },
        Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem => arithmetic(op, left, right),
    }
}

fn equal(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => {
            #[allow(clippy::cast_precision_loss)]
            let a = *a as f64;
            Some(a == *b)
        }
        _ => Some(left == right),
    }
}

/// The order of two values of a kind; the inner `None` is a NaN.
#[allow(clippy::option_option)]
fn order(left: &Value, right: &Value) -> Option<Option<std::cmp::Ordering>> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(Some(a.cmp(b))),
        (Value::Float(a), Value::Float(b)) => Some(a.partial_cmp(b)),
        (Value::Str(a), Value::Str(b)) => Some(Some(a.cmp(b))),
        (Value::Duration(a), Value::Duration(b))
        | (Value::Cpu(a), Value::Cpu(b))
        | (Value::Memory(a), Value::Memory(b)) => Some(Some(a.cmp(b))),
        _ => None,
    }
}

fn arithmetic(op: BinaryOp, left: &Value, right: &Value) -> Option<Value> {
    use BinaryOp as Op;
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => match op {
            Op::Add => a.checked_add(*b),
            Op::Sub => a.checked_sub(*b),
            Op::Mul => a.checked_mul(*b),
            Op::Div => a.checked_div(*b),
            _ => a.checked_rem(*b),
        }
        .map(Value::Int),
        (Value::Float(a), Value::Float(b)) => {
            let value = match op {
                Op::Add => a + b,
                Op::Sub => a - b,
                Op::Mul => a * b,
                Op::Div => a / b,
                _ => a % b,
            };
            value.is_finite().then_some(Value::Float(value))
        }
        (Value::Str(a), Value::Str(b)) if op == Op::Add => Some(Value::Str(ecow::eco_format!("{a}{b}"))),
        _ => None,
    }
}
