//! A store on a mounted folder, without checks.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use fuse_wire::Reference;

use super::{Place, Store};
use crate::failure::Failure;

/// Opens a store: the claim at `/fuse/store`, or `{"kind":"folder","path":"…"}`.
///
/// # Errors
/// The argument cannot be read.
pub fn open(argument: Option<&str>, places: &crate::places::Places) -> Result<Box<dyn Store>, Failure> {
    let Some(json) = argument else {
        return Ok(Box::new(Stub { root: places.volume(), claim: true }));
    };
    let json: serde_json::Value =
        serde_json::from_str(json).map_err(|error| Failure::new(format!("`--store`: {error}")))?;
    let path = json.get("path").and_then(serde_json::Value::as_str).unwrap_or_default();
    Ok(Box::new(Stub { root: path.into(), claim: false }))
}

struct Stub {
    root: PathBuf,
    claim: bool,
}

impl Stub {
    fn at(&self, place: &Place) -> PathBuf {
        let mut path = self.root.join("runs").join(&place.run).join(&place.step);
        if let Some(index) = place.index {
            path.push(index.to_string());
        }
        path.join(&place.output)
    }
}

impl Store for Stub {
    fn in_place(&self, place: &Place) -> Result<Option<PathBuf>, Failure> {
        if !self.claim {
            return Ok(None);
        }
        let path = self.at(place);
        let _ = fs::remove_dir_all(&path);
        let parent = path.parent().unwrap_or(&path);
        fs::create_dir_all(parent).map_err(|error| Failure::io("make", parent, &error))?;
        for folder in parent.ancestors().take_while(|folder| *folder != self.root) {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o1777))
                .map_err(|error| Failure::io("open", folder, &error))?;
        }
        Ok(Some(path))
    }

    fn keep(&self, _artifact: &str, place: &Place, from: &Path) -> Result<Reference, Failure> {
        let to = self.at(place);
        if !self.claim {
            let parent = to.parent().unwrap_or(&to);
            fs::create_dir_all(parent).map_err(|error| Failure::io("make", parent, &error))?;
            fs::rename(from, &to).map_err(|error| Failure::io("keep", from, &error))?;
        }
        Ok(Reference { uri: format!("file://{}", to.display()), digest: None })
    }

    fn fetch(&self, _artifact: &str, reference: &Reference, to: &Path) -> Result<(), Failure> {
        let from = reference.uri.strip_prefix("file://").unwrap_or(&reference.uri);
        symlink(from, to).map_err(|error| Failure::io("link", to, &error))
    }

    fn leave(&self, run: &str, name: &str, text: &str) -> Result<(), Failure> {
        let to = self.root.join("runs").join(run).join(name);
        let parent = to.parent().unwrap_or(&to);
        fs::create_dir_all(parent).map_err(|error| Failure::io("make", parent, &error))?;
        fs::write(&to, text).map_err(|error| Failure::io("write", &to, &error))
    }

    fn find(&self, run: &str, name: &str) -> Result<Option<String>, Failure> {
        Ok(fs::read_to_string(self.root.join("runs").join(run).join(name)).ok())
    }
}
