//! The language server: the wire loop around `check`.
//!
//! A message comes in, the package around its file is checked once, the diagnostics go out; nothing runs beside
//! that. Absent on purpose: any knowledge of the language, and any reading of the disk but through the driver.

mod positions;
mod server;
mod transport;
mod uris;

pub use server::run;
pub use transport::stdio;
