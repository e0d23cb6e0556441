//! Expressions.

use ecow::EcoString;
use fuse_base::Span;

use super::{Block, Name, Pattern, TypeArg};

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// All of it.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A hole that was reported.
    Missing,
    /// A name; `status`, `event`, `target`, `pipeline` are names too.
    Name(EcoString),
    /// A string with its holes.
    Str(StrLit),
    /// `12`, `0.5`, `30min`, `1h30min`, `2Gi`: the token as written; [`crate::number`] reads it.
    Number(EcoString),
    /// `true`, `false`
    Bool(bool),
    /// `none`
    None,
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a: 1, b, "c": 2, ...base }`
    Record(Vec<RecordEntry>),
    /// `a..=b`, `a..`, `..=b`; `exclusive` marks the mistaken `a..b`
    Range {
        /// The lower bound.
        low: Option<Box<Expr>>,
        /// The upper bound.
        high: Option<Box<Expr>>,
        /// Written `..` with an upper bound.
        exclusive: bool,
    },
    /// `base.name`
    Member {
        /// What is looked into.
        base: Box<Expr>,
        /// The member; empty text where it is missing.
        name: Name,
    },
    /// `base[index]`
    Index {
        /// What is looked into.
        base: Box<Expr>,
        /// The index.
        index: Box<Expr>,
    },
    /// `callee<types>(args)`
    Call {
        /// What is called.
        callee: Box<Expr>,
        /// `<sklearn, format: pickle>`; empty where there are none.
        type_args: Vec<TypeArg>,
        /// The arguments.
        args: Vec<Arg>,
    },
    /// `apply call`
    Apply(Box<Expr>),
    /// `call with { … }`
    With {
        /// The call.
        base: Box<Expr>,
        /// A record expression.
        settings: Box<Expr>,
    },
    /// `call after a, b`
    After {
        /// The call.
        base: Box<Expr>,
        /// The steps.
        steps: Vec<Expr>,
    },
    /// `-x`, `!x`
    Unary {
        /// The operator.
        op: UnaryOp,
        /// The operand.
        operand: Box<Expr>,
    },
    /// `a + b`
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Its place.
        op_span: Span,
        /// The left operand.
        left: Box<Expr>,
        /// The right operand.
        right: Box<Expr>,
    },
    /// `if c { } else { }`
    If(Box<IfExpr>),
    /// `for p in xs { }`
    For {
        /// What each item is bound to.
        pattern: Pattern,
        /// The list.
        source: Box<Expr>,
        /// The body.
        body: Block,
    },
    /// `fused { }`
    Fused(Block),
    /// `fail "…"`
    Fail(Box<Expr>),
    /// `(e)`
    Paren(Box<Expr>),
}

/// `if cond { then } else …`
#[derive(Clone, Debug)]
pub struct IfExpr {
    /// The condition.
    pub cond: Cond,
    /// The block of the first arm.
    pub then: Block,
    /// The other arm.
    pub otherwise: Option<Else>,
}

/// The condition of an `if`.
#[derive(Clone, Debug)]
pub enum Cond {
    /// A Bool.
    Expr(Expr),
    /// `let name = value`
    Let {
        /// The name bound where the value is present.
        name: Name,
        /// The optional value.
        value: Expr,
    },
}

/// What follows `else`.
#[derive(Clone, Debug)]
pub enum Else {
    /// `else { }`
    Block(Block),
    /// `else if …`: the expression is an [`ExprKind::If`].
    If(Box<Expr>),
}

/// An argument: positional, `name: value`, or the pun `name:`.
#[derive(Clone, Debug)]
pub struct Arg {
    /// The name, where it is given.
    pub name: Option<Name>,
    /// The value; `None` for a pun.
    pub value: Option<Expr>,
    /// All of it.
    pub span: Span,
}

/// An entry of a record expression.
#[derive(Clone, Debug)]
pub enum RecordEntry {
    /// `key: value`, or the pun `key`.
    Field {
        /// The key; quoted keys keep their text.
        key: Name,
        /// Whether the key was quoted.
        quoted: bool,
        /// The value; `None` for a pun.
        value: Option<Expr>,
    },
    /// `...base`
    Spread(Expr),
}

/// A string literal.
#[derive(Clone, Debug)]
pub struct StrLit {
    /// Text and holes in order; escapes are resolved, `"""` is dedented.
    pub parts: Vec<StrPart>,
    /// With the quotes.
    pub span: Span,
}

impl StrLit {
    /// The text, if the literal has no holes.
    #[must_use]
    pub fn plain(&self) -> Option<EcoString> {
        let mut all = EcoString::new();
        for part in &self.parts {
            match part {
                StrPart::Text(text) => all.push_str(text),
                StrPart::Hole(_) => return None,
            }
        }
        Some(all)
    }
}

/// A part of a string literal.
#[derive(Clone, Debug)]
pub enum StrPart {
    /// Text.
    Text(EcoString),
    /// `{expr}`
    Hole(Expr),
}

/// Prefix operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `!`
    Not,
}

/// Infix operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `in`
    In,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `??`
    Coalesce,
}
