//! Syntax errors: each at its place, with its code and words, and nothing besides.
#![allow(clippy::unwrap_used, reason = "tests")]

use fuse_base::{Sources, codes};
use fuse_syntax::parse;

/// The errors of a text, a line each: `line:column code message`.
fn errors(text: &str) -> Vec<String> {
    let mut sources = Sources::new();
    let file = sources.add("a.fuse", text);
    let parsed = parse(file, text);
    assert_eq!(parsed.syntax().to_string(), text);
    let line = |error: &fuse_base::Diagnostic| {
        let place = sources.line_column(error.span);
        format!("{}:{} {} {}", place.line, place.column, error.code.id, error.message)
    };
    parsed.diagnostics.iter().map(line).collect()
}

/// The statements of a pipeline, from line 2 on.
fn inside(statements: &str) -> Vec<String> {
    errors(&format!("pipeline p() {{\n{statements}\n}}\n"))
}

/// The text after the fixes of its errors, if they all have one.
fn fixed(text: &str) -> Option<String> {
    let mut sources = Sources::new();
    let file = sources.add("a.fuse", text);
    let mut result = text.to_owned();
    for error in parse(file, text).diagnostics.iter().rev() {
        let fix = error.fix.as_ref()?;
        result.replace_range(fix.span.start as usize..fix.span.end as usize, &fix.replacement);
    }
    Some(result)
}

#[test]
fn a_missing_brace_is_told_at_its_opener_and_the_next_pipeline_is_read() {
    let text = "pipeline a() {\n  if x < 3 {\n    f()\n  g()\n}\npipeline b() {\n  let = 1\n}\n";
    assert_eq!(errors(text), ["2:12 FS0102 `{` is never closed", "7:7 FS0101 expected a name, found `=`"]);
    assert_eq!(errors("pipeline a() {\n  f()\n\npipeline b() {}\n"), ["1:14 FS0102 `{` is never closed"]);
    assert_eq!(errors("task a() {\n  image \"x\"\n"), ["1:10 FS0102 `{` is never closed"]);
}

#[test]
fn a_missing_parenthesis_is_told_at_its_opener_and_the_next_line_is_read() {
    assert_eq!(
        inside("  let x = f(1, 2\n  let = g(x)"),
        ["2:12 FS0102 `(` is never closed", "3:7 FS0101 expected a name, found `=`"]
    );
    assert_eq!(inside("  let x = f([1, 2)\n  g(x)"), ["2:13 FS0102 `[` is never closed"]);
    assert_eq!(inside("  let x = f(\n    1,\n  let y = 2\n  )"), ["2:12 FS0102 `(` is never closed"]);
}

#[test]
fn a_misspelt_keyword_is_told_with_the_one_that_is_meant() {
    let text = "pipline a() {\n  f()\n}\npipeline b() {\n  lett z = f()\n  retrun { z }\n}\n";
    assert_eq!(
        errors(text),
        [
            "1:1 FS0112 `pipline` is no keyword",
            "5:3 FS0112 `lett` is no keyword",
            "6:3 FS0112 `retrun` is no keyword"
        ]
    );
    assert_eq!(
        fixed(text).unwrap(),
        text.replace("pipline", "pipeline").replace("lett", "let").replace("retrun", "return")
    );
}

#[test]
fn stray_closers_and_characters_are_told_where_they_are() {
    assert_eq!(
        inside("  let x = f(1)]\n  let y = $ + 2\n  g(@a)"),
        [
            "2:15 FS0103 `]` closes nothing",
            "3:11 FS0105 `$` means nothing here",
            "4:5 FS0105 `@` means nothing here"
        ]
    );
    assert_eq!(errors("}\npipeline a() {}\n)\n").len(), 2);
}

#[test]
fn a_string_without_end_swallows_its_line_only() {
    assert_eq!(
        inside("  let x = f(\"abc, 1)\n  let = g(x)"),
        ["2:13 FS0104 this string is never closed", "3:7 FS0101 expected a name, found `=`"]
    );
    assert_eq!(inside("  f(\"a {b\n  g()"), ["2:8 FS0104 the line ends inside a hole of a string"]);
    assert_eq!(
        errors("task t() {\n  script sh \"\"\"\n    echo\n}\n"),
        ["2:13 FS0104 this `\"\"\"` string is never closed"]
    );
}

#[test]
fn a_missing_sign_is_told_where_it_should_stand() {
    assert_eq!(
        inside("  let m f(x)\n  let n\n  let k =\n  let = 1"),
        [
            "2:9 FS0101 expected `=`, found `f`",
            "3:8 FS0101 expected `=`, found the end of the line",
            "4:10 FS0101 expected a value, found the end of the line",
            "5:7 FS0101 expected a name, found `=`"
        ]
    );
}

#[test]
fn a_wrong_unit_is_told_at_the_unit() {
    assert_eq!(
        inside("  f() with { memory: 2Gx, timeout: 30 m }"),
        ["2:22 FS0107 `Gx` is no unit", "2:39 FS0107 a unit stands at its number, without a blank"]
    );
}

#[test]
fn four_errors_are_told_in_one_run() {
    assert_eq!(
        inside("  let x = f(1 2)\n  let = 3\n  for x xs { g() }\n  h(a, , b)"),
        [
            "2:15 FS0114 expected `,` or `)`, found `2`",
            "3:7 FS0101 expected a name, found `=`",
            "4:9 FS0101 expected `in`, found `xs`",
            "5:8 FS0101 expected an argument, found `,`"
        ]
    );
}

#[test]
fn errors_in_nested_blocks_are_told_each() {
    assert_eq!(
        inside("  if x {\n    let = 2\n    for y in ys {\n      f(]\n    }\n  }"),
        [
            "3:9 FS0101 expected a name, found `=`",
            "5:8 FS0102 `(` is never closed",
            "5:9 FS0103 `]` closes nothing"
        ]
    );
}

#[test]
fn a_missing_member_keeps_what_it_belongs_to() {
    let text = "pipeline p() {\n  let m = mlflow.\n  let n = 1\n}\n";
    assert_eq!(errors(text), ["2:18 FS0101 expected the name of a member, found the end of the line"]);
    let view = format!("{:?}", parse(fuse_base::FileId(0), text).file);
    assert!(view.contains("Member") && view.contains("mlflow"), "{view}");
}

#[test]
fn nothing_and_noise() {
    assert_eq!(errors(""), Vec::<String>::new());
    let noise = errors("\u{1}\u{2} \u{7f}\u{0}");
    assert_eq!(
        noise,
        [
            "1:1 FS0105 the control character U+0001 is no part of a program",
            "1:4 FS0105 the control character U+007F is no part of a program"
        ]
    );
}

#[test]
fn a_missing_opener_of_a_block_is_assumed() {
    assert_eq!(
        errors("pipeline a()\n  let x = f()\n  g(x)\n}\npipeline b() {\n  if x\n    f()\n  }\n  h()\n}\n"),
        [
            "1:13 FS0101 expected `{`, found the end of the line",
            "6:7 FS0101 expected `{`, found the end of the line"
        ]
    );
}

#[test]
fn what_stands_in_the_wrong_place_is_told_so() {
    assert_eq!(
        errors("let x = 1\nfoo()\ntask t() {\n  let y = 2\n  image: \"a\"\n}\n"),
        [
            "1:1 FS0111 `let` starts a statement, which cannot stand at the top of a file",
            "2:1 FS0101 expected a declaration, found `foo`",
            "4:3 FS0111 `let` starts a statement, which cannot stand here",
            "5:8 FS0101 expected the end of the line, found `:`"
        ]
    );
    assert_eq!(
        errors("pipeline on() {\n  let type = 1\n  f(task)\n}\n"),
        [
            "1:10 FS0113 `on` is a reserved word and cannot be a name here",
            "2:7 FS0113 `type` is a reserved word and cannot be a name here",
            "3:5 FS0101 expected an argument, found `task`"
        ]
    );
}

#[test]
fn comparisons_ranges_and_escapes() {
    assert_eq!(
        inside("  let a = 1..3\n  let b = a < b < c\n  let c = \"\\q\"\n  let d = a<b\n  if a = b { f() }"),
        [
            "2:12 FS0109 ranges are written `..=`: both ends belong to them",
            "3:17 FS0108 comparisons do not chain",
            "4:12 FS0110 `\\q` is no escape",
            "5:12 FS0102 `<` is never closed",
            "6:8 FS0101 expected `{`, found `=`"
        ]
    );
}

#[test]
fn fixes_put_the_text_right() {
    let text = "pipeline p(x: Int 1..5 y: Int) {\n  f('a', 1 2) with { timeout: 30 min }\n}\n";
    let right = "pipeline p(x: Int 1..=5, y: Int) {\n  f(\"a\", 1, 2) with { timeout: 30min }\n}\n";
    assert_eq!(fixed(text).unwrap(), right);
    assert_eq!(errors(right), Vec::<String>::new());
}

#[test]
fn every_code_of_the_family_has_a_page_of_the_right_shape() {
    for code in codes::all().filter(|code| code.id.starts_with("FS01")) {
        assert!(code.page.starts_with(&format!("# {}: {}\n", code.id, code.name)), "{}", code.id);
        let part = |heading: &str| {
            let rest = code.page.split(heading).nth(1).unwrap();
            rest.split("```fuse\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
        };
        let (failing, right) = (part("## Fails"), part("## Fixed"));
        let found = errors(&failing);
        assert_eq!(found.len(), 1, "{}: {found:?}", code.id);
        assert!(found[0].contains(code.id), "{}: {found:?}", code.id);
        assert_eq!(errors(&right), Vec::<String>::new(), "{}", code.id);
    }
}
