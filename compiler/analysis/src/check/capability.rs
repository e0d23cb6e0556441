//! Capabilities: what several tools can do, as sets and signatures without bodies, and what a `use` parameter means.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};
use fuse_syntax::ast::{self, Clause, ClauseArg, Item, ItemKind, Name};

use super::body::{Body, Env, scope_of};
use super::clauses::{has_hole, word};
use super::params::env_params;
use super::scope::Def;
use super::{Checker, index};
use crate::model::{Kind, MemberId, Signature, Typed};
use crate::ty::{Bounds, EnumId, Ty};

/// The clauses that name a set of cases of a core enum.
const SETS: [(&str, &str); 2] = [("flavors", "Flavor"), ("formats", "Format")];

/// A capability.
pub(super) struct Capability {
    pub(super) name: EcoString,
    pub(super) span: Span,
    module: usize,
    item: Rc<ast::ToolItem>,
    pub(super) sets: Vec<Set>,
    pub(super) members: Vec<MemberId>,
}

/// A set of cases that a tool of the capability has as a constant.
#[derive(Clone)]
pub(super) struct Set {
    pub(super) name: EcoString,
    /// `None` after a diagnostic.
    pub(super) of: Option<EnumId>,
    pub(super) span: Span,
}

/// A task or resource that a tool of the capability has.
pub(super) struct Member {
    pub(super) sig: Signature,
    pub(super) resource: bool,
}

/// A `use` parameter in scope.
#[derive(Clone, Debug)]
pub(super) struct EnvUse {
    pub(super) name: EcoString,
    /// `None` after a diagnostic.
    pub(super) capability: Option<usize>,
    /// The tool, in an instance.
    pub(super) provider: Option<Provider>,
}

/// A tool, or a single task or resource, that a `use` parameter stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Provider {
    pub(super) def: Def,
    /// Where the target chooses it.
    pub(super) choice: Option<Span>,
}

impl Checker<'_> {
    pub(super) fn declare_capability(&mut self, module: usize, item: &ast::ToolItem) -> Def {
        self.capabilities.push(Capability {
            name: item.name.text.clone(),
            span: item.name.span,
            module,
            item: Rc::new(item.clone()),
            sets: Vec::new(),
            members: Vec::new(),
        });
        Def::Capability(self.capabilities.len() - 1)
    }

    /// The sets and signatures of a module's capabilities.
    pub(super) fn all_capabilities(&mut self, module: usize) {
        for at in 0..self.capabilities.len() {
            let here = self.capabilities.get(at).filter(|one| one.module == module);
            let Some(item) = here.map(|one| Rc::clone(&one.item)) else { continue };
            let env = Env::of_module(module, None);
            for member in &item.members {
                if let ItemKind::Clause(clause) = &member.kind {
                    self.set_clause(at, clause, &env);
                }
            }
            let env = Env { capability: Some(at), ..env };
            for member in &item.members {
                self.capability_member(at, member, &env);
            }
        }
    }

    /// `flavors serves`, `set sizes: Size`.
    fn set_clause(&mut self, at: usize, clause: &Clause, env: &Env) {
        if clause.args.iter().any(has_hole) {
            return;
        }
        let core = SETS.iter().find(|(head, _)| *head == clause.head.text).map(|(_, of)| *of);
        let (name, of) = match (core, clause.head.text.as_str(), clause.args.as_slice()) {
            (Some(of), _, [ClauseArg::Expr(expr)]) if word(expr).is_some() => {
                let of = self.lookup(env.module, None, of).map(|entry| entry.def);
                (word(expr).unwrap_or_default(), if let Some(Def::Enum(id)) = of { Some(id) } else { None })
            }
            (None, "set", [ClauseArg::Typed { name, optional: false, ty: Some(ty), default: None }]) => {
                (name.clone(), self.set_of(ty, env))
            }
            (None, head, _) if head != "set" => {
                self.unknown_clause(clause, "capability", &["flavors", "formats", "set", "task", "resource"]);
                return;
            }
            _ => {
                let help = "write `flavors serves`, `formats reads` or `set sizes: SomeEnum`";
                self.malformed(clause.span, "a set has a name and the enum of its cases", help);
                return;
            }
        };
        self.style(&name, super::declare::Style::Value);
        if self.taken(at, &name) {
            return;
        }
        if let Some(capability) = self.capabilities.get_mut(at) {
            capability.sets.push(Set { name: name.text, of, span: name.span });
        }
    }

    fn set_of(&mut self, ty: &ast::TypeExpr, env: &Env) -> Option<EnumId> {
        match self.ty(ty, env) {
            Ty::Enum(id) => Some(id),
            Ty::Error => None,
            other => {
                let message = format!("a set holds cases of an enum, and this is {}", self.show(&other));
                let diagnostic = Diagnostic::new(&codes::types::BAD_TYPE, ty.span, message)
                    .help("name an enum, such as `Flavor`");
                self.report(diagnostic);
                None
            }
        }
    }

    /// Whether the capability has something of this name already; a diagnostic then.
    fn taken(&mut self, at: usize, name: &Name) -> bool {
        let Some(capability) = self.capabilities.get(at) else { return true };
        let set = capability.sets.iter().find(|set| set.name == name.text).map(|set| set.span);
        let member = capability.members.iter().filter_map(|id| self.members.get(id.0 as usize));
        let member = member.map(|one| &one.sig).find(|sig| sig.name == name.text).map(|sig| sig.span);
        let Some(first) = set.or(member) else { return false };
        let message = format!("`{}` is declared twice", name.text);
        let diagnostic = Diagnostic::new(&codes::names::DUPLICATE_NAME, name.span, message)
            .label(first, "first declared here")
            .help("give one of them another name");
        self.report(diagnostic);
        true
    }

    fn capability_member(&mut self, at: usize, item: &Item, env: &Env) {
        let (task, resource) = match &item.kind {
            ItemKind::Clause(_) => return,
            ItemKind::Task(task) => (task, false),
            ItemKind::Resource(task) => (task, true),
            _ => {
                let message = "a capability holds signatures of tasks and resources, and sets";
                let diagnostic = Diagnostic::new(&codes::names::WRONG_KIND, item.span, message)
                    .help("declare this outside, or leave it to the tools");
                self.report(diagnostic);
                return;
            }
        };
        self.style(&task.name, super::declare::Style::Value);
        let body = task.body.as_ref().and_then(|body| body.first()).map(|clause| clause.span);
        if let Some(place) = body.or(task.external) {
            let message = "a capability says what a tool does, not how: its members have no body";
            let diagnostic = Diagnostic::new(&codes::names::WRONG_KIND, place, message)
                .help("leave the body to the tools that fit");
            self.report(diagnostic);
        }
        if task.name.is_missing() || self.taken(at, &task.name) {
            return;
        }
        let generics = self.generics(&task.generics, &task.wheres, env);
        let env = Env { generics: Rc::new(scope_of(&generics)), ..env.clone() };
        let params = self.params(&task.params, &env);
        let env = Env { params: Rc::new(env_params(&params)), ..env };
        let (outputs, single) = self.outputs(task.ret.as_ref(), &env);
        let id = MemberId(index(self.members.len()));
        let (name, span, doc) = (task.name.text.clone(), task.name.span, item.doc.clone());
        let sig = Signature { name, tool: None, doc, generics, params, outputs, single, span };
        self.members.push(Member { sig, resource });
        if let Some(capability) = self.capabilities.get_mut(at) {
            capability.members.push(id);
        }
    }

    pub(super) fn capability_member_of(&self, id: MemberId) -> Option<&Member> {
        self.members.get(id.0 as usize)
    }

    /// The member of a capability with this name.
    pub(super) fn find_member(&self, capability: usize, name: &str) -> Option<MemberId> {
        let members = &self.capabilities.get(capability)?.members;
        let named = |id: &&MemberId| self.capability_member_of(**id).is_some_and(|one| one.sig.name == name);
        members.iter().find(named).copied()
    }
}

impl Body<'_, '_> {
    /// A set of the capability whose signatures are read.
    pub(super) fn own_set(&mut self, name: &str, span: Span) -> Option<Typed> {
        let capability = self.checker.capabilities.get(self.env.capability?)?;
        let set = capability.sets.iter().find(|set| set.name == name)?;
        Some(offered(0, set, span))
    }

    /// A set of the tool that a `use` parameter stands for.
    pub(super) fn offered(&mut self, at: usize, set: usize, span: Span) -> Typed {
        let capability = self.env.uses.get(at).and_then(|used| used.capability);
        let set = capability
            .and_then(|capability| self.checker.capabilities.get(capability))
            .and_then(|capability| capability.sets.get(set));
        set.map_or_else(|| Typed::error(span), |set| offered(at, set, span))
    }

    /// `server.predictor`: the capability's member, in an instance the tool's.
    pub(super) fn used_member(&mut self, at: usize, text: &str, name: &Name) -> Def {
        let Some(used) = self.env.uses.get(at).cloned() else { return Def::Error };
        let Some((id, capability)) =
            used.capability.and_then(|id| Some((id, self.checker.capabilities.get(id)?)))
        else {
            return Def::Error;
        };
        if name.is_missing() {
            return Def::Error;
        }
        let set = capability.sets.iter().position(|set| set.name == name.text);
        let member = self.checker.find_member(id, &name.text);
        match (set, member, used.provider.map(|provider| provider.def)) {
            (None, None, _) => {
                let sets = capability.sets.iter().map(|set| set.name.clone());
                let members = capability.members.iter();
                let members =
                    members.filter_map(|id| Some(self.checker.capability_member_of(*id)?.sig.name.clone()));
                let names: Vec<EcoString> = sets.chain(members).collect();
                let help = did_you_mean(&name.text, names.iter().map(EcoString::as_str));
                let message = format!("`{text}` is any `{}`, which has no `{}`", capability.name, name.text);
                let diagnostic = Diagnostic::new(&codes::names::UNKNOWN_MEMBER, name.span, message)
                    .label(capability.span, "the capability")
                    .help_opt(help.or_else(|| Some("declare it in the capability".to_owned())));
                self.checker.report(diagnostic);
                Def::Error
            }
            (Some(set), _, None) => Def::Offered(at, set),
            (_, Some(member), None) => Def::Member(member, at),
            (_, _, Some(Def::Tool(tool))) => {
                let scope = self.checker.tool_scopes.get(tool.0 as usize);
                scope.and_then(|scope| scope.get(&name.text)).map_or(Def::Error, |entry| entry.def)
            }
            (_, _, Some(def)) => def,
        }
    }
}

fn offered(at: usize, set: &Set, span: Span) -> Typed {
    let item = set.of.map_or(Ty::Error, Ty::Enum);
    let ty = if item.is_error() { Ty::Error } else { Ty::List(Rc::new(item), Bounds::default()) };
    Typed { kind: Kind::Offered(at, set.name.clone()), ty, late: false, span }
}
