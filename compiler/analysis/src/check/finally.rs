//! `finally`: where it stands, what its steps know of those before, and how these and the run have ended.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::{self, Expr, ExprKind, Name};

use super::body::{Body, Place};
use super::index;
use crate::model::{Block, Chain, ChainId, Kind, LocalId, StatusOf, Typed};
use crate::ty::{EnumId, Ty};

/// The enums of the core module that say how a run and a step have ended.
const RUN_STATUS: &str = "RunStatus";
const STEP_STATUS: &str = "StepStatus";

impl Body<'_, '_> {
    /// `finally { … }`; `word` is its first word, `last` says whether anything follows. What the steps before give may
    /// be missing here: the block is an arm of its own, and whatever waits for a step lies in the other one.
    pub(super) fn at_the_end(&mut self, block: &ast::Block, word: Span, last: bool) -> Option<Block> {
        let wrong = if self.flow.finally.is_some() {
            Some("a pipeline has one `finally`")
        } else if !self.flow.arms.is_empty() {
            Some("`finally` stands in no arm of an `if`: it runs whatever became of the steps before")
        } else if !self.flow.rounds.is_empty() {
            Some("`finally` stands in no loop: it runs once, at the end")
        } else if !last {
            Some("nothing can follow `finally`")
        } else {
            None
        };
        if let Some(message) = wrong {
            let diagnostic = Diagnostic::new(&codes::flow::FINALLY_PLACE, word, message)
                .help("write one `finally { … }` as the last statement of the pipeline");
            self.checker.report(diagnostic);
            return None;
        }
        let chain = ChainId(index(self.flow.chains.len()));
        self.flow.chains.push(Chain { cond: word, presence: Vec::new() });
        self.flow.presence.insert(chain);
        for id in &self.flow.waiting {
            if let Some(local) = self.flow.locals.get_mut(id.0 as usize) {
                local.presence.insert(0, (chain, 0));
            }
        }
        self.flow.finally = Some(chain);
        self.flow.arms.push((chain, 1));
        let block = self.statements(block, false);
        self.flow.arms.pop();
        Some(block)
    }

    /// Reports a `return` in `finally`.
    pub(super) fn no_return_at_the_end(&mut self, word: Span) {
        if self.flow.finally.is_none() || self.flow.arms.is_empty() {
            return;
        }
        let diagnostic =
            Diagnostic::new(&codes::flow::FINALLY_PLACE, word, "nothing leaves `finally`: it cannot return")
                .help("return before `finally`, what the steps there give");
        self.checker.report(diagnostic);
    }

    /// Reports what a step gives, used in `finally` as if it were always there.
    pub(super) fn may_be_missing(&mut self, typed: &Typed, id: LocalId, chain: ChainId) -> Typed {
        let (Some(local), Some(word)) = (self.flow.local(id), self.flow.condition(chain)) else {
            return Typed::error(typed.span);
        };
        let name = local.name.clone();
        let message =
            format!("`{name}` may be missing in `finally`: its step may have failed, or not have run");
        let diagnostic = Diagnostic::new(&codes::flow::ABSENT, typed.span, message)
            .label(word, "this runs in any case")
            .label(local.span, "bound here")
            .help(format!("use it where it is there: `if let v = {name} {{ … }}`"));
        self.checker.report(diagnostic);
        Typed::error(typed.span)
    }

    /// `pipeline.status` and `step.status`; `None` where the name before the dot is something else.
    pub(super) fn status(&mut self, base: &Expr, name: &Name, span: Span) -> Option<Typed> {
        let ExprKind::Name(head) = &base.kind else { return None };
        if name.text != "status" || self.env.place != Place::Pipeline {
            return None;
        }
        let (of, known) = match self.flow.names.get(head).copied() {
            Some(id) if self.flow.steps.contains(&id) && !self.gives_status(id) => {
                (StatusOf::Step(id), STEP_STATUS)
            }
            Some(_) => return None,
            None if head == "pipeline" => (StatusOf::Run, RUN_STATUS),
            None => return None,
        };
        let at = self.checker.package.enums.iter().position(|one| one.name == known)?;
        let ty = Ty::Enum(EnumId(index(at)));
        if let Some(message) = self.not_ended(of, head) {
            let diagnostic = Diagnostic::new(&codes::flow::STATUS, span, message)
                .help("ask for it in `finally { … }`, of the run or of a step before");
            self.checker.report(diagnostic);
            // What it is compared with keeps its meaning.
            return Some(Typed { kind: Kind::Error, ty, late: true, span });
        }
        Some(Typed { kind: Kind::Status(of), ty, late: true, span })
    }

    /// Whether a step has an output of this name: then that is meant.
    fn gives_status(&self, id: LocalId) -> bool {
        match self.flow.local(id).map(|local| &local.ty) {
            Some(Ty::Record(record)) => record.fields.iter().any(|field| field.name == "status"),
            _ => false,
        }
    }

    /// Why nothing is known yet of how something ended.
    fn not_ended(&self, of: StatusOf, head: &EcoString) -> Option<String> {
        let Some(chain) = self.flow.finally else {
            return Some(format!("how `{head}` ends is known only when all steps have ended"));
        };
        match of {
            StatusOf::Run => None,
            StatusOf::Step(id) => {
                let inside = self.flow.local(id).is_some_and(|local| local.presence.contains(&(chain, 1)));
                inside.then(|| format!("`{head}` runs in `finally` itself: it has not ended yet"))
            }
        }
    }
}
