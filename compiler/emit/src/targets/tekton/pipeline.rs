use ecow::EcoString;
use fuse_plan::model::{self, Node};
use fuse_plan::{Plan, duration_text};
use serde::Serialize;

use super::VERSION;
use super::param::{Param, ParamValue};
use crate::manifest::{Causes, Manifest};
use crate::object::{Metadata, Object};
use crate::yaml::{Error, Text};

#[derive(Serialize)]
struct PipelineSpec<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<Param<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    workspaces: Vec<WorkspaceDecl<'a>>,
    tasks: Vec<PipelineTask<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    finally: Vec<PipelineTask<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<PipelineResult<'a>>,
}

#[derive(Serialize)]
struct WorkspaceDecl<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PipelineTask<'a> {
    name: &'a str,
    task_ref: TaskRef<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    when: Vec<When<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    run_after: &'a [EcoString],
    #[serde(skip_serializing_if = "Option::is_none")]
    matrix: Option<Matrix<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<Arg<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    workspaces: Vec<Workspace<'a>>,
    timeout: EcoString,
    #[serde(skip_serializing_if = "is_zero")]
    retries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_error: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum TaskRef<'a> {
    Own { name: &'a str },
    Remote { resolver: &'a str, params: Vec<ResolverParam<'a>> },
}

#[derive(Serialize)]
struct ResolverParam<'a> {
    name: &'a str,
    value: Text<'a>,
}

#[derive(Serialize)]
struct Matrix<'a> {
    params: Vec<Arg<'a>>,
}

#[derive(Serialize)]
struct When<'a> {
    input: Text<'a>,
    operator: &'static str,
    values: Vec<Text<'a>>,
}

#[derive(Serialize)]
struct Arg<'a> {
    name: &'a str,
    value: ParamValue<'a>,
}

#[derive(Serialize)]
struct Workspace<'a> {
    name: &'a str,
    workspace: &'a str,
}

#[derive(Serialize)]
struct PipelineResult<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    value: Text<'a>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

pub(super) fn lower<'a>(plan: &'a Plan, pipeline: &'a model::Pipeline) -> Result<Manifest, Error> {
    let result = |result: &'a model::PipelineResult| PipelineResult {
        name: &result.name,
        ty: "string",
        description: result.description.as_deref().map(Text),
        value: Text(&result.value),
    };
    let spec = PipelineSpec {
        description: pipeline.description.as_deref().map(Text),
        params: Param::all(&pipeline.params),
        workspaces: pipeline.workspaces.iter().map(workspace).collect(),
        tasks: pipeline.nodes().map(|node| pipeline_task(plan, node)).collect(),
        finally: pipeline.finally.iter().map(|node| pipeline_task(plan, node)).collect(),
        results: pipeline.results.iter().map(result).collect(),
    };
    let metadata = Metadata { name: &pipeline.name, namespace: &plan.namespace };
    let object = Object { api_version: VERSION, kind: "Pipeline", metadata, spec };
    Manifest::applied(format!("pipeline.{}.yaml", pipeline.name), &object, causes(pipeline))
}

fn workspace(workspace: &model::PipelineWorkspace) -> WorkspaceDecl<'_> {
    WorkspaceDecl {
        name: &workspace.name,
        description: workspace.description.as_deref().map(Text),
        optional: workspace.optional,
    }
}

fn task_ref<'a>(plan: &'a Plan, node: &'a Node) -> TaskRef<'a> {
    match &node.remote {
        Some(remote) => {
            let param =
                |(name, value): &'a (EcoString, EcoString)| ResolverParam { name, value: Text(value) };
            TaskRef::Remote { resolver: &remote.resolver, params: remote.params.iter().map(param).collect() }
        }
        None => TaskRef::Own { name: plan.task(node.task).map_or("", |task| task.name.as_str()) },
    }
}

fn pipeline_task<'a>(plan: &'a Plan, node: &'a Node) -> PipelineTask<'a> {
    let guard = |guard: &'a model::Guard| When {
        input: Text(&guard.input),
        operator: guard.operator.word(),
        values: guard.values.iter().map(|value| Text(value)).collect(),
    };
    PipelineTask {
        name: &node.name,
        task_ref: task_ref(plan, node),
        when: node.guards.iter().map(guard).collect(),
        run_after: &node.run_after,
        matrix: (!node.matrix.is_empty()).then(|| Matrix { params: args(&node.matrix) }),
        params: args(&node.params),
        workspaces: node.workspaces.iter().map(|(name, workspace)| Workspace { name, workspace }).collect(),
        timeout: duration_text(node.timeout),
        retries: node.retries,
        on_error: node.continues.map(|_| "continue"),
    }
}

fn args(args: &[model::Arg]) -> Vec<Arg<'_>> {
    args.iter().map(|arg| Arg { name: &arg.name, value: ParamValue::of(&arg.value) }).collect()
}

fn causes(pipeline: &model::Pipeline) -> Causes {
    let mut causes = Causes::of(pipeline.cause);
    causes.items("/spec/params", pipeline.params.iter().map(|param| param.cause));
    let tasks = pipeline.nodes().enumerate().map(|(at, node)| (format!("/spec/tasks/{at}"), node));
    let finally = pipeline.finally.iter().enumerate().map(|(at, node)| (format!("/spec/finally/{at}"), node));
    for (pointer, node) in tasks.chain(finally) {
        causes.add(pointer.clone(), node.cause);
        if let Some(cause) = node.continues {
            causes.add(format!("{pointer}/onError"), cause);
        }
        if let Some(remote) = &node.remote {
            causes.add(format!("{pointer}/taskRef"), remote.cause);
        }
        causes.items(format_args!("{pointer}/when"), node.guards.iter().map(|guard| guard.cause));
        causes.items(format_args!("{pointer}/matrix/params"), node.matrix.iter().map(|arg| arg.cause));
        causes.items(format_args!("{pointer}/params"), node.params.iter().map(|arg| arg.cause));
    }
    causes.items("/spec/results", pipeline.results.iter().map(|result| result.cause));
    causes
}
