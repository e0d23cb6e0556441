//! `fuse.toml` as data: the package's name, what it depends on, and its targets. [`read`] reads it.

mod bind;
mod extend;
mod keys;
mod place;
mod read;
mod schema;
mod security;
mod table;
mod words;

pub use read::read;
pub use schema::schema;

use ecow::EcoString;
use fuse_base::{FileId, Span};
use indexmap::IndexMap;

/// A value with its place in `fuse.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// A whole `fuse.toml`.
#[derive(Debug, Clone)]
pub struct Project {
    /// The file.
    pub file: FileId,
    /// `[package] name`
    pub name: Spanned<EcoString>,
    /// `[package] version`, where given.
    pub version: Option<Spanned<EcoString>>,
    /// `[package] build`: instances of pipelines with type parameters or tools, such as `train<sklearn>`.
    pub build: Vec<Spanned<EcoString>>,
    /// `[mlflow] project = true`: write `MLproject` and `python_env.yaml`.
    pub mlproject: bool,
    /// The targets in the order of the file.
    pub targets: Vec<Target>,
    /// The names of targets that say `abstract = true`: nothing is built for them.
    pub bases: Vec<EcoString>,
}

/// `[target.x]`
#[derive(Debug, Clone)]
pub struct Target {
    /// `x`
    pub name: EcoString,
    /// The table's header.
    pub span: Span,
    /// The namespace of every object.
    pub namespace: Spanned<EcoString>,
    /// What the cluster's Tekton can do.
    pub tekton: Tekton,
    /// Where artifacts live.
    pub store: Option<Spanned<Store>>,
    /// The image of `fuse-step`.
    pub step_image: Option<Spanned<EcoString>>,
    /// `install = "run" | "image"`: whether `requires` is installed when a step runs (the default) or is in its image.
    pub install_on_run: bool,
    /// Containers that the cluster injects into each pod; they share the budget of results.
    pub injected_containers: u32,
    /// Constant pipeline parameters by pipeline and name: `[target.x.params.<pipeline>]`.
    pub params: IndexMap<EcoString, IndexMap<EcoString, Spanned<Setting>>>,
    /// `[target.x.use]`: by name the tool that `target.<name>` stands for.
    pub choices: IndexMap<EcoString, Spanned<EcoString>>,
    /// The place of `[target.x.use]`, where there is one.
    pub choices_span: Option<Span>,
    /// `[target.x.bind]`: by tool.
    pub bind: IndexMap<EcoString, ToolBinding>,
    /// The place of `[target.x.bind]`, or of the target where it lacks one: where a help line says what to add.
    pub bind_span: Span,
    /// `[target.x.node.<class>]`
    pub nodes: IndexMap<EcoString, NodeClass>,
    /// `[target.x.security]`
    pub security: Security,
    /// `image-pull-secrets`: Secrets that all pods get their images with.
    pub pull_secrets: Vec<EcoString>,
    /// `[target.x.domain.<name>]`
    pub domains: IndexMap<EcoString, Domain>,
    /// `extends = "…"`, and the places that this target has from there.
    pub extends: Option<(Spanned<EcoString>, Vec<Span>)>,
}

impl Target {
    /// Where the target says that it has from another one what stands at this place.
    #[must_use]
    pub fn inherited(&self, place: Span) -> Option<&Spanned<EcoString>> {
        let (parent, places) = self.extends.as_ref()?;
        let holds = |own: &&Span| own.file == place.file && own.start <= place.start && place.end <= own.end;
        places.iter().find(holds).map(|_| parent)
    }
}

/// `[target.x.node.<class>]`: nodes that a step may ask for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeClass {
    /// Where the class stands.
    pub span: Span,
    /// Labels of its nodes.
    pub selector: IndexMap<EcoString, EcoString>,
    /// Taints of its nodes that the step's pod bears.
    pub tolerations: Vec<Toleration>,
    /// The resource that `gpu: n` asks for, such as the one that a device plugin offers.
    pub resource: Option<Spanned<EcoString>>,
    /// `runtime-class`
    pub runtime_class: Option<EcoString>,
    /// `priority-class`
    pub priority_class: Option<EcoString>,
}

/// A taint that a pod bears, as Kubernetes writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toleration {
    /// The taint's key; none stands for every taint.
    pub key: Option<EcoString>,
    /// The taint's value; none stands for every value.
    pub value: Option<EcoString>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`; none stands for all of them.
    pub effect: Option<EcoString>,
    /// For how long, in seconds; with `NoExecute` alone.
    pub seconds: Option<i64>,
}

/// `[target.x.security]`: as whom the pods run, and what their containers may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Security {
    /// Where the table stands.
    pub span: Span,
    /// The group that owns the volumes.
    pub fs_group: Option<i64>,
    /// The user of every process.
    pub run_as_user: Option<i64>,
    /// The group of every process.
    pub run_as_group: Option<i64>,
    /// Whether a container that would run as root is refused.
    pub run_as_non_root: Option<bool>,
    /// More groups of every process.
    pub supplemental_groups: Vec<i64>,
    /// The seccomp profile: `RuntimeDefault` or `Unconfined`.
    pub seccomp: Option<EcoString>,
    /// Whether containers cannot write outside of their volumes.
    pub read_only_root_filesystem: Option<bool>,
    /// Whether a process may gain more rights than its parent.
    pub allow_privilege_escalation: Option<bool>,
    /// Capabilities that containers go without.
    pub drop_capabilities: Vec<EcoString>,
}

/// `[target.x.domain.<name>]`: another namespace, or a namespace of another cluster, that resources are applied to.
#[derive(Debug, Clone, PartialEq)]
pub struct Domain {
    /// Where the domain stands.
    pub span: Span,
    /// The namespace of its objects.
    pub namespace: EcoString,
    /// The Secret and its key with the kubeconfig of another cluster; none: it is the cluster of the pipelines.
    pub credentials: Option<Credentials>,
}

/// `credentials = { secret = "…", key = "kubeconfig" }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The Secret, in the namespace of the pipelines.
    pub secret: EcoString,
    /// Its key.
    pub key: EcoString,
}

/// `tekton = { version = "1.15", api-fields = "beta", coschedule = "workspaces" }`
#[derive(Debug, Clone, PartialEq)]
pub struct Tekton {
    /// Major and minor version.
    pub version: (u64, u64),
    /// `stable`, `beta` (the default) or `alpha`.
    pub api_fields: ApiFields,
    /// Which pods share a node.
    pub coschedule: Coschedule,
}

/// The flag `coschedule` of a Tekton installation: which pods of a run it keeps on one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coschedule {
    /// `workspaces`, the default: those that share a volume claim.
    Workspaces,
    /// `pipelineruns`, `isolate-pipelinerun`: all pods of a run.
    Runs,
    /// `disabled`: none.
    Disabled,
}

/// The feature level of a Tekton installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiFields {
    /// `stable`
    Stable,
    /// `beta`
    Beta,
    /// `alpha`
    Alpha,
}

/// `store = { … }`
#[derive(Debug, Clone, PartialEq)]
pub enum Store {
    /// A volume claim: per run (`size`, `class`) or a kept one (`claim`).
    Pvc {
        /// Bytes as a quantity text, such as `10Gi`; empty with a kept `claim`.
        size: EcoString,
        /// The storage class.
        class: Option<EcoString>,
        /// An existing claim.
        claim: Option<EcoString>,
    },
    /// An object store.
    Object {
        /// `s3`, `gcs` or `azure`.
        kind: ObjectStore,
        /// The bucket or container.
        bucket: EcoString,
        /// A folder in it.
        prefix: Option<EcoString>,
        /// The endpoint, for S3-compatible stores.
        endpoint: Option<EcoString>,
        /// The region.
        region: Option<EcoString>,
        /// Whether the bucket stands in the path of a url, not in its host; so it is where there is an endpoint.
        path_style: Option<bool>,
        /// Certificates, in PEM form, that the store's own one may be signed by.
        ca: Option<EcoString>,
        /// The Secret with the store's keys; only `fuse-in` and `fuse-out` see them.
        secret: Option<SecretRef>,
    },
}

/// The kinds of object stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectStore {
    /// Amazon S3 and what speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage.
    Azure,
}

impl ObjectStore {
    /// The scheme of its uris.
    #[must_use]
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gcs => "gs",
            Self::Azure => "azure-blob",
        }
    }
}

/// `secret = { name = "…", keys = ["…"] }`: a Secret of the cluster, never its values.
#[derive(Debug, Clone, PartialEq)]
pub struct SecretRef {
    /// The Secret's name.
    pub name: EcoString,
    /// The keys that it holds.
    pub keys: Vec<Spanned<EcoString>>,
    /// The place of the table.
    pub span: Span,
}

/// What a target binds for a tool: `<tool> = { version = "0.20", <option> = … }` with the services below it.
#[derive(Debug, Clone, Default)]
pub struct ToolBinding {
    /// Where the binding stands.
    pub span: Span,
    /// The version of the installation.
    pub version: Option<Spanned<EcoString>>,
    /// The domain that the tool's resources lie in.
    pub domain: Option<Spanned<EcoString>>,
    /// Options of the tool.
    pub options: IndexMap<EcoString, Spanned<Setting>>,
    /// Services of the tool.
    pub services: IndexMap<EcoString, ServiceBinding>,
}

/// `<tool>.<service> = { url = "…", secret = { … }, rewrite = { … } }`
#[derive(Debug, Clone, Default)]
pub struct ServiceBinding {
    /// Where the binding stands.
    pub span: Span,
    /// The service's url.
    pub url: Option<Spanned<EcoString>>,
    /// The Secret with its credentials.
    pub secret: Option<SecretRef>,
    /// `rewrite = { "<scheme>:/" = "s3://<bucket>/" }`: uri prefixes and what stands for them.
    pub rewrite: Vec<(Spanned<EcoString>, Spanned<EcoString>)>,
    /// Other keys: values of plain environment variables, by lower-case name.
    pub values: IndexMap<EcoString, Spanned<Setting>>,
}

/// A plain value in `fuse.toml`.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// A string.
    String(EcoString),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// `true`, `false`
    Bool(bool),
    /// A list.
    List(Vec<Spanned<Setting>>),
    /// A table.
    Table(IndexMap<EcoString, Spanned<Setting>>),
}
