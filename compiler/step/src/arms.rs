//! Conditions that a step computes when it closes: which arm of a chain runs.

use fuse_wire::contract::Arms;
use fuse_wire::read::{BYTES, CPUS, DURATIONS, quantity};
use fuse_wire::{Operand, WireType};
use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::failure::Failure;
use crate::inputs::Typed;
use crate::values::readable;

/// The results `arm--<n>`: the index of the first condition that holds, else their number.
///
/// # Errors
/// A condition has no value.
pub(crate) fn choose(
    arms: &[Arms],
    operands: &[IndexMap<String, Json>],
    values: &IndexMap<String, Typed>,
) -> Result<Vec<(String, String)>, Failure> {
    let mut results = Vec::new();
    for (chain, arms) in arms.iter().enumerate() {
        let own = operands.get(chain);
        let lookup = |name: &str| {
            let own = arms.operands.get(name).zip(own.and_then(|own| own.get(name)));
            let (ty, value) = own.or_else(|| values.get(name).map(|(ty, value)| (ty, value)))?;
            operand(ty, value)
        };
        let mut arm = arms.conditions.len();
        for (at, condition) in arms.conditions.iter().enumerate() {
            let holds = condition.holds(&lookup).map_err(|error| {
                let shown: Vec<String> = condition
                    .names()
                    .iter()
                    .map(|name| format!("{name} = {}", show(lookup(name).as_ref())))
                    .collect();
                let with =
                    if shown.is_empty() { String::new() } else { format!(", with {}", shown.join(", ")) };
                Failure::new(format!("condition {} of `arm--{chain}`: {error}{with}", at + 1))
            })?;
            if holds {
                arm = at;
                break;
            }
        }
        results.push((format!("arm--{chain}"), arm.to_string()));
    }
    Ok(results)
}

/// A value as conditions see it.
fn operand(ty: &WireType, value: &Json) -> Option<Operand> {
    let text = || value.as_str().map(str::to_owned);
    let units = |units| {
        let smallest = quantity(value.as_str()?, units)?;
        i64::try_from(smallest).ok().map(Operand::Int)
    };
    match ty {
        WireType::Optional(_) if value.is_null() => Some(Operand::Absent),
        WireType::Optional(inner) => operand(inner, value),
        WireType::Bool => value.as_bool().map(Operand::Bool),
        WireType::Int(_) | WireType::Count(_) => value.as_i64().map(Operand::Int),
        // JSON has no number for those that are not finite.
        WireType::Float(_) => value.as_f64().or_else(|| value.as_str()?.parse().ok()).map(Operand::Float),
        WireType::Duration(_) => units(DURATIONS),
        WireType::Cpu(_) => units(CPUS),
        WireType::Memory(_) => units(BYTES),
        WireType::Text(..)
        | WireType::Url
        | WireType::Path
        | WireType::Image
        | WireType::DnsLabel
        | WireType::Scalar
        | WireType::Enum(_)
        | WireType::Files(_)
        | WireType::Uri(_) => text().map(Operand::Text),
        WireType::List(..) => value.as_array().map(|items| Operand::Length(items.len() as u64)),
        WireType::Map(_) | WireType::Record(_) | WireType::Union(_) => {
            value.as_object().map(|fields| Operand::Length(fields.len() as u64))
        }
    }
}

fn show(operand: Option<&Operand>) -> String {
    match operand {
        None => "?".to_owned(),
        Some(Operand::Absent) => "absent".to_owned(),
        Some(Operand::Bool(value)) => value.to_string(),
        Some(Operand::Int(value)) => value.to_string(),
        Some(Operand::Float(value)) => format!("{value:?}"),
        Some(Operand::Text(text)) => format!("`{}`", readable(text)),
        Some(Operand::Length(length)) => format!("{length} entries"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values() -> IndexMap<String, Typed> {
        let all = [
            ("n", "Int", json!(7)),
            ("zero", "Int", json!(0)),
            ("x", "Float", json!(0.5)),
            ("nan", "Float", json!("NaN")),
            ("time", "Duration", json!("1h30min")),
            ("memory", "Memory", json!("1.5Gi")),
            ("cpu", "Cpu?", json!("500m")),
            ("none", "Int?", json!(null)),
            ("list", "List<Int>", json!([1, 2, 3])),
            ("side", "enum(heads, tails)", json!("heads")),
        ];
        all.into_iter().map(|(name, ty, value)| (name.to_owned(), (ty.parse().unwrap(), value))).collect()
    }

    fn arm(json: &str) -> Result<String, String> {
        let arms: Arms = serde_json::from_str(json).unwrap();
        let results = choose(&[arms], &[IndexMap::from([("x".to_owned(), json!(2.5))])], &values());
        results.map(|all| all[0].1.clone()).map_err(|failure| failure.message)
    }

    #[test]
    fn the_first_that_holds_is_the_arm() {
        assert_eq!(arm(r#"{"if":[["<","n",3],["<","n",9],["<","n",10]]}"#), Ok("1".into()));
        assert_eq!(arm(r#"{"if":[["<","n",3],["<","n",4]]}"#), Ok("2".into()));
        assert_eq!(arm(r#"{"if":[["==","time",5400000]]}"#), Ok("0".into()));
        assert_eq!(arm(r#"{"if":[["==","memory",1610612736]]}"#), Ok("0".into()));
        assert_eq!(arm(r#"{"if":[["==","cpu",500]]}"#), Ok("0".into()));
        assert_eq!(
            arm(r#"{"if":[["present","none"],["<","nan",1.0],["==",["len","list"],3]]}"#),
            Ok("2".into())
        );
        assert_eq!(arm(r#"{"if":[["==","side",{"text":"heads"}]]}"#), Ok("0".into()));
        assert_eq!(arm(r#"{"if":[[">","x",2.0]],"operands":{"x":"Float"}}"#), Ok("0".into()), "its own x");
        assert_eq!(arm(r#"{"if":[[">","x",2.0]]}"#), Ok("1".into()), "the step's x");
    }

    #[test]
    fn what_has_no_value_names_the_values() {
        assert_eq!(
            arm(r#"{"if":[["<","n",1],["==",["/","n","zero"],1]]}"#),
            Err("condition 2 of `arm--0`: division by zero, with n = 7, zero = 0".into())
        );
        assert!(arm(r#"{"if":[["<","gone",1]]}"#).unwrap_err().contains("there is no operand `gone`"));
    }
}
