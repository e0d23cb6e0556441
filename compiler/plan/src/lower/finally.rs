//! `finally`: steps that start when all others have ended, and what they know of those.

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{Block, LocalId, StatusOf, Typed};
use fuse_analysis::ty::Ty;
use fuse_base::{Diagnostic, Span, codes};

use super::calls::Work;
use super::chain::Presence;
use super::eval;
use super::guards::{self, GuardSpec};
use super::val::{Arms, Late, NodeAt, Origin, Val};
use super::{Lower, NodeSpec};
use crate::model::{Node, Operator, Text};
use crate::types;

/// The condition «all that was before has ended well», which no step can ask for: what was bound before stands in its
/// arm.
const ENDED: (u32, u32) = (u32::MAX, 0);

impl<'a> Lower<'a, '_> {
    /// The statements of `finally`.
    pub(super) fn at_the_end(&mut self, block: &'a Block) {
        for (value, guards) in self.frame.locals.values_mut() {
            if !value.nodes().is_empty() {
                guards.push(ended());
            }
        }
        self.ending = true;
        self.block(block);
        self.ending = false;
    }

    /// `if let v = x` in `finally`: the arm that x lies in must have been taken, and a step that refers to a result which is
    /// missing is left out.
    pub(super) fn came_to_be(&mut self, local: LocalId, arms: Arms, typed: &Typed, both: bool) -> Presence {
        let (mut guards, mut value): (Vec<GuardSpec>, Val) = (Vec::new(), Val::Arms(Box::new(arms)));
        while let Val::Arms(arms) = value {
            let Some((own, inner)) = arms.single() else {
                value = self.merged_before(*arms, typed);
                break;
            };
            guards.extend(own.iter().filter(|guard| guard.arms != [ENDED]).cloned());
            value = inner.clone();
        }
        if matches!(value, Val::Error) {
            return Presence::Failed;
        }
        if both {
            let message =
                "what has not come to be cannot be asked for in `finally`: this `if let` has an `else`";
            let diagnostic = Diagnostic::new(&codes::flow::FINALLY_VALUE, typed.span, message)
                .help("ask how the step ended: `if step.status != Succeeded { … }`");
            self.cx.report(diagnostic);
            return Presence::Failed;
        }
        let Some(results) = self.results_behind(&value) else {
            eval::unusable(self.cx, &value, typed.span);
            return Presence::Failed;
        };
        for result in results {
            let guard = guards::given(result, typed.span);
            if guards.iter().all(|known| known.input.text() != guard.input.text()) {
                guards.push(guard);
            }
        }
        self.bind(local, known(value));
        if guards.is_empty() {
            Presence::Known(true)
        } else {
            Presence::Guarded { then: guards, other: None }
        }
    }

    /// The results that a value is made of; `None` where that differs from run to run, or where it is made of nothing.
    fn results_behind(&self, value: &Val) -> Option<Vec<Late>> {
        let whole = self.expand(value.clone());
        let mut results = Vec::new();
        whole.results(&mut results);
        if !one_way(&whole) || matches!(value, Val::Node(_)) && results.is_empty() {
            return None;
        }
        let late = |(node, result): (NodeAt, EcoString)| {
            let spec = self.nodes.get(node).filter(|spec| spec.matrix.is_none())?;
            Some(Late::result(node, spec.name.clone(), result, Ty::string()))
        };
        results.into_iter().map(late).collect()
    }

    /// What several arms give as one value: the step that merges them is none of `finally`, so its result may be asked for.
    fn merged_before(&mut self, arms: Arms, typed: &Typed) -> Val {
        let guards = std::mem::take(&mut self.guards);
        let merged =
            self.before_the_end(|lower| lower.merge(Val::Arms(Box::new(arms)), &typed.ty, typed.span));
        self.guards = guards;
        merged
    }

    /// What this lowers is no step of `finally`, wherever it was asked for.
    pub(super) fn before_the_end<T>(&mut self, lower: impl FnOnce(&mut Self) -> T) -> T {
        let ending = std::mem::take(&mut self.ending);
        let lowered = lower(self);
        self.ending = ending;
        lowered
    }

    /// How the run or a step has ended.
    pub(super) fn status_of(&mut self, of: StatusOf, ty: &Ty, span: Span) -> Val {
        let step = match of {
            StatusOf::Run => None,
            StatusOf::Step(local) => {
                let Some(step) = self.only_step(local) else {
                    let message = "this name stands for several steps, and each ends in its own way";
                    let diagnostic = Diagnostic::new(&codes::flow::STATUS, span, message)
                        .help("ask for `pipeline.status`, or for the status of one step");
                    self.cx.report(diagnostic);
                    return Val::Error;
                };
                Some(step)
            }
        };
        Val::Late(Late { origin: Origin::Status(step), ty: ty.clone(), uri: false })
    }

    /// The name of the step that a binding stands for, where that is one.
    fn only_step(&self, local: LocalId) -> Option<EcoString> {
        let mut nodes = self.steps_of(local);
        nodes.dedup();
        match nodes.as_slice() {
            [only] if !self.frame.started.contains_key(&local) => Some(self.nodes.get(*only)?.name.clone()),
            _ => None,
        }
    }

    /// Reports a helper that a step of `finally` would have to wait for.
    pub(super) fn no_helper_at_the_end(&self, node: &NodeSpec<'_>) {
        if !self.ending || !is_helper(&node.work) {
            return;
        }
        let message = "this takes a step of its own, and the steps of `finally` cannot wait for one";
        let diagnostic = Diagnostic::new(&codes::flow::FINALLY_VALUE, node.cause, message)
            .help("use a value under `if let v = … { … }`, or let a task work it out before `finally`");
        self.cx.report_once(eco_format!("finally {:?}", node.cause), diagnostic);
    }

    /// Holds a step of `finally` against what Tekton demands of it; `from` are the steps that it waits for.
    pub(super) fn fits_the_end(
        &self,
        spec: &NodeSpec<'_>,
        node: &Node,
        mut from: impl Iterator<Item = NodeAt>,
    ) -> bool {
        let other = from.find_map(|at| self.nodes.get(at).filter(|other| other.ending));
        if let Some(other) = other {
            if is_helper(&other.work) {
                return false;
            }
            let message = format!(
                "`{}` waits for `{}`, and the steps of `finally` start together",
                spec.name, other.name
            );
            let diagnostic = Diagnostic::new(&codes::flow::FINALLY_LINK, spec.cause, message)
                .label(other.cause, "this step is in `finally` too")
                .help("move one of them before `finally`, or let one task do both");
            self.cx.report(diagnostic);
            return false;
        }
        let mixed = node.params.iter().find(|arg| match &arg.value {
            Text::One(text) => mixes(text),
            Text::Many(texts) => texts.iter().any(|text| mixes(text)),
        });
        if let Some(arg) = mixed {
            let message = "a status and what a step gave stand in one text";
            let diagnostic = Diagnostic::new(&codes::flow::FINALLY_VALUE, arg.cause, message)
                .help("pass them as two arguments");
            self.cx.report(diagnostic);
        }
        mixed.is_none()
    }
}

/// Whether another step waits for what it works out.
const fn is_helper(work: &Work<'_>) -> bool {
    match work {
        Work::Decide(_) | Work::Join(_) | Work::List(_) => true,
        Work::Task(_) | Work::Apply(_) | Work::Fail(_) => false,
    }
}

/// Whether a text refers to a status and to a result: Tekton checks neither then.
fn mixes(text: &str) -> bool {
    let references = text.split("$(tasks.").skip(1).filter_map(|part| part.split_once(')'));
    let mut to_results = references.map(|(name, _)| name.contains(".results."));
    to_results.next().is_some_and(|first| to_results.any(|other| other != first))
}

fn ended() -> GuardSpec {
    GuardSpec {
        input: Late { origin: Origin::Status(None), ty: Ty::Bool, uri: false },
        operator: Operator::In,
        values: Vec::new(),
        universe: None,
        cause: Span::default(),
        arms: vec![ENDED],
    }
}

/// Whether all parts of a value are there at once, or none.
fn one_way(value: &Val) -> bool {
    match value {
        Val::Const(_) | Val::Late(_) | Val::Node(_) => true,
        Val::Concat(items) | Val::List(items) => items.iter().all(one_way),
        Val::Record(fields) => fields.iter().all(|(_, field)| one_way(field)),
        Val::Expr(_)
        | Val::Round(_)
        | Val::Rounds(_)
        | Val::Arms(_)
        | Val::Unit
        | Val::Never
        | Val::Error => false,
    }
}

/// A value under the condition that it is there.
fn known(value: Val) -> Val {
    match value {
        Val::Late(late) => Val::Late(Late { ty: types::present(&late.ty).clone(), ..late }),
        other => other,
    }
}
