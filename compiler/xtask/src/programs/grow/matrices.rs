//! Loops over lists that are known when the program runs: each call is a matrix.

#![allow(clippy::wildcard_enum_match_arm, reason = "a few types are treated apart from all others")]

use super::Grow;
use super::rounds::Source;
use super::scope::{Known, Var};
use super::tasks::Task;
use super::types::Ty;
use crate::programs::tree::Tree;

impl Grow {
    /// A loop over a list of a step or a parameter.
    pub(super) fn matrix(&mut self) -> bool {
        if self.in_rounds || self.blocks.len() > super::DEPTH || self.fuel < 4 * self.copies {
            return false;
        }
        let Some(source) = self.late_source() else { return false };
        let Source { pattern, list, items } = source;
        self.in_rounds = true;
        let (body, scope) = self.block(|grow| {
            for (name, ty) in &items {
                grow.scopes.var(name, ty.clone(), Known::Round);
            }
            for _ in 0..grow.rng.usize(1..4) {
                grow.call_in_round();
            }
        });
        self.in_rounds = false;
        if body.is_empty() {
            return false;
        }
        let flat = |var: &Var| !matches!(var.ty, Ty::List(_));
        let outputs: Vec<Var> = scope
            .vars
            .into_iter()
            .filter(|var| flat(var) && !items.iter().any(|(name, _)| *name == var.text))
            .collect();
        let given = self.given(&outputs);
        self.finished("m", &format!("for {pattern} in {list} {{"), body, &given, "}".to_owned());
        true
    }

    /// A late list, or two of them side by side.
    fn late_source(&mut self) -> Option<Source> {
        let item = |ty: &Ty| match ty {
            Ty::List(item) if item.is_scalar() || matches!(**item, Ty::Record(_)) => Some((**item).clone()),
            _ => None,
        };
        let late = |var: &Var| matches!(var.known, Known::Start | Known::Step) && item(&var.ty).is_some();
        let first = self.choose(late)?;
        let (ty, name) = (item(&first.ty)?, self.name("x"));
        Some(match self.rng.u8(0..6) {
            0 => {
                let at = self.name("i");
                let items = vec![(at.clone(), Ty::Int), (name.clone(), ty)];
                Source {
                    pattern: format!("({at}, {name})"),
                    list: format!("enumerate({})", first.text),
                    items,
                }
            }
            1 => {
                // Lists of known lengths must be of one length: one of these is a step's own.
                let second = self.choose(|var| late(var) && var.text.starts_with('s'))?;
                let (other, beside) = (self.name("y"), item(&second.ty)?);
                let list = format!("zip({}, {})", first.text, second.text);
                Source {
                    pattern: format!("({name}, {other})"),
                    list,
                    items: vec![(name, ty), (other, beside)],
                }
            }
            // A list that turns out to be of known length is no matrix: then its items are no constants to take apart.
            2 | 3 if matches!(ty, Ty::Record(_)) && first.text.starts_with('s') => {
                self.taken_apart(&ty, first.text)?
            }
            _ => Source { pattern: name.clone(), list: first.text, items: vec![(name, ty)] },
        })
    }

    /// A call in each round.
    fn call_in_round(&mut self) {
        let fits = |grow: &Self, task: &Task| {
            task.inputs.iter().any(|input| {
                !input.constant
                    && grow.scopes.vars().any(|var| var.known == Known::Round && var.ty == input.ty)
            })
        };
        let known: Vec<usize> =
            self.tasks.iter().enumerate().filter(|(_, task)| fits(self, task)).map(|(at, _)| at).collect();
        let task = match self.rng.choice(&known) {
            Some(at) if self.rng.bool() => self.tasks.get(*at).cloned(),
            _ => self.choose(|var| var.known == Known::Round).map(|var| {
                let task = self.new_task(&[var.ty], &[]);
                self.tasks.push(task.clone());
                task
            }),
        };
        let Some(task) = task else { return };
        if !self.spend(1) {
            return;
        }
        let Some(arguments) = self.arguments_in_round(&task) else { return };
        let call = format!("{}({arguments})", task.name);
        let settings = if self.rng.u8(0..8) == 0 { " with { retries: 2 }" } else { "" };
        if self.rng.u8(0..8) == 0 {
            let body = vec![Tree::line(format!("{call}{settings}"))];
            let name = self.name("k");
            self.push(Tree::block(format!("for {name} in [1, 2] {{"), body, "}"));
        } else if task.outputs.is_empty() {
            self.push(Tree::line(format!("{call}{settings}")));
        } else {
            let name = self.name("s");
            self.push(Tree::line(format!("let {name} = {call}{settings}")));
            self.bind(&name, &task, Known::Round);
        }
    }

    fn arguments_in_round(&mut self, task: &Task) -> Option<String> {
        let mut all = Vec::new();
        for input in &task.inputs {
            let round = self.choose(|var| var.known == Known::Round && var.ty == input.ty);
            let value = match round {
                Some(var) if !input.constant && self.rng.u8(0..4) > 0 => Some(var.text),
                _ if input.default.is_some() && self.rng.bool() => continue,
                _ if input.constant => self.constant(&input.ty),
                _ => self.value(&input.ty),
            };
            all.push(format!("{}: {}", input.name, value?));
        }
        Some(all.join(", "))
    }
}
