//! The three shapes of a Task: the user's step alone, after `fuse-in`, or between `fuse-in` and `fuse-out`.

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{Language, Task};
use fuse_base::{Diagnostic, Span, codes};
use fuse_wire::contract::{Contract, Part, Word};

use super::NodeSpec;
use super::around::{Around, Need, fuse_mount, run_params};
use super::calls::TaskWork;
use super::settings::Resolved;
use super::task::{Built, Gathered, summary};
use super::val::OUT;
use crate::bodies::{self, Program};
use crate::cx::Cx;
use crate::model::{Run, Step, Volume, VolumeSource};
use crate::{budget, types};

/// The longest time of a step that says nothing: an hour.
pub(super) const HOUR: u64 = 3_600_000;

/// Chooses the shape: the user's step alone, or between `fuse-in` and `fuse-out`.
pub(crate) fn shape(
    cx: &Cx<'_>,
    node: &NodeSpec<'_>,
    work: &TaskWork<'_>,
    gathered: Gathered,
) -> Option<Built> {
    let Gathered { mut parts, prepared, image, settings } = gathered;
    let task = work.task;
    let slots = !parts.contract.slots.is_empty();
    let need = Need::of(parts.files_in || parts.files_out, slots);
    let alone = parts.alone(&prepared.program);
    let run = program(work, &prepared.program, alone, &mut parts.contract);
    let mut env = std::mem::take(&mut parts.plain_env);
    env.append(&mut parts.secret_env);
    let main = Step {
        name: "main".into(),
        image,
        run,
        run_cause: prepared.cause,
        env,
        timeout: None,
        resources: settings.resources(cx),
        mounts: if alone { Vec::new() } else { vec![fuse_mount()] },
    };
    let mut steps = Vec::new();
    let (mut workspaces, mut volumes) = (Vec::new(), Vec::new());
    if alone {
        steps.push(main);
    } else {
        let around = Around::new(cx, node, need)?;
        if parts.stores() {
            let (params, args) = run_params(node, &["run--uid", "run--step"]);
            parts.params.extend(params);
            parts.args.extend(args);
        }
        let after = around.after(&parts, task.sig.span);
        if !parts.outputs.is_empty() {
            let scripts = matches!(main.run, Run::Script(_));
            let steps = if after.is_some() { 3 } else { 2 };
            parts.contract.budget = Some(budget::allowed(cx, steps, scripts));
        }
        steps.push(around.before(&parts, task.sig.span));
        steps.push(main);
        steps.extend(after);
        workspaces.extend(around.workspace());
        workspaces.append(&mut parts.folders);
        volumes.push(Volume { name: "fuse".into(), source: VolumeSource::Empty });
    }
    let mut planned = crate::model::Task {
        name: EcoString::new(),
        description: summary(task.sig.doc.as_ref()),
        params: parts.params,
        results: parts.outputs,
        workspaces,
        volumes,
        steps,
        budget: crate::model::Budget::default(),
        cause: task.sig.span,
    };
    let sizes = if node.matrix.is_some() { as_one(&sizes(cx, work)) } else { sizes(cx, work) };
    budget::check(cx, &mut planned, &sizes, work.call.span);
    bodies::check_size(cx, &planned, work.call.span);
    Some(Built {
        base: base_name(cx, task),
        store: planned.workspaces.iter().any(|workspace| !workspace.folder),
        task: planned,
        args: parts.args,
        results: parts.results,
        pod: settings.pod(cx),
        timeout: settings.timeout.map_or(HOUR, |(ms, _)| ms),
        retries: retries(cx, task, &settings),
    })
}

/// How often the task is repeated. An effect that an attempt had before it failed happens again, so such a task has to
/// say that this does no harm.
fn retries(cx: &Cx<'_>, task: &Task, settings: &Resolved) -> u32 {
    let Some((times, span)) = settings.retries else { return 0 };
    repeated(cx, task, times, span);
    times
}

/// Warns of an effect that is had once more.
pub(crate) fn repeated(cx: &Cx<'_>, task: &Task, times: u32, span: Span) {
    if times > 0 && task.external_effect && !task.idempotent {
        let message = format!("a failed `{}` is repeated, and its effect outside with it", task.sig.name);
        let diagnostic = Diagnostic::new(&codes::plan::RETRIED_EFFECT, span, message)
            .label(task.sig.span, "this task has an effect outside the run")
            .help("add `idempotent` to the task if a second attempt does no harm, else remove `retries`");
        cx.report_once(format!("retries {span:?} {}", task.sig.name), diagnostic);
    }
}

/// The largest size of each result.
pub(super) fn sizes(cx: &Cx<'_>, work: &TaskWork<'_>) -> Vec<(EcoString, u64)> {
    let outputs = work.task.sig.outputs.iter().map(|output| (output.name.clone(), &output.ty));
    let added = work.added.iter().map(|(name, (ty, _))| (name.clone(), ty));
    let mut all: Vec<(EcoString, u64)> =
        outputs.chain(added).map(|(name, ty)| (name, types::max_bytes(cx.package, ty))).collect();
    all.extend((0..work.arms.len()).map(|at| (eco_format!("arm--{at}"), 1)));
    all
}

/// The largest size of what a pod of a matrix gives: `{"i":"255","v":{"name":"…"}}`.
fn as_one(sizes: &[(EcoString, u64)]) -> Vec<(EcoString, u64)> {
    let inside = sizes
        .iter()
        .fold(18u64, |sum, (name, bytes)| sum.saturating_add(*bytes).saturating_add(name.len() as u64 + 6));
    if sizes.is_empty() { Vec::new() } else { vec![(OUT.into(), inside)] }
}

fn base_name(cx: &Cx<'_>, task: &Task) -> EcoString {
    let tool = task.sig.tool.and_then(|tool| cx.package.tools.get(tool.0 as usize));
    let package = &cx.project.name.value;
    match tool {
        Some(tool) => eco_format!("{package}--{}-{}", tool.name, task.sig.name),
        None => eco_format!("{package}--{}", task.sig.name),
    }
}

/// Whether nothing that the kubelet would expand stands in a command.
pub(super) fn runs_alone(program: &Program) -> bool {
    match program {
        Program::Script(..) => true,
        Program::Command(words) => {
            words.iter().all(|word| matches!(word, Word::Text(text) if !text.contains('$')))
        }
    }
}

pub(super) fn program(work: &TaskWork<'_>, program: &Program, alone: bool, contract: &mut Contract) -> Run {
    let exec = |last: &[&str]| {
        let words = ["/fuse/bin/fuse-step", "exec"].iter().chain(last);
        words.map(|word| EcoString::from(*word)).collect::<Vec<_>>()
    };
    match program {
        Program::Script(language, text) => {
            let first = match (language, alone) {
                (Language::Sh, true) => "#!/bin/sh\nset -eu\n",
                (Language::Python, true) => "#!/usr/bin/env python3\n",
                (Language::Sh, false) => "#!/fuse/bin/fuse-step sh\n",
                (Language::Python, false) => "#!/fuse/bin/fuse-step python\n",
            };
            Run::Script(eco_format!("{first}{text}"))
        }
        Program::Command(words) if alone => {
            let mut texts = words.iter().map(word_text).map(Option::unwrap_or_default);
            Run::Command { command: texts.next().into_iter().collect(), args: texts.collect() }
        }
        Program::Command(words) => {
            // What arrives is the value itself, and no one reads anything into it.
            let as_it_is = |name: &str| {
                !contract.from.contains_key(name)
                    && !contract.picks.contains_key(name)
                    && !contract.collects.contains_key(name)
            };
            let inert = |name: &str| {
                let param = work.task.sig.params.iter().find(|param| param.name == name);
                as_it_is(name) && param.is_some_and(|param| param.ty.is_inert())
            };
            let texts: Option<Vec<EcoString>> = words.iter().map(|word| word_inert(word, &inert)).collect();
            match texts {
                Some(args) => Run::Command { command: exec(&["--"]), args },
                None => {
                    contract.run = words.clone();
                    Run::Command { command: exec(&[]), args: Vec::new() }
                }
            }
        }
    }
}

fn word_text(word: &Word) -> Option<EcoString> {
    if let Word::Text(text) = word { Some(text.into()) } else { None }
}

/// A word that may stand in `args`: no text that someone would expand, references to inert values only.
fn word_inert(word: &Word, inert: &dyn Fn(&str) -> bool) -> Option<EcoString> {
    let text = |text: &String| if text.contains('$') { None } else { Some(EcoString::from(text)) };
    match word {
        Word::Text(constant) => text(constant),
        Word::Parts(parts) => {
            let mut all = EcoString::new();
            for part in parts {
                match part {
                    Part::Text(constant) => all.push_str(&text(constant)?),
                    Part::Input { input } if inert(input) => all.push_str(&format!("$(params.{input})")),
                    Part::Input { .. } => return None,
                }
            }
            Some(all)
        }
    }
}
