//! What holds for every plan: checked over all programs of the repository.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use fuse_plan::Plan;
use fuse_plan::model::{EnvValue, Node, Operator, ParamKind, Pipeline, Run, Step, Task, Text};

/// The references `$(…)` of a text.
fn references(text: &str) -> Vec<&str> {
    text.match_indices("$(")
        .map(|(at, _)| {
            let rest = &text[at + 2..];
            &rest[..rest.find(')').unwrap_or(rest.len())]
        })
        .collect()
}

fn texts(text: &Text) -> Vec<&str> {
    match text {
        Text::One(text) => vec![text.as_str()],
        Text::Many(all) => all.iter().map(|text| text.as_str()).collect(),
    }
}

#[test]
fn every_program_of_the_repository() {
    let all = support::repository();
    assert!(all.len() > 10, "only {} programs", all.len());
    for (name, case) in &all {
        let plan = case.plan();
        assert!(!plan.to_string().is_empty());
        names(name, plan);
        plan.tasks.iter().for_each(|task| check_task(name, task));
        plan.pipelines.iter().for_each(|pipeline| check_pipeline(name, plan, pipeline));
    }
}

fn names(case: &str, plan: &Plan) {
    let mut seen = BTreeSet::new();
    for task in &plan.tasks {
        assert!(seen.insert(&task.name), "{case}: two tasks {}", task.name);
        assert!(task.name.len() <= 63, "{case}: {}", task.name);
    }
    let used: BTreeSet<usize> = plan
        .pipelines
        .iter()
        .flat_map(Pipeline::all_nodes)
        .filter(|node| node.remote.is_none())
        .map(|node| node.task.0)
        .collect();
    assert_eq!(used.len(), plan.tasks.len(), "{case}: a task that nothing uses");
}

fn check_task(case: &str, task: &Task) {
    let params: BTreeMap<&str, ParamKind> =
        task.params.iter().map(|param| (param.name.as_str(), param.kind)).collect();
    assert_eq!(params.len(), task.params.len(), "{case}: {} declares a parameter twice", task.name);
    assert!(task.budget.used <= task.budget.allowed);
    let refers = |text: &str, whole: bool| {
        for reference in references(text) {
            let folder = reference.strip_prefix("workspaces.").and_then(|rest| rest.strip_suffix(".path"));
            if let Some(folder) = folder {
                assert!(task.workspaces.iter().any(|one| one.folder && one.name == folder), "{case}: {text}");
                continue;
            }
            let Some(name) = reference.strip_prefix("params.") else {
                panic!("{case}: {} has $({reference})", task.name);
            };
            let array = name.strip_suffix("[*]");
            let kind = params.get(array.unwrap_or(name));
            let wanted = if array.is_some() { ParamKind::Array } else { ParamKind::String };
            assert_eq!(kind, Some(&wanted), "{case}: {} has $({reference})", task.name);
            assert!(array.is_none() || whole && text == format!("$({reference})"), "{case}: {text}");
        }
    };
    let volumes: BTreeSet<&str> = task.volumes.iter().map(|volume| volume.name.as_str()).collect();
    for step in &task.steps {
        refers(&step.image.0, false);
        if let Run::Command { command, args } = &step.run {
            command.iter().for_each(|text| refers(text, false));
            args.iter().for_each(|text| refers(text, true));
        }
        assert!(step.mounts.iter().all(|mount| volumes.contains(mount.name.as_str())));
        check_env(case, step);
    }
}

/// Nothing late stands in a plain variable, secrets stand last and never with `fuse-step`'s inputs.
fn check_env(case: &str, step: &Step) {
    let mut secrets = false;
    for env in &step.env {
        match &env.value {
            EnvValue::Plain(text) => {
                assert!(!secrets, "{case}: {} stands behind a secret", env.name);
                assert!(!text.contains('$'), "{case}: {}={text}", env.name);
            }
            EnvValue::Secret { .. } => secrets = true,
        }
    }
    if let Run::Script(text) = &step.run {
        assert!(
            text.starts_with("#!/") && text.ends_with('\n') && !text.ends_with("\n\n"),
            "{case}: {text:?}"
        );
        assert!(!text.contains("$(params") && !text.contains("$(tasks"), "{case}: {text}");
    }
}

fn check_pipeline(case: &str, plan: &Plan, pipeline: &Pipeline) {
    let mut done: BTreeMap<&str, Option<&Task>> = BTreeMap::new();
    let declared: BTreeSet<&str> = pipeline.params.iter().map(|param| param.name.as_str()).collect();
    let folders: BTreeSet<&str> = pipeline.workspaces.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(pipeline.order.len(), pipeline.graph.node_count());
    let mut seen = BTreeSet::new();
    let tasks = pipeline.nodes().map(|node| (node, false));
    for (node, last) in tasks.chain(pipeline.finally.iter().map(|node| (node, true))) {
        // Of a Task that exists already nothing is known but what the call says.
        let task = plan.task(node.task);
        assert_eq!(task.is_some(), node.remote.is_none(), "{case}: {}", node.name);
        assert!(pipeline.name.len() + node.name.len() <= 48, "{case}: {}", node.name);
        check_node(case, node, task, &declared, &folders, &done, last);
        assert!(seen.insert(&node.name), "{case}: two steps {}", node.name);
        if !last {
            done.insert(&node.name, task);
        }
    }
    for result in &pipeline.results {
        assert!(result.value.starts_with("$(tasks."), "{case}: {}", result.value);
        references(&result.value).into_iter().for_each(|one| resolve(case, one, &declared, &done));
    }
    guards_carry_on(case, pipeline);
}

fn check_node(
    case: &str,
    node: &Node,
    task: Option<&Task>,
    declared: &BTreeSet<&str>,
    folders: &BTreeSet<&str>,
    done: &BTreeMap<&str, Option<&Task>>,
    last: bool,
) {
    let mut given = BTreeSet::new();
    for arg in &node.matrix {
        let param = task.unwrap().params.iter().find(|param| param.name == arg.name).unwrap();
        assert_eq!(param.kind, ParamKind::String, "{case}: {}.{}", node.name, arg.name);
        assert!(given.insert(&arg.name));
        let reference = texts(&arg.value).into_iter().flat_map(references).next().unwrap();
        assert!(reference.ends_with("--idx[*]"), "{case}: an array that no step has counted");
        resolve(case, reference, declared, done);
    }
    for arg in &node.params {
        assert!(given.insert(&arg.name), "{case}: {} gets {} twice", node.name, arg.name);
        for text in texts(&arg.value) {
            references(text).into_iter().for_each(|one| resolve(case, one, declared, done));
        }
    }
    for guard in &node.guards {
        // `notin` on a result is true when the result is missing.
        // A step of `finally` is left out then.
        let sound = guard.operator == Operator::In || guard.input.starts_with("$(params.") || last;
        assert!(sound, "{case}: {guard:?}");
        assert!(!guard.values.is_empty());
        let mounted = guard.input.strip_prefix("$(workspaces.").and_then(|rest| rest.strip_suffix(".bound)"));
        match mounted {
            Some(folder) => assert!(folders.contains(folder), "{case}: {guard:?}"),
            None => references(&guard.input).into_iter().for_each(|one| resolve(case, one, declared, done)),
        }
    }
    for after in &node.run_after {
        assert!(done.contains_key(after.as_str()), "{case}: {} runs after {after}", node.name);
    }
    assert!(
        node.workspaces.iter().all(|(_, outer)| folders.contains(outer.as_str())),
        "{case}: {}",
        node.name
    );
    if let Some(task) = task {
        check_call(case, node, task, &given);
    }
}

/// A call gives what its Task declares: every parameter without default, every workspace that is no folder.
fn check_call(case: &str, node: &Node, task: &Task, given: &BTreeSet<&ecow::EcoString>) {
    for arg in &node.params {
        let param = task.params.iter().find(|param| param.name == arg.name);
        let param = param.unwrap_or_else(|| panic!("{case}: {} takes no {}", task.name, arg.name));
        let whole = |text: &Text| matches!(text, Text::One(text) if text.ends_with("[*])"));
        let many = matches!(arg.value, Text::Many(_)) || whole(&arg.value);
        assert_eq!(many, param.kind == ParamKind::Array, "{case}: {}.{}", node.name, arg.name);
    }
    for param in task.params.iter().filter(|param| param.default.is_none()) {
        assert!(given.contains(&param.name), "{case}: {} gets no {}", node.name, param.name);
    }
    for (inner, _) in &node.workspaces {
        assert!(task.workspaces.iter().any(|workspace| workspace.name == *inner));
    }
    for workspace in task.workspaces.iter().filter(|workspace| !workspace.folder) {
        assert!(node.workspaces.iter().any(|(inner, _)| workspace.name == *inner), "{case}: {}", node.name);
    }
}

/// A reference is to a declared parameter or to a declared result of a step that comes before.
fn resolve(case: &str, reference: &str, declared: &BTreeSet<&str>, done: &BTreeMap<&str, Option<&Task>>) {
    if let Some(name) = reference.strip_prefix("params.") {
        assert!(declared.contains(name), "{case}: $({reference})");
    } else if reference == "tasks.status" {
    } else if let Some(step) = reference.strip_prefix("tasks.").and_then(|rest| rest.strip_suffix(".status"))
    {
        assert!(done.contains_key(step), "{case}: $({reference})");
    } else if let Some(rest) = reference.strip_prefix("tasks.") {
        let (step, result) = rest.split_once(".results.").unwrap();
        let task = done.get(step).unwrap_or_else(|| panic!("{case}: $({reference}) comes later"));
        let result = result.strip_suffix("[*]").unwrap_or(result);
        let declares = |task: &Task| task.results.iter().any(|one| one.name == result);
        assert!(task.is_none_or(declares), "{case}: $({reference})");
    } else {
        assert_eq!(reference, "context.pipelineRun.uid", "{case}");
    }
}

/// Who takes a result of a step under guards stands under all of these guards too: every skip is one by `when`.
fn guards_carry_on(case: &str, pipeline: &Pipeline) {
    for edge in pipeline.graph.edge_indices() {
        let (from, to) = pipeline.graph.edge_endpoints(edge).unwrap();
        if matches!(pipeline.graph[edge], fuse_plan::model::Edge::Order) {
            continue;
        }
        let (from, to) = (&pipeline.graph[from], &pipeline.graph[to]);
        for guard in &from.guards {
            let same = |other: &fuse_plan::model::Guard| {
                (&other.input, other.operator, &other.values) == (&guard.input, guard.operator, &guard.values)
            };
            assert!(to.guards.iter().any(same), "{case}: {} lacks a guard of {}", to.name, from.name);
        }
    }
}
