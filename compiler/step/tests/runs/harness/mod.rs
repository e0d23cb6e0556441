//! Runs what the compiler emitted, natively and without a cluster, from the very text of the manifests: Tekton's
//! substitution, scheduling and skips, kubelet's expansion, and a folder for each pod instead of a container.
//!
//! What differs from a cluster: a step runs in the programs of this machine instead of its image, `/fuse` and
//! `/tekton/results` are folders below the pod's (`FUSE_ROOT`, `FUSE_RESULTS`), so a word of a manifest that starts
//! with `/fuse/` is moved there and `/fuse-step` is the binary under test; tasks run one after the other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use std::io::Write as _;

mod cluster;
mod confine;
mod ended;
pub mod manifest;
mod pod;
pub mod process;
mod schedule;
mod server;
mod start;
pub mod substitute;

#[allow(unused_imports, reason = "each test uses a part of it")]
pub use cluster::{Applied, Cluster};
#[allow(unused_imports, reason = "each test uses a part of it")]
pub use confine::Confinement;
#[allow(unused_imports, reason = "each test uses a part of it")]
pub use ended::{Ended, Step, TaskRun};
#[allow(unused_imports, reason = "each test uses a part of it")]
pub use server::{ObjectStore, Server, http};
#[allow(unused_imports, reason = "each test uses a part of it")]
pub use start::{Run, binary};

/// A line that is seen though the test passes.
pub fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Whether a test that cannot run here may say so and pass: never in continuous integration.
pub fn left_out(why: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "this test must run here: {why}");
    tell(&format!("left out: {why}"));
}
