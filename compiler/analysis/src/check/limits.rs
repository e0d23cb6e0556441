//! Limits that keep hostile programs from taking the memory or the stack of the compiler.

use fuse_base::{Diagnostic, Span, codes};

use super::Checker;
use crate::model::{Kind, Package, Typed};
use crate::ty::{Facet, RecordTy, Ty};
use crate::value::Value;

/// How many expressions, types and definitions may be open inside one another.
const DEPTH: usize = 640;
/// How many bytes constants may be copied to in all.
pub(super) const COPIES: usize = 32 * 1024 * 1024;
/// What a part of an expression or value weighs beside its text.
const PART: usize = 128;
/// How many parts a named type may have in all.
const TYPE_PARTS: usize = 10_000;
/// How many names may be compared with misspelt ones.
pub(super) const COMPARISONS: usize = 1_000_000;
/// How many expressions all calls of functions may take.
pub(super) const FUEL: usize = 200_000;
/// How much of a text stands in a message.
const SHOWN: usize = 80;

impl Checker<'_> {
    /// Goes one level deeper; `false` after a diagnostic where that is too deep.
    pub(super) fn enter(&mut self, span: Span) -> bool {
        if self.depth < DEPTH {
            self.depth += 1;
            return true;
        }
        let diagnostic = Diagnostic::new(
            &codes::syntax::OVER_THE_LIMIT,
            span,
            format!("more than {DEPTH} definitions and expressions stand inside one another here"),
        )
        .help("define in fewer steps");
        self.report(diagnostic);
        false
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Counts an expression in a function that is called; `false` after a diagnostic where they are too many.
    pub(super) fn burn(&mut self, span: Span) -> bool {
        if self.fuel == 1 {
            let diagnostic = Diagnostic::new(
                &codes::syntax::OVER_THE_LIMIT,
                span,
                format!("the calls of functions in the package take more than {FUEL} expressions"),
            )
            .help("go over shorter lists, or let a task compute this");
            self.report(diagnostic);
        }
        self.fuel = self.fuel.saturating_sub(1);
        self.fuel > 0
    }

    /// Counts a copy of a constant; `false` after a diagnostic where all copies together are too much.
    pub(super) fn charge(&mut self, typed: &Typed, span: Span) -> bool {
        let before = self.copies;
        weigh(typed, &mut self.copies);
        if self.copies > 0 {
            return true;
        }
        if before > 0 {
            let diagnostic = Diagnostic::new(
                &codes::syntax::OVER_THE_LIMIT,
                span,
                format!("the constants of the package come to more than {} MiB", COPIES / 1024 / 1024),
            )
            .help("constants are written out wherever they are used: make them smaller");
            self.report(diagnostic);
        }
        false
    }
}

impl Checker<'_> {
    /// Whether a named type is small enough to be copied; a diagnostic where it is not.
    pub(super) fn small_type(&mut self, ty: &Ty, span: Span) -> bool {
        let mut left = TYPE_PARTS;
        weigh_type(&self.package, ty, &mut left);
        if left > 0 {
            return true;
        }
        let diagnostic = Diagnostic::new(
            &codes::syntax::OVER_THE_LIMIT,
            span,
            format!("the type has more than {TYPE_PARTS} parts, those of its parts included"),
        )
        .help("make it smaller");
        self.report(diagnostic);
        false
    }

    /// Whether so many names may still be compared with a misspelt one.
    pub(super) fn may_compare(&mut self, names: usize) -> bool {
        let left = self.comparisons.checked_sub(names);
        self.comparisons = left.unwrap_or(self.comparisons);
        left.is_some()
    }
}

/// A text as it stands in a message: on one line, and not all of a long one.
pub(super) fn shortened(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let whole = words.join(" ");
    if whole.chars().count() <= SHOWN {
        whole
    } else {
        whole.chars().take(SHOWN - 1).chain(['…']).collect()
    }
}

fn weigh_type(package: &Package, ty: &Ty, left: &mut usize) {
    *left = left.saturating_sub(1);
    let record = |record: &RecordTy, left: &mut usize| {
        record.fields.iter().for_each(|field| weigh_type(package, &field.ty, left));
    };
    match ty {
        _ if *left == 0 => {}
        Ty::List(inner, _) | Ty::Map(inner) | Ty::Optional(inner) => weigh_type(package, inner, left),
        Ty::Record(fields) => record(fields, left),
        Ty::Tagged(id) => {
            let cases = package.enums.get(id.0 as usize).map_or(&[][..], |def| &def.records);
            cases.iter().for_each(|case| record(case, left));
        }
        Ty::Artifact(artifact) => artifact.facets.iter().for_each(|facet| {
            if let Facet::Row(ty) = facet {
                weigh_type(package, ty, left);
            }
        }),
        _ => {}
    }
}

/// Takes the parts of an expression from what is left; stops where nothing is.
fn weigh(typed: &Typed, left: &mut usize) {
    *left = left.saturating_sub(PART);
    if *left == 0 {
        return;
    }
    if let Kind::Value(value) = &typed.kind {
        weigh_value(value, left);
    }
    typed.parts().for_each(|part| weigh(part, left));
}

fn weigh_value(value: &Value, left: &mut usize) {
    *left = left.saturating_sub(PART);
    match value {
        _ if *left == 0 => {}
        Value::Str(text) | Value::Case(text) => *left = left.saturating_sub(text.len()),
        Value::List(items) => items.iter().for_each(|item| weigh_value(item, left)),
        Value::Record(fields) => fields.values().for_each(|field| weigh_value(field, left)),
        Value::None
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Duration(_)
        | Value::Cpu(_)
        | Value::Memory(_)
        | Value::Given(_)
        | Value::Range(..) => {}
    }
}
