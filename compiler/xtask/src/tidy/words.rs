//! Words that must not stand in some places: tools in Rust, paths of somebody's machine anywhere.

use super::Report;
use crate::tree::TextFile;

/// Tools are data: their names stand in `stdlib/`.
static TOOLS: &[&str] = &["mlflow", "kserve", "seldon", "determined-ai", "dvc", "knative"];

/// Where a tool's name is the name of an output format or of a key.
static FORMATS: &[(&str, &str)] = &[
    // MLproject is an output format of the compiler.
    ("compiler/emit/src/targets/mlproject", ""),
    ("compiler/plan/src/mlproject", ""),
    ("compiler/analysis/src/project", "mlflow"),
    // The table that asks for it.
    ("compiler/", "[mlflow]"),
    ("compiler/cli/src/main.rs", "Builds Tekton, KServe and Knative manifests"),
    ("compiler/xtask/src/tidy/words.rs", ""),
];

/// Beginnings of paths that exist on one machine only.
static MACHINES: &[&str] = &["/home/", "/root/", "/Users/"];

/// `.ci/run` may use what is beside the repository, and says so.
static MAY_NAME_PATHS: &[&str] = &["compiler/xtask/src/tidy/words.rs"];

pub(super) fn check(files: &[TextFile], report: &mut Report) -> Result<(), String> {
    for file in files {
        if file.is_source() {
            for (line, text) in file.source_lines() {
                tools(file, line, text, report);
            }
        }
        if MAY_NAME_PATHS.contains(&file.path.as_str()) {
            continue;
        }
        for (index, text) in file.text.lines().enumerate() {
            if let Some(path) = MACHINES.iter().find(|path| text.contains(*path)) {
                report.problem(format!("{}:{}: `{path}` is a path of one machine", file.path, index + 1));
            }
        }
    }
    Ok(())
}

/// In code and its texts a tool's name is a mistake; in a comment it may be an example, and is shown.
fn tools(file: &TextFile, line: usize, text: &str, report: &mut Report) {
    let lower = text.to_lowercase();
    let Some(tool) = TOOLS.iter().find(|tool| lower.contains(*tool)) else { return };
    if FORMATS.iter().any(|(path, mark)| file.path.starts_with(path) && text.contains(mark)) {
        return;
    }
    if text.trim_start().starts_with("//") {
        report.warning(format!("{}:{line}: names the tool {tool} in a comment", file.path));
    } else {
        report
            .problem(format!("{}:{line}: names the tool {tool}; tools are declared in `stdlib/`", file.path));
    }
}
