//! Declarations.

use fuse_base::Span;

use super::{Arg, Block, Clause, Doc, Expr, Name, StrLit, TypeExpr};

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
