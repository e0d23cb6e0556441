//! Expressions of a type, out of what can be named.

#![allow(clippy::wildcard_enum_match_arm, reason = "a few types are treated apart from all others")]

use super::Grow;
use super::scope::{Known, Var};
use super::types::Ty;

impl Grow {
    /// One of the names that fit.
    pub(super) fn choose(&mut self, fits: impl Fn(&Var) -> bool) -> Option<Var> {
        let all: Vec<&Var> = self.scopes.vars().filter(|var| fits(var)).collect();
        // What came last is used more often.
        let late = all.len().saturating_sub(4);
        let near = all.get(late..).unwrap_or_default();
        let from = if self.rng.bool() { near } else { all.as_slice() };
        self.rng.choice(from).map(|var| (*var).clone())
    }

    /// A value that is known when the program is built.
    pub(super) fn constant(&mut self, ty: &Ty) -> Option<String> {
        if self.rng.u8(0..3) > 0
            && let Some(var) = self.choose(|var| var.ty == *ty && var.known == Known::Build)
        {
            return Some(var.text);
        }
        self.types.constant(ty, &mut self.rng)
    }

    /// A value of a type; `None` where nothing gives one.
    pub(super) fn value(&mut self, ty: &Ty) -> Option<String> {
        if let Ty::Maybe(inner) = ty
            && let Some(var) = self.choose(|var| {
                var.ty == *ty && var.known != Known::Round || var.ty == **inner && var.known.is_plain()
            })
            && self.rng.u8(0..4) > 0
        {
            return Some(var.text);
        }
        if self.rng.u8(0..4) > 0
            && let Some(var) = self.choose(|var| var.ty == *ty && var.known.is_plain())
        {
            return Some(var.text);
        }
        let made = match self.rng.u8(0..8) {
            0 | 1 => self.fallback(ty),
            2 => self.composite(ty),
            _ => None,
        };
        if made.is_some() {
            return made;
        }
        let any = self.choose(|var| var.ty == *ty && var.known.is_plain()).map(|var| var.text);
        self.types.constant(ty, &mut self.rng).or(any)
    }

    /// `a ?? b`
    fn fallback(&mut self, ty: &Ty) -> Option<String> {
        // The default of a list of known length would have to be of that length.
        if self.in_rounds || matches!(ty, Ty::List(_)) {
            return None;
        }
        let wanted = ty.clone().maybe();
        let first = self.choose(|var| var.ty == wanted && *ty != wanted && var.known != Known::Round)?;
        let second = self.choose(|var| var.ty == *ty && var.known.is_plain()).map(|var| var.text);
        let second = self.types.constant(ty, &mut self.rng).or(second)?;
        Some(format!("{} ?? {second}", first.text))
    }

    /// A text with values in it.
    pub(super) fn sentence(&mut self) -> Option<String> {
        let one = self.choose(|var| var.ty.is_scalar() && var.known.is_plain())?;
        Some(match self.choose(|var| var.ty.is_scalar() && var.known.is_plain()) {
            Some(other) if self.rng.bool() => format!("\"{{{}}} \\{{{{{}}}\"", one.text, other.text),
            _ => format!("\"it is {{{}}}\"", one.text),
        })
    }

    /// A list or record of what can be named.
    fn composite(&mut self, ty: &Ty) -> Option<String> {
        match ty {
            Ty::List(item) if item.is_scalar() => {
                let items: Option<Vec<String>> = (0..self.rng.usize(1..4)).map(|_| self.leaf(item)).collect();
                Some(format!("[{}]", items?.join(", ")))
            }
            Ty::Record(at) => {
                let fields = self.types.records.get(*at)?.clone();
                let fields: Option<Vec<String>> =
                    fields.iter().map(|(name, ty)| Some(format!("{name}: {}", self.leaf(ty)?))).collect();
                Some(format!("{{ {} }}", fields?.join(", ")))
            }
            _ => None,
        }
    }

    fn leaf(&mut self, ty: &Ty) -> Option<String> {
        let named = self.choose(|var| var.ty == *ty && var.known.is_plain()).map(|var| var.text);
        if self.rng.bool() {
            named.or_else(|| self.types.constant(ty, &mut self.rng))
        } else {
            self.types.constant(ty, &mut self.rng)
        }
    }
}
