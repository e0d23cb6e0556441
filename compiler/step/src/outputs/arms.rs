//! Which arm of each condition runs: computed by the step that its operands come from.

use fuse_wire::contract::Contract;
use fuse_wire::read::{BYTES, CPUS, DURATIONS, quantity};
use fuse_wire::{Operand, WireType};
use indexmap::IndexMap;
use serde_json::Value as Json;

use super::Given;
use crate::args::shortened;
use crate::failure::Failure;
use crate::inputs::text;

/// Adds the result `arm--<n>` for each chain: the index of the first condition that holds, else their number.
///
/// # Errors
/// A condition has no value: a whole number overflows or is divided by zero.
pub fn arms(
    contract: &Contract,
    operands: &[IndexMap<String, Json>],
    given: &mut Given,
) -> Result<(), Failure> {
    for (at, arms) in contract.arms.iter().enumerate() {
        let own = operands.get(at);
        let lookup = |name: &str| {
            let own = own.and_then(|own| own.get(name)).zip(arms.operands.get(name));
            match own {
                Some((value, ty)) => operand(ty, value),
                None => given.values.get(name).and_then(|(ty, value)| operand(ty, value)),
            }
        };
        let mut chosen = arms.conditions.len();
        for (index, condition) in arms.conditions.iter().enumerate() {
            let holds = condition.holds(&lookup).map_err(|error| {
                let values: Vec<String> = condition
                    .names()
                    .into_iter()
                    .map(|name| {
                        let value = lookup(name).map_or("missing".to_owned(), |value| show(&value));
                        format!("{name} is {value}")
                    })
                    .collect();
                Failure::new(format!("a condition has no value: {error}; {}", values.join(", ")))
            })?;
            if holds {
                chosen = index;
                break;
            }
        }
        given.results.insert(format!("arm--{at}"), chosen.to_string());
    }
    Ok(())
}

fn show(value: &Operand) -> String {
    match value {
        Operand::Absent => "absent".to_owned(),
        Operand::Bool(value) => value.to_string(),
        Operand::Int(value) => value.to_string(),
        Operand::Float(value) => value.to_string(),
        Operand::Text(text) => format!("`{}`", shortened(text)),
        Operand::Length(n) => format!("of length {n}"),
    }
}

/// A value as conditions work on it.
fn operand(ty: &WireType, value: &Json) -> Option<Operand> {
    let whole = |units| {
        let n = quantity(value.as_str()?, units)?;
        i64::try_from(n).ok().map(Operand::Int)
    };
    match (ty, value) {
        (WireType::Optional(_), Json::Null) => Some(Operand::Absent),
        (WireType::Optional(inner), _) => operand(inner, value),
        (WireType::Bool, _) => value.as_bool().map(Operand::Bool),
        (WireType::Int(_) | WireType::Count(_), _) => value.as_i64().map(Operand::Int),
        (WireType::Float(_), _) => text(value)?.parse().ok().map(Operand::Float),
        (WireType::Duration(_), _) => whole(DURATIONS),
        (WireType::Cpu(_), _) => whole(CPUS),
        (WireType::Memory(_), _) => whole(BYTES),
        (WireType::List(..), Json::Array(items)) => Some(Operand::Length(items.len() as u64)),
        (WireType::Map(_) | WireType::Record(_), Json::Object(fields)) => {
            Some(Operand::Length(fields.len() as u64))
        }
        (WireType::List(..) | WireType::Map(_) | WireType::Record(_), _) => None,
        (
            WireType::Text(..)
            | WireType::Url
            | WireType::Path
            | WireType::Image
            | WireType::DnsLabel
            | WireType::Scalar
            | WireType::Enum(_)
            | WireType::Files(_)
            | WireType::Uri(_),
            _,
        ) => text(value).map(Operand::Text),
    }
}
