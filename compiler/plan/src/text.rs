//! A plan as text, for people and golden tests: one fact a line, in the order of the plan.

use std::fmt::{self, Display, Formatter};

use fuse_analysis::value::duration_text;

use crate::model::{
    Claim, Edge, EnvValue, MlProject, Node, NodeKind, ParamDecl, Pipeline, Plan, PodTemplate, Resources, Run,
    Security, Step, Task, TaskRunSpec, Text, VolumeSource,
};

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "package {} · target {} · namespace {}", self.package, self.target, self.namespace)?;
        write_security(f, &self.security)?;
        if !self.pull_secrets.is_empty() {
            writeln!(f, "  images with {}", self.pull_secrets.join(", "))?;
        }
        for task in &self.tasks {
            write_task(f, task)?;
        }
        for pipeline in &self.pipelines {
            write_pipeline(f, self, pipeline)?;
        }
        if !self.accounts.is_empty() {
            writeln!(f, "\naccess")?;
        }
        for account in &self.accounts {
            let token = if account.token { " with token" } else { "" };
            writeln!(f, "  account {}{token}", account.name)?;
        }
        for role in &self.roles {
            for rule in &role.rules {
                let (groups, verbs) = (rule.groups.join(","), rule.verbs.join(" "));
                let objects = format!("{}.{}/{}", rule.resources.join(","), groups, rule.names.join(","));
                let place = match &role.outside {
                    Some((domain, _)) => format!(" in {} of the domain {domain}", role.namespace),
                    None if role.namespace == self.namespace => String::new(),
                    None => format!(" in {}", role.namespace),
                };
                writeln!(f, "  role {}: {verbs} {objects}{place}", role.name)?;
            }
        }
        for deploy in &self.deploys {
            let place = deploy.outside.as_ref().map(|name| format!(" to the domain {name}"));
            writeln!(f, "\ndeploy {}{}\n  {}", deploy.name, place.unwrap_or_default(), deploy.object)?;
        }
        if let Some(project) = &self.mlproject {
            write_mlproject(f, project)?;
        }
        for warning in &self.warnings {
            writeln!(f, "\nwarning {}: {}", warning.code.id, warning.message)?;
        }
        Ok(())
    }
}

/// Texts with control and private characters spelt out, so that a golden file shows them.
struct Shown<'a>(&'a str);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if ('\u{F0000}'..='\u{F00FF}').contains(&c) || (c.is_control() && c != '\n') {
                write!(f, "<U+{:04X}>", u32::from(c))?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(text) => write!(f, "{}", Shown(text)),
            Self::Many(texts) => {
                f.write_str("[")?;
                for (at, text) in texts.iter().enumerate() {
                    write!(f, "{}{}", if at > 0 { ", " } else { "" }, Shown(text))?;
                }
                f.write_str("]")
            }
        }
    }
}

fn write_param(f: &mut Formatter<'_>, param: &ParamDecl) -> fmt::Result {
    let kind = if param.kind == crate::model::ParamKind::Array { " array" } else { "" };
    write!(f, "  param {}{kind}", param.name)?;
    match &param.default {
        Some(default) => writeln!(f, " = {default}"),
        None => writeln!(f),
    }
}

fn write_task(f: &mut Formatter<'_>, task: &Task) -> fmt::Result {
    writeln!(f, "\ntask {}", task.name)?;
    if let Some(text) = &task.description {
        writeln!(f, "  {text}")?;
    }
    for param in &task.params {
        write_param(f, param)?;
    }
    for result in &task.results {
        let kind = if result.kind == crate::model::ParamKind::Array { " array" } else { "" };
        writeln!(f, "  result {}{kind}", result.name)?;
    }
    for workspace in &task.workspaces {
        let optional = if workspace.folder { ", read only, optional" } else { "" };
        writeln!(f, "  workspace {} at {}{optional}", workspace.name, workspace.mount_path)?;
    }
    for volume in &task.volumes {
        if let VolumeSource::Secret { name, key, .. } = &volume.source {
            writeln!(f, "  volume {} from secret {name}/{key}", volume.name)?;
        }
    }
    let budget = task.budget;
    writeln!(f, "  budget {} of {} bytes, {} containers", budget.used, budget.allowed, budget.containers)?;
    for step in &task.steps {
        write_step(f, step)?;
    }
    Ok(())
}

fn write_step(f: &mut Formatter<'_>, step: &Step) -> fmt::Result {
    write!(f, "  step {} in {}", step.name, step.image.0)?;
    if let Some(timeout) = step.timeout {
        write!(f, ", timeout {}", duration_text(timeout))?;
    }
    write_resources(f, &step.resources)?;
    for env in &step.env {
        match &env.value {
            EnvValue::Plain(text) => writeln!(f, "    env {}={}", env.name, Shown(text))?,
            EnvValue::Secret { name, key, optional } => {
                let optional = if *optional { " (optional)" } else { "" };
                writeln!(f, "    env {} from secret {name}/{key}{optional}", env.name)?;
            }
        }
    }
    match &step.run {
        Run::Command { command, args } => {
            writeln!(f, "    run {}", command.join(" "))?;
            for arg in args {
                writeln!(f, "      {}", Shown(arg))?;
            }
        }
        Run::Script(text) => {
            for line in text.lines() {
                writeln!(f, "    | {}", Shown(line))?;
            }
        }
    }
    Ok(())
}

fn write_resources(f: &mut Formatter<'_>, resources: &Resources) -> fmt::Result {
    let Resources { cpu_request, memory_request, memory_limit, devices } = resources;
    let named = [("cpu", cpu_request), ("memory", memory_request), ("limit memory", memory_limit)];
    for (name, value) in named {
        if let Some((value, _)) = value {
            write!(f, ", {name} {value}")?;
        }
    }
    if let Some((name, count, _)) = devices {
        write!(f, ", {count} {name}")?;
    }
    writeln!(f)
}

/// Where a pod may run.
fn write_pod(f: &mut Formatter<'_>, pod: &PodTemplate) -> fmt::Result {
    for (label, value) in &pod.selector {
        writeln!(f, "      on nodes with {label}={value}")?;
    }
    for one in &pod.tolerations {
        let key = one.key.as_deref().unwrap_or("any taint");
        let value = one.value.as_ref().map(|value| format!("={value}")).unwrap_or_default();
        let effect = one.effect.as_ref().map(|effect| format!(" {effect}")).unwrap_or_default();
        let seconds = one.seconds.map(|seconds| format!(" for {seconds}s")).unwrap_or_default();
        writeln!(f, "      bears {key}{value}{effect}{seconds}")?;
    }
    for (what, name) in [("runtime", &pod.runtime_class), ("priority", &pod.priority_class)] {
        if let Some(name) = name {
            writeln!(f, "      {what} class {name}")?;
        }
    }
    Ok(())
}

fn write_security(f: &mut Formatter<'_>, security: &Security) -> fmt::Result {
    let Security {
        span: _,
        fs_group,
        run_as_user,
        run_as_group,
        run_as_non_root,
        supplemental_groups,
        seccomp,
        read_only_root_filesystem,
        allow_privilege_escalation,
        drop_capabilities,
    } = security;
    let numbers = [("fs group", fs_group), ("user", run_as_user), ("group", run_as_group)];
    for (what, number) in numbers {
        if let Some(number) = number {
            writeln!(f, "  security: {what} {number}")?;
        }
    }
    for group in supplemental_groups {
        writeln!(f, "  security: also group {group}")?;
    }
    let flags = [
        ("non-root", run_as_non_root),
        ("read-only root", read_only_root_filesystem),
        ("escalation", allow_privilege_escalation),
    ];
    for (what, flag) in flags {
        if let Some(flag) = flag {
            writeln!(f, "  security: {what} {flag}")?;
        }
    }
    if let Some(profile) = seccomp {
        writeln!(f, "  security: seccomp {profile}")?;
    }
    if !drop_capabilities.is_empty() {
        writeln!(f, "  security: without {}", drop_capabilities.join(", "))?;
    }
    Ok(())
}

fn write_pipeline(f: &mut Formatter<'_>, plan: &Plan, pipeline: &Pipeline) -> fmt::Result {
    writeln!(f, "\npipeline {}", pipeline.name)?;
    if let Some(text) = &pipeline.description {
        writeln!(f, "  {text}")?;
    }
    for param in &pipeline.params {
        write_param(f, param)?;
    }
    for node in pipeline.nodes() {
        write_node(f, plan, pipeline, node)?;
    }
    if !pipeline.finally.is_empty() {
        writeln!(f, "  finally")?;
    }
    for node in &pipeline.finally {
        write_node(f, plan, pipeline, node)?;
    }
    for result in &pipeline.results {
        writeln!(f, "  result {} = {}", result.name, result.value)?;
    }
    let run = &pipeline.run;
    write!(f, "  run as {} within {}", run.account, duration_text(run.timeout))?;
    match run.finally {
        Some(timeout) => writeln!(f, ", and {} for `finally`", duration_text(timeout))?,
        None => writeln!(f)?,
    }
    if let Some(pod) = &run.pod {
        writeln!(f, "    all pods")?;
        write_pod(f, pod)?;
    }
    for TaskRunSpec { task, account, pod } in &run.tasks {
        match account {
            Some(account) => writeln!(f, "    {task} as {account}")?,
            None => writeln!(f, "    {task}")?,
        }
        if let Some(pod) = pod {
            write_pod(f, pod)?;
        }
    }
    match &run.claim {
        Some(Claim::PerRun { size, class, .. }) => {
            let class = class.as_ref().map(|class| format!(" of class {class}")).unwrap_or_default();
            writeln!(f, "    store: a claim of {size}{class} for each run")?;
        }
        Some(Claim::Kept { name, .. }) => writeln!(f, "    store: the claim {name}")?,
        None => {}
    }
    for param in &run.required {
        writeln!(f, "    needs {}: {}", param.name, param.ty)?;
    }
    Ok(())
}

fn write_node(f: &mut Formatter<'_>, plan: &Plan, pipeline: &Pipeline, node: &Node) -> fmt::Result {
    let kind = match node.kind {
        NodeKind::Task => "step",
        NodeKind::Apply => "apply",
        NodeKind::Decide => "decide",
        NodeKind::Fail => "fail",
        NodeKind::Join => "join",
        NodeKind::List => "list",
    };
    let own = plan.task(node.task).map(|task| task.name.to_string());
    let remote = node.remote.as_ref().map(|remote| {
        let params = remote.params.iter().map(|(key, value)| format!("{key}={}", Shown(value)));
        format!("{} {}", remote.resolver, params.collect::<Vec<_>>().join(" "))
    });
    let task = own.or(remote).unwrap_or_else(|| "?".to_owned());
    write!(f, "  {kind} {}: {task}, timeout {}", node.name, duration_text(node.timeout))?;
    if node.continues.is_some() {
        write!(f, ", the run goes on if it fails")?;
    }
    match node.retries {
        0 => writeln!(f)?,
        n => writeln!(f, ", retries {n}")?,
    }
    for guard in &node.guards {
        let values: Vec<String> = guard.values.iter().map(|value| Shown(value).to_string()).collect();
        writeln!(f, "    when {} {} [{}]", guard.input, guard.operator.word(), values.join(", "))?;
    }
    for arg in &node.matrix {
        writeln!(f, "    each {} = {}", arg.name, arg.value)?;
    }
    for arg in &node.params {
        writeln!(f, "    {} = {}", arg.name, arg.value)?;
    }
    for after in &node.run_after {
        writeln!(f, "    after {after}")?;
    }
    let name = |at| pipeline.graph.node_weight(at).map_or("?", |node: &Node| node.name.as_str());
    let mut edges: Vec<String> = pipeline
        .graph
        .edge_indices()
        .filter_map(|edge| {
            let (from, to) = pipeline.graph.edge_endpoints(edge)?;
            if name(to) != node.name {
                return None;
            }
            Some(match pipeline.graph.edge_weight(edge)? {
                Edge::Data(result) => format!("data {}.{result}", name(from)),
                Edge::Guard(result) => format!("guard {}.{result}", name(from)),
                Edge::Order => format!("order {}", name(from)),
            })
        })
        .collect();
    edges.sort();
    if !edges.is_empty() {
        writeln!(f, "    from {}", edges.join(", "))?;
    }
    Ok(())
}

fn write_mlproject(f: &mut Formatter<'_>, project: &MlProject) -> fmt::Result {
    let python = project.python.as_deref().unwrap_or("any");
    writeln!(f, "\nmlproject {} · python {python}", project.name)?;
    for one in &project.dependencies {
        writeln!(f, "  requires {one}")?;
    }
    for point in &project.entry_points {
        writeln!(f, "  entry {}: {}", point.name, point.command)?;
        for param in &point.parameters {
            write!(f, "    {}: {}", param.name, param.ty)?;
            match &param.default {
                Some(default) => writeln!(f, " = {default}")?,
                None => writeln!(f)?,
            }
        }
    }
    Ok(())
}
