//! The stores: a mounted claim, and buckets on an S3 server that runs here.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod proxy;
mod s3;
mod server;
mod things;
mod trouble;
mod volume;
