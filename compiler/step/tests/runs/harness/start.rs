//! How a test says what to run.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fuse_testkit::repository;
use serde_json::Value as Json;
use tempfile::TempDir;

use super::confine::Confinement;
use super::ended::Ended;
use super::manifest::{Manifests, Value};

/// The runs of this process, for their uids.
static RUNS: AtomicU32 = AtomicU32::new(0);

/// The program under test; `FUSE_STEP` names another one.
pub fn binary() -> PathBuf {
    std::env::var_os("FUSE_STEP").map_or_else(|| env!("CARGO_BIN_EXE_fuse-step").into(), PathBuf::from)
}

/// A run of a pipeline that is about to start.
pub struct Run {
    pub(super) manifests: Manifests,
    pub(super) uid: String,
    pub(super) params: BTreeMap<String, Value>,
    pub(super) secrets: BTreeMap<(String, String), String>,
    pub(super) guarded: Vec<String>,
    pub(super) instead: Vec<(String, String)>,
    pub(super) path: String,
    pub(super) words_of_helpers: Vec<(String, String)>,
    pub(super) confinement: Confinement,
    pub(super) patience: Duration,
    pub(super) folder: TempDir,
}

impl Run {
    /// A run of a pipeline, by its name in the source, from a target's folder in the repository.
    pub fn of(folder: &str, pipeline: &str) -> Self {
        Self::from(&repository().join(folder), pipeline)
    }

    /// The same from any folder.
    pub fn from(folder: &Path, pipeline: &str) -> Self {
        let manifests = Manifests::read(folder, &pipeline.replace('_', "-"));
        let folder = tempfile::Builder::new().prefix("run-").tempdir().unwrap();
        for (name, mode) in [("", 0o755), ("store", 0o777), ("elsewhere", 0o777), ("pods", 0o755)] {
            let path = folder.path().join(name);
            fs::create_dir_all(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::write(folder.path().join("elsewhere/here-first"), "untouched").unwrap();
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        let uid = format!("{:08x}-0000-4000-8000-{number:012x}", std::process::id());
        Self {
            manifests,
            uid,
            params: BTreeMap::new(),
            secrets: BTreeMap::new(),
            guarded: Vec::new(),
            instead: Vec::new(),
            path: std::env::var("PATH").unwrap(),
            words_of_helpers: Vec::new(),
            confinement: Confinement::None,
            patience: Duration::from_secs(120),
            folder,
        }
    }

    /// A scalar parameter, encoded as a trigger encodes it.
    #[must_use]
    pub fn param(self, name: &str, text: &str) -> Self {
        let text = fuse_wire::encode(text).unwrap();
        self.raw(name, Value::Text(text))
    }

    /// A composite parameter: compact JSON, its leaves encoded.
    #[must_use]
    pub fn json(self, name: &str, value: &Json) -> Self {
        let text = serde_json::to_string(&encoded(value)).unwrap();
        self.raw(name, Value::Text(text))
    }

    /// A parameter as somebody wrote it who started the run by hand.
    #[must_use]
    pub fn by_hand(self, name: &str, text: &str) -> Self {
        self.raw(name, Value::Text(text.to_owned()))
    }

    fn raw(mut self, name: &str, value: Value) -> Self {
        assert!(
            self.manifests.pipeline.params.iter().any(|param| param.name == name && param.ty == value.ty()),
            "the pipeline has no parameter {name} of that type"
        );
        self.params.insert(name.to_owned(), value);
        self
    }

    /// A key of a secret.
    #[must_use]
    pub fn secret(mut self, name: &str, key: &str, value: &str) -> Self {
        self.secrets.insert((name.to_owned(), key.to_owned()), value.to_owned());
        self
    }

    /// A key of a secret of the store: no step but those of `fuse-step` may see its value, in shape (c).
    #[must_use]
    pub fn store_secret(mut self, name: &str, key: &str, value: &str) -> Self {
        self.guarded.push(value.to_owned());
        self.secret(name, key, value)
    }

    /// Another address in the values of `env` and in arguments of steps: that of a stand-in on loopback.
    #[must_use]
    pub fn instead(mut self, of: &str, here: &str) -> Self {
        self.instead.push((of.to_owned(), here.to_owned()));
        self
    }

    /// A folder of programs that stands first in the `PATH` of the steps.
    #[must_use]
    pub fn programs(mut self, folder: &Path) -> Self {
        self.path = format!("{}:{}", folder.display(), self.path);
        self
    }

    /// Where `apply` finds a cluster: in a pod it has what kubelet mounts, here the argument that names a kubeconfig.
    #[must_use]
    pub fn cluster(mut self, kubeconfig: &Path) -> Self {
        let word = format!("--kubeconfig={}", kubeconfig.display());
        self.words_of_helpers.push(("apply".to_owned(), word));
        self
    }

    /// How the pods are confined.
    #[must_use]
    pub fn confined(mut self, confinement: Confinement) -> Self {
        self.confinement = confinement;
        self
    }

    /// The longest that a step may take, where its timeout is longer.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// A folder that nothing may write to; steps start in it.
    pub fn elsewhere(&self) -> PathBuf {
        self.folder.path().join("elsewhere")
    }

    /// Runs it; it must succeed, and no task may be skipped but by its own `when`.
    #[track_caller]
    pub fn go(self) -> Ended {
        let ended = self.ends();
        assert!(ended.sound() && ended.complete(), "the run should have succeeded\n{}", ended.story());
        ended
    }

    /// Runs it; a task must fail, and no task may be skipped but by its own `when`.
    #[track_caller]
    pub fn fails(self) -> Ended {
        let ended = self.ends();
        assert!(ended.sound() && !ended.complete(), "a task should have failed\n{}", ended.story());
        ended
    }
}

fn encoded(value: &Json) -> Json {
    match value {
        Json::Null => Json::String(fuse_wire::ABSENT.to_string()),
        Json::Array(items) => items.iter().map(encoded).collect(),
        Json::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), encoded(value))).collect(),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            Json::String(fuse_wire::encode(&fuse_wire::write::scalar(value).unwrap()).unwrap())
        }
    }
}
