//! Names, types, times and presence: parsed files in, a typed [`Package`] and diagnostics out.
//!
//! Absent on purpose: I/O (texts come through [`Files`]), targets of emission, and any tool's name: tools are
//! declarations in `.fuse` files.

mod check;
mod document;
mod files;
pub mod model;
pub mod ops;
mod parts;
pub mod project;
pub mod ty;
pub mod value;

pub use check::{Checked, Demand, check, outside};
pub use files::{FileError, Files};
pub use model::Package;
