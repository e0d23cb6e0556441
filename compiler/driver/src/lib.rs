//! Packages on disk: finding them, checking them, building them. The only door to the disk.
//!
//! Absent on purpose: printing (`cli`, `lsp`), any rule of the language and any word of a manifest.

mod build;
mod check;
mod compare;
mod create;
mod disk;
mod failure;
mod header;
mod locate;
mod replace;
pub mod stdlib;

pub use build::{Built, Written, build};
pub use check::{Checked, check, check_std};
pub use compare::{Compared, Difference, State, compare};
pub use create::create_package;
pub use disk::{Disk, MOST_BYTES, Overlay};
pub use failure::Failure;
pub use locate::{Location, OUTPUT_FOLDER, PROJECT_FILE, fuse_files, locate};

/// The compiler's version, as it stands in what it writes.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
