//! What crosses the cluster: the encoding of values, the contract between the compiler and `fuse-step`, conditions.
//!
//! Both halves of the compiler read this crate: the lowering writes what the steps read. Absent on purpose: source
//! places, packages, I/O.

pub mod composite;
pub mod condition;
pub mod contract;
pub mod formats;
pub mod kind;
pub mod read;
pub mod reference;
pub mod text;
pub mod types;
pub mod write;

pub use composite::{Composite, Encoded};
pub use condition::{Condition, Operand};
pub use contract::Contract;
pub use reference::Reference;
pub use text::{ABSENT, decode, encode};
pub use types::WireType;

/// The version of everything here, passed as `--wire=1`: an image of another version refuses by name.
pub const WIRE_VERSION: u32 = 1;
