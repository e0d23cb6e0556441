//! `external task … from hub(…)`: Tasks that exist already. Their signature is the contract, and what crosses it is plain:
//! no encoding, no files of the store.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};
use fuse_syntax::ast::{Expr, ExprKind, TaskItem};

use super::Checker;
use super::clauses::word;
use super::expr::arg_value;
use crate::model::{Signature, TaskBody, TaskId};
use crate::ty::Ty;

/// A resolver of Tekton: what it is called there, its own constant parameters, and those that `from` takes, each with
/// the resolver's name for it and whether it may be left out.
struct Resolver {
    name: &'static str,
    fixed: &'static [(&'static str, &'static str)],
    takes: &'static [(&'static str, &'static str, bool)],
    example: &'static str,
}

const RESOLVERS: [(&str, Resolver); 4] = [
    (
        "hub",
        Resolver {
            name: "hub",
            fixed: &[("kind", "task")],
            takes: &[
                ("name", "name", false),
                ("version", "version", false),
                ("catalog", "catalog", true),
                ("type", "type", true),
            ],
            example: "hub(\"yaml-lint\", version: \"0.1\")",
        },
    ),
    (
        "git",
        Resolver {
            name: "git",
            fixed: &[],
            takes: &[("url", "url", false), ("revision", "revision", false), ("path", "pathInRepo", false)],
            example: "git(\"https://git.example/tasks\", revision: \"v1\", path: \"lint.yaml\")",
        },
    ),
    (
        "cluster",
        Resolver {
            name: "cluster",
            fixed: &[("kind", "task")],
            takes: &[("name", "name", false), ("namespace", "namespace", false)],
            example: "cluster(\"lint\", namespace: \"tasks\")",
        },
    ),
    (
        "bundle",
        Resolver {
            name: "bundles",
            fixed: &[("kind", "task")],
            takes: &[("image", "bundle", false), ("name", "name", false)],
            example: "bundle(\"registry.example/tasks:1\", name: \"lint\")",
        },
    ),
];

impl Checker<'_> {
    /// Where an external task comes from, and whether its signature can cross.
    pub(super) fn external_task(&mut self, id: TaskId, item: &TaskItem) {
        if let Some(clause) = item.body.as_ref().and_then(|body| body.first()) {
            let message = "an external task has no body: what it runs is written where it comes from";
            self.malformed(clause.span, message, "remove the clauses, or remove `external` and `from`");
        }
        self.external_signature(id, item);
        let Some(from) = &item.from else {
            let message = format!("`{}` does not say where it comes from", item.name.text);
            let example = RESOLVERS.first().map_or("", |(_, resolver)| resolver.example);
            self.missing_clause(
                item.name.span,
                message,
                &format!("add `from {example}` behind its signature"),
            );
            return;
        };
        let Some((resolver, params)) = self.resolver(from) else { return };
        if let Some(task) = self.package.tasks.get_mut(id.0 as usize) {
            task.external_effect = true;
            task.body = TaskBody::External { resolver, params, span: from.span };
        }
    }

    /// `from` of a task that is not external.
    pub(super) fn stray_from(&mut self, item: &TaskItem) {
        if let (None, Some(from)) = (item.external, &item.from) {
            let message = "only an external task comes from elsewhere";
            self.malformed(from.span, message, "write `external task`, and leave the body out");
        }
    }

    /// Values are single texts; folders go in as workspaces; nothing comes out that may be missing.
    fn external_signature(&mut self, id: TaskId, item: &TaskItem) {
        let Some(Signature { params, outputs, .. }) =
            self.package.tasks.get(id.0 as usize).map(|task| &task.sig)
        else {
            return;
        };
        let params =
            params.iter().filter(|param| !goes_in(&param.ty)).map(|param| (param.span, param.ty.clone()));
        let outputs = outputs.iter().filter(|out| !comes_out(&out.ty)).map(|out| (out.span, out.ty.clone()));
        let wrong: Vec<((Span, Ty), &str, &str)> = params
            .map(|one| {
                (one, "goes into", "it takes scalars, lists of scalars, artifacts `by uri(…)` and `Dir`")
            })
            .chain(outputs.map(|one| {
                (one, "comes out of", "it gives scalars and artifacts `by uri(…)`, and always writes them")
            }))
            .collect();
        for ((span, ty), way, help) in wrong {
            let (shown, name) = (self.show(&ty), &item.name.text);
            let message = format!("{shown} is nothing that {way} an external task such as `{name}`");
            self.report(Diagnostic::new(&codes::types::EXTERNAL_TYPE, span, message).help(help));
        }
    }

    /// The resolver with its parameters, in the order of the table.
    fn resolver(&mut self, from: &Expr) -> Option<(EcoString, Vec<(EcoString, EcoString)>)> {
        let help = "write `from hub(…)`, `from git(…)`, `from cluster(…)` or `from bundle(…)`";
        let ExprKind::Call { callee, args, .. } = &from.kind else {
            if !matches!(from.kind, ExprKind::Missing) {
                self.malformed(from.span, "this is no place that tasks come from", help);
            }
            return None;
        };
        let name =
            word(callee).unwrap_or(fuse_syntax::ast::Name { text: EcoString::new(), span: callee.span });
        let Some((_, resolver)) = RESOLVERS.iter().find(|(known, _)| name.text == *known) else {
            self.malformed(name.span, format!("tasks do not come from `{}`", name.text), help);
            return None;
        };
        let mut given: Vec<Option<EcoString>> = vec![None; resolver.takes.len()];
        let mut fine = true;
        for (at, arg) in args.iter().enumerate() {
            let slot = match &arg.name {
                Some(label) => resolver.takes.iter().position(|(known, ..)| label.text == *known),
                None => Some(0).filter(|_| at == 0),
            };
            let Some(place) = slot.and_then(|slot| given.get_mut(slot)).filter(|place| place.is_none())
            else {
                let label = arg.name.as_ref().map_or("", |label| label.text.as_str());
                let known = resolver.takes.iter().map(|(known, ..)| *known);
                let help =
                    did_you_mean(label, known).unwrap_or_else(|| format!("write `{}`", resolver.example));
                self.malformed(arg.span, format!("`{}` does not take this", name.text), help);
                fine = false;
                continue;
            };
            let value = arg_value(arg).and_then(|value| self.literal_text(&value, "where a task comes from"));
            fine &= value.is_some();
            *place = value.map(|(text, _)| text);
        }
        let missing: Vec<&str> = resolver
            .takes
            .iter()
            .zip(&given)
            .filter(|((.., optional), given)| !optional && given.is_none())
            .map(|((known, ..), _)| *known)
            .collect();
        if fine && !missing.is_empty() {
            let message = format!("`{}` also needs `{}`", name.text, missing.join("`, `"));
            self.malformed(from.span, message, format!("write `{}`", resolver.example));
        }
        if !fine || !missing.is_empty() {
            return None;
        }
        let fixed =
            resolver.fixed.iter().map(|(key, value)| (EcoString::from(*key), EcoString::from(*value)));
        let given =
            resolver.takes.iter().zip(given).filter_map(|((_, key, _), value)| Some(((*key).into(), value?)));
        Some((resolver.name.into(), fixed.chain(given).collect()))
    }
}

fn goes_in(ty: &Ty) -> bool {
    match ty {
        Ty::Error | Ty::Dir => true,
        Ty::Optional(inner) => goes_in(inner),
        Ty::List(item, _) => item.is_scalar(),
        Ty::Artifact(artifact) => artifact.by.is_some(),
        other => other.is_scalar(),
    }
}

fn comes_out(ty: &Ty) -> bool {
    match ty {
        Ty::Error => true,
        Ty::Artifact(artifact) => artifact.by.is_some(),
        other => other.is_scalar(),
    }
}
