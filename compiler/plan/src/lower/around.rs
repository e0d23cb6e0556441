//! `fuse-in` and `fuse-out`: what `fuse-step` does around the user's step.

use ecow::{EcoString, eco_format};
use fuse_analysis::project::{ObjectStore, Store};
use fuse_base::{Diagnostic, Span, codes};
use fuse_wire::text::json_argument;

use super::NodeSpec;
use super::helpers::wire;
use super::task::Parts;
use crate::cx::Cx;
use crate::model::{
    Arg, Env, EnvValue, Mount, ParamDecl, ParamKind, Resources, Run, STORE_WORKSPACE, Step, Text,
    WorkspaceDecl,
};

/// The volume that all steps of a task share.
pub(crate) fn fuse_mount() -> Mount {
    Mount { name: "fuse".into(), path: "/fuse".into() }
}

/// What `fuse-step`'s own containers ask for.
pub(crate) fn helper_resources(cause: Span) -> Resources {
    Resources {
        cpu_request: Some(("10m".into(), cause)),
        memory_request: Some(("32Mi".into(), cause)),
        memory_limit: Some(("128Mi".into(), cause)),
        devices: None,
    }
}

/// The image of `fuse-step`; reports that the target does not name it.
pub(crate) fn step_image(cx: &Cx<'_>, used: Span) -> Option<(EcoString, Span)> {
    if let Some(image) = &cx.target.step_image {
        return Some((image.value.clone(), image.span));
    }
    let target = &cx.target.name;
    let message = format!("this step needs `fuse-step`, and target `{target}` does not name its image");
    let diagnostic = Diagnostic::new(&codes::target::NO_STEP_IMAGE, used, message)
        .label(cx.target.span, "this target")
        .help(format!("add to [target.{target}] in fuse.toml: `step-image = \"registry/…/fuse-step:tag\"`"));
    cx.report_once("step-image", diagnostic);
    None
}

/// What a step needs the run's store for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    Files,
    /// A value that a join merges.
    Slots,
}

impl Need {
    /// `files` or slots that are written or read.
    pub(crate) const fn of(files: bool, slots: bool) -> Self {
        match (files, slots) {
            (true, _) => Self::Files,
            (false, true) => Self::Slots,
            (false, false) => Self::Nothing,
        }
    }
}

/// `fuse-in` and `fuse-out` around the user's step.
pub(crate) struct Around<'a> {
    image: (EcoString, Span),
    store: Option<&'a Store>,
    store_span: Span,
}

impl<'a> Around<'a> {
    pub(crate) fn new(cx: &Cx<'a>, node: &NodeSpec<'_>, need: Need) -> Option<Self> {
        let image = step_image(cx, node.cause)?;
        if need == Need::Nothing {
            return Some(Self { image, store: None, store_span: node.cause });
        }
        if let Some(store) = &cx.target.store {
            return Some(Self { image, store: Some(&store.value), store_span: store.span });
        }
        let target = &cx.target.name;
        let message = match need {
            Need::Slots => {
                format!("merging the arms of a condition needs a store, and target `{target}` has none")
            }
            Need::Files | Need::Nothing => {
                format!("this step passes files, and target `{target}` has no store for them")
            }
        };
        let diagnostic = Diagnostic::new(&codes::target::NO_STORE, node.cause, message)
            .label(cx.target.span, "this target")
            .help(format!(
                "add to [target.{target}] in fuse.toml: `store = {{ kind = \"pvc\", size = \"10Gi\" }}`"
            ));
        cx.report_once("store", diagnostic);
        None
    }

    pub(crate) fn workspace(&self) -> Option<WorkspaceDecl> {
        matches!(self.store, Some(Store::Pvc { .. })).then(|| WorkspaceDecl {
            name: STORE_WORKSPACE.into(),
            mount_path: "/fuse/store".into(),
            folder: false,
        })
    }

    pub(crate) fn before(&self, parts: &Parts, cause: Span) -> Step {
        let mut args = vec![wire(), parts.contract.argument().into()];
        args.extend(self.store_argument());
        args.extend(run_arguments(parts, false));
        args.extend(parts.inputs.iter().cloned());
        args.extend(parts.late_env.iter().cloned());
        self.step("fuse-in", &["/fuse-step", "in"], args, cause)
    }

    /// Only an object store needs a step that carries files away.
    pub(crate) fn after(&self, parts: &Parts, cause: Span) -> Option<Step> {
        let store = self.store_argument().filter(|_| parts.stores())?;
        let mut args = vec![wire(), store];
        args.extend(run_arguments(parts, true));
        Some(self.step("fuse-out", &["/fuse-step", "out"], args, cause))
    }

    /// Whether files are carried away behind the user's step: a claim has them in place.
    pub(crate) fn carries(&self) -> bool {
        matches!(self.store, Some(Store::Object { .. }))
    }

    /// What comes before the calls of a pod: everything that arrives for each of them stands behind its name.
    pub(crate) fn before_calls(&self, calls: &[(&EcoString, &Parts)], stores: bool, cause: Span) -> Step {
        let mut args = vec![wire()];
        args.extend(self.store_argument());
        args.extend(run_words(stores));
        for (name, parts) in calls {
            args.push(eco_format!("--call={name}"));
            args.push(parts.contract.argument().into());
            args.extend(parts.inputs.iter().chain(&parts.late_env).cloned());
        }
        self.step("fuse-in", &["/fuse-step", "in"], args, cause)
    }

    /// What carries away what the calls of a pod leave.
    pub(crate) fn after_calls(&self, calls: &[(&EcoString, &Parts)], cause: Span) -> Option<Step> {
        let mut args = vec![wire(), self.store_argument()?];
        args.extend(run_words(true));
        let leaving = calls.iter().filter(|(_, parts)| parts.stores());
        args.extend(leaving.map(|(name, _)| eco_format!("--call={name}")));
        Some(self.step("fuse-out", &["/fuse-step", "out"], args, cause))
    }

    /// Gives a helper that reads or writes the store what it needs for that: words of its command, and the run's id as
    /// a parameter. The result is its environment.
    pub(crate) fn helper(
        &self,
        node: &NodeSpec<'_>,
        words: &mut Vec<EcoString>,
        params: &mut Vec<ParamDecl>,
        args: &mut Vec<Arg>,
    ) -> Vec<Env> {
        words.extend(self.store_argument());
        words.push("--run=$(params.run--uid)".into());
        let (declared, given) = run_params(node, &["run--uid"]);
        params.extend(declared);
        args.extend(given);
        self.store_env()
    }

    fn step(&self, name: &str, command: &[&str], args: Vec<EcoString>, cause: Span) -> Step {
        Step {
            name: name.into(),
            image: self.image.clone(),
            run: Run::Command { command: command.iter().map(|word| EcoString::from(*word)).collect(), args },
            run_cause: cause,
            env: self.store_env(),
            timeout: None,
            resources: helper_resources(cause),
            mounts: vec![fuse_mount()],
        }
    }

    fn store_argument(&self) -> Option<EcoString> {
        let Some(Store::Object { kind, bucket, prefix, endpoint, region, path_style, ca, .. }) = self.store
        else {
            return None;
        };
        let mut json = serde_json::Map::new();
        json.insert("kind".into(), store_kind(*kind).into());
        json.insert("bucket".into(), bucket.as_str().into());
        for (key, value) in [("prefix", prefix), ("endpoint", endpoint), ("region", region), ("ca", ca)] {
            if let Some(value) = value {
                json.insert(key.into(), value.as_str().into());
            }
        }
        if let Some(path_style) = path_style {
            json.insert("path-style".into(), (*path_style).into());
        }
        let json = json_argument(&serde_json::Value::Object(json).to_string());
        Some(eco_format!("--store={json}"))
    }

    fn store_env(&self) -> Vec<Env> {
        let Some(Store::Object { secret: Some(secret), .. }) = self.store else { return Vec::new() };
        let keys = secret.keys.iter();
        keys.map(|key| Env {
            name: key.value.clone(),
            value: EnvValue::Secret { name: secret.name.clone(), key: key.value.clone(), optional: false },
            cause: if key.span == Span::default() { self.store_span } else { key.span },
        })
        .collect()
    }
}

fn run_arguments(parts: &Parts, last: bool) -> Vec<EcoString> {
    let mut all = run_words(parts.stores());
    // The first step gets it among its inputs.
    if parts.contract.each && last && !all.is_empty() {
        all.push("--index=$(params.run--i)".into());
    }
    all
}

/// Where the run keeps what the step leaves.
fn run_words(stores: bool) -> Vec<EcoString> {
    let words = ["--run=$(params.run--uid)", "--step=$(params.run--step)"];
    if stores { words.iter().map(|word| EcoString::from(*word)).collect() } else { Vec::new() }
}

/// The kind of a store as `fuse.toml` names it.
const fn store_kind(kind: ObjectStore) -> &'static str {
    match kind {
        ObjectStore::S3 => "s3",
        ObjectStore::Gcs => "gcs",
        ObjectStore::Azure => "azure",
    }
}

/// What the run's store needs to know: the run's id, the step's name.
pub(crate) fn run_params(node: &NodeSpec<'_>, names: &[&str]) -> (Vec<ParamDecl>, Vec<Arg>) {
    let value = |name: &str| match name {
        "run--uid" => EcoString::from("$(context.pipelineRun.uid)"),
        _ => node.name.clone(),
    };
    let kind = ParamKind::String;
    let param = |name: &&str| ParamDecl {
        name: (*name).into(),
        kind,
        description: None,
        default: None,
        cause: node.cause,
    };
    let arg = |name: &&str| Arg { name: (*name).into(), value: Text::One(value(name)), cause: node.cause };
    (names.iter().map(param).collect(), names.iter().map(arg).collect())
}
