//! `with { … }` and `after …`, in a task's body and at a call.

use std::collections::HashSet;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, closest, codes};
use fuse_syntax::ast::{Expr, ExprKind, Name, RecordEntry};

use super::body::Body;
use super::clauses::word;
use super::constant::has_error;
use super::scope::Def;
use crate::model::{Callee, Kind, Settings, Typed};
use crate::ty::{Bounds, Ty};
use crate::value::Value;

/// What `with` takes.
pub(super) const KNOWN: [&str; 8] = ["cpu", "memory", "timeout", "retries", "node", "gpu", "on_error", "env"];

impl Body<'_, '_> {
    /// `call with { … }`.
    pub(super) fn with(&mut self, base: &Expr, record: &Expr) -> Typed {
        if let Some(each) = super::loops::written(base) {
            return self.each(each, Some(record), true);
        }
        let mut typed = self.expr(base, None);
        let settings = self.settings(record);
        if matches!(base.kind, ExprKind::With { .. }) {
            let diagnostic = Diagnostic::new(
                &codes::types::DUPLICATE_CLAUSE,
                record.span,
                "a call has one `with`, and this is the second",
            )
            .label(base.span, "this has one already")
            .help("write all settings into one `with { … }`");
            self.checker.report(diagnostic);
        } else {
            let wrong = has_error(&typed);
            match typed.kind.root_mut() {
                Kind::Fused(fused) => {
                    self.pod_settings(&settings);
                    fused.settings = settings;
                }
                Kind::Call(call) | Kind::Apply(call) => {
                    if let Callee::Pipeline(_) = call.callee {
                        self.no_settings(base.span, record.span);
                    }
                    self.fused_settings(&settings);
                    call.settings = settings;
                }
                _ if wrong => {}
                _ => return self.not_a_step(base, "`with`"),
            }
        }
        typed
    }

    fn not_a_step(&mut self, base: &Expr, what: &str) -> Typed {
        let diagnostic = Diagnostic::new(
            &codes::names::WRONG_KIND,
            base.span,
            format!("{what} follows a call, and this is none"),
        )
        .help(format!("write {what} where the step is called"));
        self.checker.report(diagnostic);
        Typed::error(base.span)
    }

    fn no_settings(&mut self, called: Span, settings: Span) {
        let message = "`with` is for one step, and a pipeline is several";
        let diagnostic = Diagnostic::new(&codes::names::WRONG_KIND, settings, message)
            .label(called, "a pipeline is called here")
            .help("write it at its steps; what differs from call to call is a `const` parameter");
        self.checker.report(diagnostic);
    }

    /// `call after a, b`.
    pub(super) fn after(&mut self, base: &Expr, steps: &[Expr]) -> Typed {
        let mut typed = self.expr(base, None);
        let mut after = Vec::new();
        for step in steps {
            let named = self.expr(step, None);
            match named.kind {
                Kind::Local(id) if self.flow.steps.contains(&id) => after.push((id, step.span)),
                _ if has_error(&named) => {}
                _ => {
                    let diagnostic = Diagnostic::new(
                        &codes::names::WRONG_KIND,
                        step.span,
                        "`after` names steps, and this is none",
                    )
                    .help("bind the step with `let` and write its name");
                    self.checker.report(diagnostic);
                }
            }
        }
        let wrong = has_error(&typed);
        match typed.kind.root_mut() {
            Kind::Fused(fused) => fused.after.extend(after),
            Kind::Call(call) | Kind::Apply(call) => call.after.extend(after),
            _ if wrong => {}
            _ => return self.not_a_step(base, "`after`"),
        }
        typed
    }

    /// `{ cpu: 1, memory: 2Gi, timeout: 30min, retries: 2, env: { A: "b" } }`.
    pub(super) fn settings(&mut self, record: &Expr) -> Settings {
        let mut settings = Settings::default();
        let ExprKind::Record(entries) = &record.kind else {
            if !matches!(record.kind, ExprKind::Missing) {
                self.checker.malformed(
                    record.span,
                    "`with` takes a record",
                    "write `with { cpu: 1, memory: 2Gi }`",
                );
            }
            return settings;
        };
        for entry in &self.without_spreads(entries) {
            let RecordEntry::Field { key, value, .. } = entry else { continue };
            let pun = Expr { kind: ExprKind::Name(key.text.clone()), span: key.span };
            let value = value.as_ref().unwrap_or(&pun);
            let slot = match key.text.as_str() {
                "env" => {
                    self.env_setting(value, &mut settings.env);
                    continue;
                }
                "on_error" => {
                    let (first, given) = (settings.continues.is_some(), self.on_error(value));
                    if first {
                        self.given_twice(key);
                    } else {
                        settings.continues = given;
                    }
                    continue;
                }
                "cpu" => &mut settings.cpu,
                "memory" => &mut settings.memory,
                "timeout" => &mut settings.timeout,
                "retries" => &mut settings.retries,
                "node" => &mut settings.node,
                "gpu" => &mut settings.gpu,
                "" => continue,
                name => {
                    self.unknown_setting(name, key.span);
                    continue;
                }
            };
            let ty = match key.text.as_str() {
                "cpu" => Ty::Cpu(Bounds { low: Some(1), high: None }),
                "memory" => Ty::Memory(Bounds { low: Some(1), high: None }),
                "timeout" => Ty::Duration(Bounds { low: Some(1_000), high: None }),
                "node" => Ty::string(),
                "gpu" => Ty::Int(Bounds { low: Some(1), high: Some(1024) }),
                _ => Ty::Int(Bounds { low: Some(0), high: Some(100) }),
            };
            if slot.is_some() {
                self.given_twice(key);
                continue;
            }
            let typed = match self.node_class(&key.text, value) {
                Some(class) => class,
                None => self.expect(value, &ty),
            };
            *slot = self.constant_setting(typed, &key.text);
        }
        settings
    }

    /// `...base` as the fields of `base` that are not given behind it, each by its name.
    fn without_spreads(&mut self, entries: &[RecordEntry]) -> Vec<RecordEntry> {
        let mut all: Vec<RecordEntry> = Vec::new();
        let mut later: HashSet<EcoString> = HashSet::new();
        for entry in entries.iter().rev() {
            match entry {
                RecordEntry::Field { key, .. } => {
                    later.insert(key.text.clone());
                    all.push(entry.clone());
                }
                RecordEntry::Spread(base) => {
                    let names = self.spread_names(base);
                    for name in names.into_iter().rev().filter(|name| later.insert(name.clone())) {
                        let key = Name { text: name, span: base.span };
                        let value = ExprKind::Member { base: Box::new(base.clone()), name: key.clone() };
                        let value = Some(Expr { kind: value, span: base.span });
                        all.push(RecordEntry::Field { key, quoted: false, value });
                    }
                }
            }
        }
        all.reverse();
        all
    }

    /// The names of the fields that a spread brings; none after a diagnostic.
    fn spread_names(&mut self, base: &Expr) -> Vec<EcoString> {
        let typed = self.expr(base, None);
        let record = self.spread_record(&typed, base.span, "give the settings by name");
        record.map_or_else(Vec::new, |record| record.fields.iter().map(|field| field.name.clone()).collect())
    }

    fn given_twice(&mut self, key: &Name) {
        let diagnostic = Diagnostic::new(
            &codes::types::DUPLICATE_ARGUMENT,
            key.span,
            format!("`{}` is given twice", key.text),
        )
        .help("remove one of them");
        self.checker.report(diagnostic);
    }

    /// Classes of nodes stand in `fuse.toml`, so a bare word that means nothing else is the name of one.
    fn node_class(&self, setting: &str, value: &Expr) -> Option<Typed> {
        let ExprKind::Name(name) = &value.kind else { return None };
        let entry = self.checker.lookup(self.env.module, self.env.tool, name);
        let means = self.flow.names.contains_key(name)
            || self.env.params.iter().any(|param| param.name == *name)
            || entry.is_some_and(|entry| matches!(entry.def, Def::Const(_) | Def::Option(..) | Def::Error));
        let kind = Kind::Value(Value::Str(name.clone()));
        (setting == "node" && !means).then(|| Typed { kind, ty: Ty::string(), late: false, span: value.span })
    }

    /// `on_error: continue`, `on_error: stop`
    fn on_error(&mut self, value: &Expr) -> Option<(bool, Span)> {
        match word(value).as_ref().map(|name| name.text.as_str()) {
            Some("continue") => Some((true, value.span)),
            Some("stop") => Some((false, value.span)),
            _ => {
                if !matches!(value.kind, ExprKind::Missing) {
                    let help = "write `on_error: continue` for a step whose failure does not matter";
                    self.checker.malformed(value.span, "`on_error` is `continue` or `stop`", help);
                }
                None
            }
        }
    }

    pub(super) fn constant_setting(&mut self, typed: Typed, name: &str) -> Option<Typed> {
        if typed.late && !has_error(&typed) {
            let text = self.checker.sources.text(typed.span).to_owned();
            let diagnostic = Diagnostic::new(
                &codes::flow::LATE_IN_CONST,
                typed.span,
                format!(
                    "`{name}` is written into the manifest; `{text}` is known only when the pipeline runs"
                ),
            )
            .help("write a literal, a `const`, or a `const` parameter");
            self.report_late(diagnostic, &typed);
            return None;
        }
        (!has_error(&typed)).then_some(typed)
    }

    fn unknown_setting(&mut self, name: &str, span: Span) {
        let help = closest(name, KNOWN).map_or_else(
            || format!("there are {}", KNOWN.join(", ")),
            |name| format!("did you mean `{name}`?"),
        );
        let diagnostic =
            Diagnostic::new(&codes::types::UNKNOWN_FIELD, span, format!("`with` has no setting `{name}`"))
                .help(help);
        self.checker.report(diagnostic);
    }

    /// Names are constant, values may be late scalars.
    fn env_setting(&mut self, value: &Expr, env: &mut Vec<(EcoString, Typed)>) {
        let ExprKind::Record(entries) = &value.kind else {
            if !matches!(value.kind, ExprKind::Missing) {
                self.checker.malformed(
                    value.span,
                    "`env` takes a record",
                    "write `env: { NAME: \"value\" }`",
                );
            }
            return;
        };
        for entry in &self.without_spreads(entries) {
            let RecordEntry::Field { key, value, .. } = entry else { continue };
            let start = |c: char| c.is_ascii_alphabetic() || c == '_';
            let rest = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let good = key.text.starts_with(start) && key.text.chars().all(rest);
            let taken = ["IN_", "OUT_", "FUSE_", "KUBERNETES_"].iter().any(|p| key.text.starts_with(p))
                || matches!(key.text.as_str(), "HOME" | "TMPDIR");
            if !good || taken {
                let message = if good {
                    format!("`{}` is set by the step itself", key.text)
                } else {
                    format!("`{}` is no name of an environment variable", key.text)
                };
                let diagnostic = Diagnostic::new(&codes::names::NAME_STYLE, key.span, message)
                    .help("a name has letters, digits and `_`, and none of the prefixes IN_, OUT_, FUSE_, KUBERNETES_");
                self.checker.report(diagnostic);
                continue;
            }
            let pun = Expr { kind: ExprKind::Name(key.text.clone()), span: key.span };
            let typed = self.expect(value.as_ref().unwrap_or(&pun), &Ty::Scalar);
            if !has_error(&typed) {
                env.push((key.text.clone(), typed));
            }
        }
    }
}
