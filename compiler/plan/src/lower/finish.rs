//! From gathered pipeline tasks to the plan of a pipeline: tasks, graph, order, results, run template.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{Output, Param};
use fuse_analysis::project::Store;
use fuse_analysis::ty::Ty;
use fuse_analysis::value::Value;
use fuse_base::{Diagnostic, codes};
use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use super::apply::{self, Object};
use super::calls::Work;
use super::eval::{self, Callee};
use super::guards::{GuardSpec, missing};
use super::registry::Registry;
use super::task::{self, Built, summary};
use super::val::{Arms, Late, Origin, Val};
use super::{Lower, NodeSpec, Returned, continues, encode, external, fused, helpers, joined, matrix, pod};
use crate::model::{
    Arg, Claim, Edge, Node, NodeKind, ParamDecl, ParamKind, Pipeline, PipelineResult, PipelineWorkspace,
    RequiredParam, Role, RunTemplate, STORE_WORKSPACE, ServiceAccount, TaskRef, TaskRunSpec, Text,
};
use crate::timeouts;

/// A lowered pipeline with its rights and the objects that it owns.
pub(crate) struct Lowered {
    pub(crate) pipeline: Pipeline,
    pub(crate) accounts: Vec<ServiceAccount>,
    pub(crate) roles: Vec<Role>,
    pub(crate) objects: Vec<Owned>,
}

/// An object that an `apply` writes.
pub(crate) struct Owned {
    pub(crate) object: Object,
    pub(crate) guards: Vec<GuardSpec>,
    pub(crate) cause: fuse_base::Span,
}

impl Lower<'_, '_> {
    /// The plan of the pipeline; `None` after a diagnostic.
    pub(crate) fn finish(mut self, registry: &mut Registry) -> Option<Lowered> {
        let results = self.results();
        let mut lowered = Gathered { accounts: Vec::new(), roles: Vec::new(), objects: Vec::new() };
        let account = self.name.clone();
        let cause = self.frame.pipeline.span;
        lowered.accounts.push(ServiceAccount { name: account.clone(), token: false, cause });
        let mut graph: DiGraph<Node, Edge> = DiGraph::new();
        let (mut indices, mut edges, mut fine) = (Vec::new(), Vec::new(), true);
        let mut finally: Vec<Node> = Vec::new();
        let outside = self.read_outside(results.as_deref().unwrap_or_default());
        for (at, spec) in self.nodes.iter().enumerate() {
            match self.node(at, outside.get(&at), registry, &mut lowered) {
                Some((node, from)) if spec.ending => {
                    fine &= self.fits_the_end(spec, &node, from.into_iter().map(|(node, _)| node));
                    indices.push(None);
                    finally.push(node);
                }
                Some((node, from)) => {
                    edges.push((indices.len(), from));
                    indices.push(Some(graph.add_node(node)));
                }
                None => {
                    edges.push((indices.len(), Vec::new()));
                    indices.push(None);
                    fine = false;
                }
            }
        }
        let params = self.params_declared();
        let (results, params) = (results?, params?);
        if !fine {
            return None;
        }
        for (to, from) in edges {
            for (node, edge) in from {
                if let (Some(Some(a)), Some(Some(b))) = (indices.get(node), indices.get(to)) {
                    graph.add_edge(*a, *b, edge);
                }
            }
        }
        self.something_before(&graph, &finally)?;
        let order = order(&graph);
        continues::check_used(self.cx, &graph, &results);
        let nodes: Vec<&Node> =
            order.iter().filter_map(|at| graph.node_weight(*at)).chain(&finally).collect();
        let store = nodes.iter().any(|node| node.workspaces.iter().any(|(_, of)| of == STORE_WORKSPACE));
        let timeouts = (timeouts::tasks(&graph, &order), timeouts::finally(&finally));
        let run = self.run_template(&nodes, timeouts, &params, store, account);
        let pipeline = Pipeline {
            name: self.name.clone(),
            source_name: self.frame.pipeline.name.clone(),
            description: summary(self.frame.pipeline.doc.as_ref()),
            params,
            results,
            workspaces: self.workspaces(store),
            graph,
            order,
            finally,
            run,
            cause,
        };
        let Gathered { accounts, roles, objects } = lowered;
        Some(Lowered { pipeline, accounts, roles, objects })
    }

    /// Tekton has no `finally` without tasks before it.
    fn something_before(&self, graph: &DiGraph<Node, Edge>, finally: &[Node]) -> Option<()> {
        let Some(first) = finally.first().filter(|_| graph.node_count() == 0) else { return Some(()) };
        let message = "no step runs before those of `finally`";
        let diagnostic = Diagnostic::new(&codes::flow::FINALLY_PLACE, first.cause, message)
            .help("write them as plain steps, without `finally`");
        self.cx.report(diagnostic);
        None
    }

    /// One pipeline task with the edges that lead to it; `outside` are the results of a pod that others read.
    fn node(
        &self,
        at: usize,
        outside: Option<&BTreeSet<EcoString>>,
        registry: &mut Registry,
        all: &mut Gathered,
    ) -> Option<(Node, Vec<(usize, Edge)>)> {
        let spec = self.nodes.get(at)?;
        let mut account = None;
        if let Work::Task(work) = &spec.work
            && external::is_external(work)
        {
            let built = external::build(self.cx, spec, work)?;
            let node = Node {
                task: TaskRef::REMOTE,
                remote: Some(built.remote),
                params: built.args,
                workspaces: folders(spec),
                timeout: built.timeout,
                retries: built.retries,
                class: built.pod.class.clone(),
                continues: built.pod.continues,
                ..self.bare_node(spec)
            };
            self.continues(spec, &built.pod);
            return Some(self.ordered(spec, node, built.results));
        }
        let (kind, built) = match &spec.work {
            Work::Task(work) => (NodeKind::Task, task::build(self.cx, spec, work)?),
            Work::Fused(work) => (NodeKind::Task, pod::build(self.cx, spec, work, outside?)?),
            Work::Decide(work) => (NodeKind::Decide, helpers::decide(self.cx, spec, work)?),
            Work::Fail(work) => (NodeKind::Fail, helpers::fail(self.cx, spec, work)?),
            Work::Join(work) => (NodeKind::Join, joined::join(self.cx, spec, work)?),
            Work::List(work) => (NodeKind::List, matrix::list(self.cx, spec, work)?),
            Work::Apply(work) => {
                let (built, object) = apply::build(self.cx, &self.name, spec, work)?;
                let name = eco_format!("{}--{}", self.name, spec.name);
                let cause = spec.cause;
                let (namespace, outside) = (object.namespace.clone(), object.outside.clone());
                // Another cluster knows nothing of the pod's own account.
                if outside.is_none() {
                    all.accounts.push(ServiceAccount { name: name.clone(), token: true, cause });
                    account = Some(name.clone());
                }
                all.roles.push(Role { name, namespace, outside, rules: apply::rules(&object), cause });
                all.objects.push(Owned { object, guards: spec.guards.clone(), cause });
                (NodeKind::Apply, built)
            }
        };
        let Built { base, mut task, args, results, store, timeout, retries, pod } = built;
        self.mount_files(spec, &mut task);
        let workspace = (EcoString::from(STORE_WORKSPACE), EcoString::from(STORE_WORKSPACE));
        let mut workspaces = if store { vec![workspace] } else { Vec::new() };
        workspaces.extend(folders(spec));
        let node = Node {
            kind,
            task: registry.intern(&base, task),
            params: args,
            workspaces,
            timeout,
            retries,
            account,
            class: pod.class.clone(),
            continues: pod.continues,
            ..self.bare_node(spec)
        };
        self.continues(spec, &pod);
        Some(self.ordered(spec, node, results))
    }

    /// A pipeline task that runs nothing yet.
    fn bare_node(&self, spec: &NodeSpec<'_>) -> Node {
        Node {
            name: spec.name.clone(),
            kind: NodeKind::Task,
            task: TaskRef::REMOTE,
            remote: None,
            guards: spec.guards.iter().map(GuardSpec::model).collect(),
            matrix: Vec::new(),
            params: Vec::new(),
            run_after: Vec::new(),
            workspaces: Vec::new(),
            timeout: 0,
            retries: 0,
            account: None,
            class: None,
            continues: None,
            cause: spec.cause,
        }
    }

    /// The pipeline task with the edges that lead to it; an order that no reference explains is written down.
    fn ordered(
        &self,
        spec: &NodeSpec<'_>,
        mut node: Node,
        results: Vec<(usize, EcoString)>,
    ) -> (Node, Vec<(usize, Edge)>) {
        let mut edges: Vec<(usize, Edge)> =
            results.into_iter().map(|(node, result)| (node, Edge::Data(result))).collect();
        let indices = spec.matrix.as_ref().map(|indices| Arg {
            name: "run--i".into(),
            value: Text::One(matrix::whole(indices)),
            cause: spec.cause,
        });
        if let Some((node, result)) = spec.matrix.as_ref().and_then(Late::node) {
            edges.push((node, Edge::Data(result.clone())));
        }
        for guard in &spec.guards {
            edges.extend(guard.input.node().map(|(node, result)| (node, Edge::Guard(result.clone()))));
        }
        let mut run_after: Vec<EcoString> = Vec::new();
        for before in &spec.after {
            let explained = edges.iter().any(|(node, _)| node == before);
            let Some(name) = self.nodes.get(*before).map(|node| node.name.clone()) else { continue };
            if !explained && !run_after.contains(&name) {
                run_after.push(name);
            }
        }
        for before in &spec.after {
            if self.nodes.get(*before).is_some_and(|node| run_after.contains(&node.name)) {
                edges.push((*before, Edge::Order));
            }
        }
        let mut seen: Vec<(usize, Edge)> = Vec::new();
        for edge in edges {
            if !seen.contains(&edge) {
                seen.push(edge);
            }
        }
        node.run_after = run_after;
        node.matrix = indices.into_iter().collect();
        (node, seen)
    }

    /// Late parameters as the Pipeline declares them.
    fn params_declared(&self) -> Option<Vec<ParamDecl>> {
        let mut all = Vec::new();
        let mut fine = true;
        for (at, param) in self.frame.pipeline.params.iter().enumerate() {
            if param.ty.is_dir() {
                continue;
            }
            if param.constant {
                fine &= !matches!(self.frame.params.get(at), Some(Val::Error));
                continue;
            }
            let default = match &param.default {
                Some(typed) => {
                    let value =
                        eval::eval(self.cx, typed, &mut Callee { params: &self.frame.params, generics: &[] });
                    let text = encode::value(self.cx, &value, &param.ty, typed.span);
                    fine &= text.is_some();
                    text
                }
                None if matches!(param.ty, Ty::Optional(_)) => {
                    Some(Text::One(EcoString::from(fuse_wire::ABSENT)))
                }
                None => None,
            };
            all.push(ParamDecl {
                name: param.name.clone(),
                kind: ParamKind::String,
                description: summary(param.doc.as_ref()),
                default,
                cause: param.span,
            });
        }
        fine.then_some(all)
    }

    /// Outputs: each is a result of a step.
    fn results(&mut self) -> Option<Vec<PipelineResult>> {
        let mut all = Vec::new();
        let mut fine = true;
        let pipeline = self.frame.pipeline;
        for (output, values) in pipeline.outputs.iter().zip(std::mem::take(&mut self.returned)) {
            let Some(span) = values.first().map(|one| one.span) else { continue };
            let value = self.given(output, values);
            if matches!(value, Val::Error) {
                fine = false;
                continue;
            }
            let Some(text) = self.result_text(&value, span, &output.name) else {
                fine = false;
                continue;
            };
            let description = summary(output.doc.as_ref());
            all.push(PipelineResult { name: output.name.clone(), description, value: text, cause: span });
        }
        fine.then_some(all)
    }

    /// What an output is: a result that Tekton leaves out where its step is skipped, or what a join makes of several.
    fn given(&mut self, output: &Output, mut values: Vec<Returned>) -> Val {
        let from_step = |value: &Val| {
            matches!(value, Val::Late(Late { origin: Origin::Result { .. }, .. }) | Val::Concat(_))
        };
        for one in &mut values {
            if let Val::Rounds(rounds) = &one.value {
                one.value = self.collected(&rounds.clone(), one.span);
            }
            if matches!(one.value, Val::Error) {
                return Val::Error;
            }
        }
        let optional = matches!(output.ty, Ty::Optional(_));
        let arms = |level: Vec<GuardSpec>, cases| Arms {
            id: self.frame.place(output.span),
            path: EcoString::new(),
            name: output.name.clone(),
            level,
            cases,
            otherwise: None,
        };
        if values.len() == 1
            && let Some(Returned { value, ty, guards, span }) = values.pop()
        {
            return match value {
                Val::Arms(inner) => match inner.single() {
                    Some((_, value)) if optional && from_step(value) => value.clone(),
                    _ => self.merge(Val::Arms(inner), &ty, span),
                },
                value if from_step(&value) => value,
                value if guards.is_empty() && !is_list(&value) => value,
                value => {
                    self.merge(Val::Arms(Box::new(arms(Vec::new(), vec![(guards, value)]))), &output.ty, span)
                }
            };
        }
        let Some(first) = values.first() else { return Val::none() };
        let shared =
            |guard: &GuardSpec| values.iter().all(|one| one.guards.iter().any(|other| guard.same(other)));
        let level: Vec<GuardSpec> = first.guards.iter().take_while(|guard| shared(guard)).cloned().collect();
        let span = first.span;
        let cases = values.into_iter().map(|one| (missing(&one.guards, &level), one.value)).collect();
        self.merge(Val::Arms(Box::new(arms(level, cases))), &output.ty, span)
    }

    /// Whether a run can have all outputs: one that is the same for every run is for callers only.
    pub(crate) fn has_results(&self) -> bool {
        let whole = |values: &Vec<Returned>| match values.as_slice() {
            [only] if only.guards.is_empty() => {
                !matches!(
                    only.value,
                    Val::Const(_) | Val::Late(Late { origin: Origin::Param(_), .. }) | Val::Concat(_)
                ) || is_result(&only.value)
            }
            _ => true,
        };
        self.returned.iter().all(whole)
    }

    /// Tekton takes references to results, and text only behind the first of them.
    fn result_text(&self, value: &Val, span: fuse_base::Span, output: &str) -> Option<EcoString> {
        let fits = is_result(value);
        if fits {
            return encode::one(self.cx, value, span);
        }
        if matches!(value, Val::Expr(_)) {
            eval::unusable(self.cx, value, span);
            return None;
        }
        let diagnostic = Diagnostic::new(
            &codes::plan::OUTPUT_VALUE,
            span,
            format!("the output `{output}` is no result of a step"),
        )
        .help("a pipeline hands out results of its steps: return an output of one of them");
        self.cx.report(diagnostic);
        None
    }

    /// Parameters that are folders.
    fn mounted(&self) -> impl Iterator<Item = &Param> {
        self.frame.pipeline.params.iter().filter(|param| param.ty.is_dir())
    }

    fn for_a_run(&self, param: &Param) -> RequiredParam {
        let ty = self.cx.package.show(&param.ty, &[]).into();
        RequiredParam { name: param.name.clone(), ty, cause: param.span }
    }

    /// The store's workspace and a workspace for each folder.
    fn workspaces(&self, store: bool) -> Vec<PipelineWorkspace> {
        let of_store = PipelineWorkspace { name: STORE_WORKSPACE.into(), description: None, optional: false };
        let folder = |param: &Param| PipelineWorkspace {
            name: param.name.clone(),
            description: summary(param.doc.as_ref()),
            optional: matches!(param.ty, Ty::Optional(_)),
        };
        store.then_some(of_store).into_iter().chain(self.mounted().map(folder)).collect()
    }

    fn run_template(
        &self,
        nodes: &[&Node],
        (timeout, finally): (u64, Option<u64>),
        params: &[ParamDecl],
        store: bool,
        account: EcoString,
    ) -> RunTemplate {
        let required = params.iter().filter(|param| param.default.is_none()).map(|param| {
            let declared = self.frame.pipeline.params.iter().find(|one| one.name == param.name);
            declared.map(|one| self.for_a_run(one))
        });
        RunTemplate {
            generate_name: eco_format!("{}-", self.name),
            account,
            pod: crate::nodes::of_run(self.cx, nodes.iter().copied()),
            tasks: nodes.iter().filter_map(|node| self.own(node)).collect(),
            timeout,
            finally,
            claim: if store { self.claim() } else { None },
            required: required.flatten().collect(),
            folders: self.mounted().map(|param| self.for_a_run(param)).collect(),
        }
    }

    /// What a pipeline task has of its own in a run.
    fn own(&self, node: &Node) -> Option<TaskRunSpec> {
        let pod = crate::nodes::of_task(self.cx, node);
        let own = node.account.is_some() || pod.is_some();
        own.then(|| TaskRunSpec { task: node.name.clone(), account: node.account.clone(), pod })
    }

    fn claim(&self) -> Option<Claim> {
        let store = self.cx.target.store.as_ref()?;
        match &store.value {
            Store::Pvc { claim: Some(name), .. } => {
                Some(Claim::Kept { name: name.clone(), cause: store.span })
            }
            Store::Pvc { size, class, claim: None } => {
                Some(Claim::PerRun { size: size.clone(), class: class.clone(), cause: store.span })
            }
            Store::Object { .. } => None,
        }
    }
}

/// Whether it is a list that no single step has made.
const fn is_list(value: &Val) -> bool {
    matches!(value, Val::List(_) | Val::Const(Value::List(_)))
}

/// Whether Tekton takes a value as a result of a pipeline.
fn is_result(value: &Val) -> bool {
    let from_step =
        |value: &Val| matches!(value, Val::Late(Late { origin: Origin::Result { .. }, uri: false, .. }));
    if let Val::Concat(parts) = value {
        parts.first().is_some_and(from_step)
            && parts.iter().all(|part| from_step(part) || matches!(part, Val::Const(Value::Str(_))))
    } else {
        from_step(value)
    }
}

/// The folders that a call hands on: the Task's workspace and the Pipeline's.
fn folders(spec: &NodeSpec<'_>) -> Vec<(EcoString, EcoString)> {
    let mut all = Vec::new();
    for (call, work) in spec.calls() {
        for (param, arg) in work.task.sig.params.iter().zip(&work.args).filter(|(param, _)| param.ty.is_dir())
        {
            let Some(Val::Late(Late { origin: Origin::Param(name), .. })) =
                arg.as_ref().map(|arg| &arg.value)
            else {
                continue;
            };
            let own = call.map_or_else(|| param.name.clone(), |call| fused::given(call, &param.name));
            all.push((own, name.clone()));
        }
    }
    all
}

struct Gathered {
    accounts: Vec<ServiceAccount>,
    roles: Vec<Role>,
    objects: Vec<Owned>,
}

/// Topological, ties by the order in the source, which is the order of the indices.
fn order(graph: &DiGraph<Node, Edge>) -> Vec<NodeIndex> {
    let before = |at: NodeIndex| {
        let mut all: Vec<NodeIndex> = graph.neighbors_directed(at, Direction::Incoming).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let mut waiting: Vec<usize> = graph.node_indices().map(|at| before(at).len()).collect();
    let mut ready: BinaryHeap<Reverse<NodeIndex>> =
        graph.node_indices().filter(|at| waiting.get(at.index()) == Some(&0)).map(Reverse).collect();
    let mut all = Vec::with_capacity(graph.node_count());
    while let Some(Reverse(at)) = ready.pop() {
        all.push(at);
        let mut after: Vec<NodeIndex> = graph.neighbors_directed(at, Direction::Outgoing).collect();
        after.sort_unstable();
        after.dedup();
        for next in after {
            if let Some(count) = waiting.get_mut(next.index()) {
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse(next));
                }
            }
        }
    }
    all
}
