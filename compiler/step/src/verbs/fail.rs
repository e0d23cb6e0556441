//! `fail`: ends the run with the message of a `fail "…"`.

use std::ffi::OsString;
use std::process::ExitCode;

use super::Verb;
use crate::args::Args;
use crate::failure::Failure;

pub(super) const VERB: Verb = Verb { name: "fail", run };

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let args = Args::read(words, &["wire", "message"])?;
    args.wire()?;
    let message = fuse_wire::decode(args.needed("message")?);
    Err(Failure::new(message.map_err(|error| Failure::new(format!("the message: {error}")))?))
}
