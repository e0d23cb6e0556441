//! Calls: which declaration is called, which argument goes where, and what comes back.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};
use fuse_syntax::ast::{Arg, Expr, ExprKind, Name, TypeArg};

use super::body::{Body, Place};
use super::constant::has_error;
use super::expr::arg_value;
use super::generics::{Found, instantiate, learn, views};
use super::literal::bare;
use super::scope::Def;
use crate::model::{Call, Callee, Kind, Param, Settings, Typed};
use crate::ty::{ArtifactTy, Facet, FieldTy, RecordTy, Ty};
use crate::value::Value;

/// A parameter, as a call needs it.
#[derive(Clone)]
pub(super) struct ParamView {
    name: EcoString,
    pub(super) ty: Ty,
    constant: bool,
    optional: bool,
    span: Span,
}

pub(super) fn param_views(params: &[Param]) -> Vec<ParamView> {
    params
        .iter()
        .map(|param| ParamView {
            name: param.name.clone(),
            ty: param.ty.clone(),
            constant: param.constant,
            optional: param.default.is_some() || matches!(param.ty, Ty::Optional(_)),
            span: param.span,
        })
        .collect()
}

impl ParamView {
    /// Whether a call must give it; of a type that was reported nothing is known.
    fn demanded(&self) -> bool {
        !self.optional && !self.ty.is_error()
    }
}

impl Body<'_, '_> {
    pub(super) fn call(&mut self, callee: &Expr, type_args: &[TypeArg], args: &[Arg], span: Span) -> Typed {
        let hint = self.hint.take();
        let applying = std::mem::take(&mut self.applying);
        let Some((def, text)) = self.path(callee) else {
            return self.not_callable(callee, args, span);
        };
        match def {
            Def::Task(id) => self.step((Callee::Task(id), &text, callee.span), hint, type_args, args, span),
            Def::Resource(id) if applying => {
                self.step((Callee::Resource(id), &text, callee.span), hint, type_args, args, span)
            }
            Def::Resource(_) => {
                let diagnostic = Diagnostic::new(
                    &codes::names::WRONG_KIND,
                    callee.span,
                    format!("`{text}` is a resource: it is applied or deployed, not called"),
                )
                .help(format!("write `apply {text}(…)`"))
                .fix("write `apply`", callee.span.at_start(), "apply ");
                self.checker.report(diagnostic);
                self.ignore(args);
                Typed::error(span)
            }
            Def::Fn(id) => self.function(id, &text, args, span),
            Def::Pipeline => {
                self.ignore(args);
                self.later(&codes::not_yet::COMPOSITION, span, "a pipeline called from a pipeline")
            }
            Def::Error => {
                self.ignore(args);
                Typed::error(span)
            }
            other => {
                let message = format!("`{text}` is {} and cannot be called", other.noun());
                let diagnostic = Diagnostic::new(&codes::names::WRONG_KIND, callee.span, message)
                    .help("call a task, a function, or `apply` a resource");
                self.checker.report(diagnostic);
                self.ignore(args);
                Typed::error(span)
            }
        }
    }

    /// Arguments of something unknown are checked all the same, for their own mistakes.
    pub(super) fn ignore(&mut self, args: &[Arg]) {
        for arg in args {
            if let Some(value) = arg_value(arg) {
                self.expr(&value, None);
            }
        }
    }

    fn not_callable(&mut self, callee: &Expr, args: &[Arg], span: Span) -> Typed {
        let typed = self.expr(callee, None);
        if !has_error(&typed) {
            let diagnostic = Diagnostic::new(
                &codes::names::WRONG_KIND,
                callee.span,
                "this is a value and cannot be called",
            )
            .help("call a task, a function, or `apply` a resource");
            self.checker.report(diagnostic);
        }
        self.ignore(args);
        Typed::error(span)
    }

    /// `apply resource(…)`.
    pub(super) fn apply(&mut self, inner: &Expr, span: Span) -> Typed {
        if !calls(inner) {
            let diagnostic =
                Diagnostic::new(&codes::names::WRONG_KIND, inner.span, "`apply` takes a call of a resource")
                    .help("write `apply tool.resource(…)`");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        if self.env.place == Place::Deploy {
            let word = Span { end: span.start + 5, ..span };
            let diagnostic = Diagnostic::new(
                &codes::names::WRONG_KIND,
                word,
                "`apply` is for pipelines: a `deploy` is no step",
            )
            .help("leave `apply` out");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        self.applying = true;
        let help = "apply it after the loop, or let the list be `const`";
        self.not_in_late_loop(Span { end: span.start + 5, ..span }, "`apply`", help);
        let typed = self.expr(inner, None);
        self.applying = false;
        if let Some(call) = root_call(&typed)
            && let Callee::Task(_) = call.callee
        {
            let diagnostic = Diagnostic::new(
                &codes::names::WRONG_KIND,
                inner.span,
                "`apply` is for resources: a task runs when it is called",
            )
            .help("leave `apply` out");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        Typed { span, ..typed }
    }

    /// A task called or a resource applied: a step.
    fn step(
        &mut self,
        (callee, text, called): (Callee, &str, Span),
        hint: Option<EcoString>,
        type_args: &[TypeArg],
        args: &[Arg],
        span: Span,
    ) -> Typed {
        let Some(sig) = self.checker.package.signature(callee) else { return Typed::error(span) };
        let (params, generics) = (param_views(&sig.params), views(&sig.generics));
        let (own_name, declared) = (sig.name.clone(), sig.span);
        let stands = match self.env.place {
            Place::Pipeline => true,
            // The call that `deploy` takes; its arguments are constant.
            Place::Deploy => {
                matches!(callee, Callee::Resource(_)) && !std::mem::replace(&mut self.deployed, true)
            }
            Place::Constant | Place::Function | Place::Task | Place::Resource => false,
        };
        if !stands {
            let diagnostic = Diagnostic::new(
                &codes::names::WRONG_KIND,
                span,
                format!("`{text}` is a step, and steps stand in pipelines"),
            )
            .help("call it in a `pipeline` and hand its outputs on");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        if hint.is_none() && self.env.place == Place::Pipeline {
            self.step_name(&Name { text: own_name.clone(), span });
        }
        let (mut found, mut places, named) = self.explicit(&generics, type_args, text);
        let given = self.arrange(&params, args, text, declared, span);
        let mut typed = self.arguments(&params, &given, &mut found, &mut places);
        let broken = !named || given.is_none() || typed.iter().flatten().any(has_error);
        let fine = !broken
            && self.shaped(&params, &mut typed)
            && self.within_bounds(&generics, &found, (callee, text), &places, called);
        for (slot, param) in typed.iter_mut().zip(&params) {
            if let Some(arg) = slot.take() {
                // Without the type parameters, the arguments that need none are checked all the same.
                let known = fine || !mentions_generics(&param.ty);
                *slot = Some(if known { self.argument(arg, param, &found) } else { arg });
            }
        }
        let name = hint.unwrap_or(own_name);
        let ty = self.outputs(callee, &found, &typed, broken);
        let call = Call {
            callee,
            generics: found.into_iter().map(|facet| facet.unwrap_or(Facet::Unset)).collect(),
            args: typed,
            settings: Settings::default(),
            after: Vec::new(),
            name,
            span,
        };
        let kind = match callee {
            Callee::Task(_) => Kind::Call(Box::new(call)),
            Callee::Resource(_) => Kind::Apply(Box::new(call)),
        };
        Typed { kind, ty, late: true, span }
    }

    /// Which argument is for which parameter; `None` after a diagnostic.
    pub(super) fn arrange(
        &mut self,
        params: &[ParamView],
        args: &[Arg],
        callee: &str,
        declared: Span,
        span: Span,
    ) -> Option<Vec<Option<(Expr, Span)>>> {
        let mut slots: Vec<Option<(Expr, Span)>> = vec![None; params.len()];
        let mut positional = params.iter().enumerate().filter(|(_, param)| !param.optional).map(|(at, _)| at);
        let (mut fine, mut named) = (true, false);
        for arg in args {
            let Some(value) = arg_value(arg) else {
                fine = false;
                continue;
            };
            let slot = match &arg.name {
                Some(name) => {
                    named = true;
                    let slot = params.iter().position(|param| param.name == name.text);
                    if slot.is_none() && !name.is_missing() {
                        self.unknown_argument(params, name.span, &name.text, callee, declared);
                    }
                    slot
                }
                None => {
                    let slot = positional.next();
                    if named || slot.is_none() && !params.iter().any(|param| param.ty.is_error()) {
                        self.misplaced(params, arg.span, callee, named);
                    }
                    slot.filter(|_| !named)
                }
            };
            let Some(slot) = slot else {
                self.expr(&value, None);
                fine = false;
                continue;
            };
            let Some(place) = slots.get_mut(slot) else { continue };
            if let Some((_, first)) = place {
                let (first, name) = (*first, params.get(slot).map_or("", |param| param.name.as_str()));
                let diagnostic = Diagnostic::new(
                    &codes::types::DUPLICATE_ARGUMENT,
                    arg.span,
                    format!("`{name}` is given twice"),
                )
                .label(first, "first given here")
                .help("remove one of them");
                self.checker.report(diagnostic);
                fine = false;
            } else {
                *place = Some((value, arg.span));
            }
        }
        let missing: Vec<&ParamView> = params
            .iter()
            .zip(&slots)
            .filter(|(param, slot)| param.demanded() && slot.is_none())
            .map(|(p, _)| p)
            .collect();
        if fine && !missing.is_empty() {
            self.missing_arguments(&missing, callee, span);
            fine = false;
        }
        if !fine {
            // What was given is checked all the same, each against its own parameter.
            for (slot, param) in slots.iter().zip(params) {
                if let Some((value, _)) = slot {
                    let typed = self.expr(value, Some(&param.ty));
                    if !mentions_generics(&param.ty) {
                        self.fit(typed, &param.ty);
                    }
                }
            }
            return None;
        }
        Some(slots)
    }

    fn unknown_argument(
        &mut self,
        params: &[ParamView],
        span: Span,
        name: &str,
        callee: &str,
        declared: Span,
    ) {
        let diagnostic = Diagnostic::new(
            &codes::types::UNKNOWN_ARGUMENT,
            span,
            format!("`{callee}` has no parameter `{name}`"),
        )
        .label(declared, "declared here")
        .help_opt(
            did_you_mean(name, params.iter().map(|param| param.name.as_str()))
                .or_else(|| Some(format!("`{callee}` takes no arguments of this name"))),
        );
        self.checker.report(diagnostic);
    }

    fn misplaced(&mut self, params: &[ParamView], span: Span, callee: &str, named: bool) {
        let plain: Vec<&str> = params.iter().filter(|p| !p.optional).map(|p| p.name.as_str()).collect();
        let (message, help) = if named {
            (
                "an argument without name cannot follow a named one".to_owned(),
                "name it, or move it to the front".into(),
            )
        } else if let Some(param) = params.iter().find(|param| param.optional) {
            let message = format!("`{callee}` takes {} without name", counted(plain.len()));
            (message, format!("parameters that may be left out are named: `{}: …`", param.name))
        } else {
            (format!("`{callee}` takes {}", counted(plain.len())), "remove this one".to_owned())
        };
        let diagnostic = Diagnostic::new(&codes::types::POSITIONAL_ARGUMENT, span, message).help(help);
        self.checker.report(diagnostic);
    }

    fn missing_arguments(&mut self, missing: &[&ParamView], callee: &str, span: Span) {
        let names: Vec<&str> = missing.iter().map(|param| param.name.as_str()).collect();
        let mut diagnostic = Diagnostic::new(
            &codes::types::MISSING_ARGUMENT,
            span,
            format!("`{callee}` also needs `{}`", names.join("`, `")),
        )
        .help(format!("add `{}: …`", names.join(": …`, `")));
        for param in missing {
            let shown = self.checker.show(&param.ty);
            diagnostic = diagnostic.label(param.span, format!("{shown}, without default"));
        }
        self.checker.report(diagnostic);
    }

    /// The arguments with what they tell about type parameters; they are held against their parameters later.
    fn arguments(
        &mut self,
        params: &[ParamView],
        given: &Option<Vec<Option<(Expr, Span)>>>,
        found: &mut Found,
        places: &mut [Option<Span>],
    ) -> Vec<Option<Typed>> {
        let Some(given) = given else { return vec![None; params.len()] };
        let mut out = Vec::with_capacity(params.len());
        for (param, slot) in params.iter().zip(given) {
            out.push(slot.as_ref().map(|(value, _)| {
                let want = instantiate(&param.ty, found);
                let typed = self.expr(value, Some(&want));
                learn(&param.ty, &typed.ty, found);
                for (at, place) in places.iter_mut().enumerate() {
                    let here = !depends(
                        &param.ty,
                        &mut |facet| !matches!(facet, Facet::Generic(id) if id.0 as usize == at),
                    );
                    if here && place.is_none() {
                        *place = Some(typed.span);
                    }
                }
                typed
            }));
        }
        out
    }

    /// Whether the arguments that tell type parameters are of the right make at all; the first that is not is
    /// reported instead of what it does not tell.
    fn shaped(&mut self, params: &[ParamView], args: &mut [Option<Typed>]) -> bool {
        for (slot, param) in args.iter_mut().zip(params) {
            let Some(arg) = slot else { continue };
            if mentions_generics(&param.ty) && !same_shape(&param.ty, &arg.ty) {
                *slot = Some(self.mismatch(arg, &param.ty));
                return false;
            }
        }
        true
    }

    /// An argument as its parameter: type, time and presence.
    fn argument(&mut self, arg: Typed, param: &ParamView, found: &Found) -> Typed {
        let want = instantiate(&param.ty, found);
        let (late, span) = (arg.late, arg.span);
        let typed = self.fit(arg, &want);
        if param.constant && late && !has_error(&typed) {
            let message = format!(
                "`{}` is written into the manifest, and this is known only when the pipeline runs",
                param.name
            );
            let diagnostic = Diagnostic::new(&codes::flow::LATE_IN_CONST, span, message)
                .label(param.span, "declared `const` here")
                .help("give a literal, a `const`, or a `const` parameter of the pipeline");
            self.report_late(diagnostic, &typed);
            return Typed::error(span);
        }
        typed
    }

    /// What a step yields: its one output, or the record of its outputs.
    ///
    /// What would follow from something that was reported is unknown, so that it is not reported again.
    fn outputs(&self, callee: Callee, found: &Found, args: &[Option<Typed>], broken: bool) -> Ty {
        let Some(sig) = self.checker.package.signature(callee) else { return Ty::Error };
        let ty = |ty: &Ty| {
            let known = depends(ty, &mut |facet| match facet {
                Facet::Generic(id) => matches!(found.get(id.0 as usize), Some(Some(_))),
                Facet::ConstParam(at) => {
                    !broken || args.get(*at).and_then(Option::as_ref).is_some_and(|arg| !has_error(arg))
                }
                _ => true,
            });
            if known { settle(&instantiate(ty, found), args, &sig.params) } else { Ty::Error }
        };
        if sig.single {
            return sig.outputs.first().map_or(Ty::Error, |output| ty(&output.ty));
        }
        let fields = sig
            .outputs
            .iter()
            .map(|output| FieldTy { name: output.name.clone(), ty: ty(&output.ty), span: output.span })
            .collect();
        Ty::Record(Rc::new(RecordTy { name: None, fields }))
    }
}

fn counted(arguments: usize) -> String {
    match arguments {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        more => format!("{more} arguments"),
    }
}

/// Facets that follow from constant arguments: `Model<F, format: format>`.
fn settle(ty: &Ty, args: &[Option<Typed>], params: &[Param]) -> Ty {
    match ty {
        Ty::Artifact(artifact) if artifact.facets.iter().any(|f| matches!(f, Facet::ConstParam(_))) => {
            let facets = artifact.facets.iter().map(|facet| settle_facet(facet, args, params)).collect();
            Ty::Artifact(Rc::new(ArtifactTy { decl: artifact.decl, facets, by: artifact.by.clone() }))
        }
        Ty::Optional(inner) => settle(inner, args, params).optional(),
        Ty::List(item, bounds) => Ty::List(Rc::new(settle(item, args, params)), *bounds),
        _ => ty.clone(),
    }
}

fn settle_facet(facet: &Facet, args: &[Option<Typed>], params: &[Param]) -> Facet {
    let Facet::ConstParam(at) = facet else { return facet.clone() };
    let given = args.get(*at).and_then(Option::as_ref);
    let default = params.get(*at).and_then(|param| param.default.as_ref());
    match given.or(default).map(|typed| &typed.kind) {
        Some(Kind::Value(Value::Case(case))) => Facet::Case(case.clone()),
        _ => Facet::Unset,
    }
}

fn mentions_generics(ty: &Ty) -> bool {
    !depends(ty, &mut |facet| !matches!(facet, Facet::Generic(_)))
}

/// Whether an argument could be of a type, whatever its type parameters are.
fn same_shape(param: &Ty, arg: &Ty) -> bool {
    match (bare(param), bare(arg)) {
        (Ty::Generic(_), _) | (_, Ty::Error | Ty::Json) | (Ty::Record(_), Ty::Record(_)) => true,
        (Ty::Artifact(param), Ty::Artifact(arg)) => param.decl == arg.decl,
        (Ty::List(param, _), Ty::List(arg, _)) | (Ty::Map(param), Ty::Map(arg)) => same_shape(param, arg),
        (Ty::Map(_), Ty::Record(_)) => true,
        _ => false,
    }
}

/// Whether every facet and type parameter in a type is as asked.
fn depends(ty: &Ty, known: &mut impl FnMut(&Facet) -> bool) -> bool {
    match ty {
        Ty::Generic(id) => known(&Facet::Generic(*id)),
        Ty::List(inner, _) | Ty::Map(inner) | Ty::Optional(inner) => depends(inner, known),
        Ty::Record(record) => record.fields.iter().all(|field| depends(&field.ty, known)),
        Ty::Artifact(artifact) => artifact.facets.iter().all(|facet| match facet {
            Facet::Row(ty) => depends(ty, known),
            facet => known(facet),
        }),
        _ => true,
    }
}

/// Whether an expression is a call, possibly with members or settings behind it.
fn calls(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call { .. } => true,
        ExprKind::Member { base, .. } | ExprKind::With { base, .. } | ExprKind::After { base, .. } => {
            calls(base)
        }
        ExprKind::Paren(inner) => calls(inner),
        ExprKind::Missing => true,
        _ => false,
    }
}

/// The call that an expression is a part of.
pub(super) fn root_call(typed: &Typed) -> Option<&Call> {
    match &typed.kind {
        Kind::Call(call) | Kind::Apply(call) => Some(call),
        Kind::Field(base, _) | Kind::Metric(base, _) | Kind::ArtifactField(base, _) | Kind::Uri(base) => {
            root_call(base)
        }
        _ => None,
    }
}

/// The same, to add settings to it.
pub(super) fn root_call_mut(typed: &mut Typed) -> Option<&mut Call> {
    match &mut typed.kind {
        Kind::Call(call) | Kind::Apply(call) => Some(call),
        Kind::Field(base, _) | Kind::Metric(base, _) | Kind::ArtifactField(base, _) | Kind::Uri(base) => {
            root_call_mut(base)
        }
        _ => None,
    }
}
