//! Tasks, and calls of them.

#![allow(clippy::wildcard_enum_match_arm, reason = "a few types are treated apart from all others")]

use super::Grow;
use super::scope::Known;
use super::types::{Ty, Types};
use crate::programs::tree::Tree;

/// A parameter.
#[derive(Debug, Clone)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) ty: Ty,
    pub(super) constant: bool,
    pub(super) default: Option<String>,
}

/// A task of the program.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) name: String,
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<(String, Ty)>,
    /// Whether a call is its one output.
    pub(super) single: bool,
    python: bool,
    settings: String,
}

impl Input {
    pub(super) fn declaration(&self, ty: &str) -> String {
        let head = if self.constant { "const " } else { "" };
        let default = self.default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
        format!("{head}{}: {ty}{default}", self.name)
    }
}

impl Task {
    pub(super) fn declaration(&self, types: &Types) -> Tree {
        let inputs: Vec<String> =
            self.inputs.iter().map(|one| one.declaration(&types.taken(&one.ty))).collect();
        let outputs: Vec<String> =
            self.outputs.iter().map(|(name, ty)| format!("{name}: {}", types.bounded(ty))).collect();
        let outputs = match self.outputs.first() {
            None => String::new(),
            Some((_, ty)) if self.single => format!(" -> {}", types.name(ty)),
            Some(_) => format!(" -> {{ {} }}", outputs.join(", ")),
        };
        let mut body = if self.python { self.python() } else { self.shell() };
        if !self.settings.is_empty() {
            body.push(Tree::line(format!("with {{ {} }}", self.settings)));
        }
        Tree::block(format!("task {}({}){outputs} {{", self.name, inputs.join(", ")), body, "}")
    }

    fn shell(&self) -> Vec<Tree> {
        let read = self.inputs.iter().filter(|one| one.ty != Ty::Bool);
        let read = read.map(|one| format!("echo \"${{IN_{}:-}}\"", one.name.to_uppercase()));
        let write = self.outputs.iter().map(|(name, _)| format!("echo 1 > \"$OUT_{}\"", name.to_uppercase()));
        let lines = std::iter::once("true".to_owned()).chain(read).chain(write).map(Tree::line).collect();
        vec![Tree::line("image \"alpine:3.22\""), Tree::block("script sh \"\"\"", lines, "\"\"\"")]
    }

    fn python(&self) -> Vec<Tree> {
        let read = self
            .inputs
            .iter()
            .map(|one| format!("print(os.environ.get(\"IN_{}\"))", one.name.to_uppercase()));
        let write = self.outputs.iter();
        let write = write.map(|(name, _)| {
            format!("open(os.environ[\"OUT_{}\"], \"w\").write(\"1\")", name.to_uppercase())
        });
        let lines =
            std::iter::once("import os".to_owned()).chain(read).chain(write).map(Tree::line).collect();
        vec![Tree::line("image \"python:3.12-slim\""), Tree::block("script python \"\"\"", lines, "\"\"\"")]
    }
}

impl Grow {
    /// A task with an input of each of these types first, and what it likes besides.
    pub(super) fn new_task(&mut self, takes: &[Ty], gives: &[Ty]) -> Task {
        let mut inputs: Vec<Input> = takes.iter().map(|ty| self.input(ty.clone(), false)).collect();
        for _ in 0..self.rng.usize(0..3) {
            let ty = self.types.value(&mut self.rng);
            let constant = self.rng.u8(0..6) == 0;
            inputs.push(self.input(ty, constant));
        }
        let mut outputs: Vec<Ty> = gives.to_vec();
        for _ in 0..self.rng.usize(0..3) {
            outputs.push(match self.rng.u8(0..8) {
                0 => self.types.artifact(&mut self.rng),
                1 | 2 => self.types.value(&mut self.rng),
                _ => self.types.scalar(&mut self.rng),
            });
        }
        let one = outputs.first().filter(|ty| ty.is_artifact() && outputs.len() == 1).cloned();
        let single = one.is_some() && self.rng.bool();
        let outputs = outputs.into_iter().map(|ty| {
            let name = match ty {
                Ty::Files if single => "files".to_owned(),
                Ty::Rows(_) if single => "dataset".to_owned(),
                _ => self.name("o"),
            };
            (name, ty)
        });
        let outputs: Vec<_> = outputs.collect();
        let settings = match self.rng.u8(0..6) {
            0 => "cpu: 250m, memory: 64Mi",
            1 => "timeout: 10min",
            _ => "",
        };
        let python = self.rng.u8(0..5) == 0;
        Task { name: self.name("task_"), inputs, outputs, single, python, settings: settings.to_owned() }
    }

    pub(super) fn input(&mut self, ty: Ty, constant: bool) -> Input {
        let default = (self.rng.u8(0..5) == 0).then(|| self.types.constant(&ty, &mut self.rng)).flatten();
        // A list in a template or a name would be no text.
        let constant = constant && ty.has_constants();
        Input { name: self.name("a"), ty, constant, default }
    }

    /// A task that is there, or a new one.
    fn some_task(&mut self) -> usize {
        if self.tasks.is_empty() || self.tasks.len() < 9 && self.rng.u8(0..3) == 0 {
            let takes: Vec<Ty> = self.wanted().into_iter().collect();
            let task = self.new_task(&takes, &[]);
            self.tasks.push(task);
            self.tasks.len() - 1
        } else {
            self.rng.usize(0..self.tasks.len())
        }
    }

    /// The type of something in scope, so that a task for it is worth making.
    fn wanted(&mut self) -> Option<Ty> {
        let var = self.choose(|var| matches!(var.known, Known::Start | Known::Step))?;
        Some(if var.ty.is_scalar() && self.rng.u8(0..4) == 0 { var.ty.maybe() } else { var.ty })
    }

    /// A call of a task, bound or not.
    pub(super) fn call(&mut self) -> bool {
        let task = self.some_task();
        self.call_of(task).is_some()
    }

    /// A call of a new task with something that few others take.
    pub(super) fn consume(&mut self) -> bool {
        let odd = |ty: &Ty| !ty.is_scalar();
        let Some(var) = self.choose(|var| odd(&var.ty) && !matches!(var.known, Known::Round | Known::Build))
        else {
            return false;
        };
        let task = self.new_task(&[var.ty], &[]);
        self.tasks.push(task);
        self.call_of(self.tasks.len() - 1).is_some()
    }

    /// A call of this task as a statement; its name where it has one.
    pub(super) fn call_of(&mut self, task: usize) -> Option<String> {
        let task = self.tasks.get(task)?.clone();
        if !self.spend(1) {
            return None;
        }
        let call = self.expression(&task)?;
        let bound = !task.outputs.is_empty() && self.rng.u8(0..8) > 0;
        let settings = self.settings(!bound);
        if !bound {
            self.push(Tree::line(format!("{call}{settings}")));
            return Some(String::new());
        }
        if !task.single && self.rng.u8(0..6) == 0 {
            self.taken_apart_call(&task, &format!("{call}{settings}"));
            return Some(String::new());
        }
        let name = self.name("s");
        self.push(Tree::line(format!("let {name} = {call}{settings}")));
        self.bind(&name, &task, Known::Step);
        Some(name)
    }

    /// `let { a: x, b: y } = …`
    fn taken_apart_call(&mut self, task: &Task, call: &str) {
        let names: Vec<String> = task.outputs.iter().map(|_| self.name("s")).collect();
        let parts = task.outputs.iter().zip(&names).map(|((output, _), name)| format!("{output}: {name}"));
        let pattern = parts.collect::<Vec<_>>().join(", ");
        self.push(Tree::line(format!("let {{ {pattern} }} = {call}")));
        for ((_, ty), name) in task.outputs.iter().zip(names) {
            self.scopes.var(name, ty.clone(), Known::Step);
        }
    }

    /// Puts what a call gives into scope.
    pub(super) fn bind(&mut self, name: &str, task: &Task, known: Known) {
        for (output, ty) in &task.outputs {
            let text = if task.single { name.to_owned() } else { format!("{name}.{output}") };
            self.scopes.var(text, ty.clone(), known);
        }
        self.scopes.step(name);
    }

    /// `task(…)`; `None` where nothing gives a value that it needs.
    pub(super) fn expression(&mut self, task: &Task) -> Option<String> {
        let inputs = self.arguments(&task.inputs)?;
        Some(format!("{}({inputs})", task.name))
    }

    /// Arguments: those that are needed by position at first, then by name.
    pub(super) fn arguments(&mut self, inputs: &[Input]) -> Option<String> {
        let mut all = Vec::new();
        let mut by_position = self.rng.bool();
        for input in inputs {
            let optional = input.default.is_some() || matches!(input.ty, Ty::Maybe(_));
            if optional && self.rng.bool() {
                continue;
            }
            by_position &= !optional && self.rng.u8(0..4) > 0;
            let sentence = input.ty == Ty::Text && !input.constant && self.rng.u8(0..4) == 0;
            let value = if sentence { self.sentence() } else { None };
            let value = value
                .or_else(|| if input.constant { self.constant(&input.ty) } else { self.value(&input.ty) });
            let value = match value {
                Some(value) => value,
                None => self.produced(&input.ty)?,
            };
            all.push(if by_position { value } else { format!("{}: {value}", input.name) });
        }
        Some(all.join(", "))
    }

    /// Something that only a step can give: from a step that is written before.
    fn produced(&mut self, ty: &Ty) -> Option<String> {
        if self.in_rounds || !self.spend(1) {
            return None;
        }
        let item = if let Ty::List(item) = ty { item } else { ty };
        let (Ty::Files | Ty::Rows(_)) = item else { return None };
        let known = self
            .tasks
            .iter()
            .position(|task| task.inputs.is_empty() && task.outputs.iter().any(|(_, given)| given == item));
        let task = match known {
            Some(at) => self.tasks.get(at)?.clone(),
            None => {
                let mut task = self.new_task(&[], std::slice::from_ref(item));
                task.inputs.clear();
                self.tasks.push(task.clone());
                task
            }
        };
        let name = self.name("s");
        self.push(Tree::line(format!("let {name} = {}()", task.name)));
        self.bind(&name, &task, Known::Step);
        let (output, _) = task.outputs.iter().find(|(_, given)| given == item)?;
        let text = if task.single { name } else { format!("{name}.{output}") };
        Some(if item == ty { text } else { format!("[{text}]") })
    }

    /// What stands behind a call.
    pub(super) fn settings(&mut self, unused: bool) -> String {
        let mut all = Vec::new();
        if unused && self.rng.u8(0..6) == 0 {
            all.push("on_error: continue".to_owned());
        } else if self.rng.u8(0..8) == 0 {
            all.push(format!("retries: {}", self.rng.u8(1..4)));
        }
        if self.rng.u8(0..8) == 0 {
            all.push("timeout: 5min".to_owned());
        }
        if self.rng.u8(0..8) == 0 {
            all.push("memory: 32Mi".to_owned());
        }
        if self.rng.u8(0..12) == 0
            && let Some(text) = self.sentence().or_else(|| self.value(&Ty::Text))
        {
            all.push(format!("env: {{ MODE: {text} }}"));
        }
        let with = if all.is_empty() { String::new() } else { format!(" with {{ {} }}", all.join(", ")) };
        format!("{with}{}", self.after())
    }

    /// `after …`
    pub(super) fn after(&mut self) -> String {
        if self.in_rounds || self.rng.u8(0..6) > 0 {
            return String::new();
        }
        let steps: Vec<String> = self.scopes.steps().cloned().collect();
        let mut chosen: Vec<String> =
            (0..self.rng.usize(1..3)).filter_map(|_| self.rng.choice(&steps).cloned()).collect();
        chosen.dedup();
        if chosen.is_empty() { String::new() } else { format!(" after {}", chosen.join(", ")) }
    }
}
