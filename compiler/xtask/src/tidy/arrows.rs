//! Who may use whom.

use std::process::Command;

use serde_json::Value;

use super::Report;
use crate::tree::{TextFile, repository};

/// The crates of the project, each with those that it may use.
static CRATES: &[(&str, &[&str])] = &[
    ("fuse-base", &[]),
    ("fuse-wire", &[]),
    ("fuse-syntax", &["fuse-base"]),
    ("fuse-analysis", &["fuse-base", "fuse-syntax", "fuse-wire"]),
    ("fuse-plan", &["fuse-base", "fuse-analysis", "fuse-wire"]),
    ("fuse-emit", &["fuse-base", "fuse-analysis", "fuse-plan", "fuse-wire"]),
    ("fuse-driver", &["fuse-base", "fuse-syntax", "fuse-analysis", "fuse-plan", "fuse-emit", "fuse-wire"]),
    ("fuse-lsp", &["fuse-base", "fuse-driver"]),
    ("fuse-step", &["fuse-wire"]),
    ("fusec", &["fuse-base", "fuse-analysis", "fuse-plan", "fuse-driver", "fuse-lsp"]),
    ("fuse-testkit", &[]),
    ("xtask", &["fuse-analysis", "fuse-base", "fuse-emit", "fuse-plan", "fuse-testkit"]),
];

/// Libraries that stay behind one crate, because their types must not spread.
static KEPT: &[(&str, &[&str])] = &[
    ("miette", &["fuse-base"]),
    ("pest", &["fuse-syntax"]),
    ("rowan", &["fuse-syntax"]),
    ("clap", &["fusec"]),
    ("lsp-server", &["fuse-lsp"]),
    ("granit-parser", &["fuse-analysis"]),
    ("jsonc-parser", &["fuse-analysis"]),
    ("serde-saphyr", &["fuse-emit"]),
    ("serde_yaml", &["fuse-emit"]),
    ("kube", &["fuse-step"]),
];

/// What `emit` may use of `analysis`: types and values, nothing that checks.
static ANALYSIS_TYPES: &[&str] = &["model", "project", "ty", "value"];

pub(super) fn check(files: &[TextFile], report: &mut Report) -> Result<(), String> {
    for (name, uses) in dependencies()? {
        let Some((_, allowed)) = CRATES.iter().find(|(known, _)| *known == name) else {
            report.problem(format!("the crate {name} is not in the list of arrows"));
            continue;
        };
        for used in uses {
            let ours = CRATES.iter().any(|(known, _)| *known == used);
            if ours && !allowed.contains(&used.as_str()) {
                report.problem(format!("{name} may not use {used}"));
            }
            let keepers = KEPT.iter().find(|(library, _)| *library == used).map(|(_, keepers)| keepers);
            if keepers.is_some_and(|keepers| !keepers.contains(&name.as_str())) {
                report.problem(format!(
                    "{name} may not use {used}: it stays in {}",
                    keepers.map_or(String::new(), |k| k.join(", "))
                ));
            }
        }
    }
    for file in files.iter().filter(|file| file.is_source()) {
        for (line, text) in file.source_lines() {
            printing(file, line, text, report);
            analysis_in_emit(file, line, text, report);
        }
    }
    Ok(())
}

/// Only the command line prints.
fn printing(file: &TextFile, line: usize, text: &str, report: &mut Report) {
    const PRINTING: [&str; 5] = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
    let may = matches!(file.crate_name(), Some("cli" | "xtask"));
    let code = text.split("//").next().unwrap_or("");
    if !may && PRINTING.iter().any(|name| code.contains(name)) {
        report.problem(format!("{}:{line}: only `cli` prints", file.path));
    }
}

fn analysis_in_emit(file: &TextFile, line: usize, text: &str, report: &mut Report) {
    if file.crate_name() != Some("emit") {
        return;
    }
    for rest in text.split("fuse_analysis::").skip(1) {
        let module: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !ANALYSIS_TYPES.contains(&module.as_str()) {
            report.problem(format!(
                "{}:{line}: `emit` uses types of `analysis` only, not `{module}`",
                file.path
            ));
        }
    }
}

/// The crates of the workspace with what they use; for tests and benchmarks anything goes.
fn dependencies() -> Result<Vec<(String, Vec<String>)>, String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(repository())
        .output()
        .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)))?;
    let list =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let uses = |package: &Value| {
        let normal = |one: &Value| text(one, "kind") != "dev";
        list(package, "dependencies").iter().filter(|one| normal(one)).map(|one| text(one, "name")).collect()
    };
    Ok(list(&metadata, "packages").iter().map(|package| (text(package, "name"), uses(package))).collect())
}
