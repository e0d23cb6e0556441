//! The types that programs use, and constants of them.

#![allow(clippy::wildcard_enum_match_arm, reason = "a few types are treated apart from all others")]

use fastrand::Rng;

use crate::programs::tree::Tree;

/// A type. Enums and records are known by their number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ty {
    Int,
    Float,
    Bool,
    Text,
    Case(usize),
    Record(usize),
    List(Box<Self>),
    Maybe(Box<Self>),
    Files,
    Rows(usize),
}

impl Ty {
    pub(super) fn list(self) -> Self {
        Self::List(Box::new(self))
    }

    /// The type of what may be absent; never nested.
    pub(super) fn maybe(self) -> Self {
        if matches!(self, Self::Maybe(_)) { self } else { Self::Maybe(Box::new(self)) }
    }

    /// Whether it is a text that a program can put into another.
    pub(super) const fn is_scalar(&self) -> bool {
        matches!(self, Self::Int | Self::Float | Self::Bool | Self::Text | Self::Case(_))
    }

    /// Whether there are constants of it.
    pub(super) fn has_constants(&self) -> bool {
        match self {
            Self::Int | Self::Float | Self::Bool | Self::Text | Self::Case(_) | Self::Record(_) => true,
            Self::List(item) | Self::Maybe(item) => item.has_constants(),
            Self::Files | Self::Rows(_) => false,
        }
    }

    pub(super) const fn is_artifact(&self) -> bool {
        matches!(self, Self::Files | Self::Rows(_))
    }
}

/// The enums and records of a program.
#[derive(Debug, Default)]
pub(super) struct Types {
    pub(super) enums: Vec<Vec<String>>,
    pub(super) records: Vec<Vec<(String, Ty)>>,
}

impl Types {
    pub(super) fn random(rng: &mut Rng) -> Self {
        let mut types = Self::default();
        for at in 0..rng.usize(1..3) {
            types.enums.push((0..rng.usize(2..5)).map(|case| format!("case_{at}{case}")).collect());
        }
        for _ in 0..rng.usize(1..3) {
            let fields = (0..rng.usize(1..4)).map(|field| (format!("f{field}"), types.scalar(rng))).collect();
            types.records.push(fields);
        }
        types
    }

    pub(super) fn declarations(&self) -> Vec<Tree> {
        let enums = self.enums.iter().enumerate();
        let enums = enums.map(|(at, cases)| Tree::line(format!("enum Kind{at} {{ {} }}", cases.join(", "))));
        let records = self.records.iter().enumerate().map(|(at, fields)| {
            let fields = fields.iter().map(|(name, ty)| format!("{name}: {}", self.bounded(ty)));
            Tree::line(format!("type Row{at} = {{ {} }}", fields.collect::<Vec<_>>().join(", ")))
        });
        enums.chain(records).collect()
    }

    /// As it is written.
    pub(super) fn name(&self, ty: &Ty) -> String {
        match ty {
            Ty::Int => "Int".to_owned(),
            Ty::Float => "Float".to_owned(),
            Ty::Bool => "Bool".to_owned(),
            Ty::Text => "String".to_owned(),
            Ty::Case(at) => format!("Kind{at}"),
            Ty::Record(at) => format!("Row{at}"),
            Ty::List(item) => format!("List<{}>", self.name(item)),
            Ty::Maybe(inner) => format!("{}?", self.name(inner)),
            Ty::Files => "Files".to_owned(),
            Ty::Rows(at) => format!("Dataset<Row{at}>"),
        }
    }

    /// As it is written where it must fit into the results of a pod.
    pub(super) fn bounded(&self, ty: &Ty) -> String {
        match ty {
            Ty::Text => "String ..=8".to_owned(),
            Ty::List(item) => format!("List<{}> ..=12", self.bounded(item)),
            Ty::Maybe(inner) => match &**inner {
                Ty::Text => "String? ..=8".to_owned(),
                Ty::List(item) => format!("List<{}>? ..=12", self.bounded(item)),
                _ => self.name(ty),
            },
            _ => self.name(ty),
        }
    }

    /// As a parameter of it is written: its texts may be of any length.
    pub(super) fn taken(&self, ty: &Ty) -> String {
        match ty {
            Ty::Text => "String".to_owned(),
            Ty::Maybe(inner) if **inner == Ty::Text => "String?".to_owned(),
            _ => self.bounded(ty),
        }
    }

    pub(super) fn scalar(&self, rng: &mut Rng) -> Ty {
        match rng.u8(0..5) {
            0 => Ty::Int,
            1 => Ty::Float,
            2 => Ty::Bool,
            3 => Ty::Text,
            _ => Ty::Case(rng.usize(0..self.enums.len())),
        }
    }

    /// Any type of a value; no artifact.
    pub(super) fn value(&self, rng: &mut Rng) -> Ty {
        match rng.u8(0..12) {
            0 => Ty::Record(rng.usize(0..self.records.len())),
            1 => self.scalar(rng).list(),
            2 => self.scalar(rng).maybe(),
            3 => Ty::Record(rng.usize(0..self.records.len())).list(),
            _ => self.scalar(rng),
        }
    }

    pub(super) fn artifact(&self, rng: &mut Rng) -> Ty {
        if rng.bool() { Ty::Files } else { Ty::Rows(rng.usize(0..self.records.len())) }
    }

    /// A constant; `None` where there is none of the type.
    pub(super) fn constant(&self, ty: &Ty, rng: &mut Rng) -> Option<String> {
        Some(match ty {
            Ty::Int => rng.u8(0..9).to_string(),
            Ty::Float => format!("{}.5", rng.u8(0..4)),
            Ty::Bool => rng.bool().to_string(),
            Ty::Text => format!("\"{}\"", rng.choice(["a", "b c", "it's", "$(x)", "\\\"q\\\"", "ü"])?),
            Ty::Case(at) => {
                let case = rng.choice(self.enums.get(*at)?)?;
                if rng.bool() { case.clone() } else { format!("Kind{at}.{case}") }
            }
            Ty::Record(at) => {
                let fields = self.records.get(*at)?.clone();
                let fields: Option<Vec<String>> = fields
                    .iter()
                    .map(|(name, ty)| Some(format!("{name}: {}", self.constant(ty, rng)?)))
                    .collect();
                format!("{{ {} }}", fields?.join(", "))
            }
            Ty::List(item) => {
                let count = rng.usize(1..4);
                let items: Option<Vec<String>> = (0..count).map(|_| self.constant(item, rng)).collect();
                format!("[{}]", items?.join(", "))
            }
            Ty::Maybe(_) if rng.u8(0..3) == 0 => "none".to_owned(),
            Ty::Maybe(inner) => self.constant(inner, rng)?,
            Ty::Files | Ty::Rows(_) => return None,
        })
    }
}
