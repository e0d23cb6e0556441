//! What object stores answer, in the user's words.
//!
//! Neither requests nor answers are shown whole: an address can carry a signature, and an answer what was signed.

use std::error::Error as _;

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};

use super::open::{Argument, Kind};
use crate::failure::Failure;

/// What errors of a store tell beside themselves.
pub(super) struct Told {
    kind: Kind,
    bucket: String,
    endpoint: String,
    secrets: Vec<String>,
}

/// What went wrong, as far as a user can do something about it.
enum Cause {
    NoBucket,
    Nothing,
    WrongKey(String),
    NotAllowed(String),
    WrongRegion(String),
    Full(String),
    Unreached(String),
    Untrusted(String),
    Late,
    Other(String),
}

impl Told {
    pub(super) fn new(argument: &Argument) -> Self {
        let endpoint = match (&argument.endpoint, argument.kind) {
            (Some(endpoint), _) => endpoint.as_str().trim_end_matches('/').to_owned(),
            (None, Kind::S3) => "Amazon S3".to_owned(),
            (None, Kind::Gcs) => "Google Cloud Storage".to_owned(),
            (None, Kind::Azure) => "Azure Blob Storage".to_owned(),
        };
        Self { kind: argument.kind, bucket: argument.bucket.clone(), endpoint, secrets: Vec::new() }
    }

    /// A value that never stands in a message.
    pub(super) fn hide(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.len() >= 4 {
            self.secrets.push(secret.to_owned());
        }
    }

    /// The store cannot be used at all: what it was given is wrong.
    pub(super) fn unusable(&self, error: &Error) -> Failure {
        let text = self.without_secrets(&deepest(error));
        Failure::new(format!(
            "the store cannot be used: {text}\ncheck the keys of the store's secret: {}",
            self.keys()
        ))
    }

    /// The store did not do what was asked; `verb` and `uri` say what that was.
    pub(super) fn failure(&self, verb: &str, uri: &str, error: &Error) -> Failure {
        let Self { bucket, endpoint, .. } = self;
        let what = format!("cannot {verb} {uri}");
        let message = match cause(error) {
            Cause::NoBucket => format!(
                "{what}: there is no bucket `{bucket}` at {endpoint}\n\
                 make it, or correct `bucket` and `endpoint` of the target's store in fuse.toml"
            ),
            Cause::Nothing => format!("{what}: there is nothing"),
            Cause::WrongKey(answer) => format!(
                "{what}: {endpoint} does not accept the store's key{}\ncheck the values in the store's secret: {}",
                said(&answer),
                self.keys()
            ),
            Cause::NotAllowed(answer) => format!(
                "{what}: the store's key may not do this{}\n\
                 it must be allowed to read, write and list objects in bucket `{bucket}`",
                said(&answer)
            ),
            Cause::WrongRegion(answer) => format!(
                "{what}: bucket `{bucket}` is in another region{}\n\
                 set `region` of the target's store in fuse.toml",
                said(&answer)
            ),
            Cause::Full(answer) => format!("{what}: the store is full{}", said(&answer)),
            Cause::Unreached(why) => format!(
                "{what}: {endpoint} cannot be reached: {why}\n\
                 check `endpoint` of the target's store in fuse.toml, and whether the pod may connect to it"
            ),
            Cause::Untrusted(why) => format!(
                "{what}: no secure connection to {endpoint}: {why}\n\
                 if its certificate is of an authority of your own, the target's store must name that in `ca`"
            ),
            Cause::Late => format!("{what}: {endpoint} did not answer in time, several times"),
            Cause::Other(why) => format!("{what}: {endpoint}: {why}"),
        };
        Failure::new(self.without_secrets(&message))
    }

    fn keys(&self) -> &'static str {
        match self.kind {
            Kind::S3 => "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN)",
            Kind::Gcs => "GOOGLE_SERVICE_ACCOUNT_KEY, the JSON of a service account's key",
            Kind::Azure => {
                "AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY (or AZURE_STORAGE_SAS_TOKEN)"
            }
        }
    }

    fn without_secrets(&self, message: &str) -> String {
        self.secrets.iter().fold(message.to_owned(), |text, secret| text.replace(secret.as_str(), "…"))
    }
}

/// Whether the store says that there is no such object (or no such bucket, which it does not tell apart for all
/// requests).
pub(super) fn is_nothing(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. }) && !matches!(cause(error), Cause::NoBucket)
}

fn cause(error: &Error) -> Cause {
    let chain = chain(error);
    if let Some(http) = http(error) {
        return transport(http);
    }
    let answer = chain.iter().find_map(|text| Answer::read(text));
    let Some(answer) = answer else {
        if chain.iter().any(|text| text.starts_with("Received redirect without LOCATION")) {
            return Cause::WrongRegion(String::new());
        }
        let nothing = matches!(error, Error::NotFound { .. });
        return if nothing { Cause::Nothing } else { Cause::Other(deepest(error)) };
    };
    let told = answer.told();
    match (answer.code.as_str(), answer.status) {
        ("NoSuchBucket" | "ContainerNotFound", _) => Cause::NoBucket,
        (_, 404) if answer.message.contains("bucket does not exist") => Cause::NoBucket,
        ("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException", _)
        | (_, 301 | 307) => Cause::WrongRegion(told),
        (
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "InvalidToken"
            | "ExpiredToken"
            | "TokenRefreshRequired"
            | "AuthenticationFailed"
            | "InvalidAuthenticationInfo"
            | "invalid_grant"
            | "invalid_client",
            _,
        )
        | (_, 401) => Cause::WrongKey(told),
        // Azure has one code for both.
        ("AuthorizationFailure", _) if answer.message.contains("failed to authenticate") => {
            Cause::WrongKey(told)
        }
        (_, 403) => Cause::NotAllowed(told),
        ("XMinioStorageFull" | "QuotaExceeded" | "InsufficientCapacity", _) | (_, 507) => Cause::Full(told),
        (_, 404) => Cause::Nothing,
        _ => Cause::Other(format!("status {}{}", answer.status, said(&told))),
    }
}

fn transport(http: &HttpError) -> Cause {
    let mut why = http.to_string();
    let mut next = http.source();
    while let Some(error) = next {
        why = error.to_string();
        next = error.source();
    }
    let why = shortened_line(&why);
    if why.contains("certificate") || why.contains("handshake") || why.contains("TLS") {
        return Cause::Untrusted(why);
    }
    if http.kind() == HttpErrorKind::Timeout {
        Cause::Late
    } else if http.kind() == HttpErrorKind::Connect {
        Cause::Unreached(why)
    } else {
        Cause::Other(format!("the connection broke: {why}"))
    }
}

/// An answer that is an error.
struct Answer {
    status: u16,
    code: String,
    message: String,
}

impl Answer {
    /// Reads it out of the text of the error that the library gives, the only place where it is.
    fn read(text: &str) -> Option<Self> {
        let (_, rest) = text
            .split_once("Server returned non-2xx status code: ")
            .or_else(|| text.split_once("Server returned error response: "))?;
        let status = rest.split(' ').next().and_then(|status| status.parse().ok()).unwrap_or(0);
        let json: Option<serde_json::Value> =
            rest.find('{').and_then(|at| rest.get(at..)).and_then(|json| serde_json::from_str(json).ok());
        let part = |tag: &str, pointers: [&str; 2]| {
            let xml = rest.split_once(&format!("<{tag}>")).and_then(|(_, rest)| rest.split_once("</"));
            let json = || {
                let json = json.as_ref()?;
                pointers.iter().find_map(|pointer| json.pointer(pointer)?.as_str())
            };
            xml.map(|(text, _)| text).or_else(json).unwrap_or_default().to_owned()
        };
        Some(Self {
            status,
            code: part("Code", ["/error/status", "/error"]),
            message: part("Message", ["/error/message", "/error_description"]),
        })
    }

    /// What is fit for a user.
    fn told(&self) -> String {
        let message = self.message.lines().next().unwrap_or_default();
        match (self.code.as_str(), message) {
            ("", "") => String::new(),
            ("", text) | (text, "") => shortened_line(text),
            (code, message) => shortened_line(&format!("{code}: {message}")),
        }
    }
}

fn said(answer: &str) -> String {
    if answer.is_empty() { String::new() } else { format!(" (it says «{answer}»)") }
}

fn chain(error: &Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    // The innermost says it without the others' words around it.
    texts.reverse();
    texts
}

fn http(error: &Error) -> Option<&HttpError> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(http) = error.downcast_ref() {
            return Some(http);
        }
        next = error.source();
    }
    None
}

fn deepest(error: &Error) -> String {
    chain(error).first().map(|text| shortened_line(text)).unwrap_or_default()
}

/// One line of at most 200 characters.
fn shortened_line(text: &str) -> String {
    let text = text.split(" (os error").next().unwrap_or(text).replace(char::is_control, " ");
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Told {
        let mut told = Told {
            kind: Kind::S3,
            bucket: "fuse-runs".to_owned(),
            endpoint: "https://s3.example".to_owned(),
            secrets: Vec::new(),
        };
        told.hide("hunter2/secret");
        told
    }

    fn said(status: u16, body: &str) -> String {
        let source = format!("Server returned non-2xx status code: {status} Whatever: {body}").into();
        let error = Error::Generic { store: "S3", source };
        told().failure("write", "s3://fuse-runs/x", &error).message
    }

    #[test]
    fn answers_are_told_in_the_users_words() {
        let xml = |code: &str, text: &str| {
            format!("<?xml?>\n<Error><Code>{code}</Code><Message>{text}</Message></Error>")
        };
        for (status, body, expected) in [
            (404, xml("NoSuchBucket", "x"), "there is no bucket `fuse-runs` at https://s3.example"),
            (404, xml("NoSuchKey", "x"), "cannot write s3://fuse-runs/x: there is nothing"),
            (
                404,
                r#"{"error":{"message":"The specified bucket does not exist."}}"#.to_owned(),
                "there is no bucket",
            ),
            (
                403,
                xml("InvalidAccessKeyId", "No such key"),
                "does not accept the store's key (it says «InvalidAccessKeyId: No such key»)",
            ),
            (
                403,
                xml("AccessDenied", "Access Denied"),
                "may not do this (it says «AccessDenied: Access Denied»)",
            ),
            (
                403,
                xml("AuthorizationFailure", "Server failed to authenticate the request."),
                "not accept the store's key",
            ),
            (401, String::new(), "does not accept the store's key\n"),
            (301, xml("PermanentRedirect", "elsewhere"), "is in another region"),
            (507, xml("XMinioStorageFull", "no space"), "the store is full"),
            (500, xml("InternalError", "we failed"), "status 500 (it says «InternalError: we failed»)"),
        ] {
            let message = said(status, &body);
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn secrets_are_never_told() {
        let message = said(500, "<Code>X</Code><Message>got hunter2/secret</Message>");
        assert!(message.contains("got …"), "{message}");
        assert!(!message.contains("hunter2"));
    }
}
