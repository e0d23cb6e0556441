//! Declarations.

use fuse_base::{Diagnostic, codes::syntax as codes};

use super::Lower;
use super::docs::Docs;
use super::view::{Elem, Node, Token};
use crate::ast::{
    ArtifactItem, Block, Clause, ConstItem, DeployItem, EnumCase, EnumItem, Expr, FnItem, Generic,
    GenericBound, Import, Item, ItemKind, Name, OnItem, Param, PipelineItem, ReaderItem, ServiceItem, StrLit,
    TaskItem, TestItem, ToolItem, TypeExpr, TypeItem, TypeKind, Where,
};
use crate::kinds::SyntaxKind as K;

impl Lower {
    /// The declarations and clauses of a file, tool or capability.
    pub(super) fn items(&mut self, node: Node<'_>) -> Vec<Item> {
        let mut items = Vec::new();
        let mut docs = Docs::default();
        for elem in node.all() {
            match elem {
                Elem::Node(child) if child.kind == K::Item => {
                    let doc = docs.take();
                    items.extend(self.item(child, doc));
                }
                Elem::Node(child) if child.kind == K::Clause => {
                    let doc = docs.take();
                    let span = self.node_span(child);
                    let kind = ItemKind::Clause(self.clause(child, doc.clone()));
                    items.push(Item { doc, public: None, kind, span });
                }
                other => docs.see(other),
            }
        }
        items
    }

    fn item(&mut self, node: Node<'_>, doc: crate::ast::Doc) -> Option<Item> {
        let public = node.word("pub").map(|token| self.token_span(token));
        let decl = node.nodes().next()?;
        let span = self.node_span(node);
        let kind = self.item_kind(decl)?;
        Some(Item { doc, public, kind, span })
    }

    fn item_kind(&mut self, decl: Node<'_>) -> Option<ItemKind> {
        let name = |this: &Self, keyword: &str| this.name_after(decl, keyword);
        Some(match decl.kind {
            K::ImportItem => ItemKind::Import(self.import(decl)),
            K::ConstItem => {
                let name = name(self, "const");
                ItemKind::Const(self.constant(decl, name))
            }
            K::OptionItem => {
                let name = name(self, "option");
                ItemKind::Option(self.constant(decl, name))
            }
            K::ConstFn => ItemKind::ConstFn(FnItem {
                name: name(self, "fn"),
                generics: self.generics(decl),
                params: self.params(decl),
                ret: self.ret(decl),
                body: self.body(decl),
            }),
            K::TypeItem => ItemKind::Type(TypeItem {
                name: name(self, "type"),
                generics: self.generics(decl),
                ty: self.type_of(decl),
            }),
            K::EnumItem => ItemKind::Enum(EnumItem { name: name(self, "enum"), cases: self.cases(decl) }),
            K::ArtifactItem => ItemKind::Artifact(ArtifactItem {
                name: name(self, "artifact"),
                facets: decl.node(K::Facets).map(|facets| self.fields(facets)).unwrap_or_default(),
                fields: decl.node(K::RecordType).map(|record| self.fields(record)).unwrap_or_default(),
            }),
            K::TaskItem => ItemKind::Task(self.task(decl, "task")),
            K::ResourceItem => ItemKind::Resource(self.task(decl, "resource")),
            K::PipelineItem => ItemKind::Pipeline(PipelineItem {
                name: name(self, "pipeline"),
                generics: self.generics(decl),
                params: self.params(decl),
                ret: self.ret(decl),
                wheres: self.wheres(decl),
                body: self.body(decl),
            }),
            K::ToolItem => ItemKind::Tool(self.tool(decl, "tool")),
            K::CapabilityItem => ItemKind::Capability(self.tool(decl, "capability")),
            K::ServiceItem => {
                let name = name(self, "service");
                ItemKind::Service(ServiceItem { name, clauses: self.clause_body(decl).unwrap_or_default() })
            }
            K::ReaderItem => ItemKind::Reader(ReaderItem {
                name: name(self, "reader"),
                params: self.params(decl),
                format: name(self, "from"),
                body: self.clause_body(decl).unwrap_or_default(),
            }),
            K::DeployItem => {
                ItemKind::Deploy(DeployItem { name: name(self, "deploy"), value: self.assigned(decl) })
            }
            K::OnItem => ItemKind::On(self.on(decl)),
            K::TestItem => ItemKind::Test(self.test(decl)),
            _ => return None,
        })
    }

    /// The word behind a keyword; a missing name if there is none.
    fn name_after(&self, node: Node<'_>, keyword: &str) -> Name {
        let mut seen = None;
        for elem in node.children() {
            match (seen, elem) {
                (Some(_), Elem::Token(token)) if token.kind == K::Ident => return self.name(token),
                (Some(at), _) => return self.missing_name(at),
                (None, Elem::Token(token)) if token.text == keyword => seen = Some(token.end()),
                (None, _) => {}
            }
        }
        self.missing_name(seen.unwrap_or(node.start))
    }

    fn import(&mut self, decl: Node<'_>) -> Import {
        let path = match decl.node(K::ImportPath) {
            Some(path) => Name { text: path.text().into(), span: self.node_span(path) },
            None => self.missing_name(decl.end()),
        };
        let alias = decl.word("as").map(|_| self.name_after(decl, "as"));
        let names = decl.node(K::ImportNames).map(|names| self.names(names));
        Import { path, alias, names }
    }

    /// The names of a list.
    pub(super) fn names(&self, node: Node<'_>) -> Vec<Name> {
        node.tokens().filter(|token| token.kind == K::Ident).map(|token| self.name(token)).collect()
    }

    fn constant(&mut self, decl: Node<'_>, name: Name) -> ConstItem {
        let ty = self.annotation(decl);
        let value = match decl.node(K::AssignValue) {
            Some(_) => Some(self.assigned(decl)),
            None if decl.kind == K::ConstItem => Some(Expr::missing(self.span(decl.end(), decl.end()))),
            None => None,
        };
        ConstItem { name, ty, value }
    }

    /// `: T` of a node.
    pub(super) fn annotation(&mut self, node: Node<'_>) -> Option<TypeExpr> {
        let annotation = node.node(K::Annotation)?;
        Some(self.type_of(annotation))
    }

    /// `= value` of a node; a missing value if there is none.
    pub(super) fn assigned(&mut self, node: Node<'_>) -> Expr {
        match node.node(K::AssignValue) {
            Some(assign) => self.expr_of(assign),
            None => Expr::missing(self.span(node.end(), node.end())),
        }
    }

    /// `= value` of a node, where it is optional.
    pub(super) fn default(&mut self, node: Node<'_>) -> Option<Expr> {
        node.node(K::AssignValue).map(|assign| self.expr_of(assign))
    }

    fn ret(&mut self, node: Node<'_>) -> Option<TypeExpr> {
        node.node(K::Ret).map(|ret| self.type_of(ret))
    }

    /// The block of a node; an empty one if it is missing.
    pub(super) fn body(&mut self, node: Node<'_>) -> Block {
        match node.node(K::Block) {
            Some(block) => self.block(block),
            None => Block { stmts: Vec::new(), span: self.span(node.end(), node.end()) },
        }
    }

    fn generics(&mut self, decl: Node<'_>) -> Vec<Generic> {
        let Some(list) = decl.node(K::Generics) else { return Vec::new() };
        list.nodes().filter(|node| node.kind == K::Generic).map(|node| self.generic(node)).collect()
    }

    fn generic(&mut self, node: Node<'_>) -> Generic {
        let name = self.first_word(node);
        let bound = if node.token(K::Colon).is_some() {
            GenericBound::Is(self.type_of(node))
        } else if node.word("in").is_some() {
            GenericBound::In(self.expr_of(node))
        } else {
            GenericBound::None
        };
        Generic { name, bound }
    }

    /// The word that a node starts with.
    pub(super) fn first_word(&self, node: Node<'_>) -> Name {
        match node.children().next() {
            Some(Elem::Token(token)) if token.kind.is_word() => self.name(token),
            _ => self.missing_name(node.start),
        }
    }

    fn wheres(&mut self, decl: Node<'_>) -> Vec<Where> {
        decl.nodes()
            .filter(|node| node.kind == K::Where)
            .map(|node| Where { name: self.first_word(node), set: self.expr_of(node) })
            .collect()
    }

    fn params(&mut self, decl: Node<'_>) -> Vec<Param> {
        let list = decl.nodes().find(|node| matches!(node.kind, K::Params | K::ReaderParams));
        let mut params = Vec::new();
        let mut docs = Docs::default();
        for elem in list.into_iter().flat_map(Node::all) {
            match elem {
                Elem::Node(node) if matches!(node.kind, K::Param | K::ReaderParam) => {
                    let doc = docs.take();
                    params.push(self.param(node, doc));
                }
                other => docs.see(other),
            }
        }
        params
    }

    fn param(&mut self, node: Node<'_>, doc: crate::ast::Doc) -> Param {
        let words: Vec<Token<'_>> = node.tokens().filter(|token| token.kind.is_word()).collect();
        let (modifier, name) = match words.as_slice() {
            [modifier, name, ..] => (Some(*modifier), Some(*name)),
            [name] => (None, Some(*name)),
            [] => (None, None),
        };
        let span_of =
            |text: &str| modifier.filter(|token| token.text == text).map(|token| self.token_span(token));
        let (constant, used) = (span_of("const"), span_of("use"));
        let name = name.map_or_else(|| self.missing_name(node.start), |token| self.name(token));
        let ty = match self.annotation(node) {
            Some(ty) => ty,
            None => self.type_of(node),
        };
        Param { doc, constant, used, name, ty, default: self.default(node), span: self.node_span(node) }
    }

    fn cases(&mut self, decl: Node<'_>) -> Vec<EnumCase> {
        let mut cases = Vec::new();
        let mut docs = Docs::default();
        for elem in decl.node(K::EnumCases).into_iter().flat_map(Node::all) {
            match elem {
                Elem::Node(node) if node.kind == K::EnumCase => {
                    let doc = docs.take();
                    let fields = node.node(K::RecordType).map(|record| self.fields(record));
                    cases.push(EnumCase { doc, name: self.first_word(node), fields });
                }
                other => docs.see(other),
            }
        }
        cases
    }

    fn task(&mut self, decl: Node<'_>, keyword: &str) -> TaskItem {
        TaskItem {
            external: decl.word("external").map(|token| self.token_span(token)),
            name: self.name_after(decl, keyword),
            generics: self.generics(decl),
            params: self.params(decl),
            ret: self.ret(decl),
            wheres: self.wheres(decl),
            from: decl.node(K::FromClause).map(|from| self.expr_of(from)),
            body: self.clause_body(decl),
        }
    }

    fn tool(&mut self, decl: Node<'_>, keyword: &str) -> ToolItem {
        let name = self.name_after(decl, keyword);
        let members = decl.node(K::MemberBody).map(|body| self.items(body)).unwrap_or_default();
        if keyword == "tool" {
            for member in &members {
                self.require_body(member);
            }
        }
        ToolItem { name, members }
    }

    /// A task outside a capability needs a body unless it is external.
    pub(super) fn require_body(&mut self, item: &Item) {
        let (ItemKind::Task(task) | ItemKind::Resource(task)) = &item.kind else { return };
        if task.body.is_none() && task.external.is_none() && !task.name.is_missing() {
            let at = item.span.at_end();
            self.diagnostics.push(
                Diagnostic::new(&codes::UNEXPECTED, at, "expected `{`, found the end of the line")
                    .help("only a capability has tasks and resources without a body"),
            );
        }
    }

    /// The clauses of a body; `None` if there is no body.
    fn clause_body(&mut self, decl: Node<'_>) -> Option<Vec<Clause>> {
        let body = decl.node(K::ClauseBody)?;
        Some(self.clauses_in(body))
    }

    fn on(&mut self, decl: Node<'_>) -> OnItem {
        let event = self.name_after(decl, "on");
        let args = decl.node(K::Args).map(|args| self.args(args)).unwrap_or_default();
        OnItem { event, args, run: self.expr_of(decl) }
    }

    fn test(&mut self, decl: Node<'_>) -> TestItem {
        let name = decl.children().find_map(|elem| self.string_elem(elem));
        let name =
            name.unwrap_or_else(|| StrLit { parts: Vec::new(), span: self.span(decl.start, decl.start) });
        TestItem { name, body: self.clause_body(decl).unwrap_or_default() }
    }

    /// The type in a node; a missing one if there is none.
    pub(super) fn type_of(&mut self, node: Node<'_>) -> TypeExpr {
        match node.node(K::Type) {
            Some(ty) => self.type_expr(ty),
            None => TypeExpr { kind: TypeKind::Missing, span: self.span(node.end(), node.end()) },
        }
    }
}
