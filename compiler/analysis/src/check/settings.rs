//! `with { … }` and `after …`, in a task's body and at a call.

use ecow::EcoString;
use fuse_base::{Diagnostic, closest, codes};
use fuse_syntax::ast::{Expr, ExprKind, RecordEntry};

use super::body::Body;
use super::call::root_call_mut;
use super::constant::has_error;
use crate::model::{Kind, Settings, Typed};
use crate::ty::{Bounds, Ty};

/// What `with` takes now.
const KNOWN: [&str; 5] = ["cpu", "memory", "timeout", "retries", "env"];
/// What it will take.
const LATER: [&str; 8] = ["node", "gpu", "parallel", "security", "on_error", "sidecars", "volumes", "labels"];

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
        } else if let Some(call) = root_call_mut(&mut typed) {
            call.settings = settings;
        } else if !has_error(&typed) {
            return self.not_a_step(base, "`with`");
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
        if let Some(call) = root_call_mut(&mut typed) {
            call.after.extend(after);
        } else if !has_error(&typed) {
            return self.not_a_step(base, "`after`");
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
        for entry in entries {
            let RecordEntry::Field { key, value, .. } = entry else {
                self.checker.malformed(record.span, "`with` takes no spread", "name each setting");
                continue;
            };
            let pun = Expr { kind: ExprKind::Name(key.text.clone()), span: key.span };
            let value = value.as_ref().unwrap_or(&pun);
            let slot = match key.text.as_str() {
                "env" => {
                    self.env_setting(value, &mut settings.env);
                    continue;
                }
                "cpu" => &mut settings.cpu,
                "memory" => &mut settings.memory,
                "timeout" => &mut settings.timeout,
                "retries" => &mut settings.retries,
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
                _ => Ty::Int(Bounds { low: Some(0), high: Some(100) }),
            };
            if slot.is_some() {
                let diagnostic = Diagnostic::new(
                    &codes::types::DUPLICATE_ARGUMENT,
                    key.span,
                    format!("`{}` is given twice", key.text),
                )
                .help("remove one of them");
                self.checker.report(diagnostic);
                continue;
            }
            let typed = self.expect(value, &ty);
            *slot = self.constant_setting(typed, &key.text);
        }
        settings
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

    fn unknown_setting(&mut self, name: &str, span: fuse_base::Span) {
        if LATER.contains(&name) {
            self.checker.not_yet(&codes::not_yet::SETTING, span, &format!("the setting `{name}`"));
            return;
        }
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
        for entry in entries {
            let RecordEntry::Field { key, value, .. } = entry else {
                self.checker.malformed(value.span, "`env` takes no spread", "name each variable");
                continue;
            };
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
