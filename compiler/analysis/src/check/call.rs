//! Calls: which declaration is called, which argument goes where, and what comes back.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};
use fuse_syntax::ast::{Arg, Expr, ExprKind, Name, TypeArg};

use super::body::{Body, Place};
use super::callee::{OutputView, ParamView};
use super::constant::has_error;
use super::expr::arg_value;
use super::functions::FnCall;
use super::generics::{Found, instantiate, learn};
use super::instance::{Asked, Known, known};
use super::literal::bare;
use super::scope::Def;
use crate::model::{Call, Callee, Kind, MemberId, Settings, Typed};
use crate::ty::{ArtifactTy, Facet, FieldTy, RecordTy, Ty};

/// What a call names, with its words and place.
#[derive(Clone, Copy)]
pub(super) struct Called<'t> {
    pub(super) callee: Callee,
    pub(super) text: &'t str,
    pub(super) span: Span,
    /// The `use` parameter through which it is reached, and the capability's member that is meant.
    pub(super) via: Option<(usize, MemberId)>,
}

impl Body<'_, '_> {
    pub(super) fn call(&mut self, callee: &Expr, type_args: &[TypeArg], args: &[Arg], span: Span) -> Typed {
        let hint = self.hint.take();
        let applying = std::mem::take(&mut self.applying);
        let Some((def, text)) = self.path(callee) else {
            return self.not_callable(callee, args, span);
        };
        let via = self.member_via(callee);
        let called = |callee_id| Called { callee: callee_id, text: &text, span: callee.span, via };
        match def {
            Def::Task(id) => self.step(called(Callee::Task(id)), hint, type_args, args, span),
            Def::Resource(id) if applying => {
                self.step(called(Callee::Resource(id)), hint, type_args, args, span)
            }
            Def::Member(id, _) if applying || !self.is_resource(id) => {
                self.step(called(Callee::Member(id)), hint, type_args, args, span)
            }
            Def::Pipeline(id) => self.step(called(Callee::Pipeline(id)), hint, type_args, args, span),
            Def::Resource(_) | Def::Member(..) => {
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
            Def::Reader(id) => self.read_file(id, &text, args, span),
            Def::Fn(id) => {
                let called = callee.span;
                self.function(&FnCall { id, text: &text, called, type_args, args, span })
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
        let word = Span { end: span.start + 5, ..span };
        self.not_in_late_loop(word, "`apply`", help);
        self.fused_apply(word);
        let typed = self.expr(inner, None);
        self.applying = false;
        if let Kind::Call(call) = typed.kind.root() {
            let what = if matches!(call.callee, Callee::Pipeline(_)) { "a pipeline" } else { "a task" };
            let diagnostic = Diagnostic::new(
                &codes::names::WRONG_KIND,
                inner.span,
                format!("`apply` is for resources: {what} runs when it is called"),
            )
            .help("leave `apply` out");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        Typed { span, ..typed }
    }

    /// A task called or a resource applied: a step; a pipeline called: several.
    fn step(
        &mut self,
        called: Called<'_>,
        hint: Option<EcoString>,
        type_args: &[TypeArg],
        args: &[Arg],
        span: Span,
    ) -> Typed {
        let Called { callee, text, .. } = called;
        let used = called.via.map(|(at, _)| at);
        let Some(face) = self.checker.face(callee, used) else { return Typed::error(span) };
        let (generics, own_name, declared) = (&face.generics, face.name.clone(), face.span);
        if !self.may_stand(callee, text, span) {
            return Typed::error(span);
        }
        self.fused_call(callee, text, span);
        if hint.is_none() && self.env.place == Place::Pipeline {
            self.step_name(&Name { text: own_name.clone(), span });
        }
        let (type_args, args) = self.as_the_capability_says(called.via, generics, type_args, args);
        let (mut found, mut places, named) = self.explicit(generics, &type_args, text);
        let given = self.arrange(&face.params, &args, text, declared, span);
        let (tools, given) = self.tools(callee, &face.params, given, span);
        let params: Vec<ParamView> = face.params.into_iter().filter(|param| param.used.is_none()).collect();
        let mut typed = self.arguments(&params, &given, &mut found, &mut places);
        let broken = !named || tools.is_none() || given.is_none() || typed.iter().flatten().any(has_error);
        let fine = !broken
            && self.shaped(&params, &mut typed)
            && self.within_bounds(generics, &found, (Some(callee), text), &places, called.span);
        let given: Vec<Option<Known>> = typed.iter().map(|arg| arg.as_ref().map(known)).collect();
        for (slot, param) in typed.iter_mut().zip(&params) {
            if let Some(arg) = slot.take() {
                // Without the type parameters, the arguments that need none are checked all the same.
                let known = fine || !mentions_generics(&param.ty);
                *slot = Some(if known { self.argument(arg, param, &found) } else { arg });
            }
        }
        let name = hint.unwrap_or(own_name);
        let mut ty = outputs(&face.outputs, face.single, &found, (&typed, &params), broken);
        let facets = found.into_iter().map(|facet| facet.unwrap_or(Facet::Unset)).collect();
        let (callee, generics) = match (callee, tools) {
            (Callee::Pipeline(id), Some(tools)) if fine => {
                let asked = Asked { span, places, args: given };
                let Some(id) = self.composed(id, facets, tools, asked) else {
                    return Typed { kind: Kind::Error, ty, late: true, span };
                };
                // An instance may know more of its outputs than its declaration does.
                if let Some(face) =
                    self.checker.face(Callee::Pipeline(id), None).filter(|_| self.flow.instance)
                {
                    ty = outputs(&face.outputs, face.single, &Vec::new(), (&typed, &params), broken);
                }
                (Callee::Pipeline(id), Vec::new())
            }
            _ => (callee, facets),
        };
        let call = Call {
            callee,
            generics,
            args: typed,
            settings: Settings::default(),
            after: Vec::new(),
            name,
            span,
        };
        let kind = match callee {
            Callee::Member(id) if self.is_resource(id) => Kind::Apply(Box::new(call)),
            Callee::Task(_) | Callee::Pipeline(_) | Callee::Member(_) => Kind::Call(Box::new(call)),
            Callee::Resource(_) => Kind::Apply(Box::new(call)),
        };
        Typed { kind, ty, late: true, span }
    }

    /// Whether a step may stand here; a diagnostic where it may not.
    fn may_stand(&mut self, callee: Callee, text: &str, span: Span) -> bool {
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
        }
        stands
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
        let mut positional =
            params.iter().enumerate().filter(|(_, param)| !param.optional).map(|(at, _)| at).peekable();
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
                None if self.is_tool_for_another(params, positional.peek().copied(), &value) => {
                    self.misplaced_tool(params, arg.span, callee);
                    fine = false;
                    continue;
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
                if !self.names_a_tool(&value) {
                    self.expr(&value, None);
                }
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
            self.each_alone(&slots, params);
            return None;
        }
        Some(slots)
    }

    /// What was given is checked all the same, each against its own parameter.
    fn each_alone(&mut self, slots: &[Option<(Expr, Span)>], params: &[ParamView]) {
        for (slot, param) in slots.iter().zip(params) {
            if let Some((value, _)) = slot.as_ref().filter(|_| param.used.is_none()) {
                let typed = self.expr(value, Some(&param.ty));
                if !mentions_generics(&param.ty) {
                    self.fit(typed, &param.ty);
                }
            }
        }
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

    /// Whether an argument is a tool, where the parameter at its place takes none and another one does.
    fn is_tool_for_another(&self, params: &[ParamView], slot: Option<usize>, value: &Expr) -> bool {
        let here = slot.and_then(|slot| params.get(slot)).is_some_and(|param| param.used.is_some());
        !here && params.iter().any(|param| param.used.is_some() && param.optional) && self.names_a_tool(value)
    }

    fn misplaced_tool(&mut self, params: &[ParamView], span: Span, callee: &str) {
        let name = params.iter().find(|param| param.used.is_some() && param.optional);
        let name = name.map_or("", |param| param.name.as_str());
        let text = self.checker.sources.text(span).to_owned();
        let message = format!("`{callee}` takes no tool at this place");
        let diagnostic = Diagnostic::new(&codes::types::POSITIONAL_ARGUMENT, span, message)
            .help(format!("parameters that may be left out are named: `{name}: {text}`"));
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
            let shown = match param.used {
                Some(_) => "a tool".to_owned(),
                None => self.checker.show(&param.ty),
            };
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
                // Items of a list are read as what is asked for only where that is known.
                let open = matches!(bare(&want), Ty::List(..)) && mentions_generics(&want);
                let typed = self.expr(value, Some(&want).filter(|_| !open));
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
}

/// What a step yields: its one output, or the record of its outputs.
///
/// What would follow from something that was reported is unknown, so that it is not reported again.
fn outputs(
    outputs: &[OutputView],
    single: bool,
    found: &Found,
    (args, params): (&[Option<Typed>], &[ParamView]),
    broken: bool,
) -> Ty {
    let ty = |ty: &Ty| {
        let known = depends(ty, &mut |facet| match facet {
            Facet::Generic(id) => matches!(found.get(id.0 as usize), Some(Some(_))),
            Facet::ConstParam(at) => {
                !broken || args.get(*at).and_then(Option::as_ref).is_some_and(|arg| !has_error(arg))
            }
            _ => true,
        });
        if known { settle(&instantiate(ty, found), args, params) } else { Ty::Error }
    };
    if single {
        return outputs.first().map_or(Ty::Error, |output| ty(&output.ty));
    }
    let fields = outputs
        .iter()
        .map(|output| FieldTy { name: output.name.clone(), ty: ty(&output.ty), span: output.span })
        .collect();
    Ty::Record(Rc::new(RecordTy { name: None, fields }))
}

fn counted(arguments: usize) -> String {
    match arguments {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        more => format!("{more} arguments"),
    }
}

/// Facets that follow from constant arguments: `Model<F, format: format>`.
fn settle(ty: &Ty, args: &[Option<Typed>], params: &[ParamView]) -> Ty {
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

fn settle_facet(facet: &Facet, args: &[Option<Typed>], params: &[ParamView]) -> Facet {
    let Facet::ConstParam(at) = facet else { return facet.clone() };
    let case = match args.get(*at).and_then(Option::as_ref).map(|typed| &typed.kind) {
        Some(Kind::Value(value)) => value.text(),
        Some(_) => None,
        None => params.get(*at).and_then(|param| param.case.clone()),
    };
    case.map_or(Facet::Unset, Facet::Case)
}

pub(super) fn mentions_generics(ty: &Ty) -> bool {
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
    match typed.kind.root() {
        Kind::Call(call) | Kind::Apply(call) => Some(call),
        _ => None,
    }
}
