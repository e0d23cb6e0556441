//! `fuse.toml` as data: the package's name, what it depends on, and its targets. [`read`] reads it.

mod bind;
mod read;
mod table;
mod words;

pub use read::read;

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
}

/// `tekton = { version = "1.15", api-fields = "beta" }`
#[derive(Debug, Clone, PartialEq)]
pub struct Tekton {
    /// Major and minor version.
    pub version: (u64, u64),
    /// `stable`, `beta` (the default) or `alpha`.
    pub api_fields: ApiFields,
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
