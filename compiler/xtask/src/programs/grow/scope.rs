//! What can be named at a place of a pipeline.

use super::types::Ty;

/// When a value is known, and what may be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// When the program is built.
    Build,
    /// When a run starts.
    Start,
    /// When a step has run.
    Step,
    /// It was bound in an arm that ended: it may be absent.
    Gone,
    /// In each round of a late loop: it is passed on as it is.
    Round,
}

impl Known {
    /// Whether it is there for whatever is written in its block: neither in rounds alone, nor perhaps absent.
    pub(super) const fn is_plain(self) -> bool {
        matches!(self, Self::Build | Self::Start | Self::Step)
    }
}

/// Something with a value.
#[derive(Debug, Clone)]
pub(super) struct Var {
    pub(super) text: String,
    pub(super) ty: Ty,
    pub(super) known: Known,
    /// Whether it surely comes from a step: what a called pipeline gives may turn out to be a constant.
    pub(super) sure: bool,
}

/// The names of a block.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) vars: Vec<Var>,
    /// What `after` can name.
    pub(super) steps: Vec<String>,
}

/// The blocks around a place, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Scopes(Vec<Scope>);

impl Scopes {
    pub(super) fn open(&mut self) {
        self.0.push(Scope::default());
    }

    pub(super) fn close(&mut self) -> Scope {
        self.0.pop().unwrap_or_default()
    }

    pub(super) fn var(&mut self, text: impl Into<String>, ty: Ty, known: Known) {
        self.add(Var { text: text.into(), ty, known, sure: known == Known::Step });
    }

    pub(super) fn add(&mut self, var: Var) {
        if let Some(scope) = self.0.last_mut() {
            scope.vars.push(var);
        }
    }

    pub(super) fn step(&mut self, name: &str) {
        if let Some(scope) = self.0.last_mut() {
            scope.steps.push(name.to_owned());
        }
    }

    pub(super) fn vars(&self) -> impl Iterator<Item = &Var> {
        self.0.iter().flat_map(|scope| &scope.vars)
    }

    pub(super) fn steps(&self) -> impl Iterator<Item = &String> {
        self.0.iter().flat_map(|scope| &scope.steps)
    }

    /// The names of an arm, as they are known behind it.
    pub(super) fn keep(&mut self, arm: Scope) {
        for var in arm.vars {
            // Merging a list of references of any length takes more room than a result has.
            let large = matches!(&var.ty, Ty::List(item) if item.is_artifact());
            if matches!(var.known, Known::Step | Known::Gone) && !large {
                self.add(Var { ty: var.ty.maybe(), known: Known::Gone, ..var });
            }
        }
    }
}
