//! Pods that keep their contract: they write all that they declare, or fail where that is asked for.

use std::collections::BTreeMap;

use fastrand::Rng;
use fuse_wire::condition::Unary;
use fuse_wire::contract::{Arms, Case, Join, Leaf, NO_ITEM, Pick, Piece};
use fuse_wire::text::is_absent;
use fuse_wire::{ABSENT, Condition, WireType};
use serde::{Deserialize, Serialize};

use super::{Program, Work};
use crate::simulate::{Attempt, Cluster, Pod, Value};

/// A list on the wire, as far as it matters here: how long it is.
const LIST: &str = "a list of ";

/// What a pod of a matrix gives. Its value is its number, by which a reader's mistake shows.
#[derive(Serialize, Deserialize)]
struct Out {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    i: Option<String>,
    v: String,
}

pub(super) struct Pods<'p> {
    rng: Rng,
    program: &'p Program,
    failures: bool,
    /// How long lists are, where their types allow it.
    rounds: usize,
    /// What steps left in the run's store for joins, and whether it says that there is no value.
    slots: BTreeMap<String, bool>,
    /// Whether something failed for good or for a while.
    pub(super) failed: bool,
    /// What a pod found that no pod may find.
    pub(super) violation: Option<String>,
}

impl<'p> Pods<'p> {
    pub(super) fn new(program: &'p Program, mut rng: Rng, failures: bool) -> Self {
        let rounds = rng.choice([0, 1, 2, 3, 12]).unwrap_or(1);
        Self { rng, program, failures, rounds, slots: BTreeMap::new(), failed: false, violation: None }
    }

    fn results(&mut self, work: &Work, pod: &Pod<'_>) -> Result<BTreeMap<String, Value>, Wrong> {
        let contract = &work.contract;
        let whole = contract.collects.keys().chain(
            contract.picks.iter().filter(|(_, pick)| matches!(pick, Pick::Out { .. })).map(|(name, _)| name),
        );
        for name in whole {
            let count = self.collected(name, pod)?;
            let index = text(pod, "run--i").and_then(|index| index.parse::<usize>().ok());
            if contract.picks.contains_key(name) && index.is_some_and(|index| index >= count) {
                return Err(Wrong::Never(format!("nothing came of round {index:?} for {name}")));
            }
        }
        for (name, port) in &contract.inputs {
            let absent = text(pod, name).is_some_and(is_absent);
            if absent && !port.is_optional() && !contract.picks.contains_key(name) {
                return Err(Wrong::Never(format!("{name} is absent")));
            }
        }
        if !contract.lists.is_empty() {
            return self.counts(work, pod);
        }
        let mut all = BTreeMap::new();
        for (name, join) in &contract.joins {
            let input = format!("$(tasks.{}.results.{name})", pod.task.name);
            let found = self.joined(name, join, pod)?;
            let value = if found { self.present(&join.port.ty(), &input) } else { ABSENT.to_string() };
            all.insert(name.clone(), Value::One(value));
        }
        for (result, _) in &work.results {
            if all.contains_key(result) {
                continue;
            }
            let written = match arms(work, result) {
                Some(arms) => self.arm(arms, pod, &all),
                None => self.result(work, result, pod),
            };
            all.insert(result.clone(), Value::One(written));
        }
        Ok(all)
    }

    /// What a step writes as one of its results.
    fn result(&mut self, work: &Work, name: &str, pod: &Pod<'_>) -> String {
        let contract = &work.contract;
        if contract.each && name == "out" {
            let index = text(pod, "run--i").unwrap_or_default().to_owned();
            let out = Out { i: self.program.numbered.then(|| index.clone()), v: index };
            return serde_json::to_string(&out).unwrap_or_default();
        }
        let input = format!("$(tasks.{}.results.{name})", pod.task.name);
        match contract.outputs.get(name) {
            Some(port) if port.is_optional() && self.rng.u8(0..4) == 0 => ABSENT.to_string(),
            Some(port) => self.present(&port.ty(), &input),
            None => self.program.compared(&input, &mut self.rng, true),
        }
    }

    /// The arm of a chain: any, unless it depends on what is there. Results that are outputs stand before arms.
    fn arm(&mut self, arms: &Arms, pod: &Pod<'_>, written: &BTreeMap<String, Value>) -> String {
        let first = match arms.conditions.as_slice() {
            [Condition::Unary(Unary::Present, of)] => match &**of {
                Condition::Name(name) => written.get(name).or_else(|| pod.params.get(name)),
                Condition::Constant(_) | Condition::Unary(..) | Condition::Binary(..) | Condition::In(..) => {
                    None
                }
            },
            _ => None,
        };
        match first {
            Some(value) => usize::from(matches!(value, Value::One(text) if is_absent(text))).to_string(),
            None => self.rng.usize(0..=arms.conditions.len()).to_string(),
        }
    }

    /// A value of a type, one that a guard looks for if there are any.
    fn present(&mut self, ty: &WireType, input: &str) -> String {
        match ty {
            WireType::Bool => self.rng.bool().to_string(),
            WireType::Enum(cases) => self.rng.choice(cases).cloned().unwrap_or_default(),
            WireType::Optional(inner) => self.present(inner, input),
            WireType::List(..) => format!("{LIST}{}", length(ty, self.rounds)),
            WireType::Int(_)
            | WireType::Float(_)
            | WireType::Text(..)
            | WireType::Duration(_)
            | WireType::Cpu(_)
            | WireType::Memory(_)
            | WireType::Count(_)
            | WireType::Url
            | WireType::Path
            | WireType::Image
            | WireType::DnsLabel
            | WireType::Scalar
            | WireType::Map(_)
            | WireType::Record(_)
            | WireType::Union(_)
            | WireType::Files(_)
            | WireType::Uri(_) => self.program.compared(input, &mut self.rng, true),
        }
    }

    /// What a step writes that checks and counts lists: one that has not the length of those beside it is refused.
    fn counts(&mut self, work: &Work, pod: &Pod<'_>) -> Result<BTreeMap<String, Value>, Wrong> {
        let mut all = BTreeMap::new();
        for (name, list) in &work.contract.lists {
            let count = self.count(work, name, pod)?;
            for other in &list.zip {
                if self.count(work, other, pod)? != count {
                    return Err(Wrong::Refused);
                }
            }
            let mut indices: Vec<String> = (0..count).map(|at| at.to_string()).collect();
            if indices.is_empty() && list.spare {
                indices.push(NO_ITEM.to_owned());
            }
            all.insert(format!("{name}--idx"), Value::Many(indices));
            all.insert(format!("{name}--nonempty"), Value::One((count > 0).to_string()));
            all.insert(name.clone(), Value::One(format!("{LIST}{count}")));
        }
        all.retain(|name, _| work.results.iter().any(|(known, _)| known == name));
        Ok(all)
    }

    /// How long a list is that arrives at a step.
    fn count(&self, work: &Work, name: &str, pod: &Pod<'_>) -> Result<usize, Wrong> {
        if work.contract.collects.contains_key(name) {
            return self.collected(name, pod);
        }
        if let Some(count) = text(pod, name).and_then(|text| text.strip_prefix(LIST)) {
            return Ok(count.parse().unwrap_or_default());
        }
        let ty = work.contract.inputs.get(name).map(|port| port.ty());
        Ok(ty.map_or(self.rounds, |ty| length(&ty, self.rounds)))
    }

    /// How many rounds a reader finds in what the pods of a matrix gave, each in its place.
    fn collected(&self, name: &str, pod: &Pod<'_>) -> Result<usize, Wrong> {
        let Some(Value::Many(texts)) = pod.params.get(name) else {
            return Err(Wrong::Never(format!("{name} is not what the pods of a matrix gave")));
        };
        let broken = |text: &String| Wrong::Never(format!("{name}: `{text}` is no result of a round"));
        let mut outs = Vec::new();
        for text in texts {
            let out: Out = serde_json::from_str(text).map_err(|_| broken(text))?;
            if out.v != NO_ITEM {
                outs.push(out);
            }
        }
        outs.sort_by_key(|out| out.i.as_deref().and_then(|index| index.parse::<usize>().ok()));
        for (at, out) in outs.iter().enumerate() {
            if out.v != at.to_string() {
                return Err(Wrong::Never(format!("{name} has the value of round {} at {at}", out.v)));
            }
        }
        Ok(outs.len())
    }

    /// Whether a join finds a value, which it must unless the value may be absent: of the arm that ran, or the one for
    /// none.
    fn joined(&self, name: &str, join: &Join, pod: &Pod<'_>) -> Result<bool, Wrong> {
        let holds = |case: &&Case| {
            case.selectors.iter().all(|one| {
                let given = text(pod, &one.input).unwrap_or_default();
                one.is.iter().any(|text| text == given) != one.not
            })
        };
        let mut found = false;
        for case in join.cases.iter().filter(holds) {
            found |= self.is_whole(&case.value, pod)?;
        }
        if let Some(value) = join.otherwise.as_ref().filter(|_| !found) {
            found = self.is_whole(value, pod)?;
        }
        if found || join.port.is_optional() {
            Ok(found)
        } else {
            Err(Wrong::Never(format!("it finds no {name}")))
        }
    }

    /// Whether all parts of a value are there.
    fn is_whole(&self, value: &[Leaf], pod: &Pod<'_>) -> Result<bool, Wrong> {
        // A part of a composite may be absent in it.
        let alone = value.len() == 1;
        let mut whole = true;
        for piece in value.iter().flatten() {
            match piece {
                Piece::Slot(slot) => whole &= self.slots.get(slot).is_some_and(|absent| !absent || !alone),
                Piece::In(part) => whole &= !alone || !text(pod, part).is_some_and(is_absent),
                Piece::Text(text) => whole &= !alone || !is_absent(text),
                Piece::Outs { outs, .. } => {
                    self.collected(outs, pod)?;
                }
                // No pod of a join has other calls.
                Piece::Call { .. } => whole = false,
            }
        }
        Ok(whole)
    }
}

/// Why a pod fails by itself.
enum Wrong {
    /// As it should.
    Refused,
    /// By what no run may show.
    Never(String),
}

impl Cluster for Pods<'_> {
    fn attempt(&mut self, pod: &Pod<'_>) -> Attempt {
        let fallback = Work::default();
        let work = self.program.tasks.get(&pod.task.name).unwrap_or(&fallback);
        if work.fails || self.failures && self.rng.u8(0..8) == 0 {
            self.failed = true;
            return Attempt::default();
        }
        match self.results(work, pod) {
            Ok(results) => {
                let slots = work.contract.slots.iter();
                let absent =
                    |result| matches!(results.get(result), Some(Value::One(text)) if is_absent(text));
                self.slots.extend(slots.map(|(slot, result)| (slot.clone(), absent(result))));
                Attempt { succeeded: true, results }
            }
            Err(wrong) => {
                self.failed = true;
                if let Wrong::Never(text) = wrong {
                    self.violation.get_or_insert(format!("{}: {text}", pod.task.name));
                }
                Attempt::default()
            }
        }
    }

    fn next(&mut self, running: &[(&str, usize)]) -> usize {
        self.rng.usize(0..running.len())
    }
}

/// The length of a list that should have so many items, by its type.
fn length(ty: &WireType, wanted: usize) -> usize {
    let WireType::List(_, range) = ty else { return wanted };
    let bound = |bound: Option<i64>| bound.and_then(|one| usize::try_from(one).ok());
    wanted.min(bound(range.high).unwrap_or(usize::MAX)).max(bound(range.low).unwrap_or(0))
}

/// The chain that a result is the arm of.
fn arms<'w>(work: &'w Work, result: &str) -> Option<&'w Arms> {
    work.contract.arms.get(result.strip_prefix("arm--")?.parse::<usize>().ok()?)
}

fn text<'t>(pod: &'t Pod<'_>, name: &str) -> Option<&'t str> {
    match pod.params.get(name)? {
        Value::One(text) => Some(text),
        Value::Many(_) => None,
    }
}
