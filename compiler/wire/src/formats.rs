//! The forms of scalars that are texts: constants are held against them at build, late values where they enter.

/// Why a text is no Url.
#[must_use]
pub fn url(text: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = text.split_once(':') else { return Some("it has no scheme") };
    let good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !good {
        return Some("its scheme is not one");
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("it has blanks");
    }
    if rest.trim_start_matches('/').is_empty() {
        return Some("nothing follows the scheme");
    }
    None
}

/// Why a text is no relative path.
#[must_use]
pub fn path(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("it is empty")
    } else if text.starts_with('/') {
        Some("it is absolute")
    } else if text.split('/').any(|part| part == "..") {
        Some("it leaves its folder")
    } else if text.chars().any(char::is_control) {
        Some("it has control characters")
    } else {
        None
    }
}

/// Why a text is no image reference (the grammar of the distribution project: `[host[:port]/]name[:tag][@digest]`).
#[must_use]
pub fn image(text: &str) -> Option<&'static str> {
    let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
    if let Some(digest) = digest {
        let hex = digest.strip_prefix("sha256:").unwrap_or_default();
        if hex.len() != 64 || !hex.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase()) {
            return Some("its digest is not `sha256:` and 64 hexadecimal digits");
        }
    }
    let (name, tag) = match name.rsplit_once(':') {
        Some((head, tag)) if !tag.contains('/') => (head, Some(tag)),
        _ => (name, None),
    };
    if let Some(tag) = tag {
        let start = tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if !start || tag.len() > 128 || !tag.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)) {
            return Some("its tag is malformed");
        }
    }
    if name.is_empty() || name.len() > 255 {
        return Some("its name is empty or too long");
    }
    let mut parts = name.split('/').peekable();
    if let Some(first) = parts.peek()
        && name.contains('/')
        && (first.contains('.') || first.contains(':') || *first == "localhost")
    {
        let host_ok = first.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c));
        if !host_ok {
            return Some("its registry is malformed");
        }
        parts.next();
    }
    let component = |part: &str| {
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(ends)
            && part.ends_with(ends)
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
    };
    if parts.all(component) { None } else { Some("its name is malformed") }
}

/// Why a text is no RFC 1035 label: the strictest of the rules that object names meet (some controllers refuse a
/// leading digit).
#[must_use]
pub fn dns_label(text: &str) -> Option<&'static str> {
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if text.len() > 63 {
        Some("it is longer than 63 bytes")
    } else if !text.starts_with(|c: char| c.is_ascii_lowercase()) || !text.ends_with(ends) {
        Some("it does not start with a lower-case letter or end with one or a digit")
    } else if !text.chars().all(|c| ends(c) || c == '-') {
        Some("it has other characters")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_constant_texts() {
        for good in
            ["alpine", "alpine/git:v2.49.1", "ghcr.io/mlflow/mlflow:v3.17.2-full", "localhost:5000/a__b/c"]
        {
            assert_eq!(image(good), None, "{good}");
        }
        for bad in ["", "Alpine", "a//b", "a:", "a@sha256:12", "a b", "-a"] {
            assert!(image(bad).is_some(), "{bad}");
        }
        assert_eq!(url("s3://wine/latest.csv"), None);
        assert!(url("wine").is_some() && url("s3://").is_some() && url("http://a b").is_some());
        assert_eq!(path("data/wine.csv"), None);
        assert!(path("/etc").is_some() && path("a/../b").is_some());
        assert_eq!(dns_label("wine-quality"), None);
        assert!(
            dns_label("-a").is_some()
                && dns_label("A").is_some()
                && dns_label("1a").is_some()
                && dns_label(&"a".repeat(64)).is_some()
        );
    }
}
