//! `return`: what a pipeline gives, and whether it gives it in any case.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::{Expr, ExprKind, Name, RecordEntry};

use super::body::Body;
use super::call::root_call;
use super::constant::{fold, has_error};
use super::template::shared;
use crate::model::{Block, Kind, Stmt, Typed};
use crate::ty::Ty;

impl Body<'_, '_> {
    /// `return { … }`; a call that is returned becomes a step before it, in `out`.
    pub(super) fn give(&mut self, given: Option<&Expr>, span: Span, out: &mut Vec<Stmt>) -> Stmt {
        let outputs = self.flow.outputs.clone();
        let mut values: Vec<Option<Typed>> = vec![None; outputs.len()];
        match given {
            None => self.lacks(&outputs, &values, span),
            Some(Expr { kind: ExprKind::Missing, .. }) => {}
            Some(expr) if self.flow.single => {
                if let (Some((_, ty, _)), Some(slot)) = (outputs.first(), values.first_mut()) {
                    *slot = Some(self.give_output(0, expr, ty));
                }
            }
            Some(Expr { kind: ExprKind::Record(entries), span: place }) => {
                if self.give_record(entries, &outputs, &mut values, out) {
                    self.lacks(&outputs, &values, *place);
                }
            }
            Some(expr) => {
                if self.give_fields(expr, &outputs, &mut values, out) {
                    self.lacks(&outputs, &values, expr.span);
                }
            }
        }
        Stmt::Return(values, span)
    }

    /// Whether the entries could be read, so that what is missing is known.
    fn give_record(
        &mut self,
        entries: &[RecordEntry],
        outputs: &[(EcoString, Ty, Span)],
        values: &mut [Option<Typed>],
        out: &mut Vec<Stmt>,
    ) -> bool {
        let mut known = true;
        let mut named: Vec<(EcoString, Span)> = Vec::new();
        for entry in entries {
            let RecordEntry::Field { key, value, .. } = entry else {
                if let RecordEntry::Spread(base) = entry {
                    known &= self.give_fields(base, outputs, values, out);
                }
                continue;
            };
            if let Some((_, first)) = named.iter().find(|(name, _)| *name == key.text && !key.is_missing()) {
                let diagnostic = Diagnostic::new(
                    &codes::types::DUPLICATE_ARGUMENT,
                    key.span,
                    format!("`{}` is given twice", key.text),
                )
                .label(*first, "first given here")
                .help("remove one of them");
                self.checker.report(diagnostic);
                continue;
            }
            named.push((key.text.clone(), key.span));
            let pun = Expr { kind: ExprKind::Name(key.text.clone()), span: key.span };
            let value = value.as_ref().unwrap_or(&pun);
            let Some(at) = outputs.iter().position(|(name, _, _)| *name == key.text) else {
                known &= !key.is_missing();
                if !key.is_missing() {
                    // What was meant for another name is not missing as well.
                    let near =
                        fuse_base::closest(&key.text, outputs.iter().map(|(name, _, _)| name.as_str()));
                    known &= near.is_none();
                    let names = outputs.iter().map(|(name, _, _)| name.as_str());
                    let diagnostic = Diagnostic::new(
                        &codes::types::UNKNOWN_FIELD,
                        key.span,
                        format!("the pipeline declares no output `{}`", key.text),
                    )
                    .help_opt(
                        fuse_base::did_you_mean(&key.text, names)
                            .or_else(|| Some(format!("declare it: `-> {{ {}: … }}`", key.text))),
                    );
                    self.checker.report(diagnostic);
                }
                self.expr(value, None);
                continue;
            };
            let Some((_, ty, _)) = outputs.get(at) else { continue };
            let typed = self.give_output(at, value, ty);
            if let Some(slot) = values.get_mut(at) {
                *slot = Some(typed);
            }
        }
        known
    }

    fn give_output(&mut self, at: usize, value: &Expr, ty: &Ty) -> Typed {
        let typed = self.expr(value, Some(ty));
        self.note_output(at, &typed.ty);
        self.fit(typed, ty)
    }

    fn note_output(&mut self, at: usize, ty: &Ty) {
        self.flow.given.resize(self.flow.outputs.len(), None);
        if let Some(slot) = self.flow.given.get_mut(at) {
            *slot = Some(slot.as_ref().map_or_else(|| ty.clone(), |known| shared(known, ty)));
        }
    }

    /// Outputs that a `return` leaves out.
    fn lacks(&mut self, outputs: &[(EcoString, Ty, Span)], values: &[Option<Typed>], place: Span) {
        let missing: Vec<&str> = outputs
            .iter()
            .zip(values.iter())
            .filter(|((_, ty, _), value)| value.is_none() && !matches!(ty, Ty::Optional(_) | Ty::Error))
            .map(|((name, _, _), _)| name.as_str())
            .collect();
        if !missing.is_empty() {
            let diagnostic = Diagnostic::new(
                &codes::types::MISSING_FIELD,
                place,
                format!("the pipeline also returns `{}`", missing.join("`, `")),
            )
            .help(format!("add `{}: …`", missing.join(": …`, `")));
            self.checker.report(diagnostic);
        }
    }

    /// `return step`: the fields of a record; whether they are known.
    fn give_fields(
        &mut self,
        expr: &Expr,
        outputs: &[(EcoString, Ty, Span)],
        values: &mut [Option<Typed>],
        out: &mut Vec<Stmt>,
    ) -> bool {
        let typed = self.expr(expr, None);
        if has_error(&typed) {
            return false;
        }
        let Ty::Record(record) = typed.ty.clone() else {
            let names: Vec<&str> = outputs.iter().map(|(name, _, _)| name.as_str()).collect();
            let shown = self.checker.show(&typed.ty);
            let diagnostic = Diagnostic::new(
                &codes::types::WRONG_TYPE,
                expr.span,
                format!("a record of outputs is returned, and this is {shown}"),
            )
            .help(if names.is_empty() {
                "declare what the pipeline returns: `-> { name: Type }`".to_owned()
            } else {
                format!("write `return {{ {}: … }}`", names.join(": …, "))
            });
            self.checker.report(diagnostic);
            return false;
        };
        if outputs.is_empty() {
            let fields: Vec<&str> = record.fields.iter().map(|field| field.name.as_str()).collect();
            let diagnostic = Diagnostic::new(
                &codes::types::WRONG_TYPE,
                expr.span,
                "the pipeline declares no outputs to return",
            )
            .help(match fields.first() {
                Some(first) => {
                    format!("declare what it returns: `-> {{ {first}: … }}`, or leave `return` out")
                }
                None => "leave `return` out".to_owned(),
            });
            self.checker.report(diagnostic);
            return false;
        }
        let typed = self.named_once(typed, out);
        for (at, ((name, ty, _), slot)) in outputs.iter().zip(values).enumerate() {
            let Some(field) = record.fields.iter().find(|field| field.name == *name) else { continue };
            let part = fold(Typed {
                kind: Kind::Field(Box::new(typed.clone()), name.clone()),
                ty: field.ty.clone(),
                late: typed.late,
                span: expr.span,
            });
            self.note_output(at, &part.ty);
            *slot = Some(self.fit(part, ty));
        }
        true
    }

    /// A call whose outputs are used one by one is one step: it gets a name that only the compiler sees.
    fn named_once(&mut self, typed: Typed, out: &mut Vec<Stmt>) -> Typed {
        if root_call(&typed).is_none() {
            return typed;
        }
        let (ty, late, span) = (typed.ty.clone(), typed.late, typed.span);
        let id = self.add_local(&Name { text: EcoString::new(), span }, ty.clone());
        out.push(Stmt::Let(id, typed));
        Typed { kind: Kind::Local(id), ty, late, span }
    }

    /// A pipeline that can end without giving an output that it must give.
    pub(super) fn missing_return(&mut self, name: &Name) {
        let missing: Vec<(EcoString, Span)> = self
            .flow
            .outputs
            .iter()
            .filter(|(_, ty, _)| !matches!(ty, Ty::Optional(_) | Ty::Error))
            .map(|(name, _, span)| (name.clone(), *span))
            .collect();
        let Some((first, span)) = missing.first().cloned() else { return };
        let names: Vec<&str> = missing.iter().map(|(name, _)| name.as_str()).collect();
        let diagnostic = Diagnostic::new(
            &codes::types::RETURN,
            span,
            format!("`{}` can end without giving `{}`", name.text, names.join("`, `")),
        )
        .label(name.span, "in this pipeline")
        .help(format!(
            "end it with `return {{ {first}: … }}`, or declare the output optional: `{first}: …?`"
        ));
        self.checker.report(diagnostic);
    }
}

/// The first `return` in an arm of an `if`.
pub(super) fn returns(typed: &Typed) -> Option<Span> {
    let Kind::If(inner) = &typed.kind else { return None };
    [Some(&inner.then), inner.otherwise.as_ref()]
        .into_iter()
        .flatten()
        .flat_map(|block| &block.stmts)
        .find_map(|stmt| match stmt {
            Stmt::Return(_, span) => Some(*span),
            Stmt::Expr(typed) => returns(typed),
            Stmt::Let(..) | Stmt::Finally(..) => None,
        })
}

/// Whether every way through a block ends in a `return`.
pub(super) fn covers(block: &Block) -> bool {
    if block.stmts.iter().any(|stmt| matches!(stmt, Stmt::Return(..))) {
        return true;
    }
    match block.stmts.iter().rfind(|stmt| !matches!(stmt, Stmt::Finally(..))) {
        Some(Stmt::Expr(Typed { kind: Kind::If(inner), .. })) => {
            covers(&inner.then) && inner.otherwise.as_ref().is_some_and(covers)
        }
        Some(Stmt::Expr(Typed { kind: Kind::Fail(_), .. })) => true,
        Some(Stmt::Expr(_) | Stmt::Let(..) | Stmt::Return(..) | Stmt::Finally(..)) | None => false,
    }
}
