//! The budget of results: what a pod can hand back, and what its declared results may take.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};

use crate::cx::Cx;
use crate::model::{Budget, Run, Task};

/// Bytes of a container's termination message.
const MESSAGE: u64 = 4096;
/// Bytes of the messages of all containers of a pod.
const POD: u64 = 12_288;
/// Bytes of Tekton's own records in a message: brackets, `StartedAt`, `ExitCode`, `Reason`.
const RECORDS: u64 = 160;
/// Bytes around the name and value of a result: `{"key":"","value":"","type":1},`.
const AROUND: u64 = 31;

/// The containers of a pod with so many steps: Tekton adds one that prepares, and one that places scripts.
fn containers(cx: &Cx<'_>, steps: usize, scripts: bool) -> u64 {
    steps as u64 + 1 + u64::from(scripts) + u64::from(cx.target.injected_containers)
}

/// Bytes that all results of such a pod may take in the termination message of a container.
pub(crate) fn allowed(cx: &Cx<'_>, steps: usize, scripts: bool) -> u32 {
    let allowed = MESSAGE.min(POD / containers(cx, steps, scripts)).saturating_sub(RECORDS);
    u32::try_from(allowed).unwrap_or(u32::MAX)
}

/// Fills in the budget of a Task and reports results that may not fit.
pub(crate) fn check(cx: &Cx<'_>, task: &mut Task, sizes: &[(EcoString, u64)], call: Span) {
    let scripts = task.steps.iter().any(|step| matches!(step.run, Run::Script(_)));
    let containers = containers(cx, task.steps.len(), scripts);
    let allowed = u64::from(allowed(cx, task.steps.len(), scripts));
    let size = |(name, bytes): &(EcoString, u64)| bytes.saturating_add(name.len() as u64 + AROUND);
    let used = sizes.iter().fold(0u64, |sum, one| sum.saturating_add(size(one)));
    let cut = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    task.budget = Budget { containers: cut(containers), allowed: cut(allowed), used: cut(used) };
    if used <= allowed {
        return;
    }
    let largest = sizes.iter().max_by_key(|(_, bytes)| *bytes);
    let (name, bytes) = largest.map_or(("", 0), |(name, bytes)| (name.as_str(), *bytes));
    let cause = task.results.iter().find(|result| result.name == name).map_or(task.cause, |r| r.cause);
    let message =
        format!("the results of this task may take {used} bytes, and its pod can hand back {allowed}");
    let diagnostic = Diagnostic::new(&codes::plan::RESULTS_SIZE, cause, message)
        .note(format!("`{name}` alone may take {bytes}"))
        .label(call, "called here")
        .help("return an artifact, or bound the type: `String ..=64`, `List<T> ..=10`");
    cx.report(diagnostic);
}
