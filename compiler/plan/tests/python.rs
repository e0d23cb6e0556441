//! The Python that is generated around a body really runs.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod support;

use std::path::Path;
use std::process::{Command, Output};

use fuse_plan::model::Run;

const TASK: &str = r#"
task score(data: Files, model: Files by uri, names: Map<Scalar>, limit: Float, note: String?, const mode: String)
  -> { rmse: Float, good: Bool, kept: Files, rows: List<Int> ..=9, comment: String? } {
  image "python:3.12-slim"
  run python("steps/score.py:score")
}

task make() -> Files {
  image "python:3.12-slim"
  script python """
    import os
    os.mkdir(os.environ["OUT_FILES"])
  """
}

pipeline p(model: Files by uri) {
  score(make(), model, names: { a: 1 }, limit: 2.0, mode: "it's $(params.x)\n")
}
"#;

fn script() -> String {
    let source = r#""""Scores."""
from __future__ import annotations

import pathlib


def score(data, model, names, limit, note, mode):
    assert isinstance(data, pathlib.Path) and (data / "x").read_text() == "1", data
    assert model == "s3://a/b" and names == {"a": "1"} and note is None, (model, names, note)
    assert limit == 2.0 and isinstance(limit, float) and mode == "it's $(params.x)\n", (limit, mode)
    if names.get("fail"):
        raise ValueError("no")
    return {"rmse": 0.1 + 0.2, "good": True, "kept": data, "rows": [1, 2], "comment": None}


if __name__ == "__main__":
    raise SystemExit("the source is a module here")
"#;
    let case =
        support::lower_with(&[("main.fuse", TASK), ("steps/score.py", source)], support::DEFAULT, "dev");
    let plan = case.plan();
    let task = plan.tasks.iter().find(|task| task.name == "example--score").unwrap();
    let step = task.steps.iter().find(|step| step.name == "main").unwrap();
    let Run::Script(text) = &step.run else { panic!("no script") };
    text.to_string()
}

/// Runs the script with inputs in a folder; `None` without Python, which CI must have.
fn run(folder: &Path, script: &str, inputs: &str) -> Option<Output> {
    std::fs::create_dir_all(folder.join("data")).unwrap();
    std::fs::write(folder.join("data/x"), "1").unwrap();
    std::fs::write(folder.join("in.json"), inputs).unwrap();
    std::fs::write(folder.join("main.py"), script).unwrap();
    let mut command = Command::new("python3");
    command.arg(folder.join("main.py")).env("FUSE_IN", folder.join("in.json"));
    command.env("IN_DATA", folder.join("data")).env("IN_MODEL", "s3://a/b");
    for output in ["RMSE", "GOOD", "KEPT", "ROWS", "COMMENT"] {
        command.env(format!("OUT_{output}"), folder.join(output.to_lowercase()));
    }
    match command.output() {
        Ok(output) => Some(output),
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("left out: python3: {error}");
            None
        }
        Err(error) => panic!("python3: {error}"),
    }
}

fn folder(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_function_gets_typed_inputs_and_its_outputs_are_written() {
    let folder = folder("python-function");
    let inputs = r#"{"names": {"a": "1"}, "limit": 2, "note": null}"#;
    let Some(output) = run(&folder, &script(), inputs) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(read("rmse"), "0.30000000000000004");
    assert_eq!(read("good"), "true");
    assert_eq!(read("kept/x"), "1");
    assert_eq!(read("rows"), "[1, 2]");
    assert!(!folder.join("comment").exists(), "an absent output is not written");
}

#[test]
fn a_failure_shows_the_lines_of_the_source() {
    let folder = folder("python-failure");
    let script = script().replace("names.get(\\\"fail\\\")", "True");
    let Some(output) = run(&folder, &script, r#"{"names": {"a": "1"}, "limit": 2, "note": null}"#) else {
        return;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        errors.contains("steps/score.py\", line 12, in score") && errors.contains("raise ValueError"),
        "{errors}"
    );
}

#[test]
fn a_wrong_return_is_told_by_name() {
    let folder = folder("python-return");
    let script = script().replace("\\\"rmse\\\": 0.1 + 0.2, ", "");
    let Some(output) = run(&folder, &script, r#"{"names": {"a": "1"}, "limit": 2, "note": null}"#) else {
        return;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("score returned comment, good, kept, rows; wanted is a dict with rmse"),
        "{errors}"
    );
}
