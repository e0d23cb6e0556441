//! Orders that no data explains: which of some steps come first and last, and what `after` a name waits for.

#![allow(clippy::wildcard_enum_match_arm, reason = "most kinds of expressions call nothing")]

use std::collections::BTreeSet;
use std::ops::Range;

use fuse_analysis::model::{Call, Callee, Kind, LocalId, Typed};
use fuse_base::Span;

use super::calls::Work;
use super::val::NodeAt;
use super::{Lower, NodeSpec};

impl Lower<'_, '_> {
    /// Notes the steps that a binding started, where one name stands for several: a called pipeline, a loop; and the
    /// pod that it stands for, whatever values the pod gives.
    pub(super) fn note_steps(&mut self, local: LocalId, value: &Typed, first: NodeAt) {
        if let Kind::Fused(pod) = value.kind.root() {
            let new = self.nodes.iter().enumerate().skip(first);
            let mut pods =
                new.filter(|(_, node)| matches!(node.work, Work::Fused(_)) && node.cause == pod.span);
            if let Some((at, _)) = pods.next() {
                self.frame.pods.insert(local, at);
            }
        } else if starts_several(value) {
            self.frame.started.insert(local, first..self.nodes.len());
        }
    }

    /// The steps that a name stands for: those of its value, the last ones of a called pipeline or a loop.
    pub(super) fn steps_of(&self, local: LocalId) -> Vec<NodeAt> {
        if let Some(pod) = self.frame.pods.get(&local) {
            return vec![*pod];
        }
        if let Some(started) = self.frame.started.get(&local) {
            return self.last_of(started.clone().collect());
        }
        self.frame.locals.get(&local).map(|(value, _)| value.nodes()).unwrap_or_default()
    }

    /// The steps that `after a, b` names.
    pub(super) fn steps_of_all(&self, after: &[(LocalId, Span)]) -> Vec<NodeAt> {
        after.iter().flat_map(|(local, _)| self.steps_of(*local)).collect()
    }

    /// None of these steps starts before those others have ended. Steps that wait for another one of them need no
    /// order of their own.
    pub(super) fn start_after(&mut self, steps: &Range<NodeAt>, others: &[NodeAt]) {
        for node in self.nodes.get_mut(steps.clone()).unwrap_or_default() {
            if !node.awaits().iter().any(|at| steps.contains(at)) {
                node.after.extend(others);
            }
        }
    }

    /// The steps among these that none of them waits for.
    pub(super) fn last_of(&self, steps: Vec<NodeAt>) -> Vec<NodeAt> {
        let awaited: BTreeSet<NodeAt> =
            steps.iter().filter_map(|at| self.nodes.get(*at)).flat_map(NodeSpec::awaits).collect();
        steps.into_iter().filter(|at| !awaited.contains(at)).collect()
    }
}

/// Whether a binding of this value stands for several steps.
fn starts_several(typed: &Typed) -> bool {
    let calls_pipeline = |call: &Call| matches!(call.callee, Callee::Pipeline(_));
    matches!(typed.kind, Kind::For(_))
        || matches!(typed.kind.root(), Kind::Call(call) if calls_pipeline(call))
}
