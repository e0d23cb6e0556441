//! Type parameters: found from arguments, held against their bounds, put into types.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::TypeArg;

use super::body::Body;
use crate::model::{Bound, Callee, Generic, Kind, Typed};
use crate::ops::pick;
use crate::ty::{ArtifactTy, Facet, FieldTy, GenericId, RecordTy, Ty};
use crate::value::Value;

/// The arguments found so far, by index of the type parameter.
pub(super) type Found = Vec<Option<Facet>>;

/// A type with the type parameters that are known put in; unknown ones stay.
pub(super) fn instantiate(ty: &Ty, found: &Found) -> Ty {
    match ty {
        Ty::Generic(id) => match found.get(id.0 as usize) {
            Some(Some(Facet::Row(ty))) => ty.clone(),
            _ => ty.clone(),
        },
        Ty::List(item, bounds) => Ty::List(Rc::new(instantiate(item, found)), *bounds),
        Ty::Map(item) => Ty::Map(Rc::new(instantiate(item, found))),
        Ty::Optional(inner) => Ty::Optional(Rc::new(instantiate(inner, found))),
        Ty::Record(record) => Ty::Record(Rc::new(RecordTy {
            name: record.name.clone(),
            fields: record
                .fields
                .iter()
                .map(|field| FieldTy { ty: instantiate(&field.ty, found), ..field.clone() })
                .collect(),
        })),
        Ty::Artifact(artifact)
            if artifact.facets.iter().any(|f| !matches!(f, Facet::Unset | Facet::Case(_))) =>
        {
            let facets = artifact.facets.iter().map(|facet| instantiate_facet(facet, found)).collect();
            Ty::Artifact(Rc::new(ArtifactTy { decl: artifact.decl, facets, by: artifact.by.clone() }))
        }
        _ => ty.clone(),
    }
}

fn instantiate_facet(facet: &Facet, found: &Found) -> Facet {
    match facet {
        Facet::Generic(id) => found.get(id.0 as usize).cloned().flatten().unwrap_or(Facet::Unset),
        Facet::Row(ty) => Facet::Row(instantiate(ty, found)),
        Facet::Unset | Facet::Case(_) | Facet::ConstParam(_) => facet.clone(),
    }
}

/// Learns type parameters from the type of an argument.
pub(super) fn learn(param: &Ty, arg: &Ty, found: &mut Found) {
    match (param, arg) {
        (Ty::Generic(id), arg) if !arg.is_error() => set(found, *id, Facet::Row(arg.clone())),
        (Ty::List(param, _), Ty::List(arg, _))
        | (Ty::Map(param), Ty::Map(arg))
        | (Ty::Optional(param), Ty::Optional(arg)) => learn(param, arg, found),
        (Ty::Optional(param), arg) => learn(param, arg, found),
        (Ty::Record(param), Ty::Record(arg)) => {
            for field in &param.fields {
                if let Some(other) = arg.fields.iter().find(|other| other.name == field.name) {
                    learn(&field.ty, &other.ty, found);
                }
            }
        }
        (Ty::Artifact(param), Ty::Artifact(arg)) if param.decl == arg.decl => {
            for (facet, given) in param.facets.iter().zip(&arg.facets) {
                match (facet, given) {
                    (Facet::Generic(_), Facet::Unset) => {}
                    (Facet::Generic(id), given) => set(found, *id, given.clone()),
                    (Facet::Row(param), Facet::Row(arg)) => learn(param, arg, found),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn set(found: &mut Found, id: GenericId, facet: Facet) {
    if let Some(slot) = found.get_mut(id.0 as usize) {
        slot.get_or_insert(facet);
    }
}

/// A type parameter, as a call needs it: name, bound, place.
#[derive(Clone)]
pub(super) struct GenericView {
    pub(super) name: EcoString,
    pub(super) bound: BoundView,
    pub(super) span: Span,
}

#[derive(Clone)]
pub(super) enum BoundView {
    Type,
    Enum(crate::ty::EnumId),
    Set(Typed),
}

pub(super) fn views(generics: &[Generic]) -> Vec<GenericView> {
    let bound = |bound: &Bound| match bound {
        Bound::Type => BoundView::Type,
        Bound::Enum(id) => BoundView::Enum(*id),
        Bound::Set(set) => BoundView::Set(set.clone()),
    };
    generics
        .iter()
        .map(|generic| GenericView {
            name: generic.name.clone(),
            bound: bound(&generic.bound),
            span: generic.span,
        })
        .collect()
}

/// The names in a set, with the type parameters found so far put in; `None` where one is still unknown.
pub(super) fn members(set: &Typed, found: &Found) -> Option<Vec<EcoString>> {
    let names = |value: &Value| match value {
        Value::Record(fields) => Some(fields.keys().cloned().collect()),
        Value::List(items) => items.iter().map(Value::text).collect::<Option<Vec<_>>>(),
        _ => None,
    };
    match &set.kind {
        Kind::Value(value) => names(value),
        Kind::Index(base, index) => {
            let (Kind::Value(base), Kind::Generic(id)) = (&base.kind, &index.kind) else { return None };
            let Some(Some(Facet::Case(case))) = found.get(id.0 as usize) else { return None };
            names(&pick(base, &Value::Case(case.clone()))?)
        }
        _ => None,
    }
}

impl Body<'_, '_> {
    /// The arguments in `<…>` of a call, in order or by name.
    ///
    /// With the place of each; `false` where one was reported.
    pub(super) fn explicit(
        &mut self,
        generics: &[GenericView],
        args: &[TypeArg],
        callee: &str,
    ) -> (Found, Vec<Option<Span>>, bool) {
        let mut found: Found = vec![None; generics.len()];
        let mut places = vec![None; generics.len()];
        let mut fine = true;
        for (at, arg) in args.iter().enumerate() {
            let slot = match &arg.label {
                Some(label) => generics.iter().position(|generic| generic.name == label.text),
                None => Some(at).filter(|at| *at < generics.len()),
            };
            let Some((slot, generic)) = slot.and_then(|slot| Some((slot, generics.get(slot)?))) else {
                let place = arg.label.as_ref().map_or(arg.value.span, |label| label.span);
                let names: Vec<&str> = generics.iter().map(|generic| generic.name.as_str()).collect();
                let help = if names.is_empty() {
                    format!("`{callee}` takes no type arguments")
                } else {
                    format!("its type parameters: {}", names.join(", "))
                };
                let diagnostic = Diagnostic::new(
                    &codes::types::TYPE_ARGUMENTS,
                    place,
                    format!("`{callee}` has no such type parameter"),
                )
                .help(help);
                self.checker.report(diagnostic);
                fine = false;
                continue;
            };
            let facet = self.type_argument(generic, arg);
            fine &= facet.is_some();
            if let (Some(slot), Some(place)) = (found.get_mut(slot), places.get_mut(slot)) {
                *slot = facet;
                *place = Some(arg.value.span);
            }
        }
        (found, places, fine)
    }

    fn type_argument(&mut self, generic: &GenericView, arg: &TypeArg) -> Option<Facet> {
        let env = self.env.clone();
        match &generic.bound {
            BoundView::Type => {
                let ty = self.checker.ty(&arg.value, &env);
                (!ty.is_error()).then_some(Facet::Row(ty))
            }
            BoundView::Enum(id) => {
                let kind = crate::model::FacetKind::Enum(*id);
                match self.checker.facet(&kind, &arg.value, &env) {
                    Facet::Unset => None,
                    facet => Some(facet),
                }
            }
            BoundView::Set(_) => {
                let text = self.checker.sources.text(arg.value.span);
                let name = EcoString::from(text.trim());
                Some(env.facet(&name).unwrap_or(Facet::Case(name)))
            }
        }
    }

    /// Holds what was found against the bounds; `places` says which argument gave it, or could have.
    pub(super) fn within_bounds(
        &mut self,
        generics: &[GenericView],
        found: &Found,
        callee: (Option<Callee>, &str),
        places: &[Option<Span>],
        span: Span,
    ) -> bool {
        for (at, generic) in generics.iter().enumerate() {
            let place = places.get(at).copied().flatten();
            let Some(Some(facet)) = found.get(at) else {
                let help = if place.is_some() {
                    "name the facet where this is produced, as in `Model<sklearn, format: pickle>`".to_owned()
                } else {
                    format!("write it: `{}<…>(…)`", callee.1)
                };
                let diagnostic = Diagnostic::new(
                    &codes::types::CANNOT_INFER,
                    place.unwrap_or(span),
                    format!("what `{}` of `{}` is follows from no argument", generic.name, callee.1),
                )
                .label(generic.span, "declared here")
                .help(help);
                self.checker.report(diagnostic);
                return false;
            };
            if let Facet::Generic(id) = facet {
                if self.generic_within(*id, generic, found, callee, place.unwrap_or(span)) {
                    continue;
                }
                return false;
            }
            let (BoundView::Set(set), Facet::Case(case)) = (&generic.bound, facet) else { continue };
            let Some(names) = members(set, found) else { continue };
            if names.contains(case) {
                continue;
            }
            self.not_accepted(generic, case, &names, found, callee, place.unwrap_or(span));
            return false;
        }
        true
    }

    /// Holds a type parameter of the pipeline around against the bound of what it is given to: everything that it may
    /// stand for must be accepted.
    fn generic_within(
        &mut self,
        id: GenericId,
        bound: &GenericView,
        found: &Found,
        callee: (Option<Callee>, &str),
        place: Span,
    ) -> bool {
        let Some(own) = self.env.generics.get(id.0 as usize).cloned() else { return true };
        let enums = &self.checker.package.enums;
        let cases = |id: crate::ty::EnumId| enums.get(id.0 as usize).map(|known| known.cases.clone());
        let all = match &own.set {
            Some(set) => members(set, &Vec::new()),
            None => own.of.and_then(cases),
        };
        let (fits, wanted) = match &bound.bound {
            BoundView::Type => (true, String::new()),
            BoundView::Enum(of) => {
                let known = cases(*of).unwrap_or_default();
                let inside = all.is_some_and(|all| all.iter().all(|case| known.contains(case)));
                let name = enums.get(of.0 as usize).map_or_else(String::new, |known| known.name.to_string());
                (own.of == Some(*of) || inside, format!("`<{}: {name}>`", own.name))
            }
            BoundView::Set(set) => {
                let text = super::limits::shortened(self.checker.sources.text(set.span));
                let same = own.set.as_ref().is_some_and(|own| match (&own.kind, &set.kind) {
                    (Kind::Offered(a, x), Kind::Offered(b, y)) => a == b && x == y,
                    _ => false,
                });
                // What is in a tool's set, or depends on another type parameter, is known for each instance.
                let inside = match (members(set, found), &all, own.set.is_some()) {
                    (Some(known), Some(all), _) => all.iter().all(|case| known.contains(case)),
                    (None, _, bounded) => bounded || !matches!(set.kind, Kind::Offered(..)),
                    (Some(_), None, bounded) => bounded,
                };
                let text = match &set.kind {
                    Kind::Offered(at, name) => {
                        self.env.uses.get(*at).map_or(text, |used| format!("{}.{name}", used.name))
                    }
                    _ => text,
                };
                (same || inside, format!("`where {} in {text}`", own.name))
            }
        };
        if !fits {
            let message =
                format!("`{}` does not accept everything that `{}` may stand for", callee.1, own.name);
            let diagnostic = Diagnostic::new(&codes::types::NOT_ACCEPTED, place, message)
                .label(bound.span, format!("the bound of `{}` is declared here", bound.name))
                .help(format!("say it in the signature: {wanted}"));
            self.checker.report(diagnostic);
        }
        fits
    }

    fn not_accepted(
        &mut self,
        generic: &GenericView,
        case: &EcoString,
        names: &[EcoString],
        found: &Found,
        callee: (Option<Callee>, &str),
        place: Span,
    ) {
        let others = self.accepting(callee.0, found);
        let accepted = names.join("`, `");
        let earlier: Vec<&str> = found
            .iter()
            .flatten()
            .filter_map(|facet| if let Facet::Case(c) = facet { Some(c.as_str()) } else { None })
            .take_while(|c| *c != case.as_str())
            .collect();
        let of = if earlier.is_empty() { String::new() } else { format!(" for {}", earlier.join(", ")) };
        let mut help = format!("`{}` accepts `{accepted}`{of}", callee.1);
        if callee.0.is_none() {
            help.push_str(": name one of these");
        } else if others.is_empty() {
            help.push_str("; nothing else in reach accepts it: produce it as one of these");
        } else {
            help.push_str(&format!("; `{case}` is accepted by {}", others.join(", ")));
        }
        let mut diagnostic = Diagnostic::new(
            &codes::types::NOT_ACCEPTED,
            place,
            format!("`{}` does not accept `{case}`{of}", callee.1),
        )
        .help(help);
        if let BoundView::Set(set) = &generic.bound {
            diagnostic = diagnostic.label(set.span, format!("`{}` is one of these", generic.name));
        }
        self.checker.report(diagnostic);
    }

    /// Other declarations of the same kind, of the package, its imports and the standard library, whose bounds admit
    /// these type arguments for their first parameter.
    fn accepting(&mut self, callee: Option<Callee>, found: &Found) -> Vec<String> {
        for name in self.checker.files.std_names() {
            self.checker.load_std(&name);
        }
        let Some(Callee::Resource(own)) = callee else { return Vec::new() };
        let decl = |sig: &crate::model::Signature| match sig.params.first().map(|param| &param.ty) {
            Some(Ty::Artifact(artifact)) => Some(artifact.decl),
            _ => None,
        };
        let package = &self.checker.package;
        let Some(mine) = package.resources.get(own.0 as usize).and_then(|r| decl(&r.sig)) else {
            return Vec::new();
        };
        let mut names = Vec::new();
        for (at, resource) in package.resources.iter().enumerate() {
            let sig = &resource.sig;
            let other = u32::try_from(at).is_ok_and(|at| at != own.0);
            if !other || decl(sig) != Some(mine) || sig.generics.len() != found.len() {
                continue;
            }
            let fits = views(&sig.generics).iter().zip(found).all(|(generic, facet)| {
                match (&generic.bound, facet) {
                    (BoundView::Set(set), Some(Facet::Case(case))) => {
                        members(set, found).is_some_and(|names| names.contains(case))
                    }
                    _ => true,
                }
            });
            if fits {
                let tool = sig.tool.and_then(|tool| package.tools.get(tool.0 as usize));
                names.push(match tool {
                    Some(tool) => format!("`{}.{}`", tool.name, sig.name),
                    None => format!("`{}`", sig.name),
                });
            }
        }
        names.sort_unstable();
        names
    }
}
