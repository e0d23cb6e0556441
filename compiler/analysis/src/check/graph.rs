//! Which pipeline calls which: no circles, no endless rows, and what the target decides.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};

use super::Checker;
use crate::model::{PipelineId, Stmt};

/// How many pipelines may call one another in a row.
const CALLS_DEEP: usize = 16;

/// A call of a pipeline in another one, as both are declared.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    pub(super) caller: PipelineId,
    pub(super) callee: PipelineId,
    pub(super) span: Span,
}

/// What is known of a pipeline from all that it calls.
#[derive(Clone, Copy, Default)]
pub(super) struct Reach {
    /// It calls itself, or something below it does.
    pub(super) endless: bool,
    /// Something in it, or below it, was reported.
    pub(super) broken: bool,
    /// It has type parameters or `use`, or something below it has: it is built from instances.
    pub(super) varies: bool,
    /// The target chooses a tool in it or below it.
    pub(super) targeted: bool,
    /// How many calls stand inside one another.
    depth: usize,
}

impl Checker<'_> {
    /// Reports circles of calls and finds out what each pipeline reaches.
    pub(super) fn composition(&mut self) {
        let mut reach: Vec<Reach> = self
            .templates
            .iter()
            .map(|template| Reach {
                endless: true,
                broken: template.broken,
                varies: !template.generics.is_empty() || !template.uses.is_empty(),
                targeted: template.asks_target || !template.uses.is_empty(),
                depth: 0,
            })
            .collect();
        let calls = self.calls.clone();
        for edge in &calls {
            if let Some(word) = self.finally_of(edge.callee) {
                self.called_with_finally(edge, word);
                if let Some(caller) = reach.get_mut(edge.caller.0 as usize) {
                    caller.broken = true;
                }
            }
        }
        // Callees before callers: whoever is left at the end waits for itself.
        let mut waiting = vec![0_usize; reach.len()];
        let mut callers: Vec<Vec<(usize, Span)>> = vec![Vec::new(); reach.len()];
        for edge in &calls {
            if let (Some(waiting), Some(callers)) =
                (waiting.get_mut(edge.caller.0 as usize), callers.get_mut(edge.callee.0 as usize))
            {
                *waiting += 1;
                callers.push((edge.caller.0 as usize, edge.span));
            }
        }
        let mut ready: Vec<usize> =
            waiting.iter().enumerate().filter(|(_, left)| **left == 0).map(|(at, _)| at).collect();
        while let Some(at) = ready.pop() {
            let Some(known) = reach.get_mut(at).map(|known| {
                known.endless = false;
                *known
            }) else {
                continue;
            };
            for (caller, span) in callers.get(at).cloned().unwrap_or_default() {
                if let Some(above) = reach.get_mut(caller) {
                    above.broken |= known.broken;
                    above.varies |= known.varies;
                    above.targeted |= known.targeted;
                    above.depth = above.depth.max(known.depth + 1);
                    if known.depth + 1 == CALLS_DEEP {
                        above.broken = true;
                        self.too_deep(span);
                    }
                }
                if let Some(left) = waiting.get_mut(caller) {
                    *left -= 1;
                    if *left == 0 {
                        ready.push(caller);
                    }
                }
            }
        }
        self.circles(&reach, &calls);
        self.instances.reach = reach;
    }

    /// The `finally` of a pipeline.
    fn finally_of(&self, id: PipelineId) -> Option<Span> {
        self.package.pipeline(id)?.body.stmts.iter().find_map(|stmt| match stmt {
            Stmt::Finally(_, word) => Some(*word),
            Stmt::Let(..) | Stmt::Expr(_) | Stmt::Return(..) => None,
        })
    }

    fn called_with_finally(&mut self, edge: &Edge, word: Span) {
        let name = self.package.pipeline(edge.callee).map(|one| one.source.clone()).unwrap_or_default();
        let message = format!("`{name}` has a `finally`, and that is for the end of a whole run");
        let diagnostic = Diagnostic::new(&codes::flow::FINALLY_PLACE, edge.span, message)
            .label(word, "here")
            .help("call a pipeline with the steps alone, and write `finally` in the one that is run");
        self.report(diagnostic);
    }

    fn too_deep(&mut self, span: Span) {
        let message = format!("more than {CALLS_DEEP} pipelines call one another in a row here");
        let diagnostic =
            Diagnostic::new(&codes::syntax::OVER_THE_LIMIT, span, message).help("compose in fewer steps");
        self.report(diagnostic);
    }

    /// One diagnostic for each circle: its calls, from the first pipeline in the order of the files on.
    fn circles(&mut self, reach: &[Reach], calls: &[Edge]) {
        let endless = |id: PipelineId| reach.get(id.0 as usize).is_some_and(|known| known.endless);
        let mut next: Vec<Vec<Edge>> = vec![Vec::new(); reach.len()];
        for edge in calls.iter().filter(|edge| endless(edge.callee)) {
            if let Some(edges) = next.get_mut(edge.caller.0 as usize) {
                edges.push(*edge);
            }
        }
        // Of each pipeline, how far its calls were followed: the walk is a stack of its own, however long the row.
        let mut done = vec![false; reach.len()];
        let mut on_trail: Vec<Option<usize>> = vec![None; reach.len()];
        for start in 0..reach.len() {
            let mut trail: Vec<(usize, usize)> = vec![(start, 0)];
            put(&mut on_trail, start, Some(0));
            while let Some((at, edge)) = trail.last_mut() {
                let found = next.get(*at).and_then(|edges| edges.get(*edge)).copied();
                *edge += 1;
                let Some(found) = found.filter(|_| !done.get(*at).copied().unwrap_or(true)) else {
                    if let Some(done) = done.get_mut(*at) {
                        *done = true;
                    }
                    put(&mut on_trail, *at, None);
                    trail.pop();
                    continue;
                };
                let callee = found.callee.0 as usize;
                if let Some(first) = on_trail.get(callee).copied().flatten() {
                    let edges: Vec<Edge> = trail
                        .iter()
                        .skip(first)
                        .filter_map(|(at, edge)| next.get(*at)?.get(edge.saturating_sub(1)).copied())
                        .collect();
                    self.circle(&edges);
                } else if !done.get(callee).copied().unwrap_or(true) {
                    put(&mut on_trail, callee, Some(trail.len()));
                    trail.push((callee, 0));
                }
            }
        }
    }

    fn circle(&mut self, edges: &[Edge]) {
        let Some((last, others)) = edges.split_last() else { return };
        let name = |id: PipelineId| {
            self.package.pipeline(id).map_or(EcoString::new(), |pipeline| pipeline.source.clone())
        };
        // A circle of very many would be a message of very many lines.
        let others = others.get(..others.len().min(CALLS_DEEP)).unwrap_or_default();
        let edges = edges.get(..edges.len().min(CALLS_DEEP)).unwrap_or_default();
        let mut row: Vec<String> = edges.iter().map(|edge| format!("`{}`", name(edge.caller))).collect();
        row.push(format!("`{}`", name(last.callee)));
        let message = match others {
            [] => format!("{} calls itself", row.first().cloned().unwrap_or_default()),
            _ => format!("these pipelines call one another in a circle: {}", row.join(" → ")),
        };
        let mut diagnostic = Diagnostic::new(&codes::names::RECURSION, last.span, message)
            .help("the steps of a run are counted when it is built: end the circle, or let a task repeat");
        for edge in others {
            let text = format!("`{}` calls `{}`", name(edge.caller), name(edge.callee));
            diagnostic = diagnostic.label(edge.span, text);
        }
        self.report(diagnostic);
    }
}

fn put(places: &mut [Option<usize>], at: usize, place: Option<usize>) {
    if let Some(slot) = places.get_mut(at) {
        *slot = place;
    }
}
