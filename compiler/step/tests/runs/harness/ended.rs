//! What a run left behind, and what tests ask of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

/// A step that ran.
#[derive(Clone, Debug)]
pub struct Step {
    pub name: String,
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
    pub timed_out: bool,
}

/// A pod that ran.
#[derive(Clone, Debug, Default)]
pub struct TaskRun {
    /// Steps in order, up to the first that failed.
    pub steps: Vec<Step>,
    /// Results as they stand in `/tekton/results`.
    pub results: BTreeMap<String, String>,
    /// Results that are arrays; of a matrix what all its pods wrote.
    pub arrays: BTreeMap<String, Vec<String>>,
    /// The pod's folder: `fuse`, `results`.
    pub folder: PathBuf,
    /// Why Tekton or kubelet would not have started it, or thrown its results away.
    pub refused: Option<String>,
}

impl TaskRun {
    pub fn succeeded(&self) -> bool {
        self.refused.is_none() && self.steps.iter().all(|step| step.code == 0)
    }

    /// What the steps said, for messages.
    pub fn log(&self) -> String {
        let mut log = self.refused.clone().unwrap_or_default();
        for step in &self.steps {
            let late = if step.timed_out { ", timed out" } else { "" };
            log += &format!("[{}] exit {}{late}\n{}{}", step.name, step.code, step.stdout, step.stderr);
        }
        log
    }
}

/// What became of a task.
#[derive(Clone, Debug)]
pub enum Fate {
    Succeeded(TaskRun),
    Failed(TaskRun),
    /// By its own `when`: what is only ordered after it runs.
    Guarded,
    /// It refers to a result that is not there, or follows a task that was skipped for such a reason.
    Orphaned(String),
    /// The run had ended before.
    NotStarted,
}

impl Fate {
    pub fn word(&self) -> String {
        match self {
            Self::Succeeded(_) => "ran".to_owned(),
            Self::Failed(run) => format!("failed\n{}", run.log()),
            Self::Guarded => "was skipped by its `when`".to_owned(),
            Self::Orphaned(why) => format!("was skipped: {why}"),
            Self::NotStarted => "was not started".to_owned(),
        }
    }
}

/// A run that has ended.
#[derive(Debug)]
pub struct Ended {
    pub(super) uid: String,
    pub(super) fates: BTreeMap<String, Fate>,
    /// Why the run failed though no task did.
    pub(super) broken: Option<String>,
    pub(super) outputs: BTreeMap<String, String>,
    pub(super) folder: TempDir,
}

impl Ended {
    /// What became of every task, one a line.
    pub fn story(&self) -> String {
        let fates = self.fates.iter().map(|(name, fate)| format!("{name} {}\n", fate.word()));
        fates.chain(self.broken.iter().map(|why| format!("the run failed: {why}\n"))).collect()
    }

    /// Exactly these tasks ran; all others were skipped by their own `when`.
    #[track_caller]
    pub fn only(&self, names: &[&str]) {
        let ran: Vec<&str> = self
            .fates
            .iter()
            .filter(|(_, fate)| matches!(fate, Fate::Succeeded(_)))
            .map(|(name, _)| &**name)
            .collect();
        let mut wanted = names.to_vec();
        wanted.sort_unstable();
        assert_eq!(ran, wanted, "{}", self.story());
    }

    /// A task that ran.
    #[track_caller]
    pub fn ran(&self, task: &str) -> &TaskRun {
        match &self.fates[task] {
            Fate::Succeeded(run) => run,
            Fate::Failed(_) | Fate::Guarded | Fate::Orphaned(_) | Fate::NotStarted => {
                panic!("{task} should have run\n{}", self.story())
            }
        }
    }

    /// A task that its own `when` skipped.
    #[track_caller]
    pub fn skipped(&self, task: &str) {
        assert!(
            matches!(self.fates[task], Fate::Guarded),
            "{task} should have been skipped\n{}",
            self.story()
        );
    }

    /// A task that failed.
    #[track_caller]
    pub fn failed(&self, task: &str) -> &TaskRun {
        match &self.fates[task] {
            Fate::Failed(run) => run,
            Fate::Succeeded(_) | Fate::Guarded | Fate::Orphaned(_) | Fate::NotStarted => {
                panic!("{task} should have failed\n{}", self.story())
            }
        }
    }

    /// What the steps of a failed task wrote to standard error.
    #[track_caller]
    pub fn error(&self, task: &str) -> String {
        self.failed(task).steps.iter().map(|step| step.stderr.as_str()).collect()
    }

    /// A result of a task, decoded.
    #[track_caller]
    pub fn result(&self, task: &str, name: &str) -> String {
        fuse_wire::decode(self.wire(task, name)).unwrap()
    }

    /// A result of a task as it travels.
    #[track_caller]
    pub fn wire(&self, task: &str, name: &str) -> &str {
        let run = self.ran(task);
        run.results.get(name).unwrap_or_else(|| panic!("{task} has no result {name}: {:?}", run.results))
    }

    /// What the step `main` of a task wrote to standard output.
    #[track_caller]
    pub fn said(&self, task: &str) -> &str {
        &self.ran(task).steps.iter().find(|step| step.name == "main").expect("a step `main`").stdout
    }

    /// An output of the pipeline, decoded; `None` where Tekton leaves it out.
    pub fn output(&self, name: &str) -> Option<String> {
        self.outputs.get(name).map(|text| fuse_wire::decode(text).unwrap())
    }

    /// The run's uid.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The folder that is mounted at `/fuse/store`.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// The folder of the run: the store, the pods.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How long each step took.
    pub fn times(&self) -> String {
        let mut text = String::new();
        for (name, fate) in &self.fates {
            if let Fate::Succeeded(run) | Fate::Failed(run) = fate {
                for step in &run.steps {
                    text += &format!("{name:<12} {:<10} {:>8.2?}\n", step.name, step.took);
                }
            }
        }
        text
    }
}
