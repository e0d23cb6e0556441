//! The only printer of YAML. Readers are Kubernetes' own (Go, YAML 1.1), kustomize, and PyYAML (YAML 1.1), so
//! every string must come back as the same string from a YAML 1.1 reader: `on`, `1_000`, `12:30:45` and their like
//! are quoted. serde_yaml and its forks print those bare; serde-saphyr does not.
//!
//! Strings are plain where that is safe and double-quoted elsewhere, on one line however long. A [`Text`] of several
//! lines is a literal block where that says exactly the same. Keys keep the order of their struct or map.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde_json::Value as Json;
use serde_saphyr::{DoubleQuoted, LitStr, SerializerOptions, ser_options};

/// A value that the output cannot hold, such as a map whose key is a list.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    pub(crate) fn new(cause: impl fmt::Display) -> Self {
        Self(cause.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this cannot be printed: {}", self.0)
    }
}

impl std::error::Error for Error {}

fn options() -> SerializerOptions {
    // Automatic block scalars also fold long lines and misread a first line that starts with a tab; `Text` asks for
    // them where they are exact.
    ser_options! { prefer_block_scalars: false, min_fold_chars: 0 }
}

/// One document in block style, with its final newline and without a `---` line.
pub fn document<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_saphyr::to_string_with_options(value, options()).map_err(Error::new)
}

/// Several documents in one file: `---` stands between them.
#[must_use]
pub fn join<'a>(documents: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for (at, document) in documents.into_iter().enumerate() {
        if at > 0 {
            out.push_str("---\n");
        }
        out.push_str(document);
    }
    out
}

/// A string that may have several lines: a script, a description.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Text<'a>(pub &'a str);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.0.contains('\n') {
            serializer.serialize_str(self.0)
        } else if is_literal(self.0) {
            LitStr(self.0).serialize(serializer)
        } else {
            DoubleQuoted(self.0).serialize(serializer)
        }
    }
}

/// Whether a literal block holds exactly this text for every reader. A first line that starts with a blank needs an
/// indentation indicator, which readers disagree on where tabs are involved; characters that YAML counts as line
/// breaks or does not print need escapes.
fn is_literal(text: &str) -> bool {
    let body = text.trim_start_matches('\n');
    !body.is_empty()
        && !body.starts_with([' ', '\t'])
        && text.chars().all(|c| {
            !matches!(c, '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
                && (!c.is_control() || matches!(c, '\n' | '\t'))
        })
}

/// A value of JSON, keys in its own order, strings as [`Text`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Tree<'a>(pub &'a Json);

impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Number(value) => value.serialize(serializer),
            Json::String(value) => Text(value).serialize(serializer),
            Json::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Tree(item))?;
                }
                list.end()
            }
            Json::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in fields {
                    map.serialize_entry(key, &Tree(value))?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(value: &Json) -> String {
        document(&Tree(value)).unwrap()
    }

    #[test]
    fn scripts_are_literal_blocks_and_odd_texts_are_quoted() {
        assert_eq!(
            text(&json!({"script": "#!/bin/sh\nset -eu\n\techo\n"})),
            "script: |\n  #!/bin/sh\n  set -eu\n  \techo\n"
        );
        assert_eq!(text(&json!({"a": "x\ny"})), "a: |-\n  x\n  y\n");
        assert_eq!(text(&json!({"a": "x\n\n"})), "a: |+\n  x\n\n");
        assert_eq!(text(&json!({"a": "\tx\ny"})), "a: \"\\tx\\ny\"\n");
        assert_eq!(text(&json!({"a": "x\r\ny"})), "a: \"x\\r\\ny\"\n");
        assert_eq!(text(&json!({"a": "\n\n"})), "a: \"\\n\\n\"\n");
    }

    #[test]
    fn strings_that_a_yaml_1_1_reader_takes_for_something_else_are_quoted() {
        for word in [
            "on",
            "no",
            "y",
            "yes",
            "1_000",
            "2024-01-01",
            "12:30:45",
            "=",
            "0x1f",
            "0o7",
            ".inf",
            "~",
            "null",
            "",
        ] {
            assert_eq!(text(&json!({"a": word})), format!("a: \"{word}\"\n"), "{word:?} as a value");
            assert_eq!(text(&json!({word: 1})), format!("\"{word}\": 1\n"), "{word:?} as a key");
        }
    }

    #[test]
    fn strings_that_are_not_texts_are_never_blocks() {
        assert_eq!(document(&["\tx\ny", "a\nb"]).unwrap(), "- \"\\tx\\ny\"\n- \"a\\nb\"\n");
        assert_eq!(document(&["w ".repeat(90) + "x"]).unwrap(), format!("- {}x\n", "w ".repeat(90)));
    }

    #[test]
    fn long_lines_stay_whole() {
        let line = "word ".repeat(200) + "end";
        assert_eq!(text(&json!({"a": line})), format!("a: {line}\n"));
    }

    #[test]
    fn placeholders_of_the_encoding_stand_as_they_are() {
        assert_eq!(text(&json!(["{\"a\":\"\u{f0081}\"}"])), "- \"{\\\"a\\\":\\\"\u{f0081}\\\"}\"\n");
        assert_eq!(text(&json!(["run\u{f0024}x"])), "- run\u{f0024}x\n");
    }

    #[test]
    fn numbers_keep_their_type() {
        assert_eq!(
            text(&json!({"a": 1.0, "b": 1e-7, "c": 12, "d": 1e22})),
            "a: 1.0\nb: 1.0e-7\nc: 12\nd: 1.0e+22\n"
        );
    }

    #[test]
    fn nesting_is_compact() {
        let value =
            json!({"steps": [{"name": "a", "env": [{"name": "X", "value": "1"}]}], "none": {}, "nil": []});
        assert_eq!(
            text(&value),
            "steps:\n- name: a\n  env:\n  - name: X\n    value: \"1\"\nnone: {}\nnil: []\n"
        );
    }
}
