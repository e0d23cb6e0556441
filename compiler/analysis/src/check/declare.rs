//! First pass over a module: every item gets its name and its place in the package.

use std::rc::Rc;

use fuse_base::{Code, Diagnostic, Span, codes};
use fuse_syntax::ast::{self, Item, ItemKind, Name};

use super::scope::{Def, Scope};
use super::{AliasDef, AliasState, Checker, ConstDef, ConstState, PendingBody, index};
use crate::model::{
    Callee, Resource, ResourceId, Settings, Signature, Task, TaskBody, TaskId, Tool, ToolId, ToolOption,
    Typed,
};
use crate::ty::{ArtifactId, Ty};

/// How names of a kind are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `snake_case`
    Value,
    /// `PascalCase`
    Type,
    /// Cases of enums: either.
    Case,
}

impl Checker<'_> {
    /// Declares all items of a module.
    pub(super) fn declare(&mut self, module: usize) {
        let Some(ast) = self.modules.get(module).map(|m| Rc::clone(&m.ast)) else { return };
        let mut import = 0;
        for item in &ast.items {
            if let ItemKind::Import(declaration) = &item.kind {
                let target = self.modules.get(module).and_then(|m| m.imports.get(import).copied().flatten());
                import += 1;
                self.declare_import(module, declaration, target);
            } else {
                self.declare_item(module, None, item);
            }
        }
    }

    #[deny(clippy::wildcard_enum_match_arm)]
    fn declare_item(&mut self, module: usize, tool: Option<ToolId>, item: &Item) {
        let public = item.public.is_some() || tool.is_some();
        match &item.kind {
            ItemKind::Import(_) => {}
            ItemKind::Const(constant) => self.declare_const(module, tool, constant, public),
            ItemKind::Type(alias) => {
                self.style(&alias.name, Style::Type);
                let def = Def::Alias(self.aliases.len());
                self.aliases.push(AliasDef {
                    name: alias.name.text.clone(),
                    span: alias.name.span,
                    module,
                    source: Rc::new(alias.clone()),
                    state: AliasState::Unchecked,
                });
                self.define(module, tool, &alias.name, def, public);
            }
            ItemKind::Enum(declaration) => self.declare_enum(module, tool, declaration, public),
            ItemKind::Artifact(artifact) => self.declare_artifact(module, tool, artifact, public),
            ItemKind::Task(task) => self.declare_task(module, tool, item, task, public),
            ItemKind::Resource(resource) => self.declare_resource(module, tool, item, resource, public),
            ItemKind::Tool(declaration) => self.declare_tool(module, tool, item, declaration, public),
            ItemKind::Option(_) | ItemKind::Service(_) | ItemKind::Clause(_) if tool.is_some() => {}
            ItemKind::Pipeline(pipeline) => {
                self.style(&pipeline.name, Style::Value);
                self.only_outside_tools(tool, pipeline.name.span, "pipeline");
                if tool.is_none() {
                    let id = self.declare_pipeline(module, item, pipeline);
                    self.define(module, None, &pipeline.name, Def::Pipeline(id), public);
                }
            }
            ItemKind::Deploy(deploy) => {
                self.style(&deploy.name, Style::Value);
                self.only_outside_tools(tool, deploy.name.span, "deploy");
                self.define(module, None, &deploy.name, Def::Deploy, false);
            }
            ItemKind::ConstFn(function) => {
                self.style(&function.name, Style::Value);
                self.declare_fn(module, tool, function, public);
            }
            ItemKind::Capability(capability) => {
                self.style(&capability.name, Style::Type);
                self.only_outside_tools(tool, capability.name.span, "capability");
                let def = self.declare_capability(module, capability);
                self.define(module, None, &capability.name, def, public);
            }
            ItemKind::Reader(reader) => {
                self.declare_reader(module, tool, reader, public);
            }
            ItemKind::On(on) => self.not_yet(&codes::not_yet::TRIGGER, on.event.span, "triggers"),
            ItemKind::Test(test) => self.not_yet(&codes::not_yet::TEST, test.name.span, "tests"),
            ItemKind::Option(option) => {
                self.only_inside_tools(option.name.span, "option");
                self.define(module, tool, &option.name, Def::Error, false);
            }
            ItemKind::Service(service) => {
                self.only_inside_tools(service.name.span, "service");
                self.define(module, tool, &service.name, Def::Error, false);
            }
            ItemKind::Clause(clause) => self.only_inside_tools(clause.span, &clause.head.text),
        }
    }

    /// Says honestly that a construct is part of the language and not built yet.
    pub(super) fn not_yet(&mut self, code: &'static Code, span: Span, what: &str) {
        let diagnostic = Diagnostic::new(code, span, format!("this compiler cannot build {what} yet"))
            .help("it is part of the language and comes with a later version");
        self.report(diagnostic);
    }

    fn only_inside_tools(&mut self, span: Span, what: &str) {
        let diagnostic =
            Diagnostic::new(&codes::names::WRONG_KIND, span, format!("`{what}` belongs inside a `tool`"))
                .help("declare it in `tool name { … }`");
        self.report(diagnostic);
    }

    fn only_outside_tools(&mut self, tool: Option<ToolId>, span: Span, what: &str) {
        if tool.is_some() {
            let diagnostic = Diagnostic::new(
                &codes::names::WRONG_KIND,
                span,
                format!("a `{what}` cannot stand inside a tool"),
            )
            .help("move it to the top of the file");
            self.report(diagnostic);
        }
    }

    fn declare_artifact(
        &mut self,
        module: usize,
        tool: Option<ToolId>,
        artifact: &ast::ArtifactItem,
        public: bool,
    ) {
        self.style(&artifact.name, Style::Type);
        let def = Def::Artifact(ArtifactId(index(self.package.artifacts.len())));
        self.package.artifacts.push(crate::model::ArtifactDef {
            name: artifact.name.text.clone(),
            facets: Vec::new(),
            fields: Vec::new(),
            open_metrics: self.modules.get(module).is_some_and(|m| m.path == "core.fuse")
                && artifact.name.text == "Metrics",
            span: artifact.name.span,
        });
        self.define(module, tool, &artifact.name, def, public);
    }

    fn declare_const(
        &mut self,
        module: usize,
        tool: Option<ToolId>,
        constant: &ast::ConstItem,
        public: bool,
    ) {
        self.style(&constant.name, Style::Value);
        let def = Def::Const(self.consts.len());
        self.consts.push(ConstDef {
            name: constant.name.text.clone(),
            span: constant.name.span,
            module,
            tool,
            source: Rc::new((constant.ty.clone(), constant.value.clone())),
            state: ConstState::Unchecked,
        });
        self.define(module, tool, &constant.name, def, public);
    }

    fn declare_task(
        &mut self,
        module: usize,
        tool: Option<ToolId>,
        item: &Item,
        task: &ast::TaskItem,
        public: bool,
    ) {
        self.style(&task.name, Style::Value);
        let id = TaskId(index(self.package.tasks.len()));
        self.package.tasks.push(Task {
            sig: Signature::named(&task.name, tool, item.doc.clone()),
            needs: Vec::new(),
            external_effect: false,
            idempotent: false,
            image: None,
            requires: Vec::new(),
            body: TaskBody::Missing,
            settings: Settings::default(),
        });
        self.define(module, tool, &task.name, Def::Task(id), public);
        self.pending.push(PendingBody {
            module,
            tool,
            item: Rc::new(task.clone()),
            callee: Callee::Task(id),
            span: item.span,
        });
    }

    fn declare_resource(
        &mut self,
        module: usize,
        tool: Option<ToolId>,
        item: &Item,
        resource: &ast::TaskItem,
        public: bool,
    ) {
        self.style(&resource.name, Style::Value);
        let id = ResourceId(index(self.package.resources.len()));
        self.package.resources.push(Resource {
            sig: Signature::named(&resource.name, tool, item.doc.clone()),
            manifest: Typed::error(resource.name.span),
            ready: None,
            output_paths: Vec::new(),
        });
        self.define(module, tool, &resource.name, Def::Resource(id), public);
        self.pending.push(PendingBody {
            module,
            tool,
            item: Rc::new(resource.clone()),
            callee: Callee::Resource(id),
            span: item.span,
        });
    }

    fn declare_tool(
        &mut self,
        module: usize,
        outer: Option<ToolId>,
        item: &Item,
        declaration: &ast::ToolItem,
        public: bool,
    ) {
        self.style(&declaration.name, Style::Value);
        self.only_outside_tools(outer, declaration.name.span, "tool");
        let id = ToolId(index(self.package.tools.len()));
        self.package.tools.push(Tool {
            name: declaration.name.text.clone(),
            doc: item.doc.clone(),
            version: None,
            services: Vec::new(),
            options: Vec::new(),
            span: declaration.name.span,
        });
        self.tool_scopes.push(Scope::new());
        self.define(module, None, &declaration.name, Def::Tool(id), public);
        if let Some(module) = self.modules.get_mut(module) {
            module.tool.get_or_insert(id);
        }
        let (mut options, mut services) = (0, 0);
        for member in &declaration.members {
            match &member.kind {
                ItemKind::Option(option) => {
                    self.style(&option.name, Style::Value);
                    self.define(module, Some(id), &option.name, Def::Option(id, options), true);
                    options += 1;
                    self.push_option(id, option);
                }
                ItemKind::Service(service) => {
                    self.style(&service.name, Style::Value);
                    self.define(module, Some(id), &service.name, Def::Service(id, services), true);
                    services += 1;
                }
                _ => self.declare_item(module, Some(id), member),
            }
        }
    }

    fn push_option(&mut self, tool: ToolId, option: &ast::ConstItem) {
        if let Some(tool) = self.package.tools.get_mut(tool.0 as usize) {
            tool.options.push(ToolOption {
                name: option.name.text.clone(),
                ty: Ty::Error,
                default: None,
                span: option.name.span,
            });
        }
    }

    /// Reports a name that is not written the way its kind is.
    pub(super) fn style(&mut self, name: &Name, style: Style) {
        if name.is_missing() {
            return;
        }
        let text = name.text.as_str();
        let snake = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('_')
            && !text.contains("__");
        let pascal = text.chars().all(|c| c.is_ascii_alphanumeric())
            && text.starts_with(|c: char| c.is_ascii_uppercase());
        let (right, wanted) = match style {
            Style::Value => (snake, "`snake_case`, without leading, trailing or double `_`"),
            Style::Type => (pascal, "`PascalCase`"),
            Style::Case => (snake || pascal, "`snake_case` or `PascalCase`"),
        };
        if right {
            return;
        }
        let better = match style {
            Style::Value | Style::Case => snake_case(text),
            Style::Type => pascal_case(text),
        };
        let diagnostic = Diagnostic::new(
            &codes::names::NAME_STYLE,
            name.span,
            format!("`{text}` is not written as its kind is: {wanted}"),
        );
        let diagnostic = if better.is_empty() || better == text {
            diagnostic.help("choose another name")
        } else {
            diagnostic.help(format!("write `{better}`")).fix(format!("write `{better}`"), name.span, better)
        };
        self.report(diagnostic);
    }
}

pub(super) fn snake_case(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        if c != '_' || (!out.is_empty() && !out.ends_with('_')) {
            out.push(c.to_ascii_lowercase());
        }
    }
    out.trim_end_matches('_').to_owned()
}

fn pascal_case(text: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    text.split('_').map(capital).collect()
}

impl Signature {
    fn named(name: &Name, tool: Option<ToolId>, doc: ast::Doc) -> Self {
        Self {
            name: name.text.clone(),
            tool,
            doc,
            generics: Vec::new(),
            params: Vec::new(),
            outputs: Vec::new(),
            single: false,
            span: name.span,
        }
    }
}

impl Typed {
    /// An expression that was reported.
    #[must_use]
    pub const fn error(span: Span) -> Self {
        Self { kind: crate::model::Kind::Error, ty: Ty::Error, late: false, span }
    }
}

#[cfg(test)]
mod tests {
    use super::{pascal_case, snake_case};

    #[test]
    fn better_names() {
        assert_eq!(snake_case("maxRMSE"), "max_r_m_s_e");
        assert_eq!(snake_case("__a__b_"), "a_b");
        assert_eq!(pascal_case("wine_row"), "WineRow");
    }
}
