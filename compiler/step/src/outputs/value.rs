//! A value that a step wrote to a file: a scalar as its text, a composite as JSON.

use std::path::Path;

use fuse_wire::WireType;
use serde_json::Value as Json;

use super::file::{Unfit, look};
use super::json;
use crate::failure::Failure;
use crate::values::{self, is_composite, present, readable};

/// Bytes of a composite as a step may spell it; what fits into a result is counted at the end.
const MAX_COMPOSITE: u64 = 64 << 10;

/// Bytes of a scalar whose type bounds it, such as a number, as a step may spell it.
const MAX_SCALAR: u64 = 256;

/// The value in a file; `None` where there is none.
pub(super) fn read(ty: &WireType, path: &Path) -> Result<Option<Json>, Failure> {
    let Some(text) = line(path, most(ty), &ty.to_string())? else { return Ok(None) };
    let failure = match plain(ty, &text) {
        Ok(value) => return Ok(Some(value)),
        Err(failure) => failure,
    };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        let what = if text.is_empty() { "is empty" } else { "holds only blanks" };
        return Err(Failure::new(format!("{} {what}, and its type is {ty}", path.display())));
    }
    if trimmed != text && plain(ty, trimmed).is_ok() {
        let shown = readable(&text);
        let message =
            format!("`{shown}` is not of type {ty} for its blanks alone: write `{}`", readable(trimmed));
        return Err(Failure::new(message));
    }
    let lower = text.to_lowercase();
    if *present(ty) == WireType::Bool && matches!(lower.as_str(), "true" | "false") {
        return Err(Failure::new(format!("{}: write `{lower}`", failure.message)));
    }
    Err(failure)
}

fn most(ty: &WireType) -> u64 {
    if is_composite(ty) {
        return MAX_COMPOSITE;
    }
    let is_text = matches!(
        present(ty),
        WireType::Text(..) | WireType::Scalar | WireType::Url | WireType::Path | WireType::Image
    );
    if is_text { ty.max_bytes() } else { MAX_SCALAR }
}

/// The text of a file without one newline at its end; `what` it should be.
pub(super) fn line(path: &Path, most: u64, what: &str) -> Result<Option<String>, Failure> {
    let shown = path.display();
    let large = |bytes: u64| {
        Failure::new(format!(
            "{shown} has {bytes} bytes, and at most {most} are read as {what}: write the value alone, \
             give the type a higher bound (`String ..=1000`), or return an artifact"
        ))
    };
    let mut text = match look(path, most.saturating_add(2)) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(None),
        Err(Unfit::Large(bytes)) => return Err(large(bytes)),
        Err(Unfit::Binary(at)) => {
            let message = format!(
                "{shown} is no text: byte {at} is not UTF-8. A binary file is an artifact: return `Files`"
            );
            return Err(Failure::new(message));
        }
        Err(Unfit::Other(failure)) => return Err(failure),
    };
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.len() as u64 > most { Err(large(text.len() as u64)) } else { Ok(Some(text)) }
}

/// A value from plain text, which is not encoded yet.
pub(super) fn plain(ty: &WireType, text: &str) -> Result<Json, Failure> {
    if is_composite(ty) {
        let text = json::quoted_numbers(text);
        json::without_reserved(&text)?;
        return values::read(ty, &[text]);
    }
    let encoded = fuse_wire::encode(text).map_err(json::reserved)?;
    values::read(ty, &[encoded])
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    fn written(ty: &str, bytes: &[u8]) -> Result<Option<Json>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, bytes).unwrap();
        let shown = format!("{}/", dir.path().display());
        read(&ty.parse().unwrap(), &path).map_err(|failure| failure.message.replace(&shown, ""))
    }

    #[test]
    fn one_newline_is_dropped() {
        assert_eq!(written("String", b"a\n"), Ok(Some(json!("a"))));
        assert_eq!(written("String", b"a\r\n"), Ok(Some(json!("a"))));
        assert_eq!(written("String", b"a\n\n"), Ok(Some(json!("a\n"))));
        assert_eq!(written("String ..=1", b"a\r\n"), Ok(Some(json!("a"))));
        assert_eq!(written("String", b""), Ok(Some(json!(""))));
        assert_eq!(written("Float", b"0.5\n"), Ok(Some(json!(0.5))));
    }

    #[test]
    fn what_does_not_fit_says_why() {
        let wrong = |ty: &str, bytes: &[u8]| written(ty, bytes).unwrap_err();
        assert_eq!(
            wrong("Float", b"0.5 \n"),
            "`0.5 ` is not of type Float for its blanks alone: write `0.5`"
        );
        assert_eq!(wrong("Int", b"\n"), "x is empty, and its type is Int");
        assert_eq!(wrong("Bool", b"True"), "`True` is not of type Bool: write `true`");
        assert!(wrong("Int", &[b'1'; 1000]).starts_with("x has 1000 bytes, and at most 256 are read as Int"));
        assert!(
            wrong("String ..=3", b"four").starts_with("x has 4 bytes, and at most 3 are read as String ..=3")
        );
        assert_eq!(wrong("Int", b"1 2"), "`1 2` is not of type Int");
        assert!(wrong("String", b"\xff\xfe").contains("byte 0 is not UTF-8"));
        assert!(wrong("String", "a\u{F0080}".as_bytes()).contains("U+F0080 at byte 1 is reserved"));
    }

    #[test]
    fn composites_are_json() {
        assert_eq!(written("List<Int>", b"[1, 2]\n"), Ok(Some(json!([1, 2]))));
        assert_eq!(written("Map<Scalar>", br#"{"a": "$x\n"}"#), Ok(Some(json!({"a": "$x\n"}))));
        assert_eq!(
            written("List<Float>", b"[NaN, -Infinity, 1]"),
            Ok(Some(json!(["NaN", "-Infinity", 1.0])))
        );
        assert_eq!(written("{a: Int?}", br#"{"a": null}"#), Ok(Some(json!({"a": null}))));
        for text in
            [&br#"["\udb80\udc24"]"#[..], "[\"\u{F0081}\"]".as_bytes(), "{\"\u{F0024}\":1}".as_bytes()]
        {
            let error = written("List<String>", text).or_else(|_| written("Map<Scalar>", text)).unwrap_err();
            assert!(error.contains("is reserved"), "{error}");
        }
        for text in [&b"[1,2"[..], b"[1],", b"{\"a\":1,\"a\":2}", b"nan", b"\"x\""] {
            assert!(written("List<Int>", text).is_err());
        }
    }
}
