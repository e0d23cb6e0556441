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
    pub(crate) retries: Option<u32>,
    pub(crate) env: Vec<Variable>,
}

impl<'a> Lower<'a, '_> {
    /// The settings at a call.
    pub(super) fn settings(&mut self, settings: &'a Settings) -> Resolved {
        let mut value = |typed: &'a Option<Typed>| typed.as_ref().map(|typed| (self.eval(typed), typed.span));
        let parts = [
            value(&settings.cpu),
            value(&settings.memory),
            value(&settings.timeout),
            value(&settings.retries),
        ];
        let env = settings.env.iter();
        let env = env.map(|(name, typed)| {
            let value = self.eval(typed);
            variable(name, self.merge(value, &typed.ty, typed.span), typed.span, false)
        });
        let env = env.collect();
        resolved(parts, env)
    }
}

/// The settings of a declaration.
pub(crate) fn declared<'a>(cx: &Cx<'_>, settings: &'a Settings, names: &mut Callee<'_>) -> Resolved {
    let mut value =
        |typed: &'a Option<Typed>| typed.as_ref().map(|typed| (eval(cx, typed, names), typed.span));
    let parts =
        [value(&settings.cpu), value(&settings.memory), value(&settings.timeout), value(&settings.retries)];
    let env = settings.env.iter();
    let env = env.map(|(name, typed)| variable(name, eval(cx, typed, names), typed.span, true)).collect();
    resolved(parts, env)
}

fn variable(name: &EcoString, value: Val, span: Span, inside: bool) -> Variable {
    Variable { name: name.clone(), value, span, inside }
}

fn resolved(parts: [Option<(Val, Span)>; 4], env: Vec<Variable>) -> Resolved {
    let [cpu, memory, timeout, retries] = parts;
    let number = |part: Option<(Val, Span)>| match part {
        Some((Val::Const(Value::Cpu(n) | Value::Memory(n) | Value::Duration(n)), span)) => Some((n, span)),
        _ => None,
    };
    let retries = match retries {
        Some((Val::Const(Value::Int(n)), _)) => u32::try_from(n).ok(),
        _ => None,
    };
    Resolved { cpu: number(cpu), memory: number(memory), timeout: number(timeout), retries, env }
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
            env,
        }
    }

    /// `cpu` is a request, `memory` request and limit.
    pub(crate) fn resources(&self) -> Resources {
        let memory = self.memory.map(|(bytes, span)| (memory_text(bytes), span));
        Resources {
            cpu_request: self.cpu.map(|(milli, span)| (cpu_text(milli), span)),
            memory_request: memory.clone(),
            memory_limit: memory,
        }
    }
}
