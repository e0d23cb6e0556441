//! A generated package of any size, for benchmarks and limits.

use std::fmt::Write as _;

/// Tasks of the package: one that starts, some with one input, some that join three.
const FANS: usize = 14;
const JOINS: usize = 6;

/// A package whose pipeline has `count` steps: the first, then groups of three steps side by side and one that
/// joins them. Its 21 tasks have inputs and outputs of the types `String`, `Int` and `Float`; nothing is guarded.
#[must_use]
pub fn steps_package(count: usize) -> Vec<(String, String)> {
    let project = "[package]\nname = \"steps\"\n\n[target.dev]\nnamespace = \"ml-dev\"\n\
        tekton = { version = \"1.15\", api-fields = \"beta\" }\n\
        store = { kind = \"pvc\", size = \"10Gi\" }\n\
        step-image = \"registry.example/fuse/fuse-step:0.1.0\"\n";
    vec![
        ("fuse.toml".to_owned(), project.to_owned()),
        ("main.fuse".to_owned(), format!("import ./tasks\n\n{}", pipeline(count.max(1)))),
        ("tasks.fuse".to_owned(), tasks()),
    ]
}

fn pipeline(count: usize) -> String {
    let mut text = String::from("/// Generated.\npipeline steps(seed: Int = 1) -> { label: String } {\n");
    text.push_str("  let s0 = tasks.start(seed)\n");
    let (mut head, mut next) = (0, 1);
    while next < count {
        let fan: Vec<usize> = (next..count.min(next + 3)).collect();
        for step in &fan {
            let task = step % FANS;
            let _ = writeln!(
                text,
                "  let s{step} = tasks.fan_{task}(label: s{head}.label, total: s{head}.total, score: s{head}.score)"
            );
        }
        next += fan.len();
        head = next - 1;
        if let ([a, b, c], true) = (fan.as_slice(), next < count) {
            let task = next % JOINS;
            let _ = writeln!(
                text,
                "  let s{next} = tasks.join_{task}(first: s{a}.label, second: s{b}.total, third: s{c}.score)"
            );
            head = next;
            next += 1;
        }
    }
    let _ = write!(text, "  return {{ label: s{head}.label }}\n}}\n");
    text
}

fn tasks() -> String {
    const OUTPUTS: &str = "{ label: String ..=64, total: Int, score: Float }";
    let body = |label: &str, total: &str, score: &str| {
        format!(
            "  image \"alpine:3.22\"\n  script sh \"\"\"\n    printf %s {label} > \"$OUT_LABEL\"\n    \
             printf %s {total} > \"$OUT_TOTAL\"\n    printf %s {score} > \"$OUT_SCORE\"\n  \"\"\"\n  \
             with {{ cpu: 100m, memory: 64Mi, timeout: 10min }}\n}}\n"
        )
    };
    let mut text = format!("/// Starts.\npub task start(seed: Int) -> {OUTPUTS} {{\n");
    text.push_str(&body("start", "\"$IN_SEED\"", "0.5"));
    for i in 0..FANS {
        let _ = write!(
            text,
            "\n/// Step {i} of a fan.\npub task fan_{i}(label: String ..=64, total: Int, score: Float) -> {OUTPUTS} {{\n{}",
            body(&format!("fan-{i}"), "\"$IN_TOTAL\"", "\"$IN_SCORE\"")
        );
    }
    for i in 0..JOINS {
        let _ = write!(
            text,
            "\n/// Join {i}.\npub task join_{i}(first: String ..=64, second: Int, third: Float) -> {OUTPUTS} {{\n{}",
            body("\"$IN_FIRST\"", "\"$IN_SECOND\"", "\"$IN_THIRD\"")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_as_many_steps_as_asked_for() {
        for count in [1, 2, 4, 5, 10, 1_000] {
            let files = steps_package(count);
            let pipeline = &files.iter().find(|(path, _)| path == "main.fuse").unwrap().1;
            assert_eq!(pipeline.matches("= tasks.").count(), count);
            let tasks = &files.iter().find(|(path, _)| path == "tasks.fuse").unwrap().1;
            assert_eq!(tasks.matches("pub task ").count(), 21);
        }
    }
}
