//! The typed view of a syntax tree: what the parser read, as plain data with spans.
//!
//! Built from the lossless tree in one walk ([`crate::parse`]). Where the source has a hole (a syntax error, told
//! already), the tree has [`ExprKind::Missing`], [`TypeKind::Missing`] or a [`Name`] with empty text; later stages
//! treat these as «an error was reported» and stay silent.

use ecow::EcoString;
use fuse_base::Span;

/// A word with its place; the text is empty where the name is missing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Name {
    /// The word; empty if the source lacks it.
    pub text: EcoString,
    /// Its place.
    pub span: Span,
}

impl Name {
    /// Whether the source lacks the name.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.text.is_empty()
    }
}

/// A documentation comment: the `///` lines above a declaration, without the slashes, joined by newlines.
pub type Doc = Option<EcoString>;

/// One file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// The declarations in source order.
    pub items: Vec<Item>,
}

/// A declaration at the top of a file or inside a tool or capability.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its documentation.
    pub doc: Doc,
    /// The `pub` word, where there is one.
    pub public: Option<Span>,
    /// What is declared.
    pub kind: ItemKind,
    /// The whole declaration without documentation.
    pub span: Span,
}

/// The kinds of declarations.
#[derive(Clone, Debug)]
pub enum ItemKind {
    /// `import std/git as g { a, b }`
    Import(Import),
    /// `const name: T = value`
    Const(ConstItem),
    /// `const fn name<…>(…) -> T { … }`
    ConstFn(FnItem),
    /// `type Name<…> = T`
    Type(TypeItem),
    /// `enum Name { a, b { x: Int } }`
    Enum(EnumItem),
    /// `artifact Name<facet: Kind, …> { small: T }`
    Artifact(ArtifactItem),
    /// `task name<…>(…) -> … where … { clauses }`, also `external task … from …`
    Task(TaskItem),
    /// `resource name<…>(…) -> … { clauses }`
    Resource(TaskItem),
    /// `pipeline name<…>(…) -> … where … { statements }`
    Pipeline(PipelineItem),
    /// `tool name { members and clauses }`
    Tool(ToolItem),
    /// `capability Name { members }`
    Capability(ToolItem),
    /// `service name { clauses }` inside a tool
    Service(ServiceItem),
    /// `option name: T = value` inside a tool or at the top of its file
    Option(ConstItem),
    /// `reader name(param) from yaml { … }`
    Reader(ReaderItem),
    /// `deploy name = call`
    Deploy(DeployItem),
    /// `on push(from: git, …) run pipeline(…)`
    On(OnItem),
    /// `test "…" { … }`
    Test(TestItem),
    /// A clause where declarations are expected: inside a tool or capability (`version ">=2"`, `flavors serves`).
    Clause(Clause),
}

/// `import <path> [as alias] [{ names }]`
#[derive(Clone, Debug)]
pub struct Import {
    /// The path as written, such as `std/git`, `./steps`, `../lib/x`, `acme/recipes`.
    pub path: Name,
    /// `as alias`
    pub alias: Option<Name>,
    /// `{ a, b }`
    pub names: Option<Vec<Name>>,
}

/// `const name: T = value` or `option name: T = value`
#[derive(Clone, Debug)]
pub struct ConstItem {
    /// Its name.
    pub name: Name,
    /// The annotation.
    pub ty: Option<TypeExpr>,
    /// The value; an option may lack it.
    pub value: Option<Expr>,
}

/// `const fn name<…>(…) -> T { … }`
#[derive(Clone, Debug)]
pub struct FnItem {
    /// Its name.
    pub name: Name,
    /// `<F in …>`
    pub generics: Vec<Generic>,
    /// The parameters.
    pub params: Vec<Param>,
    /// The type of the result.
    pub ret: Option<TypeExpr>,
    /// The body.
    pub body: Block,
}

/// `type Name<…> = T`
#[derive(Clone, Debug)]
pub struct TypeItem {
    /// Its name.
    pub name: Name,
    /// `<T>`
    pub generics: Vec<Generic>,
    /// What it stands for.
    pub ty: TypeExpr,
}

/// `enum Name { cases }`
#[derive(Clone, Debug)]
pub struct EnumItem {
    /// Its name.
    pub name: Name,
    /// The cases.
    pub cases: Vec<EnumCase>,
}

/// A case of an enum.
#[derive(Clone, Debug)]
pub struct EnumCase {
    /// Its documentation.
    pub doc: Doc,
    /// Its name.
    pub name: Name,
    /// The record that it carries.
    pub fields: Option<Vec<Field>>,
}

/// `artifact Name<facets> { fields }`
#[derive(Clone, Debug)]
pub struct ArtifactItem {
    /// Its name.
    pub name: Name,
    /// The facets: name and kind, `flavor: Flavor`.
    pub facets: Vec<Field>,
    /// Small values that travel as results.
    pub fields: Vec<Field>,
}

/// A task, an external task or a resource.
#[derive(Clone, Debug)]
pub struct TaskItem {
    /// The `external` word, where there is one.
    pub external: Option<Span>,
    /// Its name.
    pub name: Name,
    /// `<F in …>`
    pub generics: Vec<Generic>,
    /// The parameters.
    pub params: Vec<Param>,
    /// What it returns.
    pub ret: Option<TypeExpr>,
    /// `where F in s.serves, …`
    pub wheres: Vec<Where>,
    /// `from hub("…")` of an external task.
    pub from: Option<Expr>,
    /// The clauses of the body; `None` for a bare signature.
    pub body: Option<Vec<Clause>>,
}

/// A pipeline.
#[derive(Clone, Debug)]
pub struct PipelineItem {
    /// Its name.
    pub name: Name,
    /// `<F in …>`
    pub generics: Vec<Generic>,
    /// The parameters.
    pub params: Vec<Param>,
    /// What it returns.
    pub ret: Option<TypeExpr>,
    /// `where F in s.serves, …`
    pub wheres: Vec<Where>,
    /// The statements.
    pub body: Block,
}

/// A tool or a capability.
#[derive(Clone, Debug)]
pub struct ToolItem {
    /// Its name.
    pub name: Name,
    /// Members ([`ItemKind::Task`] and so on) and clauses ([`ItemKind::Clause`]) in source order.
    pub members: Vec<Item>,
}

/// `service name { clauses }`
#[derive(Clone, Debug)]
pub struct ServiceItem {
    /// Its name.
    pub name: Name,
    /// `env X: Url`, `secret env A?, B?`, `detect { … }`
    pub clauses: Vec<Clause>,
}

/// `reader name(param) from yaml { fields }`
#[derive(Clone, Debug)]
pub struct ReaderItem {
    /// Its name.
    pub name: Name,
    /// The parameters: the path.
    pub params: Vec<Param>,
    /// `yaml`, `toml` or `json`.
    pub format: Name,
    /// The shape of the file and what becomes a member.
    pub body: Vec<Clause>,
}

/// `deploy name = call [with { … }]`
#[derive(Clone, Debug)]
pub struct DeployItem {
    /// Its name.
    pub name: Name,
    /// What is deployed.
    pub value: Expr,
}

/// `on <event>(args) run <call>`
#[derive(Clone, Debug)]
pub struct OnItem {
    /// `push`, `cron`, …
    pub event: Name,
    /// The arguments of the event.
    pub args: Vec<Arg>,
    /// The call after `run`.
    pub run: Expr,
}

/// `test "name" { clauses }`
#[derive(Clone, Debug)]
pub struct TestItem {
    /// What the test is called.
    pub name: StrLit,
    /// Its clauses (`given …`, `run …`, `expect …`).
    pub body: Vec<Clause>,
}

/// A type parameter: `F`, `F: Flavor`, `F in [a, b]`, `S in serves[F]`.
#[derive(Clone, Debug)]
pub struct Generic {
    /// Its name.
    pub name: Name,
    /// What bounds it.
    pub bound: GenericBound,
}

/// The bound of a type parameter.
#[derive(Clone, Debug)]
pub enum GenericBound {
    /// `F`
    None,
    /// `F: Flavor`
    Is(TypeExpr),
    /// `F in serves`
    In(Expr),
}

/// `F in s.serves` after `where`
#[derive(Clone, Debug)]
pub struct Where {
    /// The type parameter.
    pub name: Name,
    /// The set.
    pub set: Expr,
}

/// A parameter of a task, resource, pipeline or function.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its documentation.
    pub doc: Doc,
    /// The `const` word.
    pub constant: Option<Span>,
    /// The `use` word.
    pub used: Option<Span>,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// Its default.
    pub default: Option<Expr>,
    /// All of it.
    pub span: Span,
}

/// A field of a record type, an enum case or an artifact.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its documentation.
    pub doc: Doc,
    /// Its name; quoted keys keep their text.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// Its default (facets and fields rarely have one).
    pub default: Option<Expr>,
}

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
    /// An expression; bare words are [`ExprKind::Name`].
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
