//! The entries of `build` in `fuse.toml`: which instances of which pipelines are asked for.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};
use fuse_syntax::ast::{Name, TypeExpr, TypeKind};

use super::Checker;
use super::index;
use super::instance::Asked;
use crate::model::{Bound, FacetKind, Kind, PipelineId};
use crate::project::Spanned;
use crate::ty::Facet;

/// An entry of `build`.
pub(super) struct Wanted {
    pub(super) template: PipelineId,
    pub(super) facets: Vec<Facet>,
    pub(super) asked: Asked,
}

impl Checker<'_> {
    /// A pipeline of the package that only others could build, and none does.
    pub(super) fn never_built(&mut self, id: PipelineId, build: &[Spanned<EcoString>]) {
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
        let (what, name) =
            (if template.generics.is_empty() { "tools" } else { "type arguments" }, &pipeline.source);
        let message = format!("`{name}` needs {what}, and nothing gives it any: it is never built");
        let diagnostic = Diagnostic::new(&codes::names::NEVER_BUILT, pipeline.span, message).help(format!(
            "add `build = [\"{name}{arguments}\"]` to [package] in fuse.toml, call it, or declare it `pub` for others"
        ));
        self.report(diagnostic);
    }

    /// `"train<sklearn>"`
    pub(super) fn wanted(&mut self, entry: &Spanned<EcoString>) -> Option<Wanted> {
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
            let diagnostic =
                Diagnostic::new(&codes::names::UNKNOWN_NAME, self.inside(entry.span, name), message)
                    .help_opt(did_you_mean(name, candidates.iter().map(|(name, _)| name.as_str())))
                    .help_opt(
                        candidates.is_empty().then(|| "declare it in a file of the package".to_owned()),
                    );
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
        let path: Vec<Name> = text.split('.').map(|part| Name { text: part.trim().into(), span }).collect();
        let value = TypeExpr { kind: TypeKind::Named { path, args: Vec::new() }, span };
        match self.facet(&kind, &value, &env) {
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
