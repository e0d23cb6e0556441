//! Values of a lowering: constants, references, and what is built from both.

#![allow(clippy::wildcard_enum_match_arm, reason = "most kinds of values are no step")]

use ecow::{EcoString, eco_format};
use fuse_analysis::ty::{Bounds, Ty};
use fuse_analysis::value::Value;
use fuse_wire::Condition;

use super::Place;
use super::guards::GuardSpec;

/// Index of a pipeline task that is being lowered.
pub(crate) type NodeAt = usize;

/// What an expression stands for in one target.
#[derive(Clone, Debug)]
pub(crate) enum Val {
    /// Known now.
    Const(Value),
    /// Known when the pipeline runs.
    Late(Late),
    /// Texts joined, at least one of them late.
    Concat(Vec<Val>),
    /// A list with late parts.
    List(Vec<Val>),
    /// A record or map with late parts.
    Record(Vec<(EcoString, Val)>),
    /// The outputs of a step.
    Node(NodeAt),
    /// A computation with late operands.
    Expr(Box<Computed>),
    /// What each round of a matrix has its own of.
    Round(Box<Round>),
    /// The list of what the rounds of a matrix give.
    Rounds(Box<Rounds>),
    /// A value that depends on which arm of a condition runs.
    Arms(Box<Arms>),
    /// Nothing.
    Unit,
    /// The run has failed: `fail`.
    Never,
    /// An error was reported.
    Error,
}

/// A value in a round of a loop over a list that is known late.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) of: RoundOf,
    /// The part that is meant.
    pub(crate) path: Vec<EcoString>,
    /// The type of that part.
    pub(crate) ty: Ty,
}

/// Where a round has a value from.
#[derive(Clone, Debug)]
pub(crate) enum RoundOf {
    /// Its item of a list, with the type of the list.
    Item(Box<Val>, Ty),
    /// Its number.
    Index,
    /// Its pod of an earlier step, with the name of that step.
    Out(NodeAt, EcoString),
}

/// What all rounds of such a loop give.
#[derive(Clone, Debug)]
pub(crate) struct Rounds {
    /// What one round gives.
    pub(crate) template: Val,
    /// How many there are.
    pub(crate) bounds: Bounds<i64>,
}

impl Rounds {
    /// The one part of the results of one step that all of it is.
    pub(crate) fn leaf(&self) -> Option<(&Round, NodeAt, &EcoString)> {
        match &self.template {
            Val::Round(round) => match &round.of {
                RoundOf::Out(node, step) => Some((round, *node, step)),
                RoundOf::Item(..) | RoundOf::Index => None,
            },
            _ => None,
        }
    }
}

impl Round {
    /// A part of it.
    pub(crate) fn part(mut self, name: &EcoString) -> Self {
        let ty = match &self.ty {
            Ty::Record(record) => {
                record.fields.iter().find(|field| field.name == *name).map(|field| field.ty.clone())
            }
            Ty::Map(item) => Some((**item).clone()),
            _ => None,
        };
        self.ty = ty.unwrap_or(Ty::Error);
        self.path.push(name.clone());
        self
    }
}

/// What a status is called as an operand.
static STATUS: EcoString = EcoString::inline("status");

/// All results of a matrix, as an array.
pub(crate) const OUT: &str = "out";

/// What the arms of a condition give.
#[derive(Clone, Debug)]
pub(crate) struct Arms {
    /// The place that stands for it: two values of one place are merged by one step.
    pub(crate) id: Place,
    /// The field that is meant, from the whole value of that place on.
    pub(crate) path: EcoString,
    /// What the merging step is named after.
    pub(crate) name: EcoString,
    /// The guards around the whole condition.
    pub(crate) level: Vec<GuardSpec>,
    /// Each arm's own guards with its value.
    pub(crate) cases: Vec<(Vec<GuardSpec>, Val)>,
    /// The value where no arm gives one: that of `??`.
    pub(crate) otherwise: Option<Val>,
}

impl Arms {
    /// The guards and the value, where there is one arm and nothing else.
    pub(crate) fn single(&self) -> Option<(&[GuardSpec], &Val)> {
        match (self.cases.as_slice(), &self.otherwise) {
            ([(guards, value)], None) => Some((guards, value)),
            _ => None,
        }
    }

    /// The same arms with a part of each value.
    pub(crate) fn part(self, name: &str, take: &mut dyn FnMut(Val) -> Val) -> Val {
        let path = if self.path.is_empty() { name.into() } else { eco_format!("{}--{name}", self.path) };
        let mut error = false;
        let mut get = |value: Val| {
            let value =
                if matches!(value, Val::Never | Val::Const(Value::None)) { value } else { take(value) };
            error |= matches!(value, Val::Error);
            value
        };
        let cases = self.cases.into_iter().map(|(guards, value)| (guards, get(value))).collect();
        let otherwise = self.otherwise.map(&mut get);
        if error {
            return Val::Error;
        }
        Val::Arms(Box::new(Self { path, cases, otherwise, ..self }))
    }
}

/// A reference to one value.
#[derive(Clone, Debug)]
pub(crate) struct Late {
    pub(crate) origin: Origin,
    pub(crate) ty: Ty,
    /// `.uri` of it is meant.
    pub(crate) uri: bool,
}

/// Where a late value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A parameter of the pipeline or, inside a body, of the task.
    Param(EcoString),
    /// A result of a step.
    Result {
        /// The step.
        node: NodeAt,
        /// Its name.
        step: EcoString,
        /// The output.
        output: EcoString,
        /// The result: the output or something taken out of it.
        result: EcoString,
    },
    /// How a step has ended, or the run: for `finally`.
    Status(Option<EcoString>),
}

/// An expression over late operands.
#[derive(Clone, Debug)]
pub(crate) struct Computed {
    pub(crate) condition: Condition,
    /// The operands by the names that the condition uses.
    pub(crate) operands: Vec<(EcoString, Late)>,
}

/// A chain of conditions over late operands: the arm is the index of the first that holds.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) conditions: Vec<Condition>,
    /// The operands by the names that the conditions use.
    pub(crate) operands: Vec<(EcoString, Late)>,
}

impl Computed {
    /// Conditions as one chain.
    pub(crate) fn chain(all: &[Self]) -> Chosen {
        let mut operands: Vec<(EcoString, Late)> = Vec::new();
        for (name, late) in all.iter().flat_map(|one| &one.operands) {
            if !operands.iter().any(|(known, _)| known == name) {
                operands.push((name.clone(), late.clone()));
            }
        }
        Chosen { conditions: all.iter().map(|one| one.condition.clone()).collect(), operands }
    }
}

impl Late {
    /// A result that a step hands over as it is.
    pub(crate) fn result(node: NodeAt, step: EcoString, result: EcoString, ty: Ty) -> Self {
        Self { origin: Origin::Result { node, step, output: result.clone(), result }, ty, uri: false }
    }

    /// How Tekton refers to it.
    pub(crate) fn text(&self) -> EcoString {
        match &self.origin {
            Origin::Param(name) if self.ty.is_dir() => eco_format!("$(workspaces.{name}.bound)"),
            Origin::Param(name) => eco_format!("$(params.{name})"),
            Origin::Result { step, result, .. } => eco_format!("$(tasks.{step}.results.{result})"),
            Origin::Status(Some(step)) => eco_format!("$(tasks.{step}.status)"),
            Origin::Status(None) => "$(tasks.status)".into(),
        }
    }

    pub(crate) fn node(&self) -> Option<(NodeAt, &EcoString)> {
        match &self.origin {
            Origin::Param(_) | Origin::Status(_) => None,
            Origin::Result { node, result, .. } => Some((*node, result)),
        }
    }

    /// The name that it gets as an operand.
    pub(crate) fn short(&self) -> &EcoString {
        match &self.origin {
            Origin::Param(name) => name,
            Origin::Status(_) => &STATUS,
            Origin::Result { result, .. } => result,
        }
    }
}

impl Val {
    pub(crate) const fn none() -> Self {
        Self::Const(Value::None)
    }

    pub(crate) fn text(text: impl Into<EcoString>) -> Self {
        Self::Const(Value::Str(text.into()))
    }

    /// The constant, where it is one.
    pub(crate) const fn constant(&self) -> Option<&Value> {
        if let Self::Const(value) = self { Some(value) } else { None }
    }

    /// Every result that the value refers to, in order.
    pub(crate) fn results(&self, all: &mut Vec<(NodeAt, EcoString)>) {
        match self {
            Self::Late(late) => all.extend(late.node().map(|(node, result)| (node, result.clone()))),
            Self::Concat(items) | Self::List(items) => items.iter().for_each(|item| item.results(all)),
            Self::Record(fields) => fields.iter().for_each(|(_, field)| field.results(all)),
            Self::Expr(computed) => {
                for (_, late) in &computed.operands {
                    all.extend(late.node().map(|(node, result)| (node, result.clone())));
                }
            }
            Self::Arms(arms) => {
                let values = arms.cases.iter().map(|(_, value)| value).chain(&arms.otherwise);
                values.for_each(|value| value.results(all));
            }
            Self::Round(round) => match &round.of {
                RoundOf::Item(list, _) => list.results(all),
                RoundOf::Out(node, _) => all.push((*node, OUT.into())),
                RoundOf::Index => {}
            },
            Self::Rounds(rounds) => rounds.template.results(all),
            Self::Const(_) | Self::Node(_) | Self::Unit | Self::Never | Self::Error => {}
        }
    }

    /// The steps behind the value: for `after`.
    pub(crate) fn nodes(&self) -> Vec<NodeAt> {
        match self {
            Self::Node(at) => vec![*at],
            Self::Arms(arms) => arms
                .cases
                .iter()
                .map(|(_, value)| value)
                .chain(&arms.otherwise)
                .flat_map(Self::nodes)
                .collect(),
            Self::Record(fields) => fields.iter().flat_map(|(_, field)| field.nodes()).collect(),
            Self::List(items) => items.iter().flat_map(Self::nodes).collect(),
            _ => {
                let mut all = Vec::new();
                self.results(&mut all);
                all.into_iter().map(|(node, _)| node).collect()
            }
        }
    }
}
