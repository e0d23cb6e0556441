//! Where things lie in a pod. Tests and local runs move them below a folder of their own.

use std::path::PathBuf;

/// The folders of a pod.
#[derive(Clone, Debug)]
pub struct Places {
    /// `/fuse`, an `emptyDir` that the steps of a pod share: `bin`, `in`, `in.json`, `task.json`, `out`, `tmp`.
    /// `FUSE_ROOT` moves it.
    pub fuse: PathBuf,
    /// `/tekton/results`, where a step leaves its results. `FUSE_RESULTS` moves it.
    pub results: PathBuf,
}

impl Places {
    /// As the environment says, else as in a pod.
    #[must_use]
    pub fn from_env() -> Self {
        // Steps may change their folder, so paths are absolute.
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let place =
            |name, otherwise: &str| absolute(std::env::var_os(name).map_or(otherwise.into(), PathBuf::from));
        Self { fuse: place("FUSE_ROOT", "/fuse"), results: place("FUSE_RESULTS", "/tekton/results") }
    }

    /// A folder or file below `/fuse`.
    #[must_use]
    pub fn below(&self, name: &str) -> PathBuf {
        self.fuse.join(name)
    }

    /// `/fuse/store`, where a claim is mounted that holds the run's store.
    #[must_use]
    pub fn volume(&self) -> PathBuf {
        self.fuse.join("store")
    }
}
