//! `with { … }`: resources, timeouts, retries and environment, the call's before the task's own.

use ecow::EcoString;
use fuse_analysis::model::{Settings, Typed};
use fuse_analysis::value::{Value, cpu_text, memory_text};
use fuse_base::Span;

use super::Lower;
use super::eval::{Callee, eval};
use super::val::Val;
use crate::cx::Cx;
use crate::model::Resources;
use crate::nodes;

/// A variable of `with { env: … }`.
#[derive(Clone)]
pub(crate) struct Variable {
    pub(crate) name: EcoString,
    pub(crate) value: Val,
    pub(crate) span: Span,
    /// Whether its references are to parameters of the Task, not of the pipeline.
    pub(crate) inside: bool,
}

/// Settings with their values.
#[derive(Clone, Default)]
pub(crate) struct Resolved {
    pub(crate) cpu: Option<(u64, Span)>,
    pub(crate) memory: Option<(u64, Span)>,
    pub(crate) timeout: Option<(u64, Span)>,
    pub(crate) retries: Option<(u32, Span)>,
    /// The class of nodes.
    pub(crate) node: Option<(EcoString, Span)>,
    pub(crate) gpu: Option<(u64, Span)>,
    /// Whether the run goes on where the step fails.
    pub(crate) continues: Option<(bool, Span)>,
    pub(crate) env: Vec<Variable>,
}

/// What settings say about a pod as a whole.
#[derive(Clone, Default)]
pub(crate) struct Pod {
    /// The class of its nodes.
    pub(crate) class: Option<(EcoString, Span)>,
    /// Where it is said that the run goes on where the step fails.
    pub(crate) continues: Option<Span>,
    /// Where retries are asked for.
    pub(crate) retries: Option<Span>,
}

impl<'a> Lower<'a, '_> {
    /// The settings at a call.
    pub(super) fn settings(&mut self, settings: &'a Settings) -> Resolved {
        let parts = parts(settings, |typed| self.eval(typed));
        let env = settings.env.iter();
        let env = env.map(|(name, typed)| {
            let value = self.eval(typed);
            variable(name, self.merge(value, &typed.ty, typed.span), typed.span, false)
        });
        let env = env.collect();
        resolved(parts, settings.continues, env)
    }
}

/// The settings that are single values, in the order in which [`resolved`] takes them.
fn parts<'a>(settings: &'a Settings, mut value: impl FnMut(&'a Typed) -> Val) -> [Option<(Val, Span)>; 6] {
    let Settings { cpu, memory, timeout, retries, node, gpu, .. } = settings;
    [cpu, memory, timeout, retries, node, gpu]
        .map(|typed| typed.as_ref().map(|typed| (value(typed), typed.span)))
}

/// The settings of a declaration.
pub(crate) fn declared(cx: &Cx<'_>, settings: &Settings, names: &mut Callee<'_>) -> Resolved {
    let parts = parts(settings, |typed| eval(cx, typed, names));
    let env = settings.env.iter();
    let env = env.map(|(name, typed)| variable(name, eval(cx, typed, names), typed.span, true)).collect();
    resolved(parts, settings.continues, env)
}

fn variable(name: &EcoString, value: Val, span: Span, inside: bool) -> Variable {
    Variable { name: name.clone(), value, span, inside }
}

fn resolved(
    parts: [Option<(Val, Span)>; 6],
    continues: Option<(bool, Span)>,
    env: Vec<Variable>,
) -> Resolved {
    let [cpu, memory, timeout, retries, node, gpu] = parts;
    let number = |part: Option<(Val, Span)>| match part {
        Some((Val::Const(Value::Cpu(n) | Value::Memory(n) | Value::Duration(n)), span)) => Some((n, span)),
        _ => None,
    };
    let whole = |part: Option<(Val, Span)>| match part {
        Some((Val::Const(Value::Int(n)), span)) => u32::try_from(n).ok().map(|n| (n, span)),
        _ => None,
    };
    let node = match node {
        Some((Val::Const(Value::Str(name)), span)) => Some((name, span)),
        _ => None,
    };
    Resolved {
        cpu: number(cpu),
        memory: number(memory),
        timeout: number(timeout),
        retries: whole(retries),
        node,
        gpu: whole(gpu).map(|(count, span)| (u64::from(count), span)),
        continues,
        env,
    }
}

impl Resolved {
    /// These settings, completed by others.
    pub(crate) fn or(self, other: Self) -> Self {
        let mut env = self.env;
        for variable in other.env {
            if !env.iter().any(|known| known.name == variable.name) {
                env.push(variable);
            }
        }
        Self {
            cpu: self.cpu.or(other.cpu),
            memory: self.memory.or(other.memory),
            timeout: self.timeout.or(other.timeout),
            retries: self.retries.or(other.retries),
            node: self.node.or(other.node),
            gpu: self.gpu.or(other.gpu),
            continues: self.continues.or(other.continues),
            env,
        }
    }

    /// What concerns the pod as a whole, and the run. Reports a class that the target does not have.
    pub(crate) fn pod(&self, cx: &Cx<'_>) -> Pod {
        let class = self.node.clone().filter(|asked| nodes::class(cx, Some(asked)).is_some());
        let continues = self.continues.filter(|(continues, _)| *continues).map(|(_, span)| span);
        Pod { class, continues, retries: self.retries.map(|(_, span)| span) }
    }

    /// `cpu` is a request, `memory` request and limit.
    pub(crate) fn resources(&self, cx: &Cx<'_>) -> Resources {
        let memory = self.memory.map(|(bytes, span)| (memory_text(bytes), span));
        Resources {
            cpu_request: self.cpu.map(|(milli, span)| (cpu_text(milli), span)),
            memory_request: memory.clone(),
            memory_limit: memory,
            devices: nodes::devices(cx, self.node.as_ref(), self.gpu),
        }
    }
}
