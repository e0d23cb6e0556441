//! A request and its answer, bounded in size and in time, made again where that may help.

use std::error::Error as StdError;

use http::Request;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper_util::client::legacy;
use kube::Client;
use kube::client::{AuthError, Body};
use kube::core::Status;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout};

use super::pace::{Pace, shown};

/// Bytes of an answer about one object: etcd keeps no object of more than 1.5 MiB.
pub(crate) const ONE: usize = 4 << 20;

/// An API server and the credentials for it.
pub(crate) struct Cluster {
    pub(super) client: Client,
    /// Where it is, for messages.
    pub(crate) host: String,
    /// Whether it is the one that the pod runs in.
    pub(crate) own: bool,
    pub(crate) pace: Pace,
}

/// An answer other than the wanted one.
pub(crate) struct Refusal {
    pub(crate) code: u16,
    /// What the API server says itself; a proxy says something else.
    pub(crate) status: Option<Status>,
    pub(crate) text: String,
}

/// Why there is no answer.
pub(crate) enum Problem {
    /// There is one, which refuses.
    Refused(Box<Refusal>),
    /// Nobody was reached.
    Unreached(String),
    /// Somebody was reached, and no whole answer came back.
    Silent(String),
    /// Nothing was sent, because the credentials make no header.
    Unsendable,
    /// What came back is not what an API server answers.
    Odd(String),
}

impl Problem {
    /// Whether another try may go better.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.passes(),
            // Another try meets the same certificate.
            Self::Unreached(why) => !why.contains("certificate"),
            Self::Silent(_) => true,
            Self::Odd(_) | Self::Unsendable => false,
        }
    }

    /// Whether the request certainly changed nothing, and another try may go better.
    pub(crate) fn passes_unheard(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(refusal.code, 429 | 503),
            Self::Unreached(_) => self.passes(),
            Self::Silent(_) | Self::Odd(_) | Self::Unsendable => false,
        }
    }
}

impl Refusal {
    fn passes(&self) -> bool {
        match self.code {
            500 => !self.is_undeclared(),
            // Somebody wrote at the same time; owners of fields do not go away.
            409 => self.owners().is_empty(),
            429 | 502 | 503 | 504 => true,
            _ => false,
        }
    }

    /// The manifest has fields that the kind does not have: some API servers call that a failure of their own.
    pub(crate) fn is_undeclared(&self) -> bool {
        self.message().starts_with("failed to create typed patch object")
    }

    /// What it says.
    pub(crate) fn message(&self) -> &str {
        self.status.as_ref().map_or(&self.text, |status| &status.message)
    }

    /// Fields that others own, with what is said of the owner.
    pub(crate) fn owners(&self) -> Vec<(&str, &str)> {
        let causes = self.status.iter().filter_map(|status| status.details.as_ref());
        causes
            .flat_map(|details| &details.causes)
            .filter(|cause| cause.reason == "FieldManagerConflict")
            .map(|cause| (cause.message.as_str(), cause.field.as_str()))
            .collect()
    }
}

impl Cluster {
    /// One try.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        request: Request<Vec<u8>>,
        most: usize,
    ) -> Result<T, Problem> {
        let within = self.pace.request;
        let late = |_| Problem::Silent(format!("no answer came within {}", shown(within)));
        timeout(within, self.answer(request, most)).await.map_err(late)?
    }

    /// As often as the pace allows, while `again` says that another try may go better.
    pub(crate) async fn insist<T: DeserializeOwned>(
        &self,
        request: &Request<Vec<u8>>,
        most: usize,
        again: fn(&Problem) -> bool,
    ) -> Result<T, Problem> {
        let end = Instant::now() + self.pace.patience;
        let mut pauses = self.pace.pauses();
        loop {
            let problem = match self.ask(request.clone(), most).await {
                Err(problem) if again(&problem) => problem,
                result => return result,
            };
            let pause = pauses.next().unwrap_or(self.pace.longest);
            if Instant::now() + pause >= end {
                return Err(problem);
            }
            sleep(pause).await;
        }
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        request: Request<Vec<u8>>,
        most: usize,
    ) -> Result<T, Problem> {
        let response = self.client.send(request.map(Body::from)).await.map_err(|error| lost(&error))?;
        let code = response.status();
        let body = Limited::new(response.into_body(), most).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                Problem::Odd(format!("its answer is longer than {} MiB", most >> 20))
            } else {
                Problem::Silent(innermost(error.as_ref()))
            }
        })?;
        let body = body.to_bytes();
        if code.is_success() {
            return serde_json::from_slice(&body).map_err(|error| {
                Problem::Odd(format!("its answer is not what an API server answers: {error}"))
            });
        }
        let status: Option<Status> =
            serde_json::from_slice(&body).ok().filter(|status: &Status| status.is_failure());
        let text = String::from_utf8_lossy(&body).into_owned();
        Err(Problem::Refused(Box::new(Refusal { code: code.as_u16(), status, text })))
    }
}

fn lost(error: &kube::Error) -> Problem {
    let why = innermost(error);
    let kube::Error::Service(error) = error else { return Problem::Silent(why) };
    if error.is::<AuthError>() {
        Problem::Unsendable
    } else if error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect) {
        Problem::Unreached(why)
    } else {
        Problem::Silent(why)
    }
}

/// The cause at the bottom: those above say no more than that something failed.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut bottom = error;
    while let Some(source) = bottom.source() {
        bottom = source;
    }
    let text = bottom.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
