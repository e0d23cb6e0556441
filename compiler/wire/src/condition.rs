//! Conditions that run in the cluster: a JSON expression tree and what it means.
//!
//! `["<","metrics--rmse","max_rmse"]`: a string names an operand, `{"text":"…"}` is a constant text, numbers and
//! truth values are themselves, an array is an operator with its arguments.

use std::cmp::Ordering;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value as Json, json};

/// How deep conditions nest at most, when read.
const MAX_DEPTH: usize = 64;

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub enum Condition {
    /// An operand, by name.
    Name(String),
    /// A constant.
    Constant(Operand),
    /// `!a`, `-a`, `len(a)`, `present(a)`
    Unary(Unary, Box<Condition>),
    /// `a op b`
    Binary(Binary, Box<Condition>, Box<Condition>),
    /// `a in [x, y]`
    In(Box<Condition>, Vec<Operand>),
}

/// A value that a condition works on.
#[derive(Clone, PartialEq, Debug)]
pub enum Operand {
    /// An absent optional.
    Absent,
    /// A truth value.
    Bool(bool),
    /// A whole number; Duration, Cpu, Memory and Count are whole numbers of their smallest unit.
    Int(i64),
    /// An IEEE 754 double.
    Float(f64),
    /// A text or a case of an enum; texts compare by code point.
    Text(String),
    /// The length of a list or map.
    Length(u64),
}

macro_rules! operators {
    ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $name { $($(#[$case_doc])* $case,)* }

        impl $name {
            /// As it stands in JSON.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$case => $text,)* }
            }

            fn read(word: &str) -> Option<Self> {
                match word { $($text => Some(Self::$case),)* _ => None }
            }
        }
    };
}

operators! {
    /// Operators with one argument.
    Unary {
        /// Logical not.
        Not = "!",
        /// The negative.
        Neg = "-",
        /// How many items.
        Len = "len",
        /// Whether an optional is there.
        Present = "present",
    }
}

operators! {
    /// Operators with two arguments.
    Binary {
        /// Both; the right side is only looked at if the left one holds.
        And = "&&",
        /// One of them.
        Or = "||",
        /// Equal.
        Eq = "==",
        /// Different.
        Ne = "!=",
        /// Less.
        Lt = "<",
        /// Less or equal.
        Le = "<=",
        /// Greater.
        Gt = ">",
        /// Greater or equal.
        Ge = ">=",
        /// Sum.
        Add = "+",
        /// Difference.
        Sub = "-",
        /// Product.
        Mul = "*",
        /// Quotient; of whole numbers rounded towards zero.
        Div = "/",
        /// Remainder, with the sign of the dividend.
        Rem = "%",
    }
}

/// Why a condition has no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EvalError {
    /// There is no operand of this name.
    Unknown(String),
    /// The operator does not take such values.
    Type(&'static str),
    /// The result of this operator does not fit into 64 bits.
    Overflow(&'static str),
    /// A whole number is divided by zero.
    DivisionByZero,
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "there is no operand `{name}`"),
            Self::Type(operator) => write!(f, "`{operator}` does not take these values"),
            Self::Overflow(operator) => write!(f, "the result of `{operator}` does not fit into 64 bits"),
            Self::DivisionByZero => f.write_str("division by zero"),
        }
    }
}

impl std::error::Error for EvalError {}

impl Condition {
    /// Whether it holds.
    ///
    /// # Errors
    /// An operand is unknown, or the values do not fit the operators.
    pub fn holds(&self, lookup: &dyn Fn(&str) -> Option<Operand>) -> Result<bool, EvalError> {
        if let Operand::Bool(value) = self.value(lookup)? { Ok(value) } else { Err(EvalError::Type("if")) }
    }

    /// The names of its operands, in order of appearance, each once.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut all = Vec::new();
        self.collect(&mut all);
        all
    }

    fn collect<'a>(&'a self, all: &mut Vec<&'a str>) {
        match self {
            Self::Name(name) => {
                if !all.contains(&name.as_str()) {
                    all.push(name);
                }
            }
            Self::Constant(_) => {}
            Self::Unary(_, a) | Self::In(a, _) => a.collect(all),
            Self::Binary(_, a, b) => {
                a.collect(all);
                b.collect(all);
            }
        }
    }

    /// Its value.
    ///
    /// # Errors
    /// As for [`Self::holds`].
    pub fn value(&self, lookup: &dyn Fn(&str) -> Option<Operand>) -> Result<Operand, EvalError> {
        match self {
            Self::Name(name) => lookup(name).ok_or_else(|| EvalError::Unknown(name.clone())),
            Self::Constant(value) => Ok(value.clone()),
            Self::Unary(op, a) => unary(*op, &a.value(lookup)?),
            Self::In(a, list) => {
                let a = a.value(lookup)?;
                let mut found = false;
                for item in list {
                    found |= compare(&a, item, "in")? == Some(Ordering::Equal);
                }
                Ok(Operand::Bool(found))
            }
            Self::Binary(Binary::And, a, b) => Ok(Operand::Bool(a.holds(lookup)? && b.holds(lookup)?)),
            Self::Binary(Binary::Or, a, b) => Ok(Operand::Bool(a.holds(lookup)? || b.holds(lookup)?)),
            Self::Binary(op, a, b) => binary(*op, &a.value(lookup)?, &b.value(lookup)?),
        }
    }
}

fn unary(op: Unary, a: &Operand) -> Result<Operand, EvalError> {
    match (op, a) {
        (Unary::Not, Operand::Bool(a)) => Ok(Operand::Bool(!a)),
        (Unary::Neg, Operand::Int(a)) => a.checked_neg().map(Operand::Int).ok_or(EvalError::Overflow("-")),
        (Unary::Neg, Operand::Float(a)) => Ok(Operand::Float(-a)),
        (Unary::Len, Operand::Length(n)) => {
            i64::try_from(*n).map(Operand::Int).map_err(|_| EvalError::Overflow("len"))
        }
        (Unary::Len, Operand::Text(text)) => {
            i64::try_from(text.len()).map(Operand::Int).map_err(|_| EvalError::Overflow("len"))
        }
        (Unary::Present, a) => Ok(Operand::Bool(*a != Operand::Absent)),
        (Unary::Not | Unary::Neg | Unary::Len, _) => Err(EvalError::Type(op.word())),
    }
}

/// `None` where one side is NaN.
fn compare(a: &Operand, b: &Operand, word: &'static str) -> Result<Option<Ordering>, EvalError> {
    match (a, b) {
        (Operand::Int(a), Operand::Int(b)) => Ok(Some(a.cmp(b))),
        (Operand::Float(a), Operand::Float(b)) => Ok(a.partial_cmp(b)),
        // Bytes of UTF-8 have the order of the code points.
        (Operand::Text(a), Operand::Text(b)) => Ok(Some(a.as_bytes().cmp(b.as_bytes()))),
        (Operand::Bool(a), Operand::Bool(b)) => Ok(Some(a.cmp(b))),
        _ => Err(EvalError::Type(word)),
    }
}

fn binary(op: Binary, a: &Operand, b: &Operand) -> Result<Operand, EvalError> {
    let holds = |test: fn(Ordering) -> bool| -> Result<Operand, EvalError> {
        Ok(Operand::Bool(compare(a, b, op.word())?.is_some_and(test)))
    };
    match op {
        Binary::Eq => holds(Ordering::is_eq),
        // Not the negation of a comparison that NaN makes false: IEEE 754 says that NaN differs from everything.
        Binary::Ne => Ok(Operand::Bool(compare(a, b, "!=")? != Some(Ordering::Equal))),
        Binary::Lt => holds(Ordering::is_lt),
        Binary::Le => holds(Ordering::is_le),
        Binary::Gt => holds(Ordering::is_gt),
        Binary::Ge => holds(Ordering::is_ge),
        Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::Rem => arithmetic(op, a, b),
        Binary::And | Binary::Or => Err(EvalError::Type(op.word())),
    }
}

fn arithmetic(op: Binary, a: &Operand, b: &Operand) -> Result<Operand, EvalError> {
    match (a, b) {
        (Operand::Int(a), Operand::Int(b)) => {
            if *b == 0 && matches!(op, Binary::Div | Binary::Rem) {
                return Err(EvalError::DivisionByZero);
            }
            let result = match op {
                Binary::Add => a.checked_add(*b),
                Binary::Sub => a.checked_sub(*b),
                Binary::Mul => a.checked_mul(*b),
                Binary::Div => a.checked_div(*b),
                Binary::Rem => a.checked_rem(*b),
                Binary::And | Binary::Or | Binary::Eq | Binary::Ne => None,
                Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge => None,
            };
            result.map(Operand::Int).ok_or(EvalError::Overflow(op.word()))
        }
        (Operand::Float(a), Operand::Float(b)) => match op {
            Binary::Add => Ok(Operand::Float(a + b)),
            Binary::Sub => Ok(Operand::Float(a - b)),
            Binary::Mul => Ok(Operand::Float(a * b)),
            Binary::Div => Ok(Operand::Float(a / b)),
            Binary::Rem => Ok(Operand::Float(a % b)),
            Binary::And | Binary::Or | Binary::Eq | Binary::Ne => Err(EvalError::Type(op.word())),
            Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge => Err(EvalError::Type(op.word())),
        },
        (Operand::Text(a), Operand::Text(b)) if op == Binary::Add => Ok(Operand::Text(format!("{a}{b}"))),
        _ => Err(EvalError::Type(op.word())),
    }
}

impl Operand {
    fn json(&self) -> Json {
        match self {
            Self::Absent => Json::Null,
            Self::Bool(value) => json!(value),
            Self::Int(value) => json!(value),
            Self::Float(value) => json!(value),
            Self::Text(text) => json!({ "text": text }),
            Self::Length(n) => json!(n),
        }
    }

    fn from_json(json: &Json) -> Option<Self> {
        match json {
            Json::Null => Some(Self::Absent),
            Json::Bool(value) => Some(Self::Bool(*value)),
            Json::Number(number) => {
                number.as_i64().map(Self::Int).or_else(|| number.as_f64().map(Self::Float))
            }
            Json::Object(map) if map.len() == 1 => {
                map.get("text").and_then(Json::as_str).map(|text| Self::Text(text.to_owned()))
            }
            Json::Object(_) | Json::String(_) | Json::Array(_) => None,
        }
    }
}

impl Condition {
    fn json(&self) -> Json {
        match self {
            Self::Name(name) => json!(name),
            Self::Constant(value) => value.json(),
            Self::Unary(op, a) => json!([op.word(), a.json()]),
            Self::Binary(op, a, b) => json!([op.word(), a.json(), b.json()]),
            Self::In(a, list) => {
                json!(["in", a.json(), list.iter().map(Operand::json).collect::<Vec<_>>()])
            }
        }
    }

    fn from_json(json: &Json, depth: usize) -> Option<Self> {
        if depth > MAX_DEPTH {
            return None;
        }
        let next = |json| Self::from_json(json, depth + 1).map(Box::new);
        match json {
            Json::String(name) => Some(Self::Name(name.clone())),
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(word), a, Json::Array(list)] if word == "in" => {
                    let list = list.iter().map(Operand::from_json).collect::<Option<_>>()?;
                    Some(Self::In(next(a)?, list))
                }
                [Json::String(word), a] => Some(Self::Unary(Unary::read(word)?, next(a)?)),
                [Json::String(word), a, b] => Some(Self::Binary(Binary::read(word)?, next(a)?, next(b)?)),
                _ => None,
            },
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => {
                Operand::from_json(json).map(Self::Constant)
            }
        }
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        Self::from_json(&json, 0).ok_or_else(|| D::Error::custom("no condition"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Condition {
        serde_json::from_str(json).unwrap()
    }

    fn operands(name: &str) -> Option<Operand> {
        Some(match name {
            "rmse" => Operand::Float(0.79),
            "nan" => Operand::Float(f64::NAN),
            "n" => Operand::Int(9_007_199_254_740_993),
            "side" => Operand::Text("heads".into()),
            "none" => Operand::Absent,
            "names" => Operand::Length(3),
            "flag" => Operand::Bool(true),
            _ => return None,
        })
    }

    #[test]
    fn comparisons_are_exact() {
        let holds = |json| read(json).holds(&operands);
        assert_eq!(holds(r#"["<","rmse",0.8]"#), Ok(true));
        assert_eq!(holds(r#"["==","n",9007199254740992]"#), Ok(false), "Int is exact beyond 2^53");
        assert_eq!(holds(r#"["<","nan",1.0]"#), Ok(false));
        assert_eq!(holds(r#"[">=","nan",1.0]"#), Ok(false));
        assert_eq!(holds(r#"["!=","nan","nan"]"#), Ok(true));
        assert_eq!(holds(r#"["in","side",[{"text":"tails"},{"text":"heads"}]]"#), Ok(true));
        assert_eq!(holds(r#"["<",{"text":"\uFFFD"},{"text":"\uD83E\uDD80"}]"#), Ok(true), "by code point");
        assert_eq!(holds(r#"["&&",["present","none"],["<","none",1]]"#), Ok(false));
        assert_eq!(holds(r#"["==",["len","names"],3]"#), Ok(true));
        assert_eq!(holds(r#"["!",["||","flag","rmse"]]"#), Ok(false));
        assert_eq!(holds(r#"["==",["/",-7,2],-3]"#), Ok(true));
    }

    #[test]
    fn what_has_no_value_says_why() {
        let holds = |json| read(json).holds(&operands);
        assert_eq!(holds(r#"["<","loss",1.0]"#), Err(EvalError::Unknown("loss".into())));
        assert_eq!(holds(r#"["<","rmse",1]"#), Err(EvalError::Type("<")));
        assert_eq!(holds(r#"["==",["%",1,0],1]"#), Err(EvalError::DivisionByZero));
        assert_eq!(holds(r#"["==",["+",9223372036854775807,1],1]"#), Err(EvalError::Overflow("+")));
        assert_eq!(holds(r#"["==",["/",["-",-9223372036854775807,1],-1],1]"#), Err(EvalError::Overflow("/")));
        assert!(serde_json::from_str::<Condition>(r#"["<",1]"#).is_err());
        assert!(serde_json::from_str::<Condition>(r#"["in","a","b"]"#).is_err());
    }

    fn conditions() -> impl Strategy<Value = Condition> {
        let constant = || {
            prop_oneof![
                any::<bool>().prop_map(Operand::Bool),
                any::<i64>().prop_map(Operand::Int),
                any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Operand::Float),
                any::<String>().prop_map(Operand::Text),
            ]
        };
        let leaf =
            prop_oneof![any::<String>().prop_map(Condition::Name), constant().prop_map(Condition::Constant)];
        leaf.prop_recursive(4, 24, 2, move |inner| {
            prop_oneof![
                inner.clone().prop_map(|a| Condition::Unary(Unary::Not, Box::new(a))),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| Condition::Binary(
                    Binary::Sub,
                    Box::new(a),
                    Box::new(b)
                )),
                (inner, proptest::collection::vec(constant(), 0..3))
                    .prop_map(|(a, list)| Condition::In(Box::new(a), list)),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_condition_is_read_back_from_its_json(condition in conditions()) {
            let json = serde_json::to_string(&condition).unwrap();
            prop_assert_eq!(serde_json::from_str::<Condition>(&json).unwrap(), condition);
        }
    }
}
