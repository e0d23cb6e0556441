//! `fused { … }`: calls that become the steps of one pod, one after another.
//!
//! A pod is one pipeline task: nothing in it is chosen, repeated or left out, and what concerns the pod as a whole is
//! said once, behind the block. Names that the block binds stay names after it.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast;

use super::body::{Body, Place};
use super::constant::has_error;
use crate::model::{Block, Callee, Fused, Kind, Settings, Stmt, TaskBody, Typed};
use crate::ty::{RecordTy, Ty};

/// The pod whose calls are checked.
pub(super) struct Pod {
    /// The word `fused`.
    pub(super) word: Span,
    /// Whether it has a call yet.
    pub(super) begun: bool,
}

impl Body<'_, '_> {
    /// The block as one step.
    pub(super) fn fused(&mut self, block: &ast::Block, span: Span) -> Typed {
        let word = Span { end: span.start + 5, ..span };
        let name = self.hint.take().unwrap_or_else(|| EcoString::from("fused"));
        if self.env.place != Place::Pipeline {
            let diagnostic = Diagnostic::new(&codes::names::WRONG_KIND, word, "`fused` stands in pipelines")
                .help("call the steps in a `pipeline`");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        self.not_in_late_loop(word, "`fused`", "call the steps one by one, or let the list be `const`");
        self.not_fused(word, "another `fused`", "write all calls into one block");
        let around = self.flow.fused.replace(Pod { word, begun: false });
        let block = self.statements(block, true);
        let begun = std::mem::replace(&mut self.flow.fused, around).is_some_and(|pod| pod.begun);
        if !begun && !any_error(&block) {
            let diagnostic = Diagnostic::new(&codes::flow::FUSED_BLOCK, word, "no step runs in this `fused`")
                .help("call the tasks in it that share a pod, or remove it");
            self.checker.report(diagnostic);
        }
        let ty = block.value.as_ref().map_or_else(nothing, |value| value.ty.clone());
        let (settings, after) = (Settings::default(), Vec::new());
        let fused = Fused { block, settings, after, name, span };
        Typed { kind: Kind::Fused(Box::new(fused)), ty, late: true, span }
    }

    /// Reports what cannot stand in a pod. What is inside of it is checked as if it stood outside, so this is said once.
    pub(super) fn not_fused(&mut self, span: Span, what: &str, help: &str) {
        let Some(pod) = &mut self.flow.fused else { return };
        pod.begun = true;
        let message = format!("{what} cannot stand in `fused`: the steps of a pod all run, once, in order");
        let diagnostic =
            Diagnostic::new(&codes::flow::FUSED_BLOCK, span, message).label(pod.word, "one pod").help(help);
        self.checker.report(diagnostic);
    }

    /// A call in a pod: only a task of this package's own making can be a step of it.
    pub(super) fn fused_call(&mut self, callee: Callee, text: &str, span: Span) {
        let Some(pod) = &mut self.flow.fused else { return };
        pod.begun = true;
        let word = pod.word;
        let diagnostic = match callee {
            Callee::Pipeline(_) => {
                let message = format!("`{text}` is a pipeline, and a pod has steps alone");
                Diagnostic::new(&codes::flow::FUSED_PIPELINE, span, message)
                    .help("call its tasks here, or call it beside the `fused`")
            }
            Callee::Task(id) => {
                let Some(task) = self.checker.package.tasks.get(id.0 as usize) else { return };
                if matches!(task.body, TaskBody::External { .. }) {
                    let message = format!("`{text}` is a Task that exists already: it has a pod of its own");
                    Diagnostic::new(&codes::flow::FUSED_EXTERNAL, span, message)
                        .label(task.sig.span, "declared here")
                        .help("call it before or after the `fused`")
                } else if let Some((true, place)) = task.settings.continues {
                    let message = format!("a pod fails with its first step that fails, and `{text}` goes on");
                    Diagnostic::new(&codes::flow::FUSED_SETTING, span, message)
                        .label(place, "said here")
                        .help("call it beside the `fused`, or say `on_error: continue` of the whole pod")
                } else {
                    return;
                }
            }
            Callee::Resource(_) | Callee::Member(_) => return,
        };
        self.checker.report(diagnostic.label(word, "one pod"));
    }

    /// `apply` in a pod.
    pub(super) fn fused_apply(&mut self, word: Span) {
        let Some(pod) = &mut self.flow.fused else { return };
        pod.begun = true;
        let message = "`apply` runs under rights of its own, and the steps of a pod share one account";
        let diagnostic = Diagnostic::new(&codes::flow::FUSED_APPLY, word, message)
            .label(pod.word, "one pod")
            .help("apply the resource after the `fused`");
        self.checker.report(diagnostic);
    }

    /// Settings of a call in a pod: what concerns the pod as a whole stands behind the block.
    pub(super) fn fused_settings(&mut self, settings: &Settings) {
        let Some(pod) = &self.flow.fused else { return };
        let word = pod.word;
        let retries = settings.retries.as_ref().map(|typed| ("retries", typed.span));
        let continues = settings.continues.map(|(_, span)| ("on_error", span));
        for (name, span) in retries.into_iter().chain(continues) {
            let message = format!("`{name}` is about a pod, and this call is one of its steps");
            let diagnostic = Diagnostic::new(&codes::flow::FUSED_SETTING, span, message)
                .label(word, "one pod")
                .help(format!("write it behind the block: `fused {{ … }} with {{ {name}: … }}`"));
            self.checker.report(diagnostic);
        }
    }

    /// Settings of the pod as a whole: what a container asks for stands at its call.
    pub(super) fn pod_settings(&mut self, settings: &Settings) {
        let Settings { cpu, memory, gpu, env, .. } = settings;
        let single = [("cpu", cpu), ("memory", memory), ("gpu", gpu)];
        let single = single.into_iter().filter_map(|(name, typed)| Some((name, typed.as_ref()?.span)));
        let env = env.first().map(|(_, value)| ("env", value.span));
        for (name, span) in single.chain(env) {
            let message = format!("`{name}` is about one step, and a `fused` has several");
            let diagnostic = Diagnostic::new(&codes::flow::FUSED_SETTING, span, message)
                .help(format!("write it at the call that needs it: `task(…) with {{ {name}: … }}`"));
            self.checker.report(diagnostic);
        }
    }
}

/// What a block gives that ends in no value: as a task without outputs.
fn nothing() -> Ty {
    Ty::Record(std::rc::Rc::new(RecordTy { name: None, fields: Vec::new() }))
}

/// Whether something in a block was reported.
fn any_error(block: &Block) -> bool {
    let stmt = |stmt: &Stmt| match stmt {
        Stmt::Let(_, typed) | Stmt::Expr(typed) => has_error(typed),
        Stmt::Return(..) | Stmt::Finally(..) => true,
    };
    block.stmts.iter().any(stmt) || block.value.as_deref().is_some_and(has_error)
}
