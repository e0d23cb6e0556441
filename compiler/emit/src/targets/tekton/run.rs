//! The run template. It can be created (`kubectl create`), not applied.

use ecow::EcoString;
use fuse_plan::model::{self, Claim, STORE_WORKSPACE};
use fuse_plan::{Plan, duration_text};
use serde::Serialize;

use super::VERSION;
use super::pod::PodTemplate;
use crate::manifest::{Causes, Manifest};
use crate::object::Named;
use crate::yaml::{self, Error};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PipelineRun<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: GeneratedName<'a>,
    spec: PipelineRunSpec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GeneratedName<'a> {
    generate_name: &'a str,
    namespace: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PipelineRunSpec<'a> {
    pipeline_ref: Named<'a>,
    task_run_template: TaskRunTemplate<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    task_run_specs: Vec<TaskRunSpec<'a>>,
    timeouts: Timeouts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    workspaces: Vec<Workspace<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TaskRunTemplate<'a> {
    service_account_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod_template: Option<PodTemplate<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TaskRunSpec<'a> {
    pipeline_task_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_account_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod_template: Option<PodTemplate<'a>>,
}

#[derive(Serialize)]
struct Timeouts {
    pipeline: EcoString,
    tasks: EcoString,
    #[serde(skip_serializing_if = "Option::is_none")]
    finally: Option<EcoString>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Workspace<'a> {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    volume_claim_template: Option<ClaimTemplate<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    persistent_volume_claim: Option<ClaimName<'a>>,
}

#[derive(Serialize)]
struct ClaimTemplate<'a> {
    spec: ClaimSpec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClaimSpec<'a> {
    access_modes: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class_name: Option<&'a str>,
    resources: ClaimResources<'a>,
}

#[derive(Serialize)]
struct ClaimResources<'a> {
    requests: ClaimRequests<'a>,
}

#[derive(Serialize)]
struct ClaimRequests<'a> {
    storage: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClaimName<'a> {
    claim_name: &'a str,
}

pub(super) fn lower(plan: &Plan, pipeline: &model::Pipeline) -> Result<Manifest, Error> {
    let run = &pipeline.run;
    let file = format!("run.{}.yaml", pipeline.name);
    let spec = PipelineRunSpec {
        pipeline_ref: Named { name: &pipeline.name },
        task_run_template: TaskRunTemplate {
            service_account_name: &run.account,
            pod_template: PodTemplate::of_all(plan, run.pod.as_ref()),
        },
        task_run_specs: run
            .tasks
            .iter()
            .map(|task| TaskRunSpec {
                pipeline_task_name: &task.task,
                service_account_name: task.account.as_deref(),
                pod_template: task.pod.as_ref().map(PodTemplate::of),
            })
            .collect(),
        timeouts: Timeouts {
            pipeline: duration_text(run.timeout.saturating_add(run.finally.unwrap_or_default())),
            tasks: duration_text(run.timeout),
            finally: run.finally.map(duration_text),
        },
        workspaces: run.claim.iter().map(workspace).collect(),
    };
    let object = PipelineRun {
        api_version: VERSION,
        kind: "PipelineRun",
        metadata: GeneratedName { generate_name: &run.generate_name, namespace: &plan.namespace },
        spec,
    };
    let mut note = note(&file, &run.required)?;
    note.push_str(&folders(run)?);
    let manifest = Manifest::beside(file, &object, causes(plan, pipeline))?;
    Ok(Manifest { note, ..manifest })
}

fn workspace(claim: &Claim) -> Workspace<'_> {
    let (volume_claim_template, persistent_volume_claim) = match claim {
        Claim::PerRun { size, class, cause: _ } => {
            let spec = ClaimSpec {
                access_modes: ["ReadWriteOnce"],
                storage_class_name: class.as_deref(),
                resources: ClaimResources { requests: ClaimRequests { storage: size } },
            };
            (Some(ClaimTemplate { spec }), None)
        }
        Claim::Kept { name, cause: _ } => (None, Some(ClaimName { claim_name: name })),
    };
    Workspace { name: STORE_WORKSPACE, volume_claim_template, persistent_volume_claim }
}

#[derive(Serialize)]
struct Params<'a> {
    params: Vec<Param<'a>>,
}

#[derive(Serialize)]
struct Param<'a> {
    name: &'a str,
    value: &'static str,
}

/// How to start a run, and a `params` list to fill in where the run must give values.
fn note(file: &str, required: &[model::RequiredParam]) -> Result<String, Error> {
    let mut note = format!("start a run: kubectl create -f {file}\n");
    if required.is_empty() {
        return Ok(note);
    }
    let names: Vec<String> = required.iter().map(|param| format!("{} ({})", param.name, param.ty)).collect();
    let params = required.iter().map(|param| Param { name: &param.name, value: "" }).collect();
    note.push_str("parameters without default: ");
    note.push_str(&names.join(", ").replace(char::is_control, " "));
    note.push_str("\ngive them values below `spec`:\n");
    for line in yaml::document(&Params { params })?.lines() {
        note.push_str("  ");
        note.push_str(line);
        note.push('\n');
    }
    Ok(note)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Folder<'a> {
    name: &'a str,
    config_map: Named<'static>,
}

/// How a run brings folders along.
fn folders(run: &model::RunTemplate) -> Result<String, Error> {
    if run.folders.is_empty() {
        return Ok(String::new());
    }
    let mut note = String::from("folders that a run mounts: ");
    let names: Vec<String> = run.folders.iter().map(|one| format!("{} ({})", one.name, one.ty)).collect();
    note.push_str(&names.join(", "));
    note.push_str("\nadd them to `workspaces` below `spec`:\n");
    let empty = || Named { name: "" };
    let all: Vec<Folder<'_>> =
        run.folders.iter().map(|one| Folder { name: &one.name, config_map: empty() }).collect();
    for line in yaml::document(&all)?.lines() {
        note.push_str("  ");
        note.push_str(line);
        note.push('\n');
    }
    note.push_str("or, instead of configMap: secret with secretName, persistentVolumeClaim with claimName\n");
    if run.claim.is_some() {
        note.push_str("the files of the run are on a claim, and Tekton allows a pod one claim alone\n");
    }
    Ok(note)
}

fn causes(plan: &Plan, pipeline: &model::Pipeline) -> Causes {
    let mut causes = Causes::of(pipeline.cause);
    if let Some(pod) = &pipeline.run.pod {
        causes.add("/spec/taskRunTemplate/podTemplate", pod.cause);
    }
    if plan.security != model::Security::default() {
        causes.add("/spec/taskRunTemplate/podTemplate/securityContext", plan.security.span);
    }
    for (at, task) in pipeline.run.tasks.iter().enumerate() {
        let account = plan.accounts.iter().find(|known| task.account.as_ref() == Some(&known.name));
        if let Some(account) = account {
            causes.add(format!("/spec/taskRunSpecs/{at}"), account.cause);
        }
        if let Some(pod) = &task.pod {
            causes.add(format!("/spec/taskRunSpecs/{at}/podTemplate"), pod.cause);
        }
    }
    if let Some(Claim::PerRun { cause, .. } | Claim::Kept { cause, .. }) = &pipeline.run.claim {
        causes.add("/spec/workspaces/0", *cause);
    }
    causes
}
