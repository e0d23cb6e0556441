//! The grammar needs linear effort for any text, counted in calls of the parser and not in time.
//!
//! The limit on calls is one setting of the process, so this file has one test.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::num::NonZeroUsize;

use fuse_base::FileId;
use fuse_syntax::parse;

/// Whether a text is read with at most so many calls; else the tree has no nodes.
fn reads(text: &str, calls: usize) -> bool {
    pest::set_call_limit(NonZeroUsize::new(calls));
    parse(FileId(0), text).syntax().children().next().is_some()
}

/// The fewest calls that read a text, within two in a hundred.
fn calls(text: &str) -> usize {
    let (mut low, mut high) = (1, 64);
    while !reads(text, high) {
        low = high;
        high *= 2;
        assert!(high < 4_000 * (text.len() + 100), "{} bytes need more than {high} calls", text.len());
    }
    while high - low > low / 50 + 1 {
        let middle = usize::midpoint(low, high);
        if reads(text, middle) { high = middle } else { low = middle }
    }
    high
}

/// What texts are made of.
static PARTS: &[&str] = &[
    "f(else ",
    "f(a, ",
    "(",
    "[",
    "{",
    "f<",
    "\"{",
    "if x {",
    "[{(",
    "a { b ",
    "x: {",
    "(}",
    "[(",
    "{)",
    "!",
    "- ",
    ".b",
    " + b",
    "apply ",
    "fail ",
    "[0]",
    "(1)",
    " with {a: 1}",
    " with ",
    " after b",
    "<b>",
    "\"",
    "é",
    "\n",
    ";",
    ",",
    "..",
    "..=1",
    "a..b ",
    "1 ",
    "let ",
    "let\n",
    "task a() {\n",
    "\n}",
    "return\n",
    "a\n  .b",
    "else if b {} ",
    "T?",
    "import ",
    "enum A { a ",
    "f(a b, ",
    "{ a b ",
    "x { image \"a\" ",
    "requires [",
    "-> { a: ",
];

/// What stands before.
static HEADS: &[&str] = &[
    "const k = 1\n",
    "pipeline a() {\n let x = a",
    "pipeline a() {\n",
    "task t() { x ",
    "tool t {\n",
    "type A = ",
    "task t<",
];

#[test]
fn doubling_a_text_doubles_the_effort() {
    // The first parse sets the limit of the process.
    let _ = parse(FileId(0), "");
    for part in PARTS {
        for head in HEADS {
            let text = |times: usize| format!("{head}{}", part.repeat(times));
            // Past the bound on depth, so that it is the length which counts.
            let (small, large) = (calls(&text(200)), calls(&text(400)));
            assert!(large <= small * 21 / 10 + 200, "{head:?} + {part:?}: {small} calls, then {large}");
            // Below the bound: each level costs the same.
            let (small, large) = (calls(&text(25)), calls(&text(50)));
            assert!(large <= small * 23 / 10 + 200, "{head:?} + {part:?}: {small} calls, then {large}");
        }
    }
}
