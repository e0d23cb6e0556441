//! The language server, driven by a small client over the wire.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, reason = "each test uses its part")]
mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use common::{Package, fusec};
use serde_json::{Value, json};

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

const BROKEN: &str = "task greet() {\n  image \"alpine:3.22\"\n  script sh \"\"\"\n    echo hello\n  \"\"\"\n}\n\n\
    // \u{1f600} two mistakes\npipeline hello() {\n  gret()\n  /* \u{1f600} */ nothing()\n}\n";
const RIGHT: &str = "task greet() {\n  image \"alpine:3.22\"\n  script sh \"\"\"\n    echo hello\n  \"\"\"\n}\n\n\
    pipeline hello() {\n  greet()\n}\n";

struct Client {
    server: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    next: u32,
}

impl Client {
    fn start(folder: &Path) -> Self {
        let mut client = Self::start_only(folder);
        let uri = uri(folder, "");
        let result =
            client.request("initialize", json!({ "processId": null, "rootUri": uri, "capabilities": {} }));
        assert_eq!(result["result"]["capabilities"]["textDocumentSync"]["change"], 1, "{result}");
        client.notify("initialized", json!({}));
        client
    }

    fn start_only(folder: &Path) -> Self {
        let mut server = Command::new(fusec())
            .arg("lsp")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (sender, messages) = channel();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let input = server.stdin.take().unwrap();
        Self { server, input, messages, next: 0 }
    }

    fn raw(&mut self, text: &str) {
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.raw(&json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string());
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.raw(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string());
        self.wait(|message| message["id"] == id)
    }

    fn wait(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("the server answers");
            if wanted(&message) {
                return message;
            }
        }
    }

    fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "fuse", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn change(&mut self, uri: &str, version: i32, text: &str) {
        let document = json!({ "uri": uri, "version": version });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [{ "text": text }] }),
        );
    }

    fn close(&mut self, uri: &str) {
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }

    /// The next diagnostics that are published for a file.
    fn diagnostics(&self, uri: &str) -> Vec<Value> {
        let message = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri
        });
        message["params"]["diagnostics"].as_array().unwrap().clone()
    }

    fn shut_down(mut self) {
        let answer = self.request("shutdown", Value::Null);
        assert_eq!(answer["error"], Value::Null, "{answer}");
        self.notify("exit", Value::Null);
        assert_eq!(self.ended(), Some(0));
    }

    fn ended(&mut self) -> Option<i32> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.server.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("the server does not end");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A test that failed leaves no server behind.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut bytes = vec![0; length];
    output.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn uri(folder: &Path, file: &str) -> String {
    format!("file://{}/{file}", folder.display())
}

fn package(files: &[(&str, &str)]) -> Package {
    let files: Vec<(String, String)> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    Package::new(&files).unwrap()
}

/// Code, line and column of each diagnostic by file, as `fusec check` tells them; columns count characters.
fn checked(folder: &Path) -> BTreeMap<String, Vec<(String, u64, u64)>> {
    let output =
        Command::new(fusec()).args(["check", "--format", "json"]).current_dir(folder).output().unwrap();
    let mut found: BTreeMap<String, Vec<(String, u64, u64)>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let one: Value = serde_json::from_str(line).unwrap();
        let code = one["code"].as_str().unwrap().to_owned();
        let place = (code, one["line"].as_u64().unwrap(), one["column"].as_u64().unwrap());
        found.entry(one["file"].as_str().unwrap().to_owned()).or_default().push(place);
    }
    found
}

/// The same of what was published, columns turned from UTF-16 units into characters.
fn published(diagnostics: &[Value], text: &str) -> Vec<(String, u64, u64)> {
    let place = |one: &Value| {
        assert_eq!(one["source"], "fuse");
        assert_eq!(one.get("codeDescription"), None);
        let start = &one["range"]["start"];
        let (line, units) = (start["line"].as_u64().unwrap(), start["character"].as_u64().unwrap());
        let line_text = text.lines().nth(usize::try_from(line).unwrap()).unwrap_or("");
        let head: Vec<u16> = line_text.encode_utf16().take(usize::try_from(units).unwrap()).collect();
        let column = String::from_utf16(&head).expect("a column inside a character").chars().count();
        (one["code"].as_str().unwrap().to_owned(), line + 1, column as u64 + 1)
    };
    diagnostics.iter().map(place).collect()
}

#[test]
fn diagnostics_come_and_go_with_the_text() {
    let package = package(&[("main.fuse", BROKEN)]);
    let folder = package.path().canonicalize().unwrap();
    let expected = checked(&folder).remove("main.fuse").expect("the program is broken");
    assert!(expected.len() >= 2, "{expected:?}");
    let mut client = Client::start(&folder);
    let main = uri(&folder, "main.fuse");
    client.open(&main, BROKEN);
    assert_eq!(published(&client.diagnostics(&main), BROKEN), expected);
    client.change(&main, 2, RIGHT);
    assert_eq!(client.diagnostics(&main), Vec::<Value>::new());
    client.change(&main, 3, BROKEN);
    assert_eq!(published(&client.diagnostics(&main), BROKEN), expected);
    client.close(&main);
    assert_eq!(client.diagnostics(&main), Vec::<Value>::new());
    client.shut_down();
}

#[test]
fn buffers_win_over_the_disk_and_saving_checks_again() {
    let package = package(&[("main.fuse", RIGHT)]);
    let folder = package.path().canonicalize().unwrap();
    let mut client = Client::start(&folder);
    let (main, toml) = (uri(&folder, "main.fuse"), uri(&folder, "fuse.toml"));
    client.open(&main, BROKEN);
    assert!(!client.diagnostics(&main).is_empty());
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": main } }));
    assert!(!client.diagnostics(&main).is_empty(), "the buffer still says so");
    client.change(&main, 2, RIGHT);
    assert!(client.diagnostics(&main).is_empty());
    // The disk counts for files that are not open.
    let project = std::fs::read_to_string(folder.join("fuse.toml")).unwrap();
    package.write("fuse.toml", &project.replace("namespace = ", "namespaec = ")).unwrap();
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": main } }));
    assert!(!client.diagnostics(&toml).is_empty());
    client.open(&toml, &project);
    assert!(client.diagnostics(&toml).is_empty());
    client.shut_down();
}

#[test]
fn mistakes_of_other_files_are_published_there_with_related_places() {
    let library = "pub task greet(name: String) {\n  image \"alpine:3.22\"\n  script sh \"\"\"\n    echo hello\n  \"\"\"\n}\n";
    let main_text = "import ./lib\n\npipeline hello() {\n  lib.greet()\n}\n";
    let package = package(&[("lib.fuse", library), ("main.fuse", main_text)]);
    let folder = package.path().canonicalize().unwrap();
    let expected = checked(&folder);
    let mut client = Client::start(&folder);
    let (lib, main) = (uri(&folder, "lib.fuse"), uri(&folder, "main.fuse"));
    client.open(&lib, library);
    let diagnostics = client.diagnostics(&main);
    assert_eq!(published(&diagnostics, main_text), expected["main.fuse"]);
    client.shut_down();
}

#[test]
fn what_cannot_be_understood_leaves_the_server_alive() {
    let package = package(&[("main.fuse", RIGHT)]);
    let folder = package.path().canonicalize().unwrap();
    let mut client = Client::start(&folder);
    let main = uri(&folder, "main.fuse");
    client.raw("{ this is no JSON");
    assert_eq!(client.wait(|message| message["error"]["code"] == -32700)["id"], Value::Null);
    client.raw(r#"{"jsonrpc":"2.0","id":"x"}"#);
    assert_eq!(client.wait(|message| message["id"] == "x")["error"]["code"], -32600);
    assert_eq!(client.request("textDocument/fly", json!({}))["error"]["code"], -32601);
    assert_eq!(client.request("initialize", json!([]))["error"]["code"], -32600);
    for method in ["didOpen", "didChange", "didSave", "didClose"] {
        client.notify(&format!("textDocument/{method}"), json!({ "textDocument": 7 }));
    }
    client.open("untitled:1", BROKEN);
    client.open("file:///no/such/folder/at/all.fuse", BROKEN);
    client.close(&main);
    client.open(&main, BROKEN);
    assert!(!client.diagnostics(&main).is_empty());
    client.shut_down();
}

#[test]
fn a_file_without_a_package_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().canonicalize().unwrap();
    std::fs::write(folder.join("main.fuse"), RIGHT).unwrap();
    let mut client = Client::start(&folder);
    let main = uri(&folder, "main.fuse");
    client.open(&main, RIGHT);
    let diagnostics = client.diagnostics(&main);
    assert!(diagnostics[0]["message"].as_str().unwrap().contains("fuse.toml"), "{diagnostics:?}");
    client.shut_down();
}

#[test]
fn leaving_early_is_no_hang() {
    let dir = tempfile::tempdir().unwrap();
    let mut client = Client::start_only(dir.path());
    client.notify("exit", Value::Null);
    client.ended();
    let mut client = Client::start(dir.path());
    client.notify("exit", Value::Null);
    assert_ne!(client.ended(), Some(0), "`exit` without `shutdown` is a failure");
}
