use ecow::EcoString;
use fuse_base::Span;
use fuse_plan::model::{self, EnvValue, Run, Security, VolumeSource};
use fuse_plan::{Plan, duration_text};
use indexmap::IndexMap;
use serde::Serialize;

use super::VERSION;
use super::param::Param;
use super::security::StepSecurity;
use crate::manifest::{Causes, Manifest, pointer_part};
use crate::object::{Metadata, Named, Object};
use crate::yaml::{Error, Text};

#[derive(Serialize)]
struct TaskSpec<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<Param<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<TaskResult<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    workspaces: Vec<Workspace<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    volumes: Vec<Volume<'a>>,
    steps: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct TaskResult<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Workspace<'a> {
    name: &'a str,
    mount_path: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    read_only: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Volume<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    empty_dir: Option<EmptyDir>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<SecretVolume<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config_map: Option<Named<'a>>,
}

#[derive(Serialize)]
struct EmptyDir {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SecretVolume<'a> {
    secret_name: &'a str,
    items: [SecretItem<'a>; 1],
}

#[derive(Serialize)]
struct SecretItem<'a> {
    key: &'a str,
    path: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Step<'a> {
    name: &'a str,
    image: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    command: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    env: Vec<Env<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<EcoString>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compute_resources: Option<ComputeResources<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    security_context: Option<StepSecurity<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    volume_mounts: Vec<Mount<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Env<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_from: Option<ValueFrom<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ValueFrom<'a> {
    secret_key_ref: SecretKeyRef<'a>,
}

#[derive(Serialize)]
struct SecretKeyRef<'a> {
    name: &'a str,
    key: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
}

#[derive(Serialize)]
struct ComputeResources<'a> {
    #[serde(skip_serializing_if = "Quantities::is_empty")]
    requests: Quantities<'a>,
    #[serde(skip_serializing_if = "Quantities::is_empty")]
    limits: Quantities<'a>,
}

#[derive(Serialize)]
struct Quantities<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<&'a str>,
    /// What a device plugin offers, under its own name.
    #[serde(flatten)]
    devices: IndexMap<&'a str, &'a str>,
}

impl Quantities<'_> {
    fn is_empty(&self) -> bool {
        self.cpu.is_none() && self.memory.is_none() && self.devices.is_empty()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mount<'a> {
    name: &'a str,
    mount_path: &'a str,
}

pub(super) fn lower<'a>(task: &'a model::Task, plan: &'a Plan) -> Result<Manifest, Error> {
    let result = |result: &'a model::ResultDecl| TaskResult {
        name: &result.name,
        ty: super::param::kind(result.kind),
        description: result.description.as_deref().map(Text),
    };
    let spec = TaskSpec {
        description: task.description.as_deref().map(Text),
        params: Param::all(&task.params),
        results: task.results.iter().map(result).collect(),
        workspaces: task
            .workspaces
            .iter()
            .map(|workspace| Workspace {
                name: &workspace.name,
                mount_path: &workspace.mount_path,
                read_only: workspace.folder,
                optional: workspace.folder,
            })
            .collect(),
        volumes: task.volumes.iter().map(volume).collect(),
        steps: task.steps.iter().map(|one| step(one, &plan.security)).collect(),
    };
    let object = Object {
        api_version: VERSION,
        kind: "Task",
        metadata: Metadata { name: &task.name, namespace: &plan.namespace },
        spec,
    };
    Manifest::applied("tasks.yaml", &object, causes(task))
}

fn volume(volume: &model::Volume) -> Volume<'_> {
    let (mut empty_dir, mut secret, mut config_map) = (None, None, None);
    match &volume.source {
        VolumeSource::Empty => empty_dir = Some(EmptyDir {}),
        VolumeSource::Secret { name, key, file } => {
            secret = Some(SecretVolume { secret_name: name, items: [SecretItem { key, path: file }] });
        }
        VolumeSource::ConfigMap(name) => config_map = Some(Named { name }),
    }
    Volume { name: &volume.name, empty_dir, secret, config_map }
}

fn step<'a>(step: &'a model::Step, security: &'a Security) -> Step<'a> {
    let (command, args, script) = match &step.run {
        Run::Command { command, args } => (texts(command), texts(args), None),
        Run::Script(script) => (Vec::new(), Vec::new(), Some(Text(script))),
    };
    Step {
        name: &step.name,
        image: &step.image.0,
        command,
        args,
        script,
        env: step.env.iter().map(env).collect(),
        timeout: step.timeout.map(duration_text),
        compute_resources: resources(&step.resources),
        security_context: StepSecurity::of(security),
        volume_mounts: step.mounts.iter().map(|m| Mount { name: &m.name, mount_path: &m.path }).collect(),
    }
}

fn env(env: &model::Env) -> Env<'_> {
    let (value, value_from) = match &env.value {
        EnvValue::Plain(text) => (Some(Text(text)), None),
        EnvValue::Secret { name, key, optional } => {
            let secret_key_ref = SecretKeyRef { name, key, optional: *optional };
            (None, Some(ValueFrom { secret_key_ref }))
        }
    };
    Env { name: &env.name, value, value_from }
}

fn resources(resources: &model::Resources) -> Option<ComputeResources<'_>> {
    if resources.is_empty() {
        return None;
    }
    let devices: IndexMap<&str, &str> =
        resources.devices.iter().map(|(name, count, _)| (name.as_str(), count.as_str())).collect();
    Some(ComputeResources {
        requests: Quantities {
            cpu: quantity(&resources.cpu_request),
            memory: quantity(&resources.memory_request),
            devices: devices.clone(),
        },
        limits: Quantities { cpu: None, memory: quantity(&resources.memory_limit), devices },
    })
}

fn quantity(quantity: &Option<(EcoString, Span)>) -> Option<&str> {
    quantity.as_ref().map(|(text, _)| text.as_str())
}

fn texts(all: &[EcoString]) -> Vec<Text<'_>> {
    all.iter().map(|text| Text(text)).collect()
}

fn causes(task: &model::Task) -> Causes {
    let mut causes = Causes::of(task.cause);
    causes.items("/spec/params", task.params.iter().map(|param| param.cause));
    causes.items("/spec/results", task.results.iter().map(|result| result.cause));
    for (at, step) in task.steps.iter().enumerate() {
        let pointer = format!("/spec/steps/{at}");
        causes.add(format!("{pointer}/image"), step.image.1);
        match &step.run {
            Run::Command { command: _, args } => {
                causes.add(format!("{pointer}/command"), step.run_cause);
                if !args.is_empty() {
                    causes.add(format!("{pointer}/args"), step.run_cause);
                }
            }
            Run::Script(_) => causes.add(format!("{pointer}/script"), step.run_cause),
        }
        causes.items(format_args!("{pointer}/env"), step.env.iter().map(|env| env.cause));
        let resources = [
            ("requests/cpu", &step.resources.cpu_request),
            ("requests/memory", &step.resources.memory_request),
            ("limits/memory", &step.resources.memory_limit),
        ];
        for (field, quantity) in resources {
            if let Some((_, cause)) = quantity {
                causes.add(format!("{pointer}/computeResources/{field}"), *cause);
            }
        }
        if let Some((name, _, cause)) = &step.resources.devices {
            for list in ["requests", "limits"] {
                causes.add(format!("{pointer}/computeResources/{list}/{}", pointer_part(name)), *cause);
            }
        }
    }
    causes
}
