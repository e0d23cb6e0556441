//! A stand-in of the API server: answers what a script says, in order, and keeps what it was asked.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// What is answered to one request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// A status and JSON.
    Json(u16, Json),
    /// A status and plain text, as proxies and unknown paths answer.
    Text(u16, String),
    /// Nothing, for as long as the client waits.
    Hang,
    /// The connection ends.
    Close,
}

/// What was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) content_type: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

type Log = Arc<Mutex<Vec<Seen>>>;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    log: Log,
    // Dropped with the server: ends its connections.
    _runtime: Runtime,
}

impl Server {
    /// Answers the n-th request with the n-th answer, all later ones with the last.
    pub(crate) fn start(answers: Vec<Answer>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_io()
            .enable_time()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let log = Log::default();
        runtime.spawn(serve(listener, answers, Arc::clone(&log)));
        Ok(Self { address, log, _runtime: runtime })
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until so many requests have come.
    pub(crate) fn wait(&self, requests: usize) -> Result<(), String> {
        for _ in 0..3_000 {
            if self.seen().len() >= requests {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("{requests} requests did not come"))
    }
}

async fn serve(listener: TcpListener, answers: Vec<Answer>, log: Log) {
    while let Ok((stream, _)) = listener.accept().await {
        let (answers, log) = (answers.clone(), Arc::clone(&log));
        let service = service_fn(move |request| one(request, answers.clone(), Arc::clone(&log)));
        // A client that goes away ends its connection with an error.
        tokio::spawn(async move {
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn one(
    request: Request<Incoming>,
    answers: Vec<Answer>,
    log: Log,
) -> Result<Response<Full<Bytes>>, Closed> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Closed)?.to_bytes();
    let header = |name: &str| {
        parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let seen = Seen {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        // The client begins each query with an empty part.
        query: parts.uri.query().unwrap_or_default().trim_start_matches('&').to_owned(),
        content_type: header("content-type"),
        authorization: header("authorization"),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let at = {
        let mut log = log.lock().map_err(|_| Closed)?;
        log.push(seen);
        log.len() - 1
    };
    let (code, kind, text) = match answers.get(at).or(answers.last()) {
        Some(Answer::Json(code, json)) => (*code, "application/json", json.to_string()),
        Some(Answer::Text(code, text)) => (*code, "text/plain; charset=utf-8", text.clone()),
        Some(Answer::Hang) => std::future::pending::<Result<_, Infallible>>().await.map_err(|_| Closed)?,
        Some(Answer::Close) | None => return Err(Closed),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = StatusCode::from_u16(code).map_err(|_| Closed)?;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static(kind));
    Ok(response)
}

/// Ends a connection without an answer.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("closed")
    }
}

impl std::error::Error for Closed {}
