//! Timeouts of a run: the longest path through its steps, and some slack.

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::model::{Edge, Node};

/// What a run gets on top of its longest path: scheduling, pulling of images.
const SLACK: u64 = 300_000;

/// `timeouts.finally` in milliseconds, where there are such steps: they all start at once.
pub(crate) fn finally(nodes: &[Node]) -> Option<u64> {
    Some(nodes.iter().map(longest).max()?.saturating_add(SLACK))
}

/// How long a step may take with all its attempts.
fn longest(node: &Node) -> u64 {
    node.timeout.saturating_mul(u64::from(node.retries).saturating_add(1))
}

/// `timeouts.tasks` in milliseconds; `order` is topological.
pub(crate) fn tasks(graph: &DiGraph<Node, Edge>, order: &[NodeIndex]) -> u64 {
    let mut ends = vec![0u64; graph.node_count()];
    for at in order {
        let before = graph
            .neighbors_directed(*at, Direction::Incoming)
            .filter_map(|from| ends.get(from.index()).copied())
            .max()
            .unwrap_or(0);
        let own = graph.node_weight(*at).map_or(0, longest);
        if let Some(end) = ends.get_mut(at.index()) {
            *end = before.saturating_add(own);
        }
    }
    ends.into_iter().max().unwrap_or(0).saturating_add(SLACK)
}
