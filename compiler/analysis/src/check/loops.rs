//! `for`: what it goes through, what its items are called, and what its rounds give together.
//!
//! A loop over a constant list is written out round by round, so its items are constants too. A list that is known
//! late becomes one matrix for each call of the body; then nothing in the body can choose by an item.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Code, Diagnostic, Span, codes};
use fuse_syntax::ast::{self, Arg, Expr, ExprKind, Name, Pattern, RecordEntry};

use super::body::{Body, LeftLoop, Place, Round};
use super::constant::has_error;
use super::expr::arg_value;
use super::literal::bare;
use crate::model::{For, Kind, Source, Take, Typed};
use crate::ty::{Bounds, Ty};

/// What combines lists, as the source of a `for` and nowhere else.
pub(super) const COMBINATORS: [&str; 3] = ["zip", "enumerate", "product"];

/// What the items of a source are made of.
#[derive(Clone)]
enum Shape {
    /// Values of a type, and whether each is known now.
    One(Ty, bool),
    /// Items of several lists together; only a pattern in round brackets takes them apart.
    Many(Vec<Shape>),
}

/// What a loop goes through.
struct Through {
    source: Source,
    shape: Shape,
    bounds: Bounds<i64>,
    /// Whether not even the number of items is known now.
    late: bool,
}

impl Through {
    fn error(span: Span) -> Self {
        let shape = Shape::One(Ty::Error, false);
        Self { source: Source::List(Typed::error(span)), shape, bounds: Bounds::default(), late: false }
    }
}

/// `for pattern in source { block }`
#[derive(Clone, Copy)]
pub(super) struct Written<'e> {
    pattern: &'e Pattern,
    source: &'e Expr,
    block: &'e ast::Block,
    span: Span,
}

/// The loop that an expression is.
pub(super) fn written(expr: &Expr) -> Option<Written<'_>> {
    match &expr.kind {
        ExprKind::For { pattern, source, body } => {
            Some(Written { pattern, source, block: body, span: expr.span })
        }
        ExprKind::Paren(inner) => written(inner),
        _ => None,
    }
}

impl Body<'_, '_> {
    /// A loop; `used` says whether what its rounds give is used, `settings` is what stands behind `with`.
    pub(super) fn each(&mut self, written: Written<'_>, settings: Option<&Expr>, used: bool) -> Typed {
        let Written { pattern, source, block, span } = written;
        self.hint = None;
        let name = self.loop_name.take();
        if self.env.place != Place::Pipeline {
            let diagnostic =
                Diagnostic::new(&codes::names::WRONG_KIND, word(span), "`for` stands in pipelines")
                    .help("let a step go through the list");
            self.checker.report(diagnostic);
            return Typed::error(span);
        }
        let through = self.through(source);
        let late = through.late;
        if late && let Some(outer) = self.late_round() {
            let diagnostic = Diagnostic::new(
                &codes::flow::LATE_LOOP,
                source.span,
                "a list that is known only when the pipeline runs, in a loop over another such list",
            )
            .label(outer, "this list is known late too")
            .help("make one of the lists `const`, or let a task return one flat list of pairs");
            self.checker.report(diagnostic);
        }
        let limit = settings.and_then(|settings| self.limit(settings, late, source.span));
        self.not_fused(word(span), "`for`", "put the `for` around the `fused`");
        let around = self.flow.fused.take();
        let first = self.flow.locals.len();
        self.flow.rounds.push(Round { late, source: source.span, first });
        let take = self.take(pattern, through.shape, late);
        let body = self.statements(block, used);
        self.flow.rounds.pop();
        self.flow.fused = around;
        self.leave_loop(first, name.as_ref(), body.value.as_deref());
        let ty =
            if used { self.value_of_rounds(body.value.as_deref(), through.bounds, span) } else { Ty::Never };
        let each = For { source: through.source, late, take, body, limit, span };
        Typed { kind: Kind::For(Box::new(each)), ty, late: true, span }
    }

    fn value_of_rounds(&mut self, value: Option<&Typed>, bounds: Bounds<i64>, span: Span) -> Ty {
        match value {
            Some(value) if value.ty.is_error() => Ty::Error,
            Some(Typed { ty: Ty::Never, .. }) | None => {
                let diagnostic = Diagnostic::new(
                    &codes::flow::LOOP_VALUE,
                    word(span),
                    "the value of this loop is used, and its block does not end in one",
                )
                .help("let the block end in an expression; `{ model, score }` gives several values a round");
                self.checker.report(diagnostic);
                Ty::Error
            }
            Some(value) => Ty::List(Rc::new(value.ty.clone()), bounds),
        }
    }

    /// The list of the innermost loop over a late list around.
    pub(super) fn late_round(&self) -> Option<Span> {
        self.flow.rounds.iter().rev().find(|round| round.late).map(|round| round.source)
    }

    /// Whether the number of a list's items is known now: it is constant, a literal, or what a loop gives that is
    /// written out itself.
    pub(super) fn written_out(&self, list: &Typed) -> bool {
        if !list.late {
            return true;
        }
        match &list.kind {
            Kind::List(_) => true,
            Kind::For(each) => !each.late,
            Kind::Local(id) => self.flow.written_out.contains(id) && self.flow.missing_arm(*id).is_none(),
            Kind::Field(base, _) | Kind::Metric(base, _) | Kind::ArtifactField(base, _) | Kind::Uri(base) => {
                self.written_out(base)
            }
            _ => false,
        }
    }

    /// Reports what cannot stand in a loop over a late list.
    pub(super) fn not_in_late_loop(&mut self, span: Span, what: &str, help: &str) {
        let Some(source) = self.late_round() else { return };
        let message = format!("{what} in a loop over a list that is known only when the pipeline runs");
        let diagnostic = Diagnostic::new(&codes::flow::LATE_LOOP, span, message)
            .label(source, "the list is known late")
            .help(help);
        self.checker.report(diagnostic);
    }

    /// Whether a value differs from round to round of a loop over a late list.
    pub(super) fn of_late_round(&self, typed: &Typed) -> bool {
        let Some(first) = self.flow.rounds.iter().find(|round| round.late).map(|round| round.first) else {
            return false;
        };
        matches!(typed.kind, Kind::Local(id) if id.0 as usize >= first)
            || typed.parts().any(|part| self.of_late_round(part))
    }

    /// `with { parallel: k }`
    fn limit(&mut self, settings: &Expr, late: bool, source: Span) -> Option<Typed> {
        let ExprKind::Record(entries) = &settings.kind else {
            if !matches!(settings.kind, ExprKind::Missing) {
                let help = "write `with { parallel: 4 }`";
                self.checker.malformed(settings.span, "`with` takes a record", help);
            }
            return None;
        };
        let mut limit = None;
        for entry in entries {
            match entry {
                RecordEntry::Field { key, value: Some(value), .. } if key.text == "parallel" => {
                    limit = self.rounds_at_once(key, value, late, source);
                }
                RecordEntry::Field { key, .. } if key.is_missing() => {}
                RecordEntry::Field { key, .. } => {
                    let message = format!("a loop has no setting `{}`", key.text);
                    let diagnostic = Diagnostic::new(&codes::types::UNKNOWN_FIELD, key.span, message)
                        .help("a loop takes `parallel: 4`; other settings stand at the calls of its block");
                    self.checker.report(diagnostic);
                }
                RecordEntry::Spread(base) => {
                    self.checker.malformed(base.span, "`with` takes no spread", "name each setting");
                }
            }
        }
        limit
    }

    fn rounds_at_once(&mut self, key: &Name, value: &Expr, late: bool, source: Span) -> Option<Typed> {
        let typed = self.expect(value, &Ty::Int(Bounds { low: Some(1), high: Some(256) }));
        if late {
            let message = "`parallel` limits a loop that is written out, and this list is known only when the \
                           pipeline runs";
            let diagnostic = Diagnostic::new(&codes::flow::LATE_PARALLEL, key.span, message)
                .label(source, "the list is known late")
                .help("Tekton cannot limit a matrix: use a constant list, or leave `parallel` out");
            self.checker.report(diagnostic);
            return None;
        }
        self.constant_setting(typed, "parallel")
    }

    /// What a loop goes through: a list, or lists combined.
    fn through(&mut self, expr: &Expr) -> Through {
        if let Some((how, args)) = self.combinator(expr) {
            return self.combined(how, args, expr.span);
        }
        let typed = self.expr(expr, None);
        let typed = match &typed.ty {
            Ty::Optional(_) => {
                let want = bare(&typed.ty).clone();
                self.fit(typed, &want)
            }
            _ => typed,
        };
        if has_error(&typed) {
            return Through::error(expr.span);
        }
        let (constant, late) = (!typed.late, !self.written_out(&typed));
        match typed.ty.clone() {
            Ty::List(item, bounds) if matches!(*item, Ty::Json) && bounds.high == Some(0) => {
                let message = "the list is empty, and nothing says what its items would be";
                let help =
                    "leave the loop out, or name the list with its type: `const rates: List<Float> = []`";
                self.report_at(&codes::flow::EMPTY_LOOP, expr.span, message, help);
                Through::error(expr.span)
            }
            Ty::List(item, bounds) => Through {
                source: Source::List(typed),
                shape: Shape::One((*item).clone(), constant),
                bounds,
                late,
            },
            ty => {
                let shown = self.checker.show(&ty);
                let help = match ty {
                    Ty::Range => "write the numbers as a list: `[0, 1, 2]`",
                    _ => "name a list, or write one: `[a, b]`",
                };
                let message = format!("`for` goes through a list, and this is {shown}");
                self.report_at(&codes::types::WRONG_TYPE, expr.span, &message, help);
                Through::error(expr.span)
            }
        }
    }

    fn report_at(&mut self, code: &'static Code, span: Span, message: &str, help: &str) {
        self.checker.report(Diagnostic::new(code, span, message).help(help));
    }

    /// `zip(…)`, `enumerate(…)`, `product(…)`, unless the program calls something else so.
    fn combinator<'e>(&mut self, expr: &'e Expr) -> Option<(&'static str, &'e [Arg])> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.combinator(inner),
            ExprKind::Call { callee, args, .. } => {
                let ExprKind::Name(name) = &callee.kind else { return None };
                let how = COMBINATORS.iter().find(|how| *how == name)?;
                let own = self.flow.names.contains_key(name)
                    || self.env.params.iter().any(|param| param.name == *name)
                    || self.checker.lookup(self.env.module, self.env.tool, name).is_some();
                (!own).then_some((*how, args.as_slice()))
            }
            _ => None,
        }
    }

    fn combined(&mut self, how: &'static str, args: &[Arg], span: Span) -> Through {
        let mut all = Vec::new();
        for arg in args {
            if let Some(name) = arg.name.as_ref().filter(|_| arg.value.is_some()) {
                let message = format!("the lists of `{how}` have no names");
                self.report_at(&codes::types::UNKNOWN_ARGUMENT, name.span, &message, "leave the name out");
            }
            if let Some(value) = arg_value(arg) {
                let through = if self.checker.enter(value.span) {
                    let through = self.through(&value);
                    self.checker.leave();
                    through
                } else {
                    Through::error(value.span)
                };
                all.push((through, value.span));
            }
        }
        let fits = if how == "enumerate" { all.len() == 1 } else { all.len() >= 2 };
        if !fits {
            let (takes, help) = match how {
                "enumerate" => ("one list", "write `for (i, x) in enumerate(xs)`"),
                "zip" => ("two lists or more", "write `for (x, y) in zip(xs, ys)`"),
                _ => ("two lists or more", "write `for (x, y) in product(xs, ys)`"),
            };
            let message = format!("`{how}` takes {takes}");
            self.report_at(&codes::types::MISSING_ARGUMENT, span, &message, help);
            return Through::error(span);
        }
        self.combine(how, all, span)
    }

    fn combine(&mut self, how: &'static str, all: Vec<(Through, Span)>, span: Span) -> Through {
        let late = all.iter().any(|(one, _)| one.late);
        let bounds = match how {
            "zip" => self.same_length(&all),
            "product" => all.iter().fold(Bounds { low: Some(1), high: Some(1) }, |so_far, (one, _)| Bounds {
                low: so_far.low.zip(one.bounds.low).map(|(a, b): (i64, i64)| a.saturating_mul(b)),
                high: so_far.high.zip(one.bounds.high).map(|(a, b): (i64, i64)| a.saturating_mul(b)),
            }),
            _ => all.first().map_or_else(Bounds::default, |(one, _)| one.bounds),
        };
        let (sources, shapes): (Vec<Source>, Vec<Shape>) =
            all.into_iter().map(|(one, _)| (one.source, one.shape)).unzip();
        let (source, shapes) = match how {
            "zip" => (Source::Zip(sources, span), shapes),
            "product" => (Source::Product(sources, span), shapes),
            _ => {
                let mut shapes = shapes;
                shapes.insert(0, Shape::One(Ty::int(), true));
                let mut sources = sources;
                let inner = sources.pop().unwrap_or(Source::List(Typed::error(span)));
                (Source::Enumerate(Box::new(inner)), shapes)
            }
        };
        Through { source, shape: Shape::Many(shapes), bounds, late }
    }

    /// The length that lists side by side have; those that cannot have one are reported.
    fn same_length(&mut self, all: &[(Through, Span)]) -> Bounds<i64> {
        let mut bounds: Bounds<i64> = Bounds::default();
        let mut first: Option<Span> = None;
        for (one, span) in all {
            let common = bounds.both(one.bounds);
            if let Some((low, high)) = common.low.zip(common.high)
                && low > high
            {
                let diagnostic = Diagnostic::new(
                    &codes::flow::LOOP_PATTERN,
                    *span,
                    "lists side by side have one length, and these cannot have the same",
                )
                .label(first.unwrap_or(*span), "the lists before it")
                .help("give them the same number of items; `product` takes each with each");
                self.checker.report(diagnostic);
                return one.bounds;
            }
            bounds = common;
            first = first.or(Some(*span));
        }
        bounds
    }
}

impl Body<'_, '_> {
    /// The names of an item, bound.
    fn take(&mut self, pattern: &Pattern, shape: Shape, late: bool) -> Take {
        match (pattern, shape) {
            (Pattern::Name(name), Shape::One(ty, constant)) => self.take_name(name, ty, constant && !late),
            (Pattern::Name(name), Shape::Many(parts)) => {
                let names: Vec<String> =
                    (0..parts.len()).map(|at| format!("{}{}", name.text, at + 1)).collect();
                let message =
                    format!("each item is {} values: they are taken apart where they are bound", parts.len());
                let help = format!("write `({})`", names.join(", "));
                if !name.is_missing() {
                    self.report_at(&codes::flow::LOOP_PATTERN, name.span, &message, &help);
                }
                self.lost(pattern)
            }
            (Pattern::Tuple(patterns, span), Shape::Many(parts)) => {
                if patterns.len() != parts.len() {
                    let message = format!(
                        "each item is {} values, and here are names for {}",
                        parts.len(),
                        patterns.len()
                    );
                    let help = "give each value one name";
                    self.report_at(&codes::flow::LOOP_PATTERN, *span, &message, help);
                    return self.lost(pattern);
                }
                let parts = patterns.iter().zip(parts).map(|(pattern, part)| self.take(pattern, part, late));
                Take::Tuple(parts.collect())
            }
            (Pattern::Tuple(_, span), Shape::One(ty, _)) => {
                if !ty.is_error() {
                    let shown = self.checker.show(&ty);
                    let message = format!("each item is one value, {shown}: there is nothing to take apart");
                    let help = "give it one name; `zip`, `enumerate` and `product` give several values";
                    self.report_at(&codes::flow::LOOP_PATTERN, *span, &message, help);
                }
                self.lost(pattern)
            }
            (Pattern::Record(_, span), Shape::Many(_)) => {
                let message = "each item is several values: they are taken apart in round brackets";
                self.report_at(&codes::flow::LOOP_PATTERN, *span, message, "write `(a, b)`");
                self.lost(pattern)
            }
            (Pattern::Record(fields, _), Shape::One(ty, constant)) => {
                self.take_fields(fields, &ty, constant && !late)
            }
        }
    }

    fn take_name(&mut self, name: &Name, ty: Ty, constant: bool) -> Take {
        let id = self.add_local(name, ty);
        if constant {
            self.flow.items.insert(id);
        }
        Take::Name(id)
    }

    fn take_fields(&mut self, fields: &[(Name, Name)], ty: &Ty, constant: bool) -> Take {
        let mut all = Vec::new();
        for (field, name) in fields {
            let known = match ty {
                Ty::Record(record) => record.fields.iter().find(|known| known.name == field.text),
                _ => None,
            };
            let known = known.map(|known| known.ty.clone());
            if known.is_none() && !ty.is_error() && !field.is_missing() {
                self.no_such_output(ty, field);
            }
            let Take::Name(id) = self.take_name(name, known.unwrap_or(Ty::Error), constant) else { continue };
            all.push((field.text.clone(), id));
        }
        Take::Fields(all)
    }

    /// The names of a pattern that does not fit: they stay known, so that only the pattern is reported.
    pub(super) fn lost(&mut self, pattern: &Pattern) -> Take {
        match pattern {
            Pattern::Name(name) => self.take_name(name, Ty::Error, false),
            Pattern::Record(fields, _) => {
                Take::Tuple(fields.iter().map(|(_, name)| self.take_name(name, Ty::Error, false)).collect())
            }
            Pattern::Tuple(patterns, _) => Take::Tuple(patterns.iter().map(|one| self.lost(one)).collect()),
        }
    }

    /// The names of a loop end with it.
    fn leave_loop(&mut self, first: usize, binding: Option<&EcoString>, value: Option<&Typed>) {
        let fields: Vec<EcoString> = match value.map(|value| &value.ty) {
            Some(Ty::Record(record)) => record.fields.iter().map(|field| field.name.clone()).collect(),
            _ => Vec::new(),
        };
        let inside = self.flow.locals.iter().enumerate().skip(first);
        let names: Vec<(EcoString, Span, usize)> =
            inside.map(|(at, local)| (local.name.clone(), local.span, at)).collect();
        for (name, span, at) in names.into_iter().rev() {
            if let Some(id) = self.flow.names.get(&name).copied().filter(|id| id.0 as usize == at) {
                match self.flow.hidden.get(&id).copied() {
                    Some(hidden) => self.flow.names.insert(name.clone(), hidden),
                    None => self.flow.names.remove(&name),
                };
                let given = fields.contains(&name);
                let left = LeftLoop { span, binding: binding.cloned(), given };
                self.flow.left.insert(name, left);
            }
        }
    }

    /// A name that only the rounds of a loop know.
    pub(super) fn left_loop(&mut self, name: &str, span: Span) -> bool {
        let Some(left) = self.flow.left.get(name) else { return false };
        let help = match &left.binding {
            Some(binding) if left.given => format!("the list of its values is `{binding}.{name}`"),
            Some(binding) => {
                format!(
                    "let the block of the loop end in `{{ {name} }}`: the list of its values is then `{binding}.{name}`"
                )
            }
            None => format!(
                "bind the loop, `let all = for …`, and let its block end in `{{ {name} }}`: the list of its values is \
                 then `all.{name}`"
            ),
        };
        let message = format!("`{name}` has a value in each round of the loop, and none outside");
        let diagnostic = Diagnostic::new(&codes::flow::OUTSIDE_LOOP, span, message)
            .label(left.span, "bound inside the loop")
            .help(help);
        self.checker.report(diagnostic);
        true
    }
}

/// The word `for`.
fn word(span: Span) -> Span {
    Span { end: span.start + 3, ..span }
}
