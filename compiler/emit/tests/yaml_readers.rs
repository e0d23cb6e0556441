//! What is printed comes back the same from readers: serde_yaml, and PyYAML for YAML 1.1.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::io::Write;
use std::process::{Command, Stdio};

use fuse_emit::yaml::{self, Tree};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};

/// Texts that some reader takes for something other than a string, or that end or start a construct.
const WORDS: &[&str] = &[
    "on",
    "On",
    "OFF",
    "no",
    "y",
    "Y",
    "n",
    "yes",
    "true",
    "False",
    "null",
    "Null",
    "~",
    "",
    "1_000",
    "0",
    "-1",
    "+1",
    "1.",
    ".5",
    "1e3",
    "1.5e+3",
    "6.8523015e+5",
    "0x1f",
    "0X1F",
    "0o7",
    "017",
    "08",
    "0b1",
    "-0x1",
    "190:20:30",
    "12:30:45",
    "1:2",
    "12:30:45.5",
    "2024-01-01",
    "2024-1-1",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43.10 -5",
    ".inf",
    "-.Inf",
    "+.INF",
    ".nan",
    ".NaN",
    "=",
    "<<",
    "!",
    "!!str",
    "&a",
    "*a",
    "---",
    "...",
    "--- a",
    "-",
    "- a",
    "?",
    "? a",
    ":",
    ": ",
    " :",
    "a: b",
    "a:b",
    "a :b",
    "#",
    " #",
    "a #b",
    "a#b",
    "%",
    "%YAML 1.1",
    "@",
    "`",
    "'",
    "\"",
    "\\",
    "\\n",
    "|",
    ">",
    "|-",
    "[",
    "]",
    "{",
    "}",
    "{}",
    "[]",
    ",",
    "a, b",
    "\t",
    "\ta",
    "a\t",
    " ",
    "  ",
    " a",
    "a ",
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    "\n ",
    "\n\t",
    " \n",
    "\t\n",
    "a\nb",
    "\ta\nb",
    "a\n\tb",
    "  a\nb",
    "a\n  b",
    "\n  a\nb",
    "a\n\n\nb\n\n",
    "#!/bin/sh\nset -eu\n",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{fffd}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{0}",
    "\u{7}",
    "\u{1b}",
    "\u{7f}",
    "\u{9f}",
    "\u{e000}",
    "\u{f0000}",
    "\u{f0024}",
    "\u{f0080}",
    "\u{f0081}",
    "\u{10ffff}",
    "é",
    "🙂",
    "$(params.x)",
    "$$",
    "{\"a\":\"\u{f0081}\"}",
];

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => proptest::sample::select(WORDS).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[ -~]{0,12}",
        1 => "[0-9:._eExXob+-]{1,10}",
        1 => "[a-z \n\t#:]{0,40}",
        1 => "[a-z ]{150,200}",
    ];
    proptest::collection::vec(piece, 1..5).prop_map(|pieces| pieces.concat())
}

fn tree() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        8 => hostile().prop_map(Json::from),
        1 => any::<i64>().prop_map(Json::from),
        1 => any::<f64>().prop_filter("JSON has no others", |f| f.is_finite()).prop_map(Json::from),
        1 => any::<bool>().prop_map(Json::from),
        1 => Just(Json::Null),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            proptest::collection::vec((hostile(), inner), 0..5)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

/// A file of several documents: each a map that holds hostile strings in every position.
fn documents() -> impl Strategy<Value = Vec<Json>> {
    proptest::collection::vec((hostile(), tree(), proptest::collection::vec(hostile(), 0..4)), 1..4).prop_map(|all| {
        all.into_iter()
            .map(|(text, tree, list)| json!({"text": text, "tree": tree, "list": list, "deep": [[{"last": text}]]}))
            .collect()
    })
}

fn print(documents: &[Json]) -> String {
    let texts: Vec<String> = documents.iter().map(|value| yaml::document(&Tree(value)).unwrap()).collect();
    yaml::join(texts.iter().map(String::as_str))
}

fn read(text: &str) -> Vec<Json> {
    use serde::Deserialize;
    serde_yaml::Deserializer::from_str(text).map(|document| Json::deserialize(document).unwrap()).collect()
}

proptest! {
    #![proptest_config(Config { cases: 500, failure_persistence: None, ..Config::default() })]

    #[test]
    fn serde_yaml_reads_back_what_is_printed(documents in documents()) {
        let text = print(&documents);
        prop_assert_eq!(read(&text), documents, "printed as:\n{}", text);
    }
}

#[test]
fn every_word_comes_back_in_every_position() {
    for word in WORDS {
        for document in
            [json!({"a": word}), json!([word]), json!({*word: word}), json!([[word], {"a": [word]}])]
        {
            let text = print(std::slice::from_ref(&document));
            assert_eq!(read(&text), [document], "printed as:\n{text}");
        }
    }
}

/// Reads cases from standard input as JSON and reports what comes back different; dumps tell `1` from `true` and `1.0`.
const PYTHON: &str = r"
import json, sys, yaml
wrong = 0
for case in json.load(sys.stdin):
    want = json.dumps(case['documents'], sort_keys=True)
    try:
        got = json.dumps(list(yaml.safe_load_all(case['text'])), sort_keys=True)
    except Exception as error:
        got = repr(error)
    if got != want:
        wrong += 1
        if wrong <= 5:
            print('PRINTED', case['text'], 'WANT', want, 'GOT', got, sep='\n')
sys.exit(1 if wrong else 0)
";

#[test]
fn pyyaml_reads_back_what_is_printed() {
    let present =
        Command::new("python3").args(["-c", "import yaml"]).output().is_ok_and(|out| out.status.success());
    if !present {
        assert!(std::env::var_os("CI").is_none(), "this test needs python3 with PyYAML");
        eprintln!("SKIPPED pyyaml_reads_back_what_is_printed: python3 with PyYAML is not installed");
        return;
    }
    let mut runner = TestRunner::deterministic();
    let strategy = documents();
    let mut cases: Vec<Vec<Json>> =
        (0..600).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    cases.extend(
        WORDS.iter().map(|word| vec![json!({"a": word, "b": [word]}), json!({*word: [{"c": word}]})]),
    );
    let cases: Vec<Json> = cases
        .into_iter()
        .map(|documents| json!({"text": print(&documents), "documents": documents}))
        .collect();

    let mut python = Command::new("python3")
        .args(["-c", PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(Json::from(cases).to_string().as_bytes()).unwrap();
    let out = python.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
}
