//! Clauses, blocks, statements and patterns.

use fuse_base::Span;

use super::{Doc, Expr, Name, TypeExpr};

/// A clause of a body: a word and what follows it on the line, or its block.
///
/// The shape is general so that new clauses need no new syntax. Examples of `args` behind the head:
/// `needs tracking` → `[Expr(Name)]` · `script python """…"""` → `[Expr(Name), Expr(Str)]` ·
/// `script template("x.j2")` → `[Expr(Call)]` · `run ["a", "b"]` → `[Expr(List)]` ·
/// `with { cpu: 1 }`, `manifest { … }`, `detect { … }` → `[Expr(Record)]` ·
/// `env X: Url = "…"` → `[Typed]` · `secret env A?, B?` → `[Expr(Name env), Typed A?, Typed B?]` (no type) ·
/// `python { image "…", requires ["…"] }` → `[Clauses]` · `ready condition "Ready" within 10min` →
/// `[Name, Str, Name, Number]` · `output url = status.url` → `[Bind { name, value }]` · `effect external` →
/// `[Expr(Name)]` (reserved words are names here) · `flavors serves` → `[Expr(Name)]`.
#[derive(Clone, Debug)]
pub struct Clause {
    /// Its documentation.
    pub doc: Doc,
    /// The word.
    pub head: Name,
    /// What follows, in order; commas between are dropped.
    pub args: Vec<ClauseArg>,
    /// All of it.
    pub span: Span,
}

/// A part of a clause.
#[derive(Clone, Debug)]
pub enum ClauseArg {
    /// An expression; bare words are [`super::ExprKind::Name`].
    Expr(Expr),
    /// `X: T = default`, `X?`
    Typed {
        /// The name.
        name: Name,
        /// Whether `?` follows the name.
        optional: bool,
        /// The type.
        ty: Option<TypeExpr>,
        /// The default.
        default: Option<Expr>,
    },
    /// `name = value`
    Bind {
        /// The name.
        name: Name,
        /// The value.
        value: Expr,
    },
    /// `{ clause, clause }`
    Clauses(Vec<Clause>),
}

/// `{ statements }`
#[derive(Clone, Debug)]
pub struct Block {
    /// The statements; the value of the block is that of the last one if it is an expression.
    pub stmts: Vec<Stmt>,
    /// With the braces.
    pub span: Span,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// All of it.
    pub span: Span,
}

/// The kinds of statements.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// `let pattern: T = value`
    Let {
        /// What is bound.
        pattern: Pattern,
        /// The annotation.
        ty: Option<TypeExpr>,
        /// The value.
        value: Expr,
    },
    /// `return value`
    Return(Option<Expr>),
    /// `finally { … }`
    Finally(Block),
    /// An expression for its effect, or the value of the block.
    Expr(Expr),
}

/// What `let` and `for` bind.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// `x`
    Name(Name),
    /// `{ model, metrics: m }`: field and the name that it gets.
    Record(Vec<(Name, Name)>, Span),
    /// `(a, b)`
    Tuple(Vec<Pattern>, Span),
}
