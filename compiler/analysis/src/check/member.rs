//! `a.b` and `a[b]`.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};
use fuse_syntax::ast::{Expr, Name};

use super::body::Body;
use super::constant::{fold, has_error};
use super::fit::root_local;
use super::scope::Def;
use crate::model::{Kind, Typed};
use crate::ty::{ArtifactTy, Facet, Ty};
use crate::value::Value;

impl Body<'_, '_> {
    pub(super) fn member(&mut self, base: &Expr, name: &Name, span: Span) -> Typed {
        if let Some(part) = self.part_of(base, &Value::Str(name.text.clone()), span) {
            return part;
        }
        if let Some(status) = self.status(base, name, span) {
            return status;
        }
        if let Some((def, text)) = self.path(base) {
            return self.static_member(def, &text, base.span, name, span);
        }
        let base = self.expr(base, None);
        if has_error(&base) || name.is_missing() {
            return Typed::error(span);
        }
        let case = matches!((&base.kind, &base.ty), (Kind::Value(Value::Case(_)), Ty::Json));
        if (case || matches!(base.kind, Kind::Generic(_))) && name.text == "name" {
            return fold(Typed { kind: Kind::CaseName(Box::new(base)), ty: Ty::string(), late: false, span });
        }
        // A binding that may be absent lends its absence to its fields.
        if let Ty::Optional(inner) = &base.ty
            && root_local(&base).is_some_and(|id| self.flow.missing_arm(id).is_some())
        {
            let inner = (**inner).clone();
            let field = self.value_member(Typed { ty: inner, ..base }, name, span);
            return Typed { ty: field.ty.clone().optional(), ..field };
        }
        if let Ty::Optional(_) = base.ty {
            let want = super::literal::bare(&base.ty).clone();
            return self.fit(base, &want);
        }
        self.value_member(base, name, span)
    }

    /// A member of a module, tool or enum.
    fn static_member(&mut self, def: Def, text: &str, base: Span, name: &Name, span: Span) -> Typed {
        match def {
            Def::Used(at) => match self.used_member(at, text, name) {
                Def::Offered(at, set) => self.offered(at, set, span),
                Def::Const(id) => self.checker.const_item(id, span),
                Def::Error => Typed::error(span),
                other => self.not_a_member_value(&format!("{text}.{}", name.text), other, span),
            },
            Def::Module(_) | Def::Tool(_) => match self.checker.member_of(def, name, self.env.module, text) {
                Def::Const(id) => self.checker.const_item(id, span),
                Def::Error => Typed::error(span),
                other => self.not_a_member_value(&format!("{text}.{}", name.text), other, span),
            },
            Def::Enum(id) => Typed { span, ..self.bare_case(id, name) },
            Def::Const(id) => {
                let typed = self.checker.const_item(id, base);
                if has_error(&typed) { Typed::error(span) } else { self.value_member(typed, name, span) }
            }
            Def::Option(tool, at) => {
                let options = self.checker.package.tools.get(tool.0 as usize).map(|tool| &tool.options);
                let Some(ty) = options.and_then(|options| options.get(at)).map(|option| option.ty.clone())
                else {
                    return Typed::error(span);
                };
                let typed = Typed { kind: Kind::Option(tool, at), ty, late: false, span: base };
                self.value_member(typed, name, span)
            }
            Def::Error => Typed::error(span),
            other => self.not_a_member_value(text, other, base),
        }
    }

    fn not_a_member_value(&mut self, text: &str, def: Def, span: Span) -> Typed {
        let help = match def {
            Def::Task(_) | Def::Fn(_) | Def::Reader(_) => format!("call it: `{text}(…)`"),
            Def::Resource(_) => format!("apply it: `apply {text}(…)`"),
            _ => "name a value here".to_owned(),
        };
        let message = format!("`{text}` is {}, not a value", def.noun());
        self.checker.report(Diagnostic::new(&codes::names::WRONG_KIND, span, message).help(help));
        Typed::error(span)
    }

    /// A member of a value, by its type.
    pub(super) fn value_member(&mut self, base: Typed, name: &Name, span: Span) -> Typed {
        let late = base.late;
        let text = name.text.clone();
        let make = |kind: Kind, ty: Ty| fold(Typed { kind, ty, late, span });
        match base.ty.clone() {
            Ty::Record(record) => {
                if let Some(field) = record.fields.iter().find(|field| field.name == text) {
                    return make(Kind::Field(Box::new(base), text), field.ty.clone());
                }
                let names: Vec<EcoString> = record.fields.iter().map(|field| field.name.clone()).collect();
                self.no_member(&base, name, &names)
            }
            Ty::Map(item) => make(Kind::Field(Box::new(base), text), (*item).clone()),
            Ty::Enum(_) if text == "name" => make(Kind::CaseName(Box::new(base)), Ty::string()),
            Ty::Range if text == "min" => make(Kind::RangeMin(Box::new(base)), Ty::int()),
            Ty::Range if text == "max" => make(Kind::RangeMax(Box::new(base)), Ty::int().optional()),
            Ty::Range => self.no_member(&base, name, &["min".into(), "max".into()]),
            Ty::Duration(_) if text == "seconds" => make(Kind::Field(Box::new(base), text), Ty::int()),
            Ty::Duration(_) => self.no_member(&base, name, &["seconds".into()]),
            Ty::Artifact(artifact) => self.artifact_member(base, &artifact, name, span),
            Ty::List(item, bounds) if has_members(&item) => {
                let part = self.value_member(Typed { ty: (*item).clone(), ..base }, name, span);
                if has_error(&part) {
                    part
                } else {
                    Typed { ty: Ty::List(Rc::new(part.ty.clone()), bounds), ..part }
                }
            }
            _ => self.no_member(&base, name, &[]),
        }
    }

    fn artifact_member(&mut self, base: Typed, artifact: &ArtifactTy, name: &Name, span: Span) -> Typed {
        let late = base.late;
        let Some(decl) = self.checker.package.artifacts.get(artifact.decl.0 as usize) else {
            return Typed::error(span);
        };
        let text = name.text.clone();
        if text == "uri" && artifact.by.is_some() {
            return Typed { kind: Kind::Uri(Box::new(base)), ty: Ty::Url, late, span };
        }
        if let Some((_, ty)) = decl.fields.iter().find(|(field, _)| *field == text) {
            let ty = ty.clone();
            return Typed { kind: Kind::ArtifactField(Box::new(base), text), ty, late, span };
        }
        if decl.open_metrics
            && let Some(Facet::Row(Ty::Record(closed))) = artifact.facets.first()
            && closed.fields.iter().all(|field| field.name != text)
        {
            let names: Vec<EcoString> = closed.fields.iter().map(|field| field.name.clone()).collect();
            return self.no_member(&base, name, &names);
        }
        if decl.open_metrics {
            return Typed { kind: Kind::Metric(Box::new(base), text), ty: Ty::float(), late, span };
        }
        let names: Vec<EcoString> = decl.fields.iter().map(|(field, _)| field.clone()).collect();
        if text == "uri" {
            let shown = self.checker.show(&base.ty);
            let diagnostic = Diagnostic::new(
                &codes::names::UNKNOWN_MEMBER,
                name.span,
                format!("{shown} is files and has no `uri`"),
            )
            .label(base.span, format!("this is {shown}"))
            .help("take it `by uri` where it is declared");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        self.no_member(&base, name, &names)
    }

    fn no_member(&mut self, base: &Typed, name: &Name, names: &[EcoString]) -> Typed {
        let shown = self.checker.show(&base.ty);
        let help = did_you_mean(&name.text, names.iter().map(EcoString::as_str));
        let diagnostic = Diagnostic::new(
            &codes::names::UNKNOWN_MEMBER,
            name.span,
            format!("{shown} has no `{}`", name.text),
        )
        .label(base.span, format!("this is {shown}"))
        .help_opt(help.or_else(|| Some("use the value as it is".to_owned())));
        self.checker.report(diagnostic);
        Typed::error(base.span)
    }

    /// `list[0]`, `map["key"]`, `serves[F]`: the index is constant.
    pub(super) fn index(&mut self, base: &Expr, index: &Expr, span: Span) -> Typed {
        let index = self.expr(index, None);
        if let Kind::Value(key) = &index.kind
            && let Some(part) = self.part_of(base, key, span)
        {
            return part;
        }
        let base = self.expr(base, None);
        if has_error(&base) || has_error(&index) {
            return Typed::error(span);
        }
        if index.late {
            let diagnostic = Diagnostic::new(
                &codes::flow::LATE_IN_CONST,
                index.span,
                "an index is a constant: this is known only when the pipeline runs",
            )
            .help("write a literal, a `const`, or let a task pick the item");
            self.report_late(diagnostic, &index);
            return Typed::error(span);
        }
        let ty = match (&base.ty, &index.kind) {
            (Ty::List(item, _), _) if matches!(index.ty, Ty::Int(_) | Ty::Count(_)) => (**item).clone(),
            (Ty::Map(item), _) => (**item).clone(),
            (Ty::Record(record), Kind::Generic(_)) => {
                record.fields.first().map_or(Ty::Json, |f| f.ty.clone())
            }
            (Ty::Record(record), Kind::Value(Value::Str(key) | Value::Case(key))) => {
                match record.fields.iter().find(|field| field.name == *key) {
                    Some(field) => field.ty.clone(),
                    None => {
                        let names: Vec<EcoString> = record.fields.iter().map(|f| f.name.clone()).collect();
                        let key = Name { text: key.clone(), span: index.span };
                        return self.no_member(&base, &key, &names);
                    }
                }
            }
            _ => {
                let shown = self.checker.show(&base.ty);
                let diagnostic = Diagnostic::new(
                    &codes::types::OPERATOR,
                    span,
                    format!("{shown} cannot be indexed like this"),
                )
                .help("lists take whole numbers, maps and records constant keys");
                self.checker.report(diagnostic);
                return Typed::error(span);
            }
        };
        let (late, known) =
            (base.late, matches!((&base.kind, &index.kind), (Kind::Value(_), Kind::Value(_))));
        let place = index.span;
        let typed = fold(Typed { kind: Kind::Index(Box::new(base), Box::new(index)), ty, late, span });
        if known && !matches!(typed.kind, Kind::Value(_)) {
            let diagnostic = Diagnostic::new(&codes::types::OUT_OF_RANGE, place, "there is no such item")
                .help("items count from 0");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        typed
    }
}

/// Whether the parts of a list's items can be asked for, all at once.
fn has_members(item: &Ty) -> bool {
    match item {
        Ty::Record(_) | Ty::Map(_) | Ty::Artifact(_) => true,
        Ty::List(item, _) => has_members(item),
        _ => false,
    }
}
