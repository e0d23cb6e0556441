//! Laws that hold for any text: nothing is lost, nothing panics, errors lie in the file and stand in order.
#![allow(clippy::unwrap_used, reason = "tests")]

use fuse_base::FileId;
use fuse_syntax::{MAX_DIAGNOSTICS, Parse, parse};
use proptest::prelude::*;

/// All constructs in a hundred lines.
const PROGRAM: &str = include_str!("hundred.fuse");

/// Checks the laws and hands out the parse.
fn lawful(text: &str) -> Parse {
    let parsed = parse(FileId(0), text);
    assert_eq!(parsed.syntax().to_string(), text);
    assert!(parsed.diagnostics.len() <= MAX_DIAGNOSTICS + 1);
    let mut last = None;
    for error in parsed.diagnostics.iter().take(MAX_DIAGNOSTICS) {
        let (start, end) = (error.span.start as usize, error.span.end as usize);
        assert!(start <= end && end <= text.len(), "{error:?}");
        assert!(text.is_char_boundary(start) && text.is_char_boundary(end), "{error:?}");
        assert!(last < Some(start), "two errors at {start}: {error:?}");
        assert!(!error.message.is_empty() && !error.message.contains("something else"), "{error:?}");
        last = Some(start);
        if let Some(fix) = &error.fix {
            assert!(fix.span.end as usize <= text.len());
        }
    }
    parsed
}

#[test]
fn the_program_is_right() {
    assert_eq!(PROGRAM.lines().count(), 100);
    let parsed = lawful(PROGRAM);
    assert_eq!(parsed.diagnostics, []);
    assert!(!format!("{:?}", parsed.file).contains("Missing"), "a hole without an error");
}

#[test]
fn every_prefix_is_read() {
    for end in (0..=PROGRAM.len()).filter(|end| PROGRAM.is_char_boundary(*end)) {
        lawful(&PROGRAM[..end]);
    }
}

#[test]
fn every_deletion_of_a_byte_is_read() {
    for at in (0..PROGRAM.len()).filter(|at| PROGRAM.as_bytes()[*at].is_ascii()) {
        lawful(&format!("{}{}", &PROGRAM[..at], &PROGRAM[at + 1..]));
    }
}

/// A file with holes always has errors: a view that lacks something without a word would hide a mistake.
#[test]
fn holes_are_reported() {
    for at in (0..PROGRAM.len()).filter(|at| PROGRAM.as_bytes()[*at].is_ascii()) {
        let text = format!("{}{}", &PROGRAM[..at], &PROGRAM[at + 1..]);
        let parsed = lawful(&text);
        if parsed.diagnostics.is_empty() {
            assert!(
                !format!("{:?}", parsed.file).contains("Missing"),
                "unreported hole without byte {at}:\n{text}"
            );
        }
    }
}

/// What hostile texts repeat.
static PARTS: &[&str] = &[
    "f(else ",
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
    ")",
    "]",
    "}",
    "!",
    "- ",
    ".b",
    "+ b ",
    "apply ",
    "fail ",
    "[0]",
    "(1)",
    " with {a: 1}",
    " after b",
    "<b>",
    "' ",
    "$ ",
    "\"",
    "\"\"\"",
    "é",
    "\n",
    "// x\n",
    ";",
    ",",
    "\\",
    "..",
    "..=1",
    "a..b ",
    "1 ",
    "let ",
    "task a() {\n",
    "\n}",
    "pipeline a()\n  ",
    "return\n",
    "a\n  .b",
    "else if b {} ",
    "T?",
    "import ",
    "enum A { a ",
    "///\n",
];

#[test]
fn hostile_texts_are_answered() {
    let mut texts: Vec<String> = vec![
        String::new(),
        "\0".repeat(1000),
        "pipeline a() {\0\u{1}\u{2}\u{3}\u{4}\u{5} f(\u{1}) }".into(),
        "\u{feff}task t() { run [\"x\"] }".into(),
        "pipeline a() {\r\n  f()\r\n}\r\n".into(),
        format!("const a = \"{}\"", "x".repeat(10_000_000)),
        "abc ".repeat(900_000),
        format!("pipeline a() {{ let x = {}1{} }}", "(".repeat(100_000), ")".repeat(100_000)),
        "x".repeat(17 * 1024 * 1024),
        "a ".repeat(1_100_000),
    ];
    for part in PARTS {
        for head in ["", "pipeline a() {\n let x = a", "task t() { x ", "tool t {\n", "type A = "] {
            texts.push(format!("{head}{}", part.repeat(2_000)));
        }
    }
    for text in &texts {
        let parsed = lawful(text);
        // The view can be walked and dropped on the small stack of a test thread.
        assert!(format!("{:?}", parsed.file).len() < 400 * 1024 * 1024);
    }
}

#[test]
fn limits_are_told_once() {
    let count = |text: &str, part: &str| {
        let errors = parse(FileId(0), text).diagnostics;
        (errors.iter().filter(|error| error.message.contains(part)).count(), errors.len())
    };
    let deep = format!("const x = {}1{}", "(".repeat(129), ")".repeat(129));
    assert_eq!(count(&deep, "deeper than 128"), (1, 1));
    let fine = format!("const x = {}1{}", "(".repeat(128), ")".repeat(128));
    assert_eq!(count(&fine, ""), (0, 0));
    let types = format!("type X = {}A{}", "L<".repeat(65), ">".repeat(65));
    assert_eq!(count(&types, "deeper than 64"), (1, 1));
    let types = format!("type X = {}A{}", "L<".repeat(64), ">".repeat(64));
    assert_eq!(count(&types, ""), (0, 0));
    for link in [".b", "(1)", "[0]", " + b", " with { a: 1 }", " && b"] {
        assert_eq!(count(&format!("const x = a{}", link.repeat(400)), ""), (0, 0), "{link}");
        assert_eq!(count(&format!("const x = a{}", link.repeat(600)), "more than 500"), (1, 1), "{link}");
    }
    let chain = |arms| format!("pipeline a() {{ if b {{}} {} }}", "else if b {} ".repeat(arms));
    assert_eq!(count(&chain(400), ""), (0, 0));
    assert_eq!(count(&chain(10_000), "more than 500"), (1, 1));
    assert_eq!(count(&format!("const x = {}a", "!".repeat(100_000)), "more than 500"), (1, 1));
    let many = "pipeline a() {\n".to_owned() + &"  let = 1\n".repeat(80) + "}\n";
    assert_eq!(count(&many, "30 more syntax errors are left out"), (1, MAX_DIAGNOSTICS + 1));
    assert_eq!(count(&"x".repeat(17 * 1024 * 1024), "bytes, more than"), (1, 1));
}

/// Pieces that programs are made of.
static WORDS: &[&str] = &[
    "let ",
    "x",
    "task ",
    "pipeline p(",
    ") {",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    "f<",
    "\n",
    " ",
    ", ",
    ":",
    " = ",
    "\"",
    "\"a{",
    "\"\"\"",
    "r\"",
    "'",
    "if ",
    "else ",
    "for ",
    "in ",
    "return ",
    "with ",
    "after ",
    "-> ",
    "?",
    "??",
    "..",
    "..=",
    "...",
    ".",
    "1",
    "30min",
    "2Gx",
    "// c\n",
    "/// d\n",
    "image ",
    "run ",
    "tool t {\n",
    "import std/x\n",
    "finally {",
    "!",
    "-",
    " + ",
    " < ",
    "==",
    "&&",
    "|",
    "\\",
    "$",
    "\0",
    "\u{1}",
    "é",
    "“",
    "enum E { a }\n",
    "const c = ",
    "type T = ",
    "true",
    "none",
    "apply ",
    "fail ",
    "\r\n",
    ";",
    "pub ",
    "by uri(",
];

/// One of the pieces, or any character.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(WORDS).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_pieces_are_read(pieces in prop::collection::vec(piece(), 0..120)) {
        lawful(&pieces.concat());
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        lawful(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_damage_is_read(
        from in 0..PROGRAM.len(),
        length in 0_usize..60,
        pieces in prop::collection::vec(piece(), 0..4),
    ) {
        let boundary = |mut at: usize| {
            at = at.min(PROGRAM.len());
            while !PROGRAM.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (boundary(from), boundary(from + length));
        lawful(&format!("{}{}{}", &PROGRAM[..start], pieces.concat(), &PROGRAM[end..]));
    }
}
