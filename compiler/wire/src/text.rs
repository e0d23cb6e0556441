//! Late text on the wire.
//!
//! Tekton, the kubelet, JSON and YAML give a meaning to `$`, `"`, `\` and control characters. These, and nothing
//! else, travel as U+F0000 + their code. So encoding is a map of characters: it commutes with joining texts, and
//! text without such characters is its own encoding.

use std::fmt;

/// First code point of the range that the encoding takes for itself.
const BASE: u32 = 0xF_0000;
/// Last code point of that range.
const LAST: u32 = 0xF_00FF;

/// The absent optional.
pub const ABSENT: char = '\u{F0080}';

/// Placeholder 0: stands in a composite where the first late leaf belongs.
const FIRST_PLACEHOLDER: u32 = 0xF_0081;

/// How many placeholders there are.
pub const MAX_PLACEHOLDERS: usize = (LAST - FIRST_PLACEHOLDER + 1) as usize;

/// A text that cannot be encoded: it holds a character of the range U+F0000 to U+F00FF.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reserved {
    /// The character.
    pub found: char,
    /// Its offset in bytes.
    pub at: usize,
}

impl fmt::Display for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X} at byte {} is reserved", u32::from(self.found), self.at)
    }
}

impl std::error::Error for Reserved {}

/// A text that no encoder writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotEncoded {
    /// The character that has no meaning here.
    pub found: char,
    /// Its offset in bytes.
    pub at: usize,
}

impl fmt::Display for NotEncoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X} at byte {} encodes nothing", u32::from(self.found), self.at)
    }
}

impl std::error::Error for NotEncoded {}

/// Whether a character travels as another one.
const fn is_mapped(c: char) -> bool {
    matches!(c, '$' | '"' | '\\' | '\u{0}'..='\u{1F}' | '\u{7F}')
}

const fn is_reserved(c: char) -> bool {
    let code = c as u32;
    code >= BASE && code <= LAST
}

/// The text as it travels.
///
/// # Errors
/// The text holds a character that the encoding has taken.
pub fn encode(text: &str) -> Result<String, Reserved> {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if is_reserved(c) {
            return Err(Reserved { found: c, at });
        }
        let mapped = if is_mapped(c) { char::from_u32(BASE + u32::from(c)) } else { None };
        out.push(mapped.unwrap_or(c));
    }
    Ok(out)
}

/// The text that was encoded. Characters that the encoding would have mapped are read as themselves: a run written by
/// hand is not encoded.
///
/// # Errors
/// The text holds a character of the encoding's range that stands for nothing (a placeholder, the absent value).
pub fn decode(text: &str) -> Result<String, NotEncoded> {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if is_reserved(c) {
            let plain = char::from_u32(u32::from(c) - BASE).filter(|plain| is_mapped(*plain));
            out.push(plain.ok_or(NotEncoded { found: c, at })?);
        } else {
            out.push(c);
        }
    }
    Ok(out)
}

/// The placeholder of a late leaf; `None` beyond [`MAX_PLACEHOLDERS`].
#[must_use]
pub fn placeholder(index: usize) -> Option<char> {
    if index >= MAX_PLACEHOLDERS {
        return None;
    }
    u32::try_from(index).ok().and_then(|index| char::from_u32(FIRST_PLACEHOLDER + index))
}

/// The index of the leaf that a text stands for, when it is a placeholder and nothing else.
#[must_use]
pub fn placeholder_index(text: &str) -> Option<usize> {
    let mut chars = text.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return None };
    let code = u32::from(c);
    (FIRST_PLACEHOLDER..=LAST).contains(&code).then(|| (code - FIRST_PLACEHOLDER) as usize)
}

/// Whether a text is the absent value.
#[must_use]
pub fn is_absent(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some(ABSENT) && chars.next().is_none()
}

/// JSON for an argument of a container: Tekton and the kubelet look for `$`, which JSON can spell without one.
#[must_use]
pub fn json_argument(json: &str) -> String {
    // A `$` can only stand inside a string of the JSON text, where `\u0024` is the same character.
    json.replace('$', "\\u0024")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_dangerous_characters_are_mapped() {
        assert_eq!(encode("a$b\"c\\d\n\u{7F}").unwrap(), "a\u{F0024}b\u{F0022}c\u{F005C}d\u{F000A}\u{F007F}");
        let plain = "äöü 日本 🦀 `'{}()[]<>&|;*?~#%!@^+=,.:/ \u{80}\u{FFFD}\u{F0100}";
        assert_eq!(encode(plain).unwrap(), plain);
    }

    #[test]
    fn reserved_input_and_foreign_codes_are_refused() {
        assert_eq!(encode("ab\u{F0024}"), Err(Reserved { found: '\u{F0024}', at: 2 }));
        assert!(decode("\u{F0080}").is_err());
        assert!(decode("\u{F0041}").is_err());
        assert_eq!(decode("$(params.x) \"by hand\"").unwrap(), "$(params.x) \"by hand\"");
    }

    #[test]
    fn placeholders_fill_the_rest_of_the_range() {
        assert_eq!(placeholder(0), Some('\u{F0081}'));
        assert_eq!(placeholder(MAX_PLACEHOLDERS - 1), Some('\u{F00FF}'));
        assert_eq!(placeholder(MAX_PLACEHOLDERS), None);
        assert_eq!(placeholder_index("\u{F0083}"), Some(2));
        assert_eq!(placeholder_index("\u{F0080}"), None);
        assert_eq!(placeholder_index("\u{F0081}\u{F0081}"), None);
    }

    #[test]
    fn json_arguments_hold_no_dollar_and_mean_the_same() {
        let json = r#"{"pattern":"^a$","x":"$(params.y) $$"}"#;
        let argument = json_argument(json);
        assert!(!argument.contains('$'));
        let read = |text| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(json), read(&argument));
    }
}
