//! What diagnostics look like, and that no source can spoil them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Write as _;

use fuse_base::render::{Style, human, json};
use fuse_base::{Code, Diagnostic, FileId, Severity, Sources, Span};
use insta::assert_snapshot;
use proptest::prelude::*;

static ERROR: Code = Code { id: "FS9901", name: "test-error", severity: Severity::Error, page: "" };
static WARNING: Code = Code { id: "FS9902", name: "test-warning", severity: Severity::Warning, page: "" };

fn span(sources: &Sources, file: FileId, what: &str) -> Span {
    let text = &sources.get(file).unwrap().text;
    let start = text.find(what).unwrap_or_else(|| panic!("`{what}` is not in the text"));
    Span::new(file, u32::try_from(start).unwrap(), u32::try_from(start + what.len()).unwrap())
}

fn show(diagnostic: Diagnostic, sources: &Sources) -> String {
    human(&[diagnostic], sources, Style::default())
}

fn pipeline() -> (Sources, FileId) {
    let mut sources = Sources::new();
    let text =
        "import std/git\n\npipeline p() {\n  let a = gti.clone()\n  let b = 1\n  let c = 2\n  use(a)\n}\n";
    let file = sources.add("main.fuse", text);
    (sources, file)
}

#[test]
fn cause_note_label_help_and_fix() {
    let (sources, file) = pipeline();
    let diagnostic = Diagnostic::new(&ERROR, span(&sources, file, "gti"), "there is no `gti`")
        .note("not a name here")
        .label(span(&sources, file, "std/git"), "`git` comes from here")
        .help("did you mean `git`?")
        .fix("write `git`", span(&sources, file, "gti"), "git");
    assert_snapshot!(show(diagnostic, &sources));
}

#[test]
fn warning_without_words_at_the_cause() {
    let (sources, file) = pipeline();
    assert_snapshot!(show(
        Diagnostic::new(&WARNING, span(&sources, file, "b = 1"), "`b` is never used"),
        &sources
    ));
}

#[test]
fn labels_in_other_files_show_those_files() {
    let (mut sources, file) = pipeline();
    let toml = sources.add("fuse.toml", "[package]\nname = \"p\"\n\n[target.dev]\nnamespace = \"ml\"\n");
    let other = sources.add("lib.fuse", "pub task clone() {}\n");
    let diagnostic = Diagnostic::new(&ERROR, span(&sources, file, "gti.clone"), "`git` is not bound")
        .label(span(&sources, toml, "[target.dev]"), "bind it here")
        .label(span(&sources, other, "clone"), "declared here");
    assert_snapshot!(show(diagnostic, &sources));
}

#[test]
fn places_far_apart_are_two_snippets() {
    let mut sources = Sources::new();
    let mut text = String::from("let first = 1\n");
    for i in 0..200 {
        let _ = writeln!(text, "let x{i} = {i}");
    }
    text.push_str("let first = 2");
    let file = sources.add("main.fuse", text);
    let end = u32::try_from(sources.get(file).unwrap().text.len()).unwrap();
    let diagnostic = Diagnostic::new(&ERROR, Span::new(file, end - 9, end - 4), "`first` is declared twice")
        .label(Span::new(file, 4, 9), "first here");
    assert_snapshot!(show(diagnostic, &sources));
}

#[test]
fn ends_of_lines_and_of_the_file() {
    let mut sources = Sources::new();
    let file = sources.add("main.fuse", "let a =\r\nlet b\n");
    let mut out = String::new();
    for (at, message) in [(7, "end of a line"), (15, "end of the file"), (99, "past the end"), (0, "start")] {
        out.push_str(&show(Diagnostic::new(&ERROR, Span::new(file, at, at), message).note("here"), &sources));
    }
    let empty = sources.add("empty.fuse", "");
    out.push_str(&show(Diagnostic::new(&ERROR, Span::new(empty, 0, 0), "an empty file"), &sources));
    let none = FileId(99);
    out.push_str(&show(Diagnostic::new(&ERROR, Span::new(none, 3, 4), "an unknown file"), &sources));
    assert_snapshot!(out);
}

#[test]
fn a_range_of_many_lines_marks_its_first_line() {
    let (sources, file) = pipeline();
    let text = &sources.get(file).unwrap().text;
    let start = u32::try_from(text.find("pipeline").unwrap()).unwrap();
    let short = Span::new(file, start, u32::try_from(text.find("let c").unwrap()).unwrap());
    let mut out = show(Diagnostic::new(&ERROR, short, "a few lines").note("all of this"), &sources);
    let mut long = Sources::new();
    let body: String = (0..50).map(|i| format!("  let x{i} = 1\n")).collect();
    let file = long.add("main.fuse", format!("pipeline p() {{\n{body}}}\n"));
    let end = u32::try_from(long.get(file).unwrap().text.len()).unwrap();
    out.push_str(&show(Diagnostic::new(&ERROR, Span::new(file, 0, end), "many lines").note("this"), &long));
    assert_snapshot!(out);
}

#[test]
fn control_characters_are_shown_and_not_sent() {
    let mut sources = Sources::new();
    let file = sources.add("a\u{1b}[2Jb.fuse", "let a = \"\u{1b}[31m\u{0}\t\u{7f}\u{202e}\" + é\n");
    let diagnostic = Diagnostic::new(&ERROR, span(&sources, file, "é"), "no `\u{1b}[31m`")
        .note("a \u{7}bell")
        .help("leave \u{8} out");
    let out = show(diagnostic, &sources);
    assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out:?}");
    assert_snapshot!(out);
}

#[test]
fn ten_megabytes_on_one_line_show_a_window() {
    let mut sources = Sources::new();
    let mut text = "let x = 1; ".repeat(1_000_000);
    let middle = text.len() / 2;
    text.insert_str(middle, "MISTAKE");
    let file = sources.add("main.fuse", text);
    let at = span(&sources, file, "MISTAKE");
    let diagnostic = Diagnostic::new(&ERROR, at, "a mistake")
        .note("here")
        .label(Span::new(file, 4, 5), "far to the left of it");
    let out = show(diagnostic, &sources);
    assert!(out.len() < 2_000, "{} bytes", out.len());
    assert_snapshot!(out);
    let all = Span::new(file, 0, u32::try_from(sources.get(file).unwrap().text.len()).unwrap());
    let out = show(Diagnostic::new(&ERROR, all, "everything"), &sources);
    assert!(out.len() < 2_000, "{} bytes", out.len());
}

#[test]
fn color_is_asked_for() {
    let (sources, file) = pipeline();
    let diagnostic = || Diagnostic::new(&ERROR, span(&sources, file, "gti"), "there is no `gti`");
    let style = |color| Style { color, ..Style::default() };
    assert!(human(&[diagnostic()], &sources, style(true)).contains("\u{1b}["));
    assert!(!human(&[diagnostic()], &sources, style(false)).contains('\u{1b}'));
}

#[test]
fn json_is_one_line_with_every_key() {
    let (mut sources, file) = pipeline();
    let toml = sources.add("fuse.toml", "é = \"\n\"\n[target.dev]\n");
    let full = Diagnostic::new(&ERROR, span(&sources, file, "gti"), "there is \"no\"\n`gti`")
        .note("here")
        .label(span(&sources, toml, "[target.dev]\n"), "bind it")
        .help("did you mean `git`?")
        .fix("write `git`", span(&sources, file, "gti"), "git");
    let bare = Diagnostic::new(&WARNING, Span::new(FileId(9), 0, 0), "nowhere");
    let out = format!("{}\n{}\n", json(&full, &sources), json(&bare, &sources));
    assert_eq!(out.lines().count(), 2);
    assert_snapshot!(out);
}

proptest! {
    /// Whatever the text and the ranges: a report comes out, with its message.
    #[test]
    fn never_panics(
        text in "[a\u{e9}\u{4e2d}\u{1b}\t \r\n]{0,80}|.{0,400}",
        spans in prop::collection::vec((0u32..500, 0u32..100), 1..5),
        width in 0usize..120,
    ) {
        let mut sources = Sources::new();
        let file = sources.add("main.fuse", text);
        let mut spans = spans.into_iter().map(|(start, len)| Span::new(file, start, start + len));
        let mut diagnostic = Diagnostic::new(&ERROR, spans.next().unwrap(), "message").note("note");
        for span in spans {
            diagnostic = diagnostic.label(span, "label\nof two lines");
        }
        let out = human(std::slice::from_ref(&diagnostic), &sources, Style { color: false, width });
        prop_assert!(out.contains("message"));
        prop_assert!(!out.contains("Failed to read"), "{}", out);
        let object: serde_json::Value = serde_json::from_str(&json(&diagnostic, &sources)).unwrap();
        prop_assert!(object["line"].as_u64().unwrap() >= 1);
    }
}
