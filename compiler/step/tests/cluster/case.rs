//! A case: a call of `fuse-step`, what the API server answers, and the transcript that must come of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fuse_testkit::{Finished, Golden, Test, Verdict, finish, tree};

use crate::server::{Answer, Seen, Server};

const TOKEN: &str = "s3cr3t-token-of-the-run";

/// Short pauses; a request may take long, so that no slow machine fails.
const PACE: &str = "1 5 60000 60000";

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) verb: &'static str,
    pub(crate) args: Vec<String>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) pace: &'static str,
    pub(crate) kubeconfig: Option<String>,
    pub(crate) mounted: bool,
}

impl Case {
    pub(crate) fn new(name: &'static str, verb: &'static str, args: Vec<String>) -> Self {
        Self { name, verb, args, answers: Vec::new(), pace: PACE, kubeconfig: None, mounted: true }
    }

    pub(crate) fn answers(mut self, answers: Vec<Answer>) -> Self {
        self.answers = answers;
        self
    }

    pub(crate) fn pace(mut self, pace: &'static str) -> Self {
        self.pace = pace;
        self
    }

    /// Another kubeconfig; `HOST` in it is the stand-in.
    pub(crate) fn kubeconfig(mut self, text: impl Into<String>) -> Self {
        self.kubeconfig = Some(text.into());
        self
    }

    /// The credentials of the pod, and there are none.
    pub(crate) fn without_kubeconfig(mut self) -> Self {
        self.mounted = false;
        self
    }

    /// The argument that begins so is another one; none where `with` is empty.
    pub(crate) fn with(mut self, begin: &str, with: &str) -> Self {
        let at = self.args.iter().position(|arg| arg.starts_with(begin));
        let at = at.unwrap_or_else(|| unreachable!("no argument begins with {begin}"));
        self.args.remove(at);
        if !with.is_empty() {
            self.args.insert(at, with.to_owned());
        }
        self
    }

    /// One argument more.
    pub(crate) fn and(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    /// The folder of its transcript, and its name as a test.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.verb, self.name)
    }

    pub(crate) fn test(self) -> Test {
        Test::new(self.place(), move || self.check())
    }

    fn check(&self) -> Verdict {
        let place = Place::new(self)?;
        let finished = finish(&mut place.command(self))?;
        let mut golden = Golden::new(folder().join(self.place()));
        let seen = place.server.seen();
        for problem in seen.iter().filter_map(|seen| wrong(self.verb, seen)) {
            golden.problem(problem);
        }
        let text = place.transcript(&finished, &seen)?;
        if text.contains(TOKEN) {
            golden.problem("the token is shown");
        }
        golden.expect("transcript", text.as_bytes());
        golden.finish(|_| false)
    }
}

/// Where the transcripts lie.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/golden")
}

/// The folders and the API server of one call.
pub(crate) struct Place {
    dir: tempfile::TempDir,
    pub(crate) server: Server,
}

impl Place {
    pub(crate) fn new(case: &Case) -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let server = Server::start(case.answers.clone()).map_err(|error| error.to_string())?;
        let host = format!("http://{}", server.address);
        let text = case.kubeconfig.as_deref().unwrap_or(KUBECONFIG);
        let text = text.replace("HOST", &host).replace("TOKEN", TOKEN);
        fs::create_dir(dir.path().join("results")).map_err(|error| error.to_string())?;
        fs::write(dir.path().join("kubeconfig"), text).map_err(|error| error.to_string())?;
        Ok(Self { dir, server })
    }

    pub(crate) fn command(&self, case: &Case) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fuse-step"));
        command
            .arg(case.verb)
            .args(&case.args)
            .env("FUSE_ROOT", self.dir.path().join("fuse"))
            .env("FUSE_RESULTS", self.dir.path().join("results"))
            .env("FUSE_PACE", case.pace);
        if case.mounted {
            command.arg(format!("--kubeconfig={}", self.dir.path().join("kubeconfig").display()));
        }
        command
    }

    /// What the verb did: requests (in a row once, where asking again does no harm), what it said, results.
    fn transcript(&self, finished: &Finished, seen: &[Seen]) -> Result<String, String> {
        let mut text = String::new();
        let mut last = None;
        for one in seen {
            if last != Some(one) || one.method == "POST" {
                let query = if one.query.is_empty() { String::new() } else { format!("?{}", one.query) };
                let _ = writeln!(text, "> {} {}{query}", one.method, one.path);
                if !one.body.is_empty() {
                    let _ = writeln!(text, ">   {}: {}", one.content_type, one.body);
                }
            }
            last = Some(one);
        }
        let dir = self.dir.path().display().to_string();
        let host = format!("http://{}", self.server.address);
        for (mark, bytes) in [("", &finished.stdout), ("! ", &finished.stderr)] {
            let said = String::from_utf8(bytes.clone()).map_err(|error| error.to_string())?;
            for line in said.replace(&dir, "DIR").replace(&host, "http://HOST").lines() {
                let _ = writeln!(text, "{mark}{line}");
            }
        }
        let results: BTreeMap<String, Vec<u8>> = tree(&self.dir.path().join("results")).unwrap_or_default();
        for (name, bytes) in results {
            let _ = writeln!(text, "{name} = {}", String::from_utf8_lossy(&bytes));
        }
        let _ = writeln!(text, "status {}", finished.code.map_or("none".to_owned(), |code| code.to_string()));
        Ok(text)
    }
}

pub(crate) const KUBECONFIG: &str = "apiVersion: v1
kind: Config
current-context: here
contexts:
- name: here
  context: {cluster: here, user: run}
clusters:
- name: here
  cluster: {server: HOST}
users:
- name: run
  user: {token: TOKEN}
";

/// What no request may get wrong, whatever a transcript says.
fn wrong(verb: &str, seen: &Seen) -> Option<String> {
    let wanted = match (verb, seen.method.as_str()) {
        ("apply", "PATCH") => {
            ("application/apply-patch+yaml", "fieldManager=fuse-wine-quality&fieldValidation=Strict")
        }
        ("apply", "GET") => ("", ""),
        ("start", "POST") => ("application/json", ""),
        ("start", "GET") => ("", seen.query.as_str()),
        _ => return Some(format!("{} is never asked: {seen:?}", seen.method)),
    };
    if seen.authorization != format!("Bearer {TOKEN}") {
        return Some(format!("the credentials are {:?}", seen.authorization));
    }
    if (seen.content_type.as_str(), seen.query.as_str()) != wanted {
        return Some(format!("{wanted:?} was to be asked: {seen:?}"));
    }
    (seen.body.is_empty() != wanted.0.is_empty()).then(|| format!("a body too much or too little: {seen:?}"))
}
