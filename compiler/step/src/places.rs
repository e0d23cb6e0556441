//! Where things lie in a pod. Tests and local runs move them below a folder of their own.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::names::is_file_name;

/// The folders of a pod.
#[derive(Clone, Debug)]
pub struct Places {
    /// `/fuse`, an `emptyDir` that the steps of a pod share: `bin`, `in`, `in.json`, `task.json`, `out`, `tmp`.
    /// `FUSE_ROOT` moves it. Where several calls share the pod, each has all but `bin` in `calls/<call>`, and `FUSE_CALL`
    /// says which one it is.
    pub fuse: PathBuf,
    /// `/fuse` itself.
    root: PathBuf,
    /// `/tekton/results`, where a step leaves its results. `FUSE_RESULTS` moves it.
    pub results: PathBuf,
}

impl Places {
    /// What is known to a call of a pod before the calls that come first have ended.
    pub(crate) const KNOWN: &str = "known.json";

    /// The folders of a pod with one call.
    #[must_use]
    pub fn new(fuse: PathBuf, results: PathBuf) -> Self {
        Self { root: fuse.clone(), fuse, results }
    }

    /// As the environment says, else as in a pod.
    #[must_use]
    pub fn from_env() -> Self {
        // Steps may change their folder, so paths are absolute.
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let place =
            |name, otherwise: &str| absolute(std::env::var_os(name).map_or(otherwise.into(), PathBuf::from));
        let pod = Self::new(place("FUSE_ROOT", "/fuse"), place("FUSE_RESULTS", "/tekton/results"));
        let call = std::env::var("FUSE_CALL").ok().and_then(|call| pod.of(&call).ok());
        call.unwrap_or(pod)
    }

    /// The folders of a call of the pod.
    ///
    /// # Errors
    /// Its name is no name of a folder.
    pub fn of(&self, call: &str) -> Result<Self, Failure> {
        if !is_file_name(call) {
            return Err(Failure::new(format!("{call:?} is no name of a call")));
        }
        let fuse = self.root.join("calls").join(call);
        Ok(Self { fuse, root: self.root.clone(), results: self.results.clone() })
    }

    /// A folder of the pod as a whole.
    #[must_use]
    pub fn shared(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A folder or file below `/fuse`, or below the folder of a call.
    #[must_use]
    pub fn below(&self, name: &str) -> PathBuf {
        self.fuse.join(name)
    }

    /// `/fuse/store`, where a claim is mounted that holds the run's store.
    #[must_use]
    pub fn volume(&self) -> PathBuf {
        self.shared("store")
    }
}
