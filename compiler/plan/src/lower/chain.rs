//! `if`: which guards its arms get, and what the arms give.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a few kinds of values are known or present; all others are treated alike"
)]

use ecow::EcoString;
use fuse_analysis::model::{Block, Condition as Cond, If, Kind, LocalId, Stmt, Typed};
use fuse_analysis::ty::Ty;
use fuse_analysis::value::Value;
use fuse_base::Span;
use fuse_wire::Condition;
use fuse_wire::condition::Unary;

use super::Lower;
use super::eval;
use super::guards::{self, GuardSpec};
use super::val::{Arms, Computed, Late, Origin, Val};
use crate::model::Operator;
use crate::names;
use crate::types;

/// A condition of a chain with its arm.
struct Link<'a> {
    computed: Computed,
    block: &'a Block,
    chain: u32,
    cause: Span,
}

/// A chain `if … else if … else …`, as far as its conditions can be computed at one place.
#[derive(Default)]
struct Chain<'a> {
    links: Vec<Link<'a>>,
    otherwise: Option<&'a Block>,
    failed: bool,
}

/// The guards of the arms of an `if let`.
pub(super) enum Presence {
    Known(bool),
    Guarded { then: Vec<GuardSpec>, other: Option<Vec<GuardSpec>> },
    Failed,
}

impl<'a> Lower<'a, '_> {
    /// `if`: guards for its arms, then the arms; what they give.
    pub(super) fn chain(&mut self, chain: &'a If, span: Span) -> Val {
        let hint = self.hint.take();
        match &chain.cond {
            Cond::Test(_) => self.tests(chain, span, hint),
            Cond::Present(local, optional) => self.presence(*local, optional, chain, span, hint),
        }
    }

    fn tests(&mut self, chain: &'a If, span: Span, hint: Option<EcoString>) -> Val {
        let found = self.collect(chain);
        if found.failed {
            return Val::Error;
        }
        if found.links.is_empty() {
            return found.otherwise.map_or(Val::none(), |block| self.block(block));
        }
        let level = self.guards.clone();
        let operand = found.links.iter().flat_map(|link| &link.computed.operands).next();
        let name = hint.clone().or_else(|| operand.map(|(_, late)| late.short().clone())).unwrap_or_default();
        let Some(guards) = self.arm_guards(&found, hint) else { return Val::Error };
        let mut blocks: Vec<&'a Block> = found.links.iter().map(|link| link.block).collect();
        blocks.extend(found.otherwise);
        let mut cases = Vec::new();
        for (block, guards) in blocks.into_iter().zip(guards) {
            let value = self.arm(block, guards.clone(), &name);
            cases.push((guards, value));
        }
        let name = self.frame.numbered(&name);
        arms(Arms { id: self.frame.place(span), path: EcoString::new(), name, level, cases, otherwise: None })
    }

    /// The conditions that are known only when the pipeline runs; constant ones choose here.
    fn collect(&mut self, mut chain: &'a If) -> Chain<'a> {
        let mut found = Chain::default();
        loop {
            let Cond::Test(test) = &chain.cond else { return found };
            let value = self.eval(test);
            let value = self.merge(value, &test.ty, test.span);
            match value {
                Val::Const(Value::Bool(true)) => {
                    found.otherwise = Some(&chain.then);
                    return found;
                }
                Val::Const(Value::Bool(false)) => {}
                Val::Error => found.failed = true,
                value => match eval::computed(self.cx, value, &test.ty, test.span) {
                    Some(computed) => found.links.push(Link {
                        computed,
                        block: &chain.then,
                        chain: self.frame.chain(chain.chain),
                        cause: test.span,
                    }),
                    None => found.failed = true,
                },
            }
            match chain.otherwise.as_ref() {
                None => return found,
                Some(block) => match else_if(block) {
                    Some(next) => chain = next,
                    None => {
                        found.otherwise = Some(block);
                        return found;
                    }
                },
            }
        }
    }

    /// For each arm its guard, the `else` last: plain comparisons, or one index that a step or a helper computes.
    fn arm_guards(&mut self, chain: &Chain<'a>, hint: Option<EcoString>) -> Option<Vec<Vec<GuardSpec>>> {
        let guards = match self.direct(chain) {
            Some(guards) => guards,
            None => self.computed(chain, hint)?,
        };
        let mut before: Vec<(u32, u32)> = Vec::new();
        let mut marked = Vec::new();
        let mut chains = chain.links.iter().map(|link| link.chain);
        for guard in guards {
            let mut marks = before.clone();
            if let Some(id) = chains.next() {
                marks.push((id, 0));
                before.push((id, 1));
            }
            marked.push(vec![guard.at(&marks)]);
        }
        Some(marked)
    }

    /// Comparisons of one parameter or result with constants, each value in one arm.
    fn direct(&mut self, chain: &Chain<'a>) -> Option<Vec<GuardSpec>> {
        let mut all: Vec<GuardSpec> = Vec::new();
        for link in &chain.links {
            // Nobody has checked what an external task writes: a helper reads it as its type first.
            let operands = link.computed.operands.iter();
            if operands.filter_map(|(_, late)| late.node()).any(|(node, _)| self.is_external(node)) {
                return None;
            }
            let guard = guards::direct(self.cx, &link.computed, link.cause)?;
            let first = all.first();
            let same = first.is_none_or(|first| {
                first.input.text() == guard.input.text()
                    && first.operator == Operator::In
                    && guard.operator == Operator::In
            });
            let taken = |value: &EcoString| all.iter().any(|known| known.values.contains(value));
            if !same || guard.values.iter().any(taken) {
                return None;
            }
            all.push(guard);
        }
        if chain.otherwise.is_some() {
            let mut union = all.first()?.clone();
            union.values = match union.operator {
                Operator::In => all.iter().flat_map(|guard| guard.values.clone()).collect(),
                Operator::NotIn => union.values,
            };
            all.push(union.negate()?);
        }
        if let Some(first) = all.first().cloned() {
            self.guarded_parameter(&first);
        }
        Some(all)
    }

    /// One index for the whole chain, by the step that all operands come from or by a helper.
    fn computed(&mut self, chain: &Chain<'a>, hint: Option<EcoString>) -> Option<Vec<GuardSpec>> {
        let cause = chain.links.first()?.cause;
        let computed: Vec<Computed> = chain.links.iter().map(|link| link.computed.clone()).collect();
        let input = self.index(&computed, cause, hint)?;
        let count = chain.links.len() + 1;
        let arms = count - usize::from(chain.otherwise.is_none());
        Some((0..arms).map(|at| GuardSpec::nth(input.clone(), at, count, cause)).collect())
    }

    fn index(&mut self, computed: &[Computed], cause: Span, hint: Option<EcoString>) -> Option<Late> {
        let chosen = Computed::chain(computed);
        let step = guards::single_step(&chosen.operands);
        let inside = step.and_then(|node| self.arm_in_step(node, &chosen, cause));
        inside.or_else(|| self.decide_helper(&chosen, cause, hint))
    }

    fn arm(&mut self, block: &'a Block, guards: Vec<GuardSpec>, label: &EcoString) -> Val {
        let depth = self.guards.len();
        let new = guards::missing(&guards, &self.guards);
        self.guards.extend(new);
        let outer = self.label.replace(label.clone());
        let value = self.block(block);
        self.label = outer;
        self.guards.truncate(depth);
        value
    }

    fn presence(
        &mut self,
        local: LocalId,
        optional: &'a Typed,
        chain: &'a If,
        span: Span,
        hint: Option<EcoString>,
    ) -> Val {
        let value = self.eval(optional);
        let value = match value {
            Val::Arms(arms) if arms.single().is_none() => {
                self.merge(Val::Arms(arms), &optional.ty, optional.span)
            }
            other => other,
        };
        let both = chain.otherwise.is_some();
        let presence = match value {
            Val::Arms(arms) if self.ending => self.came_to_be(local, *arms, optional, both),
            value => self.present(local, value, optional, both),
        };
        let (then, other) = match presence {
            Presence::Failed => return Val::Error,
            Presence::Known(true) => return self.block(&chain.then),
            Presence::Known(false) => {
                return chain.otherwise.as_ref().map_or(Val::none(), |block| self.block(block));
            }
            Presence::Guarded { then, other } => (then, other),
        };
        let id = self.frame.chain(chain.chain);
        let mark = |guards: Vec<GuardSpec>, arm| {
            guards.into_iter().map(|guard| guard.at(&[(id, arm)])).collect::<Vec<_>>()
        };
        let level = self.guards.clone();
        let bound = self.frame.pipeline.locals.get(local.0 as usize).map(|local| local.name.clone());
        let name = hint.or(bound).unwrap_or_default();
        let then = mark(then, 0);
        let value = self.arm(&chain.then, then.clone(), &name);
        let mut cases = vec![(then, value)];
        if let Some(otherwise) = &chain.otherwise {
            let other = mark(other.unwrap_or_default(), 1);
            let value = self.arm(otherwise, other.clone(), &name);
            cases.push((other, value));
        }
        let name = self.frame.numbered(&name);
        arms(Arms { id: self.frame.place(span), path: EcoString::new(), name, level, cases, otherwise: None })
    }

    /// `if let v = x`: v is x where x is present.
    fn present(&mut self, local: LocalId, value: Val, typed: &Typed, both: bool) -> Presence {
        match value {
            Val::Const(Value::None) => Presence::Known(false),
            Val::Const(_)
            | Val::Record(_)
            | Val::List(_)
            | Val::Concat(_)
            | Val::Node(_)
            | Val::Inside(..)
            | Val::Rounds(_) => {
                self.bind(local, value);
                Presence::Known(true)
            }
            // A called pipeline may be given what is always there.
            Val::Late(late) if !matches!(late.ty, Ty::Optional(_)) => {
                self.bind(local, Val::Late(late));
                Presence::Known(true)
            }
            Val::Late(late) => {
                let inner = Late { ty: types::present(&late.ty).clone(), ..late.clone() };
                self.bind(local, Val::Late(inner));
                self.is_given(late, typed.span)
            }
            Val::Arms(arms) => {
                let Some((guards, inner)) =
                    arms.single().map(|(guards, value)| (guards.to_vec(), value.clone()))
                else {
                    return Presence::Failed;
                };
                let other = match guards.as_slice() {
                    [only] => only.negate().map(|guard| vec![guard]),
                    _ => None,
                };
                if matches!(inner, Val::Const(Value::None)) {
                    return Presence::Known(false);
                }
                // That the arm runs says nothing of what may be absent in it, too.
                let there = match &inner {
                    Val::Late(late) => !matches!(late.ty, Ty::Optional(_)),
                    Val::Arms(_) => false,
                    _ => true,
                };
                if there && (other.is_some() || !both) {
                    self.bind(local, inner);
                    return Presence::Guarded { then: guards, other };
                }
                match self.merge(Val::Arms(arms), &typed.ty, typed.span) {
                    Val::Error => Presence::Failed,
                    merged => self.present(local, merged, typed, both),
                }
            }
            other => {
                eval::unusable(self.cx, &other, typed.span);
                Presence::Failed
            }
        }
    }

    /// Whether an optional parameter is given, or an optional result is there.
    fn is_given(&mut self, late: Late, cause: Span) -> Presence {
        let guard = if matches!(late.origin, Origin::Param(_)) {
            guards::given(late, cause)
        } else {
            let name = late.text();
            let condition = Condition::Unary(Unary::Present, Box::new(Condition::Name(name.to_string())));
            let computed = Computed { condition, operands: vec![(name, late)] };
            let Some(input) = self.index(&[computed], cause, None) else { return Presence::Failed };
            GuardSpec::computed(input, cause)
        };
        let other = guard.negate().map(|guard| vec![guard]);
        Presence::Guarded { then: vec![guard], other }
    }

    /// `fail`: a step that ends the run with a message.
    pub(super) fn refuse(&mut self, text: &'a Typed, span: Span) -> Val {
        let message = self.eval(text);
        let message = self.merge(message, &text.ty, text.span);
        if matches!(message, Val::Error) {
            return Val::Error;
        }
        let label = self.label.clone().unwrap_or_else(|| self.name.clone());
        self.fail_step(&names::kebab(&label), message, span);
        Val::Never
    }
}

/// The `if` that is all there is in an `else`, as long as its condition starts no step of its own.
fn else_if(block: &Block) -> Option<&If> {
    let inner = match (block.stmts.as_slice(), &block.value) {
        ([Stmt::Expr(typed)], None) => typed,
        ([], Some(value)) => &**value,
        _ => return None,
    };
    let Kind::If(next) = &inner.kind else { return None };
    match &next.cond {
        Cond::Test(test) if !starts_step(test) => Some(next),
        Cond::Test(_) | Cond::Present(..) => None,
    }
}

fn starts_step(typed: &Typed) -> bool {
    matches!(
        typed.kind,
        Kind::Call(_)
            | Kind::Apply(_)
            | Kind::If(_)
            | Kind::For(_)
            | Kind::Fused(_)
            | Kind::Binary(fuse_analysis::model::BinaryOp::Coalesce, ..)
    ) || typed.parts().any(starts_step)
}

/// What arms give together: nothing where they give nothing.
fn arms(mut arms: Arms) -> Val {
    if arms.cases.iter().any(|(_, value)| matches!(value, Val::Error)) {
        return Val::Error;
    }
    if arms.cases.iter().all(|(_, value)| matches!(value, Val::Never)) {
        return if arms.cases.len() == 1 { Val::Unit } else { Val::Never };
    }
    arms.cases.retain(|(_, value)| !matches!(value, Val::Never));
    if arms.cases.iter().all(|(_, value)| matches!(value, Val::Unit)) {
        return Val::Unit;
    }
    Val::Arms(Box::new(arms))
}
