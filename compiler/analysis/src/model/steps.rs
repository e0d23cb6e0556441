//! What starts steps in a pipeline: calls, pods, arms and loops.

use ecow::EcoString;
use fuse_base::Span;

use super::{Block, ChainId, LocalId, MemberId, PipelineId, ResourceId, Settings, TaskId, Typed};
use crate::ty::Facet;

/// A call of a task or resource: a step.
#[derive(Debug, Clone)]
pub struct Call {
    /// What is called.
    pub callee: Callee,
    /// For each type parameter its argument.
    pub generics: Vec<Facet>,
    /// For each parameter its argument; `None` takes the default.
    pub args: Vec<Option<Typed>>,
    /// `with { … }` at the call: overrides the task's own.
    pub settings: Settings,
    /// `after a, b`: the locals of steps.
    pub after: Vec<(LocalId, Span)>,
    /// The name that the step gets: its binding, else the task's name.
    pub name: EcoString,
    /// The whole call.
    pub span: Span,
}

/// `fused { … }`: calls that run one after another in one pod.
#[derive(Debug, Clone)]
pub struct Fused {
    /// The calls, and what they give together.
    pub block: Block,
    /// `with { … }` behind the block: what concerns the pod as a whole.
    pub settings: Settings,
    /// `after a, b`: the locals of steps.
    pub after: Vec<(LocalId, Span)>,
    /// The name that the step gets: its binding, else `fused`.
    pub name: EcoString,
    /// All of it.
    pub span: Span,
}

/// What a call names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callee {
    /// A task.
    Task(TaskId),
    /// A resource.
    Resource(ResourceId),
    /// A pipeline, whose steps stand where it is called.
    Pipeline(PipelineId),
    /// A member of the capability of a `use` parameter. Instances have the tool's own task or resource.
    Member(MemberId),
}

/// `if`
#[derive(Debug, Clone)]
pub struct If {
    /// Which chain of the pipeline it is.
    pub chain: ChainId,
    /// The condition.
    pub cond: Condition,
    /// Arm 0.
    pub then: Block,
    /// Arm 1.
    pub otherwise: Option<Block>,
}

/// The condition of an `if`.
#[derive(Debug, Clone)]
pub enum Condition {
    /// A Bool.
    Test(Typed),
    /// `if let name = optional`: the local is the value where it is present.
    Present(LocalId, Typed),
}

/// `for`
#[derive(Debug, Clone)]
pub struct For {
    /// What it goes through.
    pub source: Source,
    /// Whether the number of its rounds is known only when the pipeline runs.
    pub late: bool,
    /// The names of an item.
    pub take: Take,
    /// What each round does.
    pub body: Block,
    /// How many rounds may run at once: a whole number.
    pub limit: Option<Typed>,
    /// All of it.
    pub span: Span,
}

/// What a `for` goes through.
#[derive(Debug, Clone)]
pub enum Source {
    /// A list.
    List(Typed),
    /// Lists of one length, side by side.
    Zip(Vec<Source>, Span),
    /// Each item with its number, from 0.
    Enumerate(Box<Source>),
    /// Each item with each; the last list varies fastest.
    Product(Vec<Source>, Span),
}

/// The names that an item of a loop is bound to.
#[derive(Debug, Clone)]
pub enum Take {
    /// One name.
    Name(LocalId),
    /// Fields of a record with their names.
    Fields(Vec<(EcoString, LocalId)>),
    /// What several lists give together.
    Tuple(Vec<Take>),
}

impl Source {
    /// Its lists, in source order.
    pub fn lists(&self) -> Vec<&Typed> {
        match self {
            Self::List(typed) => vec![typed],
            Self::Enumerate(inner) => inner.lists(),
            Self::Zip(all, _) | Self::Product(all, _) => all.iter().flat_map(Self::lists).collect(),
        }
    }
}
