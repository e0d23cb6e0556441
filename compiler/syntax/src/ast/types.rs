//! Types as written.

use fuse_base::Span;

use super::{Expr, Field, Name, StrLit};

/// A type as written.
#[derive(Clone, Debug)]
pub struct TypeExpr {
    /// What it is.
    pub kind: TypeKind,
    /// All of it.
    pub span: Span,
}

/// The kinds of type expressions.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// A hole that was reported.
    Missing,
    /// `Name`, `m.Name`, `Name<args>`
    Named {
        /// The path; one name mostly.
        path: Vec<Name>,
        /// The arguments in `<…>`.
        args: Vec<TypeArg>,
    },
    /// `{ a: Int, b: Float }`
    Record(Vec<Field>),
    /// `T?`
    Optional(Box<TypeExpr>),
    /// `Int 1..=10`, `String ..=64`, `List<T> 1..=100`
    Bounded {
        /// What is bounded.
        base: Box<TypeExpr>,
        /// The lower bound, inclusive.
        low: Option<Box<Expr>>,
        /// The upper bound, inclusive.
        high: Option<Box<Expr>>,
    },
    /// `String matches r"…"`
    Matches {
        /// What is refined.
        base: Box<TypeExpr>,
        /// The expression.
        pattern: StrLit,
    },
    /// `String in ["a", "b"]`, `String in fields(Row)`
    In {
        /// What is refined.
        base: Box<TypeExpr>,
        /// The texts that it may be.
        set: Box<Expr>,
    },
    /// `Model<F> by uri(s3, gs)`
    By {
        /// The artifact.
        base: Box<TypeExpr>,
        /// `uri` (or another form).
        form: Name,
        /// The schemes; empty for `by uri`.
        schemes: Vec<Name>,
    },
}

/// An argument in `<…>`, of a type or of a call: `sklearn`, `format: pickle`, `in: Wine`, `List<Int>`, `{ a: Int }`.
///
/// Names are syntactically types; what they mean (type, enum case, type parameter, const) is for the checker.
#[derive(Clone, Debug)]
pub struct TypeArg {
    /// `format:`
    pub label: Option<Name>,
    /// The argument; a plain name is [`TypeKind::Named`] without arguments.
    pub value: TypeExpr,
}
