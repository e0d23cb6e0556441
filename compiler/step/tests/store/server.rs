//! An S3 server on this machine, for as long as a test uses it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use fuse_step::failure::Failure;
use fuse_step::places::Places;
use fuse_step::store::{Store, open_with};

/// A running server. The last who lets it go ends it.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

/// The server, with a new bucket; `None` where the machine has none, which continuous integration must.
pub(crate) fn bucket(name: &str) -> Option<Arc<Server>> {
    let python = python()?;
    let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let server = shared.upgrade().unwrap_or_else(|| Arc::new(Server::start(&python, &[], &[])));
    *shared = Arc::downgrade(&server);
    drop(shared);
    server.make(name);
    Some(server)
}

/// A server that refuses keys which it does not know, once it has a bucket.
pub(crate) fn strict(name: &str) -> Option<Server> {
    let server = Server::start(&python()?, &[], &[("INITIAL_NO_AUTH_ACTION_COUNT", "1")]);
    server.make(name);
    Some(server)
}

/// A server whose certificate is signed by itself; it lies at the path.
pub(crate) fn secure(certificate: &str, key: &str) -> Option<Server> {
    Some(Server::start(&python()?, &["-s", "-c", certificate, "-k", key], &[]))
}

fn python() -> Option<String> {
    if let Ok(python) = std::env::var("FUSE_TEST_PYTHON") {
        return Some(python);
    }
    assert!(
        std::env::var_os("CI").is_none_or(|value| value != "true"),
        "FUSE_TEST_PYTHON must name a Python that has moto[server]"
    );
    let _ = writeln!(std::io::stderr(), "left out: FUSE_TEST_PYTHON names no Python that has moto[server]");
    None
}

impl Server {
    fn start(python: &str, options: &[&str], variables: &[(&str, &str)]) -> Self {
        let port = free();
        let child = Command::new(python)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .args(options)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{python}: {error}"));
        let mut server = Self { child, port };
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(server.child.try_wait().unwrap().is_none(), "{python} has no moto[server]");
            assert!(begin.elapsed() < Duration::from_secs(60), "the server does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn make(&self, bucket: &str) {
        assert!(self.ask("PUT", &format!("/{bucket}"), b"").starts_with("HTTP/1.1 200"));
    }

    /// A request and the answer. The server believes every signature.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test-id/20260101/us-east-1/s3/aws4_request, \
             SignedHeaders=host, Signature=0\r\n\r\n",
            body.len()
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The keys in a bucket.
    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        let answer = self.ask("GET", &format!("/{bucket}?list-type=2&encoding-type=url"), b"");
        answer.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    }

    /// Writes an object past every check.
    pub(crate) fn write(&self, bucket: &str, key: &str, content: &[u8]) {
        let answer = self.ask("PUT", &format!("/{bucket}/{key}"), content);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

/// A port that nobody listens on.
pub(crate) fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The store in a bucket at a port.
pub(crate) fn store(places: &Places, port: u16, bucket: &str) -> Box<dyn Store> {
    try_store(places, port, bucket, "test-secret").unwrap()
}

/// [`store`] with a key.
pub(crate) fn try_store(
    places: &Places,
    port: u16,
    bucket: &str,
    secret: &str,
) -> Result<Box<dyn Store>, Failure> {
    let argument = format!(
        r#"{{"kind":"s3","bucket":"{bucket}","prefix":"team/a","endpoint":"http://127.0.0.1:{port}","region":"eu-central-1"}}"#
    );
    open_with(Some(&argument), places, &|name| match name {
        "AWS_ACCESS_KEY_ID" => Some("test-id".to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some(secret.to_owned()),
        _ => None,
    })
}
