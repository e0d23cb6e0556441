//! Values as they arrive: read by their type, with errors that are fit for a log.

use std::cell::RefCell;
use std::collections::BTreeMap;

use fuse_wire::{Reference, WireType};
use regex::{Regex, RegexBuilder};
use serde_json::Value as Json;

use crate::failure::Failure;

/// Bytes that a compiled pattern may take: a little more than the compiler lets pass.
const MAX_PATTERN: usize = 12 << 20;

/// The type without its `?`.
#[must_use]
pub(crate) fn present(ty: &WireType) -> &WireType {
    if let WireType::Optional(inner) = ty { present(inner) } else { ty }
}

/// Whether a value is one text: a scalar or a reference.
#[must_use]
pub(crate) fn is_scalar(ty: &WireType) -> bool {
    !matches!(
        present(ty),
        WireType::List(..)
            | WireType::Map(_)
            | WireType::Record(_)
            | WireType::Union(_)
            | WireType::Files(_)
            | WireType::Uri(_)
    )
}

/// Whether a value is JSON.
#[must_use]
pub(crate) fn is_composite(ty: &WireType) -> bool {
    matches!(present(ty), WireType::List(..) | WireType::Map(_) | WireType::Record(_) | WireType::Union(_))
}

/// The value behind texts on the wire: one, or the JSON of a composite and its late leaves.
///
/// # Errors
/// They are no value of the type.
pub(crate) fn read(ty: &WireType, texts: &[String]) -> Result<Json, Failure> {
    let patterns = Patterns::default();
    let value = fuse_wire::read::read(ty, texts, &|pattern, text| patterns.matches(pattern, text));
    if let Some(failure) = patterns.broken.into_inner() {
        return Err(failure);
    }
    value.map_err(|error| Failure::new(readable(&error.to_string())))
}

/// A decoded text as a reference, or as the uri that a run started by hand gives.
///
/// # Errors
/// It is neither.
pub(crate) fn reference(text: &str) -> Result<Reference, Failure> {
    Reference::read(text).map_err(|error| Failure::new(readable(&error)))
}

/// Patterns, compiled once; matching takes time linear in the text.
#[derive(Default)]
struct Patterns {
    known: RefCell<BTreeMap<String, Regex>>,
    broken: RefCell<Option<Failure>>,
}

impl Patterns {
    fn matches(&self, pattern: &str, text: &str) -> bool {
        let mut known = self.known.borrow_mut();
        if let Some(regex) = known.get(pattern) {
            return regex.is_match(text);
        }
        let built = RegexBuilder::new(&format!(r"\A(?:{pattern})\z")).size_limit(MAX_PATTERN).build();
        match built {
            Ok(regex) => known.entry(pattern.to_owned()).or_insert(regex).is_match(text),
            Err(_) => {
                let message = format!("the pattern `{}` of its type cannot be used", readable(pattern));
                self.broken.replace(Some(Failure::new(message)));
                false
            }
        }
    }
}

/// A message with texts of unknown origin: control characters are escaped, and the middle of a long one is left out.
#[must_use]
pub(crate) fn readable(text: &str) -> String {
    const HEAD: usize = 160;
    const TAIL: usize = 120;
    let count = text.chars().count();
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        if count > HEAD + TAIL {
            if at == HEAD {
                out.push('…');
            }
            if (HEAD..count - TAIL).contains(&at) {
                continue;
            }
        }
        if c.is_control() {
            out.extend(c.escape_debug());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(ty: &str, text: &str) -> Result<Json, String> {
        read(&ty.parse().unwrap(), &[text.to_owned()]).map_err(|failure| failure.message)
    }

    #[test]
    fn patterns_match_the_whole_text() {
        assert!(one(r#"String matches "a|b""#, "b").is_ok());
        assert!(one(r#"String matches "a|b""#, "ab").is_err());
        assert!(one(r#"String matches "^a$""#, "a\n").is_err());
        assert!(one(r#"String matches "(?i)abc""#, "ABC").is_ok());
    }

    #[test]
    fn patterns_that_explode_neither_hang_nor_pass() {
        assert!(one(r#"String matches "(a*)*b""#, &"a".repeat(50_000)).is_err());
        let large = one(r#"String matches "((a{100}){100}){100}""#, "a").unwrap_err();
        assert!(large.contains("cannot be used"), "{large}");
        assert!(one(r#"String matches "(""#, "a").unwrap_err().contains("cannot be used"));
    }

    #[test]
    fn messages_are_short_and_harmless() {
        let text = one("Int", &format!("\u{1b}[2J{}", "x".repeat(100_000))).unwrap_err();
        assert!(text.starts_with("`\\u{1b}[2Jxxx") && text.ends_with("xxx` is not of type Int"), "{text}");
        assert!(text.chars().count() < 320, "{text}");
    }
}
