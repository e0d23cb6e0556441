//! The examples build without a diagnostic, and what is checked in is what they build.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[allow(dead_code, reason = "each test uses its part")]
mod common;

use std::fs;

use common::{shown, told};
use fuse_driver::{Location, State, compare};
use fuse_testkit::repository;

#[test]
fn generated_folders_are_fresh() {
    let mut count = 0;
    for entry in fs::read_dir(repository().join("examples")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.join("fuse.toml").exists() {
            continue;
        }
        count += 1;
        let location = Location::of_folder(&folder).unwrap();
        let compared = compare(&location, &[], None).unwrap_or_else(|failures| panic!("{}", told(&failures)));
        assert!(compared.checked.diagnostics.is_empty(), "{}", shown(&compared.checked));
        let stale: Vec<_> =
            compared.differences.iter().map(|one| format!("{}\n{}", one.path, one.diff)).collect();
        assert_eq!(
            compared.state,
            State::Fresh,
            "{} (run `fusec build`):\n{}",
            folder.display(),
            stale.join("\n")
        );
    }
    assert!(count > 0, "there are examples");
}
