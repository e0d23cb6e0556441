//! References to artifacts: where the files are and what they must be, `{"u":"s3://b/runs/…/","d":"sha256:…"}`.

use serde::{Deserialize, Serialize};

/// Bytes of a reference in a result, at most.
pub const MAX_BYTES: usize = 320;

/// A reference. A run that is started by hand may give the bare uri instead.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The uri.
    #[serde(rename = "u")]
    pub uri: String,
    /// The digest of what lies there, `sha256:` and 64 hex digits; unknown for files that no step of Fuse wrote.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl Reference {
    /// Reads a decoded text.
    ///
    /// # Errors
    /// It is neither a reference nor a uri: the message says why.
    pub fn read(text: &str) -> Result<Self, String> {
        let reference = if text.starts_with('{') {
            serde_json::from_str(text).map_err(|error| format!("is no reference: {error}"))?
        } else {
            Self { uri: text.to_owned(), digest: None }
        };
        if crate::formats::url(&reference.uri).is_some() {
            return Err(format!("`{}` is no uri", reference.uri));
        }
        let hex = |digits: &str| {
            digits.len() == 64 && digits.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
        };
        match reference.digest.as_deref().map(|digest| digest.strip_prefix("sha256:")) {
            Some(None) => Err("its digest is not of the form sha256:<64 hex digits>".to_owned()),
            Some(Some(digits)) if !hex(digits) => {
                Err("its digest is not of the form sha256:<64 hex digits>".to_owned())
            }
            Some(Some(_)) | None => Ok(reference),
        }
    }

    /// As a result has it.
    ///
    /// # Errors
    /// The uri holds a character that JSON or Tekton gives a meaning to, or the text is over [`MAX_BYTES`].
    pub fn write(&self) -> Result<String, String> {
        if crate::encode(&self.uri).ok().as_deref() != Some(self.uri.as_str()) {
            return Err(format!("`{}` holds a `$`, a quote, a backslash or a control character", self.uri));
        }
        let text = serde_json::to_string(self).map_err(|error| error.to_string())?;
        // Each quote takes one more byte in the JSON of a termination message.
        let bytes = text.len() + text.matches('"').count();
        if bytes > MAX_BYTES {
            return Err(format!("`{}` takes {bytes} bytes as a result, and {MAX_BYTES} fit", self.uri));
        }
        Ok(text)
    }

    /// What stands before the first colon.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.uri.split(':').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_comes_back() {
        let digest = Some(format!("sha256:{}", "0a".repeat(32)));
        let reference = Reference { uri: "s3://bucket/runs/1/train/model/".into(), digest };
        let text = reference.write().unwrap();
        assert_eq!(serde_json::from_str::<Reference>(&text).unwrap(), reference);
        assert_eq!(Reference::read(&text), Ok(reference));
        assert_eq!(Reference::read("gs://b/x").unwrap().digest, None);
    }

    #[test]
    fn what_is_no_reference_says_why() {
        assert!(Reference::read(r#"{"u":"s3://b/x","d":"md5:00"}"#).unwrap_err().contains("sha256"));
        assert!(Reference::read(r#"{"u":"s3://b/x","e":1}"#).unwrap_err().contains("unknown field"));
        assert!(Reference::read("no uri").unwrap_err().contains("is no uri"));
        let long = Reference { uri: format!("s3://b/{}", "x".repeat(400)), digest: None };
        assert!(long.write().unwrap_err().contains("320 fit"));
        assert!(Reference { uri: "s3://b/$(params.x)".into(), digest: None }.write().is_err());
    }
}
