//! Files that the manifests carry: config maps, mounted below `/fuse/files`. Only `fuse-in` sees them, so it copies.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use fuse_wire::Reference;

use crate::args::shortened;
use crate::failure::Failure;
use crate::names::is_file_name;
use crate::places::Places;
use crate::store::digest;

/// Bytes of a file at most: a config map holds no more.
const MAX: u64 = 1 << 20;

/// Brings the file at `<config map>/<key>` to `to`, which must not exist.
///
/// # Errors
/// The task does not mount it, it is not what was built, or the disk refuses.
pub(crate) fn fetch(places: &Places, path: &str, reference: &Reference, to: &Path) -> Result<(), Failure> {
    let uri = shortened(&reference.uri);
    let plain = path.split_once('/').filter(|(map, key)| is_file_name(map) && is_file_name(key));
    let (map, key) = plain.ok_or_else(|| {
        Failure::new(format!("`{uri}` is no file of a config map: `configmap://<name>/<key>`"))
    })?;
    let from = places.shared("files").join(map).join(key);
    if !from.is_file() {
        return Err(Failure::new(format!(
            "`{uri}` is not mounted in this step: only the files that the program names with `file(…)` are; \
             give a uri of the target's store"
        )));
    }
    let mut bytes = Vec::new();
    let read = File::open(&from).and_then(|file| file.take(MAX + 1).read_to_end(&mut bytes));
    read.map_err(|error| Failure::io("read", &from, &error))?;
    if reference.digest.as_ref().is_some_and(|expected| *expected != digest::of_bytes(&bytes)) {
        return Err(Failure::new(format!(
            "`{uri}` is not the file that the manifests were built with; apply `files.yaml` again"
        )));
    }
    fs::write(to, bytes).map_err(|error| Failure::io("write", to, &error))
}
