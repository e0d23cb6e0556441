//! Instances: pipelines with type arguments and tools put in, each checked again as it will be built.
//!
//! A pipeline without type parameters and `use` that calls no other kind is built as it is declared. Any other is
//! checked once as it is declared, against its bounds and capabilities, and once more for each set of type arguments
//! and tools: only then it is known what a tool demands beyond its capability, and what is in its sets.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::Name;

use super::Checker;
use super::build::Wanted;
use super::capability::Provider;
use super::choice::{Chosen, Demand};
use super::compose::Source;
use super::generics::{Found, members};
use super::graph::Reach;
use super::literal::bare;
use super::{declare, index};
use crate::model::{Bound, Kind, PipelineId, Root, Typed};
use crate::project::Target;
use crate::ty::{Facet, Ty};
use crate::value::Value;

/// How many instances a package may have.
const INSTANCES: usize = 2_000;

/// The instances of a package.
#[derive(Default)]
pub(super) struct Instances {
    pub(super) reach: Vec<Reach>,
    made: Vec<Made>,
    /// What is wrong with instances, apart from what is wrong with declarations.
    pub(super) told: Vec<Diagnostic>,
    pub(super) targets: Vec<Target>,
    /// The target that instances are made for now.
    pub(super) target: Option<usize>,
    pub(super) choices: Vec<Chosen>,
}

/// What is put into a pipeline.
#[derive(Clone, Copy)]
pub(super) struct Put<'t> {
    pub(super) facets: &'t [Facet],
    pub(super) providers: &'t [Provider],
    /// What is known of the arguments.
    pub(super) args: &'t [Option<Known>],
}

/// What an instance knows of an argument: the type of an artifact, the case that a constant is.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Known {
    Artifact(Ty),
    Case(EcoString),
    Nothing,
}

/// What is known of an argument.
pub(super) fn known(arg: &Typed) -> Known {
    match &arg.kind {
        Kind::Value(Value::Case(case)) => Known::Case(case.clone()),
        _ if matches!(bare(&arg.ty), Ty::Artifact(_)) => Known::Artifact(arg.ty.clone()),
        _ => Known::Nothing,
    }
}

struct Made {
    template: PipelineId,
    facets: Vec<Facet>,
    providers: Vec<Provider>,
    args: Vec<Option<Known>>,
    target: Option<usize>,
    id: Option<PipelineId>,
}

/// Who asks for an instance, and which argument gave each type argument.
pub(super) struct Asked {
    pub(super) span: Span,
    pub(super) places: Vec<Option<Span>>,
    pub(super) args: Vec<Option<Known>>,
}

impl Checker<'_> {
    /// Finds out what is built, and makes the instances that it needs.
    pub(super) fn build(&mut self, demand: &Demand<'_>) {
        self.instances.targets = demand.targets.iter().map(|target| (*target).clone()).collect();
        let wanted: Vec<Wanted> = demand.build.iter().filter_map(|entry| self.wanted(entry)).collect();
        for at in 0..self.instances.reach.len() {
            let id = PipelineId(index(at));
            let entry = self.template(id).and_then(|template| self.modules.get(template.module));
            if entry.is_none_or(|module| !module.entry) {
                continue;
            }
            let reach = self.instances.reach.get(at).copied().unwrap_or_default();
            let own: Vec<&Wanted> = wanted.iter().filter(|wanted| wanted.template == id).collect();
            let called = self.calls.iter().any(|edge| edge.callee == id);
            if !reach.varies {
                self.startable(id);
                self.package.roots.push(Root { pipeline: id, target: None, called });
                continue;
            }
            let alone = self.template(id).is_some_and(|template| {
                template.generics.is_empty() && template.uses.iter().all(|used| used.default.is_some())
            });
            if own.is_empty() && !alone {
                self.never_built(id, demand.build);
            }
            if reach.broken || reach.endless || !self.syntax_errors.is_empty() {
                continue;
            }
            let span = self.package.pipeline(id).map_or_else(Span::default, |pipeline| pipeline.span);
            if own.is_empty() && alone {
                self.root(id, &[], &Asked { span, places: Vec::new(), args: Vec::new() }, reach.targeted);
            }
            for wanted in own {
                self.root(id, &wanted.facets, &wanted.asked, reach.targeted);
            }
        }
        let mut told = std::mem::take(&mut self.instances.told);
        self.diagnostics.append(&mut told);
    }

    /// Reports parameters that no run can give.
    fn startable(&mut self, id: PipelineId) {
        let params = self.package.pipeline(id).map_or_else(Vec::new, |one| {
            one.params.iter().map(|param| (param.ty.clone(), param.span)).collect()
        });
        for (ty, span) in params {
            if let Ty::List(item, _) = bare(&ty)
                && files(item)
            {
                let message =
                    format!("a run gives files one by one, and {} is a list of them", self.show(&ty));
                let diagnostic = Diagnostic::new(&codes::types::BAD_TYPE, span, message)
                    .help("take one artifact that holds all files, or write `by uri(…)`");
                self.report(diagnostic);
            }
        }
    }

    /// A root of every target.
    fn root(&mut self, id: PipelineId, facets: &[Facet], asked: &Asked, targeted: bool) {
        let targets: Vec<Option<usize>> =
            if targeted { (0..self.instances.targets.len()).map(Some).collect() } else { vec![None] };
        for target in targets {
            self.instances.target = target;
            let Some(providers) = self.root_tools(id, asked.span) else { continue };
            let Some(pipeline) = self.instance(id, facets, &providers, asked) else { continue };
            self.startable(pipeline);
            let target = target.and_then(|at| self.instances.targets.get(at));
            let called = asked.places.is_empty() && self.calls.iter().any(|edge| edge.callee == id);
            let root = Root { pipeline, target: target.map(|target| target.name.clone()), called };
            if !self.package.roots.contains(&root) {
                self.package.roots.push(root);
            }
        }
        self.instances.target = None;
    }

    /// The tools of a pipeline that nothing calls: its defaults, and for others what the target has under their names.
    fn root_tools(&mut self, id: PipelineId, asked: Span) -> Option<Vec<Provider>> {
        let sources: Vec<(Source, Span)> = self
            .template(id)?
            .uses
            .iter()
            .map(|used| {
                let own = Source::Target(Name { text: used.name.clone(), span: used.span });
                (used.default.clone().unwrap_or(own), used.span)
            })
            .collect();
        let mut all = Vec::new();
        for (at, (source, span)) in sources.into_iter().enumerate() {
            all.push(match source {
                Source::Given(def) => Some(Provider { def, choice: None }),
                Source::Target(key) => {
                    let alone = self.package.pipeline(id).is_some_and(|one| one.span == asked);
                    self.choice(id, at, &key, if alone { span } else { asked })
                }
                Source::Error => None,
            });
        }
        all.into_iter().collect()
    }

    /// The pipeline with type arguments and tools put in; `None` after a diagnostic.
    pub(super) fn instance(
        &mut self,
        id: PipelineId,
        facets: &[Facet],
        providers: &[Provider],
        asked: &Asked,
    ) -> Option<PipelineId> {
        let reach = self.instances.reach.get(id.0 as usize).copied()?;
        if reach.broken || reach.endless {
            return None;
        }
        if !reach.varies {
            return Some(id);
        }
        let target = self.instances.target.filter(|_| reach.targeted);
        let args = self.known_constants(id, &asked.args);
        let same = |made: &&Made| {
            (made.template, made.target) == (id, target)
                && made.facets == facets
                && made.providers == providers
                && made.args == args
        };
        if let Some(made) = self.instances.made.iter().find(same) {
            return made.id;
        }
        if !self.may_make(facets, asked) {
            return None;
        }
        let slot = self.instances.made.len();
        let (own_facets, own_providers) = (facets.to_vec(), providers.to_vec());
        self.instances.made.push(Made {
            template: id,
            facets: own_facets,
            providers: own_providers,
            args: args.clone(),
            target,
            id: None,
        });
        let made = self.make(id, Put { facets, providers, args: &args }, asked);
        if let Some(slot) = self.instances.made.get_mut(slot) {
            slot.id = made;
        }
        made
    }

    /// What is known of all arguments. A case that is a parameter's default is known as well, unless a target gives
    /// the parameter another value: that may only happen where nothing calls the pipeline.
    fn known_constants(&self, id: PipelineId, args: &[Option<Known>]) -> Vec<Option<Known>> {
        let Some(pipeline) = self.package.pipeline(id) else { return Vec::new() };
        let set = |name: &EcoString| {
            let params =
                self.instances.targets.iter().filter_map(|target| target.params.get(&pipeline.source));
            args.is_empty() && params.into_iter().any(|params| params.contains_key(name))
        };
        let one = |(at, param): (usize, &crate::model::Param)| {
            let given = args.get(at).cloned().flatten();
            let default = param.default.as_ref().filter(|_| !set(&param.name)).map(known);
            match given.or(default)? {
                Known::Nothing => None,
                Known::Case(_) if !param.constant => None,
                known => Some(known),
            }
        };
        pipeline.params.iter().enumerate().map(one).collect()
    }

    fn may_make(&mut self, facets: &[Facet], asked: &Asked) -> bool {
        let before = self.diagnostics.len();
        for facet in facets {
            if let Facet::Row(ty) = facet {
                self.small_type(ty, asked.span);
            }
        }
        let mut told = self.diagnostics.split_off(before);
        let small = told.is_empty();
        self.instances.told.append(&mut told);
        let more = self.instances.made.len() < INSTANCES;
        if !more && self.instances.made.len() == INSTANCES {
            let message = format!("the package needs more than {INSTANCES} instances of pipelines");
            let diagnostic = Diagnostic::new(&codes::syntax::OVER_THE_LIMIT, asked.span, message)
                .help("use fewer type arguments and tools");
            self.instances.told.push(diagnostic);
        }
        small && more
    }

    fn make(&mut self, id: PipelineId, put: Put<'_>, asked: &Asked) -> Option<PipelineId> {
        let Put { facets, providers, .. } = put;
        let before = self.diagnostics.len();
        let head = self.head(id, Some(put))?;
        let within = self.instance_bounds(id, &head.generics, facets, providers, asked);
        let pipeline = if within {
            let name = self.instance_name(id, facets);
            self.specialised(id, head, name)
        } else {
            None
        };
        let told: Vec<Diagnostic> =
            self.diagnostics.split_off(before).into_iter().filter(Diagnostic::is_error).collect();
        let fine = told.is_empty();
        for diagnostic in told {
            let diagnostic = self.explained(diagnostic, id, facets, providers, asked);
            if !self.instances.told.contains(&diagnostic) {
                self.instances.told.push(diagnostic);
            }
        }
        let pipeline = pipeline.filter(|_| fine)?;
        let made = PipelineId(index(self.package.pipelines.len()));
        self.package.pipelines.push(pipeline);
        Some(made)
    }

    /// What is wrong with an instance, with the places that made it what it is.
    fn explained(
        &self,
        diagnostic: Diagnostic,
        id: PipelineId,
        facets: &[Facet],
        providers: &[Provider],
        asked: &Asked,
    ) -> Diagnostic {
        let mut diagnostic = diagnostic;
        let target = self.instances.target.and_then(|at| self.instances.targets.get(at));
        let told = |choice: Span| diagnostic.labels.iter().any(|label| label.span == choice);
        let known = providers.iter().filter_map(|one| one.choice).any(told);
        for provider in providers.iter().filter(|_| !known) {
            if let (Some(choice), Some(target)) = (provider.choice, target) {
                let name = self.provider_name(provider.def);
                diagnostic = diagnostic.label(choice, format!("target `{}` chooses `{name}`", target.name));
            }
        }
        let template = self.template(id).map_or(&[][..], |template| template.generics.as_slice());
        let inside = asked.span.file == diagnostic.span.file
            && (asked.span.start..=asked.span.end).contains(&diagnostic.span.start);
        if !template.is_empty() && !inside {
            let pairs = template.iter().zip(facets);
            let words: Vec<String> = pairs
                .map(|(generic, facet)| format!("`{}` is `{}`", generic.name, self.facet_text(facet)))
                .collect();
            diagnostic = diagnostic.label(asked.span, format!("here {}", words.join(", ")));
        }
        diagnostic
    }

    /// Holds type arguments against bounds that are known only with the tools.
    fn instance_bounds(
        &mut self,
        id: PipelineId,
        generics: &[crate::model::Generic],
        facets: &[Facet],
        providers: &[Provider],
        asked: &Asked,
    ) -> bool {
        let found: Found = facets.iter().cloned().map(Some).collect();
        let declared: Vec<Option<Kind>> = self.template(id).map_or_else(Vec::new, |template| {
            let set = |generic: &crate::model::Generic| match &generic.bound {
                Bound::Set(set) => Some(set.kind.clone()),
                Bound::Type | Bound::Enum(_) => None,
            };
            template.generics.iter().map(set).collect()
        });
        for (at, (generic, facet)) in generics.iter().zip(facets).enumerate() {
            let (Bound::Set(set), Facet::Case(case)) = (&generic.bound, facet) else { continue };
            let Some(names) = members(set, &found).filter(|names| !names.contains(case)) else { continue };
            let pipeline = self.package.pipeline(id).map_or(EcoString::new(), |one| one.source.clone());
            let provider = match declared.get(at) {
                Some(Some(Kind::Offered(used, name))) => providers.get(*used).map(|one| (*one, name.clone())),
                _ => None,
            };
            let by = provider.as_ref().map_or(pipeline, |(one, _)| self.provider_name(one.def));
            let place = asked.places.get(at).copied().flatten().unwrap_or(asked.span);
            let target = self.instances.target.and_then(|at| self.instances.targets.get(at));
            let choice = provider.as_ref().and_then(|(one, _)| one.choice);
            let for_target =
                target.filter(|_| choice.is_some()).map(|target| format!(" for target `{}`", target.name));
            let message = format!("`{by}` does not accept `{case}`{}", for_target.unwrap_or_default());
            let mut diagnostic = Diagnostic::new(&codes::types::NOT_ACCEPTED, place, message)
                .label(set.span, format!("`{}` is one of these", generic.name))
                .help(format!("`{by}` accepts `{}`", names.join("`, `")));
            if let (Some(choice), Some(target)) = (choice, target) {
                diagnostic = diagnostic.label(choice, format!("target `{}` chooses `{by}`", target.name));
            }
            if let Some((Provider { def: super::scope::Def::Tool(tool), .. }, name)) = provider
                && let Some(entry) = self.tool_scopes.get(tool.0 as usize).and_then(|scope| scope.get(&name))
            {
                diagnostic = diagnostic.label(entry.span, format!("what `{by}` accepts"));
            }
            self.report(diagnostic);
            return false;
        }
        true
    }

    /// `train--sklearn`: an instance is named after its type arguments.
    fn instance_name(&self, id: PipelineId, facets: &[Facet]) -> EcoString {
        let mut name = self.package.pipeline(id).map_or(EcoString::new(), |one| one.source.clone());
        for facet in facets {
            name.push_str("--");
            let text = self.facet_text(facet);
            let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
            name.extend(declare::snake_case(&text).chars().map(plain));
        }
        name
    }

    fn facet_text(&self, facet: &Facet) -> String {
        match facet {
            Facet::Case(case) => case.to_string(),
            Facet::Row(ty) => self.package.show(ty, &[]),
            Facet::Unset | Facet::Generic(_) | Facet::ConstParam(_) => "_".to_owned(),
        }
    }
}

/// Whether values of a type are files, be it in lists.
fn files(ty: &Ty) -> bool {
    match bare(ty) {
        Ty::Artifact(artifact) => artifact.by.is_none(),
        Ty::List(item, _) => files(item),
        _ => false,
    }
}
