//! `cargo xtask bless`

use std::process::Command;

use crate::tree::repository;

/// Runs the test suite so that it writes expected files; then once more as it stands, for what no bless can change.
pub(crate) fn run() -> Result<(), String> {
    let test = |bless: bool| {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["test", "--workspace", "--no-fail-fast"]).current_dir(repository()).env_remove("CI");
        if bless {
            cargo.env("BLESS", "1").env("INSTA_UPDATE", "always");
        }
        cargo.status().map_err(|error| format!("cannot run cargo: {error}"))
    };
    // Its failures show again below, unless blessing has settled them.
    test(true)?;
    if test(false)?.success() {
        return Ok(());
    }
    Err("tests fail that cannot be blessed: see above".to_owned())
}
