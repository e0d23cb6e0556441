//! `start`: a run of a pipeline, begun by a clock.
//!
//! Runs that belong together share a label: the one that `--label=key=value` says, else the manifest's own
//! `fuse.dev/pipeline`. It is put on the run, and with `--overlap=skip` no run starts while another one with it is
//! not done. The rights that this takes are `create` and `list` on `pipelineruns.tekton.dev`.

use std::ffi::OsString;
use std::process::ExitCode;

use kube::api::{ListParams, PostParams};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::Verb;
use crate::args::{Args, shortened};
use crate::cluster::object::{self, Object};
use crate::cluster::refusal::Asked;
use crate::cluster::request::{Cluster, ONE, Problem};
use crate::cluster::stop::{self, Doing};
use crate::cluster::{connect, say};
use crate::failure::Failure;
use crate::values::readable;

pub(super) const VERB: Verb = Verb { name: "start", run };

/// The label of runs that belong together.
const LABEL: &str = "fuse.dev/pipeline";
const RIGHTS: &str = "create and list";
/// Runs that come in one answer.
const PAGE: u32 = 20;
/// Bytes of such an answer: as many of the largest objects that etcd keeps.
const PAGE_BYTES: usize = 32 << 20;
/// Answers that are asked for: more runs than any cluster keeps.
const PAGES: usize = 1_000;

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let args = Args::read(words, &["wire", "manifest", "overlap", "label", "kubeconfig"])?;
    args.wire()?;
    let start = Start::read(&args)?;
    let kubeconfig = args.one("kubeconfig")?;
    let doing = Doing::default();
    stop::run(&doing, async {
        doing.now(format!("starting a run in namespace {}", start.run.namespace));
        let cluster = connect::connect(kubeconfig).await?;
        start.done(&cluster).await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The run to start.
struct Start {
    run: Object,
    manifest: Map<String, Json>,
    label: Option<(String, String)>,
    skip: bool,
}

impl Start {
    fn read(args: &Args) -> Result<Self, Failure> {
        let skip = match args.one("overlap")? {
            None => false,
            Some("skip") => true,
            Some(other) => {
                let shown = shortened(other);
                return Err(Failure::new(format!("`--overlap={shown}`: the only choice is `skip`")));
            }
        };
        let mut manifest = object::manifest(args.needed("manifest")?)?;
        let mut run = Object::of(&manifest, "generateName")?;
        if run.group != "tekton.dev" || run.kind != "PipelineRun" {
            return Err(Failure::new(format!(
                "the manifest is a {} of {}, not a PipelineRun of tekton.dev",
                run.kind,
                run.api_version()
            )));
        }
        run.name.clear();
        let label = label(&mut manifest, args.one("label")?)?;
        if skip && label.is_none() {
            return Err(Failure::new(format!(
                "`--overlap=skip` needs the label of the runs that it looks at: \
                 `{LABEL}` in the manifest, or `--label=key=value`"
            )));
        }
        Ok(Self { run, manifest, label, skip })
    }

    async fn done(&self, cluster: &Cluster) -> Result<(), Failure> {
        if let (true, Some(label)) = (self.skip, &self.label)
            && let Some(other) = self.running(cluster, label).await?
        {
            let (key, value) = label;
            let other = readable(&other);
            say(&format!("nothing was started: PipelineRun {other} ({key}={value}) is not done"));
            return Ok(());
        }
        let created = self.create(cluster).await?;
        let name = created.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default();
        say(&format!("PipelineRun {} in namespace {}: created", readable(name), self.run.namespace));
        Ok(())
    }

    async fn create(&self, cluster: &Cluster) -> Result<Json, Failure> {
        let body = serde_json::to_vec(&self.manifest).map_err(|error| Failure::new(error.to_string()))?;
        let request = self.run.requests().create(&PostParams::default(), body);
        let request = request.map_err(|error| Failure::new(readable(&error.to_string())))?;
        // Each request that gets through makes a run: none is made twice that may have done so.
        let created: Result<Json, Problem> = cluster.insist(&request, ONE, Problem::passes_unheard).await;
        created.map_err(|problem| {
            let mut failure = self.asked(cluster).failure(&problem);
            if matches!(&problem, Problem::Silent(_) | Problem::Odd(_)) || failed(&problem) {
                failure.message.push_str(&format!(
                    "\nthe run may have been created all the same: see `kubectl get pipelineruns -n {}`",
                    self.run.namespace
                ));
            }
            failure
        })
    }

    /// A run with this label that is not done.
    async fn running(&self, cluster: &Cluster, label: &(String, String)) -> Result<Option<String>, Failure> {
        let mut how = ListParams::default().labels(&format!("{}={}", label.0, label.1)).limit(PAGE);
        for _ in 0..PAGES {
            let request = self.run.requests().list(&how);
            let request = request.map_err(|error| Failure::new(readable(&error.to_string())))?;
            let page: Result<Page, Problem> = cluster.insist(&request, PAGE_BYTES, Problem::passes).await;
            let page = page.map_err(|problem| self.asked(cluster).failure(&problem))?;
            if let Some(run) = page.items.into_iter().find(|run| !run.is_done()) {
                return Ok(Some(run.metadata.name));
            }
            if page.metadata.next.is_empty() {
                return Ok(None);
            }
            how = how.continue_token(&page.metadata.next);
        }
        Err(Failure::new("the list of runs does not end"))
    }

    fn asked<'a>(&'a self, cluster: &'a Cluster) -> Asked<'a> {
        Asked { cluster, object: &self.run, rights: RIGHTS }
    }
}

/// An error of the API server that came after it may have written.
fn failed(problem: &Problem) -> bool {
    matches!(problem, Problem::Refused(refusal) if matches!(refusal.code, 500 | 502 | 504))
}

/// The label that runs share; it stands in the manifest afterwards.
fn label(manifest: &mut Map<String, Json>, given: Option<&str>) -> Result<Option<(String, String)>, Failure> {
    let Some(Json::Object(metadata)) = manifest.get_mut("metadata") else { return Ok(None) };
    let labels = metadata.entry("labels").or_insert_with(|| Json::Object(Map::new()));
    let Json::Object(labels) = labels else {
        return Err(Failure::new("the labels of the manifest are no object"));
    };
    let (key, value) = match given {
        Some(given) => given
            .split_once('=')
            .ok_or_else(|| Failure::new(format!("`--label={}` is not <key>=<value>", shortened(given))))?,
        None => match labels.get(LABEL).and_then(Json::as_str) {
            Some(value) => (LABEL, value),
            None => return Ok(None),
        },
    };
    let fits = |text: &str, also: &[char]| {
        text.len() <= 317 && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(&c))
    };
    if key.is_empty() || !fits(key, &['.', '-', '_', '/']) || !fits(value, &['.', '-', '_']) {
        let (key, value) = (shortened(key), shortened(value));
        return Err(Failure::new(format!("`{key}={value}` is no label")));
    }
    let pair = (key.to_owned(), value.to_owned());
    match labels.get(key) {
        None => drop(labels.insert(pair.0.clone(), Json::from(value))),
        Some(found) if found == &pair.1 => {}
        Some(found) => {
            let found = readable(&found.to_string());
            return Err(Failure::new(format!("the manifest has the label {key} = {found}, not {value}")));
        }
    }
    Ok(Some(pair))
}

/// A page of runs, without what does not matter here.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMeta,
    items: Vec<Listed>,
}

#[derive(Deserialize, Default)]
struct PageMeta {
    #[serde(rename = "continue", default)]
    next: String,
}

#[derive(Deserialize)]
struct Listed {
    metadata: ListedMeta,
    #[serde(default)]
    status: Option<ListedStatus>,
}

#[derive(Deserialize)]
struct ListedMeta {
    name: String,
}

#[derive(Deserialize)]
struct ListedStatus {
    #[serde(default)]
    conditions: Vec<ListedCondition>,
}

#[derive(Deserialize)]
struct ListedCondition {
    #[serde(rename = "type")]
    name: String,
    status: String,
}

impl Listed {
    /// It has succeeded or failed.
    fn is_done(&self) -> bool {
        let conditions = self.status.iter().flat_map(|status| &status.conditions);
        conditions
            .filter(|condition| condition.name == "Succeeded")
            .any(|condition| matches!(condition.status.as_str(), "True" | "False"))
    }
}
