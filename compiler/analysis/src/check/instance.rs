//! Instances: pipelines with type arguments and tools put in, each checked again as it will be built.
//!
//! A pipeline without type parameters and `use` that calls no other kind is built as it is declared. Any other is
//! checked once as it is declared, against its bounds and capabilities, and once more for each set of type arguments
//! and tools: only then it is known what a tool demands beyond its capability, and what is in its sets.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};
use fuse_syntax::ast::{Name, TypeArg, TypeExpr, TypeKind};

use super::Checker;
use super::capability::Provider;
use super::choice::{Chosen, Demand};
use super::compose::Source;
use super::generics::{Found, members};
use super::graph::Reach;
use super::literal::bare;
use super::{declare, index};
use crate::model::{Bound, FacetKind, Kind, PipelineId, Root};
use crate::project::{Spanned, Target};
use crate::ty::{Facet, Ty};

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

struct Made {
    template: PipelineId,
    facets: Vec<Facet>,
    providers: Vec<Provider>,
    /// What is given for parameters that are artifacts.
    args: Vec<Option<Ty>>,
    target: Option<usize>,
    id: Option<PipelineId>,
}

/// Who asks for an instance, and which argument gave each type argument.
pub(super) struct Asked {
    pub(super) span: Span,
    pub(super) places: Vec<Option<Span>>,
    /// The types of the arguments.
    pub(super) args: Vec<Option<Ty>>,
}

/// An entry of `build`.
struct Wanted {
    template: PipelineId,
    facets: Vec<Facet>,
    asked: Asked,
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
            if own.is_empty() && called && self.takes_files(id) {
                continue;
            }
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

    /// Whether a pipeline takes files, which a caller has and a run does not.
    fn takes_files(&self, id: PipelineId) -> bool {
        let files = |ty: &Ty| matches!(bare(ty), Ty::Artifact(artifact) if artifact.by.is_none());
        self.package.pipeline(id).is_some_and(|one| one.params.iter().any(|param| files(&param.ty)))
    }

    /// Reports parameters that no run can give.
    fn startable(&mut self, id: PipelineId) {
        let params = self.package.pipeline(id).map_or_else(Vec::new, |one| {
            one.params.iter().map(|param| (param.ty.clone(), param.span)).collect()
        });
        for (ty, span) in params {
            self.pipeline_param(&ty, span);
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
        let files = |arg: &Option<Ty>| arg.clone().filter(|ty| matches!(bare(ty), Ty::Artifact(_)));
        let args: Vec<Option<Ty>> = asked.args.iter().map(files).collect();
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
        let made = self.make(id, (facets, providers, &args), asked);
        if let Some(slot) = self.instances.made.get_mut(slot) {
            slot.id = made;
        }
        made
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

    fn make(
        &mut self,
        id: PipelineId,
        given: (&[Facet], &[Provider], &[Option<Ty>]),
        asked: &Asked,
    ) -> Option<PipelineId> {
        let (facets, providers, _) = given;
        let before = self.diagnostics.len();
        let head = self.head(id, Some(given))?;
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
            let words: Vec<String> =
                pairs.map(|(generic, facet)| format!("`{}` is `{}`", generic.name, self.facet_text(facet))).collect();
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
            let for_target = target.filter(|_| choice.is_some()).map(|target| format!(" for target `{}`", target.name));
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

    /// A pipeline of the package that only others could build, and none does.
    fn never_built(&mut self, id: PipelineId, build: &[Spanned<EcoString>]) {
        let Some(template) = self.template(id) else { return };
        let called = self.calls.iter().any(|edge| edge.callee == id);
        let Some(pipeline) = self.package.pipeline(id) else { return };
        let mentioned = build.iter().any(|entry| head_of(&entry.value) == pipeline.source.as_str());
        if template.item.public.is_some() || called || mentioned || template.broken {
            return;
        }
        let arguments = match template.generics.as_slice() {
            [] => String::new(),
            generics => format!("<{}>", vec!["…"; generics.len()].join(", ")),
        };
        let (what, name) = (if template.generics.is_empty() { "tools" } else { "type arguments" }, &pipeline.source);
        let message = format!("`{name}` needs {what}, and nothing gives it any: it is never built");
        let diagnostic = Diagnostic::new(&codes::names::NEVER_BUILT, pipeline.span, message).help(format!(
            "add `build = [\"{name}{arguments}\"]` to [package] in fuse.toml, call it, or declare it `pub` for others"
        ));
        self.report(diagnostic);
    }

    /// `"train<sklearn>"`
    fn wanted(&mut self, entry: &Spanned<EcoString>) -> Option<Wanted> {
        let text = entry.value.as_str();
        let name = head_of(text);
        let candidates: Vec<(EcoString, PipelineId)> = (0..self.templates.len())
            .map(|at| PipelineId(index(at)))
            .filter(|id| {
                let module = self.template(*id).and_then(|template| self.modules.get(template.module));
                module.is_some_and(|module| module.entry)
            })
            .filter_map(|id| Some((self.package.pipeline(id)?.source.clone(), id)))
            .collect();
        let Some((_, id)) = candidates.iter().find(|(known, _)| known == name) else {
            let message = format!("the package has no pipeline `{name}`");
            let diagnostic = Diagnostic::new(&codes::names::UNKNOWN_NAME, self.inside(entry.span, name), message)
                .help_opt(did_you_mean(name, candidates.iter().map(|(name, _)| name.as_str())))
                .help_opt(candidates.is_empty().then(|| "declare it in a file of the package".to_owned()));
            self.report(diagnostic);
            return None;
        };
        let arguments = arguments_of(text);
        let (template, span) = (self.template(*id)?, self.package.pipeline(*id)?.span);
        let generics: Vec<(EcoString, Span)> =
            template.generics.iter().map(|generic| (generic.name.clone(), generic.span)).collect();
        if arguments.len() != generics.len() {
            let counted = match generics.len() {
                0 => "no type arguments".to_owned(),
                1 => "1 type argument".to_owned(),
                more => format!("{more} type arguments"),
            };
            let message = format!("`{name}` takes {counted}, and this gives {}", arguments.len());
            let names: Vec<&str> = generics.iter().map(|(name, _)| name.as_str()).collect();
            let help = match names.as_slice() {
                [] => format!("write `{name}`"),
                names => format!("write `{name}<{}>`, with a value for each", names.join(", ")),
            };
            let diagnostic = Diagnostic::new(&codes::types::TYPE_ARGUMENTS, entry.span, message)
                .label(span, "declared here")
                .help(help);
            self.report(diagnostic);
            return None;
        }
        let places: Vec<Option<Span>> =
            arguments.iter().map(|argument| Some(self.inside(entry.span, argument))).collect();
        let mut facets = Vec::new();
        for (at, (argument, place)) in arguments.iter().zip(&places).enumerate() {
            facets.push(self.build_argument(*id, at, argument, place.unwrap_or(entry.span)));
        }
        let facets = facets.into_iter().collect::<Option<Vec<Facet>>>()?;
        Some(Wanted { template: *id, facets, asked: Asked { span: entry.span, places, args: Vec::new() } })
    }

    /// The place of a part of a text in `fuse.toml`.
    fn inside(&self, span: Span, part: &str) -> Span {
        let found = self.sources.text(span).rfind(part).and_then(|at| u32::try_from(at).ok());
        let size = u32::try_from(part.len()).unwrap_or(0);
        match found {
            Some(at) if size > 0 => Span::new(span.file, span.start + at, span.start + at + size),
            _ => span,
        }
    }

    /// A type argument in `build`: a case, or the name of a type in the pipeline's file.
    fn build_argument(&mut self, id: PipelineId, at: usize, text: &str, span: Span) -> Option<Facet> {
        let template = self.template(id)?;
        let env = super::body::Env::of_module(template.module, None);
        let name = Name { text: text.into(), span };
        let kind = match &template.generics.get(at)?.bound {
            Bound::Enum(of) => FacetKind::Enum(*of),
            Bound::Set(set) => {
                // A set of cases says which enum is meant; what is in it is checked with the tools.
                let scope = super::body::scope_of(std::slice::from_ref(template.generics.get(at)?));
                match (scope.first().and_then(|generic| generic.of), &set.kind) {
                    (Some(of), Kind::Offered(..)) => FacetKind::Enum(of),
                    _ => return Some(Facet::Case(name.text)),
                }
            }
            Bound::Type => FacetKind::Row,
        };
        let path: Vec<Name> =
            text.split('.').map(|part| Name { text: part.trim().into(), span }).collect();
        let value = TypeExpr { kind: TypeKind::Named { path, args: Vec::new() }, span };
        let argument = TypeArg { label: None, value };
        match self.facet(&kind, &argument.value, &env) {
            Facet::Unset => None,
            facet => Some(facet),
        }
    }
}

fn head_of(text: &str) -> &str {
    text.split('<').next().unwrap_or(text).trim()
}

fn arguments_of(text: &str) -> Vec<&str> {
    let Some((_, rest)) = text.split_once('<') else { return Vec::new() };
    let inner = rest.trim().strip_suffix('>').unwrap_or(rest);
    inner.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}
