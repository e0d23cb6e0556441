//! A value that a step wrote to a file: read with care, and held against its type.

use std::path::Path;

use fuse_wire::{Reference, WireType, encode};
use indexmap::IndexMap;
use serde_json::Value as Json;

use super::missing;
use crate::args::shortened;
use crate::failure::Failure;
use crate::files::{self, Found};
use crate::inputs;
use crate::pod::Pod;

/// The largest JSON document that is read for a composite; what it may take as a result is less.
const DOCUMENT: u64 = 256 << 10;
/// A uri and its newline.
const URI: u64 = 4 << 10;

/// The value in a file; `None` where there is no file.
///
/// # Errors
/// It is no text of the type.
pub(super) fn value(path: &Path, ty: &WireType) -> Result<Option<Json>, Failure> {
    let bare = if let WireType::Optional(inner) = ty { inner } else { ty };
    let composite = is_composite(bare);
    let most = if composite { DOCUMENT } else { ty.max_bytes().saturating_add(2) };
    let Some(text) = text(path, most, ty)? else { return Ok(None) };
    let at = path.display();
    reserved(&text).map_err(|failure| failure.of(at.to_string()))?;
    if !composite && text.len() as u64 > ty.max_bytes() {
        return Err(too_large(path, text.len() as u64, ty));
    }
    let read = |text: &str| {
        let text = if composite { text.to_owned() } else { encode(text).unwrap_or_default() };
        inputs::value(ty, &[text])
    };
    let value = read(&text).map_err(|failure| {
        let trimmed = text.trim_end();
        if trimmed.len() < text.len() && read(trimmed).is_ok() {
            let blanks = text.len() - trimmed.len();
            let what = if blanks == 1 { "a blank" } else { "blanks" };
            return Failure::new(format!(
                "{at}: `{}` would be of type {ty}, but {what} or line ends follow it",
                shortened(trimmed)
            ));
        }
        failure.of(at.to_string())
    })?;
    if composite {
        let bytes = fuse_wire::write::write(ty, &value).map_err(Failure::new)?.len() as u64;
        if bytes > ty.max_bytes() {
            return Err(too_large(path, bytes, ty));
        }
    }
    Ok(Some(value))
}

const fn is_composite(ty: &WireType) -> bool {
    matches!(ty, WireType::List(..) | WireType::Map(_) | WireType::Record(_))
}

/// The text of a file without its final newline.
fn text(path: &Path, most: u64, ty: &WireType) -> Result<Option<String>, Failure> {
    let bytes = match files::read(path, most)? {
        Found::Nothing => return Ok(None),
        Found::Bytes(bytes) => bytes,
        Found::TooLarge(bytes) => return Err(too_large(path, bytes, ty)),
        Found::Other(what) => {
            return Err(Failure::new(format!("{} is {what}; a file with a {ty} is wanted", path.display())));
        }
    };
    let size = bytes.len();
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(format!(
            "{} is no text but {size} bytes of binary data (byte {at} is not UTF-8); a {ty} is wanted",
            path.display()
        ))
    })?;
    let line = text.strip_suffix('\n').map(|rest| rest.strip_suffix('\r').unwrap_or(rest));
    Ok(Some(line.map_or_else(|| text.clone(), str::to_owned)))
}

fn too_large(path: &Path, bytes: u64, ty: &WireType) -> Failure {
    let bare = if let WireType::Optional(inner) = ty { inner } else { ty };
    let help = if matches!(bare, WireType::Text(..)) {
        "\nreturn an artifact, or raise the bound: `String ..=n`"
    } else if is_composite(bare) {
        "\nreturn an artifact instead"
    } else {
        ""
    };
    let most = ty.max_bytes();
    let message =
        format!("{} has {bytes} bytes, and a {ty} has at most {most} as a result{help}", path.display());
    Failure::new(message)
}

/// Refuses the characters that the wire has taken, as themselves and as JSON may spell them.
fn reserved(text: &str) -> Result<(), Failure> {
    let found = text.chars().find(|c| ('\u{F0000}'..='\u{F00FF}').contains(c));
    let spelled = text.to_ascii_lowercase().contains("\\udb80\\udc");
    match (found, spelled) {
        (Some(c), _) => Err(Failure::new(format!(
            "the character U+{:04X} has a meaning on the wire and cannot stand in a value",
            u32::from(c)
        ))),
        (None, true) => {
            Err(Failure::new("\\udb80\\udc… has a meaning on the wire and cannot stand in a value"))
        }
        (None, false) => Ok(()),
    }
}

/// A number that was logged: `metrics--rmse` out of the JSON object that is the output `metrics`. `None` where the
/// name is of no such form, or there is no such file.
///
/// # Errors
/// The file is no JSON object of numbers, or lacks the name.
pub(super) fn metric(pod: &Pod, name: &str, ty: &WireType) -> Result<Option<Json>, Failure> {
    let Some((output, key)) = name.split_once("--") else { return Ok(None) };
    let Some(path) = pod.outputs.get(output) else { return Ok(None) };
    let at = path.display();
    let bytes = match files::read(path, DOCUMENT)? {
        Found::Bytes(bytes) => bytes,
        Found::TooLarge(bytes) => {
            return Err(Failure::new(format!("{at} has {bytes} bytes, and {DOCUMENT} are read for `{key}`")));
        }
        Found::Nothing | Found::Other(_) => return Ok(None),
    };
    let logged: IndexMap<String, Json> = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::new(format!("{at} is no JSON object of numbers: {error}")))?;
    let Some(found) = logged.get(key) else {
        return Err(missing::metric(output, key, logged.keys().map(String::as_str)));
    };
    let text = inputs::text(found).unwrap_or_else(|| found.to_string());
    let value = inputs::value(ty, &[encode(&text).unwrap_or_default()]);
    value.map(Some).map_err(|failure| failure.of(format!("{at}: `{key}`")))
}

/// The reference to a place whose uri is in a file; prefixes are replaced, the longest first.
///
/// # Errors
/// It is no uri, or of a scheme that the output does not declare.
pub(super) fn uri(
    path: &Path,
    schemes: &[String],
    rewrite: &IndexMap<String, String>,
) -> Result<Option<String>, Failure> {
    let Some(written) = text(path, URI, &WireType::Uri(schemes.to_vec()))? else { return Ok(None) };
    let at = || path.display().to_string();
    let prefix = rewrite.iter().filter(|(from, _)| written.starts_with(from.as_str()));
    let uri = match prefix.max_by_key(|(from, _)| from.len()) {
        Some((from, to)) => format!("{to}{}", written.get(from.len()..).unwrap_or_default()),
        None => written,
    };
    let reference = if uri.starts_with('{') {
        Err(format!("`{}` is no uri", shortened(&uri)))
    } else {
        Reference::read(&uri)
    };
    let reference = reference.map_err(|error| Failure::new(error).of(at()))?;
    if !schemes.is_empty() && !schemes.iter().any(|known| known == reference.scheme()) {
        let message = format!(
            "`{}` is a `{}` uri, and the output declares `{}`",
            shortened(&uri),
            shortened(reference.scheme()),
            schemes.join("`, `")
        );
        return Err(Failure::new(message).of(at()));
    }
    reference.write().map(Some).map_err(|error| Failure::new(error).of(at()))
}
