//! Types of values.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::Span;

/// Index into [`crate::Package::enums`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EnumId(pub u32);

/// Index into [`crate::Package::artifacts`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ArtifactId(pub u32);

/// A type.
#[derive(Clone, PartialEq, Debug)]
pub enum Ty {
    /// Unknown because of an error that was reported; fits everything.
    Error,
    /// The type of `fail`; fits everything.
    Never,
    /// `Bool`
    Bool,
    /// `Int`, with inclusive bounds where given.
    Int(Bounds<i64>),
    /// `Float`, with inclusive bounds where given.
    Float(Bounds<f64>),
    /// `String`, possibly bounded in bytes and matching a pattern.
    String(Text),
    /// `Duration`, bounds in milliseconds.
    Duration(Bounds<u64>),
    /// `Cpu`, bounds in thousandths.
    Cpu(Bounds<u64>),
    /// `Memory`, bounds in bytes.
    Memory(Bounds<u64>),
    /// `Count`: a whole number of things, not negative.
    Count(Bounds<i64>),
    /// `Url`
    Url,
    /// `Path`: relative, without `..`.
    Path,
    /// `Image`: a container image reference.
    Image,
    /// `DnsLabel`: RFC 1123 label, at most 63 bytes.
    DnsLabel,
    /// `Scalar`: any String, Int, Float or Bool.
    Scalar,
    /// `Range`: a constant range of whole numbers.
    Range,
    /// An enum.
    Enum(EnumId),
    /// An enum with cases that carry records. Its values are records of one field, named by the case.
    Tagged(EnumId),
    /// `List<T>` with inclusive bounds on its length (default 0..=256).
    List(Rc<Ty>, Bounds<i64>),
    /// `Map<T>`: constant keys.
    Map(Rc<Ty>),
    /// A record; fields in declared order.
    Record(Rc<RecordTy>),
    /// `T?`; never nested.
    Optional(Rc<Ty>),
    /// An artifact with facets.
    Artifact(Rc<ArtifactTy>),
    /// `Dir`: a folder that a run brings along, mounted into the steps that take it.
    Dir,
    /// A type parameter that stands for a type (a row) of the declaration being checked.
    Generic(GenericId),
    /// A constant with no type of its own: the record of a `manifest`, or a bare const table.
    Json,
}

/// Index of a type parameter in its declaration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GenericId(pub u32);

/// Inclusive bounds; `None` is open.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bounds<T> {
    /// The least value.
    pub low: Option<T>,
    /// The greatest value.
    pub high: Option<T>,
}

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self { low: None, high: None }
    }
}

impl<T: PartialOrd + Copy> Bounds<T> {
    /// Whether a value lies within.
    #[must_use]
    pub fn admits(&self, value: T) -> bool {
        self.low.is_none_or(|low| low <= value) && self.high.is_none_or(|high| value <= high)
    }

    /// What lies within both; nothing does where the lower bound is above the upper one.
    #[must_use]
    pub fn both(self, other: Self) -> Self {
        let narrower = |a: Option<T>, b: Option<T>, first: fn(&T, &T) -> bool| match (a, b) {
            (Some(a), Some(b)) => Some(if first(&a, &b) { a } else { b }),
            (a, b) => a.or(b),
        };
        Self {
            low: narrower(self.low, other.low, |a, b| a >= b),
            high: narrower(self.high, other.high, |a, b| a <= b),
        }
    }
}

/// What a `String` may be.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Text {
    /// Bounds on the number of bytes.
    pub bytes: Bounds<i64>,
    /// An RE2 pattern that the whole text matches.
    pub pattern: Option<EcoString>,
    /// The texts that it may be, where only these are.
    pub names: Option<Rc<Vec<EcoString>>>,
}

impl Text {
    /// Whether the pattern and the names admit a text.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let named = self.names.as_ref().is_none_or(|names| names.iter().any(|name| name == text));
        let whole = |pattern: &EcoString| regex::Regex::new(&format!(r"\A(?:{pattern})\z"));
        named
            && self
                .pattern
                .as_ref()
                .is_none_or(|pattern| whole(pattern).is_ok_and(|regex| regex.is_match(text)))
    }
}

/// The fields of a record.
#[derive(Clone, Debug)]
pub struct RecordTy {
    /// The name, for messages, where the type was declared with one.
    pub name: Option<EcoString>,
    /// Fields in declared order.
    pub fields: Vec<FieldTy>,
}

/// Structural: two records are the same type when their fields are.
impl PartialEq for RecordTy {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

/// A field of a record.
#[derive(Clone, Debug)]
pub struct FieldTy {
    /// Its name.
    pub name: EcoString,
    /// Its type.
    pub ty: Ty,
    /// Where it is declared.
    pub span: Span,
}

impl PartialEq for FieldTy {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.ty == other.ty
    }
}

/// An artifact type: declaration, facets, and the form in which it travels.
#[derive(Clone, PartialEq, Debug)]
pub struct ArtifactTy {
    /// The declaration.
    pub decl: ArtifactId,
    /// The facets in declared order; left out is [`Facet::Unset`] (any in a parameter, unknown in a result).
    pub facets: Vec<Facet>,
    /// `by uri(…)`: a reference with these schemes; `None`: files.
    pub by: Option<Schemes>,
}

/// The schemes of `by uri(s3, gs)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schemes {
    /// As they stand in a uri (`azure-blob`, not `azure_blob`); empty means any.
    pub names: Vec<EcoString>,
}

/// A facet of an artifact type.
#[derive(Clone, PartialEq, Debug)]
pub enum Facet {
    /// Left out.
    Unset,
    /// A case of the facet's enum, or the text of its constant.
    Case(EcoString),
    /// A row type.
    Row(Ty),
    /// A type parameter of the declaration.
    Generic(GenericId),
    /// A `const` parameter of the declaration, by index: the result's facet is the argument.
    ConstParam(usize),
}

impl Ty {
    /// `Int` without bounds.
    #[must_use]
    pub const fn int() -> Self {
        Self::Int(Bounds { low: None, high: None })
    }

    /// `Float` without bounds.
    #[must_use]
    pub const fn float() -> Self {
        Self::Float(Bounds { low: None, high: None })
    }

    /// `String` without refinement.
    #[must_use]
    pub const fn string() -> Self {
        Self::String(Text { bytes: Bounds { low: None, high: None }, pattern: None, names: None })
    }

    /// `T?`, flat.
    #[must_use]
    pub fn optional(self) -> Self {
        if matches!(self, Self::Optional(_) | Self::Error) { self } else { Self::Optional(Rc::new(self)) }
    }

    /// Whether it is a mounted folder, optional or not.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        if let Self::Optional(inner) = self { inner.is_dir() } else { matches!(self, Self::Dir) }
    }

    /// Whether an error was reported for it.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        matches!(self, Self::Error)
    }

    /// Whether values are single texts on the wire: everything but lists, maps, records and artifacts.
    #[must_use]
    pub const fn is_scalar(&self) -> bool {
        matches!(
            self,
            Self::Bool
                | Self::Int(_)
                | Self::Float(_)
                | Self::String(_)
                | Self::Duration(_)
                | Self::Cpu(_)
                | Self::Memory(_)
                | Self::Count(_)
                | Self::Url
                | Self::Path
                | Self::Image
                | Self::DnsLabel
                | Self::Scalar
                | Self::Enum(_)
        )
    }

    /// Whether no value of the type has a character that Tekton, the kubelet, a shell, YAML or JSON would read:
    /// such values may stand in `args` and plain `env`.
    #[must_use]
    pub const fn is_inert(&self) -> bool {
        matches!(
            self,
            Self::Bool
                | Self::Int(_)
                | Self::Float(_)
                | Self::Duration(_)
                | Self::Cpu(_)
                | Self::Memory(_)
                | Self::Count(_)
                | Self::DnsLabel
                | Self::Enum(_)
        )
    }
}
