//! The JSON schema of `fuse.toml` against its reader: what one refuses the other refuses, where a schema can.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fuse_analysis::project::{read, schema};
use fuse_base::Sources;
use jsonschema::Validator;
use serde_json::{Value as Json, json};

/// Every key there is, in a file without a mistake.
const FULL: &str = include_str!("full.fuse.toml");

/// What no schema says: what one value means for another, and what stands inside of texts.
const BEYOND: [&str; 12] = [
    "there is no target",
    "a value without the `key`",
    "`Equal` compares with",
    "`Exists` looks at",
    "only what is evicted",
    "user 0 is root",
    "says how a claim is made",
    "`store` has no `size`",
    "`ca` holds no certificate",
    "is no folder in a bucket",
    "in `[target]`, which holds only targets",
    "to extend",
];

fn validator() -> Validator {
    jsonschema::draft7::new(&schema()).expect("the schema is one")
}

/// The messages of the reader.
fn refusals(text: &str) -> Vec<String> {
    let mut sources = Sources::new();
    let file = sources.add("fuse.toml", text);
    let mut diagnostics = Vec::new();
    let _project = read(file, text, &mut diagnostics);
    diagnostics.into_iter().map(|one| one.message).collect()
}

fn json_of(text: &str) -> Json {
    let table: toml::Table = text.parse().expect("TOML");
    serde_json::to_value(table).expect("JSON")
}

fn toml_of(json: &Json) -> String {
    toml::to_string(&toml::Value::try_from(json).expect("TOML values")).expect("TOML text")
}

/// The pointers of all values.
fn pointers(json: &Json, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    let part = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match json {
        Json::Object(fields) => {
            fields.iter().for_each(|(key, value)| pointers(value, &format!("{at}/{}", part(key)), all));
        }
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(n, value)| pointers(value, &format!("{at}/{n}"), all));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// The file with one thing wrong, or perhaps not: the reader says.
fn changed(full: &Json) -> Vec<(String, Json)> {
    let mut places = Vec::new();
    pointers(full, "", &mut places);
    let mut all = Vec::new();
    for place in places {
        let old = full.pointer(&place).expect("a place of the file");
        let mut values =
            vec![json!("!"), json!(7_000_000_000_i64), json!(true), json!([]), json!({}), json!(1.5)];
        values.extend([json!([{}]), json!(["a", 1]), json!(""), json!(-1), json!("a/b c")]);
        for value in values {
            // Only tables stand at the root.
            if value != *old && !place.is_empty() {
                let mut other = full.clone();
                *other.pointer_mut(&place).expect("a place") = value.clone();
                all.push((format!("{place} = {value}"), other));
            }
        }
        let Json::Object(fields) = old else { continue };
        for key in fields.keys() {
            let mut other = full.clone();
            other.pointer_mut(&place).and_then(Json::as_object_mut).expect("a table").remove(key);
            all.push((format!("{place} without {key}"), other));
        }
        for value in [json!("text"), json!(["a"]), json!({ "a": "b" })] {
            let mut other = full.clone();
            let table = other.pointer_mut(&place).and_then(Json::as_object_mut).expect("a table");
            table.insert("another".into(), value.clone());
            all.push((format!("{place} with another = {value}"), other));
        }
    }
    all
}

#[test]
fn the_reader_and_the_schema_refuse_the_same() {
    let (validator, full) = (validator(), json_of(FULL));
    assert_eq!(refusals(FULL), Vec::<String>::new());
    let first = validator.iter_errors(&full).next();
    assert!(first.is_none(), "{first:?}");
    let all = changed(&full);
    let mut wrong = Vec::new();
    let (mut refused, mut accepted) = (0, 0);
    for (what, json) in &all {
        let messages = refusals(&toml_of(json));
        let beyond = |message: &String| BEYOND.iter().any(|words| message.contains(words));
        let schema = validator.is_valid(json);
        let reader = messages.is_empty();
        refused += usize::from(!schema);
        accepted += usize::from(schema);
        // What a part lacks may come from another target; the reader looks there.
        let part = |message: &String| {
            message.contains(" has no `")
                && ["/target/base", "/target/kept"].iter().any(|at| what.starts_with(at))
        };
        if schema != reader && !(schema && messages.iter().all(|one| beyond(one) || part(one))) {
            wrong.push(format!("{what}: schema {schema}, reader {messages:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
    assert!(refused > 1_000 && accepted > 100, "{refused} refused, {accepted} accepted");
}

/// The properties of a schema, `*` for names that users choose.
fn keys(schema: &Json, part: &Json, at: &str, depth: usize, all: &mut BTreeSet<String>) {
    if depth > 24 {
        return;
    }
    let mut into = |part: &Json, at: &str| keys(schema, part, at, depth + 1, all);
    if let Some(name) = part.get("$ref").and_then(Json::as_str) {
        if name != "#/definitions/setting" {
            into(schema.pointer(name.trim_start_matches('#')).expect("a definition"), at);
        }
        return;
    }
    for word in ["anyOf", "oneOf"] {
        part.get(word).and_then(Json::as_array).into_iter().flatten().for_each(|one| into(one, at));
    }
    ["then", "else", "items"].iter().filter_map(|word| part.get(*word)).for_each(|one| into(one, at));
    if let Some(rest) = part.get("additionalProperties").filter(|rest| rest.is_object()) {
        into(rest, &format!("{at}/*"));
    }
    for (name, inner) in part.get("properties").and_then(Json::as_object).into_iter().flatten() {
        into(inner, &format!("{at}/{name}"));
    }
    for name in part.get("properties").and_then(Json::as_object).into_iter().flat_map(|all| all.keys()) {
        all.insert(format!("{at}/{name}"));
    }
}

#[test]
fn the_full_file_has_every_key_of_the_schema() {
    let schema = schema();
    let mut known = BTreeSet::new();
    keys(&schema, &schema, "", 0, &mut known);
    assert!(known.len() > 50, "{known:?}");
    let full = json_of(FULL);
    let mut places = Vec::new();
    pointers(&full, "", &mut places);
    let fits = |key: &str, place: &str| {
        let place: Vec<&str> = place.split('/').filter(|part| part.parse::<usize>().is_err()).collect();
        let key: Vec<&str> = key.split('/').collect();
        key.len() == place.len() && key.iter().zip(&place).all(|(a, b)| *a == "*" || a == b)
    };
    // `secret` and `rewrite` of a tool stand in the schema to be refused; dependencies are read elsewhere.
    let refused = ["/target/*/bind/*/secret", "/target/*/bind/*/rewrite", "/dependencies"];
    let missing: Vec<&String> = known
        .iter()
        .filter(|key| !refused.contains(&key.as_str()) && !places.iter().any(|place| fits(key, place)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// All files called `fuse.toml` below a folder.
fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, all);
        } else if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("fuse.toml")) {
            all.push(path);
        }
    }
}

#[test]
fn files_of_the_repository_are_judged_alike() {
    let root = common::repository();
    let mut all = Vec::new();
    for folder in ["golden", "examples", "compiler/driver/new"] {
        files(&root.join(folder), &mut all);
    }
    all.sort();
    let validator = validator();
    let (mut good, mut bad) = (0, 0);
    for path in all {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let text = text.replace("{{name}}", "name");
        let Ok(table) = text.parse::<toml::Table>() else { continue };
        let json = serde_json::to_value(table).expect("JSON");
        let messages = refusals(&text);
        let beyond = |message: &String| BEYOND.iter().any(|words| message.contains(words));
        let schema = validator.is_valid(&json);
        let fits = schema == messages.is_empty() || (schema && messages.iter().all(beyond));
        assert!(fits, "{}: schema {schema}, reader {messages:?}", path.display());
        if schema { good += 1 } else { bad += 1 }
    }
    assert!(good >= 10 && bad >= 2, "{good} good, {bad} bad");
}
