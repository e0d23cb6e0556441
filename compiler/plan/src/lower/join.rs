//! Joins: one value where several arms give it, by a step that runs after them.
//!
//! The join has the guards around the condition, so it runs whichever arm was taken. What a step outside of the arms
//! yields reaches it as a parameter. What a step of an arm yields may be missing, and a missing result would stop the
//! run: that step leaves it in the run's store as well, and the join looks there.

use std::collections::BTreeMap;
use std::rc::Rc;

use ecow::{EcoString, eco_format};
use fuse_analysis::model::Typed;
use fuse_analysis::ty::{Bounds, Ty};
use fuse_analysis::value::Value;
use fuse_base::{Diagnostic, Span, codes};
use fuse_wire::contract::{Case, Leaf, Piece, Selector};
use indexmap::IndexMap;

use super::calls::Work;
use super::guards::{GuardSpec, missing};
use super::val::{Arms, Late, NodeAt, OUT, Val};
use super::{Lower, NodeSpec, Place, encode, eval};
use crate::model::{Operator, Text};
use crate::{names, types};

/// The joins of a pipeline, by the place that they stand for and the arms that they lie in.
pub(super) type Joins = BTreeMap<(Place, Vec<(u32, u32)>), NodeAt>;

/// A step that merges arms.
pub(crate) struct JoinWork {
    pub(crate) base: EcoString,
    /// What it merges: the whole value is `value`, parts of it have their names.
    pub(crate) results: IndexMap<EcoString, Merged>,
    /// What tells the arm.
    pub(crate) selects: Refs,
    /// What values are made of.
    pub(crate) parts: Refs,
}

/// References that arrive as parameters, each once, with the result behind it where it is one.
#[derive(Default)]
pub(crate) struct Refs(Vec<(EcoString, Option<(NodeAt, EcoString)>)>);

impl Refs {
    /// The number of a reference.
    fn index(&mut self, text: &str, source: Option<(NodeAt, EcoString)>) -> usize {
        let known = self.0.iter().position(|(known, _)| known == text);
        known.unwrap_or_else(|| {
            self.0.push((text.into(), source));
            self.0.len() - 1
        })
    }

    /// The references, by number.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &EcoString> {
        self.0.iter().map(|(text, _)| text)
    }

    /// The results behind them.
    pub(crate) fn results(&self) -> impl Iterator<Item = (NodeAt, EcoString)> {
        self.0.iter().filter_map(|(_, source)| source.clone())
    }
}

/// A merged value.
pub(crate) struct Merged {
    pub(crate) ty: Ty,
    pub(crate) cases: Vec<Case>,
    pub(crate) otherwise: Option<Vec<Leaf>>,
    pub(crate) cause: Span,
}

impl JoinWork {
    /// Whether something that it reads lies in the run's store.
    pub(crate) fn reads_slots(&self) -> bool {
        let values = |merged: &Merged| {
            merged
                .cases
                .iter()
                .flat_map(|case| &case.value)
                .chain(merged.otherwise.iter().flatten())
                .any(|leaf| leaf.iter().any(|piece| matches!(piece, Piece::Slot(_))))
        };
        self.results.values().any(values)
    }
}

impl<'a> Lower<'a, '_> {
    /// One value: arms are merged, down to the items of a list; anything else is one already.
    pub(super) fn merge(&mut self, value: Val, ty: &Ty, span: Span) -> Val {
        match value {
            Val::Arms(_) if ty.is_dir() => {
                let message = "which folder this is, is known only when the pipeline runs, and steps mount one when they start";
                let diagnostic = Diagnostic::new(&codes::plan::MERGED_FOLDER, span, message)
                    .help("call the step in each arm, with the folder of that arm");
                self.cx.report(diagnostic);
                Val::Error
            }
            Val::Arms(arms) => self.joined(*arms, ty, span).map_or(Val::Error, Val::Late),
            Val::List(items) => {
                let item = if let Ty::List(item, _) = types::present(ty) { item } else { ty };
                eval::list(items.into_iter().map(|one| self.merge(one, item, span)).collect())
            }
            Val::Rounds(rounds) => self.collected(&rounds, span),
            other => other,
        }
    }

    /// A text that is put together, as a result that a condition can read.
    pub(super) fn read_text(&mut self, text: Val, ty: &Ty, span: Span) -> Val {
        let arms = Arms {
            id: self.frame.place(span),
            path: EcoString::new(),
            name: EcoString::from("text"),
            level: self.guards.clone(),
            cases: vec![(Vec::new(), text)],
            otherwise: None,
        };
        self.joined(arms, ty, span).map_or(Val::Error, Val::Late)
    }

    /// `left ?? right`: arms with a default. The join lies where it is written, so that `right` is there too.
    pub(super) fn default(&mut self, left: Val, right: &'a Typed, span: Span) -> Val {
        let right = self.eval(right);
        let level = self.guards.clone();
        let (name, cases) = match left {
            Val::Error | Val::Never => return left,
            Val::Arms(arms) if arms.otherwise.is_none() => (arms.name, arms.cases),
            Val::Late(late) => (late.short().clone(), vec![(Vec::new(), Val::Late(late))]),
            other => (EcoString::from("value"), vec![(Vec::new(), other)]),
        };
        let hint = self.hint.take();
        let arms = Arms {
            id: self.frame.place(span),
            path: EcoString::new(),
            name: hint.unwrap_or(name),
            level,
            cases,
            otherwise: Some(right),
        };
        Val::Arms(Box::new(arms))
    }

    /// The merged value as a result of the step that merges it.
    fn joined(&mut self, mut arms: Arms, ty: &Ty, span: Span) -> Option<Late> {
        let cases = std::mem::take(&mut arms.cases);
        // What has a default may be absent: an `if` in an arm of it may give nothing.
        let part = if arms.otherwise.is_some() { ty.clone().optional() } else { ty.clone() };
        let mut lifted = Vec::new();
        for (guards, value) in cases {
            lifted.push(self.lifted(&arms, guards, value, &part, span)?);
        }
        let otherwise = match arms.otherwise.take() {
            Some(value) => {
                let value = self.merge(value, ty, span);
                Some(self.expand(value))
            }
            None => None,
        };
        let result = if arms.path.is_empty() { EcoString::from("value") } else { arms.path.clone() };
        let at = self.join_step(&arms, &lifted, span);
        let known = |work: &Work<'_>| matches!(work, Work::Join(work) if work.results.contains_key(&result));
        if !self.nodes.get(at).is_some_and(|node| known(&node.work)) {
            let mut all = Vec::new();
            for (guards, value) in &lifted {
                let selectors = guards.iter().map(|guard| self.selector(at, guard)).collect::<Option<_>>()?;
                let value = self.leaves(at, &arms.level, &result, value, ty, span)?;
                all.push(Case { selectors, value });
            }
            let otherwise = match otherwise {
                Some(value) => Some(self.leaves(at, &arms.level, &result, &value, ty, span)?),
                None => None,
            };
            let merged = Merged {
                ty: exact(ty, lifted.iter().map(|(_, value)| value)),
                cases: all,
                otherwise,
                cause: span,
            };
            self.join_at(at)?.results.insert(result.clone(), merged);
        }
        let step = self.nodes.get(at)?.name.clone();
        let ty = self.join_at(at)?.results.get(&result)?.ty.clone();
        Some(Late::result(at, step, result, ty))
    }

    /// A case that the join can tell. Where a guard's own input may be missing, what a step left in the store tells by
    /// being there; any other value is merged in the arm around first, where it may be absent.
    fn lifted(
        &mut self,
        arms: &Arms,
        guards: Vec<GuardSpec>,
        value: Val,
        ty: &Ty,
        span: Span,
    ) -> Option<(Vec<GuardSpec>, Val)> {
        let split = guards
            .iter()
            .position(|guard| guard.input.node().is_some_and(|(node, _)| !self.is_there(node, &arms.level)));
        let Some(split) = split.filter(|at| *at > 0) else {
            let value = self.merge(value, ty, span);
            let value = self.expand(value);
            return if matches!(value, Val::Error) { None } else { Some((guards, value)) };
        };
        let (outer, inner) = guards.split_at(split);
        if let Val::Late(late) = &value
            && late.node().is_some_and(|(node, _)| !self.is_there(node, &arms.level))
        {
            return Some((outer.to_vec(), value));
        }
        let level = [arms.level.as_slice(), outer].concat();
        let inner = Arms {
            id: arms.id,
            path: arms.path.clone(),
            name: arms.name.clone(),
            level,
            cases: vec![(inner.to_vec(), value)],
            otherwise: None,
        };
        let merged = self.joined(inner, &ty.clone().optional(), span)?;
        Some((outer.to_vec(), Val::Late(merged)))
    }

    /// The step that puts together a part of what the rounds of a matrix give.
    pub(super) fn collector(
        &mut self,
        node: NodeAt,
        path: &[EcoString],
        label: &str,
        ty: &Ty,
        span: Span,
    ) -> Option<Late> {
        let source = self.nodes.get(node)?;
        let (text, guards) = (all_results(&source.name), source.guards.clone());
        let (name, base) = self.fresh("join", label);
        let mut parts = Refs::default();
        let index = parts.index(&text, Some((node, OUT.into())));
        let path = path.iter().map(ToString::to_string).collect();
        let value = vec![vec![Piece::Outs { outs: format!("part--{index}"), path }]];
        let cases = vec![Case { selectors: Vec::new(), value }];
        let merged = Merged { ty: ty.clone(), cases, otherwise: None, cause: span };
        let result = EcoString::from("value");
        let results = IndexMap::from([(result.clone(), merged)]);
        let work = Work::Join(JoinWork { base, results, selects: Refs::default(), parts });
        let at = self.push(NodeSpec::new(name.clone(), guards, work, span));
        Some(Late::result(at, name, result, ty.clone()))
    }

    /// Whether a step runs wherever these guards hold.
    fn is_there(&self, node: NodeAt, level: &[GuardSpec]) -> bool {
        self.nodes.get(node).is_none_or(|node| missing(&node.guards, level).is_empty())
    }

    /// The step that merges these arms; made when it is first needed.
    fn join_step(&mut self, arms: &Arms, cases: &[(Vec<GuardSpec>, Val)], span: Span) -> NodeAt {
        let marks = arms.level.iter().flat_map(|guard| guard.arms.clone()).collect::<Vec<_>>();
        let key = (arms.id, marks);
        if let Some(at) = self.joins.get(&key) {
            return *at;
        }
        let label = if arms.name.is_empty() { EcoString::from("value") } else { names::kebab(&arms.name) };
        // A join in the round of its arms gets the round's number with all names of the round.
        let label = EcoString::from(self.frame.unnumbered(&label));
        let (name, base) = self.fresh("join", &label);
        let after = self.ends(&arms.level, cases);
        let work = Work::Join(JoinWork {
            base,
            results: IndexMap::new(),
            selects: Refs::default(),
            parts: Refs::default(),
        });
        let at = self.push(NodeSpec { after, ..NodeSpec::new(name, arms.level.clone(), work, span) });
        self.joins.insert(key, at);
        at
    }

    /// The last steps of the arms: those that no other step of the arms waits for.
    fn ends(&self, level: &[GuardSpec], cases: &[(Vec<GuardSpec>, Val)]) -> Vec<NodeAt> {
        let chains = |guards: &[GuardSpec]| {
            guards.iter().flat_map(|guard| guard.arms.clone()).map(|(chain, _)| chain).collect::<Vec<_>>()
        };
        let around = chains(level);
        let own: Vec<u32> = cases.iter().flat_map(|(guards, _)| chains(guards)).collect();
        let inside = |node: &NodeSpec<'_>| {
            chains(&node.guards).iter().any(|chain| own.contains(chain) && !around.contains(chain))
        };
        self.last_of(
            self.nodes.iter().enumerate().filter(|(_, node)| inside(node)).map(|(at, _)| at).collect(),
        )
    }

    fn join_at(&mut self, at: NodeAt) -> Option<&mut JoinWork> {
        match &mut self.nodes.get_mut(at)?.work {
            Work::Join(work) => Some(work),
            Work::Task(_)
            | Work::Fused(_)
            | Work::Apply(_)
            | Work::Decide(_)
            | Work::Fail(_)
            | Work::List(_) => None,
        }
    }

    fn selector(&mut self, at: NodeAt, guard: &GuardSpec) -> Option<Selector> {
        let index = self.join_at(at)?.selects.index(&guard.input.text(), operand(&guard.input));
        Some(Selector {
            input: format!("arm--{index}"),
            is: guard.values.iter().map(ToString::to_string).collect(),
            not: guard.operator == Operator::NotIn,
        })
    }

    /// A value as the join puts it together.
    fn leaves(
        &mut self,
        at: NodeAt,
        level: &[GuardSpec],
        result: &EcoString,
        value: &Val,
        ty: &Ty,
        span: Span,
    ) -> Option<Vec<Leaf>> {
        let texts = match encode::value(self.cx, value, ty, span)? {
            Text::One(text) => vec![text],
            Text::Many(all) => all,
        };
        let mut slots = 0;
        texts.iter().map(|text| self.leaf(at, level, result, text, &mut slots)).collect()
    }

    /// A text as the join puts it together.
    fn leaf(
        &mut self,
        at: NodeAt,
        level: &[GuardSpec],
        result: &EcoString,
        text: &str,
        slots: &mut u32,
    ) -> Option<Leaf> {
        encode::taken_apart(text, &mut |reference| {
            Some(vec![self.piece(at, level, result, reference, slots)?])
        })
    }

    fn piece(
        &mut self,
        at: NodeAt,
        level: &[GuardSpec],
        result: &EcoString,
        reference: &str,
        slots: &mut u32,
    ) -> Option<Piece> {
        let source = self.source(reference);
        let join = self.nodes.get(at).map(|node| node.name.clone()).unwrap_or_default();
        if let Some((node, output)) = source.as_ref().filter(|(node, _)| !self.is_there(*node, level)) {
            *slots += 1;
            let slot = match *slots {
                1 => eco_format!("{join}/{result}"),
                n => eco_format!("{join}/{result}--{n}"),
            };
            if let Some(node) = self.nodes.get_mut(*node) {
                node.slots.insert(slot.clone(), output.clone());
            }
            return Some(Piece::Slot(slot.into()));
        }
        let index = self.join_at(at)?.parts.index(reference, source);
        Some(Piece::In(format!("part--{index}")))
    }

    /// The step and result behind `$(tasks.<step>.results.<result>)`.
    fn source(&self, reference: &str) -> Option<(NodeAt, EcoString)> {
        let inner = reference.strip_prefix("$(tasks.")?.strip_suffix(')')?;
        let (step, result) = inner.split_once(".results.")?;
        let at = self.nodes.iter().position(|node| node.name == step)?;
        Some((at, result.into()))
    }
}

/// The type with the lengths that the lists of these values have, so that their results are known to fit.
fn exact<'v>(ty: &Ty, values: impl Iterator<Item = &'v Val>) -> Ty {
    let (item, bounds) = match ty {
        Ty::List(item, bounds) => (item, bounds),
        Ty::Optional(inner) => return exact(inner, values).optional(),
        _ => return ty.clone(),
    };
    let mut items: Vec<&Val> = Vec::new();
    let mut lengths = Vec::new();
    let mut merged = false;
    for value in values {
        match value {
            Val::List(all) => {
                lengths.push(all.len());
                items.extend(all);
            }
            Val::Const(Value::List(all)) => lengths.push(all.len()),
            // An arm of an arm, merged already.
            Val::Late(late) => {
                let Ty::List(_, Bounds { low: Some(low), high: Some(high) }) = types::present(&late.ty)
                else {
                    return ty.clone();
                };
                lengths.extend([*low, *high].into_iter().filter_map(|length| usize::try_from(length).ok()));
                merged = true;
            }
            _ => return ty.clone(),
        }
    }
    let (Some(low), Some(high)) = (lengths.iter().min(), lengths.iter().max()) else { return ty.clone() };
    let (low, high) = (i64::try_from(*low).unwrap_or(i64::MAX), i64::try_from(*high).unwrap_or(i64::MAX));
    let inner = if items.is_empty() || merged { (**item).clone() } else { exact(item, items.into_iter()) };
    let low = bounds.low.map_or(low, |declared| declared.min(low));
    Ty::List(Rc::new(inner), Bounds { low: Some(low), high: Some(high) })
}

impl NodeSpec<'_> {
    /// The steps that this one waits for.
    pub(super) fn awaits(&self) -> Vec<NodeAt> {
        self.after.iter().copied().chain(self.reads().into_iter().map(|(node, _)| node)).collect()
    }

    /// The results that this step reads. The conditions that a step computes are about itself alone.
    pub(super) fn reads(&self) -> Vec<(NodeAt, EcoString)> {
        let mut results = Vec::new();
        match &self.work {
            Work::Task(_) | Work::Fused(_) => {
                for (_, work) in self.calls() {
                    work.args.iter().flatten().for_each(|arg| arg.value.results(&mut results));
                    work.settings.env.iter().for_each(|variable| variable.value.results(&mut results));
                }
                if let Work::Fused(work) = &self.work {
                    results.retain(|(node, _)| *node != work.at);
                }
            }
            Work::Apply(work) => work.args.iter().flatten().for_each(|arg| arg.value.results(&mut results)),
            Work::Decide(work) => {
                results.extend(work.chosen.operands.iter().filter_map(|(_, late)| operand(late)));
            }
            Work::Fail(work) => work.message.results(&mut results),
            Work::Join(work) => {
                results.extend(work.selects.results().chain(work.parts.results()));
            }
            Work::List(work) => work.lists.iter().for_each(|(_, list)| list.value.results(&mut results)),
        }
        results.extend(self.matrix.iter().filter_map(operand));
        results.extend(self.guards.iter().filter_map(|guard| operand(&guard.input)));
        results
    }
}

/// All results of a matrix.
pub(super) fn all_results(step: &str) -> EcoString {
    eco_format!("$(tasks.{step}.results.{OUT}[*])")
}

fn operand(late: &Late) -> Option<(NodeAt, EcoString)> {
    late.node().map(|(node, result)| (node, result.clone()))
}
