//! Every key of `fuse.toml`, with what stands behind it: the reader asks for no other key, and the JSON schema for
//! editors is written from here.

use super::schema::{Key, Shape, Text};

/// The names of keys, as messages list them.
pub(super) fn names(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().map(|key| key.name).collect()
}

const fn key(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, doc, required: false }
}

const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, doc, required: true }
}

/// The whole file.
pub(super) const ROOT: &[Key] = &[
    required("package", Shape::Table(PACKAGE), "The package."),
    key("target", Shape::Targets, "The installations that the package is built for, by name."),
    key("mlflow", Shape::Table(BESIDE), "What is written beside the manifests."),
    key("dependencies", Shape::Any, "Other packages."),
];

/// `[package]`
pub(super) const PACKAGE: &[Key] = &[
    required("name", Shape::Text(Text::Label), "The package's name; names of objects start with it."),
    key("version", Shape::Text(Text::Semver), "The package's version: three numbers."),
    key(
        "build",
        Shape::List(&Shape::Text(Text::Instance)),
        "Pipelines with type arguments that are built though nothing calls them.",
    ),
];

/// `[mlflow]`
pub(super) const BESIDE: &[Key] =
    &[key("project", Shape::Bool, "Whether to write `MLproject` and `python_env.yaml`.")];

/// `[target.x]`
pub(super) const TARGET: &[Key] = &[
    key(
        "extends",
        Shape::Text(Text::Label),
        "The target that this one has everything from that it does not say.",
    ),
    key("abstract", Shape::Bool, "Whether nothing is built for this target: it is there to be extended."),
    required("namespace", Shape::Text(Text::Label), "The namespace of every object."),
    required("tekton", Shape::Table(TEKTON), "The installation of Tekton."),
    key("store", Shape::Kinds(STORE), "Where the files are kept that steps hand on."),
    key("step-image", Shape::Text(Text::Image), "The image of fuse-step."),
    key(
        "install",
        Shape::Choice(&["run", "image"]),
        "When `requires` is installed: as a step runs, or in its image.",
    ),
    key("injected-containers", Shape::Whole(0, 16), "Containers that the cluster adds to each pod."),
    key(
        "image-pull-secrets",
        Shape::List(&Shape::Text(Text::Name)),
        "Secrets that pods get their images with.",
    ),
    key("params", Shape::Named(&Shape::Settings), "Const parameters, by pipeline."),
    key("use", Shape::Named(&Shape::Text(Text::Any)), "The tools that `target.<name>` stands for."),
    key("bind", Shape::Named(&Shape::Tool), "What is installed, by tool."),
    key("node", Shape::Named(&Shape::Table(NODE)), "Classes of nodes that steps ask for."),
    key("security", Shape::Table(SECURITY), "As whom pods run, and what their containers may do."),
    key(
        "domain",
        Shape::Named(&Shape::Table(DOMAIN)),
        "Other namespaces and clusters that resources are applied to.",
    ),
];

/// `tekton = { … }`
pub(super) const TEKTON: &[Key] = &[
    required("version", Shape::Text(Text::MajorMinor), "Major and minor version."),
    key("api-fields", Shape::Choice(&["stable", "beta", "alpha"]), "The installation's `enable-api-fields`."),
    key(
        "coschedule",
        Shape::Choice(&["workspaces", "pipelineruns", "isolate-pipelinerun", "disabled"]),
        "The installation's `coschedule`: which pods of a run share a node.",
    ),
];

/// `store = { … }` by its kind.
pub(super) const STORE: &[(&[&str], &[Key])] = &[(&["pvc"], CLAIM), (&["s3", "gcs", "azure"], BUCKET)];

/// A volume claim.
pub(super) const CLAIM: &[Key] = &[
    required("kind", Shape::Kind, "What keeps the files."),
    key("size", Shape::Text(Text::Bytes), "The size of the claim that each run gets."),
    key("class", Shape::Text(Text::Name), "The storage class."),
    key("claim", Shape::Text(Text::Name), "A claim that is there already and is kept."),
];

/// An object store.
pub(super) const BUCKET: &[Key] = &[
    required("kind", Shape::Kind, "What keeps the files."),
    required("bucket", Shape::Text(Text::Bucket), "The bucket or container."),
    key("prefix", Shape::Text(Text::Any), "A folder in it."),
    key("endpoint", Shape::Text(Text::Url), "The endpoint, where it is not the provider's own."),
    key("region", Shape::Text(Text::Any), "The region."),
    key("secret", Shape::Table(SECRET), "The Secret with the store's keys."),
    key("path-style", Shape::Bool, "Whether the bucket stands in the path of a url."),
    key("ca", Shape::Text(Text::Any), "Certificates, in PEM form, that the store's own may be signed by."),
];

/// `secret = { … }`
pub(super) const SECRET: &[Key] = &[
    required("name", Shape::Text(Text::Name), "The Secret's name."),
    required("keys", Shape::List(&Shape::Text(Text::SecretKey)), "The keys that it holds."),
];

/// The keys of a tool's binding that are no options of the tool.
pub(super) const TOOL: &[Key] = &[
    key("version", Shape::Text(Text::Version), "The installed version."),
    key("domain", Shape::Text(Text::Any), "The domain that the tool's resources lie in."),
];

/// The keys of a service's binding that are no variables of the service.
pub(super) const SERVICE: &[Key] = &[
    key("url", Shape::Text(Text::Url), "Where the service listens."),
    key("secret", Shape::Table(SECRET), "The Secret with its credentials."),
    key("rewrite", Shape::Rewrite, "Beginnings of uris and what stands for them."),
];

/// `[target.x.node.<class>]`
pub(super) const NODE: &[Key] = &[
    key("selector", Shape::Labels, "Labels of the nodes."),
    key("tolerations", Shape::List(&Shape::Table(TOLERATION)), "Taints of the nodes that pods bear."),
    key("resource", Shape::Text(Text::Device), "What `gpu: n` asks for."),
    key("runtime-class", Shape::Text(Text::Name), "The runtime class of pods."),
    key("priority-class", Shape::Text(Text::Name), "The priority class of pods."),
];

/// An item of `tolerations`.
pub(super) const TOLERATION: &[Key] = &[
    key("key", Shape::Text(Text::LabelKey), "The taint's key; left out: every taint."),
    key("operator", Shape::Choice(&["Exists", "Equal"]), "Whether the value counts; as `value` tells."),
    key("value", Shape::Text(Text::LabelValue), "The taint's value; left out: every value."),
    key("effect", Shape::Choice(&["NoSchedule", "PreferNoSchedule", "NoExecute"]), "Left out: every effect."),
    key("seconds", Shape::Whole(0, 315_360_000), "For how long a pod stays, with `NoExecute`."),
];

/// `[target.x.security]`
pub(super) const SECURITY: &[Key] = &[
    key("fs-group", Shape::Whole(0, 2_147_483_647), "The group that owns the volumes."),
    key("run-as-user", Shape::Whole(0, 2_147_483_647), "The user of every process."),
    key("run-as-group", Shape::Whole(0, 2_147_483_647), "The group of every process."),
    key("run-as-non-root", Shape::Bool, "Whether a container that would run as root is refused."),
    key("supplemental-groups", Shape::List(&Shape::Whole(0, 2_147_483_647)), "More groups of every process."),
    key("seccomp", Shape::Choice(&["RuntimeDefault", "Unconfined"]), "The seccomp profile."),
    key("read-only-root-filesystem", Shape::Bool, "Whether containers write to their volumes alone."),
    key("allow-privilege-escalation", Shape::Bool, "Whether a process may gain more rights than its parent."),
    key(
        "drop-capabilities",
        Shape::List(&Shape::Text(Text::Capability)),
        "Capabilities that containers lack.",
    ),
];

/// `[target.x.domain.<name>]`
pub(super) const DOMAIN: &[Key] = &[
    required("namespace", Shape::Text(Text::Label), "The namespace of its objects."),
    key("credentials", Shape::Table(CREDENTIALS), "The kubeconfig of another cluster."),
];

/// `credentials = { … }`
pub(super) const CREDENTIALS: &[Key] = &[
    required("secret", Shape::Text(Text::Name), "The Secret, in the namespace of the pipelines."),
    required("key", Shape::Text(Text::SecretKey), "The key that holds the kubeconfig."),
];
