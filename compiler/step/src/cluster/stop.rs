//! Runs work with the API server until it is done or the pod is told to end.

use std::cell::RefCell;
use std::future::Future;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// What is being done, for the message when the pod is told to end meanwhile.
#[derive(Default)]
pub(crate) struct Doing(RefCell<String>);

impl Doing {
    /// From now on this: `waiting until …`.
    pub(crate) fn now(&self, what: impl Into<String>) {
        self.0.replace(what.into());
    }
}

/// The result of the work, or a failure with the status of the signal that came first.
///
/// # Errors
/// The work fails, or a signal came.
pub(crate) fn run<T>(doing: &Doing, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let io = |error: std::io::Error| Failure::new(format!("cannot start: {error}"));
    let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(io)?;
    let result = runtime.block_on(async {
        // The first process of a container gets no signal that it does not ask for.
        let (mut terminate, mut interrupt) =
            (asked(SignalKind::terminate())?, asked(SignalKind::interrupt())?);
        tokio::select! {
            result = work => result,
            _ = terminate.recv() => Err(told(doing, "SIGTERM", 15)),
            _ = interrupt.recv() => Err(told(doing, "SIGINT", 2)),
        }
    });
    // A name that is being looked up keeps its thread for as long as the resolver likes.
    runtime.shutdown_background();
    result
}

fn asked(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::new(format!("cannot wait for signals: {error}")))
}

fn told(doing: &Doing, name: &str, number: u8) -> Failure {
    let mut failure = Failure::new(format!("told to end ({name}) while {}", doing.0.borrow()));
    failure.status = 128 + number;
    failure
}
