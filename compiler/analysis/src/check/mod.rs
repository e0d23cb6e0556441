//! The checker: modules are loaded, names declared, then every body is checked once.
//!
//! The passes over a module, in this order: `declare` gives every item its place in the package, `signatures`
//! resolves types and parameters, `bodies` checks what tasks, resources and pipelines do. Imports have no cycles, so a
//! module's imports are finished before it starts; constants and type names inside a module are resolved on demand.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "most matches pick one kind and refuse all others; those that a new kind must not slip through deny it"
)]

mod body;
mod build;
mod call;
mod callee;
mod capability;
mod choice;
mod clauses;
mod compose;
mod conform;
mod constant;
mod declare;
mod enums;
mod expr;
mod external;
mod finally;
mod fit;
mod follow_ups;
mod function_body;
mod functions;
mod fused;
mod generics;
mod given;
mod graph;
mod instance;
mod limits;
mod literal;
mod loops;
mod member;
mod modules;
mod operators;
mod params;
mod parts_of;
mod pipeline;
mod reader;
mod resource;
mod returns;
mod scope;
mod settings;
mod show;
mod task;
mod template;
mod texts;
mod tool;
mod types;

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, FileId, Sources, Span};
use fuse_syntax::ast;

use crate::files::Files;
use crate::model::{Package, TaskId, ToolId};
use crate::ty::Ty;
pub use choice::Demand;
pub use fit::outside;
use modules::Module;
use scope::Scope;

/// What [`check`] finds out.
#[derive(Debug)]
pub struct Checked {
    /// The typed package; to be lowered only if there are no errors.
    pub package: Package,
    /// Errors and warnings of all its files, sorted.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks the package whose own files are `entries` (paths relative to the package folder), with everything that
/// they import. Texts come through `files` and are added to `sources`.
///
/// `demand` says what is built of it: instances of pipelines with type parameters, and what targets choose.
pub fn check(
    sources: &mut Sources,
    files: &dyn Files,
    entries: &[EcoString],
    demand: &Demand<'_>,
) -> Checked {
    let mut checker = Checker::new(sources, files);
    checker.load(entries, demand);
    for module in checker.order.clone() {
        checker.declare(module);
        checker.signatures(module);
        checker.bodies(module);
    }
    checker.composition();
    checker.build(demand);
    checker.finish()
}

/// A constant of a module or tool: checked when first needed.
struct ConstDef {
    name: EcoString,
    span: Span,
    module: usize,
    tool: Option<ToolId>,
    source: Rc<(Option<ast::TypeExpr>, Option<ast::Expr>)>,
    state: ConstState,
}

enum ConstState {
    Unchecked,
    Checking,
    Done(Box<crate::model::Typed>),
}

/// A `type` declaration: resolved when first needed.
struct AliasDef {
    name: EcoString,
    span: Span,
    module: usize,
    source: Rc<ast::TypeItem>,
    state: AliasState,
}

enum AliasState {
    Unchecked,
    Checking,
    Done(Ty),
}

/// A `const fn`: checked when first needed.
struct FnDef {
    module: usize,
    tool: Option<ToolId>,
    source: Rc<ast::FnItem>,
    state: FnState,
}

enum FnState {
    Unchecked,
    Checking,
    Done(Rc<Function>),
}

/// A checked `const fn`.
struct Function {
    params: Vec<crate::model::Param>,
    generics: Vec<crate::model::Generic>,
    ret: Ty,
    /// Whether something in it was reported.
    broken: bool,
}

/// A task or resource whose signature is known and whose body waits.
struct PendingBody {
    module: usize,
    tool: Option<ToolId>,
    item: Rc<ast::TaskItem>,
    callee: crate::model::Callee,
    span: Span,
}

pub(crate) struct Checker<'a> {
    sources: &'a mut Sources,
    files: &'a dyn Files,
    diagnostics: Vec<Diagnostic>,
    /// What the parser reported.
    syntax_errors: Vec<Diagnostic>,
    unread: follow_ups::Unread,
    package: Package,
    modules: Vec<Module>,
    /// Modules after what they import.
    order: Vec<usize>,
    scopes: Vec<Scope>,
    tool_scopes: Vec<Scope>,
    consts: Vec<ConstDef>,
    readers: Vec<reader::ReaderDef>,
    /// The sources of the package's enums, in their order.
    enums: Vec<enums::EnumSource>,
    aliases: Vec<AliasDef>,
    fns: Vec<FnDef>,
    /// The functions that are being checked, each for the one before it.
    fn_trail: Vec<usize>,
    capabilities: Vec<capability::Capability>,
    members: Vec<capability::Member>,
    /// The pipelines as they are declared, by [`crate::model::PipelineId`].
    templates: Vec<template::Template>,
    /// Which pipeline calls which, and where.
    calls: Vec<graph::Edge>,
    /// Instances and what is wrong with them.
    instances: instance::Instances,
    pending: Vec<PendingBody>,
    read_files: Vec<FileId>,
    /// How many definitions and expressions are open inside one another.
    depth: usize,
    /// How much of constants may still be copied.
    copies: usize,
    /// How many names may still be compared with misspelt ones.
    comparisons: usize,
    /// How many expressions calls of functions may still take.
    fuel: usize,
}

impl<'a> Checker<'a> {
    fn new(sources: &'a mut Sources, files: &'a dyn Files) -> Self {
        Self {
            sources,
            files,
            diagnostics: Vec::new(),
            syntax_errors: Vec::new(),
            unread: follow_ups::Unread::default(),
            package: Package::default(),
            modules: Vec::new(),
            order: Vec::new(),
            scopes: Vec::new(),
            tool_scopes: Vec::new(),
            consts: Vec::new(),
            readers: Vec::new(),
            enums: Vec::new(),
            aliases: Vec::new(),
            fns: Vec::new(),
            fn_trail: Vec::new(),
            capabilities: Vec::new(),
            members: Vec::new(),
            templates: Vec::new(),
            calls: Vec::new(),
            instances: instance::Instances::default(),
            pending: Vec::new(),
            read_files: Vec::new(),
            depth: 0,
            copies: limits::COPIES,
            comparisons: limits::COMPARISONS,
            fuel: limits::FUEL,
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn finish(mut self) -> Checked {
        let (unread, sources) = (&self.unread, &*self.sources);
        self.diagnostics.retain(|diagnostic| !unread.explains(diagnostic, sources));
        self.diagnostics.append(&mut self.syntax_errors);
        fuse_base::sort_and_dedup(&mut self.diagnostics, self.sources);
        self.package.files = self.read_files;
        Checked { package: self.package, diagnostics: self.diagnostics }
    }

    fn task(&self, id: TaskId) -> Option<&crate::model::Task> {
        self.package.tasks.get(id.0 as usize)
    }
}

/// An index into one of the package's lists.
fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
