//! Lowering: a typed package and a target in, one [`Plan`] out. Decides everything that emission writes.
//!
//! Absent on purpose: I/O, manifests as text (`emit`), and any tool's name.

pub mod model;

pub use fuse_analysis::value::duration_text;
pub use model::Plan;
