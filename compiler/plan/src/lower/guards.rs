//! Guards: how an arm becomes a `when`, and which guards need no computation at all.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a few forms of conditions need no computation; all others do"
)]

use ecow::{EcoString, eco_format};
use fuse_analysis::ty::Ty;
use fuse_base::Span;
use fuse_wire::condition::{Binary, Operand, Unary};
use fuse_wire::{ABSENT, Condition, encode};

use super::val::{Computed, Late, NodeAt, Origin};
use crate::cx::Cx;
use crate::model::{Guard, Operator};
use crate::types;

/// A `when` entry with what is needed to turn it around.
#[derive(Clone, Debug)]
pub(crate) struct GuardSpec {
    pub(crate) input: Late,
    pub(crate) operator: Operator,
    pub(crate) values: Vec<EcoString>,
    /// Every value that the input can have, where they can be counted.
    pub(crate) universe: Option<Vec<EcoString>>,
    pub(crate) cause: Span,
    /// Which arms of which chains it stands for: `else if` puts several chains into one.
    pub(crate) arms: Vec<(u32, u32)>,
}

impl GuardSpec {
    /// Arm 0 of a computed condition.
    pub(crate) fn computed(input: Late, cause: Span) -> Self {
        let universe = Some(vec!["0".into(), "1".into()]);
        Self { input, operator: Operator::In, values: vec!["0".into()], universe, cause, arms: Vec::new() }
    }

    /// Arm `at` of `count` of a computed chain; the last one is its `else`.
    pub(crate) fn nth(input: Late, at: usize, count: usize, cause: Span) -> Self {
        let universe = Some((0..count).map(|at| eco_format!("{at}")).collect());
        let values = vec![eco_format!("{at}")];
        Self { input, operator: Operator::In, values, universe, cause, arms: Vec::new() }
    }

    /// The entry that holds when this one doesn't; `None` where none would be sound: `notin` on a result is true when
    /// the result is missing.
    pub(crate) fn negate(&self) -> Option<Self> {
        let arms = self.arms.iter().map(|(chain, arm)| (*chain, 1 - (*arm).min(1)));
        let arms = if self.arms.len() == 1 { arms.collect() } else { Vec::new() };
        let other = |operator, values| Some(Self { operator, values, arms, ..self.clone() });
        match (&self.universe, self.operator) {
            (Some(universe), Operator::In) => {
                let values: Vec<EcoString> =
                    universe.iter().filter(|value| !self.values.contains(value)).cloned().collect();
                if values.is_empty() { None } else { other(Operator::In, values) }
            }
            (_, Operator::NotIn) => other(Operator::In, self.values.clone()),
            (None, Operator::In) if matches!(self.input.origin, Origin::Param(_)) => {
                other(Operator::NotIn, self.values.clone())
            }
            (None, Operator::In) => None,
        }
    }

    /// The same entry, standing for these arms if it stands for none yet.
    pub(crate) fn at(mut self, arms: &[(u32, u32)]) -> Self {
        if self.arms.is_empty() {
            self.arms = arms.to_vec();
        }
        self
    }

    /// Whether it stands for an arm that `other` stands for too.
    pub(crate) fn same(&self, other: &Self) -> bool {
        !self.arms.is_empty() && self.arms == other.arms
    }

    pub(crate) fn model(&self) -> Guard {
        Guard {
            input: self.input.text(),
            operator: self.operator,
            values: self.values.clone(),
            cause: self.cause,
        }
    }
}

/// Whether tasks under `a` and tasks under `b` can never both run.
pub(crate) fn exclusive(a: &[GuardSpec], b: &[GuardSpec]) -> bool {
    let marks = |guards: &[GuardSpec]| guards.iter().flat_map(|guard| guard.arms.clone()).collect::<Vec<_>>();
    let (a, b) = (marks(a), marks(b));
    a.iter().any(|one| b.iter().any(|two| one.0 == two.0 && one.1 != two.1))
}

/// A guard that is a plain comparison of a parameter or result with constants.
pub(crate) fn direct(cx: &Cx<'_>, computed: &Computed, cause: Span) -> Option<GuardSpec> {
    let finder = Direct { cx, computed, cause };
    finder.condition(&computed.condition)
}

/// «The optional parameter is given.» Of a folder, that the run mounts one; of a result in `finally`, that it is there:
/// where it is missing, Tekton leaves the step out before it asks.
pub(crate) fn given(input: Late, cause: Span) -> GuardSpec {
    if input.ty.is_dir() {
        let universe = Some(vec!["true".into(), "false".into()]);
        let values = vec!["true".into()];
        return GuardSpec { input, operator: Operator::In, values, universe, cause, arms: Vec::new() };
    }
    let values = vec![EcoString::from(ABSENT)];
    GuardSpec { input, operator: Operator::NotIn, values, universe: None, cause, arms: Vec::new() }
}

struct Direct<'c, 'a> {
    cx: &'c Cx<'a>,
    computed: &'c Computed,
    cause: Span,
}

impl Direct<'_, '_> {
    fn late(&self, name: &str) -> Option<&Late> {
        self.computed.operands.iter().find(|(known, _)| known == name).map(|(_, late)| late)
    }

    fn condition(&self, condition: &Condition) -> Option<GuardSpec> {
        match condition {
            Condition::Name(name) => self.equal(name, &[Operand::Bool(true)]),
            Condition::Unary(Unary::Not, inner) => self.condition(inner)?.negate(),
            Condition::Binary(op @ (Binary::Eq | Binary::Ne), a, b) => {
                let (name, value) = match (&**a, &**b) {
                    (Condition::Name(name), Condition::Constant(value))
                    | (Condition::Constant(value), Condition::Name(name)) => (name, value),
                    _ => return None,
                };
                let guard = self.equal(name, std::slice::from_ref(value))?;
                if *op == Binary::Eq { Some(guard) } else { guard.negate() }
            }
            Condition::In(a, values) => match &**a {
                Condition::Name(name) => self.equal(name, values),
                _ => None,
            },
            Condition::Constant(_) | Condition::Unary(..) | Condition::Binary(..) => None,
        }
    }

    fn equal(&self, name: &str, values: &[Operand]) -> Option<GuardSpec> {
        let late = self.late(name)?;
        let universe: Option<Vec<EcoString>> = match &late.ty {
            Ty::Bool => Some(vec!["true".into(), "false".into()]),
            Ty::Enum(_) => Some(types::cases(self.cx.package, &late.ty).to_vec()),
            ty if types::is_text(ty) => None,
            _ => return None,
        };
        let texts = values.iter().map(|value| match value {
            Operand::Bool(value) => Some(EcoString::from(value.to_string())),
            Operand::Text(text) => encode(text).ok().map(EcoString::from),
            Operand::Absent | Operand::Int(_) | Operand::Float(_) | Operand::Length(_) => None,
        });
        let values: Vec<EcoString> = texts.collect::<Option<_>>()?;
        if values.is_empty() {
            return None;
        }
        let input = late.clone();
        Some(GuardSpec {
            input,
            operator: Operator::In,
            values,
            universe,
            cause: self.cause,
            arms: Vec::new(),
        })
    }
}

/// Guards that do not stand among others yet.
pub(crate) fn missing(guards: &[GuardSpec], among: &[GuardSpec]) -> Vec<GuardSpec> {
    guards.iter().filter(|guard| !among.iter().any(|other| guard.same(other))).cloned().collect()
}

/// The single step that all results of conditions come from; `None` if there is none or more than one.
pub(crate) fn single_step(operands: &[(EcoString, Late)]) -> Option<NodeAt> {
    let mut found = None;
    for (_, late) in operands {
        if let Some((node, _)) = late.node() {
            if found.is_some_and(|known| known != node) {
                return None;
            }
            found = Some(node);
        }
    }
    found
}

/// The condition with its operands renamed.
pub(crate) fn rename(condition: &Condition, name: &dyn Fn(&str) -> String) -> Condition {
    match condition {
        Condition::Name(old) => Condition::Name(name(old)),
        Condition::Constant(value) => Condition::Constant(value.clone()),
        Condition::Unary(op, a) => Condition::Unary(*op, Box::new(rename(a, name))),
        Condition::In(a, list) => Condition::In(Box::new(rename(a, name)), list.clone()),
        Condition::Binary(op, a, b) => {
            Condition::Binary(*op, Box::new(rename(a, name)), Box::new(rename(b, name)))
        }
    }
}
