//! JSON as programs write it.

use fuse_wire::text::Reserved;
use serde_json::Value as Json;

use crate::failure::Failure;

/// `NaN`, `Infinity` and `-Infinity`, which Python and others write for numbers that JSON has not, as texts.
pub(super) fn quoted_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let (mut inside, mut escaped) = (false, false);
    while let Some(c) = rest.chars().next() {
        if !inside {
            let found = ["NaN", "-Infinity", "Infinity"].into_iter().find(|word| rest.starts_with(word));
            if let Some(word) = found {
                out.push('"');
                out.push_str(word);
                out.push('"');
                rest = rest.get(word.len()..).unwrap_or_default();
                continue;
            }
        }
        inside ^= c == '"' && !escaped;
        escaped = inside && c == '\\' && !escaped;
        out.push(c);
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    out
}

/// Refuses JSON whose texts, read, hold a character that has a meaning on the wire.
///
/// # Errors
/// It does, or is no JSON.
pub(super) fn without_reserved(text: &str) -> Result<(), Failure> {
    let json: Json =
        serde_json::from_str(text).map_err(|error| Failure::new(format!("the text is no JSON: {error}")))?;
    walk(&json)
}

/// A text holds a character that has a meaning on the wire.
pub(super) fn reserved(found: Reserved) -> Failure {
    Failure::new(format!("the character {found} for Fuse itself: leave it out"))
}

fn walk(json: &Json) -> Result<(), Failure> {
    let check = |text: &str| fuse_wire::encode(text).map(drop).map_err(reserved);
    match json {
        Json::String(text) => check(text),
        Json::Array(items) => items.iter().try_for_each(walk),
        Json::Object(fields) => fields.iter().try_for_each(|(key, value)| {
            check(key)?;
            walk(value)
        }),
        Json::Null | Json::Bool(_) | Json::Number(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bare_words_are_numbers() {
        let text = r#"{"NaN": NaN, "a\"NaN": [Infinity,-Infinity], "\\": NaN, "b": "NaN"}"#;
        let read: Json = serde_json::from_str(&quoted_numbers(text)).unwrap();
        let wanted =
            serde_json::json!({"NaN": "NaN", "a\"NaN": ["Infinity", "-Infinity"], "\\": "NaN", "b": "NaN"});
        assert_eq!(read, wanted);
    }
}
