//! Cases of `apply`.

use std::process::Stdio;

use fuse_testkit::{Outcome, Verdict};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value as Json, json};

use crate::answers::*;
use crate::case::{Case, Place};
use crate::server::Answer;

const POINTER: &str = "/spec/predictor/model/storageUri";

/// The call that the example's Task makes.
fn case(name: &'static str) -> Case {
    let args = [
        "--wire=1".to_owned(),
        r#"--task={"in":{"model":{"uri":["s3","gs"]}},"out":{"url":"Url"}}"#.to_owned(),
        "--field-manager=fuse-wine-quality".to_owned(),
        named(&json!("wine-quality")),
        format!("--hole={POINTER}=model.uri"),
        r#"--in=model={"u":"s3://models/wine/1"}"#.to_owned(),
        "--ready=Ready".to_owned(),
        "--within=10m0s".to_owned(),
        "--output=url=status.url".to_owned(),
    ];
    Case::new(name, "apply", args.to_vec()).answers(vec![object(&status("True", 2))])
}

/// The argument with the manifest of an object of this name.
fn named(name: &Json) -> String {
    let manifest = json!({
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name, "namespace": "ml-dev"},
        "spec": {"predictor": {"minReplicas": 1, "model": {"modelFormat": {"name": "sklearn"}, "storageUri": null}}},
    });
    format!("--manifest={manifest}")
}

fn ok() -> Answer {
    object(&Json::Null)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut all: Vec<Case> = successes();
    all.extend(refusals());
    all.extend(troubles());
    all.extend(waits());
    all.extend(outputs());
    all.extend(inputs());
    all.extend(credentials());
    all
}

fn successes() -> Vec<Case> {
    let hostile = "\"},\"x\":{\"y\":\"\u{F000A}'\u{F005C}$(date)$$\u{F0024}(params.x)`id`\u{F007F}é";
    let text = |name| {
        case(name)
            .with("--task", r#"--task={"in":{"text":"String ..=400"},"out":{"url":"Url"}}"#)
            .with("--hole", &format!("--hole={POINTER}=text"))
    };
    vec![
        case("ready-at-once"),
        case("new-and-slowly-ready").answers(vec![
            ok(),
            ok(),
            object(&status("False", 2)),
            object(&status("Unknown", 2)),
            object(&status("Unknown", 2)),
            object(&status("True", 2)),
        ]),
        case("ready-but-of-the-version-before").answers(vec![
            object(&status("True", 1)),
            object(&status("True", 1)),
            object(&status("True", 2)),
        ]),
        case("without-waiting").with("--ready", "").with("--within", ""),
        case("a-bare-uri").with("--in", "--in=model=gs://models/wine/1"),
        text("text-stays-text").with("--in", &format!("--in=text={hostile}")),
        case("core-kind")
            .with("--task", "--task={}")
            .with("--manifest", r#"--manifest={"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a.b","namespace":"n"}}"#)
            .with("--hole", "")
            .with("--in", "")
            .with("--ready", "")
            .with("--within", "")
            .with("--output", ""),
    ]
}

/// What the API server refuses.
fn refusals() -> Vec<Case> {
    let one = |name, answer: Answer| case(name).answers(vec![answer]);
    vec![
        one("conflict", conflict()),
        one("unauthorized", unauthorized()),
        one("forbidden", forbidden("patch", "inferenceservices", "serving.kserve.io", "wine-quality")),
        one("quota", quota()),
        one("denied-by-a-webhook", denied()),
        one("kind-not-installed", no_path()),
        one("namespace-missing", no_namespace()),
        one("invalid", invalid()),
        one("field-not-declared", undeclared()),
        one("another-code", Answer::Text(415, "unsupported\u{1b}[2J media type".to_owned())),
        case("may-not-look")
            .answers(vec![ok(), forbidden("get", "inferenceservices", "serving.kserve.io", "wine-quality")]),
    ]
}

/// What passes, or does not.
fn troubles() -> Vec<Case> {
    let done = object(&status("True", 2));
    vec![
        case("twice-broken").answers(vec![broken(), busy(), done.clone()]),
        case("modified-meanwhile").answers(vec![modified(), done.clone()]),
        case("connection-lost").answers(vec![Answer::Close, done.clone(), Answer::Close, done.clone()]),
        case("broken-for-good").answers(vec![broken()]).pace("1 5 60000 40"),
        case("proxy-in-trouble")
            .answers(vec![Answer::Text(502, "<html>\n<h1>Bad Gateway</h1>".to_owned())])
            .pace("1 5 60000 40"),
        case("hangs").answers(vec![Answer::Hang]).pace("1 5 200 300"),
        case("nobody-there")
            .kubeconfig(crate::case::KUBECONFIG.replace("HOST", "http://127.0.0.1:1"))
            .pace("1 5 60000 40"),
        case("no-json").answers(vec![Answer::Text(200, "<html>\n<h1>Welcome</h1>".to_owned())]),
        case("too-long").answers(vec![Answer::Text(200, " ".repeat(5 << 20))]),
        case("too-long-a-refusal").answers(vec![Answer::Text(400, "x".repeat(5 << 20))]),
        case("odd-object")
            .answers(vec![Answer::Json(200, json!([1, "x"]))])
            .with("--ready", "")
            .with("--within", ""),
    ]
}

fn waits() -> Vec<Case> {
    let failing = json!({
        "observedGeneration": 2,
        "conditions": [
            {
                "type": "PredictorReady",
                "status": "False",
                "reason": "RevisionFailed",
                "message": "Revision \"wine-quality-predictor-00001\" failed with message: \
                            container \"storage-initializer\" exited with 1:\nno such bucket.",
            },
            {"type": "IngressReady", "status": "Unknown"},
            {"type": "LatestDeploymentReady", "status": "False", "reason": "PredictorNotReady"},
            {"type": "Ready", "status": "False", "reason": "PredictorNotReady", "message": "predictor is not ready"},
        ],
    });
    let short = |name, status: &Json| {
        case(name).answers(vec![ok(), object(status)]).with("--within", "--within=200ms")
    };
    let other = |metadata: Json| {
        let mut all = vec![ok()];
        let Answer::Json(_, mut changed) = ok() else { return all };
        if let (Some(to), Some(from)) =
            (changed.pointer_mut("/metadata").and_then(Json::as_object_mut), metadata.as_object())
        {
            to.extend(from.clone());
        }
        all.push(Answer::Json(200, changed));
        all
    };
    let dying = json!({"deletionTimestamp": "2026-03-01T10:00:00Z"});
    vec![
        short("never-ready", &failing),
        short("no-conditions", &json!({})),
        short("no-such-condition", &status("True", 2)).with("--ready", "--ready=Rdy"),
        short("never-looked-at", &status("True", 1)),
        case("lost-while-waiting")
            .answers(vec![ok(), object(&status("False", 2)), broken()])
            .with("--within", "--within=200ms"),
        case("hangs-while-waiting")
            .answers(vec![ok(), Answer::Hang])
            .with("--within", "--within=100ms")
            .pace("1 5 300 300"),
        case("deleted").answers(vec![ok(), object(&status("False", 2)), not_found()]),
        case("made-anew").answers(other(json!({"uid": "another"}))),
        case("being-deleted").answers(other(dying.clone())),
        case("being-deleted-already").answers(other(dying).into_iter().skip(1).collect()),
    ]
}

fn outputs() -> Vec<Case> {
    let ready = |mut extra: Json| {
        if let Some(extra) = extra.as_object_mut() {
            extra.insert("conditions".to_owned(), json!([{"type": "Ready", "status": "True"}]));
        }
        vec![object(&extra)]
    };
    vec![
        case("output-missing").answers(ready(json!({"address": {}}))),
        case("output-missing-without-waiting").answers(vec![ok()]).with("--ready", "").with("--within", ""),
        case("output-of-another-type").answers(ready(json!({"url": "not\na url"}))),
        case("output-is-an-object").answers(ready(json!({"url": {"scheme": "http"}}))),
        case("output-too-long").answers(ready(json!({"url": format!("http://{}", "x".repeat(300))}))),
        case("output-absent")
            .with("--task", r#"--task={"in":{"model":{"uri":["s3"]}},"out":{"url":"Url?"}}"#)
            .answers(ready(json!({}))),
        case("output-without-path").with("--output", ""),
        case("slot-without-run").with(
            "--task",
            r#"--task={"in":{"model":{"uri":["s3"]}},"out":{"url":"Url"},"slots":{"join--r/value":"url"}}"#,
        ),
    ]
}

/// What never reaches the API server.
fn inputs() -> Vec<Case> {
    vec![
        case("another-wire").with("--wire", "--wire=2"),
        case("another-scheme").with("--in", "--in=model=file:///etc/passwd"),
        case("no-reference").with("--in", "--in=model={\"u\":\"s3://b\",\"x\":1}"),
        case("no-such-place").with("--hole", "--hole=/spec/predictor/modle/storageUri=model.uri"),
        case("no-hole").with("--hole", "--hole=/metadata/name=model.uri"),
        case("name-in-a-hole")
            .with("--manifest", &named(&Json::Null))
            .with("--hole", "--hole=/metadata/name=model.uri"),
        case("name-that-leaves-its-url").with("--manifest", &named(&json!("../../../secrets/x"))),
        case("manifest-is-a-list").with("--manifest", "--manifest=[]"),
        case("manifest-is-no-json").with("--manifest", "--manifest={"),
        case("manifest-too-deep").with("--manifest", &format!("--manifest={}", "[".repeat(50_000))),
        case("no-duration").with("--within", "--within=soon"),
        case("ready-without-within").with("--within", ""),
    ]
}

fn credentials() -> Vec<Case> {
    let exec = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}}";
    vec![
        case("no-cluster").without_kubeconfig(),
        case("kubeconfig-is-no-yaml").kubeconfig("users: [{user: {token: TOKEN}]"),
        case("kubeconfig-of-another-form").kubeconfig("users: {token: TOKEN}"),
        case("kubeconfig-is-empty").kubeconfig(""),
        case("kubeconfig-runs-a-program").kubeconfig(crate::case::KUBECONFIG.replace("{token: TOKEN}", exec)),
        case("kubeconfig-without-context")
            .kubeconfig(crate::case::KUBECONFIG.replace("-context: here", "-context: x")),
        // The kubeconfig itself is a file of many lines.
        case("token-of-many-lines").kubeconfig(
            crate::case::KUBECONFIG.replace("token: TOKEN", "tokenFile: kubeconfig, username: TOKEN"),
        ),
        case("token-missing")
            .kubeconfig(crate::case::KUBECONFIG.replace("token: TOKEN", "tokenFile: nowhere")),
        case("kubeconfig-too-large").kubeconfig("#".repeat(2 << 20)),
    ]
}

/// A pod that is told to end says what it was waiting for.
pub(crate) fn told_to_end() -> Verdict {
    let case = case("told-to-end").answers(vec![ok(), object(&status("False", 2))]);
    let place = Place::new(&case)?;
    let mut command = place.command(&case);
    let child =
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    // The second look begins when the first one is understood.
    let waited = place.server.wait(3);
    let id = i32::try_from(child.id()).map_err(|error| error.to_string())?;
    kill(Pid::from_raw(id), Signal::SIGTERM).map_err(|error| error.to_string())?;
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    waited?;
    let said = String::from_utf8_lossy(&output.stderr);
    let wanted = "fuse-step apply: told to end (SIGTERM) while waiting until InferenceService wine-quality in \
                  namespace ml-dev is Ready; Ready is False\n";
    if said != wanted || output.status.code() != Some(143) {
        return Err(format!("{}: {said}", output.status));
    }
    Ok(Outcome::Passed)
}
