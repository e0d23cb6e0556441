//! What the blocks of a program say of a run: steps of one block run together, one arm of a chain runs and no other.
//!
//! This looks at the source and at what ran, and not at any guard.

use std::collections::{BTreeMap, BTreeSet};

use fuse_base::Sources;
use fuse_plan::model::{Node, NodeKind, Pipeline};
use fuse_plan::simulate::{Fate, Run};

use super::tree::Tree;

/// An arm of a chain, by the line where the chain starts.
type Arm = (usize, usize);

/// Where the lines of a program are.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    /// For each line that is no part of a loop the arms around it, outermost first.
    lines: BTreeMap<usize, Vec<Arm>>,
    /// For each chain how many arms it has, and whether the last is an `else`.
    chains: BTreeMap<usize, (usize, bool)>,
    /// The first line of the declaration that a line is in.
    inside: BTreeMap<usize, usize>,
}

impl Blocks {
    /// Those of a program, as its text has them.
    pub(crate) fn of(program: &[Tree]) -> Self {
        let mut blocks = Self::default();
        let mut line = 1;
        for tree in program {
            let first = line;
            blocks.tree(tree, &mut line, Some(&[]));
            (first..line).for_each(|at| {
                blocks.inside.insert(at, first);
            });
            // An empty line stands between declarations.
            line += 1;
        }
        blocks
    }

    fn tree(&mut self, tree: &Tree, line: &mut usize, around: Option<&[Arm]>) {
        let first = *line;
        let head = tree.parts.first().map_or("", |part| part.head.as_str());
        let chain = head.starts_with("if ") || head.starts_with("let ") && head.contains(" = if ");
        let repeated = head.starts_with("for ") || head.contains(" = for ");
        if chain {
            let otherwise = tree.parts.last().is_some_and(|part| part.head == "} else {");
            self.chains.insert(first, (tree.parts.len(), otherwise));
        }
        for (at, part) in tree.parts.iter().enumerate() {
            if let Some(arms) = around {
                self.lines.insert(*line, arms.to_vec());
            }
            *line += usize::from(!part.head.is_empty());
            let mut arms = around.map(<[Arm]>::to_vec).filter(|_| !repeated);
            if chain && let Some(arms) = &mut arms {
                arms.push((first, at));
            }
            for inner in &part.body {
                self.tree(inner, line, arms.as_deref());
            }
        }
        *line += usize::from(!tree.end.is_empty());
    }

    /// What is wrong with a run in which nothing failed.
    pub(crate) fn violation(&self, pipeline: &Pipeline, sources: &Sources, run: &Run) -> Option<String> {
        if !run.condition.is_true() || run.tasks.values().any(|fate| *fate == Fate::Failed) {
            return None;
        }
        let line = |node: &Node| usize::try_from(sources.line_column(node.cause).line).unwrap_or(0);
        let own = usize::try_from(sources.line_column(pipeline.cause).line).unwrap_or(0);
        // Steps of called pipelines stand elsewhere, and one place of a loop is several steps.
        let here = |node: &&Node| {
            node.kind == NodeKind::Task
                && node.matrix.is_empty()
                && self.inside.get(&line(node)) == Some(&own)
        };
        let ran = |node: &Node| run.tasks.get(node.name.as_str()) == Some(&Fate::Succeeded);
        let mut blocks: BTreeMap<&[Arm], Vec<(&str, bool)>> = BTreeMap::new();
        for node in pipeline.nodes().filter(here) {
            if let Some(arms) = self.lines.get(&line(node)) {
                blocks.entry(arms).or_default().push((&node.name, ran(node)));
            }
        }
        let mut runs: BTreeMap<&[Arm], bool> = BTreeMap::from([([].as_slice(), true)]);
        for (arms, steps) in &blocks {
            let first = steps.first()?.1;
            if let Some((name, _)) = steps.iter().find(|(_, ran)| *ran != first) {
                return Some(format!("{name} does not run with the others of its block: {steps:?}"));
            }
            runs.insert(arms, first);
        }
        self.of_arms(&runs)
    }

    /// What is wrong with arms that run, or do not.
    fn of_arms(&self, runs: &BTreeMap<&[Arm], bool>) -> Option<String> {
        for (arms, ran) in runs {
            let outer = (0..arms.len()).filter_map(|count| arms.get(..count));
            if *ran && outer.into_iter().any(|outer| runs.get(outer) == Some(&false)) {
                return Some(format!("an arm runs inside one that does not: {arms:?}"));
            }
            if arms.is_empty() && !ran {
                return Some("a step outside of all arms does not run".to_owned());
            }
        }
        let chains: BTreeSet<&[Arm]> = runs.keys().filter_map(|arms| Some(arms.split_last()?.1)).collect();
        for outer in chains {
            for (chain, (count, otherwise)) in &self.chains {
                let arm = |at: usize| runs.get([outer, &[(*chain, at)]].concat().as_slice());
                let known: Vec<bool> = (0..*count).filter_map(|at| arm(at).copied()).collect();
                let running = known.iter().filter(|ran| **ran).count();
                let all = known.len() == *count && *otherwise && runs.get(outer) == Some(&true);
                if running > 1 || all && running == 0 {
                    return Some(format!("{running} arms of the condition in line {chain} run"));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::tree::{Part, text};

    fn runs(arms: &[(&'static [Arm], bool)]) -> Option<String> {
        let mut blocks = Blocks::default();
        blocks.chains.insert(3, (2, true));
        blocks.of_arms(&arms.iter().copied().collect())
    }

    #[test]
    fn one_arm_runs() {
        assert_eq!(runs(&[(&[], true), (&[(3, 0)], true), (&[(3, 1)], false)]), None);
        assert!(runs(&[(&[], true), (&[(3, 0)], true), (&[(3, 1)], true)]).is_some());
        assert!(runs(&[(&[], true), (&[(3, 0)], false), (&[(3, 1)], false)]).is_some());
        assert!(runs(&[(&[(3, 0)], false), (&[(3, 0), (4, 0)], true)]).is_some());
    }

    #[test]
    fn lines_are_those_of_the_text() {
        let part = |head: &str, line: &str| Part { head: head.to_owned(), body: vec![Tree::line(line)] };
        let chain = Tree { parts: vec![part("if a {", "x()"), part("} else {", "y()")], end: "}".to_owned() };
        let looped = Tree::block("for a in b {", vec![Tree::line("z()")], "}");
        let program = [Tree::line("const c = 1"), Tree::block("pipeline p() {", vec![chain, looped], "}")];
        let (blocks, text) = (Blocks::of(&program), text(&program));
        let at = |wanted: &str| text.lines().position(|line| line.trim() == wanted).unwrap() + 1;
        assert_eq!(blocks.lines.get(&at("x()")).unwrap(), &[(at("if a {"), 0)]);
        assert_eq!(blocks.lines.get(&at("y()")).unwrap(), &[(at("if a {"), 1)]);
        assert_eq!(blocks.lines.get(&at("z()")), None);
        assert_eq!(blocks.inside.get(&at("y()")), Some(&at("pipeline p() {")));
    }
}
