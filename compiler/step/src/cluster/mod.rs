//! The API server of a cluster: who it is, how it is asked, and what its answers mean to the user.
//!
//! Absent on purpose: discovery and watches, because a pipeline may touch only the objects that it names.

pub(crate) mod connect;
pub(crate) mod holes;
pub(crate) mod object;
pub(crate) mod outputs;
pub(crate) mod pace;
pub(crate) mod ready;
pub(crate) mod refusal;
pub(crate) mod request;
pub(crate) mod stop;

use std::io::Write as _;

/// A line of progress in the log of the pod.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
