//! Messages over standard input and output.
//!
//! The library's own reader ends the connection at the first message that is no JSON; a language server that dies of
//! one bad message takes the editor's diagnostics with it. So the frames are read here: what cannot be understood is
//! answered with an error, and the next message is read.

use std::io::{self, BufRead, Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;

use lsp_server::{Connection, ErrorCode, Message};
use serde_json::{Value, json};

/// No message is larger; a client that says so is not believed.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Serves an editor over standard input and output until it says `exit` or closes the input.
///
/// # Errors
/// When the protocol is broken beyond repair, or the output is closed while the server still speaks.
pub fn stdio() -> Result<(), String> {
    serve(io::stdin().lock(), io::stdout())
}

fn serve(mut input: impl BufRead, output: impl Write + Send + 'static) -> Result<(), String> {
    let (server, client) = Connection::memory();
    let output = Arc::new(Mutex::new(output));
    let replies = client.receiver;
    let writer = {
        let output = Arc::clone(&output);
        thread::spawn(move || -> Result<(), String> {
            for message in replies {
                let mut output = output.lock().map_err(|_| "the output is lost".to_owned())?;
                message
                    .write(&mut *output)
                    .map_err(|error| format!("cannot write to the client: {error}"))?;
            }
            Ok(())
        })
    };
    let worker = thread::spawn(move || crate::run(&server));
    let to_server = client.sender;
    while let Some(frame) = read_frame(&mut input) {
        let refused = match frame.and_then(|bytes| parse(&bytes)) {
            Ok(message) => {
                let ends = matches!(&message, Message::Notification(note) if note.method == "exit");
                // A server that has ended hears nothing more; why is told below.
                if to_server.send(message).is_err() || ends {
                    break;
                }
                continue;
            }
            Err(refused) => refused,
        };
        if let Ok(mut output) = output.lock() {
            refused.answer(&mut *output).map_err(|error| format!("cannot write to the client: {error}"))?;
        }
    }
    drop(to_server);
    let served = worker.join().map_err(|_| "the server has stopped".to_owned())?;
    let written = writer.join().map_err(|_| "the writer has stopped".to_owned())?;
    served.and(written)
}

/// A message that is not understood.
struct Refused {
    id: Value,
    code: ErrorCode,
    why: String,
}

impl Refused {
    fn new(code: ErrorCode, why: impl Into<String>) -> Self {
        Self { id: Value::Null, code, why: why.into() }
    }

    fn answer(&self, output: &mut impl Write) -> io::Result<()> {
        let error = json!({ "code": self.code as i32, "message": self.why });
        let text = json!({ "jsonrpc": "2.0", "id": self.id, "error": error }).to_string();
        write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
        output.flush()
    }
}

/// The next frame's content; `None` at the end of the input. Lines that are no header are passed over, so that the
/// reader finds the next frame after a broken one.
fn read_frame(input: &mut impl BufRead) -> Option<Result<Vec<u8>, Refused>> {
    let mut length: Option<u64> = None;
    loop {
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        match (line.split_once(':'), length) {
            (Some((name, value)), _) if name.trim().eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok();
                if length.is_none() {
                    return Some(Err(Refused::new(ErrorCode::ParseError, "the Content-Length is no number")));
                }
            }
            (None, Some(length)) if line.is_empty() => return read_content(input, length),
            (Some(_) | None, _) => {}
        }
    }
}

fn read_content(input: &mut impl BufRead, length: u64) -> Option<Result<Vec<u8>, Refused>> {
    let mut content = input.take(length);
    if length > MOST_BYTES {
        io::copy(&mut content, &mut io::sink()).ok()?;
        return Some(Err(Refused::new(
            ErrorCode::InvalidRequest,
            format!("a message of {length} bytes is too large"),
        )));
    }
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes).ok()?;
    Some(Ok(bytes))
}

fn parse(bytes: &[u8]) -> Result<Message, Refused> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Refused::new(ErrorCode::ParseError, format!("the message is no JSON: {error}")))?;
    let id = value.get("id").filter(|id| id.is_string() || id.is_number()).cloned().unwrap_or(Value::Null);
    serde_json::from_value(value).map_err(|_| Refused {
        id,
        code: ErrorCode::InvalidRequest,
        why: "the message is no request, response or notification of the protocol".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(input: &str) -> Vec<Result<Message, i32>> {
        let mut input = input.as_bytes();
        std::iter::from_fn(|| read_frame(&mut input))
            .map(|frame| frame.and_then(|bytes| parse(&bytes)).map_err(|refused| refused.code as i32))
            .collect()
    }

    fn frame(text: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{text}", text.len())
    }

    #[test]
    fn reads_on_after_what_it_cannot_understand() {
        let good = frame(r#"{"jsonrpc":"2.0","method":"exit"}"#);
        let input = [
            "garbage\r\n\r\n",
            &frame("{not json"),
            "Content-Length: many\r\n\r\n",
            &frame(r#"{"jsonrpc":"2.0","id":7}"#),
            &frame("[1, 2]"),
            "Content-Type: x\r\ncontent-length: 33\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}",
            &good,
        ]
        .concat();
        let codes: Vec<Option<i32>> =
            frames(&input).iter().map(|frame| frame.as_ref().err().copied()).collect();
        assert_eq!(codes, [Some(-32700), Some(-32700), Some(-32600), Some(-32600), None, None]);
    }

    #[test]
    fn a_cut_message_ends_the_input() {
        assert!(frames("Content-Length: 5\r\n").is_empty());
        assert_eq!(frames("Content-Length: 50\r\n\r\n{}").len(), 1);
    }
}
