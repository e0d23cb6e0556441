//! Answers as API servers give them.

use serde_json::{Value as Json, json};

use crate::server::Answer;

pub(crate) const UID: &str = "5f0c7a52-9a2e-4d0f-8f6d-0c1f3b6a9d11";

/// The object with this status, changed twice.
pub(crate) fn object(status: &Json) -> Answer {
    Answer::Json(
        200,
        json!({
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": {"name": "wine-quality", "namespace": "ml-dev", "uid": UID, "generation": 2},
            "spec": {},
            "status": status,
        }),
    )
}

/// A status whose `Ready` stands so.
pub(crate) fn status(ready: &str, observed: u64) -> Json {
    json!({
        "observedGeneration": observed,
        "url": "http://wine-quality.ml-dev.example",
        "conditions": [
            {"type": "PredictorReady", "status": ready},
            {"type": "Ready", "status": ready},
        ],
    })
}

fn failure(code: u16, reason: &str, message: &str, details: &Json) -> Answer {
    let mut status = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    });
    if let (Some(status), false) = (status.as_object_mut(), details.is_null()) {
        status.insert("details".to_owned(), details.clone());
    }
    Answer::Json(code, status)
}

pub(crate) fn conflict() -> Answer {
    let cause = |owner: &str, field: &str| json!({"reason": "FieldManagerConflict", "message": format!("conflict with {owner}"), "field": field});
    failure(
        409,
        "Conflict",
        "Apply failed with 3 conflicts: conflicts with \"kubectl-client-side-apply\" using \
         serving.kserve.io/v1beta1:\n- .spec.predictor.minReplicas\n- .spec.predictor.maxReplicas\n\
         conflicts with \"autoscaler\" with subresource \"scale\" using serving.kserve.io/v1beta1 at \
         2026-03-01T10:00:00Z:\n- .spec.predictor.model.runtime",
        &json!({"causes": [
            cause("\"kubectl-client-side-apply\" using serving.kserve.io/v1beta1", ".spec.predictor.minReplicas"),
            cause("\"kubectl-client-side-apply\" using serving.kserve.io/v1beta1", ".spec.predictor.maxReplicas"),
            cause(
                "\"autoscaler\" with subresource \"scale\" using serving.kserve.io/v1beta1 at 2026-03-01T10:00:00Z",
                ".spec.predictor.model.runtime",
            ),
        ]}),
    )
}

/// Somebody else wrote at the same time.
pub(crate) fn modified() -> Answer {
    failure(
        409,
        "Conflict",
        "Operation cannot be fulfilled on inferenceservices.serving.kserve.io \"wine-quality\": the object has \
         been modified; please apply your changes to the latest version and try again",
        &json!({"name": "wine-quality", "group": "serving.kserve.io", "kind": "inferenceservices"}),
    )
}

pub(crate) fn unauthorized() -> Answer {
    failure(401, "Unauthorized", "Unauthorized", &Json::Null)
}

pub(crate) fn forbidden(verb: &str, resource: &str, group: &str, name: &str) -> Answer {
    let quoted = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
    failure(
        403,
        "Forbidden",
        &format!(
            "{resource}.{group}{quoted} is forbidden: User \"system:serviceaccount:ml-dev:default\" cannot \
             {verb} resource \"{resource}\" in API group \"{group}\" in the namespace \"ml-dev\""
        ),
        &json!({"name": name, "group": group, "kind": resource}),
    )
}

pub(crate) fn quota() -> Answer {
    failure(
        403,
        "Forbidden",
        "inferenceservices.serving.kserve.io \"wine-quality\" is forbidden: exceeded quota: few, requested: \
         count/inferenceservices.serving.kserve.io=1, used: count/inferenceservices.serving.kserve.io=5, limited: \
         count/inferenceservices.serving.kserve.io=5",
        &json!({"name": "wine-quality", "group": "serving.kserve.io", "kind": "inferenceservices"}),
    )
}

pub(crate) fn denied() -> Answer {
    failure(
        400,
        "BadRequest",
        "admission webhook \"inferenceservice.kserve-webhook-server.validator\" denied the request: \
         MinReplicas cannot be greater than MaxReplicas.",
        &Json::Null,
    )
}

/// The path of a kind that is not installed.
pub(crate) fn no_path() -> Answer {
    Answer::Text(404, "404 page not found\n".to_owned())
}

pub(crate) fn no_namespace() -> Answer {
    failure(
        404,
        "NotFound",
        "namespaces \"ml-dev\" not found",
        &json!({"name": "ml-dev", "kind": "namespaces"}),
    )
}

pub(crate) fn not_found() -> Answer {
    failure(
        404,
        "NotFound",
        "inferenceservices.serving.kserve.io \"wine-quality\" not found",
        &json!({"name": "wine-quality", "group": "serving.kserve.io", "kind": "inferenceservices"}),
    )
}

pub(crate) fn invalid() -> Answer {
    failure(
        422,
        "Invalid",
        "InferenceService.serving.kserve.io \"wine-quality\" is invalid: [spec.predictor.minReplicas: Invalid \
         value: \"string\": spec.predictor.minReplicas in body must be of type integer: \"string\", \
         spec.predictor.model.modelFormat.name: Required value]",
        &json!({
            "name": "wine-quality",
            "group": "serving.kserve.io",
            "kind": "InferenceService",
            "causes": [
                {
                    "reason": "FieldValueTypeInvalid",
                    "message": "Invalid value: \"string\": spec.predictor.minReplicas in body must be of type \
                                integer: \"string\"",
                    "field": "spec.predictor.minReplicas",
                },
                {
                    "reason": "FieldValueRequired",
                    "message": "Required value",
                    "field": "spec.predictor.model.modelFormat.name",
                },
            ],
        }),
    )
}

pub(crate) fn undeclared() -> Answer {
    failure(
        500,
        "InternalError",
        "failed to create typed patch object (ml-dev/wine-quality; serving.kserve.io/v1beta1, \
         Kind=InferenceService): .spec.predictor.modle: field not declared in schema",
        &Json::Null,
    )
}

pub(crate) fn broken() -> Answer {
    failure(500, "InternalError", "Internal error occurred: etcdserver: leader changed", &Json::Null)
}

pub(crate) fn busy() -> Answer {
    failure(
        429,
        "TooManyRequests",
        "The request has been rate limited, please try again later.",
        &json!({"retryAfterSeconds": 1}),
    )
}

/// A page of runs: names, their `Succeeded` and the token of the next page.
pub(crate) fn runs(runs: &[(&str, Option<&str>)], next: &str) -> Answer {
    let item = |(name, succeeded): &(&str, Option<&str>)| {
        let mut item = json!({"metadata": {"name": name}, "spec": {"pipelineRef": {"name": "wine-quality"}}});
        if let (Some(item), Some(succeeded)) = (item.as_object_mut(), succeeded) {
            item.insert(
                "status".to_owned(),
                json!({"conditions": [{"type": "Succeeded", "status": succeeded, "reason": "x"}]}),
            );
        }
        item
    };
    let items: Vec<Json> = runs.iter().map(item).collect();
    Answer::Json(
        200,
        json!({
            "apiVersion": "tekton.dev/v1",
            "kind": "PipelineRunList",
            "metadata": {"resourceVersion": "1", "continue": next},
            "items": items,
        }),
    )
}

pub(crate) fn created() -> Answer {
    Answer::Json(
        201,
        json!({
            "apiVersion": "tekton.dev/v1",
            "kind": "PipelineRun",
            "metadata": {"name": "wine-quality-nightly-x7k2p", "namespace": "ml-dev"},
        }),
    )
}
