//! Every file below `golden/` belongs to a case of a kind that a test runs.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::tree::TextFile;

/// What a case of a kind must hold: a file of this name, or one with this end.
enum Needs {
    File(&'static str),
    End(&'static str),
}

static KINDS: &[(&str, Needs)] = &[
    ("build", Needs::End(".fuse")),
    ("check", Needs::End(".fuse")),
    ("cli", Needs::File("args")),
    ("parse", Needs::File("input.fuse")),
    ("step", Needs::File("args")),
];

/// Files beside the kinds.
static BESIDE: &[&str] = &["README.md", "default.fuse.toml"];

pub(super) fn check(files: &[TextFile], report: &mut Report) -> Result<(), String> {
    let mut cases: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for path in files.iter().filter_map(|file| file.path.strip_prefix("golden/")) {
        match path.splitn(3, '/').collect::<Vec<_>>().as_slice() {
            [kind, case, file] => {
                cases.entry((kind, case)).or_default().insert(file);
            }
            [file] if BESIDE.contains(file) => {}
            [..] => report.problem(format!("golden/{path} belongs to no case")),
        }
    }
    for (kind, needs) in KINDS {
        if !cases.keys().any(|(known, _)| known == kind) {
            report.problem(format!("golden/{kind} has no case"));
        }
        for ((_, case), files) in cases.iter().filter(|((known, _), _)| known == kind) {
            let (complete, what) = match needs {
                Needs::File(name) => (files.contains(name), *name),
                Needs::End(name) => (files.iter().any(|file| file.ends_with(name)), *name),
            };
            if !complete {
                report.problem(format!("golden/{kind}/{case} is no case: it has no {what}"));
            }
        }
    }
    for (kind, case) in cases.keys().filter(|(kind, _)| KINDS.iter().all(|(known, _)| known != kind)) {
        report.problem(format!("golden/{kind}/{case}: no test runs the kind {kind}"));
    }
    Ok(())
}
