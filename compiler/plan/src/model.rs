//! The plan: what a target gets, down to the last string. Emission decides nothing and encodes nothing: every text
//! here stands exactly as Tekton shall receive it, `$(…)` references and the encoding of late text included.
//!
//! Everything carries the place in the source that caused it, for the source map. Spans in `fuse.toml` are causes too.

use ecow::EcoString;
pub use fuse_analysis::project::{Credentials, Security, Toleration};
use fuse_base::{Diagnostic, Span};
use petgraph::graph::{DiGraph, NodeIndex};
use serde_json::Value as Json;

/// The name of the workspace that holds the files of a run, in Tasks, Pipelines and run templates.
pub const STORE_WORKSPACE: &str = "fuse--store";

/// Everything that one target gets.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The package's name.
    pub package: EcoString,
    /// The target's name: the folder below `generated/`.
    pub target: EcoString,
    /// The namespace that stands in every object.
    pub namespace: EcoString,
    /// Tekton Tasks, one per identity, in the order of their first use.
    pub tasks: Vec<Task>,
    /// Tekton Pipelines with their run templates, in source order.
    pub pipelines: Vec<Pipeline>,
    /// Service accounts: each pipeline's own, then those of its steps with rights.
    pub accounts: Vec<ServiceAccount>,
    /// Roles with the account that each is bound to; role, binding and account share the name.
    pub roles: Vec<Role>,
    /// Files of the package that the steps take, by name.
    pub files: Vec<ConfigMap>,
    /// Objects that are applied with the manifests: one file `deploy.<name>.yaml` each.
    pub deploys: Vec<Deploy>,
    /// As whom all pods run, and what all containers may do.
    pub security: Security,
    /// `imagePullSecrets` of all pods.
    pub pull_secrets: Vec<EcoString>,
    /// `MLproject` and `python_env.yaml`, where the package asks for them.
    pub mlproject: Option<MlProject>,
    /// What does not stop the build.
    pub warnings: Vec<Diagnostic>,
}

impl Plan {
    /// The task behind an id of this plan.
    #[must_use]
    pub fn task(&self, id: TaskRef) -> Option<&Task> {
        self.tasks.get(id.0)
    }
}

/// Index into [`Plan::tasks`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TaskRef(pub usize);

impl TaskRef {
    /// Of a pipeline task whose Task is not of this plan: [`Node::remote`] says which.
    pub const REMOTE: Self = Self(usize::MAX);
}

/// A Task that exists already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// `taskRef.resolver`
    pub resolver: EcoString,
    /// `taskRef.params`
    pub params: Vec<(EcoString, EcoString)>,
    /// Where the declaration says it.
    pub cause: Span,
}

/// A Tekton Task.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// `metadata.name`
    pub name: EcoString,
    /// `spec.description`
    pub description: Option<EcoString>,
    /// `spec.params`
    pub params: Vec<ParamDecl>,
    /// `spec.results`, all of type string.
    pub results: Vec<ResultDecl>,
    /// `spec.workspaces`
    pub workspaces: Vec<WorkspaceDecl>,
    /// `spec.volumes`
    pub volumes: Vec<Volume>,
    /// `spec.steps`
    pub steps: Vec<Step>,
    /// What its results may take and take at most.
    pub budget: Budget,
    /// The declaration, or the condition of a helper.
    pub cause: Span,
}

/// A declared parameter of a Task or a Pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamDecl {
    /// Its name.
    pub name: EcoString,
    /// `string` or `array`.
    pub kind: ParamKind,
    /// Its description.
    pub description: Option<EcoString>,
    /// Its default; its kind is the parameter's.
    pub default: Option<Text>,
    /// The parameter's declaration, or what made the compiler add it.
    pub cause: Span,
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// `type: string`
    String,
    /// `type: array`
    Array,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// A string.
    One(EcoString),
    /// An array of strings.
    Many(Vec<EcoString>),
}

impl Text {
    /// The type of the parameter that takes it: a reference to a whole array is an array.
    #[must_use]
    pub fn kind(&self) -> ParamKind {
        match self {
            Self::One(text) if text.starts_with("$(") && text.ends_with("[*])") => ParamKind::Array,
            Self::One(_) => ParamKind::String,
            Self::Many(_) => ParamKind::Array,
        }
    }
}

/// A declared result of a Task.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultDecl {
    /// Its name.
    pub name: EcoString,
    /// Its description.
    pub description: Option<EcoString>,
    /// Its type: only indices that a matrix ranges over are an array.
    pub kind: ParamKind,
    /// The output's declaration, or what made the compiler add it (a metric, a condition).
    pub cause: Span,
}

/// A workspace that a Task declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceDecl {
    /// Its name.
    pub name: EcoString,
    /// Where it is mounted in every step.
    pub mount_path: EcoString,
    /// Whether it is a folder that a run brings along: read only, and optional, because Tekton demands that of what
    /// takes an optional workspace of a Pipeline.
    pub folder: bool,
}

/// A volume of a Task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its name.
    pub name: EcoString,
    /// What is in it.
    pub source: VolumeSource,
}

/// What is in a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VolumeSource {
    /// `emptyDir: {}`
    Empty,
    /// `secret`: one key of a Secret, as a file.
    Secret {
        /// The Secret.
        name: EcoString,
        /// The key in it.
        key: EcoString,
        /// The name of the file.
        file: EcoString,
    },
    /// `configMap`, by its name.
    ConfigMap(EcoString),
}

/// A file of the package that the manifests carry, in an immutable config map that is named after its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigMap {
    /// `metadata.name`
    pub name: EcoString,
    /// The volume that mounts it.
    pub volume: EcoString,
    /// The key: the file's name.
    pub key: EcoString,
    /// The content.
    pub text: EcoString,
    /// The content's digest, as references have it.
    pub digest: EcoString,
    /// The `file(…)`.
    pub cause: Span,
}

/// A step of a Task.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its name.
    pub name: EcoString,
    /// The image and what chose it.
    pub image: (EcoString, Span),
    /// What it runs.
    pub run: Run,
    /// Where that comes from.
    pub run_cause: Span,
    /// Environment: plain variables first, secrets last.
    pub env: Vec<Env>,
    /// `timeout` in milliseconds, where the step has one beside that of its pod.
    pub timeout: Option<u64>,
    /// `computeResources`
    pub resources: Resources,
    /// `volumeMounts`
    pub mounts: Vec<Mount>,
}

/// What a step runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// `command` and `args`
    Command {
        /// The program and its fixed arguments.
        command: Vec<EcoString>,
        /// The arguments; left out when empty.
        args: Vec<EcoString>,
    },
    /// `script`, from its `#!` line to its final newline.
    Script(EcoString),
}

/// An environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Env {
    /// Its name.
    pub name: EcoString,
    /// Its value.
    pub value: EnvValue,
    /// The declaration or binding that it comes from.
    pub cause: Span,
}

/// Where a variable's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// `value`; a `$` that Kubernetes would expand is already doubled.
    Plain(EcoString),
    /// `valueFrom.secretKeyRef`
    Secret {
        /// The Secret.
        name: EcoString,
        /// The key in it.
        key: EcoString,
        /// `optional: true`, else the field is left out.
        optional: bool,
    },
}

/// Requests and limits of a container; what is `None` is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resources {
    /// `requests.cpu`
    pub cpu_request: Option<(EcoString, Span)>,
    /// `requests.memory`
    pub memory_request: Option<(EcoString, Span)>,
    /// `limits.memory`
    pub memory_limit: Option<(EcoString, Span)>,
    /// A resource of devices with their number: request and limit, which are always the same.
    pub devices: Option<(EcoString, EcoString, Span)>,
}

impl Resources {
    /// Whether there is nothing to write.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let Self { cpu_request, memory_request, memory_limit, devices } = self;
        cpu_request.is_none() && memory_request.is_none() && memory_limit.is_none() && devices.is_none()
    }
}

/// A volume mount of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The volume's name.
    pub name: EcoString,
    /// Where.
    pub path: EcoString,
}

/// Bytes that the results of a pod may take, and take at most by their declared types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// Containers of the pod: steps, Tekton's init containers, injected ones.
    pub containers: u32,
    /// Bytes for a container's termination message, less Tekton's own records.
    pub allowed: u32,
    /// The largest size of all results together.
    pub used: u32,
}

/// A Tekton Pipeline with its run template.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// `metadata.name` and the `<name>` of `pipeline.<name>.yaml`.
    pub name: EcoString,
    /// The name in the source.
    pub source_name: EcoString,
    /// `spec.description`
    pub description: Option<EcoString>,
    /// `spec.params`
    pub params: Vec<ParamDecl>,
    /// `spec.results`
    pub results: Vec<PipelineResult>,
    /// `spec.workspaces`: the store's and the folders that a run brings along.
    pub workspaces: Vec<PipelineWorkspace>,
    /// The pipeline tasks and why one comes after another.
    pub graph: DiGraph<Node, Edge>,
    /// The order in `spec.tasks`: topological, ties by place in the source.
    pub order: Vec<NodeIndex>,
    /// `spec.finally`, in source order.
    pub finally: Vec<Node>,
    /// The run template.
    pub run: RunTemplate,
    /// The declaration's name.
    pub cause: Span,
}

impl Pipeline {
    /// All pipeline tasks: those of `spec.tasks`, then those of `spec.finally`.
    pub fn all_nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes().chain(&self.finally)
    }

    /// The pipeline tasks in the order of `spec.tasks`.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.order.iter().filter_map(|at| self.graph.node_weight(*at))
    }
}

/// A workspace that a Pipeline declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineWorkspace {
    /// Its name.
    pub name: EcoString,
    /// `description`
    pub description: Option<EcoString>,
    /// `optional: true`
    pub optional: bool,
}

/// A result of a Pipeline, of type string.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineResult {
    /// Its name.
    pub name: EcoString,
    /// Its description.
    pub description: Option<EcoString>,
    /// References to results of tasks.
    pub value: EcoString,
    /// The value in the `return`.
    pub cause: Span,
}

/// A pipeline task.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: EcoString,
    /// What it stands for.
    pub kind: NodeKind,
    /// `taskRef`, by the task's name.
    pub task: TaskRef,
    /// The Task of an external task, instead.
    pub remote: Option<Remote>,
    /// `when`, outermost first; all of them must hold.
    pub guards: Vec<Guard>,
    /// `matrix.params`: each a reference to an array result.
    pub matrix: Vec<Arg>,
    /// `params`; those that keep their default are left out.
    pub params: Vec<Arg>,
    /// `runAfter`: orders that no reference explains.
    pub run_after: Vec<EcoString>,
    /// `workspaces`: the Task's name and the Pipeline's.
    pub workspaces: Vec<(EcoString, EcoString)>,
    /// `timeout` of an attempt, in milliseconds.
    pub timeout: u64,
    /// `retries`; left out when 0.
    pub retries: u32,
    /// The service account of its pod, where that is not the pipeline's.
    pub account: Option<EcoString>,
    /// The class of nodes that its pod asks for, and where.
    pub class: Option<(EcoString, Span)>,
    /// `onError: continue`, and where that was asked for.
    pub continues: Option<Span>,
    /// The call, or the condition of a helper.
    pub cause: Span,
}

/// What a pipeline task stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A call of a task.
    Task,
    /// An `apply`.
    Apply,
    /// A helper that computes which arm of a condition runs.
    Decide,
    /// A helper that fails the run with a message.
    Fail,
    /// A helper that merges what arms give.
    Join,
    /// A helper that checks and counts the lists of a loop.
    List,
}

/// A `when` entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    /// `input`
    pub input: EcoString,
    /// `operator`
    pub operator: Operator,
    /// `values`
    pub values: Vec<EcoString>,
    /// The condition.
    pub cause: Span,
}

/// The operator of a `when` entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `in`
    In,
    /// `notin`
    NotIn,
}

impl Operator {
    /// As it stands in a manifest.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::NotIn => "notin",
        }
    }
}

/// An argument of a pipeline task.
#[derive(Debug, Clone, PartialEq)]
pub struct Arg {
    /// The Task's parameter.
    pub name: EcoString,
    /// The value.
    pub value: Text,
    /// The argument in the call.
    pub cause: Span,
}

/// Why one pipeline task comes after another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Edge {
    /// It takes this result as a parameter.
    Data(EcoString),
    /// A guard reads this result.
    Guard(EcoString),
    /// `after`, or an order that the compiler adds (`runAfter`).
    Order,
}

/// What `run.<pipeline>.yaml` holds: a `PipelineRun` to create.
#[derive(Debug, Clone, PartialEq)]
pub struct RunTemplate {
    /// `metadata.generateName`
    pub generate_name: EcoString,
    /// `taskRunTemplate.serviceAccountName`
    pub account: EcoString,
    /// `taskRunTemplate.podTemplate`: the nodes of all pods, where a volume ties them together.
    pub pod: Option<PodTemplate>,
    /// `taskRunSpecs`: what pipeline tasks have of their own.
    pub tasks: Vec<TaskRunSpec>,
    /// `timeouts.tasks`, in milliseconds.
    pub timeout: u64,
    /// `timeouts.finally`, in milliseconds; `timeouts.pipeline` is the sum of both.
    pub finally: Option<u64>,
    /// How the store's workspace is bound; `None`: the pipeline uses none.
    pub claim: Option<Claim>,
    /// Parameters without default, which a run must give.
    pub required: Vec<RequiredParam>,
    /// Folders that a run may mount, or must.
    pub folders: Vec<RequiredParam>,
}

/// What one pipeline task has of its own in a run.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRunSpec {
    /// `pipelineTaskName`
    pub task: EcoString,
    /// `serviceAccountName`
    pub account: Option<EcoString>,
    /// `podTemplate`
    pub pod: Option<PodTemplate>,
}

/// Where a pod may run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PodTemplate {
    /// `nodeSelector`
    pub selector: Vec<(EcoString, EcoString)>,
    /// `tolerations`
    pub tolerations: Vec<Toleration>,
    /// `runtimeClassName`
    pub runtime_class: Option<EcoString>,
    /// `priorityClassName`
    pub priority_class: Option<EcoString>,
    /// The node class in `fuse.toml`.
    pub cause: Span,
}

impl PodTemplate {
    /// Whether there is nothing to write.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.selector.is_empty()
            && self.tolerations.is_empty()
            && self.runtime_class.is_none()
            && self.priority_class.is_none()
    }
}

/// The volume behind the store's workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// `volumeClaimTemplate`, ReadWriteOnce: one for each run.
    PerRun {
        /// `resources.requests.storage`
        size: EcoString,
        /// `storageClassName`
        class: Option<EcoString>,
        /// The store in `fuse.toml`.
        cause: Span,
    },
    /// `persistentVolumeClaim`: a kept one.
    Kept {
        /// `claimName`
        name: EcoString,
        /// The store in `fuse.toml`.
        cause: Span,
    },
}

/// A parameter that is for each run to give.
#[derive(Debug, Clone, PartialEq)]
pub struct RequiredParam {
    /// Its name.
    pub name: EcoString,
    /// Its type, for the comment.
    pub ty: EcoString,
    /// Its declaration.
    pub cause: Span,
}

/// A `ServiceAccount`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its name.
    pub name: EcoString,
    /// `automountServiceAccountToken`
    pub token: bool,
    /// The pipeline, or the `apply`.
    pub cause: Span,
}

/// A `Role`, with the `RoleBinding` that gives it to the account of the same name unless it lies in another cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The name of role, binding and account.
    pub name: EcoString,
    /// The namespace that the rights are for.
    pub namespace: EcoString,
    /// The domain in another cluster that the rights are for: the account behind its credentials needs them.
    pub outside: Option<(EcoString, Credentials)>,
    /// `rules`
    pub rules: Vec<Rule>,
    /// The `apply`.
    pub cause: Span,
}

/// A rule of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `apiGroups`
    pub groups: Vec<EcoString>,
    /// `resources`
    pub resources: Vec<EcoString>,
    /// `resourceNames`
    pub names: Vec<EcoString>,
    /// `verbs`
    pub verbs: Vec<EcoString>,
}

/// A declared deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Deploy {
    /// Its name: `deploy.<name>.yaml`.
    pub name: EcoString,
    /// The object, with its namespace; keys in declared order.
    pub object: Json,
    /// The domain in another cluster that it is for.
    pub outside: Option<EcoString>,
    /// The `deploy`.
    pub cause: Span,
}

/// `MLproject` and `python_env.yaml`.
#[derive(Debug, Clone, PartialEq)]
pub struct MlProject {
    /// `name`
    pub name: EcoString,
    /// `entry_points`
    pub entry_points: Vec<EntryPoint>,
    /// `python` of `python_env.yaml`, where an image tells it.
    pub python: Option<EcoString>,
    /// `dependencies` of `python_env.yaml`.
    pub dependencies: Vec<EcoString>,
}

/// An entry point of an MLproject: a Python task.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryPoint {
    /// The task's name.
    pub name: EcoString,
    /// `parameters`
    pub parameters: Vec<EntryParam>,
    /// `command`, with `{name}` where the runner puts the quoted value of a parameter.
    pub command: EcoString,
    /// The task.
    pub cause: Span,
}

/// A parameter of an entry point.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryParam {
    /// Its name.
    pub name: EcoString,
    /// `string`, `float`, `path` or `uri`.
    pub ty: &'static str,
    /// Its default: a text, or a number as it stands.
    pub default: Option<Json>,
    /// The task's parameter.
    pub cause: Span,
}
