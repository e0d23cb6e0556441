//! `file:` uris and paths.

use std::path::{Path, PathBuf};

use gen_lsp_types::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stands as it is in the path of a uri.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'+')
    .remove(b'@');

/// The path that a `file:` uri names, if it names one of this machine.
pub(crate) fn to_path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.0.strip_prefix("file://")?;
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    let path = path.split(['?', '#']).next().filter(|path| path.starts_with('/'))?;
    let path = percent_decode_str(path).decode_utf8().ok()?;
    // `/c:/x` is `c:/x` where drives have letters.
    let path = if cfg!(windows) { path.trim_start_matches('/') } else { &path };
    (!path.contains('\0')).then(|| PathBuf::from(path))
}

/// The uri of an absolute path.
pub(crate) fn from_path(path: &Path) -> Uri {
    let text = path.to_string_lossy().replace('\\', "/");
    let slash = if text.starts_with('/') { "" } else { "/" };
    Uri(format!("file://{slash}{}", utf8_percent_encode(&text, ENCODED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let path = Path::new("/a b/ü/100%/c#d.fuse");
        let uri = from_path(path);
        assert_eq!(uri.0, "file:///a%20b/%C3%BC/100%25/c%23d.fuse");
        assert_eq!(to_path(&uri).as_deref(), Some(path));
        assert_eq!(to_path(&Uri("file://localhost/a".into())).as_deref(), Some(Path::new("/a")));
    }

    #[test]
    fn what_is_no_file_here() {
        for uri in ["untitled:1", "file://server/share", "http://x/a", "", "file:///a%00b", "file:///%ff"] {
            assert_eq!(to_path(&Uri(uri.into())), None, "{uri}");
        }
    }
}
