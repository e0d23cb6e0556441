//! The loop: open buffers, one check a change, diagnostics published and taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fuse_base::{Diagnostic, FileId, Severity, Sources};
use fuse_driver::{Failure, Location, Overlay};
use gen_lsp_types as lsp;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use serde_json::Value;

use crate::{positions, uris};

/// Serves a client until `shutdown` and `exit`, or until it goes away.
///
/// # Errors
/// When the handshake fails, or the client leaves without a word.
pub fn run(connection: &Connection) -> Result<(), String> {
    let (id, _) = match connection.initialize_start() {
        Ok(started) => started,
        // A client that goes before it began has nothing to be told.
        Err(error) if error.channel_is_disconnected() => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    let mut server =
        Server { connection, open: BTreeMap::new(), published: BTreeMap::new(), shut_down: false };
    server.send(Response::new_ok(id, initialized()).into())?;
    for message in &connection.receiver {
        match message {
            Message::Request(request) => server.requested(request)?,
            Message::Notification(note) if note.method == "exit" && server.shut_down => return Ok(()),
            Message::Notification(note) if note.method == "exit" => {
                return Err("the client said `exit` before `shutdown`".to_owned());
            }
            Message::Notification(note) => server.notified(note)?,
            Message::Response(_) => {}
        }
    }
    Ok(())
}

fn initialized() -> Value {
    let sync = lsp::TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(lsp::TextDocumentSyncKind::Full),
        save: Some(lsp::Save::Bool(true)),
        ..lsp::TextDocumentSyncOptions::default()
    };
    let capabilities = lsp::ServerCapabilities {
        position_encoding: Some(lsp::PositionEncodingKind::UTF16),
        text_document_sync: Some(lsp::TextDocumentSync::Options(sync)),
        ..lsp::ServerCapabilities::default()
    };
    let info =
        lsp::ServerInfo { name: "fusec".to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) };
    let result = lsp::InitializeResult { capabilities, server_info: Some(info) };
    serde_json::to_value(result).unwrap_or_default()
}

/// A buffer of the editor.
struct Buffer {
    /// The uri as the client spells it.
    uri: lsp::Uri,
    version: i32,
    text: Arc<str>,
}

struct Server<'a> {
    connection: &'a Connection,
    /// Open buffers by canonical path.
    open: BTreeMap<PathBuf, Buffer>,
    /// The files that have diagnostics in the client, by package folder.
    published: BTreeMap<PathBuf, BTreeSet<String>>,
    shut_down: bool,
}

impl Server<'_> {
    /// No request but `shutdown` is served.
    fn requested(&mut self, request: Request) -> Result<(), String> {
        if request.method == "shutdown" {
            self.shut_down = true;
            return self.send(Response::new_ok(request.id, Value::Null).into());
        }
        let (code, why) = match request.method.as_str() {
            "initialize" => (ErrorCode::InvalidRequest, "the server is initialized".to_owned()),
            _ if self.shut_down => (ErrorCode::InvalidRequest, "the server is shut down".to_owned()),
            method => (ErrorCode::MethodNotFound, format!("`{method}` is not supported")),
        };
        self.send(Response::new_err(request.id, code as i32, why).into())
    }

    /// Notifications are not answered: what cannot be read is passed over.
    fn notified(&mut self, note: Notification) -> Result<(), String> {
        match note.method.as_str() {
            "textDocument/didOpen" => {
                let Ok(params) = serde_json::from_value::<lsp::DidOpenTextDocumentParams>(note.params) else {
                    return Ok(());
                };
                let document = params.text_document;
                self.changed(document.uri, document.version, document.text)
            }
            "textDocument/didChange" => {
                let Ok(params) = serde_json::from_value::<lsp::DidChangeTextDocumentParams>(note.params)
                else {
                    return Ok(());
                };
                let document = params.text_document;
                let Some(lsp::TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole)) =
                    params.content_changes.into_iter().next_back()
                else {
                    return Ok(());
                };
                self.changed(document.text_document_identifier.uri, document.version, whole.text)
            }
            "textDocument/didSave" => {
                match serde_json::from_value::<lsp::DidSaveTextDocumentParams>(note.params) {
                    Ok(params) => path_of(&params.text_document.uri).map_or(Ok(()), |path| self.check(&path)),
                    Err(_) => Ok(()),
                }
            }
            "textDocument/didClose" => {
                match serde_json::from_value::<lsp::DidCloseTextDocumentParams>(note.params) {
                    Ok(params) => self.closed(&params.text_document.uri),
                    Err(_) => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn changed(&mut self, uri: lsp::Uri, version: i32, text: String) -> Result<(), String> {
        let Some(path) = path_of(&uri) else { return Ok(()) };
        self.open.insert(path.clone(), Buffer { uri, version, text: text.into() });
        self.check(&path)
    }

    fn closed(&mut self, uri: &lsp::Uri) -> Result<(), String> {
        let Some(path) = path_of(uri) else { return Ok(()) };
        self.open.remove(&path);
        let root = package_of(&path);
        if self.open.keys().any(|open| package_of(open) == root) {
            return self.check(&path);
        }
        // Nobody looks at the package any more.
        self.publish(&root, BTreeMap::new())
    }

    /// Checks the package around a file and publishes what is found, and no more than that.
    fn check(&mut self, path: &Path) -> Result<(), String> {
        let root = package_of(path);
        let found = match self.diagnostics(&root) {
            Ok(found) => found,
            Err(failures) => {
                let uri = self.uri(path);
                BTreeMap::from([(uri.0, failures.iter().map(whole_file).collect())])
            }
        };
        self.publish(&root, found)
    }

    fn diagnostics(&self, root: &Path) -> Result<BTreeMap<String, Vec<lsp::Diagnostic>>, Vec<Failure>> {
        let location = Location::of_folder(root).map_err(|failure| vec![failure])?;
        let overlay: Overlay = self
            .open
            .iter()
            .filter_map(|(path, buffer)| {
                let relative = path.strip_prefix(&location.root).ok()?.to_str()?.replace('\\', "/");
                Some((relative, Arc::clone(&buffer.text)))
            })
            .collect();
        let checked = fuse_driver::check(&location, &overlay, &[])?;
        let uri = |file: FileId| self.uri_of(&location, checked.sources.path(file));
        let mut found: BTreeMap<String, Vec<lsp::Diagnostic>> = BTreeMap::new();
        for diagnostic in &checked.diagnostics {
            let converted = convert(diagnostic, &checked.sources, &uri);
            found.entry(uri(diagnostic.span.file).0).or_default().push(converted);
        }
        Ok(found)
    }

    /// The uri of a source: a path in the package, or one of the standard library.
    fn uri_of(&self, location: &Location, path: &str) -> lsp::Uri {
        if path.starts_with("fuse:") {
            lsp::Uri(path.to_owned())
        } else {
            self.uri(&location.root.join(path))
        }
    }

    fn uri(&self, path: &Path) -> lsp::Uri {
        self.open.get(path).map_or_else(|| uris::from_path(path), |buffer| buffer.uri.clone())
    }

    /// Sends the diagnostics of a package, and empty lists for the files that had some before.
    fn publish(&mut self, root: &Path, found: BTreeMap<String, Vec<lsp::Diagnostic>>) -> Result<(), String> {
        let now: BTreeSet<String> = found.keys().cloned().collect();
        let before = self.published.insert(root.to_path_buf(), now).unwrap_or_default();
        let gone = before.into_iter().filter(|uri| !found.contains_key(uri)).map(|uri| (uri, Vec::new()));
        for (uri, diagnostics) in gone.chain(found.clone()) {
            let version = self.open.values().find(|buffer| buffer.uri.0 == uri).map(|buffer| buffer.version);
            let params = lsp::PublishDiagnosticsParams { uri: lsp::Uri(uri), version, diagnostics };
            let note = Notification::new("textDocument/publishDiagnostics".to_owned(), params);
            self.send(note.into())?;
        }
        Ok(())
    }

    fn send(&self, message: Message) -> Result<(), String> {
        self.connection.sender.send(message).map_err(|_| "the client has gone".to_owned())
    }
}

fn convert(diagnostic: &Diagnostic, sources: &Sources, uri: &impl Fn(FileId) -> lsp::Uri) -> lsp::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => lsp::DiagnosticSeverity::Error,
        Severity::Warning => lsp::DiagnosticSeverity::Warning,
    };
    // Editors show one text; the help belongs to it.
    let mut message = diagnostic.message.clone();
    for more in diagnostic.note.iter().chain(&diagnostic.help) {
        message.push('\n');
        message.push_str(more);
    }
    let related: Vec<lsp::DiagnosticRelatedInformation> = diagnostic
        .labels
        .iter()
        .map(|label| lsp::DiagnosticRelatedInformation {
            location: lsp::Location {
                uri: uri(label.span.file),
                range: positions::range(label.span, sources),
            },
            message: label.text.clone(),
        })
        .collect();
    lsp::Diagnostic {
        severity: Some(severity),
        code: Some(lsp::Code::String(diagnostic.code.id.to_owned())),
        related_information: (!related.is_empty()).then_some(related),
        ..plain(positions::range(diagnostic.span, sources), message)
    }
}

/// What has no place: shown at the start of the file that was opened.
fn whole_file(failure: &Failure) -> lsp::Diagnostic {
    let start = lsp::Position { line: 0, character: 0 };
    let help = failure.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    plain(lsp::Range { start, end: start }, format!("{}{help}", failure.message))
}

fn plain(range: lsp::Range, message: String) -> lsp::Diagnostic {
    lsp::Diagnostic {
        range,
        severity: Some(lsp::DiagnosticSeverity::Error),
        code: None,
        code_description: None,
        source: Some("fuse".to_owned()),
        message: lsp::Message::String(message),
        tags: None,
        related_information: None,
        data: None,
    }
}

/// The canonical path of a uri; the file itself need not exist yet.
fn path_of(uri: &lsp::Uri) -> Option<PathBuf> {
    let path = uris::to_path(uri)?;
    path.canonicalize().ok().or_else(|| {
        let folder = path.parent()?.canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    })
}

/// The folder of the package around a file, or the file's own folder.
fn package_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(path);
    folder
        .ancestors()
        .find(|folder| folder.join(fuse_driver::PROJECT_FILE).symlink_metadata().is_ok())
        .unwrap_or(folder)
        .to_path_buf()
}
