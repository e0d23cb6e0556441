//! Servers on loopback: started and ended by process id, ready when they answer.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::process;

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server; it ends with this value.
pub struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts a server on a free port, which takes the place of `PORT` in its words, and waits until a path answers.
    /// What it says goes to a file.
    pub fn start(words: &[&str], env: &[(&str, &str)], ready: &str, log: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let words: Vec<String> = words.iter().map(|word| word.replace("PORT", &port.to_string())).collect();
        let out = File::create(log).unwrap();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env("PATH", std::env::var_os("PATH").unwrap()).envs(env.iter().copied());
        let child = process::in_session(&command)
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {words:?}: {error}"));
        let mut server = Self { child, port };
        let deadline = Instant::now() + PATIENCE;
        while !http(port, "GET", ready, "").is_ok_and(|(status, _)| status == 200) {
            let ended = server.child.try_wait().unwrap();
            let said = || std::fs::read_to_string(log).unwrap_or_default();
            assert!(ended.is_none(), "{words:?} ended: {}", said());
            assert!(Instant::now() < deadline, "{words:?} does not answer: {}", said());
            thread::sleep(Duration::from_millis(100));
        }
        server
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        process::end(&mut self.child);
    }
}

/// A request and its answer: the status and the body.
pub fn http(port: u16, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
    Ok((status, body))
}

/// An S3 server: moto, in the Python that `FUSE_TEST_PYTHON` names.
pub struct ObjectStore {
    server: Server,
    _log: TempDir,
}

impl ObjectStore {
    /// Starts it with empty buckets; `None` where there is no moto here.
    pub fn start(buckets: &[&str]) -> Option<Self> {
        let Some(python) = std::env::var_os("FUSE_TEST_PYTHON").map(PathBuf::from) else {
            super::left_out("FUSE_TEST_PYTHON names no Python with moto[server]");
            return None;
        };
        Some(Self::with(&python, buckets))
    }

    /// The same with a Python that has moto.
    pub fn with(python: &Path, buckets: &[&str]) -> Self {
        let log = tempfile::tempdir().unwrap();
        let python = python.display().to_string();
        let words = [&python, "-m", "moto.server", "--host", "127.0.0.1", "--port", "PORT"];
        let server = Server::start(&words, &[], "/moto-api/data.json", &log.path().join("log"));
        for bucket in buckets {
            let (status, answer) = http(server.port(), "PUT", &format!("/{bucket}"), "").unwrap();
            assert_eq!(status, 200, "{answer}");
        }
        Self { server, _log: log }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The keys of a bucket.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let (status, answer) =
            http(self.server.port(), "GET", &format!("/{bucket}?list-type=2"), "").unwrap();
        assert_eq!(status, 200, "{answer}");
        let keys = answer.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        keys.map(|(key, _)| key.to_owned()).collect()
    }

    /// The bytes of an object, as text.
    pub fn object(&self, bucket: &str, key: &str) -> String {
        let (status, answer) = http(self.server.port(), "GET", &format!("/{bucket}/{key}"), "").unwrap();
        assert_eq!(status, 200, "{answer}");
        answer
    }
}
