//! A pod in a temporary folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fuse_wire::Contract;
use serde_json::Value as Json;

/// The folders of a pod.
pub(crate) struct Pod {
    dir: tempfile::TempDir,
}

impl Pod {
    pub(crate) fn new() -> Self {
        let pod = Self { dir: tempfile::tempdir().unwrap() };
        open(pod.dir.path(), 0o755);
        for folder in ["fuse", "fuse/store", "results"] {
            fs::create_dir(pod.path(folder)).unwrap();
            open(&pod.path(folder), 0o777);
        }
        pod
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `fuse-step` with these arguments.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.run_by(Path::new(env!("CARGO_BIN_EXE_fuse-step")), args)
    }

    /// The copy of `fuse-step` that `in` left.
    pub(crate) fn copied(&self, args: &[&str]) -> Command {
        self.run_by(&self.path("fuse/bin/fuse-step"), args)
    }

    fn run_by(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.dir.path());
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("LC_ALL", "C.UTF-8");
        command.env("FUSE_ROOT", self.path("fuse")).env("FUSE_RESULTS", self.path("results"));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        Ended::of(&self.command(args).output().unwrap())
    }

    /// `in` with a contract.
    pub(crate) fn arrive(&self, contract: &str, args: &[&str]) -> Ended {
        let mut all = vec!["in".to_owned(), "--wire=1".to_owned(), task(contract)];
        all.extend(args.iter().map(|arg| (*arg).to_owned()));
        Ended::of(&self.command(&all.iter().map(String::as_str).collect::<Vec<_>>()).output().unwrap())
    }

    /// A shell script as the user's step.
    pub(crate) fn sh(&self, script: &str) -> Ended {
        let file = self.path("script");
        fs::write(&file, format!("#!/fuse/bin/fuse-step sh\n{script}\n")).unwrap();
        self.run(&["sh", file.to_str().unwrap()])
    }

    pub(crate) fn python(&self, script: &str) -> Ended {
        let file = self.path("script.py");
        fs::write(&file, format!("#!/fuse/bin/fuse-step python\n{script}\n")).unwrap();
        self.run(&["python", file.to_str().unwrap()])
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn result(&self, name: &str) -> String {
        self.read(&format!("results/{name}"))
    }

    /// The names of all results.
    pub(crate) fn results(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("results")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.read("fuse/in.json")).unwrap()
    }
}

/// The argument of a contract, as the compiler writes it.
pub(crate) fn task(contract: &str) -> String {
    serde_json::from_str::<Contract>(contract)
        .unwrap_or_else(|error| panic!("{contract}: {error}"))
        .argument()
}

/// How a step ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    #[track_caller]
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// It failed with a message that holds a text.
    #[track_caller]
    pub(crate) fn bad(self, part: &str) -> Self {
        assert_eq!(self.code, Some(1), "{}", self.stderr);
        assert!(self.stderr.contains(part), "{}", self.stderr);
        self
    }
}

pub(crate) fn open(folder: &Path, mode: u32) {
    fs::set_permissions(folder, Permissions::from_mode(mode)).unwrap();
}

/// Whether a test that needs something may be left out: never where CI runs.
pub(crate) fn leave_out(what: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{what} is needed, and CI=true");
}
