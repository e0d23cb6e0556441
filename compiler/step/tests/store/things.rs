//! Folders to keep, and what came of them.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use fuse_step::places::Places;
use fuse_step::store::Place;
use tempfile::TempDir;

/// A pod of its own.
pub(crate) struct Pod {
    pub(crate) temp: TempDir,
    pub(crate) places: Places,
}

impl Pod {
    pub(crate) fn new() -> Self {
        let temp = TempDir::new().unwrap();
        let places = Places::new(temp.path().join("fuse"), temp.path().join("results"));
        fs::create_dir_all(places.fuse.join("out")).unwrap();
        fs::create_dir_all(places.fuse.join("in")).unwrap();
        Self { temp, places }
    }

    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.places.fuse.join("out").join(name)
    }

    pub(crate) fn input(&self, name: &str) -> PathBuf {
        self.places.fuse.join("in").join(name)
    }

    /// What lies beside the inputs: nothing, however a fetch ended.
    pub(crate) fn inputs(&self) -> Vec<String> {
        let names = fs::read_dir(self.places.fuse.join("in")).unwrap();
        names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect()
    }
}

pub(crate) fn place(run: &str, output: &str) -> Place {
    Place { run: run.to_owned(), step: "train".to_owned(), index: Some(7), output: output.to_owned() }
}

/// Bytes without a pattern, the same each time.
pub(crate) fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// A folder with everything that a folder may hold.
pub(crate) fn rich(at: &Path) {
    fs::create_dir_all(at.join("data/ünï 日本")).unwrap();
    fs::create_dir_all(at.join("empty/inner")).unwrap();
    fs::write(at.join("model.pkl"), noise(100_000, 1)).unwrap();
    fs::write(at.join("data/ünï 日本/a b+c%20#?.csv"), "1,2\n").unwrap();
    fs::write(at.join("data/nothing"), "").unwrap();
    fs::write(at.join("run.sh"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(at.join("run.sh"), Permissions::from_mode(0o750)).unwrap();
    fs::set_permissions(at.join("model.pkl"), Permissions::from_mode(0o600)).unwrap();
    symlink("../model.pkl", at.join("data/latest")).unwrap();
    symlink("data", at.join("all")).unwrap();
}

/// All that a folder holds: modes, targets of links, content of files.
pub(crate) fn holds(root: &Path) -> BTreeMap<String, (u32, String)> {
    let mut all = BTreeMap::new();
    let mut left = vec![root.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            let what = if meta.is_dir() {
                left.push(path.clone());
                "a folder".to_owned()
            } else if meta.is_symlink() {
                format!("-> {}", path.read_link().unwrap().display())
            } else {
                let bytes = fs::read(&path).unwrap();
                bytes.iter().map(|byte| format!("{byte:02x}")).collect()
            };
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            all.insert(name, (meta.permissions().mode() & 0o777, what));
        }
    }
    all
}

/// [`holds`], with the modes that an artifact other than a `Source` keeps.
pub(crate) fn plainly(root: &Path) -> BTreeMap<String, (u32, String)> {
    let mut all = holds(root);
    for (mode, what) in all.values_mut() {
        if !what.starts_with("->") {
            *mode = if what == "a folder" || *mode & 0o111 != 0 { 0o755 } else { 0o644 };
        }
    }
    all
}
