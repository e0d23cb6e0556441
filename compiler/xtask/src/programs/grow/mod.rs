//! Random programs that are well typed: what they name is there, where it is there, and of the type that is asked for.
//!
//! Each construct has a module and a row in [`CONSTRUCTS`]: how often it comes, and what writes one into the present
//! block. What it binds goes into the scopes; what it costs in steps is taken off the fuel. A new construct is a
//! module and a row.

mod arms;
mod compose;
mod conditions;
mod matrices;
mod rounds;
mod scope;
mod tasks;
mod types;
mod values;

use fastrand::Rng;

use compose::Signature;
use scope::{Known, Scopes};
use tasks::Task;
use types::{Ty, Types};

use super::tree::Tree;

/// Blocks in blocks.
const DEPTH: usize = 3;
/// Steps of a pipeline, counted as they are written out.
const FUEL: usize = 24;

/// Writes one into the present block; `false`: nothing here would do.
type Construct = fn(&mut Grow) -> bool;

/// How often a statement is which construct.
const CONSTRUCTS: &[(u32, Construct)] = &[
    (8, Grow::call),
    (3, Grow::consume),
    (5, Grow::choice),
    (3, Grow::choice_of_values),
    (2, Grow::presence),
    (1, Grow::refusal),
    (3, Grow::rounds),
    (3, Grow::matrix),
    (3, Grow::call_of_pipeline),
];

/// A program on its way.
#[derive(Debug)]
pub(super) struct Grow {
    rng: Rng,
    types: Types,
    tasks: Vec<Task>,
    pipelines: Vec<Signature>,
    scopes: Scopes,
    /// The statements of the blocks around, the innermost last.
    blocks: Vec<Vec<Tree>>,
    /// How many steps may still be written.
    fuel: usize,
    /// How often what is written here is written out.
    copies: usize,
    /// Whether the present block is one of a late loop.
    in_rounds: bool,
    names: usize,
}

/// The declarations of a random program.
pub(super) fn program(rng: Rng) -> Vec<Tree> {
    let mut rng = rng;
    let types = Types::random(&mut rng);
    let mut grow = Grow {
        rng,
        types,
        tasks: Vec::new(),
        pipelines: Vec::new(),
        scopes: Scopes::default(),
        blocks: Vec::new(),
        fuel: 0,
        copies: 1,
        in_rounds: false,
        names: 0,
    };
    let mut program = grow.types.declarations();
    grow.scopes.open();
    for _ in 0..grow.rng.usize(0..4) {
        program.extend(grow.module_constant());
    }
    let mut pipelines = Vec::new();
    for _ in 0..grow.rng.usize(1..4) {
        grow.fuel = FUEL;
        pipelines.push(grow.pipeline());
    }
    program.extend(grow.tasks.iter().map(|task| task.declaration(&grow.types)));
    program.extend(pipelines);
    program
}

impl Grow {
    /// A name that nothing else has.
    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn push(&mut self, tree: Tree) {
        if let Some(block) = self.blocks.last_mut() {
            block.push(tree);
        }
    }

    /// Takes steps off the fuel, as often as they are written out here; `false`: too little is left.
    fn spend(&mut self, steps: usize) -> bool {
        let all = steps * self.copies;
        let enough = all <= self.fuel;
        if enough {
            self.fuel -= all;
        }
        enough
    }

    fn module_constant(&mut self) -> Option<Tree> {
        let ty = match self.rng.u8(0..3) {
            0 => self.types.scalar(&mut self.rng).list(),
            1 => Ty::Record(self.rng.usize(0..self.types.records.len())).list(),
            _ => self.types.scalar(&mut self.rng),
        };
        let name = self.name("c");
        let value = self.types.constant(&ty, &mut self.rng)?;
        self.scopes.var(&name, ty.clone(), Known::Build);
        Some(Tree::line(format!("const {name}: {} = {value}", self.types.name(&ty))))
    }

    /// Statements of a block, into the present one.
    fn statements(&mut self, count: usize) {
        let total = CONSTRUCTS.iter().map(|(weight, _)| weight).sum();
        for _ in 0..count {
            let mut at = self.rng.u32(0..total);
            let construct = CONSTRUCTS.iter().find(|(weight, _)| {
                let found = at < *weight;
                at = at.saturating_sub(*weight);
                found
            });
            let written = construct.is_some_and(|(_, write)| write(self));
            if !written {
                self.call();
            }
        }
    }

    /// A block with names of its own.
    fn block(&mut self, write: impl FnOnce(&mut Self)) -> (Vec<Tree>, scope::Scope) {
        self.blocks.push(Vec::new());
        self.scopes.open();
        write(self);
        let scope = self.scopes.close();
        (self.blocks.pop().unwrap_or_default(), scope)
    }

    /// Whether blocks may still open here.
    fn may_nest(&self) -> bool {
        self.blocks.len() <= DEPTH && !self.in_rounds
    }
}
