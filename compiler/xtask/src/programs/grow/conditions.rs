//! Conditions: what a plain guard can look at, what one step computes, what takes a helper.

use super::Grow;
use super::scope::{Known, Var};
use super::types::Ty;

/// A condition with when it is known.
pub(super) struct Condition {
    pub(super) text: String,
    /// Whether it may be known when the program is built.
    pub(super) constant: bool,
    /// Whether it is late even where its pipeline is called with constants.
    pub(super) late: bool,
}

impl Condition {
    /// The line that opens its arm, by its place in the chain; `bound` stands before the first one.
    pub(super) fn head(&self, at: usize, bound: &str) -> String {
        if at == 0 { format!("{bound}if {} {{", self.text) } else { format!("}} else if {} {{", self.text) }
    }
}

impl Grow {
    /// A condition; `None` where nothing can be compared.
    pub(super) fn condition(&mut self) -> Option<Condition> {
        let first = self.comparison()?;
        if self.rng.u8(0..4) > 0 {
            return Some(first);
        }
        let second = self.comparison()?;
        let word = if self.rng.bool() { "&&" } else { "||" };
        let text = match self.rng.u8(0..4) {
            0 => format!("!({} {word} {})", first.text, second.text),
            _ => format!("{} {word} {}", first.text, second.text),
        };
        Some(Condition { text, constant: first.constant || second.constant, late: first.late && second.late })
    }

    /// The conditions of a chain that has a first one: up to two more behind `else if`.
    pub(super) fn conditions(&mut self, first: Condition) -> Vec<Condition> {
        let mut all = vec![first];
        while all.len() < 3 && self.rng.u8(0..4) == 0 {
            let Some(next) = self.condition() else { break };
            all.push(next);
        }
        all
    }

    /// Whether a step of this pipeline gives it.
    fn is_late(var: &Var) -> bool {
        var.known == Known::Step && var.text.starts_with('s')
    }

    fn may_be_constant(var: &Var) -> bool {
        var.known == Known::Build || var.known == Known::Step && !var.sure
    }

    fn comparison(&mut self) -> Option<Condition> {
        let late = |var: &Var| matches!(var.known, Known::Start | Known::Step);
        let often = self.rng.u8(0..8) > 0;
        let var =
            self.choose(|var| var.ty.is_scalar() && if often { late(var) } else { var.known.is_plain() })?;
        let constant = Self::may_be_constant(&var);
        let late = Self::is_late(&var);
        let plain = |text: String| Some(Condition { text, constant, late });
        match &var.ty {
            Ty::Bool if self.rng.bool() => plain(var.text),
            Ty::Bool => plain(format!("!{}", var.text)),
            Ty::Case(_) | Ty::Text if self.rng.u8(0..3) == 0 => {
                let one = self.types.constant(&var.ty, &mut self.rng)?;
                let two = self.types.constant(&var.ty, &mut self.rng)?;
                plain(format!("{} in [{one}, {two}]", var.text))
            }
            Ty::Case(_) | Ty::Text => {
                let other = self.types.constant(&var.ty, &mut self.rng)?;
                let word = self.rng.choice(["==", "==", "!="])?;
                plain(format!("{} {word} {other}", var.text))
            }
            Ty::Int | Ty::Float => self.numbers(&var),
            Ty::Record(_) | Ty::List(_) | Ty::Maybe(_) | Ty::Files | Ty::Rows(_) => None,
        }
    }

    /// A comparison of numbers: of one with a constant, or of several.
    fn numbers(&mut self, var: &Var) -> Option<Condition> {
        let other = self.choose(|other| other.ty == var.ty && other.known.is_plain())?;
        let left = match self.rng.u8(0..4) {
            0 => format!("{} + {}", var.text, self.types.constant(&var.ty, &mut self.rng)?),
            1 if var.ty == Ty::Float => format!("{} * 2.0 - 1.0", var.text),
            1 => format!("{} * 2 - 1", var.text),
            _ => var.text.clone(),
        };
        let word = self.rng.choice(["<", "<=", ">", ">="])?;
        let (maybe, certain) = (Self::may_be_constant(&other), Self::is_late(&other));
        let alone = self.rng.bool();
        let right = if alone { self.types.constant(&var.ty, &mut self.rng)? } else { other.text };
        let constant = Self::may_be_constant(var) && (alone || maybe);
        let late = Self::is_late(var) || !alone && certain;
        Some(Condition { text: format!("{left} {word} {right}"), constant, late })
    }
}
