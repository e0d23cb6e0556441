//! Which tasks are skipped, and why: the order of the questions is Tekton's.

use super::Skip;
use super::facts::{Facts, Missing, Resolved};
use super::references;
use super::workflow::{Operator, Value};

impl Facts {
    /// Whether a task has come to an end or never will start.
    pub(super) fn is_done(&mut self, at: usize) -> bool {
        self.skip(at).is_some()
            || self.invalid.contains(&at)
            || self.get(at).is_some_and(|task| task.is_successful() || task.is_failure())
    }

    /// Whether all tasks but those of `finally` are done.
    pub(super) fn dag_done(&mut self) -> bool {
        (0..self.dag).all(|at| self.is_done(at))
    }

    /// Whether no further task is started, because one failed.
    pub(super) fn is_stopping(&self) -> bool {
        (0..self.dag).any(|at| {
            let Some(resolved) = self.get(at) else { return false };
            (resolved.is_failure() || self.invalid.contains(&at)) && !resolved.task.goes_on
        })
    }

    /// Why a task is skipped, if it is. Found out once in a reconcile, unless references were replaced since.
    pub(super) fn skip(&mut self, at: usize) -> Option<Skip> {
        if let Some(known) = self.cache.get(&at) {
            return *known;
        }
        let found = self.find_skip(at);
        self.cache.insert(at, found);
        found
    }

    fn find_skip(&mut self, at: usize) -> Option<Skip> {
        let scheduled = self.get(at).is_none_or(Resolved::is_scheduled);
        if self.is_final(at) || scheduled || self.invalid.contains(&at) {
            None
        } else if self.is_stopping() {
            Some(Skip::Stopping)
        } else if self.parents_done(at) && !self.guards_hold(at) {
            Some(Skip::When)
        } else if self.parent_skipped(at) {
            Some(Skip::Parent)
        } else if self.results_missing(at) {
            Some(Skip::MissingResults)
        } else if self.matrix_empty(at) {
            Some(Skip::EmptyMatrix)
        } else {
            None
        }
    }

    /// Why a task of `finally` is skipped, if it is; it is asked about when all others are done.
    pub(super) fn finally_skip(&mut self, at: usize) -> Option<Skip> {
        let scheduled = self.get(at).is_none_or(Resolved::is_scheduled);
        if scheduled || !self.is_final(at) || !self.dag_done() {
            None
        } else if self.results_missing(at) {
            Some(Skip::MissingResults)
        } else if !self.guards_hold(at) {
            Some(Skip::When)
        } else if self.matrix_empty(at) {
            Some(Skip::EmptyMatrix)
        } else {
            None
        }
    }

    fn parents_done(&mut self, at: usize) -> bool {
        let parents = self.parents.get(at).cloned().unwrap_or_default();
        parents.into_iter().all(|parent| self.is_done(parent))
    }

    fn guards_hold(&self, at: usize) -> bool {
        let Some(resolved) = self.get(at) else { return true };
        resolved.task.when.iter().all(|when| {
            let among = when.values.contains(&when.input);
            among == (when.operator == Operator::In)
        })
    }

    fn parent_skipped(&mut self, at: usize) -> bool {
        let parents = self.parents.get(at).cloned().unwrap_or_default();
        parents.into_iter().any(|parent| self.skip(parent).is_some_and(|skip| skip != Skip::When))
    }

    /// Whether a result is missing that will never come. Replaces the references where all are there.
    fn results_missing(&mut self, at: usize) -> bool {
        let asks = self.get(at).is_some_and(|resolved| !references::plain(&resolved.task).is_empty());
        if !asks || !self.parents_done(at) {
            return false;
        }
        match self.resolve(at) {
            Ok(table) => self.apply(at, &table),
            Err(Missing(Some(from))) => {
                let goes_on = self.get(at).is_some_and(|resolved| resolved.task.goes_on);
                if goes_on || self.is_final(at) || self.skip(from) == Some(Skip::When) {
                    return true;
                }
            }
            Err(Missing(None)) => {}
        }
        self.cache.clear();
        false
    }

    fn matrix_empty(&self, at: usize) -> bool {
        let empty = |value: &Value| matches!(value, Value::Many(items) if items.is_empty());
        self.get(at).is_some_and(|resolved| resolved.task.matrix.iter().any(|param| empty(&param.value)))
    }
}
