//! Types as written to types.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};
use fuse_syntax::ast::{self, ExprKind, Name, TypeArg, TypeExpr, TypeKind};

use super::body::Env;
use super::scope::Def;
use super::{AliasState, Checker};
use crate::model::FacetKind;
use crate::ty::{ArtifactId, ArtifactTy, Bounds, Facet, FieldTy, RecordTy, Schemes, Text, Ty};
use crate::value::Value;

/// The types that need no declaration.
pub(super) const BUILT_IN: [&str; 16] = [
    "String", "Int", "Float", "Bool", "Duration", "Cpu", "Memory", "Count", "Url", "Path", "Image",
    "DnsLabel", "Scalar", "Range", "List", "Map",
];

impl Checker<'_> {
    /// The type that an expression names in an environment.
    #[deny(clippy::wildcard_enum_match_arm)]
    pub(super) fn ty(&mut self, expr: &TypeExpr, env: &Env) -> Ty {
        match &expr.kind {
            TypeKind::Missing => Ty::Error,
            TypeKind::Named { path, args } => self.named(path, args, expr.span, env),
            TypeKind::Record(fields) => self.record(None, fields, env),
            TypeKind::Optional(inner) => {
                let inner = self.ty(inner, env);
                inner.optional()
            }
            TypeKind::Bounded { base, low, high } => {
                let ty = self.ty(base, env);
                self.bounded(ty, low.as_deref(), high.as_deref(), expr.span, env)
            }
            TypeKind::Matches { base, pattern } => {
                let ty = self.ty(base, env);
                self.matching(ty, pattern, expr.span)
            }
            TypeKind::In { base, set } => {
                let ty = self.ty(base, env);
                self.named_texts(ty, set, expr.span, env)
            }
            TypeKind::By { base, form, schemes } => {
                let ty = self.ty(base, env);
                self.by(ty, form, schemes, expr.span)
            }
        }
    }

    pub(super) fn bad_type(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) -> Ty {
        let diagnostic = Diagnostic::new(&codes::types::BAD_TYPE, span, message).help(help);
        self.report(diagnostic);
        Ty::Error
    }

    fn named(&mut self, path: &[Name], args: &[TypeArg], span: Span, env: &Env) -> Ty {
        let Some(last) = path.last() else { return Ty::Error };
        if path.iter().any(Name::is_missing) {
            return Ty::Error;
        }
        if let [only] = path {
            if let Some(generic) = env.generic(&only.text) {
                return match env.facet(&only.text) {
                    Some(Facet::Row(ty)) => ty,
                    _ => Ty::Generic(generic),
                };
            }
            if let Some(ty) = self.built_in(&only.text, args, span, env) {
                return ty;
            }
        }
        let def = self.path_def(path, env);
        match def {
            Some(Def::Enum(id)) => {
                let ty = self.enum_ty(id, span);
                self.without_args(args, ty, &last.text)
            }
            Some(Def::Alias(id)) => {
                let ty = self.alias(id, span);
                self.without_args(args, ty, &last.text)
            }
            Some(Def::Artifact(id)) => self.artifact(id, args, env),
            Some(Def::Error) => Ty::Error,
            Some(other) => {
                let diagnostic = Diagnostic::new(
                    &codes::names::WRONG_KIND,
                    last.span,
                    format!("`{}` is {}, not a type", last.text, other.noun()),
                )
                .help("name a type here");
                self.report(diagnostic);
                Ty::Error
            }
            None => self.unknown_type(last, env),
        }
    }

    fn unknown_type(&mut self, name: &Name, env: &Env) -> Ty {
        let mut names: Vec<EcoString> = self.visible_names(env.module, env.tool);
        names.retain(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
        let candidates = names.iter().map(EcoString::as_str).chain(BUILT_IN);
        let help = fuse_base::closest(&name.text, candidates).map_or_else(
            || "declare it with `type`, `enum` or `artifact`, or import it".to_owned(),
            |name| format!("did you mean `{name}`?"),
        );
        let diagnostic = Diagnostic::new(
            &codes::names::UNKNOWN_NAME,
            name.span,
            format!("there is no type `{}`", name.text),
        )
        .help(help);
        self.report(diagnostic);
        Ty::Error
    }

    /// What a dotted path means: the first name by scope, the others as members.
    pub(super) fn path_def(&mut self, path: &[Name], env: &Env) -> Option<Def> {
        let (first, rest) = path.split_first()?;
        let mut def = self.lookup(env.module, env.tool, &first.text)?.def;
        let mut text = first.text.clone();
        for name in rest {
            def = self.member_of(def, name, env.module, &text);
            text = name.text.clone();
        }
        Some(def)
    }

    fn without_args(&mut self, args: &[TypeArg], ty: Ty, name: &str) -> Ty {
        if let Some(first) = args.first() {
            let diagnostic = Diagnostic::new(
                &codes::types::TYPE_ARGUMENTS,
                first.value.span,
                format!("`{name}` takes no type arguments"),
            )
            .help(format!("write `{name}`"));
            self.report(diagnostic);
        }
        ty
    }

    fn built_in(&mut self, name: &str, args: &[TypeArg], span: Span, env: &Env) -> Option<Ty> {
        let ty = match name {
            "String" => Ty::string(),
            "Int" => Ty::int(),
            "Float" => Ty::float(),
            "Bool" => Ty::Bool,
            "Duration" => Ty::Duration(Bounds::default()),
            "Cpu" => Ty::Cpu(Bounds::default()),
            "Memory" => Ty::Memory(Bounds::default()),
            "Count" => Ty::Count(Bounds { low: Some(0), high: None }),
            "Url" => Ty::Url,
            "Path" => Ty::Path,
            "Image" => Ty::Image,
            "DnsLabel" => Ty::DnsLabel,
            "Scalar" => Ty::Scalar,
            "Range" => Ty::Range,
            "Dir" => Ty::Dir,
            "List" | "Map" => return Some(self.container(name, args, span, env)),
            _ => return None,
        };
        Some(self.without_args(args, ty, name))
    }

    fn container(&mut self, name: &str, args: &[TypeArg], span: Span, env: &Env) -> Ty {
        let [TypeArg { label: None, value }] = args else {
            let diagnostic = Diagnostic::new(
                &codes::types::TYPE_ARGUMENTS,
                span,
                format!("`{name}` takes one type, that of its items"),
            )
            .help(format!("write `{name}<String>`, for example"));
            self.report(diagnostic);
            return Ty::Error;
        };
        let item = self.ty(value, env);
        if item.is_error() || self.no_folder(&item, value.span) {
            return Ty::Error;
        }
        if name == "List" {
            return Ty::List(Rc::new(item), Bounds { low: Some(0), high: Some(256) });
        }
        if !item.is_scalar() {
            return self.bad_type(
                value.span,
                "the values of a `Map` are scalars",
                "use a record for named composites",
            );
        }
        Ty::Map(Rc::new(item))
    }

    /// A record type; its fields have distinct names.
    pub(super) fn record(&mut self, name: Option<EcoString>, fields: &[ast::Field], env: &Env) -> Ty {
        let mut out: Vec<FieldTy> = Vec::new();
        for field in fields {
            let ty = self.ty(&field.ty, env);
            self.no_default(field);
            let ty = if self.no_folder(&ty, field.ty.span) { Ty::Error } else { ty };
            if let Some(first) = out.iter().find(|known| known.name == field.name.text) {
                let diagnostic = Diagnostic::new(
                    &codes::names::DUPLICATE_NAME,
                    field.name.span,
                    format!("the field `{}` is declared twice", field.name.text),
                )
                .label(first.span, "first declared here")
                .help("give one of them another name");
                self.report(diagnostic);
            } else if !field.name.is_missing() {
                out.push(FieldTy { name: field.name.text.clone(), ty, span: field.name.span });
            }
        }
        Ty::Record(Rc::new(RecordTy { name, fields: out }))
    }

    /// A field is always given, or absent where it is `T?`.
    pub(super) fn no_default(&mut self, field: &ast::Field) {
        if let Some(default) = &field.default {
            let diagnostic = Diagnostic::new(
                &codes::types::FIELD_DEFAULT,
                default.span,
                format!("the field `{}` cannot have a default", field.name.text),
            )
            .help("declare it optional with `?`, or spread a `const` with the usual values: `{ ...usual, a: 1 }`");
            self.report(diagnostic);
        }
    }

    /// Whether a type is a mounted folder, where none can stand; that is reported.
    pub(super) fn no_folder(&mut self, ty: &Ty, span: Span) -> bool {
        if !ty.is_dir() {
            return false;
        }
        let message =
            "a `Dir` is a folder that a run mounts: a parameter of a task or pipeline, and no value";
        self.bad_type(span, message, "take it as a parameter of its own; hand files on as an artifact");
        true
    }

    /// Reports a type that contains itself.
    pub(super) fn contains_itself(&mut self, what: &str, declared: Span, used: Span) -> Ty {
        let message = format!("{what} contains itself");
        let diagnostic = Diagnostic::new(&codes::names::CYCLIC_DEFINITION, used, message)
            .label(declared, "declared here")
            .help("a value of it would never end; break the circle");
        self.report(diagnostic);
        Ty::Error
    }

    /// The type behind a `type` name; a type that contains itself is an error.
    fn alias(&mut self, id: usize, span: Span) -> Ty {
        let Some(alias) = self.aliases.get_mut(id) else { return Ty::Error };
        match &alias.state {
            AliasState::Done(ty) => return ty.clone(),
            AliasState::Checking => {
                let name = alias.name.clone();
                let declared = alias.span;
                return self.contains_itself(&format!("the type `{name}`"), declared, span);
            }
            AliasState::Unchecked => {}
        }
        alias.state = AliasState::Checking;
        let (source, module, name) = (Rc::clone(&alias.source), alias.module, alias.name.clone());
        let env = Env::of_module(module, None);
        if let Some(generic) = source.generics.first() {
            let message = "a `type` takes no type parameters";
            self.bad_type(generic.name.span, message, "write the type out where it is used");
        }
        let deep = !self.enter(span);
        let ty = match &source.ty.kind {
            _ if deep || !source.generics.is_empty() => Ty::Error,
            TypeKind::Record(fields) => self.record(Some(name), fields, &env),
            _ => self.ty(&source.ty, &env),
        };
        if !deep {
            self.leave();
        }
        let ty = if self.small_type(&ty, span) { ty } else { Ty::Error };
        if let Some(alias) = self.aliases.get_mut(id) {
            alias.state = AliasState::Done(ty.clone());
        }
        ty
    }

    /// Resolves every `type` of a module, used or not.
    pub(super) fn all_aliases(&mut self, module: usize) {
        for id in 0..self.aliases.len() {
            if let Some(span) =
                self.aliases.get(id).filter(|alias| alias.module == module).map(|alias| alias.span)
            {
                self.alias(id, span);
            }
        }
    }

    fn artifact(&mut self, id: ArtifactId, args: &[TypeArg], env: &Env) -> Ty {
        let Some(decl) = self.package.artifacts.get(id.0 as usize) else { return Ty::Error };
        let (name, kinds) = (decl.name.clone(), decl.facets.clone());
        let mut facets = vec![Facet::Unset; kinds.len()];
        for (at, arg) in args.iter().enumerate() {
            let slot = match &arg.label {
                Some(label) => kinds.iter().position(|(facet, _)| *facet == label.text),
                None => Some(at).filter(|at| *at < kinds.len()),
            };
            let Some((slot, (_, kind))) = slot.and_then(|slot| Some((slot, kinds.get(slot)?))) else {
                let known: Vec<&str> = kinds.iter().map(|(facet, _)| facet.as_str()).collect();
                let place = arg.label.as_ref().map_or(arg.value.span, |label| label.span);
                let message = match &arg.label {
                    Some(label) => format!("`{name}` has no facet `{}`", label.text),
                    None => format!("`{name}` takes at most {} type arguments", kinds.len()),
                };
                let help = arg
                    .label
                    .as_ref()
                    .and_then(|label| did_you_mean(&label.text, known.iter().copied()))
                    .unwrap_or_else(|| format!("its facets: {}", known.join(", ")));
                let diagnostic = Diagnostic::new(&codes::types::TYPE_ARGUMENTS, place, message).help(help);
                self.report(diagnostic);
                continue;
            };
            let facet = self.facet(kind, &arg.value, env);
            if let Some(place) = facets.get_mut(slot) {
                *place = facet;
            }
        }
        self.only_floats(id, &facets, args);
        Ty::Artifact(Rc::new(ArtifactTy { decl: id, facets, by: None }))
    }

    /// `Metrics<{ rmse: Float }>`: what is logged are numbers.
    fn only_floats(&mut self, id: ArtifactId, facets: &[Facet], args: &[TypeArg]) {
        let metrics = self.package.artifacts.get(id.0 as usize).is_some_and(|decl| decl.open_metrics);
        let Some(Facet::Row(Ty::Record(record))) = facets.first().filter(|_| metrics) else { return };
        let plain = |ty: &Ty| ty.is_error() || *ty == Ty::float();
        if let Some(odd) = record.fields.iter().find(|field| !plain(&field.ty)) {
            let shown = self.show(&odd.ty);
            let span = args.first().map_or(odd.span, |arg| arg.value.span);
            let message = format!("a metric is a `Float`, and `{}` is {shown}", odd.name);
            self.bad_type(span, message, "declare it as `Float`; other values are outputs of their own");
        }
    }

    /// The argument of a facet or of a type parameter with the same kind.
    pub(super) fn facet(&mut self, kind: &FacetKind, arg: &TypeExpr, env: &Env) -> Facet {
        let plain = match &arg.kind {
            TypeKind::Named { path, args } if args.is_empty() => match path.as_slice() {
                [only] => Some(only),
                _ => None,
            },
            _ => None,
        };
        if let Some(facet) = plain.and_then(|name| env.facet(&name.text)) {
            return facet;
        }
        match kind {
            FacetKind::Enum(id) => {
                let Some(name) = plain else {
                    self.bad_type(arg.span, "a case is expected here", "write the name of a case");
                    return Facet::Unset;
                };
                if let Some(param) = env.params.iter().position(|p| p.name == name.text && p.constant) {
                    return Facet::ConstParam(param);
                }
                match self.case(*id, name) {
                    Some(case) => Facet::Case(case),
                    None => Facet::Unset,
                }
            }
            FacetKind::Row => {
                let ty = self.ty(arg, env);
                if ty.is_error() { Facet::Unset } else { Facet::Row(ty) }
            }
            FacetKind::Const(ty) => {
                let Some(name) = plain else {
                    self.bad_type(
                        arg.span,
                        "the name of a constant stands here",
                        "write the name of a `const`",
                    );
                    return Facet::Unset;
                };
                if let Some(param) = env.params.iter().position(|p| p.name == name.text && p.constant) {
                    return Facet::ConstParam(param);
                }
                let kind = ExprKind::Name(name.text.clone());
                let value = self.constant(&ast::Expr { kind, span: name.span }, ty, env);
                value.as_ref().and_then(Value::text).map_or(Facet::Unset, Facet::Case)
            }
        }
    }

    /// A case of an enum by name, or a diagnostic.
    pub(super) fn case(&mut self, id: crate::ty::EnumId, name: &Name) -> Option<EcoString> {
        let declaration = self.package.enums.get(id.0 as usize)?;
        if declaration.cases.contains(&name.text) {
            return Some(name.text.clone());
        }
        if name.is_missing() {
            return None;
        }
        let cases = &declaration.cases;
        let help = match fuse_base::closest(&name.text, cases.iter().map(EcoString::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if cases.is_empty() => "it has no cases".to_owned(),
            None if cases.len() > 32 => format!("it has {} others", cases.len()),
            None => format!("its cases: `{}`", cases.join("`, `")),
        };
        let diagnostic = Diagnostic::new(
            &codes::types::UNKNOWN_CASE,
            name.span,
            format!("`{}` is no case of `{}`", name.text, declaration.name),
        )
        .label(declaration.span, "declared here")
        .help(help);
        self.report(diagnostic);
        None
    }

    fn by(&mut self, ty: Ty, form: &Name, schemes: &[Name], span: Span) -> Ty {
        match ty {
            Ty::Error => Ty::Error,
            Ty::Artifact(artifact) if form.text == "uri" => {
                let names = schemes
                    .iter()
                    .map(|name| EcoString::from(name.text.as_str().replace('_', "-")))
                    .collect();
                let mut artifact = (*artifact).clone();
                artifact.by = Some(Schemes { names });
                Ty::Artifact(Rc::new(artifact))
            }
            Ty::Artifact(_) => {
                self.bad_type(form.span, "an artifact travels as files or `by uri`", "write `by uri`")
            }
            other => {
                let message = format!("{} is a value and travels as it is", self.show(&other));
                self.bad_type(span, message, "leave `by …` out: it is for artifacts")
            }
        }
    }

    fn matching(&mut self, ty: Ty, pattern: &ast::StrLit, span: Span) -> Ty {
        let Some(text) = pattern.plain() else {
            return self.bad_type(pattern.span, "a pattern has no holes", "write it as `r\"…\"`");
        };
        if let Err(error) = regex::Regex::new(&text) {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            return self.bad_type(
                pattern.span,
                format!("this is no regular expression: {reason}"),
                "RE2 syntax is meant",
            );
        }
        self.refine_string(ty, span, |refined| refined.pattern = Some(text))
    }

    pub(super) fn refine_string(&mut self, ty: Ty, span: Span, change: impl FnOnce(&mut Text)) -> Ty {
        match ty {
            Ty::String(mut text) => {
                change(&mut text);
                Ty::String(text)
            }
            Ty::Optional(inner) => self.refine_string((*inner).clone(), span, change).optional(),
            Ty::Error => Ty::Error,
            other => {
                let message = format!("{} has no pattern", self.show(&other));
                self.bad_type(span, message, "`matches` and `in` refine `String`")
            }
        }
    }

    fn bounded(
        &mut self,
        ty: Ty,
        low: Option<&ast::Expr>,
        high: Option<&ast::Expr>,
        span: Span,
        env: &Env,
    ) -> Ty {
        let whole = Ty::int();
        match ty {
            Ty::Error => Ty::Error,
            Ty::Optional(inner) => self.bounded((*inner).clone(), low, high, span, env).optional(),
            Ty::Int(_) => Ty::Int(self.bounds(low, high, &whole, env, as_int)),
            Ty::Count(_) => Ty::Count(self.bounds(low, high, &whole, env, as_int)),
            Ty::Float(_) => Ty::Float(self.bounds(low, high, &Ty::float(), env, as_float)),
            Ty::String(mut text) => {
                text.bytes = self.bounds(low, high, &whole, env, as_int);
                Ty::String(text)
            }
            Ty::List(item, _) => {
                let mut bounds = self.bounds(low, high, &whole, env, as_int);
                bounds.low.get_or_insert(0);
                Ty::List(item, bounds)
            }
            Ty::Duration(_) => {
                Ty::Duration(self.bounds(low, high, &Ty::Duration(Bounds::default()), env, as_unit))
            }
            Ty::Cpu(_) => Ty::Cpu(self.bounds(low, high, &Ty::Cpu(Bounds::default()), env, as_unit)),
            Ty::Memory(_) => Ty::Memory(self.bounds(low, high, &Ty::Memory(Bounds::default()), env, as_unit)),
            other => {
                let message = format!("{} has no bounds", self.show(&other));
                self.bad_type(
                    span,
                    message,
                    "numbers, quantities, `String` (bytes) and `List` (items) have bounds",
                )
            }
        }
    }

    fn bounds<T: PartialOrd + Copy>(
        &mut self,
        low: Option<&ast::Expr>,
        high: Option<&ast::Expr>,
        want: &Ty,
        env: &Env,
        read: fn(&Value) -> Option<T>,
    ) -> Bounds<T> {
        let mut side = |expr: Option<&ast::Expr>| {
            let expr = expr?;
            let value = self.constant(expr, want, env)?;
            read(&value)
        };
        let bounds = Bounds { low: side(low), high: side(high) };
        if let (Some(least), Some(most), Some(expr)) = (bounds.low, bounds.high, high)
            && least > most
        {
            let diagnostic = Diagnostic::new(
                &codes::types::OUT_OF_RANGE,
                expr.span,
                "the upper bound is below the lower one: no value fits",
            )
            .help("swap the bounds");
            self.report(diagnostic);
            return Bounds { low: None, high: None };
        }
        bounds
    }
}

fn as_int(value: &Value) -> Option<i64> {
    if let Value::Int(i) = value { Some(*i) } else { None }
}

fn as_float(value: &Value) -> Option<f64> {
    if let Value::Float(f) = value { Some(*f) } else { None }
}

fn as_unit(value: &Value) -> Option<u64> {
    if let Value::Duration(v) | Value::Cpu(v) | Value::Memory(v) = value { Some(*v) } else { None }
}
