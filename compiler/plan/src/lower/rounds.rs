//! `for` over a list that is known now: its rounds, written out one after the other.
//!
//! The steps of a round have its number behind their names. Its names, places and conditions are its own, so that
//! the arms of one round are never taken for those of another. What the rounds give is a list.

use std::ops::Range;

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{For, Source, Take};
use fuse_analysis::ty::{Bounds, Ty};
use fuse_analysis::value::Value;
use fuse_base::{Diagnostic, Span, codes};

use super::Lower;
use super::eval::{self, field};
use super::val::{NodeAt, Val};

/// A loop with more rounds is no longer written out.
const ROUNDS: usize = 64;
/// The rounds of all loops of a pipeline, those inside others counted each time.
const ALL_ROUNDS: usize = 1024;

/// How many rounds have been written out.
#[derive(Default)]
pub(super) struct Unrolled {
    rounds: usize,
    /// Whether too many were reported.
    reported: bool,
}

/// An item of a source.
#[derive(Clone)]
pub(super) enum Item {
    One(Val),
    Many(Vec<Item>),
}

/// What a loop goes through in one target.
enum Items {
    Known(Vec<Item>),
    /// A list is known only when the pipeline runs.
    Late(LateItems),
    Failed,
}

/// What a loop over lists that are known late goes through.
pub(super) struct LateItems {
    pub(super) lists: Vec<ListOf>,
    pub(super) item: Item,
}

/// A whole list.
#[derive(Clone)]
pub(crate) struct ListOf {
    /// What it is called.
    pub(crate) label: EcoString,
    pub(crate) value: Val,
    pub(crate) ty: Ty,
    pub(crate) span: Span,
}

impl ListOf {
    pub(super) fn bounds(&self) -> Bounds<i64> {
        if let Ty::List(_, bounds) = &self.ty { *bounds } else { Bounds::default() }
    }
}

impl<'a> Lower<'a, '_> {
    /// A loop; what its rounds give together.
    pub(super) fn rounds(&mut self, each: &'a For) -> Val {
        self.hint = None;
        let items = match self.items(&each.source) {
            Items::Known(items) => items,
            Items::Late(items) => return self.late_loop(each, items),
            Items::Failed => return Val::Error,
        };
        if !self.admits(items.len(), each.span) {
            return Val::Error;
        }
        let mut values = Vec::with_capacity(items.len());
        let mut steps: Vec<Range<NodeAt>> = Vec::new();
        for (round, item) in items.into_iter().enumerate() {
            let first = self.nodes.len();
            values.push(self.round(each, round, item));
            steps.push(first..self.nodes.len());
        }
        self.in_turns(each, &steps);
        if values.iter().all(|value| matches!(value, Val::Unit)) && each.body.value.is_none() {
            return Val::Unit;
        }
        eval::list(values)
    }

    fn round(&mut self, each: &'a For, round: usize, item: Item) -> Val {
        let (id, chains) = self.numbers(self.frame.pipeline);
        let before = self.frame.enter(id, chains, round);
        self.bind_item(&each.take, item, each.span);
        let value = self.block(&each.body);
        self.frame.leave(before);
        value
    }

    /// Whether so many more rounds can be written out.
    fn admits(&mut self, rounds: usize, span: Span) -> bool {
        self.unrolled.rounds = self.unrolled.rounds.saturating_add(rounds);
        let message = if rounds > ROUNDS {
            format!("this loop has {rounds} rounds, and at most {ROUNDS} are written out")
        } else if self.unrolled.rounds > ALL_ROUNDS {
            format!("the loops of the pipeline have more than {ALL_ROUNDS} rounds together")
        } else {
            return true;
        };
        if !std::mem::replace(&mut self.unrolled.reported, true) {
            let span = Span { end: span.start + 3, ..span };
            let diagnostic = Diagnostic::new(&codes::plan::ROUNDS, span, message)
                .help("shorten the list, or let one task go through it");
            self.cx.report(diagnostic);
        }
        false
    }

    pub(super) fn bind_item(&mut self, take: &'a Take, item: Item, span: Span) {
        match (take, item) {
            (Take::Name(local), Item::One(value)) => self.bind(*local, value),
            (Take::Fields(fields), Item::One(value)) => {
                for (name, local) in fields {
                    let part = field(self.cx, value.clone(), name, span, self);
                    self.bind(*local, part);
                }
            }
            (Take::Tuple(takes), Item::Many(items)) => {
                for (take, item) in takes.iter().zip(items) {
                    self.bind_item(take, item, span);
                }
            }
            // The checker has reported a pattern that does not fit.
            (Take::Name(_) | Take::Fields(_), Item::Many(_)) | (Take::Tuple(_), Item::One(_)) => {}
        }
    }

    /// The items of a source, where all of them are known now.
    fn items(&mut self, source: &'a Source) -> Items {
        match source {
            Source::List(typed) => {
                let value = self.eval(typed);
                match self.merge(value, &typed.ty, typed.span) {
                    Val::Const(Value::List(all)) => {
                        Items::Known(all.into_iter().map(|item| Item::One(Val::Const(item))).collect())
                    }
                    Val::List(all) => Items::Known(all.into_iter().map(Item::One).collect()),
                    Val::Late(late) => {
                        let (label, ty) = (late.short().clone(), late.ty.clone());
                        let list = ListOf { label, value: Val::Late(late), ty, span: typed.span };
                        Items::Late(LateItems { item: Item::of(&list), lists: vec![list] })
                    }
                    other => {
                        eval::unusable(self.cx, &other, typed.span);
                        Items::Failed
                    }
                }
            }
            Source::Enumerate(inner) => match self.items(inner) {
                Items::Known(items) => Items::Known(numbered(items)),
                Items::Late(LateItems { lists, item }) => {
                    Items::Late(LateItems { lists, item: Item::Many(vec![Item::index(), item]) })
                }
                Items::Failed => Items::Failed,
            },
            Source::Zip(sources, span) => match self.lists(sources) {
                Some(lists) if lists.iter().any(|(list, _)| matches!(list, Items::Late(_))) => {
                    self.late_side_by_side(lists)
                }
                Some(lists) => self.side_by_side(known(lists), *span),
                None => Items::Failed,
            },
            Source::Product(sources, span) => match self.lists(sources) {
                Some(lists) if lists.iter().any(|(list, _)| matches!(list, Items::Late(_))) => {
                    let help = "make the lists `const`, or let a task return the pairs as one list";
                    self.no_matrix(*span, "`product` of a list that is known late", help);
                    Items::Failed
                }
                Some(lists) => self.each_with_each(&known(lists), *span),
                None => Items::Failed,
            },
        }
    }

    fn lists(&mut self, sources: &'a [Source]) -> Option<Vec<(Items, &'a Source)>> {
        let mut all = Vec::new();
        for source in sources {
            match self.items(source) {
                Items::Failed => return None,
                items => all.push((items, source)),
            }
        }
        Some(all)
    }

    /// Lists side by side, one of them late: those that are known now travel whole as well.
    fn late_side_by_side(&self, lists: Vec<(Items, &'a Source)>) -> Items {
        let mut all = LateItems { lists: Vec::new(), item: Item::Many(Vec::new()) };
        let mut parts = Vec::new();
        for (at, (items, source)) in lists.into_iter().enumerate() {
            match (items, source) {
                (Items::Late(late), _) => {
                    all.lists.extend(late.lists);
                    parts.push(late.item);
                }
                (Items::Known(items), Source::List(typed)) => {
                    let one = |item: Item| if let Item::One(value) = item { value } else { Val::Error };
                    let value = eval::list(items.into_iter().map(one).collect());
                    let label = eco_format!("list--{at}");
                    let list = ListOf { label, value, ty: typed.ty.clone(), span: typed.span };
                    parts.push(Item::of(&list));
                    all.lists.push(list);
                }
                (Items::Known(_) | Items::Failed, _) => {
                    let span = source.lists().first().map(|list| list.span).unwrap_or_default();
                    let message = "lists combined of constants, beside a list that is known late";
                    self.no_matrix(span, message, "number the lists together: `enumerate(zip(xs, ys))`");
                    return Items::Failed;
                }
            }
        }
        Items::Late(LateItems { item: Item::Many(parts), ..all })
    }

    fn side_by_side(&self, lists: Vec<Vec<Item>>, span: Span) -> Items {
        let lengths: Vec<usize> = lists.iter().map(Vec::len).collect();
        let first = lengths.first().copied().unwrap_or_default();
        if lengths.iter().any(|length| *length != first) {
            let shown: Vec<String> = lengths.iter().map(ToString::to_string).collect();
            let message =
                format!("lists side by side have one length, and these have {}", shown.join(" and "));
            let diagnostic = Diagnostic::new(&codes::plan::LIST_LENGTHS, span, message)
                .label(self.cx.target.span, "in this target")
                .help("give them the same number of items; `product` takes each with each");
            self.cx.report(diagnostic);
            return Items::Failed;
        }
        let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
        let round = |_| Item::Many(lists.iter_mut().filter_map(Iterator::next).collect());
        Items::Known((0..first).map(round).collect())
    }

    fn each_with_each(&mut self, lists: &[Vec<Item>], span: Span) -> Items {
        let count = lists.iter().fold(1usize, |count, list| count.saturating_mul(list.len()));
        if count > ROUNDS && !self.admits(count, span) {
            return Items::Failed;
        }
        let mut all: Vec<Vec<Item>> = vec![Vec::new()];
        for list in lists {
            all = all
                .iter()
                .flat_map(|before| {
                    list.iter().map(|item| [before.as_slice(), std::slice::from_ref(item)].concat())
                })
                .collect();
        }
        Items::Known(all.into_iter().map(Item::Many).collect())
    }

    /// `parallel: k`: a round starts when the one k rounds before it has ended. Rounds without steps do not count.
    fn in_turns(&mut self, each: &'a For, rounds: &[Range<NodeAt>]) {
        let limit = each.limit.as_ref().map(|limit| self.eval(limit));
        let Some(Val::Const(Value::Int(limit))) = limit else { return };
        let Ok(limit) = usize::try_from(limit) else { return };
        let rounds: Vec<&Range<NodeAt>> = rounds.iter().filter(|steps| !steps.is_empty()).collect();
        for (earlier, steps) in rounds.iter().zip(rounds.iter().skip(limit.max(1))) {
            let ends = self.last_of((*earlier).clone().collect());
            self.start_after(steps, &ends);
        }
    }
}

fn known(lists: Vec<(Items, &Source)>) -> Vec<Vec<Item>> {
    let items = |items| if let Items::Known(items) = items { items } else { Vec::new() };
    lists.into_iter().map(|(list, _)| items(list)).collect()
}

fn numbered(items: Vec<Item>) -> Vec<Item> {
    let number = |at: usize| Value::Int(i64::try_from(at).unwrap_or(i64::MAX));
    items
        .into_iter()
        .enumerate()
        .map(|(at, item)| Item::Many(vec![Item::One(Val::Const(number(at))), item]))
        .collect()
}
