//! Enums: their cases, the records that these carry, and the values that are made of them.

use std::collections::HashSet;
use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::{self, Arg, Expr, ExprKind, Name};
use indexmap::IndexMap;

use super::body::{Body, Env};
use super::callee::field_views;
use super::constant::{fold, has_error};
use super::declare::Style;
use super::expr::constant;
use super::literal::bare;
use super::scope::Def;
use super::{Checker, index};
use crate::model::{EnumDef, Kind, ToolId, Typed};
use crate::ty::{EnumId, RecordTy, Ty};
use crate::value::Value;

/// An enum as written; the records of its cases are resolved when first needed.
pub(super) struct EnumSource {
    module: usize,
    tool: Option<ToolId>,
    source: Rc<ast::EnumItem>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unchecked,
    Checking,
    Done,
}

impl Checker<'_> {
    pub(super) fn declare_enum(
        &mut self,
        module: usize,
        tool: Option<ToolId>,
        declaration: &ast::EnumItem,
        public: bool,
    ) {
        self.style(&declaration.name, Style::Type);
        let mut known = HashSet::new();
        for case in &declaration.cases {
            self.style(&case.name, Style::Case);
            if !known.insert(case.name.text.clone()) && !case.name.is_missing() {
                let diagnostic = Diagnostic::new(
                    &codes::names::DUPLICATE_NAME,
                    case.name.span,
                    format!("`{}` has the case `{}` twice", declaration.name.text, case.name.text),
                );
                self.report(diagnostic.help("remove one of them"));
            }
        }
        let tagged = declaration.cases.iter().any(|case| case.fields.is_some());
        let cases: Vec<EcoString> = cases(declaration).map(|case| case.name.text.clone()).collect();
        let none = Rc::new(RecordTy { name: None, fields: Vec::new() });
        let def = Def::Enum(EnumId(index(self.package.enums.len())));
        self.package.enums.push(EnumDef {
            name: declaration.name.text.clone(),
            records: vec![none; cases.len()],
            cases,
            tagged,
            span: declaration.name.span,
        });
        let state = if tagged { State::Unchecked } else { State::Done };
        self.enums.push(EnumSource { module, tool, source: Rc::new(declaration.clone()), state });
        self.define(module, tool, &declaration.name, def, public);
    }

    /// The type that an enum is, with the records of its cases resolved; one that contains itself is an error.
    pub(super) fn enum_ty(&mut self, id: EnumId, used: Span) -> Ty {
        let at = id.0 as usize;
        let Some((name, declared, tagged)) =
            self.package.enums.get(at).map(|def| (def.name.clone(), def.span, def.tagged))
        else {
            return Ty::Error;
        };
        if !tagged {
            return Ty::Enum(id);
        }
        let Some(item) = self.enums.get_mut(at) else { return Ty::Error };
        match item.state {
            State::Done => return Ty::Tagged(id),
            State::Checking => {
                return self.contains_itself(&format!("the enum `{name}`"), declared, used);
            }
            State::Unchecked => {}
        }
        item.state = State::Checking;
        let (source, env) = (Rc::clone(&item.source), Env::of_module(item.module, item.tool));
        let records = self.case_records(&source, &env, used);
        if let Some(def) = self.package.enums.get_mut(at) {
            def.records = records;
        }
        if let Some(item) = self.enums.get_mut(at) {
            item.state = State::Done;
        }
        if !self.small_type(&Ty::Tagged(id), declared)
            && let Some(def) = self.package.enums.get_mut(at)
        {
            def.records.clear();
        }
        Ty::Tagged(id)
    }

    fn case_records(&mut self, source: &ast::EnumItem, env: &Env, used: Span) -> Vec<Rc<RecordTy>> {
        let mut records = Vec::new();
        let deep = !self.enter(used);
        for case in cases(source) {
            let fields = case.fields.as_deref().filter(|_| !deep).unwrap_or_default();
            let name = ecow::eco_format!("{}.{}", source.name.text, case.name.text);
            let ty = self.record(Some(name.clone()), fields, env);
            let ty = self.no_artifacts_inside(ty, case.name.span);
            records.push(match ty {
                Ty::Record(record) => record,
                _ => Rc::new(RecordTy { name: Some(name), fields: Vec::new() }),
            });
        }
        if !deep {
            self.leave();
        }
        records
    }

    /// Resolves every enum of a module, used or not.
    pub(super) fn all_enums(&mut self, module: usize) {
        for at in 0..self.enums.len() {
            if self.enums.get(at).is_some_and(|item| item.module == module)
                && let Some(span) = self.package.enums.get(at).map(|def| def.span)
            {
                self.enum_ty(EnumId(index(at)), span);
            }
        }
    }

    /// The record that a case carries; `None` for a case without one.
    fn record_of(&self, id: EnumId, case: &str) -> Option<Rc<RecordTy>> {
        let source = self.enums.get(id.0 as usize)?;
        let at = cases(&source.source).position(|known| known.name.text == case)?;
        cases(&source.source).nth(at)?.fields.as_ref()?;
        self.package.enums.get(id.0 as usize)?.records.get(at).cloned()
    }
}

/// The cases of an enum, each name once.
fn cases(source: &ast::EnumItem) -> impl Iterator<Item = &ast::EnumCase> {
    let mut known = HashSet::new();
    source.cases.iter().filter(move |case| !case.name.is_missing() && known.insert(case.name.text.clone()))
}

impl Body<'_, '_> {
    /// The enum and case that a call names: `Searcher.grid(…)`, or `grid(…)` where a `Searcher` is expected.
    pub(super) fn case_of(&mut self, callee: &Expr, want: Option<&Ty>) -> Option<(EnumId, Name)> {
        match &callee.kind {
            ExprKind::Name(name) => {
                let id = want.map(bare).and_then(enum_of).filter(|id| self.has_case(*id, name))?;
                Some((id, Name { text: name.clone(), span: callee.span }))
            }
            ExprKind::Member { base, name } => match self.path(base) {
                Some((Def::Enum(id), _)) => Some((id, name.clone())),
                _ => None,
            },
            _ => None,
        }
    }

    /// A bare case where nothing says which enum is meant: fine if only one enum in scope has it.
    pub(super) fn only_enum_with(&self, name: &str) -> Option<EnumId> {
        let module = self.checker.scopes.get(self.env.module)?;
        let core = self.checker.scopes.first()?;
        let mut found: Vec<EnumId> = module
            .values()
            .chain(core.values())
            .filter_map(|entry| if let Def::Enum(id) = entry.def { Some(id) } else { None })
            .filter(|id| self.has_case(*id, name))
            .collect();
        found.sort_unstable();
        found.dedup();
        if let [only] = found.as_slice() { Some(*only) } else { None }
    }

    pub(super) fn has_case(&self, id: EnumId, name: &str) -> bool {
        self.checker.package.enums.get(id.0 as usize).is_some_and(|e| e.cases.iter().any(|case| case == name))
    }

    /// A case of an enum that is written without a record.
    pub(super) fn bare_case(&mut self, id: EnumId, name: &Name) -> Typed {
        let Some(case) = self.checker.case(id, name) else { return Typed::error(name.span) };
        let ty = self.checker.enum_ty(id, name.span);
        if let Ty::Enum(_) = ty {
            return constant(Value::Case(case), ty, name.span);
        }
        if let Some(record) = self.checker.record_of(id, &case) {
            let fields: Vec<&str> = record.fields.iter().map(|field| field.name.as_str()).collect();
            let given =
                if fields.is_empty() { String::new() } else { format!("{}: …", fields.join(": …, ")) };
            let diagnostic = Diagnostic::new(
                &codes::types::MISSING_FIELD,
                name.span,
                format!("the case `{case}` carries a record"),
            )
            .help(format!("write `{case}({given})`"));
            self.checker.report(diagnostic);
            return Typed::error(name.span);
        }
        constant(tagged(case, Value::Record(IndexMap::new())), ty, name.span)
    }

    /// `grid(trials: 3)`: a case with its record.
    pub(super) fn full_case(&mut self, id: EnumId, name: &Name, args: &[Arg], span: Span) -> Typed {
        let Some(case) = self.checker.case(id, name) else {
            self.ignore(args);
            return Typed::error(span);
        };
        let (Ty::Tagged(_), Some(record)) =
            (self.checker.enum_ty(id, span), self.checker.record_of(id, &case))
        else {
            let diagnostic = Diagnostic::new(
                &codes::names::WRONG_KIND,
                span,
                format!("the case `{case}` carries no record"),
            )
            .help(format!("write `{case}`"));
            self.checker.report(diagnostic);
            self.ignore(args);
            return Typed::error(span);
        };
        let params = field_views(&record);
        let declared = self.checker.package.enums.get(id.0 as usize).map_or(span, |def| def.span);
        let Some(given) = self.arrange(&params, args, &case, declared, span) else {
            return Typed::error(span);
        };
        let mut fields = Vec::with_capacity(record.fields.len());
        for (field, slot) in record.fields.iter().zip(&given) {
            let value = match slot {
                Some((value, _)) => self.expect(value, &field.ty),
                None => constant(Value::None, field.ty.clone(), span),
            };
            fields.push((field.name.clone(), value));
        }
        if fields.iter().any(|(_, field)| has_error(field)) {
            return Typed::error(span);
        }
        let late = fields.iter().any(|(_, field)| field.late);
        let inner = fold(Typed { kind: Kind::Record(fields), ty: Ty::Record(record), late, span });
        fold(Typed { kind: Kind::Record(vec![(case, inner)]), ty: Ty::Tagged(id), late, span })
    }
}

pub(super) fn enum_of(ty: &Ty) -> Option<EnumId> {
    if let Ty::Enum(id) | Ty::Tagged(id) = ty { Some(*id) } else { None }
}

fn tagged(case: EcoString, record: Value) -> Value {
    Value::Record(IndexMap::from_iter([(case, record)]))
}
