//! Calls: a call of a task or an `apply` becomes a pipeline task.

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{Call, Callee, Kind, Resource, Task, Typed};
use fuse_analysis::outside;
use fuse_analysis::ty::{Schemes, Ty};
use fuse_analysis::value::Value;
use fuse_base::{Diagnostic, Span, codes};
use indexmap::IndexMap;

use super::eval::{self, unusable};
use super::external::is_external;
use super::fused::FusedWork;
use super::join::JoinWork;
use super::matrix::ListWork;
use super::settings::Resolved;
use super::val::{Chosen, Late, NodeAt, Origin, Round, RoundOf, Val};
use super::{Lower, NodeSpec};
use crate::binding;
use crate::types;

/// What a pipeline task does.
pub(crate) enum Work<'a> {
    Task(Box<TaskWork<'a>>),
    Fused(Box<FusedWork<'a>>),
    Apply(Box<ApplyWork<'a>>),
    Decide(Decide),
    Fail(Fail),
    Join(JoinWork),
    List(ListWork),
}

/// A call of a task.
pub(crate) struct TaskWork<'a> {
    pub(crate) call: &'a Call,
    pub(crate) task: &'a Task,
    /// For each parameter its argument; `None` takes the default.
    pub(crate) args: Vec<Option<Arg>>,
    pub(crate) settings: Resolved,
    /// Results that are taken out of outputs: by name the type and the place that asked first.
    pub(crate) added: IndexMap<EcoString, (Ty, Span)>,
    /// Conditions that the step computes when it closes.
    pub(crate) arms: Vec<(Chosen, Span)>,
}

/// An `apply`.
pub(crate) struct ApplyWork<'a> {
    pub(crate) call: &'a Call,
    pub(crate) resource: &'a Resource,
    pub(crate) args: Vec<Option<Arg>>,
    pub(crate) settings: Resolved,
}

/// A helper that computes a condition.
pub(crate) struct Decide {
    pub(crate) base: EcoString,
    pub(crate) chosen: Chosen,
}

/// A helper that fails the run.
pub(crate) struct Fail {
    pub(crate) base: EcoString,
    pub(crate) message: Val,
}

/// An argument.
#[derive(Clone)]
pub(crate) struct Arg {
    pub(crate) value: Val,
    pub(crate) span: Span,
}

impl<'a> Lower<'a, '_> {
    /// A call: its arguments first, then itself.
    pub(super) fn step(&mut self, call: &'a Call) -> Val {
        if let Callee::Pipeline(id) = call.callee {
            return self.composed(id, call);
        }
        let hint = self.hint.take();
        let args: Vec<Option<Arg>> = call
            .args
            .iter()
            .map(|arg| arg.as_ref().map(|typed| Arg { value: self.eval(typed), span: typed.span }))
            .collect();
        let settings = self.settings(&call.settings);
        self.hint = hint;
        let Some(signature) = self.cx.package.signature(call.callee) else { return Val::Error };
        let args: Vec<Option<Arg>> = call
            .args
            .iter()
            .zip(args)
            .map(|(typed, arg)| Some(self.single(arg?, own(typed.as_ref()?))))
            .collect();
        if args.iter().flatten().any(|arg| matches!(arg.value, Val::Error)) {
            return Val::Error;
        }
        let mut fine = true;
        for (param, arg) in signature.params.iter().zip(&args) {
            if let Some(arg) = arg {
                fine &= self.fits(&param.ty, arg, param.span);
            }
        }
        if !fine {
            return Val::Error;
        }
        let name = self.frame.step(call.span, &call.name);
        let work = match call.callee {
            Callee::Task(id) => {
                let Some(task) = self.cx.package.tasks.get(id.0 as usize) else { return Val::Error };
                if let Some(pod) = self.pod {
                    return self.call_in_pod(pod, call, task, args, settings);
                }
                let (added, arms) = (types::fields(self.cx.package, &task.sig), Vec::new());
                Work::Task(Box::new(TaskWork { call, task, args, settings, added, arms }))
            }
            Callee::Resource(id) => {
                let Some(resource) = self.cx.package.resources.get(id.0 as usize) else { return Val::Error };
                Work::Apply(Box::new(ApplyWork { call, resource, args, settings }))
            }
            Callee::Pipeline(_) | Callee::Member(_) => return Val::Error,
        };
        let after = self.steps_of_all(&call.after);
        let matrix = self.matrix.clone();
        let node = NodeSpec { after, matrix, ..NodeSpec::new(name, self.guards.clone(), work, call.span) };
        let at = self.push(node);
        match signature.outputs.as_slice() {
            [only] if signature.single => self.output_of(at, &only.name.clone()),
            _ => Val::Node(at),
        }
    }

    /// An argument as one value.
    fn single(&mut self, arg: Arg, ty: &Ty) -> Arg {
        if matches!(&arg.value, Val::Rounds(rounds) if rounds.leaf().is_some()) {
            return arg;
        }
        let value = self.merge(arg.value, ty, arg.span);
        Arg { value: self.expand(value), span: arg.span }
    }

    /// The outputs of a step as a record, down to the items of lists; other values as they are.
    pub(super) fn expand(&self, value: Val) -> Val {
        let (at, call) = match value {
            Val::Node(at) => (at, None),
            Val::Inside(at, call) => (at, Some(call)),
            Val::List(items) => return Val::List(items.into_iter().map(|item| self.expand(item)).collect()),
            Val::Record(fields) => {
                let fields = fields.into_iter().map(|(name, field)| (name, self.expand(field)));
                return Val::Record(fields.collect());
            }
            other => return other,
        };
        let outputs = self.outputs_of(at, call.as_ref()).into_iter();
        Val::Record(outputs.map(|(name, result)| (name, self.output_of(at, &result))).collect())
    }

    pub(super) fn signature_of(&self, at: NodeAt) -> Option<&'a fuse_analysis::model::Signature> {
        match &self.nodes.get(at)?.work {
            Work::Task(work) => Some(&work.task.sig),
            Work::Apply(work) => Some(&work.resource.sig),
            Work::Fused(_) | Work::Decide(_) | Work::Fail(_) | Work::Join(_) | Work::List(_) => None,
        }
    }

    /// A reference to an output of a step.
    pub(super) fn output_of(&self, at: NodeAt, name: &EcoString) -> Val {
        let Some(node) = self.nodes.get(at) else { return Val::Error };
        let (sig, own) = match &node.work {
            Work::Fused(work) => {
                work.giver(name).map(|(call, own)| (Some(&call.work.task.sig), own)).unwrap_or_default()
            }
            _ => (self.signature_of(at), name.clone()),
        };
        let Some(output) = sig.and_then(|sig| sig.outputs.iter().find(|output| output.name == own)) else {
            return Val::Error;
        };
        if node.matrix.is_some() {
            let (of, path) = (RoundOf::Out(at, node.name.clone()), vec![output.name.clone()]);
            return Val::Round(Box::new(Round { of, path, ty: output.ty.clone() }));
        }
        Val::Late(Late::result(at, node.name.clone(), name.clone(), output.ty.clone()))
    }

    /// A metric or a field of an artifact: it becomes a result of the step that made the artifact.
    pub(super) fn take(&mut self, from: &Late, name: &EcoString, ty: &Ty) -> Val {
        let Origin::Result { node, step, output, .. } = &from.origin else { return Val::Unit };
        let Some(spec) = self.nodes.get_mut(*node) else { return Val::Error };
        let (work, own) = match &mut spec.work {
            Work::Task(work) if !is_external(work) => (&mut **work, output.clone()),
            Work::Fused(pod) => match pod.giver_mut(output) {
                Some((call, own)) => (&mut call.work, own),
                None => return Val::Unit,
            },
            _ => return Val::Unit,
        };
        let cause = work.task.sig.outputs.iter().find(|o| o.name == own).map_or(spec.cause, |o| o.span);
        work.added.entry(eco_format!("{own}--{name}")).or_insert_with(|| (ty.clone(), cause));
        let result = eco_format!("{output}--{name}");
        let origin = Origin::Result { node: *node, step: step.clone(), output: output.clone(), result };
        Val::Late(Late { origin, ty: ty.clone(), uri: false })
    }

    /// Whether a step is a call of an external task.
    pub(super) fn is_external(&self, at: NodeAt) -> bool {
        matches!(self.nodes.get(at).map(|node| &node.work), Some(Work::Task(work)) if is_external(work))
    }

    /// Lets a step compute a condition when it closes; `None` where the step cannot.
    pub(super) fn arm_in_step(&mut self, at: NodeAt, chosen: &Chosen, cause: Span) -> Option<Late> {
        let node = self.nodes.get_mut(at)?;
        let arms = match &mut node.work {
            Work::Task(work) if !is_external(work) => &mut work.arms,
            Work::Fused(work) => &mut work.arms,
            _ => return None,
        };
        let result = eco_format!("arm--{}", arms.len());
        arms.push((chosen.clone(), cause));
        Some(Late::result(at, node.name.clone(), result, Ty::int()))
    }

    /// Whether an argument can be passed: one value, and a reference that the port can read.
    fn fits(&self, ty: &Ty, arg: &Arg, declared: Span) -> bool {
        if matches!(arg.value, Val::Arms(_) | Val::Never | Val::Expr(_) | Val::Unit) {
            unusable(self.cx, &arg.value, arg.span);
            return false;
        }
        if !self.admitted(ty, arg, declared) {
            return false;
        }
        let (Val::Late(late), Ty::Artifact(port)) = (&arg.value, types::present(ty)) else { return true };
        let (Some(accepted), Ty::Artifact(given)) = (&port.by, types::present(&late.ty)) else { return true };
        if accepted.names.is_empty() {
            return true;
        }
        match (&given.by, late.node()) {
            (Some(offered), Some(from)) => self.schemes(from, offered, accepted, arg.span, declared),
            _ => true,
        }
    }

    /// Whether a constant keeps the bounds of its parameter. Those in the source were held against them; what a target
    /// sets for a parameter, and what that is handed on to, was not.
    pub(super) fn admitted(&self, ty: &Ty, arg: &Arg, declared: Span) -> bool {
        let Some((value, wrong)) = arg.constant().and_then(|value| Some((value, outside(value, ty)?))) else {
            return true;
        };
        let message = format!("`{value}` {wrong}: `{}`", self.cx.package.show(ty, &[]));
        let diagnostic = Diagnostic::new(&codes::types::OUT_OF_RANGE, arg.span, message)
            .label(declared, "this parameter says what it takes")
            .help("give a value that the type admits, or narrow the parameter that it comes from");
        self.cx.report(diagnostic);
        false
    }

    /// Every scheme that the producer can give is read by the consumer, by itself or rewritten.
    fn schemes(
        &self,
        (node, result): (NodeAt, &EcoString),
        offered: &Schemes,
        accepted: &Schemes,
        span: Span,
        declared: Span,
    ) -> bool {
        let Some((work, _)) = self.giver(node, result) else { return true };
        let rewrite = rewrites(self, work);
        let offered: Vec<EcoString> = if offered.names.is_empty() {
            vec![EcoString::from("any scheme")]
        } else {
            offered.names.clone()
        };
        for scheme in &offered {
            let prefix = eco_format!("{scheme}:");
            let becomes = rewrite.iter().find(|(from, _)| from.starts_with(prefix.as_str()));
            let scheme_now = becomes.map_or(scheme.as_str(), |(_, to)| to.split(':').next().unwrap_or(to));
            if accepted.names.iter().any(|name| name == scheme_now) {
                continue;
            }
            let task = &work.task.sig.name;
            let message = format!(
                "`{task}` may give a `{scheme_now}` uri, and only `{}` is read here",
                accepted.names.join("`, `")
            );
            let first = accepted.names.first().cloned().unwrap_or_default();
            let service = work.task.needs.first().and_then(|(tool, service, _)| {
                let tool = self.cx.package.tools.get(tool.0 as usize)?;
                Some(eco_format!("{}.{}", tool.name, tool.services.get(service.0 as usize)?.name))
            });
            let help = match service {
                Some(service) => format!(
                    "say in the binding of `{service}` where these files lie: \
                     `rewrite = {{ \"{scheme}:/\" = \"{first}://…/\" }}`"
                ),
                None => format!("declare the output with `by uri({})`", accepted.names.join(", ")),
            };
            let diagnostic = Diagnostic::new(&codes::target::SCHEME, span, message)
                .label(declared, "this parameter says which schemes it reads")
                .label(self.cx.target.bind_span, "the bindings of the target")
                .help(help);
            self.cx.report(diagnostic);
            return false;
        }
        true
    }
}

/// What the bound services of a task replace in references.
fn rewrites(lower: &Lower<'_, '_>, work: &TaskWork<'_>) -> Vec<(EcoString, EcoString)> {
    let mut all = Vec::new();
    for (tool, service, span) in &work.task.needs {
        let bound = binding::service(lower.cx, *tool, *service, *span, work.call.span, &work.task.sig.name);
        all.extend(bound.map(|bound| bound.rewrite).unwrap_or_default());
    }
    all
}

/// The type that a value has by itself, where it is given for an optional one.
pub(super) fn own(typed: &Typed) -> &Ty {
    if let Kind::Some(inner) = &typed.kind { own(inner) } else { &typed.ty }
}

impl Arg {
    /// The constant, where it is one.
    pub(crate) const fn constant(&self) -> Option<&Value> {
        self.value.constant()
    }
}

/// The arguments of a call with defaults put in: what a callee's own expressions see. `late` says how a parameter
/// that is not `const` looks from inside.
pub(crate) fn inside(
    cx: &crate::cx::Cx<'_>,
    sig: &fuse_analysis::model::Signature,
    generics: &[fuse_analysis::ty::Facet],
    args: &[Option<Arg>],
    late: &dyn Fn(&fuse_analysis::model::Param, Option<Val>) -> Val,
) -> Vec<Val> {
    let mut all: Vec<Val> = Vec::new();
    for (at, param) in sig.params.iter().enumerate() {
        let given = args.get(at).cloned().flatten().map(|arg| arg.value);
        let value = given.or_else(|| {
            let default = param.default.as_ref();
            default.map(|default| eval::eval(cx, default, &mut eval::Callee { params: &all, generics }))
        });
        let value = match value {
            None if matches!(param.ty, Ty::Optional(_)) => Some(Val::none()),
            other => other,
        };
        all.push(if param.constant { value.unwrap_or(Val::Error) } else { late(param, value) });
    }
    all
}
