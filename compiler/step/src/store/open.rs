//! Which store a run has: the argument `--store`, else the claim that is mounted.
//!
//! `{"kind":"s3","bucket":"fuse-runs","prefix":"team-a","endpoint":"https://minio.example","region":"eu-central-1"}`;
//! kinds are `s3`, `gcs` and `azure`. All but `kind` and `bucket` may be left out. Two keys more: `path-style` (the
//! bucket stands in the path, not in the host; `true` unless it says otherwise) and `ca` (certificates to trust beside
//! the public ones: PEM, or the path of a file that holds it).

use serde::Deserialize;
use url::Url;

use super::connect::{self, Variables};
use super::object::Bucket;
use super::volume::Volume;
use super::{Store, rules};
use crate::failure::Failure;
use crate::places::Places;

/// The value of `--store`.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Argument {
    pub(super) kind: Kind,
    pub(super) bucket: String,
    pub(super) prefix: Option<String>,
    pub(super) endpoint: Option<Url>,
    pub(super) region: Option<String>,
    #[serde(default = "path_style")]
    pub(super) path_style: bool,
    pub(super) ca: Option<String>,
}

fn path_style() -> bool {
    true
}

/// The kinds of object stores.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    S3,
    Gcs,
    Azure,
}

impl Kind {
    /// What the uris of its objects start with.
    pub(super) fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gcs => "gs",
            Self::Azure => "azure-blob",
        }
    }
}

/// The store that `--store` names, with the keys of the process's environment; without it the mounted claim.
///
/// # Errors
/// No claim is mounted, the argument is not one, or its keys are missing or no keys.
pub fn open(argument: Option<&str>, places: &Places) -> Result<Box<dyn Store>, Failure> {
    open_with(argument, places, &|name| std::env::var(name).ok())
}

/// [`open`] with the keys from elsewhere.
///
/// # Errors
/// As [`open`].
pub fn open_with(
    argument: Option<&str>,
    places: &Places,
    variables: &Variables<'_>,
) -> Result<Box<dyn Store>, Failure> {
    let Some(text) = argument else { return Ok(Box::new(Volume::open(places.volume())?)) };
    let argument = read(text).map_err(|why| Failure::new(format!("the argument `--store`: {why}")))?;
    let link = connect::connect(&argument, variables)?;
    Ok(Box::new(Bucket::new(&argument, link, places)?))
}

fn read(text: &str) -> Result<Argument, String> {
    let mut argument: Argument = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if argument.bucket.bytes().any(|byte| !plain(byte)) {
        return Err(format!("`{}` is no name of a bucket", argument.bucket.escape_debug()));
    }
    rules::name(&argument.bucket)?;
    argument.prefix =
        argument.prefix.map(|prefix| prefix.trim_matches('/').to_owned()).filter(|prefix| !prefix.is_empty());
    if let Some(prefix) = &argument.prefix {
        rules::path(prefix)?;
    }
    if let Some(endpoint) = &argument.endpoint {
        let bare = endpoint.username().is_empty() && endpoint.password().is_none();
        let bare = bare && endpoint.query().is_none() && endpoint.fragment().is_none();
        if !matches!(endpoint.scheme(), "http" | "https") || endpoint.host().is_none() || !bare {
            return Err("the endpoint must be of the form https://host[:port][/path]".to_owned());
        }
    }
    Ok(argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_read_strictly() {
        let full = r#"{"kind":"s3","bucket":"b","prefix":"/a/b/","endpoint":"http://h:9000","region":"r","path-style":false,"ca":"/ca.pem"}"#;
        let argument = read(full).unwrap();
        assert_eq!(argument.prefix.as_deref(), Some("a/b"));
        assert!(!argument.path_style);
        assert!(read(r#"{"kind":"gcs","bucket":"b"}"#).unwrap().path_style);
        for (text, why) in [
            ("{", "EOF"),
            (r#"{"kind":"ftp","bucket":"b"}"#, "unknown variant `ftp`"),
            (r#"{"kind":"s3"}"#, "missing field `bucket`"),
            (r#"{"kind":"s3","bucket":"b","secret":"x"}"#, "unknown field `secret`"),
            (r#"{"kind":"s3","bucket":"b","bucket":"c"}"#, "duplicate field"),
            (r#"{"kind":"s3","bucket":"../b"}"#, "no name of a bucket"),
            (r#"{"kind":"s3","bucket":".."}"#, "no name of a file"),
            (r#"{"kind":"s3","bucket":"b","prefix":"a/../b"}"#, "leaves the folder"),
            (r#"{"kind":"s3","bucket":"b","endpoint":"file:///x"}"#, "of the form https"),
            (r#"{"kind":"s3","bucket":"b","endpoint":"https://u:p@h"}"#, "of the form https"),
        ] {
            assert!(read(text).is_err_and(|error| error.contains(why)), "{text} for {why}");
        }
    }
}
