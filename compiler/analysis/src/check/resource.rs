//! A resource: its manifest, when it is ready, and what it yields.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};
use fuse_syntax::ast::{Clause, ClauseArg, Expr, ExprKind};

use super::Checker;
use super::body::Env;
use super::clauses::{has_hole, word};
use super::constant::has_error;
use crate::model::{Kind, Ready, ResourceId, Typed};
use crate::ty::{Bounds, Ty};
use crate::value::Value;

/// The clauses of a resource.
const CLAUSES: [&str; 3] = ["manifest", "ready", "output"];

impl Checker<'_> {
    pub(super) fn resource_body(
        &mut self,
        id: ResourceId,
        clauses: &[Clause],
        env: &Env,
        name: Span,
        _span: Span,
    ) {
        let mut manifest: Option<(Typed, Span)> = None;
        let mut ready: Option<(Ready, Span)> = None;
        let mut paths: Vec<(usize, Vec<EcoString>, Span)> = Vec::new();
        let errors = self.diagnostics.len();
        for clause in clauses {
            match clause.head.text.as_str() {
                "manifest" => {
                    let Some(expr) = self.only_expr(clause, "manifest { apiVersion: \"…\" }") else {
                        continue;
                    };
                    if let Some((_, first)) = &manifest {
                        let first = *first;
                        self.duplicate_clause(clause, first);
                        continue;
                    }
                    let typed = self.body(env.clone()).expect(expr, &Ty::Json);
                    manifest = Some((typed, clause.span));
                }
                "ready" => {
                    if let Some((_, first)) = &ready {
                        let first = *first;
                        self.duplicate_clause(clause, first);
                        continue;
                    }
                    ready = self.ready(clause, env).map(|ready| (ready, clause.span));
                }
                "output" => paths.extend(self.output_path(id, clause)),
                _ => self.unknown_clause(clause, "resource", &CLAUSES),
            }
        }
        let told = self.diagnostics.len() > errors || clauses.iter().any(|c| c.args.iter().any(has_hole));
        if !told {
            self.whole_resource(id, manifest.as_ref().map(|(typed, _)| typed), &paths, name, env);
        }
        if let Some(resource) = self.package.resources.get_mut(id.0 as usize) {
            resource.manifest = manifest.map_or_else(|| Typed::error(name), |(typed, _)| typed);
            resource.ready = ready.map(|(ready, _)| ready);
            resource.output_paths = paths;
        }
    }

    fn whole_resource(
        &mut self,
        id: ResourceId,
        manifest: Option<&Typed>,
        paths: &[(usize, Vec<EcoString>, Span)],
        name: Span,
        env: &Env,
    ) {
        let Some(manifest) = manifest else {
            let help = "add `manifest { apiVersion: \"…\", kind: \"…\", metadata: { name } }`";
            self.missing_clause(name, "the resource has no manifest".to_owned(), help);
            return;
        };
        if has_error(manifest) {
            return;
        }
        for (path, constant_text) in
            [(&["apiVersion"][..], true), (&["kind"], true), (&["metadata", "name"], false)]
        {
            let found = at(manifest, path);
            let good = found.as_ref().is_some_and(|typed| match &typed.kind {
                Kind::Value(Value::Str(_)) => true,
                _ => !constant_text && !typed.late,
            });
            if good {
                continue;
            }
            let shown = path.join(".");
            let span = found.map_or(manifest.span, |typed| typed.span);
            let what = if constant_text { "a constant text" } else { "a constant name" };
            let diagnostic =
                Diagnostic::new(&codes::types::MANIFEST, span, format!("a manifest has {what} at `{shown}`"))
                    .help(if constant_text {
                        format!("write `{shown}: \"…\"` out")
                    } else {
                        "take the name as a `const` parameter".to_owned()
                    });
            self.report(diagnostic);
            return;
        }
        self.holes(manifest, &mut Vec::new(), env);
        let missing: Option<(EcoString, Span)> =
            self.package.resources.get(id.0 as usize).and_then(|resource| {
                let unread = |at: usize| !paths.iter().any(|(index, _, _)| *index == at);
                let output = resource.sig.outputs.iter().enumerate().find(|(at, _)| unread(*at));
                output.map(|(_, output)| (output.name.clone(), output.span))
            });
        if let Some((output, span)) = missing {
            let help = format!("add `output {output} = status.…`");
            self.missing_clause(span, format!("nothing says where `{output}` is read"), &help);
        }
    }

    /// Late values stand in a manifest only where no value of their type is refused by admission: a whole field that
    /// is the uri of an artifact or an image.
    fn holes(&mut self, typed: &Typed, path: &mut Vec<EcoString>, env: &Env) {
        match &typed.kind {
            Kind::Record(fields) => {
                for (name, field) in fields {
                    path.push(name.clone());
                    self.holes(field, path, env);
                    path.pop();
                }
            }
            Kind::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    path.push(ecow::eco_format!("{at}"));
                    self.holes(item, path, env);
                    path.pop();
                }
            }
            _ if !typed.late => {}
            Kind::Uri(base) if matches!(base.kind, Kind::Param(_)) && in_spec(path) => {}
            Kind::Param(index)
                if env.params.get(*index).is_some_and(|p| p.ty == Ty::Image) && in_spec(path) => {}
            _ => {
                let param = late_param(typed).and_then(|index| env.params.get(index));
                let (name, span) =
                    param.map_or((EcoString::from("this"), typed.span), |p| (p.name.clone(), p.span));
                let diagnostic = Diagnostic::new(
                    &codes::flow::LATE_IN_MANIFEST,
                    typed.span,
                    format!("`{}` of a manifest must be known at build, and `{name}` may be late", path.join(".")),
                )
                .label(span, "not declared `const`")
                .help(format!(
                    "write `const {name}: …`; only an Image and the `.uri` of an artifact may be late, each alone in a field below `spec`"
                ));
                self.report(diagnostic);
            }
        }
    }

    /// `ready condition "Ready" within 10min`.
    fn ready(&mut self, clause: &Clause, env: &Env) -> Option<Ready> {
        let help = "write `ready condition \"Ready\" within 10min`";
        let [ClauseArg::Expr(what), ClauseArg::Expr(name), ClauseArg::Expr(within), ClauseArg::Expr(time)] =
            clause.args.as_slice()
        else {
            if !clause.args.iter().any(has_hole) {
                self.malformed(clause.span, "this does not say when the object is ready", help);
            }
            return None;
        };
        let is = |expr: &Expr, text: &str| word(expr).is_some_and(|name| name.text == text);
        if !is(what, "condition") || !is(within, "within") {
            self.malformed(clause.span, "this does not say when the object is ready", help);
            return None;
        }
        let (condition, _) = self.literal_text(name, "the type of a condition")?;
        let bounds = Bounds { low: Some(1_000), high: Some(86_400_000) };
        match self.constant(time, &Ty::Duration(bounds), env)? {
            Value::Duration(within) => Some(Ready { condition, within }),
            _ => None,
        }
    }

    /// `output url = status.url`.
    fn output_path(&mut self, id: ResourceId, clause: &Clause) -> Option<(usize, Vec<EcoString>, Span)> {
        let help = "write `output url = status.url`";
        let [ClauseArg::Bind { name, value }] = clause.args.as_slice() else {
            if !clause.args.iter().any(has_hole) {
                self.malformed(clause.span, "this does not say where an output is read", help);
            }
            return None;
        };
        let outputs = self.package.resources.get(id.0 as usize).map(|resource| &resource.sig.outputs)?;
        let Some(at) = outputs.iter().position(|output| output.name == name.text) else {
            let diagnostic = Diagnostic::new(
                &codes::names::UNKNOWN_MEMBER,
                name.span,
                format!("the resource declares no output `{}`", name.text),
            )
            .help(
                did_you_mean(&name.text, outputs.iter().map(|output| output.name.as_str()))
                    .unwrap_or_else(|| format!("declare it: `-> {{ {}: … }}`", name.text)),
            );
            self.report(diagnostic);
            return None;
        };
        match object_path(value) {
            Some(path) if path.first().is_some_and(|first| first == "status" || first == "metadata") => {
                Some((at, path, value.span))
            }
            _ => {
                self.malformed(value.span, "an output is read below `status` or `metadata`", help);
                None
            }
        }
    }
}

/// `status.url` as names.
fn object_path(expr: &Expr) -> Option<Vec<EcoString>> {
    match &expr.kind {
        ExprKind::Name(name) => Some(vec![name.clone()]),
        ExprKind::Member { base, name } => {
            let mut path = object_path(base)?;
            path.push(name.text.clone());
            Some(path)
        }
        _ => None,
    }
}

/// The expression at a path of a record.
fn at(typed: &Typed, path: &[&str]) -> Option<Typed> {
    let Some((first, rest)) = path.split_first() else { return Some(typed.clone()) };
    match &typed.kind {
        Kind::Record(fields) => {
            let (_, field) = fields.iter().find(|(name, _)| name == first)?;
            at(field, rest)
        }
        Kind::Value(Value::Record(fields)) => {
            let value = fields.get(*first)?.clone();
            let field = Typed { kind: Kind::Value(value), ..typed.clone() };
            at(&field, rest)
        }
        _ => None,
    }
}

fn in_spec(path: &[EcoString]) -> bool {
    path.first().is_some_and(|first| first == "spec")
}

/// The late parameter that an expression mentions first.
fn late_param(typed: &Typed) -> Option<usize> {
    match &typed.kind {
        Kind::Param(at) => Some(*at),
        _ => typed.parts().filter(|part| part.late).find_map(late_param),
    }
}
