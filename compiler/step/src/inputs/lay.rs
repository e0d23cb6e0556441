//! Inputs as files: `/fuse/in/<name>`.
//!
//! A scalar is a file with exactly its text; a record or a map is a folder with a file for each key; a list is a
//! folder whose files are named `0000`, `0001` and so on; files of the store stand there as they are. Of an absent
//! value there is nothing.

use std::path::{Path, PathBuf};

use fuse_wire::{Reference, WireType};
use serde_json::Value as Json;

use super::text;
use crate::args::shortened;
use crate::failure::Failure;
use crate::files;

/// Brings files of the store to a place: the artifact's type, the reference, the place.
pub type Files<'a> = &'a dyn Fn(&str, &Reference, &Path) -> Result<(), Failure>;

/// Writes a value to a place and says what stands for it in `in.json`: itself, the path of files, the uri of a
/// reference.
///
/// # Errors
/// A key is no name of a file, a uri has a scheme that the input does not read, files cannot be fetched, or the disk
/// is full.
pub fn lay(ty: &WireType, value: &Json, at: &Path, fetch: Files<'_>) -> Result<Json, Failure> {
    match (ty, value) {
        (WireType::Optional(_), Json::Null) => Ok(Json::Null),
        (WireType::Optional(inner), _) => lay(inner, value, at, fetch),
        (WireType::Files(artifact), Json::String(text)) => {
            let reference = Reference::read(text).map_err(Failure::new)?;
            fetch(artifact, &reference, at)?;
            Ok(Json::from(at.to_string_lossy()))
        }
        (WireType::Uri(schemes), Json::String(text)) => {
            let reference = Reference::read(text).map_err(Failure::new)?;
            scheme(&reference, schemes)?;
            files::write(at, reference.uri.as_bytes(), 0o644)?;
            Ok(Json::from(reference.uri))
        }
        (WireType::List(item, _), Json::Array(items)) => {
            files::folder(at, files::READABLE)?;
            let each = items.iter().enumerate();
            let laid = each.map(|(index, one)| lay(item, one, &at.join(format!("{index:04}")), fetch));
            Ok(Json::Array(laid.collect::<Result<_, _>>()?))
        }
        (WireType::Map(item), Json::Object(fields)) => {
            files::folder(at, files::READABLE)?;
            let laid = fields.iter().map(|(key, one)| {
                Ok((key.clone(), lay(item, one, &below(at, key)?, fetch).map_err(|f| f.of(shortened(key)))?))
            });
            Ok(Json::Object(laid.collect::<Result<_, Failure>>()?))
        }
        (WireType::Record(types), Json::Object(fields)) => {
            files::folder(at, files::READABLE)?;
            let laid = types.iter().map(|(key, ty)| {
                let one = fields.get(key).unwrap_or(&Json::Null);
                Ok((key.clone(), lay(ty, one, &below(at, key)?, fetch).map_err(|f| f.of(key))?))
            });
            Ok(Json::Object(laid.collect::<Result<_, Failure>>()?))
        }
        _ => {
            let text = text(value).ok_or_else(|| Failure::new(format!("is not of type {ty}")))?;
            files::write(at, text.as_bytes(), 0o644)?;
            Ok(value.clone())
        }
    }
}

/// Whether an input that takes references by some schemes takes this one.
pub(super) fn scheme(reference: &Reference, schemes: &[String]) -> Result<(), Failure> {
    let scheme = reference.scheme();
    if schemes.is_empty() || schemes.iter().any(|known| known == scheme) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{}` is a `{}` uri, and only `{}` is read here",
        shortened(&reference.uri),
        shortened(scheme),
        schemes.join("`, `")
    )))
}

/// A key as a file of a folder.
fn below(folder: &Path, key: &str) -> Result<PathBuf, Failure> {
    let fits = !matches!(key, "" | "." | "..")
        && key.len() <= 255
        && !key.contains(|c: char| c == '/' || c.is_control());
    if fits {
        return Ok(folder.join(key));
    }
    let why = "a step sees a map as a folder with a file for each key";
    Err(Failure::new(format!("the key `{}` is no name of a file: {why}", shortened(key))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(ty: &str, value: Json) -> (tempfile::TempDir, Result<Json, Failure>) {
        let folder = tempfile::tempdir().unwrap();
        let fetch =
            |_: &str, reference: &Reference, to: &Path| files::write(to, reference.uri.as_bytes(), 0o644);
        let found = lay(&ty.parse().unwrap(), &value, &folder.path().join("x"), &fetch);
        (folder, found)
    }

    #[test]
    fn composites_are_folders() {
        let value = serde_json::json!({"a": 1.5, "b": ["x\n", "$(y)"], "c": null, "d": "s3://b/m"});
        let (folder, found) = laid("{a: Float, b: List<String>, c: Int?, d: uri(s3)}", value.clone());
        assert_eq!(found.unwrap(), value);
        let read = |path: &str| std::fs::read_to_string(folder.path().join("x").join(path)).unwrap();
        assert_eq!((read("a"), read("b/0000"), read("b/0001")), ("1.5".into(), "x\n".into(), "$(y)".into()));
        assert!(!folder.path().join("x/c").exists());
    }

    #[test]
    fn keys_never_leave_the_folder() {
        for key in ["..", ".", "", "a/b", "/etc/passwd", "a\0", &"k".repeat(256)] {
            let (folder, found) = laid("Map<String>", serde_json::json!({ key: "v" }));
            assert!(found.unwrap_err().message.contains("is no name of a file"), "{key}");
            assert_eq!(std::fs::read_dir(folder.path().join("x")).unwrap().count(), 0);
        }
    }

    #[test]
    fn schemes_are_checked() {
        let (_folder, found) = laid("uri(s3, gs)", Json::from("file:///etc/passwd"));
        assert_eq!(
            found.unwrap_err().message,
            "`file:///etc/passwd` is a `file` uri, and only `s3`, `gs` is read here"
        );
    }
}
