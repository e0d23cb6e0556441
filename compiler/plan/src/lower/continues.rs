//! `on_error: continue`: a run that goes on where a step fails must not need what the step would have handed on.

use fuse_analysis::project::ApiFields;
use fuse_base::{Diagnostic, Span, codes};
use petgraph::graph::DiGraph;
use petgraph::visit::EdgeRef;

use super::settings::Pod;
use super::{Lower, NodeSpec};
use crate::cx::Cx;
use crate::model::{Edge, Node, PipelineResult};

impl Lower<'_, '_> {
    /// What a step that may fail must not be.
    pub(super) fn continues(&self, spec: &NodeSpec<'_>, pod: &Pod) {
        let Some(span) = pod.continues else { return };
        if let Some(retries) = pod.retries {
            let message = format!("`{}` is retried, so its failure matters", spec.name);
            let diagnostic = Diagnostic::new(&codes::plan::CONTINUES, span, message)
                .label(retries, "retried here")
                .help("remove `retries` or `on_error`: Tekton refuses both together");
            self.cx.report(diagnostic);
        }
        if !spec.slots.is_empty() {
            used(
                self.cx,
                &spec.name,
                span,
                spec.cause,
                "the step; what it gives is merged with other values",
            );
        }
        if self.cx.target.tekton.api_fields == ApiFields::Stable {
            let message = "a run that goes on where a step fails needs `api-fields = \"beta\"`";
            let diagnostic = Diagnostic::new(&codes::target::API_FIELDS, span, message)
                .label(self.cx.target.span, "this target says `stable`")
                .help("remove `on_error`, or let the cluster's `enable-api-fields` be `beta`");
            self.cx.report(diagnostic);
        }
    }
}

/// Reports outputs that are used though their step may have failed.
pub(super) fn check_used(cx: &Cx<'_>, graph: &DiGraph<Node, Edge>, results: &[PipelineResult]) {
    for at in graph.node_indices() {
        let Some(node) = graph.node_weight(at) else { continue };
        let Some(span) = node.continues else { continue };
        let reader = graph.edges(at).find(|edge| !matches!(edge.weight(), Edge::Order));
        let reader = reader.and_then(|edge| graph.node_weight(edge.target())).map(|node| node.cause);
        let reference = format!("$(tasks.{}.results.", node.name);
        let result = || results.iter().find(|one| one.value.contains(&reference)).map(|one| one.cause);
        if let Some(place) = reader.or_else(result) {
            used(cx, &node.name, span, place, "used here");
        }
    }
}

fn used(cx: &Cx<'_>, step: &str, span: Span, place: Span, words: &str) {
    let message = format!("the outputs of `{step}` are used, so the run cannot go on where it fails");
    let diagnostic = Diagnostic::new(&codes::plan::CONTINUES, span, message)
        .label(place, words)
        .help("remove `on_error`, or let the step handle its own failure and write its outputs");
    cx.report(diagnostic);
}
