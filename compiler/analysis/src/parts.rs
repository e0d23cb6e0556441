//! The parts of a typed expression, for everything that looks inside one.

use ecow::EcoString;

use crate::model::{Kind, Typed};

/// What can be inside an expression: up to two sides, items, or named fields.
type Inside<'t> = ([Option<&'t Typed>; 2], &'t [Typed], &'t [(EcoString, Typed)]);

impl Typed {
    /// The expressions directly inside this one, in source order. Calls, `if`s, loops and pods are steps of their own:
    /// what is inside them is not a part.
    pub fn parts(&self) -> impl Iterator<Item = &Self> {
        const NO_ITEMS: &[Typed] = &[];
        const NO_FIELDS: &[(EcoString, Typed)] = &[];
        let (sides, items, fields): Inside<'_> = match &self.kind {
            Kind::List(items) | Kind::Concat(items) => ([None, None], items, NO_FIELDS),
            Kind::Record(fields) => ([None, None], NO_ITEMS, fields),
            Kind::Field(base, _)
            | Kind::Metric(base, _)
            | Kind::ArtifactField(base, _)
            | Kind::Uri(base)
            | Kind::CaseName(base)
            | Kind::RangeMin(base)
            | Kind::RangeMax(base)
            | Kind::Unary(_, base)
            | Kind::Fail(base)
            | Kind::Some(base) => ([Some(base), None], NO_ITEMS, NO_FIELDS),
            Kind::Index(a, b) | Kind::Binary(_, a, b) => ([Some(a), Some(b)], NO_ITEMS, NO_FIELDS),
            Kind::Error
            | Kind::Value(_)
            | Kind::Param(_)
            | Kind::Option(..)
            | Kind::Generic(_)
            | Kind::Offered(..)
            | Kind::Status(_)
            | Kind::Local(_)
            | Kind::Call(_)
            | Kind::Apply(_)
            | Kind::If(_)
            | Kind::For(_)
            | Kind::Fused(_) => ([None, None], NO_ITEMS, NO_FIELDS),
        };
        sides.into_iter().flatten().chain(items).chain(fields.iter().map(|(_, field)| field))
    }
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "these four look into what a step gives; all others are the root"
)]
impl Kind {
    /// The expression behind fields, metrics and uris: of `train(data).model.uri` the call.
    #[must_use]
    pub fn root(&self) -> &Self {
        match self {
            Self::Field(base, _) | Self::Metric(base, _) | Self::ArtifactField(base, _) | Self::Uri(base) => {
                base.kind.root()
            }
            own => own,
        }
    }

    /// The same, to add something to it.
    pub fn root_mut(&mut self) -> &mut Self {
        match self {
            Self::Field(base, _) | Self::Metric(base, _) | Self::ArtifactField(base, _) | Self::Uri(base) => {
                base.kind.root_mut()
            }
            own => own,
        }
    }
}
