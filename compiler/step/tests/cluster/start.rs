//! Cases of `start`.

use serde_json::json;

use crate::answers::*;
use crate::case::Case;
use crate::server::Answer;

fn case(name: &'static str) -> Case {
    let manifest = json!({
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "metadata": {
            "generateName": "wine-quality-nightly-",
            "namespace": "ml-dev",
            "labels": {"fuse.dev/pipeline": "wine-quality"},
        },
        "spec": {"pipelineRef": {"name": "wine-quality"}},
    });
    let args = vec!["--wire=1".to_owned(), format!("--manifest={manifest}"), "--overlap=skip".to_owned()];
    Case::new(name, "start", args)
}

pub(crate) fn cases() -> Vec<Case> {
    let none = || runs(&[], "");
    vec![
        case("no-run-before").answers(vec![none(), created()]),
        case("all-done").answers(vec![
            runs(&[("a", Some("True")), ("b", Some("False"))], "next=/page"),
            runs(&[("c", Some("True"))], ""),
            created(),
        ]),
        case("one-runs").answers(vec![runs(&[("a", Some("True")), ("b", Some("Unknown"))], "")]),
        case("one-runs-on-a-later-page")
            .answers(vec![runs(&[("a", Some("True"))], "next"), runs(&[("b", Some("Unknown"))], "")]),
        case("one-waits").answers(vec![runs(&[("a", None)], "")]),
        case("overlapping").with("--overlap", "").answers(vec![created()]),
        case("given-label").and("--label=team/job=nightly").answers(vec![none(), created()]),
        case("another-label").and("--label=fuse.dev/pipeline=other"),
        case("no-label").with(
            "--manifest",
            r#"--manifest={"apiVersion":"tekton.dev/v1","kind":"PipelineRun","metadata":{"generateName":"a-","namespace":"n"}}"#,
        ),
        case("label-that-selects-more").and("--label=a,b!=c"),
        case("another-kind").with(
            "--manifest",
            r#"--manifest={"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"a-","namespace":"n"}}"#,
        ),
        case("another-overlap").with("--overlap", "--overlap=wait"),
        case("may-not-list").answers(vec![forbidden("list", "pipelineruns", "tekton.dev", "")]),
        case("may-not-create").answers(vec![none(), forbidden("create", "pipelineruns", "tekton.dev", "")]),
        case("tekton-not-installed").answers(vec![no_path()]),
        case("invalid").answers(vec![none(), invalid()]),
        case("busy").answers(vec![busy(), none(), busy(), created()]),
        case("broken-after-sending").answers(vec![none(), broken(), created()]),
        case("lost-after-sending").answers(vec![none(), Answer::Close, created()]),
        case("endless").answers(vec![runs(&[("a", Some("True"))], "next")]),
        case("no-list").answers(vec![Answer::Json(200, json!({"items": [{"metadata": {}}]}))]),
    ]
}
