//! Whether a tool fits a capability: structurally, member by member, where the tool is given or chosen.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};

use super::Checker;
use super::capability::Set;
use super::fit::accepts;
use super::generics::members;
use super::literal::bare;
use super::scope::Def;
use crate::model::{Callee, MemberId, Output, Param, Signature};
use crate::ty::{ArtifactTy, Facet, Ty};

/// Why a tool does not fit.
struct Misfit {
    message: String,
    /// What the capability asks for.
    wanted: Span,
    /// What the tool has instead.
    found: Option<(Span, &'static str)>,
    help: String,
}

impl Checker<'_> {
    /// Holds a tool, or a single task or resource, against a capability; `at` is where it is given.
    pub(super) fn conforms(&mut self, provider: Def, capability: usize, at: Span) {
        let Some(wanted) = self.capabilities.get(capability) else { return };
        let (sets, wanted_members, declared) = (wanted.sets.clone(), wanted.members.clone(), wanted.span);
        let name = self.provider_name(provider);
        if let Def::Task(_) | Def::Resource(_) = provider {
            let only = if sets.is_empty() { wanted_members.as_slice() } else { &[] };
            let misfit = match only {
                [member] => self.member_misfit(*member, Some(provider), &name, declared),
                _ => Some(Misfit {
                    message: "a single task or resource fits a capability of one member".to_owned(),
                    wanted: declared,
                    found: None,
                    help: "name the tool that has all of it".to_owned(),
                }),
            };
            self.misfits(misfit, &name, capability, at);
            return;
        }
        let Def::Tool(tool) = provider else { return };
        for set in sets {
            let found = self.tool_scopes.get(tool.0 as usize).and_then(|scope| scope.get(&set.name)).cloned();
            let misfit = self.set_misfit(&set, found.map(|entry| (entry.def, entry.span)), at);
            self.misfits(misfit, &name, capability, at);
        }
        for member in wanted_members {
            let Some(text) = self.capability_member_of(member).map(|one| one.sig.name.clone()) else {
                continue;
            };
            let scope = self.tool_scopes.get(tool.0 as usize);
            let found = scope.and_then(|scope| scope.get(&text)).map(|entry| entry.def);
            let span = self.package.tools.get(tool.0 as usize).map_or(at, |tool| tool.span);
            let misfit = self.member_misfit(member, found, &name, span);
            self.misfits(misfit, &name, capability, at);
        }
    }

    /// Holds one capability against another: a pipeline hands on what it got.
    pub(super) fn capability_conforms(&mut self, given: usize, wanted: usize, at: Span) {
        let (Some(given), Some(asked)) = (self.capabilities.get(given), self.capabilities.get(wanted)) else {
            return;
        };
        let name = given.name.clone();
        let same = |set: &Set| given.sets.iter().any(|own| own.name == set.name && own.of == set.of);
        let set = asked.sets.iter().find(|set| !same(set)).map(|set| Misfit {
            message: format!("it has no set `{}` of the same enum", set.name),
            wanted: set.span,
            found: Some((given.span, "the capability that is given")),
            help: format!("declare the set in `{name}`"),
        });
        let (own, all, span) = (given.members.clone(), asked.members.clone(), given.span);
        self.misfits(set, &name, wanted, at);
        for member in all {
            let Some(asked) = self.capability_member_of(member) else { continue };
            let of = |id: &MemberId| self.capability_member_of(*id);
            let found = own.iter().filter_map(of).find(|one| one.sig.name == asked.sig.name);
            let misfit = match found {
                Some(one) if one.resource == asked.resource => {
                    self.signature_misfit(Callee::Member(member), &one.sig.name.clone(), &own)
                }
                _ => Some(missing(&asked.sig, asked.resource, &name, span)),
            };
            self.misfits(misfit, &name, wanted, at);
        }
    }

    fn misfits(&mut self, misfit: Option<Misfit>, name: &str, capability: usize, at: Span) {
        let Some(misfit) = misfit else { return };
        let of = self.capabilities.get(capability).map_or(EcoString::new(), |one| one.name.clone());
        let message = format!("`{name}` does not fit `{of}`: {}", misfit.message);
        let mut diagnostic = Diagnostic::new(&codes::types::CAPABILITY, at, message)
            .label(misfit.wanted, format!("`{of}` asks for this"))
            .help(misfit.help);
        if let Some((span, text)) = misfit.found {
            diagnostic = diagnostic.label(span, text);
        }
        self.report(diagnostic);
    }

    pub(super) fn provider_name(&self, def: Def) -> EcoString {
        let sig = match def {
            Def::Tool(id) => {
                return self.package.tools.get(id.0 as usize).map_or(EcoString::new(), |t| t.name.clone());
            }
            Def::Task(id) => self.package.signature(Callee::Task(id)),
            Def::Resource(id) => self.package.signature(Callee::Resource(id)),
            _ => None,
        };
        sig.map_or(EcoString::new(), |sig| sig.name.clone())
    }

    /// A constant list or map whose names are cases of the set's enum.
    fn set_misfit(&mut self, set: &Set, found: Option<(Def, Span)>, at: Span) -> Option<Misfit> {
        let of = self.package.enums.get(set.of?.0 as usize)?;
        let (cases, of) = (of.cases.clone(), of.name.clone());
        let Some((Def::Const(id), span)) = found else {
            return Some(Misfit {
                message: format!("it has no constant `{}`", set.name),
                wanted: set.span,
                found: found.map(|(_, span)| (span, "this is no constant")),
                help: format!("declare `const {} = [case, …]` in the tool", set.name),
            });
        };
        let typed = self.const_item(id, at);
        if super::constant::has_error(&typed) {
            return None;
        }
        let names = members(&typed, &Vec::new());
        let odd = names.as_ref().map(|names| names.iter().find(|name| !cases.contains(name)).cloned());
        let message = match odd {
            Some(None) => return None,
            Some(Some(odd)) => format!("`{odd}` in `{}` is no case of `{of}`", set.name),
            None => format!("`{}` is no set", set.name),
        };
        Some(Misfit {
            message,
            wanted: set.span,
            found: Some((span, "the tool's constant")),
            help: format!("write a list of cases of `{of}`, or a map with such keys"),
        })
    }

    fn member_misfit(
        &self,
        wanted: MemberId,
        found: Option<Def>,
        name: &str,
        declared: Span,
    ) -> Option<Misfit> {
        let member = self.capability_member_of(wanted)?;
        let callee = match (found, member.resource) {
            (Some(Def::Task(id)), false) => Callee::Task(id),
            (Some(Def::Resource(id)), true) => Callee::Resource(id),
            _ => return Some(missing(&member.sig, member.resource, name, declared)),
        };
        let sig = self.package.signature(callee)?;
        misfit(self, &member.sig, sig)
    }

    fn signature_misfit(&self, wanted: Callee, name: &str, own: &[MemberId]) -> Option<Misfit> {
        let Callee::Member(wanted) = wanted else { return None };
        let own = own.iter().filter_map(|id| self.capability_member_of(*id));
        let own = own.map(|one| &one.sig).find(|sig| sig.name == name)?;
        misfit(self, &self.capability_member_of(wanted)?.sig, own)
    }
}

fn missing(wanted: &Signature, resource: bool, name: &str, declared: Span) -> Misfit {
    let kind = if resource { "resource" } else { "task" };
    Misfit {
        message: format!("it has no {kind} `{}`", wanted.name),
        wanted: wanted.span,
        found: Some((declared, "this is given")),
        help: format!("give a tool that has it, or add it to `{name}`"),
    }
}

/// The first thing in which a tool's signature differs from what a capability asks for.
fn misfit(checker: &Checker<'_>, wanted: &Signature, found: &Signature) -> Option<Misfit> {
    let member = &wanted.name;
    if found.generics.len() < wanted.generics.len() {
        return Some(Misfit {
            message: format!(
                "its `{member}` takes {}, and the capability gives {}",
                match found.generics.len() {
                    0 => "no type parameters".to_owned(),
                    n => format!("{n} of the type parameters"),
                },
                wanted.generics.len()
            ),
            wanted: wanted.span,
            found: Some((found.span, "the tool's")),
            help: "give it the type parameters of the capability, in their order".to_owned(),
        });
    }
    for param in &wanted.params {
        let own = found.params.iter().find(|own| own.name == param.name);
        let message = match own {
            None => format!("its `{member}` has no parameter `{}`", param.name),
            Some(own) if own.constant && !param.constant => {
                format!("`{}` of its `{member}` takes only constants", param.name)
            }
            Some(own) if param.is_optional() && !own.is_optional() => {
                format!("`{}` of its `{member}` has no default", param.name)
            }
            Some(own) if !takes((&param.ty, wanted), (&own.ty, found)) => {
                other_type(checker, &param.name, (&param.ty, wanted), (&own.ty, found))
            }
            Some(_) => continue,
        };
        return Some(Misfit {
            message,
            wanted: param.span,
            found: Some((own.map_or(found.span, |own| own.span), "the tool's")),
            help: "a tool takes the parameters of the capability by their names and types".to_owned(),
        });
    }
    let extra =
        |own: &&Param| !own.is_optional() && !wanted.params.iter().any(|param| param.name == own.name);
    if let Some(own) = found.params.iter().find(extra) {
        return Some(Misfit {
            message: format!("its `{member}` also needs `{}`", own.name),
            wanted: wanted.span,
            found: Some((own.span, "without default")),
            help: format!("give `{}` a default: what a capability does not know is left out", own.name),
        });
    }
    outputs_misfit(checker, wanted, found)
}

/// What is said of a part of a signature that is of another type.
fn other_type(
    checker: &Checker<'_>,
    name: &str,
    wanted: (&Ty, &Signature),
    found: (&Ty, &Signature),
) -> String {
    let show =
        |(ty, sig): (&Ty, &Signature)| super::limits::shortened(&checker.package.show(ty, &sig.generics));
    let member = &wanted.1.name;
    format!("`{name}` of its `{member}` is `{}`, and `{}` is asked for", show(found), show(wanted))
}

fn outputs_misfit(checker: &Checker<'_>, wanted: &Signature, found: &Signature) -> Option<Misfit> {
    let member = &wanted.name;
    if wanted.single != found.single && !wanted.outputs.is_empty() {
        return Some(Misfit {
            message: match wanted.single {
                true => format!("its `{member}` gives a record, and one value is asked for"),
                false => format!("its `{member}` gives one value, and a record is asked for"),
            },
            wanted: wanted.span,
            found: Some((found.span, "the tool's")),
            help: "write the same form of result: `-> T` or `-> { name: T }`".to_owned(),
        });
    }
    for output in &wanted.outputs {
        let same = |own: &&Output| wanted.single || own.name == output.name;
        let own = found.outputs.iter().find(same);
        let message = match own {
            None => format!("its `{member}` does not give `{}`", output.name),
            Some(own) if !gives((&output.ty, wanted), (&own.ty, found)) => {
                other_type(checker, &output.name, (&output.ty, wanted), (&own.ty, found))
            }
            Some(_) => continue,
        };
        return Some(Misfit {
            message,
            wanted: output.span,
            found: Some((own.map_or(found.span, |own| own.span), "the tool's")),
            help: "a tool gives at least the outputs of the capability".to_owned(),
        });
    }
    None
}

/// Whether what fits the capability's parameter fits the tool's. Facets that only the tool demands, and the schemes of
/// references, are held against each instance.
fn takes(wanted: (&Ty, &Signature), found: (&Ty, &Signature)) -> bool {
    artifacts(wanted, found).map_or_else(
        || accepts(wanted.0, found.0, true),
        |(asked, own)| {
            same_artifact(asked, own)
                && asked.facets.iter().zip(&own.facets).all(|(asked, own)| {
                    matches!((asked, own), (Facet::Unset, _) | (_, Facet::Unset))
                        || same_facet((asked, wanted.1), (own, found.1))
                })
        },
    )
}

/// Whether what the tool gives is what the capability promises.
fn gives(wanted: (&Ty, &Signature), found: (&Ty, &Signature)) -> bool {
    artifacts(wanted, found).map_or_else(
        || accepts(found.0, wanted.0, true),
        |(asked, own)| {
            let schemes = match (&asked.by, &own.by) {
                (Some(asked), Some(own)) => {
                    asked.names.is_empty()
                        || (!own.names.is_empty() && own.names.iter().all(|name| asked.names.contains(name)))
                }
                _ => true,
            };
            schemes
                && same_artifact(asked, own)
                && asked.facets.iter().zip(&own.facets).all(|(asked, own)| {
                    matches!(asked, Facet::Unset) || same_facet((asked, wanted.1), (own, found.1))
                })
        },
    )
}

fn artifacts<'t>(
    wanted: (&'t Ty, &Signature),
    found: (&'t Ty, &Signature),
) -> Option<(&'t ArtifactTy, &'t ArtifactTy)> {
    match (bare(wanted.0), bare(found.0)) {
        (Ty::Artifact(asked), Ty::Artifact(own)) => Some((asked, own)),
        _ => None,
    }
}

fn same_artifact(asked: &ArtifactTy, own: &ArtifactTy) -> bool {
    asked.decl == own.decl && asked.by.is_some() == own.by.is_some()
}

/// Type parameters are the same by their order, const parameters by their names.
fn same_facet((asked, wanted): (&Facet, &Signature), (own, found): (&Facet, &Signature)) -> bool {
    let param = |sig: &Signature, at: usize| sig.params.get(at).map(|param| param.name.clone());
    match (asked, own) {
        (Facet::ConstParam(a), Facet::ConstParam(b)) => param(wanted, *a) == param(found, *b),
        // A type parameter that only the tool has follows from the argument of each instance.
        (_, Facet::Generic(id)) if id.0 as usize >= wanted.generics.len() => true,
        (asked, own) => asked == own,
    }
}
