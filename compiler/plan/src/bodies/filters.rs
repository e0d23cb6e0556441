//! Constants as literals of the languages that scripts are written in. Tekton looks for `$(` in scripts, so a literal
//! never holds a `$` followed by `(`.

use serde_json::Value as Json;

/// A text as one word of a shell.
pub(crate) fn shell(text: &str) -> String {
    // Between the quotes after a `$` nothing stands, so that no `$(` remains.
    format!("'{}'", text.replace('\'', r"'\''").replace('$', "$''"))
}

/// A value as words of a shell: a list as several words.
pub(crate) fn shell_value(value: &Json) -> String {
    match value {
        Json::Array(items) => items.iter().map(shell_value).collect::<Vec<_>>().join(" "),
        Json::String(text) => shell(text),
        Json::Null => String::new(),
        Json::Bool(_) | Json::Number(_) | Json::Object(_) => shell(&value.to_string()),
    }
}

/// A text as a Python literal.
pub(crate) fn python(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '$' => out.push_str("\\x24"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A value as a Python literal.
pub(crate) fn python_value(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => python(text),
        Json::Array(items) => {
            format!("[{}]", items.iter().map(python_value).collect::<Vec<_>>().join(", "))
        }
        Json::Object(map) => {
            let fields = map.iter().map(|(key, value)| format!("{}: {}", python(key), python_value(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn literals_hold_no_reference() {
        assert_eq!(shell("a'b $(params.x)"), r"'a'\''b $''(params.x)'");
        assert_eq!(python("a\"\\\n$(params.x)"), r#""a\"\\\n\x24(params.x)""#);
        assert_eq!(python_value(&json!({"a": [1, 0.5, true, null]})), r#"{"a": [1, 0.5, True, None]}"#);
        assert_eq!(shell_value(&json!(["a", "b c"])), "'a' 'b c'");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_shell_reads_the_text_back(text in "[^\0]{0,20}") {
            let script = format!("printf %s {}", shell(&text));
            prop_assert!(!script.contains("$("));
            let out = Command::new("sh").args(["-c", &script]).output().unwrap();
            prop_assert_eq!(String::from_utf8(out.stdout).unwrap(), text);
        }
    }
}
