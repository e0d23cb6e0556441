//! A pipeline called from a pipeline: its steps stand where it is called, under the call's name.

use ecow::eco_format;
use fuse_analysis::model::{Call, Output, Param, PipelineId};
use fuse_analysis::ty::Ty;
use fuse_base::{Diagnostic, codes};

use super::calls::Arg;
use super::eval::{self, eval, unusable};
use super::frame::Frame;
use super::guards::{GuardSpec, missing};
use super::val::{Arms, Val};
use super::{Lower, Returned};

/// How many calls of pipelines a pipeline may come to, those of its callees included.
const CALLS: u32 = 1_000;

impl<'a> Lower<'a, '_> {
    /// A call of a pipeline: its arguments first, then its statements, then what they give.
    pub(super) fn composed(&mut self, id: PipelineId, call: &'a Call) -> Val {
        let hint = self.hint.take();
        let Some(pipeline) = self.cx.package.pipeline(id) else { return Val::Error };
        let Some(params) = self.passed(call, &pipeline.params) else { return Val::Error };
        if params.iter().any(|value| matches!(value, Val::Never)) {
            return Val::Never;
        }
        if !self.may_call(call) {
            return Val::Error;
        }
        let after = self.steps_of_all(&call.after);
        let name = self.frame.step(call.span, &call.name);
        let (id, chains) = self.numbers(pipeline);
        let frame = Frame::called(id, pipeline, &name, params, chains);
        let first = self.nodes.len();
        let outer = std::mem::replace(&mut self.frame, frame);
        let returned = pipeline.outputs.iter().map(|_| Vec::new()).collect();
        let returned = std::mem::replace(&mut self.returned, returned);
        let label = self.label.take();
        self.block(&pipeline.body);
        let given = std::mem::replace(&mut self.returned, returned);
        let outcomes = pipeline.outputs.iter().zip(given);
        let mut values: Vec<Val> =
            outcomes.map(|(output, values)| self.outcome(&call.name, output, values)).collect();
        self.frame = outer;
        (self.label, self.hint) = (label, hint);
        self.start_after(&(first..self.nodes.len()), &after);
        if values.iter().any(|value| matches!(value, Val::Error)) {
            return Val::Error;
        }
        if pipeline.single {
            return values.pop().unwrap_or(Val::Unit);
        }
        let names = pipeline.outputs.iter().map(|output| output.name.clone());
        Val::Record(names.zip(values).collect())
    }

    /// What the parameters of a called pipeline stand for; `None` after a diagnostic.
    fn passed(&mut self, call: &'a Call, params: &'a [Param]) -> Option<Vec<Val>> {
        let mut all: Vec<Val> = Vec::new();
        let mut fine = true;
        for (at, param) in params.iter().enumerate() {
            let given = call.args.get(at).and_then(Option::as_ref);
            let value = match (given, &param.default) {
                // What may be absent stays a choice of arms: it is merged only where it is used as one value.
                (Some(typed), _) if matches!(param.ty, Ty::Optional(_)) => self.eval(typed),
                (Some(typed), _) => {
                    let value = self.eval(typed);
                    self.merge(value, &typed.ty, typed.span)
                }
                (None, Some(default)) => {
                    eval(self.cx, default, &mut eval::Callee { params: &all, generics: &[] })
                }
                (None, None) => Val::none(),
            };
            if let (Val::Unit, Some(typed)) = (&value, given) {
                unusable(self.cx, &value, typed.span);
                return None;
            }
            if let Some(typed) = given {
                let arg = Arg { value: value.clone(), span: typed.span };
                fine &= self.admitted(&param.ty, &arg, param.span);
            }
            all.push(value);
        }
        fine &= !all.iter().any(|value| matches!(value, Val::Error));
        fine.then_some(all)
    }

    /// Calls of calls multiply: a short program must not come to a graph without end.
    fn may_call(&mut self, call: &Call) -> bool {
        if self.frames < CALLS {
            return true;
        }
        let message = format!("`{}` comes to more than {CALLS} calls of pipelines", self.name);
        let diagnostic = Diagnostic::new(&codes::syntax::OVER_THE_LIMIT, call.span, message)
            .help("compose in fewer steps");
        self.cx.report_once(eco_format!("calls {}", self.name), diagnostic);
        false
    }

    /// What a called pipeline gives for an output.
    fn outcome(&mut self, call: &str, output: &Output, mut values: Vec<Returned>) -> Val {
        let level: Vec<GuardSpec> = self.guards.clone();
        if values.is_empty() {
            return if matches!(output.ty, Ty::Optional(_)) { Val::none() } else { Val::Never };
        }
        if let [only] = values.as_slice()
            && missing(&only.guards, &level).is_empty()
        {
            return values.pop().map_or(Val::Error, |only| only.value);
        }
        if values.iter().any(|one| matches!(one.value, Val::Error)) {
            return Val::Error;
        }
        Val::Arms(Box::new(Arms {
            id: self.frame.place(output.span),
            path: ecow::EcoString::new(),
            name: eco_format!("{call}--{}", output.name),
            cases: values.into_iter().map(|one| (missing(&one.guards, &level), one.value)).collect(),
            level,
            otherwise: None,
        }))
    }
}
