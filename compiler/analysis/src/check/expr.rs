//! Expressions: what each means, its type, and whether it is constant or late.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, closest, codes};
use fuse_syntax::ast::{self, Expr, ExprKind, Name, RecordEntry, StrLit, StrPart};

use super::body::{Body, Place};
use super::constant::{fold, has_error};
use super::enums::enum_of;
use super::literal::bare;
use super::loops::{COMBINATORS, written};
use super::scope::Def;
use crate::model::{Kind, LocalId, Typed};
use crate::ty::{Bounds, Facet, FieldTy, RecordTy, Ty};
use crate::value::Value;

/// A field of a record expression.
struct Given {
    name: EcoString,
    typed: Typed,
    span: Span,
    /// Whether it comes from a spread: then it may be given again.
    spread: bool,
}

impl Body<'_, '_> {
    /// An expression of a type.
    pub(super) fn expect(&mut self, expr: &Expr, want: &Ty) -> Typed {
        let typed = self.expr(expr, Some(want));
        self.fit(typed, want)
    }

    /// An expression; `want` tells literals and bare cases what they are, nothing more.
    #[deny(clippy::wildcard_enum_match_arm)]
    pub(super) fn expr(&mut self, expr: &Expr, want: Option<&Ty>) -> Typed {
        if !self.checker.enter(expr.span) {
            return Typed::error(expr.span);
        }
        let counted = self.instance.is_none() || self.checker.burn(expr.span);
        let typed = if counted { self.any_expr(expr, want) } else { Typed::error(expr.span) };
        self.checker.leave();
        typed
    }

    fn any_expr(&mut self, expr: &Expr, want: Option<&Ty>) -> Typed {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Missing => Typed::error(span),
            ExprKind::Name(name) => self.name(name, span, want),
            ExprKind::Str(literal) => self.string(literal),
            ExprKind::Number(text) => self.number(text, span, want),
            ExprKind::Bool(value) => constant(Value::Bool(*value), Ty::Bool, span),
            ExprKind::None => {
                let ty = want.filter(|ty| matches!(ty, Ty::Optional(_))).cloned();
                constant(Value::None, ty.unwrap_or_else(|| Ty::Json.optional()), span)
            }
            ExprKind::List(items) => self.list(items, span, want),
            ExprKind::Record(entries) => self.record(entries, span, want),
            ExprKind::Range { low, high, .. } => self.range(low.as_deref(), high.as_deref(), span),
            ExprKind::Member { base, name } => self.member(base, name, span),
            ExprKind::Index { base, index } => self.index(base, index, span),
            ExprKind::Call { callee, type_args, args } => match self.case_of(callee, want) {
                Some((id, name)) if type_args.is_empty() => self.full_case(id, &name, args, span),
                _ => match self.constructor(callee) {
                    Some(made) => self.given(&made, type_args, args, span, want),
                    None => self.call(callee, type_args, args, span),
                },
            },
            ExprKind::Apply(inner) => self.apply(inner, span),
            ExprKind::With { base, settings } => self.with(base, settings),
            ExprKind::After { base, steps } => self.after(base, steps),
            ExprKind::Unary { op, operand } => self.unary(*op, operand, span, want),
            ExprKind::Binary { op, op_span, left, right } => {
                self.binary(*op, *op_span, left, right, span, want)
            }
            ExprKind::If(inner) if self.env.place == Place::Function => self.choose(inner, want, span),
            ExprKind::If(inner) => self.if_value(inner, span),
            ExprKind::Paren(inner) => {
                let typed = self.expr(inner, want);
                Typed { span, ..typed }
            }
            ExprKind::For { pattern, source, body } if self.env.place == Place::Function => {
                self.each_item(pattern, source, body, want, span)
            }
            ExprKind::For { .. } => match written(expr) {
                Some(each) => self.each(each, None, true),
                None => Typed::error(span),
            },
            ExprKind::Fused(block) => self.fused(block, span),
            ExprKind::Fail(text) => self.fail(text, span),
        }
    }

    /// `fail "…"`: a step that ends the run.
    fn fail(&mut self, text: &Expr, span: Span) -> Typed {
        if self.env.place == Place::Function {
            return self.refuse(text, span);
        }
        if self.env.place != Place::Pipeline {
            let diagnostic = Diagnostic::new(&codes::names::WRONG_KIND, span, "`fail` stands in pipelines")
                .help("let the step itself exit with an error");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        let help = "let the step itself exit with an error";
        self.not_in_late_loop(span, "`fail`", help);
        self.not_fused(span, "`fail`", help);
        let text = self.expect(text, &Ty::string());
        if has_error(&text) {
            return Typed::error(span);
        }
        Typed { kind: Kind::Fail(Box::new(text)), ty: Ty::Never, late: true, span }
    }

    fn name(&mut self, name: &EcoString, span: Span, want: Option<&Ty>) -> Typed {
        if name.is_empty() {
            return Typed::error(span);
        }
        if let Some(id) = self.flow.names.get(name).copied() {
            return self.local(id, span);
        }
        if let Some(at) = self.env.params.iter().position(|param| param.name == *name) {
            return self.param(at, span);
        }
        if let Some(Facet::Case(case)) = self.env.facet(name) {
            let id = self.env.generic(name).and_then(|id| self.env.generics.get(id.0 as usize));
            let ty = id.and_then(|generic| generic.of).map_or(Ty::Json, Ty::Enum);
            return constant(Value::Case(case), ty, span);
        }
        if let Some(id) = self.env.generic(name) {
            if let Some(Some(Facet::Case(case))) = self.found().and_then(|found| found.get(id.0 as usize)) {
                let ty = self.env.generics.get(id.0 as usize).and_then(|generic| generic.of);
                return constant(Value::Case(case.clone()), ty.map_or(Ty::Json, Ty::Enum), span);
            }
            let of = self.env.generics.get(id.0 as usize).and_then(|generic| generic.of);
            let ty = of.map_or(Ty::Json, Ty::Enum);
            return Typed { kind: Kind::Generic(id), ty, late: false, span };
        }
        if let Some(at) = self.env.used(name) {
            return self.not_a_value(name, Def::Used(at), span);
        }
        if let Some(set) = self.own_set(name, span) {
            return set;
        }
        let found = self.checker.lookup(self.env.module, self.env.tool, name).map(|entry| entry.def);
        match found {
            Some(Def::Const(id)) => self.checker.const_item(id, span),
            Some(Def::Option(tool, at)) => self.option(tool, at, span),
            Some(Def::Error) => Typed::error(span),
            other => {
                let word = Name { text: name.clone(), span };
                if let Some(id) = want.map(bare).and_then(enum_of) {
                    if other.is_none() || self.has_case(id, name) {
                        return self.bare_case(id, &word);
                    }
                } else if other.is_none()
                    && let Some(id) = self.only_enum_with(name)
                {
                    return self.bare_case(id, &word);
                }
                match other {
                    Some(def) => self.not_a_value(name, def, span),
                    None => self.unknown_name(name, span),
                }
            }
        }
    }

    fn not_a_value(&mut self, name: &str, def: Def, span: Span) -> Typed {
        let help = match def {
            Def::Task(_) | Def::Fn(_) | Def::Reader(_) | Def::Pipeline(_) => format!("call it: `{name}(…)`"),
            Def::Resource(_) => format!("apply it: `apply {name}(…)`"),
            Def::Module(_) | Def::Tool(_) | Def::Used(_) => format!("name a member: `{name}.…`"),
            Def::Enum(_) => format!("name a case: `{name}.…`"),
            _ => "name a value here".to_owned(),
        };
        let message = format!("`{name}` is {}, not a value", def.noun());
        self.checker.report(Diagnostic::new(&codes::names::WRONG_KIND, span, message).help(help));
        Typed::error(span)
    }

    fn unknown_name(&mut self, name: &str, span: Span) -> Typed {
        if name == "pipeline" && self.env.place == Place::Pipeline {
            let message = "`pipeline` is the run itself, not a value";
            let diagnostic = Diagnostic::new(&codes::names::WRONG_KIND, span, message)
                .help("ask in `finally` how it ended: `pipeline.status`");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        if self.left_loop(name, span) {
            return Typed::error(span);
        }
        if COMBINATORS.contains(&name) {
            let message = format!("`{name}` stands only where a `for` takes its list");
            let diagnostic = Diagnostic::new(&codes::flow::LOOP_PATTERN, span, message)
                .help(format!("write `for (x, y) in {name}(…) {{ … }}`"));
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        if super::types::BUILT_IN.contains(&name) {
            let message = format!("`{name}` is a type, not a value");
            let diagnostic =
                Diagnostic::new(&codes::names::WRONG_KIND, span, message).help("name a value here");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        let names = self.names_here();
        let help = closest(name, names.iter().map(EcoString::as_str))
            .map(|name| format!("did you mean `{name}`?"))
            .or_else(|| {
                let std = self.checker.files.std_names();
                std.iter().any(|module| module == name).then(|| format!("import it: `import std/{name}`"))
            })
            .unwrap_or_else(|| "declare it, or import the module that does".to_owned());
        let diagnostic =
            Diagnostic::new(&codes::names::UNKNOWN_NAME, span, format!("nothing here is called `{name}`"))
                .help(help);
        self.checker.report(diagnostic);
        Typed::error(span)
    }

    /// Every name that means something here, for suggestions; none where too many were compared already.
    fn names_here(&mut self) -> Vec<EcoString> {
        if !self.checker.may_compare(self.flow.names.len() + self.env.params.len()) {
            return Vec::new();
        }
        let mut names = self.checker.visible_names(self.env.module, self.env.tool);
        names.extend(self.flow.names.keys().cloned());
        names.extend(self.env.params.iter().map(|param| param.name.clone()));
        names.extend(self.env.uses.iter().map(|used| used.name.clone()));
        names.extend(self.env.generics.iter().map(|generic| generic.name.clone()));
        names.sort_unstable();
        names
    }

    /// A bound name; outside the arms that bind it, it may be absent.
    fn local(&mut self, id: LocalId, span: Span) -> Typed {
        let Some(local) = self.flow.local(id) else { return Typed::error(span) };
        let ty = local.ty.clone();
        let absent = self.flow.missing_arm(id).is_some();
        if !absent && let Some(value) = self.flow.constants.get(&id).cloned() {
            let fits = self.checker.charge(&value, span);
            return if fits { Typed { span, ..value } } else { Typed::error(span) };
        }
        let ty = if absent { ty.optional() } else { ty };
        let late = absent || !self.flow.items.contains(&id);
        Typed { kind: Kind::Local(id), ty, late, span }
    }

    fn param(&mut self, at: usize, span: Span) -> Typed {
        if let Some(instance) = self.instance.clone() {
            let Some(arg) = instance.args.get(at) else { return Typed::error(span) };
            let fits = self.checker.charge(arg, span);
            return if fits { Typed { span, ..arg.clone() } } else { Typed::error(span) };
        }
        let Some(param) = self.env.params.get(at) else { return Typed::error(span) };
        if let Some(case) = &param.case {
            return constant(Value::Case(case.clone()), param.ty.clone(), span);
        }
        Typed { kind: Kind::Param(at), ty: param.ty.clone(), late: !param.constant, span }
    }

    fn option(&mut self, tool: crate::model::ToolId, at: usize, span: Span) -> Typed {
        let options = self.checker.package.tools.get(tool.0 as usize).map(|tool| &tool.options);
        let Some(option) = options.and_then(|options| options.get(at)) else { return Typed::error(span) };
        Typed { kind: Kind::Option(tool, at), ty: option.ty.clone(), late: false, span }
    }

    /// `"text {hole}"`: holes are scalars.
    fn string(&mut self, literal: &StrLit) -> Typed {
        let span = literal.span;
        if let Some(text) = literal.plain() {
            return constant(Value::Str(text), Ty::string(), span);
        }
        let mut parts = Vec::new();
        for part in &literal.parts {
            match part {
                StrPart::Text(text) => parts.push(constant(Value::Str(text.clone()), Ty::string(), span)),
                StrPart::Hole(expr) => {
                    let hole = self.expr(expr, None);
                    parts.push(self.hole(hole));
                }
            }
        }
        let late = parts.iter().any(|part| part.late);
        fold(Typed { kind: Kind::Concat(parts), ty: Ty::string(), late, span })
    }

    fn hole(&mut self, hole: Typed) -> Typed {
        if has_error(&hole) || hole.ty.is_scalar() || matches!(hole.kind, Kind::Generic(_)) {
            return hole;
        }
        if matches!(hole.ty, Ty::Optional(_)) {
            let want = bare(&hole.ty).clone();
            return self.fit(hole, &want);
        }
        let found = self.checker.show(&hole.ty);
        let diagnostic = Diagnostic::new(
            &codes::types::WRONG_TYPE,
            hole.span,
            format!("only scalars can stand in a text, and this is {found}"),
        )
        .help(match &hole.ty {
            Ty::Record(_) | Ty::Map(_) => "name one of its fields",
            Ty::Artifact(_) => "name one of its values; the files themselves are no text",
            _ => "write the text where its parts are known one by one",
        });
        self.checker.report(diagnostic);
        Typed::error(hole.span)
    }

    fn list(&mut self, items: &[Expr], span: Span, want: Option<&Ty>) -> Typed {
        let wanted = match want.map(bare) {
            Some(Ty::List(item, _)) => Some(Rc::clone(item)),
            Some(Ty::Json) => Some(Rc::new(Ty::Json)),
            _ => None,
        };
        let mut typed: Vec<Typed> = Vec::with_capacity(items.len());
        let mut item_ty: Option<Ty> = wanted.as_deref().cloned();
        for item in items {
            let next = match &item_ty {
                Some(ty) => self.expect(item, ty),
                None => self.expr(item, None),
            };
            if item_ty.is_none() && !has_error(&next) {
                item_ty = Some(next.ty.clone());
            }
            typed.push(next);
        }
        let late = typed.iter().any(|item| item.late);
        let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let item = Rc::new(item_ty.unwrap_or(Ty::Json));
        let ty = match want.map(bare) {
            Some(Ty::Json) => Ty::Json,
            _ => Ty::List(item, Bounds { low: Some(len), high: Some(len) }),
        };
        fold(Typed { kind: Kind::List(typed), ty, late, span })
    }

    /// A record expression, as the record, map or manifest that is wanted.
    fn record(&mut self, entries: &[RecordEntry], span: Span, want: Option<&Ty>) -> Typed {
        let want = want.map(bare).cloned();
        let mut fields: Vec<Given> = Vec::new();
        let mut known = true;
        for entry in entries {
            match entry {
                RecordEntry::Field { key, value, .. } => {
                    let Some(wanted) = self.field_type(want.as_ref(), key) else {
                        known = false;
                        continue;
                    };
                    let typed = self.entry_value(key, value.as_ref(), wanted.as_ref());
                    let given = Given { name: key.text.clone(), typed, span: key.span, spread: false };
                    self.push_field(&mut fields, given);
                }
                RecordEntry::Spread(base) => known &= self.spread(base, want.as_ref(), &mut fields),
            }
        }
        if let Some(Ty::Record(record)) = &want {
            return if known {
                self.whole_record(&Rc::clone(record), fields, span)
            } else {
                Typed::error(span)
            };
        }
        if !known {
            return Typed::error(span);
        }
        let late = fields.iter().any(|field| field.typed.late);
        let ty = match want {
            Some(ty @ (Ty::Map(_) | Ty::Json)) => ty,
            _ => Ty::Record(Rc::new(RecordTy {
                name: None,
                fields: fields
                    .iter()
                    .map(|field| FieldTy {
                        name: field.name.clone(),
                        ty: field.typed.ty.clone(),
                        span: field.span,
                    })
                    .collect(),
            })),
        };
        let fields = fields.into_iter().map(|field| (field.name, field.typed)).collect();
        fold(Typed { kind: Kind::Record(fields), ty, late, span })
    }

    /// The type wanted for a field: the outer `None` after a diagnostic, the inner where nothing is wanted.
    #[allow(clippy::option_option)]
    fn field_type(&mut self, want: Option<&Ty>, key: &Name) -> Option<Option<Ty>> {
        if key.is_missing() {
            return None;
        }
        match want {
            Some(Ty::Map(item)) => Some(Some((**item).clone())),
            Some(Ty::Json) => Some(Some(Ty::Json)),
            Some(Ty::Record(record)) => {
                if let Some(field) = record.fields.iter().find(|field| field.name == key.text) {
                    return Some(Some(field.ty.clone()));
                }
                let names = record.fields.iter().map(|field| field.name.as_str());
                let shown = self.checker.show(&Ty::Record(Rc::clone(record)));
                let diagnostic = Diagnostic::new(
                    &codes::types::UNKNOWN_FIELD,
                    key.span,
                    format!("{shown} has no field `{}`", key.text),
                )
                .help(fuse_base::did_you_mean(&key.text, names).unwrap_or_else(|| "leave it out".to_owned()));
                self.checker.report(diagnostic);
                None
            }
            _ => Some(None),
        }
    }

    fn entry_value(&mut self, key: &Name, value: Option<&Expr>, wanted: Option<&Ty>) -> Typed {
        let pun = Expr { kind: ExprKind::Name(key.text.clone()), span: key.span };
        let value = value.unwrap_or(&pun);
        match wanted {
            Some(ty) => self.expect(value, ty),
            None => self.expr(value, None),
        }
    }

    fn push_field(&mut self, fields: &mut Vec<Given>, given: Given) {
        match fields.iter_mut().find(|known| known.name == given.name) {
            Some(known) if given.spread || known.spread => *known = given,
            Some(known) => {
                let diagnostic = Diagnostic::new(
                    &codes::types::DUPLICATE_ARGUMENT,
                    given.span,
                    format!("`{}` is given twice", given.name),
                )
                .label(known.span, "first given here")
                .help("remove one of them");
                self.checker.report(diagnostic);
            }
            None => fields.push(given),
        }
    }

    /// The record that is spread; `None` after a diagnostic.
    pub(super) fn spread_record(&mut self, typed: &Typed, span: Span, help: &str) -> Option<Rc<RecordTy>> {
        if let Ty::Record(record) = &typed.ty {
            return Some(Rc::clone(record));
        }
        if !has_error(typed) {
            let found = self.checker.show(&typed.ty);
            let message = format!("only a record can be spread, and this is {found}");
            self.checker.report(Diagnostic::new(&codes::types::WRONG_TYPE, span, message).help(help));
        }
        None
    }

    /// `...base`: the fields of a record; what stands after it may give them again. `false` after a diagnostic.
    fn spread(&mut self, base: &Expr, want: Option<&Ty>, fields: &mut Vec<Given>) -> bool {
        let typed = self.expr(base, None);
        let Some(record) = self.spread_record(&typed, base.span, "give the fields by name") else {
            return false;
        };
        if super::call::root_call(&typed).is_some() {
            let diagnostic = Diagnostic::new(
                &codes::names::WRONG_KIND,
                base.span,
                "a step is spread by its name, not where it is called",
            )
            .help("bind it with `let` and spread the name");
            self.checker.report(diagnostic);
            return false;
        }
        let mut known = true;
        for field in &record.fields {
            let part = fold(Typed {
                kind: Kind::Field(Box::new(typed.clone()), field.name.clone()),
                ty: field.ty.clone(),
                late: typed.late,
                span: base.span,
            });
            let key = Name { text: field.name.clone(), span: base.span };
            let Some(wanted) = self.field_type(want, &key) else {
                known = false;
                continue;
            };
            let part = match wanted {
                Some(ty) => self.fit(part, &ty),
                None => part,
            };
            let given = Given { name: field.name.clone(), typed: part, span: base.span, spread: true };
            self.push_field(fields, given);
        }
        known
    }

    /// Fields in declared order; absent optional ones are `none`, others are reported.
    fn whole_record(&mut self, record: &Rc<RecordTy>, given: Vec<Given>, span: Span) -> Typed {
        let mut fields = Vec::with_capacity(record.fields.len());
        let mut missing = Vec::new();
        for field in &record.fields {
            match given.iter().find(|given| given.name == field.name) {
                Some(given) => fields.push((given.name.clone(), given.typed.clone())),
                None if matches!(field.ty, Ty::Optional(_)) => {
                    fields.push((field.name.clone(), constant(Value::None, field.ty.clone(), span)));
                }
                None => missing.push(field.name.as_str()),
            }
        }
        if !missing.is_empty() {
            let shown = self.checker.show(&Ty::Record(Rc::clone(record)));
            let diagnostic = Diagnostic::new(
                &codes::types::MISSING_FIELD,
                span,
                format!("{shown} also needs `{}`", missing.join("`, `")),
            )
            .help(format!("add `{}: …`", missing.join(": …`, `")));
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        let late = fields.iter().any(|(_, field)| field.late);
        fold(Typed { kind: Kind::Record(fields), ty: Ty::Record(Rc::clone(record)), late, span })
    }

    fn range(&mut self, low: Option<&Expr>, high: Option<&Expr>, span: Span) -> Typed {
        let mut side = |expr: Option<&Expr>| {
            let expr = expr?;
            let typed = self.expect(expr, &Ty::int());
            if let Value::Int(i) = self.value_of(typed)? { Some((i, expr.span)) } else { None }
        };
        let (from, to) = (side(low), side(high));
        if low.is_some() && from.is_none() || high.is_some() && to.is_none() {
            return Typed::error(span);
        }
        if let (Some((from, _)), Some((to, place))) = (from, to)
            && from > to
        {
            let diagnostic = Diagnostic::new(
                &codes::types::OUT_OF_RANGE,
                place,
                "the upper bound is below the lower one: the range is empty",
            )
            .help(format!("write `{to}..={from}`"));
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        let low = from.map_or(0, |(from, _)| from);
        constant(Value::Range(low, to.map(|(to, _)| to)), Ty::Range, span)
    }

    /// What a dotted path of names means, if its head is no local, parameter or type parameter.
    pub(super) fn path(&mut self, expr: &Expr) -> Option<(Def, EcoString)> {
        match &expr.kind {
            ExprKind::Name(name) => {
                let hidden = self.flow.names.contains_key(name)
                    || self.env.params.iter().any(|param| param.name == *name)
                    || self.env.generic(name).is_some();
                if hidden {
                    return None;
                }
                if let Some(at) = self.env.used(name) {
                    return Some((Def::Used(at), name.clone()));
                }
                let entry = self.checker.lookup(self.env.module, self.env.tool, name)?;
                Some((entry.def, name.clone()))
            }
            ExprKind::Member { base, name } => {
                let (def, text) = self.path(base)?;
                if let Def::Used(at) = def {
                    let member = self.used_member(at, &text, name);
                    return Some((member, ecow::eco_format!("{text}.{}", name.text)));
                }
                if !matches!(def, Def::Module(_) | Def::Tool(_) | Def::Error) {
                    return None;
                }
                let member = self.checker.member_of(def, name, self.env.module, &text);
                Some((member, ecow::eco_format!("{text}.{}", name.text)))
            }
            ExprKind::Paren(inner) => self.path(inner),
            _ => None,
        }
    }
}

/// A constant expression.
pub(super) fn constant(value: Value, ty: Ty, span: Span) -> Typed {
    Typed { kind: Kind::Value(value), ty, late: false, span }
}

/// The call or pod inside `let x = call.field with { … }`: the step that the binding names.
pub(super) fn names_a_step(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call { .. } | ExprKind::Fused(_) => true,
        ExprKind::Member { base, .. } | ExprKind::With { base, .. } | ExprKind::After { base, .. } => {
            names_a_step(base)
        }
        ExprKind::Apply(inner) | ExprKind::Paren(inner) => names_a_step(inner),
        _ => false,
    }
}

/// The name of a positional or named argument, for `ast::Arg` puns.
pub(super) fn arg_value(arg: &ast::Arg) -> Option<Expr> {
    match (&arg.value, &arg.name) {
        (Some(value), _) => Some(value.clone()),
        (None, Some(name)) => Some(Expr { kind: ExprKind::Name(name.text.clone()), span: name.span }),
        (None, None) => None,
    }
}
