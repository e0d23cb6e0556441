//! What names mean in a module and in a tool.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};
use fuse_syntax::ast::Name;
use indexmap::IndexMap;

use super::Checker;
use crate::model::{MemberId, PipelineId, ResourceId, TaskId, ToolId};
use crate::ty::{ArtifactId, EnumId};

/// The meaning of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Def {
    /// An imported module.
    Module(usize),
    Tool(ToolId),
    Enum(EnumId),
    Artifact(ArtifactId),
    Alias(usize),
    Const(usize),
    Fn(usize),
    Reader(usize),
    Task(TaskId),
    Resource(ResourceId),
    Pipeline(PipelineId),
    Capability(usize),
    /// A `use` parameter of the enclosing pipeline, by index.
    Used(usize),
    /// A member of the capability of a `use` parameter, with the parameter's index.
    Member(MemberId, usize),
    /// A set of the capability of a `use` parameter: the parameter's and the set's index.
    Offered(usize, usize),
    /// An option of a tool, by index.
    Option(ToolId, usize),
    /// A service of a tool, by index.
    Service(ToolId, usize),
    /// A deployment.
    Deploy,
    /// Something that was reported.
    Error,
}

impl Def {
    /// What a user calls it.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Module(_) => "a module",
            Self::Tool(_) => "a tool",
            Self::Enum(_) => "an enum",
            Self::Artifact(_) => "an artifact type",
            Self::Alias(_) => "a type",
            Self::Const(_) => "a constant",
            Self::Fn(_) => "a function",
            Self::Reader(_) => "a reader",
            Self::Task(_) => "a task",
            Self::Resource(_) => "a resource",
            Self::Pipeline(_) => "a pipeline",
            Self::Capability(_) => "a capability",
            Self::Used(_) => "a tool that is chosen by `use`",
            Self::Member(..) => "a task or resource of a capability",
            Self::Offered(..) => "a set of a capability",
            Self::Option(..) => "an option",
            Self::Service(..) => "a service",
            Self::Deploy => "a deployment",
            Self::Error => "nothing",
        }
    }
}

/// A name with its meaning.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) def: Def,
    pub(super) span: Span,
    pub(super) public: bool,
}

/// The names of a module or tool, in declared order.
pub(super) type Scope = IndexMap<EcoString, Entry>;

impl Checker<'_> {
    /// Adds a name to a module's or tool's scope; a second declaration of the name is an error.
    pub(super) fn define(
        &mut self,
        module: usize,
        tool: Option<ToolId>,
        name: &Name,
        def: Def,
        public: bool,
    ) {
        if name.is_missing() {
            return;
        }
        let scope = match tool {
            Some(id) => self.tool_scopes.get_mut(id.0 as usize),
            None => self.scopes.get_mut(module),
        };
        let Some(scope) = scope else { return };
        if super::types::BUILT_IN.contains(&name.text.as_str()) {
            let diagnostic = Diagnostic::new(
                &codes::names::DUPLICATE_NAME,
                name.span,
                format!("`{}` is a type of the language", name.text),
            )
            .help("choose another name");
            self.report(diagnostic);
            return;
        }
        // What a failed import may have meant gives way to what is really declared.
        if let Some(first) = scope.get(&name.text).filter(|first| first.def != Def::Error) {
            let diagnostic = Diagnostic::new(
                &codes::names::DUPLICATE_NAME,
                name.span,
                format!("`{}` is declared twice", name.text),
            )
            .label(first.span, "first declared here")
            .help("give one of them another name");
            self.report(diagnostic);
            return;
        }
        scope.insert(name.text.clone(), Entry { def, span: name.span, public });
    }

    /// The meaning of a plain name: the tool's members, then the module's names, then the core module's.
    pub(super) fn lookup(&self, module: usize, tool: Option<ToolId>, name: &str) -> Option<Entry> {
        let of_tool =
            tool.and_then(|id| self.tool_scopes.get(id.0 as usize)).and_then(|scope| scope.get(name));
        let of_module = || self.scopes.get(module).and_then(|scope| scope.get(name));
        let of_core = || self.scopes.first().and_then(|scope| scope.get(name)).filter(|entry| entry.public);
        of_tool.or_else(of_module).or_else(of_core).cloned()
    }

    /// Every plain name that means something here, for suggestions.
    pub(super) fn visible_names(&mut self, module: usize, tool: Option<ToolId>) -> Vec<EcoString> {
        let of_tool = tool.and_then(|id| self.tool_scopes.get(id.0 as usize)).map_or(0, Scope::len);
        let of_module = self.scopes.get(module).map_or(0, Scope::len);
        if !self.may_compare(of_tool + of_module) {
            return Vec::new();
        }
        let of_tool = tool.and_then(|id| self.tool_scopes.get(id.0 as usize));
        let scopes = of_tool.into_iter().chain(self.scopes.get(module)).chain(self.scopes.first());
        scopes.flat_map(|scope| scope.keys().cloned()).collect()
    }

    /// A member of a module or tool: `git.clone`, `server.Mode`. `from` is the module that asks.
    pub(super) fn member_of(&mut self, base: Def, name: &Name, from: usize, base_text: &str) -> Def {
        if name.is_missing() || base == Def::Error {
            return Def::Error;
        }
        let (tool, module) = match base {
            Def::Tool(tool) => (Some(tool), None),
            Def::Module(module) => (self.modules.get(module).and_then(|m| m.tool), Some(module)),
            _ => (None, None),
        };
        let tool_scope = tool.and_then(|id| self.tool_scopes.get(id.0 as usize));
        if let Some(entry) = tool_scope.and_then(|scope| scope.get(&name.text)) {
            return entry.def;
        }
        let module_scope = module.and_then(|module| self.scopes.get(module));
        let own = module == Some(from);
        match module_scope.and_then(|scope| scope.get(&name.text)).cloned() {
            Some(entry) if entry.public || own => entry.def,
            Some(entry) => {
                let diagnostic = Diagnostic::new(
                    &codes::names::PRIVATE_NAME,
                    name.span,
                    format!("`{}` of `{base_text}` is private", name.text),
                )
                .label(entry.span, "declared here without `pub`")
                .help(format!("write `pub` before the declaration of `{}`", name.text));
                self.report(diagnostic);
                Def::Error
            }
            None => {
                let public = |scope: &Scope| -> Vec<EcoString> {
                    scope.iter().filter(|(_, e)| e.public || own).map(|(name, _)| name.clone()).collect()
                };
                let mut names: Vec<EcoString> =
                    tool_scope.map(|s| s.keys().cloned().collect()).unwrap_or_default();
                names.extend(module_scope.map(public).unwrap_or_default());
                let help = did_you_mean(&name.text, names.iter().map(EcoString::as_str))
                    .or_else(|| (names.is_empty()).then(|| "it has no public names".to_owned()))
                    .unwrap_or_else(|| format!("its names: `{}`", names.join("`, `")));
                let diagnostic = Diagnostic::new(
                    &codes::names::UNKNOWN_MEMBER,
                    name.span,
                    format!("`{base_text}` has no `{}`", name.text),
                )
                .help(help);
                self.report(diagnostic);
                Def::Error
            }
        }
    }
}
