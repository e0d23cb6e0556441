//! What `fuse.toml` says about composition: the instances that are built, and the tools that targets choose.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};
use fuse_syntax::ast::{ItemKind, Name};

use super::Checker;
use super::capability::Provider;
use super::scope::Def;
use crate::model::{PipelineId, ToolId};
use crate::project::{Project, Spanned, Target};

/// What is built of a package.
#[derive(Debug, Default)]
pub struct Demand<'p> {
    /// `build = ["train<sklearn>"]`: instances of pipelines that are not built by themselves.
    pub build: &'p [Spanned<EcoString>],
    /// The targets that are built for.
    pub targets: Vec<&'p Target>,
}

impl<'p> Demand<'p> {
    /// All instances of a project for some of its targets, for all of them where none is named.
    #[must_use]
    pub fn of(project: &'p Project, selection: &[String]) -> Self {
        let selected = |target: &&Target| {
            selection.is_empty() || selection.iter().any(|name| *name == target.name.as_str())
        };
        Self { build: &project.build, targets: project.targets.iter().filter(selected).collect() }
    }
}

/// A tool that a target chose, held against each capability once.
pub(super) struct Chosen {
    target: usize,
    key: EcoString,
    provider: Option<Provider>,
    fits: Vec<(usize, bool)>,
}

impl Checker<'_> {
    /// The modules that choices name by a path, or by the name of a tool of the library.
    pub(super) fn chosen_modules(&self, demand: &Demand<'_>) -> Vec<Name> {
        let names = self.files.std_names();
        let choices = demand.targets.iter().flat_map(|target| target.choices.values());
        let path = |choice: &Spanned<EcoString>| {
            let (path, _) = parts(&choice.value);
            let text = match path.contains('/') {
                true => EcoString::from(path),
                false if names.iter().any(|name| name == path) => ecow::eco_format!("std/{path}"),
                false => return None,
            };
            Some(Name { text, span: choice.span })
        };
        choices.filter_map(path).collect()
    }

    /// The tool that the current target chooses for a `use` parameter; reports that it chooses none or a wrong one.
    pub(super) fn choice(&mut self, id: PipelineId, at: usize, key: &Name, asked: Span) -> Option<Provider> {
        let target = self.instances.target?;
        let capability = self.template(id)?.uses.get(at)?.capability?;
        let known = |chosen: &Chosen| chosen.target == target && chosen.key == key.text;
        let slot = match self.instances.choices.iter().position(known) {
            Some(slot) => slot,
            None => {
                let provider = self.resolve_choice((id, at), target, key, capability, asked);
                let fits = Vec::new();
                self.instances.choices.push(Chosen { target, key: key.text.clone(), provider, fits });
                self.instances.choices.len() - 1
            }
        };
        let chosen = self.instances.choices.get(slot)?;
        let provider = chosen.provider?;
        if let Some((_, fits)) = chosen.fits.iter().find(|(known, _)| *known == capability) {
            return fits.then_some(provider);
        }
        let before = self.diagnostics.len();
        self.conforms(provider.def, capability, provider.choice.unwrap_or(asked));
        let misfits = self.diagnostics.split_off(before);
        let fits = misfits.is_empty();
        let asked = self.template(id).and_then(|one| one.uses.get(at)).map_or(asked, |used| used.span);
        self.instances.told.extend(misfits.into_iter().map(|one| one.label(asked, "chosen for this")));
        if let Some(chosen) = self.instances.choices.get_mut(slot) {
            chosen.fits.push((capability, fits));
        }
        fits.then_some(provider)
    }

    fn resolve_choice(
        &mut self,
        (id, at): (PipelineId, usize),
        target: usize,
        key: &Name,
        capability: usize,
        asked: Span,
    ) -> Option<Provider> {
        let target = self.instances.targets.get(target)?;
        let of = self.capabilities.get(capability).map_or(EcoString::new(), |one| one.name.clone());
        let used = self.template(id).and_then(|one| one.uses.get(at)).map_or(asked, |used| used.span);
        let Some(choice) = target.choices.get(&key.text).cloned() else {
            let message = format!("target `{}` chooses no `{}`", target.name, key.text);
            let table = target.choices_span.unwrap_or(target.span);
            let near = fuse_base::closest(&key.text, target.choices.keys().map(EcoString::as_str));
            let help = near.map_or_else(
                || {
                    format!(
                        "add to [target.{}.use] in fuse.toml: `{} = \"<a tool that is a {of}>\"`",
                        target.name, key.text
                    )
                },
                |near| format!("fuse.toml has `{near}`: did you mean `{}`?", key.text),
            );
            let diagnostic = Diagnostic::new(&codes::target::NO_CHOICE, used, message)
                .label(table, "this target")
                .help(help);
            self.instances.told.push(if asked == used {
                diagnostic
            } else {
                diagnostic.label(asked, "built by this")
            });
            return None;
        };
        match self.tool_named(&choice.value) {
            Ok(def) => Some(Provider { def, choice: Some(choice.span) }),
            Err((message, help)) => {
                let diagnostic = Diagnostic::new(&codes::target::UNKNOWN_CHOICE, choice.span, message)
                    .label(used, "chosen for this")
                    .help(help);
                self.instances.told.push(diagnostic);
                None
            }
        }
    }

    /// The tool, task or resource that a choice names: `server`, `std/server`, `./tools`, `./tools:mini`.
    fn tool_named(&mut self, text: &str) -> Result<Def, (String, String)> {
        let (path, member) = parts(text);
        let help = || {
            "write the name of a tool, or its module as it is imported: `std/…`, `./tools`, `./tools:name`"
                .to_owned()
        };
        let module = match (path.contains('/'), member) {
            (false, None) => match self.tools_called(path).as_slice() {
                [only] => return Ok(Def::Tool(*only)),
                [] => {
                    let names = self.package.tools.iter().map(|tool| tool.name.as_str());
                    let help = did_you_mean(path, names).unwrap_or_else(help);
                    return Err((format!("there is no tool `{path}`"), help));
                }
                _ => return Err((format!("several tools are called `{path}`"), help())),
            },
            (false, Some(_)) => None,
            (true, _) => self.chosen_module(path),
        };
        let Some(module) = module else { return Err((format!("there is no module `{path}`"), help())) };
        let Some(member) = member else {
            let tools = self.tools_of(module);
            let what = if tools.is_empty() { "no tool" } else { "several tools" };
            return match tools.as_slice() {
                [only] => Ok(Def::Tool(*only)),
                _ => Err((
                    format!("the module `{path}` has {what}"),
                    format!("name what is meant: `{path}:name`"),
                )),
            };
        };
        let found = self.scopes.get(module).and_then(|scope| scope.get(member));
        match found.filter(|entry| entry.public).map(|entry| entry.def) {
            Some(def @ (Def::Tool(_) | Def::Task(_) | Def::Resource(_))) => Ok(def),
            _ => {
                let scope = self.scopes.get(module);
                let names = scope.into_iter().flatten().filter(|(_, entry)| entry.public);
                let help = did_you_mean(member, names.map(|(name, _)| name.as_str())).unwrap_or_else(help);
                Err((format!("`{path}` has no public tool, task or resource `{member}`"), help))
            }
        }
    }

    /// The tools that a module declares.
    pub(super) fn tools_of(&self, module: usize) -> Vec<ToolId> {
        let Some(file) = self.modules.get(module).map(|module| Rc::clone(&module.ast)) else {
            return Vec::new();
        };
        let names = file.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Tool(tool) => Some(tool.name.text.clone()),
            _ => None,
        });
        let entry = |name: EcoString| self.scopes.get(module)?.get(&name).map(|entry| entry.def);
        let tool = |def| if let Def::Tool(id) = def { Some(id) } else { None };
        names.filter_map(entry).filter_map(tool).collect()
    }

    /// The tools of a name that the package declares or reaches; one of the package itself hides others.
    fn tools_called(&self, name: &str) -> Vec<ToolId> {
        let mut own = Vec::new();
        let mut others = Vec::new();
        for module in &self.order {
            let entry = self.scopes.get(*module).and_then(|scope| scope.get(name));
            let Some(Def::Tool(id)) = entry.map(|entry| entry.def) else { continue };
            let library = self.modules.get(*module).is_none_or(|module| module.std);
            let list = if library { &mut others } else { &mut own };
            if !list.contains(&id) {
                list.push(id);
            }
        }
        if own.is_empty() { others } else { own }
    }
}

/// Module or name, and what stands behind the last `:`.
fn parts(text: &str) -> (&str, Option<&str>) {
    text.rsplit_once(':').map_or((text, None), |(path, member)| (path, Some(member)))
}
