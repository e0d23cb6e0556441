//! The Task of calls that share a pod: `fuse-in`, a container for each call in its order, and `fuse-out`.
//!
//! Parameters, results and folders of a call have its name in front. Its own texts were written as for a pod of its own,
//! so they get the name afterwards: `$(params.` stands in them for nothing else.

use std::collections::BTreeSet;

use ecow::{EcoString, eco_format};
use fuse_base::{Diagnostic, Span, codes};

use super::NodeSpec;
use super::around::{Around, Need, fuse_mount, run_params};
use super::fused::{FusedWork, Inner, given, own};
use super::in_pod::Shared;
use super::settings::Resolved;
use super::shape::{HOUR, program, repeated, sizes};
use super::task::{Built, Gathered, Parts, gather};
use crate::cx::Cx;
use crate::model::{Env, EnvValue, Run, Step, Task, Volume, VolumeSource};
use crate::{bodies, budget, names};

/// Container names are told apart by their first bytes.
const MAX_CONTAINER: usize = 58;

/// A call with all that its container needs.
struct Container<'w, 'a> {
    call: &'w Inner<'a>,
    gathered: Gathered,
    run: Run,
}

/// The Task of a pod; `outside` are the results that something outside of it reads. `None` after a diagnostic.
pub(crate) fn build(
    cx: &Cx<'_>,
    node: &NodeSpec<'_>,
    work: &FusedWork<'_>,
    outside: &BTreeSet<EcoString>,
) -> Option<Built> {
    let mut all = containers(cx, node, work, outside)?;
    let settings = whole(cx, work, &all)?;
    let alone = all.iter().all(|one| one.gathered.parts.alone(&one.gathered.prepared.program));
    for one in &mut all {
        let Gathered { parts, prepared, .. } = &mut one.gathered;
        one.run = program(&one.call.work, &prepared.program, alone, &mut parts.contract);
        one.named();
    }
    let mut task = empty(node.cause);
    let mut pod = Parts::default();
    if alone {
        task.steps = all.iter().map(|one| one.step(cx, &settings, true)).collect();
    } else {
        surround(cx, node, &mut all, &settings, &mut task, &mut pod)?;
    }
    let mut taken: BTreeSet<EcoString> = BTreeSet::new();
    for step in &mut task.steps {
        step.name = names::free(&step.name, |name| taken.contains(name));
        taken.insert(step.name.clone());
    }
    for one in &mut all {
        let parts = &mut one.gathered.parts;
        task.params.append(&mut parts.params);
        task.results.append(&mut parts.outputs);
        task.workspaces.append(&mut parts.folders);
        pod.args.append(&mut parts.args);
        pod.results.append(&mut parts.results);
    }
    task.params.append(&mut pod.params);
    let bytes: Vec<(EcoString, u64)> = all.iter().flat_map(|one| one.sizes(cx, outside)).collect();
    let bytes = bytes.into_iter().chain((0..work.arms.len()).map(|at| (eco_format!("arm--{at}"), 1)));
    budget::check(cx, &mut task, &bytes.collect::<Vec<_>>(), node.cause);
    bodies::check_size(cx, &task, node.cause);
    let own = |one: &Container<'_, '_>| one.gathered.settings.timeout.map_or(HOUR, |(ms, _)| ms);
    let sum = || all.iter().map(own).fold(0u64, u64::saturating_add);
    let timeout = settings.timeout.map_or_else(sum, |(ms, _)| ms);
    Some(Built {
        base: work.base.clone(),
        store: task.workspaces.iter().any(|workspace| !workspace.folder),
        timeout,
        retries: settings.retries.map_or(0, |(times, _)| times),
        pod: settings.pod(cx),
        task,
        args: pod.args,
        results: pod.results,
    })
}

fn empty(cause: Span) -> Task {
    Task {
        name: EcoString::new(),
        description: None,
        params: Vec::new(),
        results: Vec::new(),
        workspaces: Vec::new(),
        volumes: Vec::new(),
        steps: Vec::new(),
        budget: crate::model::Budget::default(),
        cause,
    }
}

/// All calls; the last one computes the conditions that the pod is asked for, as it knows all that was given.
fn containers<'w, 'a>(
    cx: &Cx<'_>,
    node: &NodeSpec<'_>,
    work: &'w FusedWork<'a>,
    outside: &BTreeSet<EcoString>,
) -> Option<Vec<Container<'w, 'a>>> {
    let start = eco_format!("$(tasks.{}.results.", node.name);
    let mut before: Vec<EcoString> = Vec::new();
    let mut all = Vec::new();
    let mut fine = true;
    for (at, call) in work.calls.iter().enumerate() {
        let arms = if at + 1 == work.calls.len() { work.arms.as_slice() } else { &[] };
        let pod = Shared { at: work.at, start: start.clone(), before: before.clone() };
        let parts = Parts { pod: Some(pod), ..Parts::default() };
        match gather(cx, node, &call.work, arms, parts) {
            Some(mut gathered) => {
                restrict(&call.name, node, outside, &mut gathered.parts);
                let run = Run::Script(EcoString::new());
                all.push(Container { call, gathered, run });
            }
            None => fine = false,
        }
        before.push(call.name.clone());
    }
    fine.then_some(all)
}

/// Leaves what stays in the pod out of its results and out of the store.
fn restrict(call: &EcoString, node: &NodeSpec<'_>, outside: &BTreeSet<EcoString>, parts: &mut Parts) {
    let arm = |name: &str| name.starts_with("arm--");
    parts.outputs.retain(|result| arm(&result.name) || outside.contains(&given(call, &result.name)));
    let outputs = parts.contract.outputs.keys();
    let give = outputs.filter(|name| outside.contains(&given(call, name))).cloned().collect();
    parts.contract.give = Some(give);
    let slots = node.slots.iter().filter_map(|(slot, result)| Some((slot, own(call, result)?)));
    let slots = slots.filter(|(_, name)| parts.contract.outputs.contains_key(*name));
    parts.contract.slots = slots.map(|(slot, name)| (slot.to_string(), name.to_owned())).collect();
    let contract = &parts.contract;
    let stored = |port: &fuse_wire::contract::Port| matches!(port, fuse_wire::contract::Port::Store { .. });
    parts.files_out = contract.outputs.iter().any(|(name, port)| stored(port) && contract.hands_on(name));
}

/// What is said of the pod as a whole, with what follows from its calls.
fn whole(cx: &Cx<'_>, work: &FusedWork<'_>, all: &[Container<'_, '_>]) -> Option<Resolved> {
    let mut settings = work.settings.clone();
    let classes = all.iter().filter_map(|one| Some((one, one.gathered.settings.node.clone()?)));
    for (one, (class, span)) in classes {
        let Some((known, place)) = &settings.node else {
            settings.node = Some((class, span));
            continue;
        };
        if *known != class {
            let task = &one.call.work.task.sig.name;
            let message = format!("a pod runs on one node, and `{task}` asks for `{class}`, not `{known}`");
            let diagnostic = Diagnostic::new(&codes::flow::FUSED_POD, one.call.work.call.span, message)
                .label(*place, "the other class")
                .label(span, "asked for here")
                .help("ask for one class, or call the steps beside each other, without `fused`");
            cx.report(diagnostic);
            return None;
        }
    }
    let mut devices = all.iter().filter_map(|one| Some((one, one.gathered.settings.gpu?.1)));
    if let (Some((first, place)), Some((second, span))) = (devices.next(), devices.next()) {
        let (first, second) = (&first.call.work.task.sig.name, &second.call.work.task.sig.name);
        let message = format!(
            "a container keeps its devices as long as the pod lives: `{first}` and `{second}` would have theirs together"
        );
        let diagnostic = Diagnostic::new(&codes::flow::FUSED_POD, span, message)
            .label(place, "devices are asked for here too")
            .help("let one step of a pod ask for `gpu`, and call the other one outside of the `fused`");
        cx.report(diagnostic);
        return None;
    }
    let declared = all.iter().filter_map(|one| one.gathered.settings.retries).max_by_key(|(times, _)| *times);
    settings.retries = settings.retries.or(declared);
    if let Some((times, span)) = settings.retries {
        all.iter().for_each(|one| repeated(cx, one.call.work.task, times, span));
    }
    Some(settings)
}

/// `fuse-in` before the calls, and `fuse-out` behind them where something has to be carried away.
fn surround(
    cx: &Cx<'_>,
    node: &NodeSpec<'_>,
    all: &mut [Container<'_, '_>],
    settings: &Resolved,
    task: &mut Task,
    pod: &mut Parts,
) -> Option<()> {
    let any = |so: &dyn Fn(&Parts) -> bool| all.iter().any(|one| so(&one.gathered.parts));
    let need = Need::of(any(&|p| p.files_in || p.files_out), any(&|parts| !parts.contract.slots.is_empty()));
    let around = Around::new(cx, node, need)?;
    let stores = any(&Parts::stores);
    if stores {
        let (params, args) = run_params(node, &["run--uid", "run--step"]);
        (pod.params, pod.args) = (params, args);
    }
    let leaves = around.carries() && stores;
    let steps = all.len() + 1 + usize::from(leaves);
    let scripts = all.iter().any(|one| matches!(one.run, Run::Script(_)));
    let budget = budget::allowed(cx, steps, scripts);
    for one in all.iter_mut().filter(|one| !one.gathered.parts.outputs.is_empty()) {
        one.gathered.parts.contract.budget = Some(budget);
    }
    let calls: Vec<(&EcoString, &Parts)> =
        all.iter().map(|one| (&one.call.name, &one.gathered.parts)).collect();
    task.steps.push(around.before_calls(&calls, stores, node.cause));
    task.steps.extend(all.iter().map(|one| one.step(cx, settings, false)));
    task.steps.extend(leaves.then(|| around.after_calls(&calls, node.cause)).flatten());
    task.workspaces.extend(around.workspace());
    task.volumes.push(Volume { name: "fuse".into(), source: VolumeSource::Empty });
    Some(())
}

impl Container<'_, '_> {
    /// Puts the call's name in front of its parameters, results and folders.
    fn named(&mut self) {
        let call = self.call.name.clone();
        let text = |text: &mut EcoString| {
            if text.contains("$(") {
                let named = text.replace("$(params.", &format!("$(params.{call}--"));
                *text = named.replace("$(workspaces.", &format!("$(workspaces.{call}--"));
            }
        };
        let Gathered { parts, image, .. } = &mut self.gathered;
        let names = parts.params.iter_mut().map(|param| &mut param.name);
        let names = names.chain(parts.args.iter_mut().map(|arg| &mut arg.name));
        names.for_each(|name| *name = given(&call, name));
        for result in parts.outputs.iter_mut().filter(|result| !result.name.starts_with("arm--")) {
            result.name = given(&call, &result.name);
        }
        for folder in &mut parts.folders {
            folder.name = given(&call, &folder.name);
            folder.mount_path = eco_format!("/workspace/{}", folder.name);
        }
        parts.inputs.iter_mut().chain(&mut parts.late_env).for_each(text);
        text(&mut image.0);
        if let Run::Command { args, .. } = &mut self.run {
            args.iter_mut().for_each(text);
        }
    }

    /// The container.
    fn step(&self, cx: &Cx<'_>, whole: &Resolved, alone: bool) -> Step {
        let Gathered { parts, prepared, image, settings } = &self.gathered;
        let name = Env {
            name: "FUSE_CALL".into(),
            value: EnvValue::Plain(self.call.name.clone()),
            cause: self.call.work.call.span,
        };
        let mut env = if alone { Vec::new() } else { vec![name] };
        env.extend(parts.plain_env.iter().chain(&parts.secret_env).cloned());
        let settings = Resolved { node: settings.node.clone().or(whole.node.clone()), ..settings.clone() };
        Step {
            name: names::fit_to(&self.call.name, MAX_CONTAINER),
            image: image.clone(),
            run: self.run.clone(),
            run_cause: prepared.cause,
            env,
            timeout: settings.timeout.map(|(ms, _)| ms),
            resources: settings.resources(cx),
            mounts: if alone { Vec::new() } else { vec![fuse_mount()] },
        }
    }

    /// The largest size of each result that leaves the pod.
    fn sizes(&self, cx: &Cx<'_>, outside: &BTreeSet<EcoString>) -> Vec<(EcoString, u64)> {
        let all = sizes(cx, &self.call.work).into_iter();
        let named = all.map(|(name, bytes)| (given(&self.call.name, &name), bytes));
        named.filter(|(name, _)| outside.contains(name)).collect()
    }
}
