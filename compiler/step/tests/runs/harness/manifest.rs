//! The manifests as the harness understands them. A field that it does not know is an error, so that nothing which
//! the compiler writes is silently left out of a run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_yaml::Value as Ignored;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Object<S> {
    pub api_version: String,
    pub kind: String,
    pub metadata: Metadata,
    pub spec: S,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    #[serde(default)]
    pub name: String,
    pub namespace: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Task {
    #[serde(rename = "description")]
    _description: Option<Ignored>,
    #[serde(default)]
    pub params: Vec<Declared>,
    #[serde(default)]
    pub results: Vec<TaskResult>,
    #[serde(default)]
    pub workspaces: Vec<TaskWorkspace>,
    #[serde(default)]
    pub volumes: Vec<Volume>,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    pub name: String,
    #[serde(rename = "type")]
    pub ty: ParamType,
    pub default: Option<Value>,
    #[serde(rename = "description")]
    _description: Option<Ignored>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamType {
    String,
    Array,
}

/// The value of a parameter.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Text(String),
    List(Vec<String>),
}

impl Value {
    pub fn ty(&self) -> ParamType {
        match self {
            Self::Text(_) => ParamType::String,
            Self::List(_) => ParamType::Array,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskResult {
    pub name: String,
    #[serde(rename = "type")]
    pub ty: ParamType,
    #[serde(rename = "description")]
    _description: Option<Ignored>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Mount {
    pub name: String,
    pub mount_path: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TaskWorkspace {
    pub name: String,
    pub mount_path: String,
    #[serde(rename = "readOnly")]
    _read_only: Option<bool>,
    #[serde(rename = "optional")]
    _optional: Option<bool>,
}

/// The folder that the steps of a pod share, or a file that the manifests carry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Volume {
    pub name: String,
    #[serde(rename = "emptyDir")]
    _empty_dir: Option<Ignored>,
    pub config_map: Option<Named>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Step {
    pub name: String,
    pub image: String,
    #[serde(default)]
    pub command: Vec<String>,
    #[serde(default)]
    pub args: Vec<String>,
    pub script: Option<String>,
    #[serde(default)]
    pub env: Vec<Env>,
    #[serde(default)]
    pub volume_mounts: Vec<Mount>,
    #[serde(rename = "timeout")]
    _timeout: Option<String>,
    #[serde(rename = "computeResources")]
    _compute_resources: Option<Ignored>,
    #[serde(rename = "securityContext")]
    _security_context: Option<Ignored>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Env {
    pub name: String,
    pub value: Option<String>,
    pub value_from: Option<ValueFrom>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ValueFrom {
    pub secret_key_ref: SecretKey,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretKey {
    pub name: String,
    pub key: String,
    #[serde(default)]
    pub optional: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    #[serde(rename = "description")]
    _description: Option<Ignored>,
    #[serde(default)]
    pub params: Vec<Declared>,
    #[serde(default)]
    pub workspaces: Vec<PipelineWorkspace>,
    pub tasks: Vec<PipelineTask>,
    #[serde(default)]
    pub finally: Vec<PipelineTask>,
    #[serde(default)]
    pub results: Vec<PipelineResult>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineWorkspace {
    pub name: String,
    #[serde(rename = "optional")]
    _optional: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PipelineTask {
    pub name: String,
    pub task_ref: Named,
    #[serde(default)]
    pub matrix: Matrix,
    #[serde(default)]
    pub params: Vec<Given>,
    #[serde(default)]
    pub when: Vec<When>,
    #[serde(default)]
    pub run_after: Vec<String>,
    #[serde(default)]
    pub workspaces: Vec<Bound>,
    pub timeout: Option<String>,
    #[serde(default)]
    pub retries: u32,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    pub params: Vec<Given>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    pub name: String,
    pub value: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    pub input: String,
    pub operator: Operator,
    pub values: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operator {
    In,
    Notin,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    pub name: String,
    pub workspace: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineResult {
    pub name: String,
    #[serde(rename = "type")]
    pub ty: ParamType,
    pub value: String,
    #[serde(rename = "description")]
    _description: Option<Ignored>,
}

/// The run template.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineRun {
    pub pipeline_ref: Named,
    #[serde(default)]
    pub params: Vec<Given>,
    #[serde(default)]
    pub workspaces: Vec<BoundWorkspace>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct BoundWorkspace {
    pub name: String,
}

/// What a target's folder says about one pipeline.
#[derive(Clone, Debug)]
pub struct Manifests {
    pub namespace: String,
    pub pipeline: Pipeline,
    pub run: PipelineRun,
    pub tasks: BTreeMap<String, Task>,
    pub files: BTreeMap<String, BTreeMap<String, String>>,
}

/// An object of `files.yaml`.
#[derive(Clone, Debug, Deserialize)]
pub struct ConfigMap {
    pub metadata: Metadata,
    pub data: BTreeMap<String, String>,
}

impl Manifests {
    /// Reads `tasks.yaml`, `pipeline.<name>.yaml` and `run.<name>.yaml` of a folder.
    pub fn read(folder: &Path, name: &str) -> Self {
        let mut pipelines: Vec<Object<Pipeline>> =
            objects(&folder.join(format!("pipeline.{name}.yaml")), "Pipeline");
        let mut runs: Vec<Object<PipelineRun>> =
            objects(&folder.join(format!("run.{name}.yaml")), "PipelineRun");
        assert_eq!((pipelines.len(), runs.len()), (1, 1), "one pipeline and one run template");
        let (pipeline, run) = (pipelines.remove(0), runs.remove(0));
        assert_eq!(run.spec.pipeline_ref.name, pipeline.metadata.name);
        let tasks = objects::<Task>(&folder.join("tasks.yaml"), "Task");
        let tasks = tasks.into_iter().map(|task| (task.metadata.name, task.spec)).collect();
        let files = fs::read_to_string(folder.join("files.yaml")).ok();
        let files = files
            .iter()
            .flat_map(|text| serde_yaml::Deserializer::from_str(text))
            .map(|document| ConfigMap::deserialize(document).unwrap())
            .map(|map| (map.metadata.name, map.data))
            .collect();
        Self { namespace: pipeline.metadata.namespace, pipeline: pipeline.spec, run: run.spec, tasks, files }
    }
}

fn objects<S: DeserializeOwned>(file: &Path, kind: &str) -> Vec<Object<S>> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_yaml::Deserializer::from_str(&text)
        .map(|document| {
            let object = Object::<S>::deserialize(document)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            assert_eq!((object.kind.as_str(), object.api_version.as_str()), (kind, "tekton.dev/v1"));
            object
        })
        .collect()
}
