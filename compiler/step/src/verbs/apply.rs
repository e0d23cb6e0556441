//! `apply`: an object of the cluster, completed with late values, applied and waited for.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use fuse_wire::Contract;
use fuse_wire::read::{DURATIONS, quantity};
use kube::api::{GetParams, Patch, PatchParams};
use serde_json::{Map, Value as Json};
use tokio::time::{Instant, sleep};

use super::Verb;
use crate::args::{Args, shortened};
use crate::cluster::object::{self, Object};
use crate::cluster::refusal::Asked;
use crate::cluster::request::{Cluster, ONE, Problem};
use crate::cluster::stop::{self, Doing};
use crate::cluster::{connect, holes, outputs, ready, say};
use crate::failure::Failure;
use crate::places::Places;
use crate::run::Run;
use crate::values::readable;
use crate::{inputs, results, slots, task};

pub(super) const VERB: Verb = Verb { name: "apply", run };

/// What `access.yaml` gives for each object.
const RIGHTS: &str = "create, get and patch";

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let known = [
        "wire",
        "task",
        "field-manager",
        "manifest",
        "hole",
        "in",
        "composite",
        "ready",
        "within",
        "output",
        "kubeconfig",
        "store",
        "run",
        "step",
        "index",
    ];
    let args = Args::read(words, &known)?;
    args.wire()?;
    let contract = task::contract(&args)?;
    task::told(&contract.name, apply(&args, &contract))
}

fn apply(args: &Args, contract: &Contract) -> Result<ExitCode, Failure> {
    if !contract.arms.is_empty() {
        return Err(Failure::new("an `apply` computes no conditions"));
    }
    let work = Work::read(args, contract)?;
    let paths = outputs::paths(args, contract)?;
    let places = Places::from_env();
    let run = Run::read(args, &places)?;
    if !contract.slots.is_empty() {
        run.uid()?;
    }
    let doing = Doing::default();
    let object = stop::run(&doing, work.done(args.one("kubeconfig")?, &doing))?;
    let all = outputs::outputs(contract, &paths, &object, &work.object)?;
    // Slots first: results say that all is done.
    slots::leave(contract, &run, &|name| Ok(all.get(name).cloned()))?;
    results::write(&places, &all, contract.budget)?;
    Ok(ExitCode::SUCCESS)
}

/// What is to be done, known before the API server is asked anything.
struct Work<'a> {
    object: Object,
    manifest: Map<String, Json>,
    manager: &'a str,
    wait: Option<Wait<'a>>,
}

/// Until when to wait for what.
struct Wait<'a> {
    condition: &'a str,
    within: Duration,
    /// As it was written.
    text: &'a str,
}

impl<'a> Work<'a> {
    fn read(args: &'a Args, contract: &Contract) -> Result<Self, Failure> {
        let manager = args.needed("field-manager")?;
        if manager.is_empty() || manager.len() > 128 {
            return Err(Failure::new("`--field-manager=…` must have 1 to 128 bytes"));
        }
        let wait = Wait::read(args)?;
        let mut manifest = object::manifest(args.needed("manifest")?)?;
        let object = Object::of(&manifest, "name")?;
        let inputs = inputs::inputs(args, contract)?;
        holes::fill(&mut manifest, args.all("hole"), contract, &inputs)?;
        Ok(Self { object, manifest, manager, wait })
    }

    /// The object, applied and, if that is wanted, ready.
    async fn done(&self, kubeconfig: Option<&str>, doing: &Doing) -> Result<Json, Failure> {
        doing.now(format!("applying {}", self.object));
        let cluster = connect::connect(kubeconfig).await?;
        let applied = self.applied(&cluster).await?;
        say(&format!("{}: applied", self.object));
        match &self.wait {
            None => Ok(applied),
            Some(wait) => {
                let waiting = Waiting { cluster: &cluster, object: &self.object, wait, doing };
                waiting.ready(text(&applied, "/metadata/uid")).await
            }
        }
    }

    async fn applied(&self, cluster: &Cluster) -> Result<Json, Failure> {
        // Never with force: what others have set is theirs.
        let how = PatchParams::apply(self.manager).validation_strict();
        let request = self.object.requests().patch(&self.object.name, &how, &Patch::Apply(&self.manifest));
        let request = request.map_err(|error| Failure::new(readable(&error.to_string())))?;
        let asked = Asked { cluster, object: &self.object, rights: RIGHTS };
        let applied: Result<Json, Problem> = cluster.insist(&request, ONE, Problem::passes).await;
        let applied = applied.map_err(|problem| asked.failure(&problem))?;
        alive(&applied, &self.object)?;
        Ok(applied)
    }
}

impl<'a> Wait<'a> {
    fn read(args: &'a Args) -> Result<Option<Self>, Failure> {
        let (condition, text) = match (args.one("ready")?, args.one("within")?) {
            (None, None) => return Ok(None),
            (Some(condition), Some(text)) => (condition, text),
            _ => return Err(Failure::new("`--ready=…` and `--within=…` belong together")),
        };
        let millis = quantity(text, DURATIONS)
            .ok_or_else(|| Failure::new(format!("`--within={}` is no duration", shortened(text))))?;
        // An instant that far away exists on every clock.
        let within = Duration::from_millis(millis).min(Duration::from_hours(24 * 365));
        Ok(Some(Self { condition, within, text }))
    }
}

/// A wait that has begun.
struct Waiting<'a> {
    cluster: &'a Cluster,
    object: &'a Object,
    wait: &'a Wait<'a>,
    doing: &'a Doing,
}

/// What was seen last.
#[derive(Default)]
struct Seen {
    object: Option<Json>,
    /// How the condition stood.
    standing: String,
    /// Why the last look saw nothing.
    trouble: Option<Problem>,
}

impl Waiting<'_> {
    async fn ready(&self, uid: &str) -> Result<Json, Failure> {
        let end = Instant::now() + self.wait.within;
        let mut seen = Seen::default();
        let mut pauses = self.cluster.pace.pauses();
        self.now(&seen);
        loop {
            match self.look().await {
                Ok(object) => {
                    self.same(&object, uid)?;
                    if ready::is_ready(&object, self.wait.condition) {
                        say(&format!("{}: {}", self.object, ready::standing(&object, self.wait.condition)));
                        return Ok(object);
                    }
                    let standing = ready::standing(&object, self.wait.condition);
                    if standing != seen.standing {
                        say(&format!("{}: {standing}", self.object));
                    }
                    seen = Seen { object: Some(object), standing, trouble: None };
                }
                Err(problem) if problem.passes() => seen.trouble = Some(problem),
                Err(problem) => return Err(self.lost(&problem)),
            }
            self.now(&seen);
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.late(&seen));
            }
            sleep(pauses.next().unwrap_or_default().min(left)).await;
        }
    }

    /// One look, which may take its time even at the end: the Task's own time-out leaves room for it.
    async fn look(&self) -> Result<Json, Problem> {
        let request = self.object.requests().get(&self.object.name, &GetParams::default());
        let request = request.map_err(|error| Problem::Odd(error.to_string()))?;
        self.cluster.ask(request, ONE).await
    }

    fn now(&self, seen: &Seen) {
        let last = if seen.standing.is_empty() { String::new() } else { format!("; {}", seen.standing) };
        self.doing.now(format!("waiting until {} is {}{last}", self.object, readable(self.wait.condition)));
    }

    /// It is still the object that was applied.
    fn same(&self, object: &Json, uid: &str) -> Result<(), Failure> {
        if text(object, "/metadata/uid") != uid {
            return Err(Failure::new(format!(
                "{} was deleted and made anew by somebody else while it was waited for",
                self.object
            )));
        }
        alive(object, self.object)
    }

    fn lost(&self, problem: &Problem) -> Failure {
        if let Problem::Refused(refusal) = problem
            && refusal.code == 404
        {
            return Failure::new(format!("{} was deleted while it was waited for", self.object));
        }
        Asked { cluster: self.cluster, object: self.object, rights: RIGHTS }.failure(problem)
    }

    fn late(&self, seen: &Seen) -> Failure {
        let condition = readable(self.wait.condition);
        let mut message = format!("{} was not {condition} within {}", self.object, readable(self.wait.text));
        let mut lines = match &seen.object {
            Some(object) => ready::report(object, self.object, self.wait.condition),
            None => Vec::new(),
        };
        if let Some(problem) = &seen.trouble {
            let asked = Asked { cluster: self.cluster, object: self.object, rights: RIGHTS };
            lines.push(asked.failure(problem).message);
        }
        let Object { name, namespace, .. } = self.object;
        lines.push(format!("see `kubectl describe {} {name} -n {namespace}`", self.object.resource()));
        for line in lines {
            message.push('\n');
            message.push_str(&line);
        }
        Failure::new(message)
    }
}

/// An object that is being deleted takes changes and still goes.
fn alive(object: &Json, which: &Object) -> Result<(), Failure> {
    match text(object, "/metadata/deletionTimestamp") {
        "" => Ok(()),
        since => Err(Failure::new(format!(
            "{which} is being deleted since {}: start the run again when it is gone",
            readable(since)
        ))),
    }
}

fn text<'a>(object: &'a Json, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}
