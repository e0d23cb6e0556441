//! Signatures: type parameters, parameters and outputs of functions, tasks, resources and pipelines.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::{self, GenericBound, ItemKind, TypeExpr, TypeKind};

use super::body::{Env, EnvParam, Place, scope_of};
use super::constant::has_error;
use super::declare::Style;
use super::scope::Def;
use super::{Checker, PendingBody};
use crate::model::{Bound, Callee, FacetKind, Generic, Output, Param, Signature, ToolId};
use crate::ty::Ty;

impl Checker<'_> {
    /// Second pass: facets, constants, tools, and the signatures of everything that can be called.
    pub(super) fn signatures(&mut self, module: usize) {
        let Some(ast) = self.modules.get(module).map(|m| Rc::clone(&m.ast)) else { return };
        for item in &ast.items {
            self.facets_of(module, None, item);
        }
        self.all_enums(module);
        self.all_aliases(module);
        for item in &ast.items {
            if let ItemKind::Tool(tool) = &item.kind {
                self.tool(module, tool);
            }
        }
        self.all_consts(module);
        self.all_functions(module);
        self.all_readers(module);
        let pending: Vec<usize> = (0..self.pending.len())
            .filter(|at| self.pending.get(*at).is_some_and(|p| p.module == module))
            .collect();
        for at in pending {
            self.pending_signature(at);
        }
        self.all_capabilities(module);
        self.all_pipeline_signatures(module);
    }

    fn facets_of(&mut self, module: usize, tool: Option<ToolId>, item: &ast::Item) {
        match &item.kind {
            ItemKind::Tool(declaration) => {
                if let Some(Def::Tool(id)) = self.lookup(module, None, &declaration.name.text).map(|e| e.def)
                {
                    for member in &declaration.members {
                        self.facets_of(module, Some(id), member);
                    }
                }
            }
            ItemKind::Artifact(artifact) => {
                let Some(Def::Artifact(id)) = self.lookup(module, tool, &artifact.name.text).map(|e| e.def)
                else {
                    return;
                };
                let env = Env::of_module(module, tool);
                let facets: Vec<(EcoString, FacetKind)> = artifact
                    .facets
                    .iter()
                    .map(|facet| (facet.name.text.clone(), self.facet_kind(facet, &env)))
                    .collect();
                let fields: Vec<(EcoString, Ty)> = artifact
                    .fields
                    .iter()
                    .map(|field| {
                        self.no_default(field);
                        (field.name.text.clone(), self.ty(&field.ty, &env))
                    })
                    .collect();
                if let Some(decl) = self.package.artifacts.get_mut(id.0 as usize) {
                    decl.facets = facets;
                    // `Metrics<{ rmse: Float }>` says which numbers there are.
                    if decl.open_metrics && decl.facets.is_empty() {
                        decl.facets.push((EcoString::from("values"), FacetKind::Row));
                    }
                    decl.fields = fields;
                }
            }
            _ => {}
        }
    }

    /// `flavor: Flavor` takes a case, `row: Row` a record type, anything else a constant of its type.
    fn facet_kind(&mut self, facet: &ast::Field, env: &Env) -> FacetKind {
        if let TypeKind::Named { path, args } = &facet.ty.kind
            && let ([only], true) = (path.as_slice(), args.is_empty())
            && only.text == "Row"
        {
            return FacetKind::Row;
        }
        match self.ty(&facet.ty, env) {
            Ty::Enum(id) => FacetKind::Enum(id),
            ty => FacetKind::Const(ty),
        }
    }

    fn pending_signature(&mut self, at: usize) {
        let Some(PendingBody { module, tool, item, callee, .. }) = self.pending.get(at) else { return };
        let (module, tool, item, callee) = (*module, *tool, Rc::clone(item), *callee);
        let env = Env::of_module(module, tool);
        let generics = self.generics(&item.generics, &item.wheres, &env);
        let env = Env { generics: Rc::new(scope_of(&generics)), ..env };
        let params = self.params(&item.params, &env);
        let env = Env { params: Rc::new(env_params(&params)), ..env };
        let (mut outputs, single) = self.outputs(item.ret.as_ref(), &env);
        if let Callee::Resource(_) = callee {
            for (param, declared) in params.iter().zip(&item.params) {
                self.no_folder(&param.ty, declared.ty.span);
            }
        }
        for output in &mut outputs {
            if lists_artifacts(&output.ty) {
                let message = "a step returns its artifacts one by one, not as a list";
                let diagnostic = Diagnostic::new(&codes::types::BAD_TYPE, output.span, message)
                    .help("call the step in a loop, or return one artifact that holds all files");
                self.report(diagnostic);
                output.ty = Ty::Error;
            }
        }
        let sig = match callee {
            Callee::Task(id) => self.package.tasks.get_mut(id.0 as usize).map(|task| &mut task.sig),
            Callee::Resource(id) => {
                self.package.resources.get_mut(id.0 as usize).map(|resource| &mut resource.sig)
            }
            Callee::Pipeline(_) | Callee::Member(_) => None,
        };
        if let Some(sig) = sig {
            *sig = Signature { generics, params, outputs, single, ..take(sig) };
        }
    }

    /// `<F: Flavor, S in serves[F]>` and `where F in …`.
    pub(super) fn generics(
        &mut self,
        declared: &[ast::Generic],
        wheres: &[ast::Where],
        env: &Env,
    ) -> Vec<Generic> {
        let mut out: Vec<Generic> = Vec::new();
        for generic in declared {
            let scope = Env { generics: Rc::new(scope_of(&out)), ..env.clone() };
            let bound = match &generic.bound {
                GenericBound::None => Bound::Type,
                GenericBound::Is(ty) => match self.ty(ty, &scope) {
                    Ty::Enum(id) => Bound::Enum(id),
                    Ty::Error => Bound::Type,
                    other => {
                        let shown = self.show(&other);
                        let diagnostic = Diagnostic::new(
                            &codes::types::BAD_TYPE,
                            ty.span,
                            format!("a type parameter ranges over an enum, and this is {shown}"),
                        )
                        .help("write `<F: SomeEnum>`, an enum without records, or `<F in [a, b]>`");
                        self.report(diagnostic);
                        Bound::Type
                    }
                },
                GenericBound::In(set) => self.set(set, &scope),
            };
            if let Some(first) = out.iter().find(|known| known.name == generic.name.text) {
                let diagnostic = Diagnostic::new(
                    &codes::names::DUPLICATE_NAME,
                    generic.name.span,
                    format!("the type parameter `{}` is declared twice", generic.name.text),
                )
                .label(first.span, "first declared here")
                .help("give one of them another name");
                self.report(diagnostic);
                continue;
            }
            out.push(Generic { name: generic.name.text.clone(), bound, span: generic.name.span });
        }
        for clause in wheres {
            let scope = Env { generics: Rc::new(scope_of(&out)), ..env.clone() };
            let bound = self.set(&clause.set, &scope);
            match out.iter_mut().find(|generic| generic.name == clause.name.text) {
                Some(generic) => generic.bound = bound,
                None => {
                    let diagnostic = Diagnostic::new(
                        &codes::names::UNKNOWN_NAME,
                        clause.name.span,
                        format!("there is no type parameter `{}`", clause.name.text),
                    )
                    .help("declare it in `<…>`");
                    self.report(diagnostic);
                }
            }
        }
        out
    }

    fn set(&mut self, set: &ast::Expr, env: &Env) -> Bound {
        let mut body = self.body(env.clone());
        let typed = body.expr(set, None);
        let fits = matches!(typed.ty, Ty::Record(_) | Ty::List(..) | Ty::Map(_) | Ty::Json);
        if !fits && !has_error(&typed) {
            let shown = self.show(&typed.ty);
            let diagnostic = Diagnostic::new(
                &codes::types::BAD_TYPE,
                set.span,
                format!("a set is a constant list or the keys of a constant map, and this is {shown}"),
            )
            .help("write `[a, b]` or name a `const`");
            self.report(diagnostic);
            return Bound::Type;
        }
        Bound::Set(typed)
    }

    pub(super) fn params(&mut self, declared: &[ast::Param], env: &Env) -> Vec<Param> {
        let mut out: Vec<Param> = Vec::new();
        for param in declared {
            self.style(&param.name, Style::Value);
            if let Some(used) = param.used {
                let message = "only a pipeline takes a tool by `use`";
                let diagnostic = Diagnostic::new(&codes::names::WRONG_KIND, used, message)
                    .help("take the values that are needed as parameters");
                self.report(diagnostic);
            }
            let ty = if param.used.is_some() { Ty::Error } else { self.ty(&param.ty, env) };
            let ty = self.no_artifacts_inside(ty, param.ty.span);
            let misplaced = param.constant.is_some() || param.default.is_some();
            let ty = if misplaced && self.no_folder(&ty, param.ty.span) { Ty::Error } else { ty };
            let default = param.default.as_ref().filter(|_| param.used.is_none()).map(|default| {
                let mut body = self.body(env.at(Place::Constant));
                body.expect(default, &ty)
            });
            if let Some(first) = out.iter().find(|known| known.name == param.name.text) {
                let diagnostic = Diagnostic::new(
                    &codes::names::DUPLICATE_NAME,
                    param.name.span,
                    format!("the parameter `{}` is declared twice", param.name.text),
                )
                .label(first.span, "first declared here")
                .help("give one of them another name");
                self.report(diagnostic);
                continue;
            }
            out.push(Param {
                name: param.name.text.clone(),
                doc: param.doc.clone(),
                ty,
                constant: param.constant.is_some(),
                default,
                span: param.name.span,
            });
        }
        out
    }

    /// A record that is a value has values as fields: artifacts travel on their own.
    pub(super) fn no_artifacts_inside(&mut self, ty: Ty, span: Span) -> Ty {
        if !record_with_artifact(&ty) {
            return ty;
        }
        let diagnostic = Diagnostic::new(
            &codes::types::BAD_TYPE,
            span,
            "a record that travels as a value cannot hold an artifact",
        )
        .help("make the artifact a parameter of its own");
        self.report(diagnostic);
        Ty::Error
    }

    /// The outputs that a return type declares, and whether a call is its one output.
    pub(super) fn outputs(&mut self, ret: Option<&TypeExpr>, env: &Env) -> (Vec<Output>, bool) {
        let Some(ret) = ret else { return (Vec::new(), false) };
        if let TypeKind::Record(fields) = &ret.kind {
            let ty = self.record(None, fields, env);
            let Ty::Record(record) = ty else { return (Vec::new(), false) };
            let doc =
                |name: &EcoString| fields.iter().find(|f| f.name.text == *name).and_then(|f| f.doc.clone());
            let outputs = record
                .fields
                .iter()
                .map(|field| Output {
                    name: field.name.clone(),
                    doc: doc(&field.name),
                    ty: field.ty.clone(),
                    span: field.span,
                })
                .collect();
            for field in fields {
                self.style(&field.name, Style::Value);
            }
            return (outputs, false);
        }
        let ty = self.ty(ret, env);
        let ty = if self.no_folder(&ty, ret.span) { Ty::Error } else { ty };
        let name = self.output_name(&ty);
        (vec![Output { name, doc: None, ty, span: ret.span }], true)
    }

    /// The output of `-> Source` is called `source`, of another type `value`.
    fn output_name(&self, ty: &Ty) -> EcoString {
        match super::literal::bare(ty) {
            Ty::Artifact(artifact) => {
                let name =
                    self.package.artifacts.get(artifact.decl.0 as usize).map_or("value", |a| a.name.as_str());
                let mut out = EcoString::new();
                for c in name.chars() {
                    if c.is_ascii_uppercase() && !out.is_empty() {
                        out.push('_');
                    }
                    out.push(c.to_ascii_lowercase());
                }
                out
            }
            _ => EcoString::from("value"),
        }
    }

    /// A declaration that lacks something that it needs.
    pub(super) fn missing_clause(&mut self, span: Span, message: String, help: &str) {
        let diagnostic = Diagnostic::new(&codes::types::MISSING_CLAUSE, span, message).help(help);
        self.report(diagnostic);
    }
}

/// Whether a record, or one that is an item of a list, holds an artifact.
fn record_with_artifact(ty: &Ty) -> bool {
    match super::literal::bare(ty) {
        Ty::Record(record) => {
            record.fields.iter().any(|f| matches!(super::literal::bare(&f.ty), Ty::Artifact(_)))
        }
        Ty::List(item, _) => record_with_artifact(item),
        _ => false,
    }
}

/// Whether it is a list with artifacts as items.
fn lists_artifacts(ty: &Ty) -> bool {
    match super::literal::bare(ty) {
        Ty::List(item, _) => matches!(super::literal::bare(item), Ty::Artifact(_)) || lists_artifacts(item),
        _ => false,
    }
}

/// The parameters of a signature as names in scope.
pub(super) fn env_params(params: &[Param]) -> Vec<EnvParam> {
    params
        .iter()
        .map(|param| EnvParam {
            name: param.name.clone(),
            ty: param.ty.clone(),
            constant: param.constant,
            case: None,
            span: param.span,
        })
        .collect()
}

/// The parts of a signature that are known since its declaration.
fn take(sig: &mut Signature) -> Signature {
    Signature {
        name: sig.name.clone(),
        tool: sig.tool,
        doc: sig.doc.take(),
        generics: Vec::new(),
        params: Vec::new(),
        outputs: Vec::new(),
        single: false,
        span: sig.span,
    }
}
