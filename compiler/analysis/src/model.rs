//! The typed package: names resolved, types checked, times and presence known. The lowering reads only this.

mod steps;

use std::rc::Rc;
use std::sync::Arc;

use ecow::EcoString;
use fuse_base::{FileId, Span};
pub use fuse_syntax::ast::{BinaryOp, UnaryOp};

pub use self::steps::{Call, Callee, Condition, For, Fused, If, Source, Take};

use crate::project::Target;
use crate::ty::{EnumId, GenericId, RecordTy, Ty};
use crate::value::Value;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u32);
    )*};
}

ids! {
    /// Index into [`Package::tasks`].
    TaskId;
    /// Index into [`Package::resources`].
    ResourceId;
    /// Index into [`Package::pipelines`].
    PipelineId;
    /// A task or resource of a capability.
    MemberId;
    /// Index into [`Package::tools`].
    ToolId;
    /// Index into [`Tool::services`] of a tool.
    ServiceId;
    /// Index into [`Pipeline::locals`].
    LocalId;
    /// Index into [`Pipeline::chains`].
    ChainId;
}

/// Everything that the entry files declare or reach.
#[derive(Debug, Default)]
pub struct Package {
    /// Enums, core ones first.
    pub enums: Vec<EnumDef>,
    /// Artifacts, core ones first.
    pub artifacts: Vec<ArtifactDef>,
    /// Tools.
    pub tools: Vec<Tool>,
    /// Tasks, of tools and free ones.
    pub tasks: Vec<Task>,
    /// Resources, of tools and free ones.
    pub resources: Vec<Resource>,
    /// Pipelines: those that are written without type parameters and `use` in the order of their modules, then the
    /// instances of the others. [`Package::roots`] says which of them are built.
    pub pipelines: Vec<Pipeline>,
    /// What is built, in the order of file path and place.
    pub roots: Vec<Root>,
    /// The `deploy`s of the package's own files.
    pub deploys: Vec<Deploy>,
    /// Every file that was read (modules, templates, carried sources), in reading order: the inputs of a build.
    pub files: Vec<FileId>,
}

/// An enum.
#[derive(Debug, Clone)]
pub struct EnumDef {
    /// Its name.
    pub name: EcoString,
    /// The names of its cases.
    pub cases: Vec<EcoString>,
    /// For each case the record that it carries; all without fields where none carries one.
    pub records: Vec<Rc<RecordTy>>,
    /// Whether a case carries a record.
    pub tagged: bool,
    /// The declaration's name.
    pub span: Span,
}

/// An artifact declaration.
#[derive(Debug, Clone)]
pub struct ArtifactDef {
    /// Its name.
    pub name: EcoString,
    /// The facets: name and kind.
    pub facets: Vec<(EcoString, FacetKind)>,
    /// Small values that travel as results: name and type.
    pub fields: Vec<(EcoString, Ty)>,
    /// Whether `.name` on a value reads a number that was logged (Metrics).
    pub open_metrics: bool,
    /// The declaration's name.
    pub span: Span,
}

/// What a facet takes.
#[derive(Debug, Clone, PartialEq)]
pub enum FacetKind {
    /// A case of an enum.
    Enum(EnumId),
    /// A row: a record type.
    Row,
    /// A constant of a type (`depth: Int?`).
    Const(Ty),
}

/// A tool: what installs, binds and groups tasks and resources.
#[derive(Debug)]
pub struct Tool {
    /// Its name, the key in `[target.x.bind]`.
    pub name: EcoString,
    /// Its documentation.
    pub doc: Option<EcoString>,
    /// The supported versions.
    pub version: Option<(semver::VersionReq, Span)>,
    /// The services that it needs.
    pub services: Vec<Service>,
    /// Const settings, set in the binding.
    pub options: Vec<ToolOption>,
    /// The declaration's name.
    pub span: Span,
}

/// `service tracking { … }`
#[derive(Debug)]
pub struct Service {
    /// Its name; bound under `<tool>.<name>`.
    pub name: EcoString,
    /// Its documentation.
    pub doc: Option<EcoString>,
    /// Plain environment, in declared order. The first of type Url without a default takes the binding's `url`;
    /// the others take the binding's key of the same name in lower case.
    pub env: Vec<ServiceEnv>,
    /// Environment from the bound Secret: the key has the variable's name.
    pub secret_env: Vec<SecretEnv>,
    /// The declaration's name.
    pub span: Span,
}

/// `env TRACKING_URI: Url`
#[derive(Debug)]
pub struct ServiceEnv {
    /// The variable.
    pub name: EcoString,
    /// Its type.
    pub ty: Ty,
    /// Its default.
    pub default: Option<Value>,
    /// The name's place.
    pub span: Span,
}

/// `secret env TRACKING_PASSWORD?`
#[derive(Debug)]
pub struct SecretEnv {
    /// The variable and the Secret's key.
    pub name: EcoString,
    /// Whether a binding may lack it.
    pub optional: bool,
    /// The name's place.
    pub span: Span,
}

/// `option mode: Mode = Standard`
#[derive(Debug)]
pub struct ToolOption {
    /// Its name: the key in the tool's binding.
    pub name: EcoString,
    /// Its type.
    pub ty: Ty,
    /// Its default.
    pub default: Option<Value>,
    /// The name's place.
    pub span: Span,
}

/// Name, type parameters, parameters and outputs of a task or resource.
#[derive(Debug)]
pub struct Signature {
    /// Its name.
    pub name: EcoString,
    /// The tool that it belongs to.
    pub tool: Option<ToolId>,
    /// Its documentation.
    pub doc: Option<EcoString>,
    /// Type parameters.
    pub generics: Vec<Generic>,
    /// Parameters.
    pub params: Vec<Param>,
    /// Outputs; one named after the artifact for `-> Source`.
    pub outputs: Vec<Output>,
    /// Whether a call *is* its single output (`-> Source`), not a record of outputs.
    pub single: bool,
    /// The declaration's name.
    pub span: Span,
}

/// A type parameter.
#[derive(Debug)]
pub struct Generic {
    /// Its name.
    pub name: EcoString,
    /// What it ranges over.
    pub bound: Bound,
    /// The name's place.
    pub span: Span,
}

/// What a type parameter ranges over.
#[derive(Debug)]
pub enum Bound {
    /// A type (a row).
    Type,
    /// The cases of an enum.
    Enum(EnumId),
    /// The keys of a const map or the elements of a const list; may mention earlier type parameters.
    Set(Typed),
}

/// A parameter.
#[derive(Debug, Clone)]
pub struct Param {
    /// Its name.
    pub name: EcoString,
    /// Its documentation.
    pub doc: Option<EcoString>,
    /// Its type.
    pub ty: Ty,
    /// Whether only constants fit.
    pub constant: bool,
    /// Its default: a constant, or built from constants.
    pub default: Option<Typed>,
    /// The name's place.
    pub span: Span,
}

/// An output.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its name.
    pub name: EcoString,
    /// Its documentation.
    pub doc: Option<EcoString>,
    /// Its type.
    pub ty: Ty,
    /// The name's place.
    pub span: Span,
}

/// A task.
#[derive(Debug)]
pub struct Task {
    /// Its signature.
    pub sig: Signature,
    /// The services of its tool that it needs, with the clause's place.
    pub needs: Vec<(ToolId, ServiceId, Span)>,
    /// `effect external`, or implied by `needs`.
    pub external_effect: bool,
    /// `idempotent`
    pub idempotent: bool,
    /// The container image; mentions parameters. From `image …` or `python { image … }`.
    pub image: Option<Typed>,
    /// `python { requires [...] }`: packages that the body needs.
    pub requires: Vec<EcoString>,
    /// What runs.
    pub body: TaskBody,
    /// The clauses of `with`.
    pub settings: Settings,
}

/// What a task runs.
#[derive(Debug)]
pub enum TaskBody {
    /// `script sh """…"""`, `script python """…"""`
    Script {
        /// The interpreter.
        language: Language,
        /// The text.
        text: EcoString,
        /// The literal.
        span: Span,
    },
    /// `script template("train.sh.j2")`
    Template {
        /// The interpreter, from the file's name.
        language: Language,
        /// The template's file.
        file: FileId,
        /// The template's text.
        text: Arc<str>,
        /// The path as written.
        span: Span,
    },
    /// `run python("steps/evaluate.py:evaluate")`
    Python {
        /// The source file.
        file: FileId,
        /// Its text.
        text: Arc<str>,
        /// The function to call; without one the file is run as a script.
        function: Option<EcoString>,
        /// The path as written.
        span: Span,
    },
    /// `run ["cmd", arg, …]`: an argument vector, no shell.
    Command(Vec<Typed>),
    /// `external task … from hub(…)`: a Task that exists already.
    External {
        /// Tekton's resolver.
        resolver: EcoString,
        /// The resolver's parameters.
        params: Vec<(EcoString, EcoString)>,
        /// What stands behind `from`.
        span: Span,
    },
    /// An error was reported.
    Missing,
}

/// The interpreter of a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// `sh`
    Sh,
    /// `python3`
    Python,
}

/// `with { cpu: 1, memory: 2Gi, timeout: 30min, retries: 2, node: gpu, gpu: 1, env: { … } }`; all constant but `env`'s values.
#[derive(Debug, Default, Clone)]
pub struct Settings {
    /// Processors to request.
    pub cpu: Option<Typed>,
    /// Memory to request, and the limit.
    pub memory: Option<Typed>,
    /// The longest time an attempt may take.
    pub timeout: Option<Typed>,
    /// How often a failed attempt is repeated.
    pub retries: Option<Typed>,
    /// The class of nodes that the pod runs on: a text, which a bare word in the source stands for.
    pub node: Option<Typed>,
    /// Devices of the node class to ask for.
    pub gpu: Option<Typed>,
    /// `on_error: continue` is true, `on_error: stop` is false.
    pub continues: Option<(bool, Span)>,
    /// Environment of the user's step.
    pub env: Vec<(EcoString, Typed)>,
}

/// A resource: one declaration for `deploy` and `apply`.
#[derive(Debug)]
pub struct Resource {
    /// Its signature.
    pub sig: Signature,
    /// The object, a record expression over parameters, type parameters and options. Its `apiVersion` and `kind`
    /// are constant strings; `metadata.name` is constant.
    pub manifest: Typed,
    /// `ready condition "Ready" within 10min`
    pub ready: Option<Ready>,
    /// `output url = status.url`: output index and the path in the object.
    pub output_paths: Vec<(usize, Vec<EcoString>, Span)>,
}

/// When an applied object counts as ready.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The condition's type.
    pub condition: EcoString,
    /// The longest wait in milliseconds.
    pub within: u64,
}

/// A pipeline that is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Which one.
    pub pipeline: PipelineId,
    /// The one target that it is for; `None` where every target builds the same.
    pub target: Option<EcoString>,
    /// Whether another pipeline calls it: then it is built by itself only where nothing is missing.
    pub called: bool,
}

/// A pipeline.
#[derive(Debug)]
pub struct Pipeline {
    /// Its name; an instance has its type arguments behind `--`.
    pub name: EcoString,
    /// The name in its declaration.
    pub source: EcoString,
    /// Its documentation.
    pub doc: Option<EcoString>,
    /// Its parameters; late unless `constant`.
    pub params: Vec<Param>,
    /// Its outputs.
    pub outputs: Vec<Output>,
    /// Whether a call *is* its single output, not a record of outputs.
    pub single: bool,
    /// Its statements.
    pub body: Block,
    /// Every name bound in it.
    pub locals: Vec<Local>,
    /// Every `if` in it.
    pub chains: Vec<Chain>,
    /// The declaration's name.
    pub span: Span,
}

/// A name bound in a pipeline.
#[derive(Debug)]
pub struct Local {
    /// The name.
    pub name: EcoString,
    /// Its type.
    pub ty: Ty,
    /// Where it is present: each arm that it lies in, outermost first.
    pub presence: Vec<(ChainId, u32)>,
    /// Its place.
    pub span: Span,
}

/// An `if` of a pipeline: its arms are numbered from 0; a missing `else` is an arm without statements.
#[derive(Debug)]
pub struct Chain {
    /// The condition's place.
    pub cond: Span,
    /// The arms that the chain lies in, outermost first.
    pub presence: Vec<(ChainId, u32)>,
}

/// `deploy name = call`
#[derive(Debug)]
pub struct Deploy {
    /// Its name.
    pub name: EcoString,
    /// What is deployed: the callee is a resource, all arguments are constant.
    pub call: Call,
    /// The name's place.
    pub span: Span,
}

/// Statements with a value.
#[derive(Debug, Clone)]
pub struct Block {
    /// The statements.
    pub stmts: Vec<Stmt>,
    /// The value, where the last statement is an expression whose value is used.
    pub value: Option<Box<Typed>>,
}

/// A statement of a pipeline.
#[derive(Debug, Clone)]
pub enum Stmt {
    /// `let name = value`
    Let(LocalId, Typed),
    /// An expression for its effect: a call, an apply or an `if`.
    Expr(Typed),
    /// `return { … }`: for each output of the pipeline its value; absent for a `T?` output that is left out.
    Return(Vec<Option<Typed>>, Span),
    /// `finally { … }`, with its first word: the last statement of a pipeline that nothing calls.
    Finally(Block, Span),
}

/// A typed expression.
#[derive(Debug, Clone)]
pub struct Typed {
    /// What it is.
    pub kind: Kind,
    /// Its type.
    pub ty: Ty,
    /// Whether it is known only when the pipeline runs. Parameters of tasks and resources count as late unless
    /// `const`; whether an argument is in fact constant is known where the call is lowered.
    pub late: bool,
    /// Its place.
    pub span: Span,
}

/// The kinds of typed expressions.
#[derive(Debug, Clone)]
pub enum Kind {
    /// An error was reported.
    Error,
    /// A constant.
    Value(Value),
    /// A parameter of the enclosing pipeline, task or resource, by index.
    Param(usize),
    /// An option of the enclosing tool, by index.
    Option(ToolId, usize),
    /// A type parameter of the enclosing declaration, as the case that it stands for.
    Generic(GenericId),
    /// A set of the tool that a `use` parameter stands for, by index and name. Instances have the set itself.
    Offered(usize, EcoString),
    /// A bound name.
    Local(LocalId),
    /// A field of a record, a map's value under a constant key, or an output of a step. Of a list it is the list of
    /// that field of each item, and so for the other parts of values below.
    Field(Box<Typed>, EcoString),
    /// A metric of a `Metrics` value: a Float that the step which logged it must deliver.
    Metric(Box<Typed>, EcoString),
    /// A small value of an artifact (`source.commit`).
    ArtifactField(Box<Typed>, EcoString),
    /// `.uri` of an artifact that travels by reference.
    Uri(Box<Typed>),
    /// `.name` of an enum value, as String.
    CaseName(Box<Typed>),
    /// `.min` of a Range.
    RangeMin(Box<Typed>),
    /// `.max` of a Range: `Int?`
    RangeMax(Box<Typed>),
    /// `list[i]`, constant index; `map[key]`, where the key may be a type parameter.
    Index(Box<Typed>, Box<Typed>),
    /// A string with holes: texts and scalars, to be joined.
    Concat(Vec<Typed>),
    /// A list.
    List(Vec<Typed>),
    /// A record or a map.
    Record(Vec<(EcoString, Typed)>),
    /// `!x`, `-x`
    Unary(UnaryOp, Box<Typed>),
    /// `a < b` and so on; `In` has a constant list on the right. [`BinaryOp::Coalesce`] is `a ?? b`.
    Binary(BinaryOp, Box<Typed>, Box<Typed>),
    /// A task call.
    Call(Box<Call>),
    /// `apply resource(…)`
    Apply(Box<Call>),
    /// `if`
    If(Box<If>),
    /// `for`
    For(Box<For>),
    /// `fused`
    Fused(Box<Fused>),
    /// `pipeline.status`, `step.status`, in `finally`: a case of an enum of the core module.
    Status(StatusOf),
    /// `fail "…"`: ends the run with a text; of type Never.
    Fail(Box<Typed>),
    /// A value of type T given where `T?` is expected.
    Some(Box<Typed>),
}

/// What has ended in some way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusOf {
    /// The run, but for its `finally`.
    Run,
    /// The step that a name is bound to.
    Step(LocalId),
}

impl Param {
    /// Whether a call may leave it out.
    #[must_use]
    pub const fn is_optional(&self) -> bool {
        self.default.is_some() || matches!(self.ty, Ty::Optional(_))
    }
}

/// Convenience for readers of the model.
impl Package {
    /// The signature of a task or resource.
    #[must_use]
    pub fn signature(&self, callee: Callee) -> Option<&Signature> {
        match callee {
            Callee::Task(id) => self.tasks.get(id.0 as usize).map(|task| &task.sig),
            Callee::Resource(id) => self.resources.get(id.0 as usize).map(|resource| &resource.sig),
            Callee::Pipeline(_) | Callee::Member(_) => None,
        }
    }

    /// A pipeline.
    #[must_use]
    pub fn pipeline(&self, id: PipelineId) -> Option<&Pipeline> {
        self.pipelines.get(id.0 as usize)
    }

    /// What a target builds, in order, and whether others call it. Such a pipeline may lack constants of its own: where
    /// the target gives none, its callers do.
    pub fn roots_of<'p>(&'p self, target: &'p Target) -> impl Iterator<Item = (&'p Pipeline, bool)> {
        let here = move |root: &&Root| root.target.as_ref().is_none_or(|name| *name == target.name);
        let whole = move |pipeline: &Pipeline| {
            let set = target.params.get(&pipeline.source);
            pipeline
                .params
                .iter()
                .filter(|param| param.constant && !param.is_optional())
                .all(|param| set.is_some_and(|set| set.contains_key(&param.name)))
        };
        self.roots.iter().filter(here).filter_map(move |root| {
            let pipeline = self.pipeline(root.pipeline)?;
            (!root.called || whole(pipeline)).then_some((pipeline, root.called))
        })
    }
}

/// Shared, immutable: the typed package is read by every target's lowering.
pub type SharedPackage = Rc<Package>;
