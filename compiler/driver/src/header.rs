//! The line that every written file starts with: which compiler made it, from which inputs.

use fuse_emit::Header;
use sha2::{Digest as _, Sha256};

use crate::VERSION;
use crate::check::Checked;

/// The header of all files that are made of what was checked.
pub(crate) fn header(checked: &Checked) -> Header {
    let files = checked.package.files.iter().copied().chain(checked.project.as_ref().map(|it| it.file));
    let mut inputs: Vec<(&str, &str)> = files
        .filter_map(|file| checked.sources.get(file))
        .map(|file| (file.path.as_str(), file.text.as_ref()))
        .collect();
    inputs.sort_unstable();
    inputs.dedup();
    Header { version: VERSION.to_owned(), inputs: fingerprint(&inputs) }
}

/// SHA-256 over the compiler's version and all inputs, each with its length so that no two lists look alike.
fn fingerprint(inputs: &[(&str, &str)]) -> String {
    let mut hash = Sha256::new();
    for part in std::iter::once(VERSION).chain(inputs.iter().flat_map(|(path, text)| [*path, *text])) {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The version of the compiler that wrote a text; `None` for a text that no `fusec` wrote.
pub(crate) fn version_of(text: &str) -> Option<&str> {
    // The source map is JSON: its header stands on the second line.
    text.lines().take(3).find_map(|line| {
        let (before, after) = line.split_once("fusec ")?;
        let (version, rest) = after.split_once(' ')?;
        let opens = matches!(before.trim_start(), "# " | "\"generated\": \"");
        (opens && rest.starts_with("· inputs sha256:")).then_some(version)
    })
}

/// Whether a line is the header: it differs whenever any input does.
pub(crate) fn is_header(line: &str) -> bool {
    version_of(line).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_recognised() {
        let header = Header { version: "0.3.1".into(), inputs: "ab".into() };
        assert_eq!(version_of(&format!("# {}\nkind: Task\n", header.line())), Some("0.3.1"));
        let map = format!("{{\n  \"generated\": \"{}\"\n}}", header.line());
        assert_eq!(version_of(&map), Some("0.3.1"));
        assert_eq!(version_of("# made with fusec 0.3.1\n"), None);
        assert_eq!(version_of("a\nb\nc\n# fusec 1 · inputs sha256:x\n"), None);
    }

    #[test]
    fn the_fingerprint_tells_lists_apart() {
        let one = fingerprint(&[("a", "b"), ("c", "d")]);
        assert_ne!(one, fingerprint(&[("a", "bc"), ("", "d")]));
        assert_ne!(one, fingerprint(&[("a", "b")]));
        assert_eq!(one, fingerprint(&[("a", "b"), ("c", "d")]));
        assert_eq!(one.len(), 64);
    }
}
