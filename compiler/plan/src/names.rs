//! Names of objects and pipeline tasks.

use std::collections::BTreeMap;

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{Block, Call, Kind, Pipeline, Stmt, Typed};
use fuse_base::Span;
use sha2::{Digest, Sha256};

/// Names of objects and labels are cut at this many bytes.
const MAX_NAME: usize = 63;

/// A pipeline's name and a step's are together at most this long, so that Tekton never hashes the names of runs.
pub(crate) const MAX_PIPELINE_AND_STEP: usize = 48;

/// A source name as Kubernetes takes it; injective, as source names have no `-` and no double `_`.
pub(crate) fn kebab(name: &str) -> EcoString {
    EcoString::from(name.replace('_', "-"))
}

/// A name that is not taken: the second one is `say--2`.
pub(crate) fn free(base: &str, taken: impl Fn(&str) -> bool) -> EcoString {
    let mut name = EcoString::from(base);
    let mut count = 2;
    while taken(&name) {
        name = eco_format!("{base}--{count}");
        count += 1;
    }
    name
}

/// The name of an object: parts joined by `--`, cut and hashed if it is too long.
pub(crate) fn object(parts: &[&str]) -> EcoString {
    fit(&kebab(&parts.join("--")))
}

/// The SHA-256 of a text: 64 hex digits.
pub(crate) fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Cuts a name that is too long and makes it unique by a hash of the whole.
pub(crate) fn fit(name: &str) -> EcoString {
    fit_to(name, MAX_NAME)
}

/// The same for another length, of at least twenty bytes.
pub(crate) fn fit_to(name: &str, most: usize) -> EcoString {
    if name.len() <= most {
        return EcoString::from(name);
    }
    let hash: String = digest(name).chars().take(8).collect();
    let mut end = most - 1 - hash.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let head = name.get(..end).unwrap_or("").trim_end_matches('-');
    eco_format!("{head}-{hash}")
}

/// The name of every call and pod of a pipeline by its place: the binding's or the task's; the second one is `say--2`.
/// Calls are counted in the source, so that a constant condition changes no name.
pub(crate) fn steps(pipeline: &Pipeline) -> BTreeMap<Span, EcoString> {
    let mut steps = Steps { names: BTreeMap::new(), counts: BTreeMap::new() };
    steps.block(&pipeline.body);
    steps.names
}

struct Steps {
    names: BTreeMap<Span, EcoString>,
    counts: BTreeMap<EcoString, u32>,
}

impl Steps {
    fn block(&mut self, block: &Block) {
        for stmt in &block.stmts {
            match stmt {
                Stmt::Let(_, value) | Stmt::Expr(value) => self.typed(value),
                Stmt::Return(values, _) => values.iter().flatten().for_each(|value| self.typed(value)),
                Stmt::Finally(block, _) => self.block(block),
            }
        }
        if let Some(value) = &block.value {
            self.typed(value);
        }
    }

    fn typed(&mut self, typed: &Typed) {
        if let Kind::Call(call) | Kind::Apply(call) = &typed.kind {
            self.call(call);
        } else if let Kind::If(chain) = &typed.kind {
            match &chain.cond {
                fuse_analysis::model::Condition::Test(test) => self.typed(test),
                fuse_analysis::model::Condition::Present(_, value) => self.typed(value),
            }
            self.block(&chain.then);
            if let Some(otherwise) = &chain.otherwise {
                self.block(otherwise);
            }
        } else if let Kind::For(each) = &typed.kind {
            each.source.lists().into_iter().for_each(|list| self.typed(list));
            self.block(&each.body);
        } else if let Kind::Fused(fused) = &typed.kind {
            // The calls in it are no steps of the pipeline.
            self.named(fused.span, &fused.name);
        } else {
            typed.parts().for_each(|part| self.typed(part));
        }
    }

    fn call(&mut self, call: &Call) {
        call.args.iter().flatten().for_each(|arg| self.typed(arg));
        call.settings.env.iter().for_each(|(_, value)| self.typed(value));
        self.named(call.span, &call.name);
    }

    fn named(&mut self, place: Span, name: &str) {
        // One place is one call; the checker may keep an expression twice.
        if self.names.contains_key(&place) {
            return;
        }
        let base = kebab(name);
        let count = self.counts.entry(base.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { base } else { eco_format!("{base}--{count}") };
        self.names.insert(place, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_stay_different() {
        assert_eq!(object(&["wine_quality", "mlflow-train"]), "wine-quality--mlflow-train");
        let long = "a".repeat(80);
        let (one, two) = (object(&[&long, "x"]), object(&[&long, "y"]));
        assert_eq!(one.len(), 63);
        assert_ne!(one, two);
        assert!(object(&[&format!("{}-{}", "b".repeat(53), "c".repeat(40))]).len() <= 63);
    }
}
