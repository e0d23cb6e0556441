//! Calls of pipelines: which tools a call gives, and what is called in the end.

use std::borrow::Cow;

use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::{Arg, Expr, ExprKind, Name, TypeArg};

use super::Checker;
use super::body::{Body, Env};
use super::callee::ParamView;
use super::capability::Provider;
use super::constant::has_error;
use super::generics::GenericView;
use super::instance::Asked;
use super::scope::Def;
use crate::model::{Callee, MemberId, PipelineId};
use crate::ty::Facet;

/// Where the tool for a `use` parameter comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// It is named: a tool, a task, a resource, or a `use` parameter around.
    Given(Def),
    /// `target.server`
    Target(Name),
    /// An error was reported.
    Error,
}

impl Checker<'_> {
    /// Whether a tool that is named fits a capability; reports that it does not.
    pub(super) fn source_fits(&mut self, source: &Source, capability: Option<usize>, span: Span, env: &Env) {
        let (Source::Given(def), Some(capability)) = (source, capability) else { return };
        match def {
            Def::Used(at) => {
                let other = env.uses.get(*at).and_then(|used| used.capability);
                if let Some(other) = other.filter(|other| *other != capability) {
                    self.capability_conforms(other, capability, span);
                }
            }
            def => self.conforms(*def, capability, span),
        }
    }
}

/// The arguments of a call, in the order of the parameters, each with its place.
type Given = Option<Vec<Option<(Expr, Span)>>>;

/// For each `use` parameter where its tool comes from, and the argument's place; `None` after a diagnostic.
type Tools = Option<Vec<(Source, Option<Span>)>>;

impl Body<'_, '_> {
    /// The `use` parameter and the member behind `server.predictor`.
    pub(super) fn member_via(&self, callee: &Expr) -> Option<(usize, MemberId)> {
        match &callee.kind {
            ExprKind::Paren(inner) => self.member_via(inner),
            ExprKind::Member { base, name } => {
                let ExprKind::Name(head) = &base.kind else { return None };
                let at = self.env.used(head)?;
                let capability = self.env.uses.get(at)?.capability?;
                Some((at, self.checker.find_member(capability, &name.text)?))
            }
            _ => None,
        }
    }

    pub(super) fn is_resource(&self, id: MemberId) -> bool {
        self.checker.capability_member_of(id).is_some_and(|member| member.resource)
    }

    /// A tool may order its parameters in its own way: an instance calls it by the names that the capability has at
    /// the places of the arguments.
    pub(super) fn as_the_capability_says<'t>(
        &self,
        via: Option<(usize, MemberId)>,
        generics: &[GenericView],
        type_args: &'t [TypeArg],
        args: &'t [Arg],
    ) -> (Cow<'t, [TypeArg]>, Cow<'t, [Arg]>) {
        let member =
            via.filter(|_| self.flow.instance).and_then(|(_, id)| self.checker.capability_member_of(id));
        let Some(sig) = member.map(|member| &member.sig) else {
            return (Cow::Borrowed(type_args), Cow::Borrowed(args));
        };
        let views = super::callee::param_views(&sig.params);
        let mut names = views.iter().filter(|param| !param.optional).map(|param| &param.name);
        let named = args.iter().map(|arg| match (&arg.name, names.next()) {
            (None, Some(name)) => {
                Arg { name: Some(Name { text: name.clone(), span: arg.span }), ..arg.clone() }
            }
            _ => arg.clone(),
        });
        let labelled = type_args.iter().map(|arg| {
            let at =
                arg.label.as_ref().and_then(|label| sig.generics.iter().position(|g| g.name == label.text));
            let name = at.and_then(|at| generics.get(at)).map(|generic| generic.name.clone());
            match (&arg.label, name) {
                (Some(label), Some(text)) => {
                    TypeArg { label: Some(Name { text, span: label.span }), ..arg.clone() }
                }
                _ => arg.clone(),
            }
        });
        (Cow::Owned(labelled.collect()), Cow::Owned(named.collect()))
    }

    /// Whether an argument is a tool and no value.
    pub(super) fn names_a_tool(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(name) => {
                let found = self.checker.lookup(self.env.module, self.env.tool, name).map(|entry| entry.def);
                self.env.used(name).is_some()
                    || matches!(found, Some(Def::Tool(_) | Def::Module(_) | Def::Task(_) | Def::Resource(_)))
            }
            ExprKind::Member { .. } => target_key(expr).is_some(),
            _ => false,
        }
    }

    /// The tools that a call gives to a pipeline, and its other arguments.
    pub(super) fn tools(
        &mut self,
        callee: Callee,
        params: &[ParamView],
        given: Given,
        span: Span,
    ) -> (Tools, Given) {
        let Callee::Pipeline(id) = callee else { return (Some(Vec::new()), given) };
        if let Some(caller) = self.flow.template {
            self.checker.calls.push(super::graph::Edge { caller, callee: id, span });
        }
        let Some(given) = given else { return (Some(Vec::new()), None) };
        let (mut tools, mut values, mut fine) = (Vec::new(), Vec::new(), true);
        for (param, slot) in params.iter().zip(given) {
            let Some(at) = param.used else {
                values.push(slot);
                continue;
            };
            let declared = self.checker.template(id).and_then(|template| template.uses.get(at));
            let (capability, default) =
                declared.map_or((None, None), |used| (used.capability, used.default.clone()));
            let source = match &slot {
                Some((expr, span)) => {
                    let errors = self.checker.diagnostics.len();
                    let source = self.source(expr);
                    if !self.flow.instance {
                        let env = self.env.clone();
                        self.checker.source_fits(&source, capability, *span, &env);
                    }
                    fine &= self.checker.diagnostics.len() == errors;
                    source
                }
                None => default.unwrap_or(Source::Error),
            };
            fine &= !matches!(source, Source::Error);
            tools.push((source, slot.map(|(_, span)| span)));
        }
        (fine.then_some(tools), Some(values))
    }

    /// Where the tool that an expression names comes from.
    pub(super) fn source(&mut self, expr: &Expr) -> Source {
        if let Some(key) = target_key(expr)
            && !self.flow.names.contains_key("target")
            && self.checker.lookup(self.env.module, self.env.tool, "target").is_none()
        {
            let template = self.flow.template.and_then(|id| self.checker.templates.get_mut(id.0 as usize));
            if let Some(template) = template {
                template.asks_target = true;
            }
            return Source::Target(key.clone());
        }
        let Some((def, text)) = self.path(expr) else {
            let typed = self.expr(expr, None);
            if !has_error(&typed) {
                self.no_tool(expr.span, "this is a value");
            }
            return Source::Error;
        };
        match def {
            Def::Module(module) => match self.checker.tools_of(module).as_slice() {
                [only] => Source::Given(Def::Tool(*only)),
                [] => {
                    self.no_tool(expr.span, &format!("`{text}` is a module without one"));
                    Source::Error
                }
                _ => {
                    self.no_tool(expr.span, &format!("`{text}` is a module with several"));
                    Source::Error
                }
            },
            Def::Tool(_) | Def::Task(_) | Def::Resource(_) | Def::Used(_) => Source::Given(def),
            Def::Error => Source::Error,
            other => {
                self.no_tool(expr.span, &format!("`{text}` is {}", other.noun()));
                Source::Error
            }
        }
    }

    fn no_tool(&mut self, span: Span, what: &str) {
        let message = format!("a tool is expected here: {what}");
        let diagnostic = Diagnostic::new(&codes::names::WRONG_KIND, span, message)
            .help("name a tool, or write `target.name` for the one that the target chooses");
        self.checker.report(diagnostic);
    }

    /// What a call of a pipeline calls in the end; `None` after a diagnostic.
    pub(super) fn composed(
        &mut self,
        id: PipelineId,
        facets: Vec<Facet>,
        tools: Vec<(Source, Option<Span>)>,
        asked: Asked,
    ) -> Option<PipelineId> {
        let span = asked.span;
        if !self.flow.instance {
            return Some(id);
        }
        let mut providers = Vec::new();
        for (at, (source, place)) in tools.into_iter().enumerate() {
            providers.push(match source {
                Source::Given(Def::Used(used)) => self.env.uses.get(used)?.provider?,
                Source::Given(def) => Provider { def, choice: None },
                Source::Target(key) => self.checker.choice(id, at, &key, place.unwrap_or(span))?,
                Source::Error => return None,
            });
        }
        self.checker.instance(id, &facets, &providers, &asked)
    }
}

/// `server` of `target.server`.
fn target_key(expr: &Expr) -> Option<&Name> {
    let ExprKind::Member { base, name } = &expr.kind else { return None };
    matches!(&base.kind, ExprKind::Name(head) if head == "target").then_some(name)
}
