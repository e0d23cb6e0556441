//! A stand-in for the API server of a cluster: it keeps what is applied and answers that it is ready.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value as Json, json};

/// An object that was applied.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The path and its query.
    pub target: String,
    pub content_type: String,
    pub body: Json,
}

/// The server; its thread ends with the process of the test.
pub struct Cluster {
    port: u16,
    applied: Arc<Mutex<Vec<Applied>>>,
}

impl Cluster {
    /// Answers every applied object with this status beside it.
    pub fn start(status: Json) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let applied = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&applied);
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that goes away is its own affair.
                let _ = stream.and_then(|stream| answer(stream, &kept, &status));
            }
        });
        Self { port, applied }
    }

    /// What was applied, in order.
    pub fn applied(&self) -> Vec<Applied> {
        self.applied.lock().unwrap().clone()
    }

    /// Writes the file that tells clients where the server is.
    pub fn write_kubeconfig(&self, file: &Path) {
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": format!("http://127.0.0.1:{}", self.port)}}],
            "users": [{"name": "here", "user": {"token": "t"}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "here", "namespace": "default"}}],
        });
        std::fs::write(file, config.to_string()).unwrap();
    }
}

fn answer(mut stream: TcpStream, kept: &Mutex<Vec<Applied>>, status: &Json) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (mut length, mut content_type) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "content-type" => content_type = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (code, object) = object(&method, target, content_type, &body, kept, status);
    let text = object.to_string();
    write!(
        stream,
        "HTTP/1.1 {code} -\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    )
}

/// The answer to a request: to a patch the object as it is kept, to others what was kept last.
fn object(
    method: &str,
    target: String,
    content_type: String,
    body: &[u8],
    kept: &Mutex<Vec<Applied>>,
    status: &Json,
) -> (u16, Json) {
    let mut kept = kept.lock().unwrap();
    if method == "PATCH" {
        let body = serde_yaml::from_slice(body).unwrap_or(Json::Null);
        kept.push(Applied { target, content_type, body });
    }
    let Some(Applied { body, .. }) = kept.last() else {
        return (
            404,
            json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}),
        );
    };
    let mut object = body.clone();
    object["status"] = status.clone();
    object["metadata"]["uid"] = json!("5f1c7a1e-0000-4000-8000-000000000000");
    object["metadata"]["resourceVersion"] = json!("7");
    object["metadata"]["generation"] = json!(1);
    (200, object)
}
