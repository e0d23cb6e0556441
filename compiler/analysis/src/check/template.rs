//! Pipelines as they are declared: their signatures, their `use` parameters and their bodies.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::{self, ItemKind, Name};

use super::body::{Env, Flow, Place, scope_of};
use super::capability::EnvUse;
use super::compose::Source;
use super::declare::Style;
use super::instance::{Known, Put};
use super::literal::bare;
use super::params::env_params;
use super::returns::covers;
use super::scope::Def;
use super::{Checker, index};
use crate::model::{Block, Generic, Output, Param, Pipeline, PipelineId};
use crate::ty::{ArtifactTy, Facet, Ty};

/// A pipeline as it is declared.
pub(super) struct Template {
    pub(super) module: usize,
    pub(super) item: Rc<ast::Item>,
    pub(super) generics: Vec<Generic>,
    pub(super) uses: Vec<Use>,
    /// Whether something in it was reported.
    pub(super) broken: bool,
    /// Whether a call in it asks the target for a tool.
    pub(super) asks_target: bool,
}

/// A `use` parameter.
pub(super) struct Use {
    pub(super) name: EcoString,
    /// `None` after a diagnostic.
    pub(super) capability: Option<usize>,
    pub(super) default: Option<Source>,
    /// How many other parameters stand before it.
    pub(super) at: usize,
    pub(super) span: Span,
}

/// The signature of a pipeline with the names that its body sees.
pub(super) struct Head {
    pub(super) env: Env,
    pub(super) generics: Vec<Generic>,
    params: Vec<Param>,
    outputs: Vec<Output>,
    single: bool,
}

impl Checker<'_> {
    pub(super) fn template(&self, id: PipelineId) -> Option<&Template> {
        self.templates.get(id.0 as usize)
    }

    fn template_mut(&mut self, id: PipelineId) -> Option<&mut Template> {
        self.templates.get_mut(id.0 as usize)
    }

    /// Gives a pipeline its place.
    pub(super) fn declare_pipeline(
        &mut self,
        module: usize,
        item: &ast::Item,
        pipeline: &ast::PipelineItem,
    ) -> PipelineId {
        let id = PipelineId(index(self.templates.len()));
        self.templates.push(Template {
            module,
            item: Rc::new(item.clone()),
            generics: Vec::new(),
            uses: Vec::new(),
            broken: false,
            asks_target: false,
        });
        self.package.pipelines.push(empty(&pipeline.name, item.doc.clone()));
        id
    }

    /// The pipelines of a module.
    fn pipelines_of(&self, module: usize) -> Vec<PipelineId> {
        let here =
            |(at, template): (usize, &Template)| (template.module == module).then(|| PipelineId(index(at)));
        self.templates.iter().enumerate().filter_map(here).collect()
    }

    fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|one| one.is_error()).count()
    }

    /// The signatures of a module's pipelines: what calls see of them.
    pub(super) fn all_pipeline_signatures(&mut self, module: usize) {
        for id in self.pipelines_of(module) {
            let before = self.errors();
            let Some(item) = self.template(id).map(|template| Rc::clone(&template.item)) else { continue };
            let ItemKind::Pipeline(pipeline) = &item.kind else { continue };
            let uses = self.uses(pipeline, module);
            if let Some(template) = self.template_mut(id) {
                template.uses = uses;
            }
            let Some(head) = self.head(id, None) else { continue };
            self.same_names(id, &head.params);
            let broken = self.errors() > before;
            if let Some(template) = self.template_mut(id) {
                template.generics = head.generics;
                template.broken |= broken;
            }
            if let Some(slot) = self.package.pipelines.get_mut(id.0 as usize) {
                (slot.params, slot.outputs, slot.single) = (head.params, head.outputs, head.single);
            }
        }
    }

    /// The `use` parameters of a pipeline.
    fn uses(&mut self, pipeline: &ast::PipelineItem, module: usize) -> Vec<Use> {
        let env = Env::of_module(module, None);
        let mut uses: Vec<Use> = Vec::new();
        for (at, param) in pipeline.params.iter().enumerate().filter(|(_, param)| param.used.is_some()) {
            self.style(&param.name, Style::Value);
            let capability = self.capability_named(&param.ty, &env);
            let default = param.default.as_ref().map(|default| {
                let source = self.body(env.clone()).source(default);
                self.source_fits(&source, capability, default.span, &env);
                source
            });
            let at = at - uses.len();
            uses.push(Use { name: param.name.text.clone(), capability, default, at, span: param.name.span });
        }
        uses
    }

    fn capability_named(&mut self, ty: &ast::TypeExpr, env: &Env) -> Option<usize> {
        let ast::TypeKind::Named { path, args } = &ty.kind else {
            if !matches!(ty.kind, ast::TypeKind::Missing) {
                self.no_capability(ty.span, "this is a type");
            }
            return None;
        };
        match self.path_def(path, env) {
            Some(Def::Capability(id)) if args.is_empty() => Some(id),
            Some(Def::Capability(_)) => {
                self.no_capability(ty.span, "a capability takes no type arguments");
                None
            }
            Some(Def::Error) => None,
            Some(other) => {
                self.no_capability(ty.span, &format!("this is {}", other.noun()));
                None
            }
            // A type of the language, or a name that means nothing.
            None => {
                if !self.ty(ty, env).is_error() {
                    self.no_capability(ty.span, "this is a type");
                }
                None
            }
        }
    }

    fn no_capability(&mut self, span: Span, what: &str) {
        let message = format!("a `use` parameter names a capability: {what}");
        let diagnostic = Diagnostic::new(&codes::names::WRONG_KIND, span, message)
            .help("declare `capability Name { … }` and write its name; a value is taken without `use`");
        self.report(diagnostic);
    }

    /// `use` parameters and others share one list of names.
    fn same_names(&mut self, id: PipelineId, params: &[Param]) {
        let Some(template) = self.template(id) else { return };
        let mut clashes = Vec::new();
        for (at, used) in template.uses.iter().enumerate() {
            let other = params.iter().map(|param| (&param.name, param.span));
            let other = other.chain(template.uses.iter().take(at).map(|other| (&other.name, other.span)));
            clashes.extend(other.filter(|(name, _)| **name == used.name).map(|(_, span)| (used.span, span)));
        }
        for (one, other) in clashes {
            let (first, second) = if one.start < other.start { (one, other) } else { (other, one) };
            let message = format!("the parameter `{}` is declared twice", self.sources.text(second));
            let diagnostic = Diagnostic::new(&codes::names::DUPLICATE_NAME, second, message)
                .label(first, "first declared here")
                .help("give one of them another name");
            self.report(diagnostic);
        }
    }

    /// The signature of a pipeline: as it is declared, or with type arguments and tools put in.
    pub(super) fn head(&mut self, id: PipelineId, given: Option<Put<'_>>) -> Option<Head> {
        let template = self.template(id)?;
        let (item, module) = (Rc::clone(&template.item), template.module);
        let ItemKind::Pipeline(pipeline) = &item.kind else { return None };
        let uses = template.uses.iter().enumerate().map(|(at, used)| EnvUse {
            name: used.name.clone(),
            capability: used.capability,
            provider: given.and_then(|put| put.providers.get(at).copied()),
        });
        let env = Env { uses: Rc::new(uses.collect()), ..Env::of_module(module, None) };
        let generics = self.generics(&pipeline.generics, &pipeline.wheres, &env);
        let mut scope = scope_of(&generics);
        for (at, generic) in scope.iter_mut().enumerate() {
            generic.facet = given.and_then(|put| put.facets.get(at).cloned());
        }
        let env = Env { generics: Rc::new(scope), ..env };
        let values: Vec<ast::Param> =
            pipeline.params.iter().filter(|param| param.used.is_none()).cloned().collect();
        let mut params = self.params(&values, &env);
        for (param, arg) in params.iter_mut().zip(given.map_or(&[][..], |put| put.args)) {
            if let Some(Known::Artifact(arg)) = arg {
                param.ty = narrowed(&param.ty, arg);
            }
        }
        let (outputs, single) = self.outputs(pipeline.ret.as_ref(), &env);
        let mut scope = env_params(&params);
        for (param, arg) in scope.iter_mut().zip(given.map_or(&[][..], |put| put.args)) {
            if let Some(Known::Case(case)) = arg {
                param.case = Some(case.clone());
            }
        }
        let env = Env { params: Rc::new(scope), ..env.at(Place::Pipeline) };
        Some(Head { env, generics, params, outputs, single })
    }

    /// The pipelines of a module, as they are declared.
    pub(super) fn pipelines(&mut self, module: usize) {
        for id in self.pipelines_of(module) {
            let before = self.errors();
            let Some(template) = self.templates.get(id.0 as usize) else { continue };
            let ItemKind::Pipeline(item) = &Rc::clone(&template.item).kind else { continue };
            // The signature is known, and what is wrong in it was told.
            let Some(signature) = self.package.pipeline(id) else { continue };
            let known = Pipeline {
                params: signature.params.clone(),
                outputs: signature.outputs.clone(),
                single: signature.single,
                ..empty(&item.name, template.item.doc.clone())
            };
            let uses = template.uses.iter().map(|used| EnvUse {
                name: used.name.clone(),
                capability: used.capability,
                provider: None,
            });
            let env = Env {
                uses: Rc::new(uses.collect()),
                generics: Rc::new(scope_of(&template.generics)),
                params: Rc::new(env_params(&known.params)),
                ..Env::of_module(module, None).at(Place::Pipeline)
            };
            let flow = Flow { template: Some(id), ..Flow::default() };
            let pipeline = self.pipeline_body(item, env, flow, known);
            let broken = self.errors() > before;
            if let Some(slot) = self.package.pipelines.get_mut(id.0 as usize) {
                *slot = pipeline;
            }
            if let Some(template) = self.template_mut(id) {
                template.broken |= broken;
            }
        }
    }

    /// An instance: the whole pipeline with type arguments and tools put in.
    pub(super) fn specialised(&mut self, id: PipelineId, head: Head, name: EcoString) -> Option<Pipeline> {
        let item = Rc::clone(&self.template(id)?.item);
        let ItemKind::Pipeline(pipeline) = &item.kind else { return None };
        let Head { env, params, outputs, single, .. } = head;
        let known = Pipeline { name, params, outputs, single, ..empty(&pipeline.name, item.doc.clone()) };
        let flow = Flow { instance: true, ..Flow::default() };
        Some(self.pipeline_body(pipeline, env, flow, known))
    }

    fn pipeline_body(&mut self, item: &ast::PipelineItem, env: Env, flow: Flow, known: Pipeline) -> Pipeline {
        let output = |output: &Output| (output.name.clone(), output.ty.clone(), output.span);
        let mut body = self.body(env);
        body.flow =
            Flow { outputs: known.outputs.iter().map(output).collect(), single: known.single, ..flow };
        let block = body.statements(&item.body, false);
        if !covers(&block) {
            body.missing_return(&item.name);
        }
        let Flow { locals, chains, given, instance, .. } = body.flow;
        let mut known = known;
        if instance {
            for (output, given) in known.outputs.iter_mut().zip(given) {
                output.ty = given.map_or_else(|| output.ty.clone(), |given| narrowed(&output.ty, &given));
            }
        }
        Pipeline { body: block, locals, chains, ..known }
    }
}

/// The type of a parameter or output with the facets that what is given has beyond it.
fn narrowed(declared: &Ty, given: &Ty) -> Ty {
    match (declared, given) {
        (Ty::Optional(declared), given) => narrowed(declared, bare(given)).optional(),
        (Ty::Artifact(declared), Ty::Artifact(given)) => {
            let pairs = declared.facets.iter().zip(&given.facets);
            let facets =
                pairs.map(|(own, more)| if *own == Facet::Unset { more } else { own }.clone()).collect();
            Ty::Artifact(Rc::new(ArtifactTy { facets, ..(**declared).clone() }))
        }
        (declared, _) => declared.clone(),
    }
}

/// What two values of an output have in common.
pub(super) fn shared(one: &Ty, other: &Ty) -> Ty {
    match (one, other) {
        (Ty::Optional(one), other) | (other, Ty::Optional(one)) => shared(one, bare(other)),
        (Ty::Artifact(one), Ty::Artifact(other)) => {
            let pairs = one.facets.iter().zip(&other.facets);
            let facets = pairs.map(|(a, b)| if a == b { a.clone() } else { Facet::Unset }).collect();
            Ty::Artifact(Rc::new(ArtifactTy { facets, ..(**one).clone() }))
        }
        (one, _) => one.clone(),
    }
}

/// A pipeline of which only the name is known.
fn empty(name: &Name, doc: ast::Doc) -> Pipeline {
    Pipeline {
        name: name.text.clone(),
        source: name.text.clone(),
        doc,
        params: Vec::new(),
        outputs: Vec::new(),
        single: false,
        body: Block { stmts: Vec::new(), value: None },
        locals: Vec::new(),
        chains: Vec::new(),
        span: name.span,
    }
}
