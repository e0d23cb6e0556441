//! Pipelines: their parameters and outputs, and calls of them by others.

use super::scope::{Known, Var};
use super::tasks::Input;
use super::types::Ty;
use super::{FUEL, Grow};
use crate::programs::tree::{Part, Tree};

/// A pipeline as its callers see it.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    name: String,
    params: Vec<Input>,
    outputs: Vec<(String, Ty)>,
    /// How many steps a call writes.
    steps: usize,
}

/// Whether it fits into a result, whatever its bounds.
fn small(ty: &Ty) -> bool {
    !matches!(ty, Ty::List(item) if matches!(**item, Ty::List(_)) || item.is_artifact())
}

impl Grow {
    /// A pipeline.
    pub(super) fn pipeline(&mut self) -> Tree {
        let name = self.name("pipe_");
        let params: Vec<Input> = (0..self.rng.usize(0..5)).map(|_| self.param()).collect();
        let mut outputs = Vec::new();
        let (body, _) = self.block(|grow| {
            for param in &params {
                let known = if param.constant { Known::Build } else { Known::Start };
                grow.scopes.var(&param.name, param.ty.clone(), known);
            }
            grow.call();
            let count = grow.rng.usize(2..7);
            grow.statements(count);
            outputs = grow.results();
        });
        let declared: Vec<String> =
            params.iter().map(|one| one.declaration(&self.types.taken(&one.ty))).collect();
        let given = outputs.iter().map(|(name, var)| format!("{name}: {}", self.types.bounded(&var.ty)));
        let given = given.collect::<Vec<_>>().join(", ");
        let given = if outputs.is_empty() { String::new() } else { format!(" -> {{ {given} }}") };
        let head = format!("pipeline {name}({}){given} {{", declared.join(", "));
        let outputs = outputs.into_iter().map(|(name, var)| (name, var.ty)).collect();
        self.pipelines.push(Signature { name, params, outputs, steps: FUEL - self.fuel });
        Tree::block(head, body, "}")
    }

    fn param(&mut self) -> Input {
        let ty = match self.rng.u8(0..6) {
            0 => self.types.scalar(&mut self.rng).list(),
            1 => Ty::Record(self.rng.usize(0..self.types.records.len())).list(),
            2 => self.types.scalar(&mut self.rng).maybe(),
            3 => self.types.artifact(&mut self.rng),
            _ => self.types.scalar(&mut self.rng),
        };
        let constant = ty.is_scalar() && self.rng.u8(0..4) == 0;
        let mut input = self.input(ty, constant);
        if constant {
            input.default = self.types.constant(&input.ty, &mut self.rng);
        }
        input
    }

    /// Returns in the arms of the last statement.
    fn results_of_arms(&mut self) -> Option<Vec<(String, Var)>> {
        let condition = self.condition().filter(|condition| !condition.constant)?;
        let fits = |var: &Var| var.sure && var.known == Known::Step && small(&var.ty);
        let (mut outputs, mut arms) = (Vec::new(), [Vec::new(), Vec::new()]);
        for _ in 0..self.rng.usize(1..3) {
            let (name, mut first) = (self.name("z"), self.choose(fits)?);
            arms[0].push(format!("{name}: {}", first.text));
            let same = first.ty.clone();
            match self.choose(|var| fits(var) && var.ty == same).filter(|_| self.rng.u8(0..3) > 0) {
                Some(second) => arms[1].push(format!("{name}: {}", second.text)),
                None => first.ty = first.ty.maybe(),
            }
            outputs.push((name, first));
        }
        let heads = [format!("if {} {{", condition.text), "} else {".to_owned()];
        let mut parts = Vec::new();
        for (head, fields) in heads.into_iter().zip(arms).filter(|(_, fields)| !fields.is_empty()) {
            let (mut body, _) = self.block(|grow| {
                let count = grow.rng.usize(0..2);
                grow.statements(count);
            });
            body.push(Tree::line(format!("return {{ {} }}", fields.join(", "))));
            parts.push(Part { head, body });
        }
        self.push(Tree { parts, end: "}".to_owned() });
        Some(outputs)
    }

    /// What the pipeline returns, as its last statement.
    fn results(&mut self) -> Vec<(String, Var)> {
        if self.rng.u8(0..5) == 0
            && let Some(outputs) = self.results_of_arms()
        {
            return outputs;
        }
        let mut outputs: Vec<(String, Var)> = Vec::new();
        for _ in 0..self.rng.usize(0..4) {
            let chosen = self.choose(|var| var.sure && small(&var.ty));
            if let Some(var) = chosen {
                outputs.push((self.name("z"), var));
            }
        }
        if !outputs.is_empty() {
            let fields: Vec<String> =
                outputs.iter().map(|(name, var)| format!("{name}: {}", var.text)).collect();
            self.push(Tree::line(format!("return {{ {} }}", fields.join(", "))));
        }
        outputs
    }

    /// A call of a pipeline that was written before.
    pub(super) fn call_of_pipeline(&mut self) -> bool {
        let Some(called) = self.rng.choice(&self.pipelines).cloned() else { return false };
        if self.in_rounds || called.steps == 0 || !self.spend(called.steps) {
            return false;
        }
        let Some(arguments) = self.arguments(&called.params) else { return false };
        let call = format!("{}({arguments}){}", called.name, self.after());
        if called.outputs.is_empty() {
            self.push(Tree::line(call));
            return true;
        }
        let name = self.name("p");
        self.push(Tree::line(format!("let {name} = {call}")));
        for (output, ty) in &called.outputs {
            let text = format!("{name}.{output}");
            self.scopes.add(Var { text, ty: ty.clone(), known: Known::Step, sure: false });
        }
        self.scopes.step(&name);
        true
    }
}
