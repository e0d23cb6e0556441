//! The contract `--task=<JSON>`: what a task takes and gives, for `fuse-step`. Keys stand in the order of the fields.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::text::json_argument;
use crate::types::WireType;

/// What the uri of a file starts with that the manifests carry: the name of its config map and a key follow.
pub const MOUNTED: &str = "configmap://";

/// What the uri of files starts with that one call of a pod hands to another: the call and its output follow. Such a
/// uri means nothing outside of the pod.
pub const IN_POD: &str = "pod:///";

/// What `fuse-step in` leaves in `/fuse/task.json`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// The task's name, for messages.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Inputs, in declared order.
    #[serde(rename = "in", default, skip_serializing_if = "IndexMap::is_empty")]
    pub inputs: IndexMap<String, Port>,
    /// Inputs that are known: their values as JSON.
    #[serde(rename = "const", default, skip_serializing_if = "IndexMap::is_empty")]
    pub constants: IndexMap<String, Constant>,
    /// Outputs and the small values that are taken out of them (`metrics--rmse`), in declared order.
    #[serde(rename = "out", default, skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<String, Port>,
    /// Conditions that the step computes when it closes: chain `n` writes the result `arm--n`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<Arms>,
    /// Whether it is one pod of a matrix: its number arrives as `--index=…`, and all that it gives is one result `out`,
    /// `{"i":"12","v":{…}}` with every output by its name.
    #[serde(default, skip_serializing_if = "is_false")]
    pub each: bool,
    /// Inputs of such a pod that are taken out of something whole, by their names.
    #[serde(rename = "pick", default, skip_serializing_if = "IndexMap::is_empty")]
    pub picks: IndexMap<String, Pick>,
    /// Inputs that are lists of what the pods of a matrix gave, with the part that is meant: they arrive as
    /// `--outs=<name>` and, behind it, every `out` of the matrix.
    #[serde(rename = "collect", default, skip_serializing_if = "IndexMap::is_empty")]
    pub collects: IndexMap<String, Vec<String>>,
    /// Names of environment variables that arrive as `--env=NAME=…`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// The argument vector of the user's command, where a late text takes part in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub run: Vec<Word>,
    /// Results that also go to the run's store, for a join to find: `join--r/value` → `rmse`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub slots: IndexMap<String, String>,
    /// What a `join` helper merges: for each result the arms that it may come from.
    #[serde(rename = "join", default, skip_serializing_if = "IndexMap::is_empty")]
    pub joins: IndexMap<String, Join>,
    /// What a `list` helper checks and counts, by the input's name.
    #[serde(rename = "list", default, skip_serializing_if = "IndexMap::is_empty")]
    pub lists: IndexMap<String, List>,
    /// Of a call that shares its pod with others: inputs that earlier calls take part in, as they are put together when
    /// those have ended.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub from: IndexMap<String, Vec<Leaf>>,
    /// Of such a call: variables of [`Contract::env`] that earlier calls take part in.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub env_from: IndexMap<String, Leaf>,
    /// Of such a call: the outputs that leave the pod, as the results `<call>--<output>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub give: Option<Vec<String>>,
    /// Bytes that all results of the pod may take together in a termination message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<u32>,
}

/// A value that comes from one of several arms.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The form of the merged value.
    pub port: Port,
    /// Tried in order: the first whose selectors all hold gives the value, unless that value is absent.
    pub cases: Vec<Case>,
    /// The value when no case gives one; without it an optional port is absent, and another one an error.
    #[serde(rename = "else", default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Vec<Leaf>>,
}

/// An arm with the value that it gives.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Conditions on inputs; all must hold.
    #[serde(rename = "if", default, skip_serializing_if = "Vec::is_empty")]
    pub selectors: Vec<Selector>,
    /// The value on the wire: a text, or the JSON of a composite and its late leaves.
    pub value: Vec<Leaf>,
}

/// A comparison of an input's text on the wire with constants, as a `when` of the arm has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// The input, passed as `--select=<name>=…`.
    #[serde(rename = "in")]
    pub input: String,
    /// The texts that it is compared with, encoded.
    pub is: Vec<String>,
    /// Whether it must be none of them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not: bool,
}

/// A text on the wire, joined of parts: encoding commutes with joining.
pub type Leaf = Vec<Piece>;

/// A part of a [`Leaf`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Piece {
    /// An encoded constant.
    Text(String),
    /// The text of a parameter, passed as `--part=<name>=…`.
    In(String),
    /// What a step of the arm left in the run's store: `join--r/value`. Where nothing was left, the case gives no
    /// value.
    Slot(String),
    /// What an earlier call of the pod gave.
    #[serde(untagged)]
    Call {
        /// The call.
        call: String,
        /// Its output, or what was taken out of one.
        result: String,
    },
    /// The list of what the pods of a matrix gave, passed as `--outs=<name>` and every `out` behind it.
    #[serde(untagged)]
    Outs {
        /// The name.
        outs: String,
        /// The part of each that is meant.
        path: Vec<String>,
    },
}

/// Where a pod of a matrix has an input from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Pick {
    /// The item of its number in a list, which arrives whole.
    Item {
        /// The type of the list.
        list: WireType,
        /// The part of the item that is meant.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        path: Vec<String>,
    },
    /// What the pod of its number gave in an earlier matrix, whose results arrive as for [`Contract::collects`].
    Out {
        /// The part that is meant.
        out: Vec<String>,
    },
    /// Its number.
    Index {
        /// Always `true`.
        index: bool,
    },
}

/// The number of a pod that has no item: its matrix is over an empty list.
pub const NO_ITEM: &str = "none";

/// A list that is ranged over.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Other inputs that must be as long.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zip: Vec<String>,
    /// Whether the list itself goes to `list.json` in the run's store, because a result could not hold it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stored: bool,
    /// Whether the list is only checked and counted, because who needs it has it from elsewhere.
    #[serde(default, skip_serializing_if = "is_false")]
    pub counted: bool,
    /// Whether an empty list gives one pod that does nothing: what comes after the loop finds an empty list then,
    /// where a skipped matrix would take it along.
    #[serde(default, skip_serializing_if = "is_false")]
    pub spare: bool,
}

/// The form in which a value arrives or leaves.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Port {
    /// A scalar or a composite, checked by its type.
    Value(WireType),
    /// Files in the store of the run.
    Store {
        /// The artifact's type.
        store: String,
        /// Whether it may be absent.
        #[serde(default, skip_serializing_if = "is_false")]
        optional: bool,
    },
    /// A reference.
    Uri {
        /// The schemes that it may have; empty: any.
        uri: Vec<String>,
        /// Prefixes that the producer replaces.
        #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
        rewrite: IndexMap<String, String>,
        /// Whether it may be absent.
        #[serde(default, skip_serializing_if = "is_false")]
        optional: bool,
    },
}

impl Port {
    /// The type of what arrives or leaves.
    #[must_use]
    pub fn ty(&self) -> WireType {
        let (ty, optional) = match self {
            Self::Value(ty) => return ty.clone(),
            Self::Store { store, optional } => (WireType::Files(store.clone()), optional),
            Self::Uri { uri, optional, .. } => (WireType::Uri(uri.clone()), optional),
        };
        if *optional { WireType::Optional(Box::new(ty)) } else { ty }
    }

    /// Whether it may be absent.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        matches!(self.ty(), WireType::Optional(_))
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// An input that is known when built.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// Its type.
    #[serde(rename = "type")]
    pub ty: WireType,
    /// Its value: as in a manifest.
    pub value: serde_json::Value,
}

/// A chain of conditions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arms {
    /// Tried in order; the arm is the index of the first that holds, else their number.
    #[serde(rename = "if")]
    pub conditions: Vec<Condition>,
    /// Operands that arrive as `--operand=<chain>=<name>=…`; other names are outputs or inputs.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub operands: IndexMap<String, WireType>,
}

/// A word of a command.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Word {
    /// A constant.
    Text(String),
    /// Texts and inputs, joined.
    Parts(Vec<Part>),
}

/// A part of a word.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// A constant.
    Text(String),
    /// The text of an input.
    Input {
        /// Its name.
        #[serde(rename = "in")]
        input: String,
    },
}

/// The variable that a step finds an input or output by: `OUT` and `metrics--rmse` make `OUT_METRICS__RMSE`.
#[must_use]
pub fn variable(prefix: &str, name: &str) -> String {
    format!("{prefix}_{}", name.to_uppercase()).replace("--", "__")
}

/// The name that what a call gives has as a result of its pod: `<call>--<result>`.
#[must_use]
pub fn of_call(call: &str, result: &str) -> String {
    format!("{call}--{result}")
}

impl Contract {
    /// Whether an output is a result of the pod.
    #[must_use]
    pub fn gives(&self, output: &str) -> bool {
        self.give.as_ref().is_none_or(|all| all.iter().any(|name| name == output))
    }

    /// Whether an output is needed outside of the pod: as a result, or by a join that looks for it in the store.
    #[must_use]
    pub fn hands_on(&self, output: &str) -> bool {
        self.gives(output) || self.slots.values().any(|name| name == output)
    }

    /// The whole argument, `--task={…}`.
    #[must_use]
    pub fn argument(&self) -> String {
        // Maps have string keys and floats are finite or texts: writing JSON cannot fail.
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("--task={}", json_argument(&json))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_upper_case() {
        assert_eq!(variable("IN", "max_rmse"), "IN_MAX_RMSE");
        assert_eq!(variable("OUT", "metrics--rmse"), "OUT_METRICS__RMSE");
    }

    #[test]
    fn the_contract_is_compact_ordered_and_read_back() {
        let mut contract = Contract::default();
        contract.inputs.insert("project".into(), Port::Store { store: "Source".into(), optional: false });
        contract.inputs.insert("name".into(), Port::Value("String matches \"^a$\"".parse().unwrap()));
        contract.outputs.insert(
            "model".into(),
            Port::Uri {
                uri: vec!["s3".into()],
                rewrite: IndexMap::from([("mlflow-artifacts:/".to_owned(), "s3://mlflow/".to_owned())]),
                optional: false,
            },
        );
        contract.outputs.insert("rmse".into(), Port::Value(WireType::float()));
        contract.arms.push(Arms {
            conditions: vec![serde_json::from_str(r#"["<","rmse","max_rmse"]"#).unwrap()],
            operands: IndexMap::from([("max_rmse".to_owned(), WireType::float())]),
        });
        let argument = contract.argument();
        assert_eq!(
            argument,
            "--task={\"in\":{\"project\":{\"store\":\"Source\"},\"name\":\"String matches \\\"^a\\u0024\\\"\"},\
             \"out\":{\"model\":{\"uri\":[\"s3\"],\"rewrite\":{\"mlflow-artifacts:/\":\"s3://mlflow/\"}},\
             \"rmse\":\"Float\"},\"arms\":[{\"if\":[[\"<\",\"rmse\",\"max_rmse\"]],\
             \"operands\":{\"max_rmse\":\"Float\"}}]}"
        );
        let json = argument.strip_prefix("--task=").unwrap();
        assert_eq!(serde_json::from_str::<Contract>(json).unwrap(), contract);
        assert!(serde_json::from_str::<Contract>(r#"{"inn":{}}"#).is_err());
    }
}
