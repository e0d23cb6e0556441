//! `examples/wine-quality` as the compiler wrote it, run for real: git, pip, a training on a real MLflow server with
//! its artifacts in an S3 server, the evaluation, the arm, and the manifest that would be applied.
//!
//! Nothing in the manifests differs but addresses of bindings: those of MLflow and of the object stores are on loopback
//! (and the bucket of models is the server's), and `apply` gets a kubeconfig for a stand-in of an API server.
//! `FUSE_MLFLOW_PYTHON` names a Python with mlflow 3.17.2, scikit-learn 1.5.2, pandas, boto3 and `moto[server]`: it
//! stands for the images of the steps and runs both servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../runs/harness/mod.rs"]
mod harness;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use fuse_testkit::{copy, repository};
use harness::{Cluster, Ended, ObjectStore, Run, Server, http, left_out, tell};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

const KEY: (&str, &str) = ("AWS_ACCESS_KEY_ID", "AKIA-of-the-models");
const SECRET: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", "secret-of-the-models");

/// The servers, the repository, and the Python that stands for the images.
struct World {
    python: PathBuf,
    artifacts: ObjectStore,
    mlflow: Server,
    cluster: Cluster,
    folder: TempDir,
}

impl World {
    fn start(python: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = ObjectStore::with(&python, &["mlflow", "mlflow-prod", "fuse-runs"]);
        let url = artifacts.url();
        let database = format!("sqlite:///{}", folder.path().join("mlflow.db").display());
        let words =
            [&python.display().to_string(), "-m", "mlflow", "server", "--backend-store-uri", &database];
        let words = [
            &words[..],
            &[
                "--artifacts-destination",
                "s3://mlflow",
                "--host",
                "127.0.0.1",
                "--port",
                "PORT",
                "--workers",
                "1",
            ],
        ];
        let env = [
            ("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false"),
            ("MLFLOW_DISABLE_TELEMETRY", "true"),
            ("MLFLOW_S3_ENDPOINT_URL", &url),
            KEY,
            SECRET,
        ];
        let mlflow = Server::start(&words.concat(), &env, "/health", &folder.path().join("mlflow.log"));
        let cluster = Cluster::start(json!({
            "observedGeneration": 1,
            "url": "http://wine-quality.models.example",
            "conditions": [{"type": "Ready", "status": "True"}],
        }));
        cluster.write_kubeconfig(&folder.path().join("kubeconfig"));
        bare_repository(folder.path());
        Self { python, artifacts, mlflow, cluster, folder }
    }

    fn run(&self, target: &str) -> Run {
        let url = format!("file://{}", self.folder.path().join("wine-quality.git").display());
        Run::of(&format!("examples/wine-quality/generated/{target}"), "wine_quality")
            .json("repo", &json!({"url": url, "revision": "main"}))
            .secret("mlflow-credentials", KEY.0, KEY.1)
            .secret("mlflow-credentials", SECRET.0, SECRET.1)
            .programs(self.python.parent().unwrap())
            .cluster(&self.folder.path().join("kubeconfig"))
            .patience(Duration::from_mins(10))
    }

    /// A small cluster, with a model that is good enough.
    fn good(&self) -> Ended {
        self.run("dev")
            .param("alpha", "0.5")
            .instead("http://mlflow.mlops:5000", &self.mlflow.url())
            .instead("http://minio.mlops:9000", &self.artifacts.url())
            .go()
    }

    /// Production, where files lie in an object store, with a model that is not.
    fn poor(&self) -> Ended {
        self.run("prod")
            .param("alpha", "5")
            .instead("https://mlflow.example", &self.mlflow.url())
            .instead("https://s3.example", &self.artifacts.url())
            .instead("s3://mlflow-prod/", "s3://mlflow/")
            .secret("mlflow-credentials", "MLFLOW_TRACKING_TOKEN", "token-of-the-models")
            .store_secret("fuse-store", KEY.0, "AKIA-of-the-store")
            .store_secret("fuse-store", SECRET.0, "secret-of-the-store")
            .go()
    }
}

/// The example as it stands in the checkout, as the only commit of a bare repository.
fn bare_repository(folder: &Path) {
    let work = folder.join("work");
    copy(&repository().join("examples/wine-quality"), &work, |_| false).unwrap();
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(folder).args(["-c", "user.name=Example", "-c", "user.email=example@example.org"]);
        let output = command.args(words).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["-C", "work", "init", "--quiet", "--initial-branch=main"]);
    git(&["-C", "work", "add", "--all", "--force"]);
    git(&["-C", "work", "commit", "--quiet", "--message=Example"]);
    git(&["clone", "--quiet", "--bare", "work", "wine-quality.git"]);
}

fn number(run: &Ended, task: &str, name: &str) -> f64 {
    run.result(task, name).parse().unwrap_or_else(|_| panic!("{name} of {task}: {}", run.result(task, name)))
}

#[test]
fn the_example_trains_measures_and_serves() {
    let Some(python) = std::env::var_os("FUSE_MLFLOW_PYTHON").map(PathBuf::from) else {
        return left_out("FUSE_MLFLOW_PYTHON names no Python with MLflow");
    };
    let begun = Instant::now();
    let world = World::start(python);
    tell(&format!("\nthe servers answer after {:.1?}", begun.elapsed()));

    let good = world.good();
    tell(&format!("dev, alpha 0.5\n{}", good.times()));
    good.only(&["source", "trained", "score", "served"]);
    handed_over(&good, &world);
    assert!((number(&good, "score", "rmse") - 0.62).abs() < 0.01, "{}", good.result("score", "rmse"));
    assert_eq!(good.wire("score", "arm--0"), "0");
    let model = model(&good);
    applied(&world, &model);
    assert_eq!(good.output("endpoint").as_deref(), Some("http://wine-quality.models.example"));

    let poor = world.poor();
    tell(&format!("prod, alpha 5\n{}", poor.times()));
    poor.only(&["source", "trained", "score"]);
    assert!((number(&poor, "score", "rmse") - 0.85).abs() < 0.01, "{}", poor.result("score", "rmse"));
    assert_eq!(poor.wire("score", "arm--0"), "1");
    assert_eq!(poor.output("endpoint"), None);
    let prefix = format!("runs/{}/source/source/", poor.uid());
    let kept = world.artifacts.keys("fuse-runs");
    assert!(kept.iter().any(|key| key.starts_with(&prefix) && key.ends_with(".tar.zst")), "{kept:?}");

    answers(&world, &model);
    tell(&format!("all of it took {:.1?}", begun.elapsed()));
}

/// The uri of the model that was trained.
fn model(run: &Ended) -> String {
    fuse_wire::Reference::read(&run.result("trained", "model")).unwrap().uri
}

/// The declared outputs, each with its type.
fn handed_over(run: &Ended, world: &World) {
    let model = model(run);
    let key = model.strip_prefix("s3://mlflow/").expect("the scheme is rewritten");
    let keys = world.artifacts.keys("mlflow");
    for name in ["MLmodel", "model.pkl"] {
        assert!(keys.contains(&format!("{key}{name}")), "{model} has no {name}: {keys:?}");
    }
    let id = run.result("trained", "run_id");
    assert!(id.len() == 32 && id.chars().all(|c| c.is_ascii_hexdigit()), "{id}");
    let (status, logged) =
        http(world.mlflow.port(), "GET", &format!("/api/2.0/mlflow/runs/get?run_id={id}"), "").unwrap();
    assert_eq!(status, 200, "{logged}");
    // Chunked answers have lengths between their lines, so only words are looked for.
    assert!(logged.contains("l1_ratio") && logged.contains("FINISHED"), "{logged}");

    let stored = |task: &str, output: &str| {
        fuse_wire::Reference::read(&run.result(task, output)).unwrap();
        run.store().join("runs").join(run.uid()).join(task).join(output)
    };
    let metrics: Json =
        serde_json::from_str(&std::fs::read_to_string(stored("trained", "metrics")).unwrap()).unwrap();
    assert!(metrics["rmse"].as_f64().is_some_and(f64::is_finite), "{metrics}");
    let source = stored("source", "source");
    assert_eq!(
        std::fs::read(source.join("train.py")).unwrap(),
        std::fs::read(repository().join("examples/wine-quality/train.py")).unwrap()
    );
    assert!(number(run, "score", "r2").is_finite());
}

/// The manifest that was sent, whole.
fn applied(world: &World, model: &str) {
    let applied = world.cluster.applied();
    let [one] = &applied[..] else { panic!("{applied:?}") };
    let path = "/apis/serving.kserve.io/v1beta1/namespaces/ml-dev/inferenceservices/wine-quality?";
    assert!(one.target.starts_with(path) && one.target.contains("fieldManager=fuse-wine-quality"), "{one:?}");
    assert_eq!(one.content_type, "application/apply-patch+yaml");
    assert_eq!(
        one.body,
        json!({
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": {
                "name": "wine-quality",
                "namespace": "ml-dev",
                "annotations": {"serving.kserve.io/deploymentMode": "Standard"},
            },
            "spec": {"predictor": {
                "serviceAccountName": "kserve-models",
                "minReplicas": 1,
                "maxReplicas": 3,
                "model": {
                    "modelFormat": {"name": "sklearn"},
                    "protocolVersion": "v1",
                    "storageUri": model,
                    "resources": {
                        "requests": {"cpu": "500m", "memory": "1Gi"},
                        "limits": {"memory": "1Gi"},
                    },
                },
            }},
        })
    );
}

/// The model at that uri answers when it is served.
fn answers(world: &World, model: &str) {
    let begun = Instant::now();
    let url = world.artifacts.url();
    let python = world.python.display().to_string();
    let words = [
        &python,
        "-m",
        "mlflow",
        "models",
        "serve",
        "-m",
        model,
        "--env-manager",
        "local",
        "--host",
        "127.0.0.1",
        "--port",
        "PORT",
        "--workers",
        "1",
    ];
    let path = std::env::join_paths(
        std::iter::once(world.python.parent().unwrap().to_path_buf())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let path = path.unwrap().into_string().unwrap();
    let env = [("MLFLOW_S3_ENDPOINT_URL", url.as_str()), ("PATH", &path), KEY, SECRET];
    let server = Server::start(&words, &env, "/ping", &world.folder.path().join("serve.log"));
    let test = std::fs::read_to_string(repository().join("examples/wine-quality/data/test.csv")).unwrap();
    let mut lines = test.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let columns = lines.next().unwrap();
    let wine: Vec<f64> = lines.next().unwrap().iter().map(|field| field.parse().unwrap()).collect();
    assert_eq!(columns.last(), Some(&"quality"));
    let last = columns.len() - 1;
    let body = json!({"dataframe_split": {"columns": &columns[..last], "data": [&wine[..last]]}});
    let (status, answer) = http(server.port(), "POST", "/invocations", &body.to_string()).unwrap();
    assert_eq!(status, 200, "{answer}");
    let answer: Json = serde_json::from_str(&answer).unwrap();
    let quality = answer["predictions"][0].as_f64().unwrap();
    assert!((quality - wine[last]).abs() < 3.0, "{answer} for a wine of quality {}", wine[last]);
    let bad = json!({"dataframe_split": {"columns": &columns[..last], "data": [vec!["x"; last]]}});
    assert_eq!(http(server.port(), "POST", "/invocations", &bad.to_string()).unwrap().0, 400);
    tell(&format!("the served model answers after {:.1?}", begun.elapsed()));
}
