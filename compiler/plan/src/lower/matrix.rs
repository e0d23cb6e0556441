//! `for` over a list that is known only when the pipeline runs: each call of the block is a matrix over the indices of
//! the list, with one pod for each item.
//!
//! Tekton tells results of a matrix apart by nothing, so every pod gets its index and whole lists, picks what is of its
//! round, and says in its result which round it was.

use ecow::{EcoString, eco_format};
use fuse_analysis::model::For;
use fuse_analysis::project::ApiFields;
use fuse_analysis::ty::{Bounds, Ty};
use fuse_base::{Diagnostic, Span, codes};
use fuse_wire::contract::{Contract, List, Port};

use super::calls::Work;
use super::guards::GuardSpec;
use super::helpers::{built, hand_input, helper, param, wire};
use super::rounds::{Item, LateItems, ListOf};
use super::task::Built;
use super::val::{Late, NodeAt, Round, RoundOf, Rounds, Val};
use super::{Lower, NodeSpec, encode};
use crate::cx::Cx;
use crate::model::{Arg, Operator, ParamDecl, ParamKind, ResultDecl};
use crate::{names, types};

/// A helper that checks and counts the lists of a loop.
pub(crate) struct ListWork {
    pub(crate) base: EcoString,
    /// The list that is counted, then those that must be as long.
    pub(crate) lists: Vec<(EcoString, ListOf)>,
    /// Whether an empty list gives one idle pod.
    pub(crate) spare: bool,
}

impl<'a> Lower<'a, '_> {
    /// A loop over lists that are known late; the list of what its rounds give.
    pub(super) fn late_loop(&mut self, each: &'a For, items: LateItems) -> Val {
        if self.cx.target.tekton.api_fields == ApiFields::Stable {
            self.stable_fields(each.span);
            return Val::Error;
        }
        if self.matrix.is_some() {
            let message = "a list that is known late, in a loop over another such list";
            self.no_matrix(each.span, message, "make one of the lists `const`");
            return Val::Error;
        }
        let bounds = items.lists.iter().map(ListOf::bounds).fold(Bounds::default(), Bounds::both);
        let low = bounds.low.unwrap_or(0);
        // What comes after an empty matrix would be skipped with it: where something does, one pod runs idly.
        let spare = low < 1 && each.body.value.is_some();
        let Some((at, name)) = self.list_helper(items.lists, spare, each.span) else { return Val::Error };
        let result = |lower: &Self, result: EcoString, ty: Ty| {
            let step = lower.nodes.get(at).map(|node| node.name.clone()).unwrap_or_default();
            Late::result(at, step, result, ty)
        };
        let depth = self.guards.len();
        if low < 1 && !spare {
            let input = result(self, eco_format!("{name}--nonempty"), Ty::Bool);
            let guard = self.has_items(input, each.span);
            self.guards.push(guard);
        }
        self.matrix = Some(result(self, eco_format!("{name}--idx"), Ty::string()));
        self.bind_item(&each.take, items.item, each.span);
        let value = self.block(&each.body);
        let value = self.expand(value);
        self.matrix = None;
        self.guards.truncate(depth);
        match value {
            Val::Unit | Val::Error | Val::Never => value,
            template => {
                Val::Rounds(Box::new(Rounds { template, bounds: Bounds { low: Some(low), ..bounds } }))
            }
        }
    }

    /// The step that counts the lists of a loop, and the name of the one that is counted.
    fn list_helper(&mut self, lists: Vec<ListOf>, spare: bool, cause: Span) -> Option<(NodeAt, EcoString)> {
        let mut named: Vec<(EcoString, ListOf)> = Vec::new();
        for list in lists {
            let name = names::free(&list.label, |name| named.iter().any(|(known, _)| known == name));
            named.push((name, list));
        }
        let counted = named.first().map(|(name, _)| name.clone())?;
        let (name, base) = self.fresh("list", &names::kebab(&counted));
        let work = Work::List(ListWork { base, lists: named, spare });
        let at = self.push(NodeSpec::new(name, self.guards.clone(), work, cause));
        Some((at, counted))
    }

    /// The guard of a matrix over a list that may be empty: Tekton skips an empty matrix in a way that spreads.
    fn has_items(&mut self, input: Late, cause: Span) -> GuardSpec {
        let arms = vec![(self.chains, 0)];
        self.chains = self.chains.saturating_add(1);
        let universe = Some(vec!["true".into(), "false".into()]);
        GuardSpec { input, operator: Operator::In, values: vec!["true".into()], universe, cause, arms }
    }

    fn stable_fields(&self, span: Span) {
        let target = &self.cx.target.name;
        let span = Span { end: span.start + 3, ..span };
        let message = "a loop over a list that is known late is a matrix, and this target has Tekton's stable \
                       fields only";
        let diagnostic = Diagnostic::new(&codes::plan::STABLE_FIELDS, span, message)
            .label(self.cx.target.span, "this target")
            .help(format!(
                "write `api-fields = \"beta\"` for `tekton` in [target.{target}], or make the list `const`"
            ));
        self.cx.report(diagnostic);
    }

    /// Reports what a matrix cannot do.
    pub(super) fn no_matrix(&self, span: Span, message: &str, help: &str) {
        self.cx.report(Diagnostic::new(&codes::plan::NO_MATRIX, span, message).help(help));
    }

    /// What the rounds of a matrix give, as one list that a step puts together.
    pub(super) fn collected(&mut self, rounds: &Rounds, span: Span) -> Val {
        let Some((round, node, _)) = rounds.leaf() else {
            let message =
                "what the rounds of this loop give is of several steps, and here it is asked for as one list";
            self.no_matrix(span, message, "name the part that is meant: `all.score`");
            return Val::Error;
        };
        let key = (node, round.path.clone());
        if let Some(known) = self.collectors.get(&key) {
            return Val::Late(known.clone());
        }
        let ty = Ty::List(std::rc::Rc::new(round.ty.clone()), rounds.bounds);
        let label = round.path.last().cloned().unwrap_or_default();
        let Some(late) = self.collector(node, &round.path, &names::kebab(&label), &ty, span) else {
            return Val::Error;
        };
        self.collectors.insert(key, late.clone());
        Val::Late(late)
    }
}

impl Item {
    /// An item of a list that is known late.
    pub(super) fn of(list: &ListOf) -> Self {
        let ty = if let Ty::List(item, _) = &list.ty { (**item).clone() } else { Ty::Error };
        let of = RoundOf::Item(Box::new(list.value.clone()), list.ty.clone());
        Self::One(Val::Round(Box::new(Round { of, path: Vec::new(), ty })))
    }

    /// The number of a round.
    pub(super) fn index() -> Self {
        Self::One(Val::Round(Box::new(Round { of: RoundOf::Index, path: Vec::new(), ty: Ty::int() })))
    }
}

/// A reference to a whole array.
pub(super) fn whole(late: &Late) -> EcoString {
    let text = late.text();
    eco_format!("{}[*])", text.strip_suffix(')').unwrap_or(&text))
}

/// The Task of a `list` helper.
pub(crate) fn list(cx: &Cx<'_>, node: &NodeSpec<'_>, work: &ListWork) -> Option<Built> {
    let mut contract = Contract { name: node.name.to_string(), ..Contract::default() };
    let mut words = vec![wire(), EcoString::new()];
    let (mut params, mut args, mut results) = (Vec::new(), Vec::new(), Vec::new());
    for (name, list) in &work.lists {
        contract.inputs.insert(name.to_string(), Port::Value(types::wire(cx.package, &list.ty)));
        let value = encode::value(cx, &list.value, &list.ty, list.span)?;
        hand_input(&mut words, name, value.kind());
        list.value.results(&mut results);
        params.push(ParamDecl { kind: value.kind(), ..param(name.clone(), list.span) });
        args.push(Arg { name: name.clone(), value, cause: list.span });
    }
    let (first, rest) = work.lists.split_first()?;
    let zip = rest.iter().map(|(name, _)| name.to_string()).collect();
    contract
        .lists
        .insert(first.0.to_string(), List { zip, counted: true, spare: work.spare, ..List::default() });
    if let Some(word) = words.get_mut(1) {
        *word = contract.argument().into();
    }
    let result = |suffix: &str, kind| ResultDecl {
        name: eco_format!("{}--{suffix}", first.0),
        description: None,
        kind,
        cause: node.cause,
    };
    let outputs = vec![result("idx", ParamKind::Array), result("nonempty", ParamKind::String)];
    let task = helper(cx, node, "list", params, outputs, words)?;
    let most = u64::try_from(first.1.bounds().high.unwrap_or(256)).unwrap_or(256).min(256);
    // `["0","1",…]`: a number has up to three digits.
    let digits: u64 = (0..most).map(|at| at.to_string().len() as u64 + 3).sum();
    let sizes = [(eco_format!("{}--idx", first.0), digits + 2), (eco_format!("{}--nonempty", first.0), 5)];
    Some(built(cx, &work.base, task, args, results, &sizes))
}
