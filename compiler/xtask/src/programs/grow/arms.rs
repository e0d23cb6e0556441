//! `if`: arms of statements, arms of values, what may be absent, and `fail`.

use super::Grow;
use super::scope::{Known, Scope, Var};
use super::types::Ty;
use crate::programs::tree::{Part, Tree};

impl Grow {
    /// `if` with statements in its arms.
    pub(super) fn choice(&mut self) -> bool {
        if !self.may_nest() {
            return false;
        }
        let Some(first) = self.condition() else { return false };
        let all = self.conditions(first).into_iter().enumerate();
        let mut heads: Vec<String> = all.map(|(at, one)| one.head(at, "")).collect();
        if self.rng.bool() {
            heads.push("} else {".to_owned());
        }
        let mut parts = Vec::new();
        let mut scopes = Vec::new();
        for head in heads {
            let (body, scope) = self.block(|grow| {
                let count = grow.rng.usize(1..4);
                grow.statements(count);
            });
            parts.push(Part { head, body });
            scopes.push(scope);
        }
        self.push(Tree { parts, end: "}".to_owned() });
        scopes.into_iter().for_each(|scope| self.scopes.keep(scope));
        true
    }

    /// `let v = if …`, with a value at the end of each arm.
    pub(super) fn choice_of_values(&mut self) -> bool {
        if !self.may_nest() {
            return false;
        }
        let Some(first) = self.condition() else { return false };
        let ty = match self.rng.u8(0..4) {
            0 => self.choose(|var| var.ty.is_artifact() && var.known == Known::Step).map(|var| var.ty),
            _ => None,
        };
        let ty = ty.unwrap_or_else(|| self.types.scalar(&mut self.rng));
        let heads = self.conditions(first);
        let whole = self.rng.u8(0..3) > 0;
        let constant = heads.iter().any(|one| one.constant);
        let late = heads.iter().all(|one| one.late);
        let name = self.name("v");
        let given = if whole { ty.clone() } else { ty.clone().maybe() };
        let bound = format!("let {name}: {} = ", self.types.name(&given));
        let mut parts = Vec::new();
        for (at, condition) in heads.into_iter().enumerate() {
            let head = condition.head(at, &bound);
            let Some(part) = self.arm_of(head, &ty, at > 0 && late) else { return false };
            parts.push(part);
        }
        if whole {
            let Some(part) = self.arm_of("} else {".to_owned(), &ty, late) else {
                return false;
            };
            parts.push(part);
        }
        self.push(Tree { parts, end: "}".to_owned() });
        self.scopes.add(Var { text: name, ty: given, known: Known::Step, sure: !constant });
        true
    }

    /// An arm that ends in a value, or in `fail`.
    fn arm_of(&mut self, head: String, ty: &Ty, may_fail: bool) -> Option<Part> {
        let mut found = false;
        let (mut body, _) = self.block(|grow| {
            let count = grow.rng.usize(0..2);
            grow.statements(count);
            let value = if may_fail && grow.rng.u8(0..6) == 0 {
                grow.sentence().map(|text| format!("fail {text}"))
            } else {
                grow.value(ty)
            };
            found = value.is_some();
            grow.push(Tree::line(value.unwrap_or_default()));
        });
        if !found {
            return None;
        }
        body.retain(|tree| *tree != Tree::line(""));
        Some(Part { head, body })
    }

    /// `if let`
    pub(super) fn presence(&mut self) -> bool {
        if !self.may_nest() {
            return false;
        }
        let Some(var) = self.choose(|var| {
            matches!(var.ty, Ty::Maybe(_)) && matches!(var.known, Known::Start | Known::Step | Known::Gone)
        }) else {
            return false;
        };
        let Ty::Maybe(inner) = var.ty else { return false };
        let name = self.name("n");
        let known = if var.known == Known::Start { Known::Start } else { Known::Step };
        let (body, mut scope) = self.block(|grow| {
            grow.scopes.add(Var { text: name.clone(), ty: *inner, known, sure: var.sure });
            let count = grow.rng.usize(1..3);
            grow.statements(count);
        });
        scope.vars.retain(|var| var.text != name);
        let mut parts = vec![Part { head: format!("if let {name} = {} {{", var.text), body }];
        let mut scopes: Vec<Scope> = vec![scope];
        if self.rng.bool() {
            let (body, scope) = self.block(|grow| grow.statements(1));
            parts.push(Part { head: "} else {".to_owned(), body });
            scopes.push(scope);
        }
        self.push(Tree { parts, end: "}".to_owned() });
        scopes.into_iter().for_each(|scope| self.scopes.keep(scope));
        true
    }

    /// An arm that fails the run.
    pub(super) fn refusal(&mut self) -> bool {
        if !self.may_nest() {
            return false;
        }
        let (Some(condition), Some(text)) = (self.condition(), self.sentence()) else { return false };
        if condition.constant {
            return false;
        }
        let body = vec![Tree::line(format!("fail {text}"))];
        self.push(Tree::block(format!("if {} {{", condition.text), body, "}"));
        true
    }
}
