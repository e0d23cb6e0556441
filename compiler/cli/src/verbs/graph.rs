//! `fusec graph`: a pipeline's steps and what orders them, as a drawing or as data.

use std::fmt::Write as _;
use std::path::PathBuf;

use fuse_base::did_you_mean;
use fuse_driver::{Checked, Failure, Overlay, check, locate};
use fuse_plan::model::{Edge, Node, NodeKind, Operator, Pipeline};
use serde_json::{Value, json};

use super::{Run, Verb, verb};
use crate::console::{Console, Format};
use crate::exit::Exit;

/// The entry in the list of verbs.
pub(super) const VERB: Verb = verb::<Arguments>("graph");

/// Print the graph of a pipeline as the first target gets it
#[derive(clap::Args)]
struct Arguments {
    /// A package folder or a `.fuse` file [default: the package around the current folder]
    path: Option<PathBuf>,
    /// The pipeline [default: all pipelines]
    #[arg(long)]
    pipeline: Option<String>,
    /// How the graph is printed
    #[arg(long, value_enum, default_value = "mermaid")]
    format: Drawing,
}

/// `--format`
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Drawing {
    /// Mermaid, as Markdown viewers draw it
    Mermaid,
    /// Graphviz
    Dot,
    /// One JSON document
    Json,
}

impl Run for Arguments {
    fn run(self, console: &mut Console) -> Exit {
        match self.work(console) {
            Ok(exit) => exit,
            Err(failures) => console.fail(&failures, Format::Human),
        }
    }
}

impl Arguments {
    fn work(&self, console: &mut Console) -> Result<Exit, Vec<Failure>> {
        let location = locate(self.path.as_deref()).map_err(|failure| vec![failure])?;
        let mut checked = check(&location, &Overlay::new(), &[])?;
        checked.show_from_here();
        console.diagnostics(&checked, Format::Human);
        if checked.errors() > 0 {
            return Ok(Exit::Errors);
        }
        let pipelines = self.chosen(&checked).map_err(|failure| vec![failure])?;
        console.data(&match self.format {
            Drawing::Mermaid => mermaid(&pipelines),
            Drawing::Dot => dot(&pipelines),
            Drawing::Json => {
                let all: Vec<Value> = pipelines.iter().copied().map(graph_json).collect();
                format!("{:#}\n", Value::Array(all))
            }
        });
        Ok(Exit::Done)
    }

    fn chosen<'p>(&self, checked: &'p Checked) -> Result<Vec<&'p Pipeline>, Failure> {
        let all = checked.plans.first().map_or(&[][..], |plan| plan.pipelines.as_slice());
        let Some(name) = &self.pipeline else {
            return if all.is_empty() {
                let help = "declare one, or give the folder of another package";
                Err(Failure::new("there is no pipeline to draw", help))
            } else {
                Ok(all.iter().collect())
            };
        };
        let found: Vec<&Pipeline> =
            all.iter().filter(|pipeline| pipeline.source_name == name.as_str()).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let help = did_you_mean(name, all.iter().map(|pipeline| pipeline.source_name.as_str()));
        Err(Failure { message: format!("there is no pipeline `{name}`"), help })
    }
}

/// What an edge says, and whether it is a value that flows.
fn edge_label(edge: &Edge) -> &str {
    match edge {
        Edge::Data(result) => result,
        Edge::Guard(_) => "if",
        Edge::Order => "after",
    }
}

/// The name of a step; those of `finally`, which come last, say so.
fn label(pipeline: &Pipeline, at: usize, node: &Node) -> String {
    if at < pipeline.order.len() { node.name.to_string() } else { format!("{} (finally)", node.name) }
}

/// The edges as positions in the order of the steps, sorted; the same edge once.
fn edges(pipeline: &Pipeline) -> Vec<(usize, usize, &Edge)> {
    let place = |index| pipeline.order.iter().position(|at| *at == index);
    let mut all: Vec<(usize, usize, &Edge)> = pipeline
        .graph
        .raw_edges()
        .iter()
        .filter_map(|edge| Some((place(edge.source())?, place(edge.target())?, &edge.weight)))
        .collect();
    all.sort_by_key(|(from, to, edge)| (*from, *to, edge_label(edge).to_owned()));
    all.dedup_by_key(|(from, to, edge)| (*from, *to, edge_label(edge).to_owned()));
    all
}

fn mermaid(pipelines: &[&Pipeline]) -> String {
    let mut out = String::from("flowchart TD\n");
    for (number, pipeline) in pipelines.iter().enumerate() {
        let several = pipelines.len() > 1;
        let indent = if several { "    " } else { "  " };
        if several {
            let _ = writeln!(out, "  subgraph p{number}[\"{}\"]", pipeline.source_name);
        }
        let id = |at: usize| format!("p{number}s{at}");
        for (at, node) in pipeline.all_nodes().enumerate() {
            let name = label(pipeline, at, node);
            let (open, close) = match node.kind {
                NodeKind::Task => ("[", "]"),
                NodeKind::Apply => ("[[", "]]"),
                NodeKind::Decide => ("{{", "}}"),
                NodeKind::Fail => (">", "]"),
                NodeKind::Join => ("([", "])"),
                NodeKind::List => ("[/", "/]"),
            };
            let _ = writeln!(out, "{indent}{}{open}\"{}\"{close}", id(at), name);
        }
        for (from, to, edge) in edges(pipeline) {
            let arrow = if matches!(edge, Edge::Data(_)) { "-->" } else { "-.->" };
            let label = edge_label(edge);
            let _ = writeln!(out, "{indent}{} {arrow}|\"{label}\"| {}", id(from), id(to));
        }
        if several {
            out.push_str("  end\n");
        }
    }
    out
}

fn dot(pipelines: &[&Pipeline]) -> String {
    let mut out = String::from("digraph {\n  node [shape=box];\n");
    for (number, pipeline) in pipelines.iter().enumerate() {
        let several = pipelines.len() > 1;
        let indent = if several { "    " } else { "  " };
        if several {
            let _ = writeln!(out, "  subgraph cluster_{number} {{\n    label=\"{}\";", pipeline.source_name);
        }
        let id = |at: usize| format!("p{number}s{at}");
        for (at, node) in pipeline.all_nodes().enumerate() {
            let name = label(pipeline, at, node);
            let shape = match node.kind {
                NodeKind::Task => "",
                NodeKind::Apply => ", shape=component",
                NodeKind::Decide => ", shape=diamond",
                NodeKind::Fail => ", shape=octagon",
                NodeKind::Join => ", shape=invtriangle",
                NodeKind::List => ", shape=parallelogram",
            };
            let _ = writeln!(out, "{indent}{} [label=\"{}\"{shape}];", id(at), name);
        }
        for (from, to, edge) in edges(pipeline) {
            let style = if matches!(edge, Edge::Data(_)) { "" } else { ", style=dashed" };
            let label = edge_label(edge);
            let _ = writeln!(out, "{indent}{} -> {} [label=\"{label}\"{style}];", id(from), id(to));
        }
        if several {
            out.push_str("  }\n");
        }
    }
    out.push_str("}\n");
    out
}

fn graph_json(pipeline: &Pipeline) -> Value {
    let names: Vec<&str> = pipeline.nodes().map(|node| node.name.as_str()).collect();
    let name = |at: usize| names.get(at).copied().unwrap_or_default();
    let steps: Vec<Value> = pipeline.nodes().map(step_json).collect();
    let finally: Vec<Value> = pipeline.finally.iter().map(step_json).collect();
    let edges: Vec<Value> = edges(pipeline)
        .into_iter()
        .map(|(from, to, edge)| {
            let (kind, result) = match edge {
                Edge::Data(result) => ("data", Some(result.as_str())),
                Edge::Guard(result) => ("guard", Some(result.as_str())),
                Edge::Order => ("order", None),
            };
            json!({ "from": name(from), "to": name(to), "kind": kind, "result": result })
        })
        .collect();
    let mut graph = json!({ "pipeline": pipeline.source_name.as_str(), "steps": steps, "edges": edges });
    if let (false, Some(graph)) = (finally.is_empty(), graph.as_object_mut()) {
        graph.insert("finally".to_owned(), Value::Array(finally));
    }
    graph
}

fn step_json(node: &Node) -> Value {
    let kind = match node.kind {
        NodeKind::Task => "task",
        NodeKind::Apply => "apply",
        NodeKind::Decide => "decide",
        NodeKind::Fail => "fail",
        NodeKind::Join => "join",
        NodeKind::List => "list",
    };
    let guards: Vec<Value> = node
        .guards
        .iter()
        .map(|guard| {
            let values: Vec<&str> = guard.values.iter().map(|value| value.as_str()).collect();
            let operator = match guard.operator {
                Operator::In => "in",
                Operator::NotIn => "notin",
            };
            json!({ "input": guard.input.as_str(), "operator": operator, "values": values })
        })
        .collect();
    json!({ "name": node.name.as_str(), "kind": kind, "guards": guards })
}
