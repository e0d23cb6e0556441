//! What texts in `fuse.toml` must look like: names, versions, quantities, uris.

/// RFC 1123 label: lower-case letters, digits and `-`, at most 63 bytes, a letter or digit at both ends.
pub(super) fn is_dns_label(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
}

/// RFC 1123 subdomain: labels with `.` between, at most 253 bytes; names of Secrets, claims and storage classes.
pub(super) fn is_dns_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_label)
}

/// The closest DNS label to a text, for suggestions; `None` where nothing is left of it.
pub(super) fn as_dns_label(text: &str) -> Option<String> {
    let lowered = text.to_lowercase();
    let mapped: String =
        lowered.chars().map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' }).collect();
    let words: Vec<&str> = mapped.split('-').filter(|word| !word.is_empty()).collect();
    let label: String = words.join("-").chars().take(63).collect();
    let label = label.trim_end_matches('-').to_owned();
    (!label.is_empty()).then_some(label)
}

/// A name as Fuse writes tools, services and parameters: `snake_case`.
pub(super) fn is_snake_case(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('_')
        && !text.contains("__")
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// A pipeline with type arguments: `train<sklearn, csv>`; only the form is held against anything here.
pub(super) fn is_instance(text: &str) -> bool {
    let (name, arguments) = text.split_once('<').map_or((text, None), |(name, rest)| (name, Some(rest)));
    let word = |part: &str| {
        let part = part.trim();
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    };
    let inner = arguments.map(|rest| rest.trim_end().strip_suffix('>'));
    is_snake_case(name.trim())
        && match inner {
            None => true,
            Some(None) => false,
            Some(Some(inner)) => inner.split(',').all(word),
        }
}

/// A key of a Secret.
pub(super) fn is_secret_key(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && !matches!(text, "." | "..")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// A name of a label or taint: at most 63 letters, digits, `-`, `_` and `.`, after a domain and `/` if need be.
pub(super) fn is_label_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((domain, name)) => is_dns_name(domain) && !name.is_empty() && is_label_value(name),
        None => !text.is_empty() && is_label_value(text),
    }
}

/// A value of a label or taint; it may be empty.
pub(super) fn is_label_value(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// A Linux capability as Kubernetes writes it, or `ALL`.
pub(super) fn is_capability(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// A positive quantity of bytes as Kubernetes writes it: `10Gi`, `1.5Ti`, `500M`.
pub(super) fn is_memory_quantity(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or("");
    let known = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "k", "M", "G", "T", "P", "E"].contains(&unit);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let number =
        |part: &str| !part.is_empty() && part.len() <= 18 && part.bytes().all(|b| b.is_ascii_digit());
    known && number(whole) && number(fraction) && digits.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

/// `1.15`, `v1.15` or `1.15.2` as major and minor.
pub(super) fn major_minor(text: &str) -> Option<(u64, u64)> {
    let mut parts = text.strip_prefix('v').unwrap_or(text).splitn(3, '.');
    let mut number = || {
        let part = parts.next()?;
        let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse::<u64>().ok()).flatten()
    };
    let (major, minor) = (number()?, number()?);
    let patch_fits = parts.next().is_none_or(|patch| {
        patch.starts_with(|c: char| c.is_ascii_digit())
            && patch.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+'))
    });
    patch_fits.then_some((major, minor))
}

/// A version of an installation: numbers with `.` between, and what may follow the third.
pub(super) fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    major_minor(text).is_some() || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// An absolute uri with a scheme and something behind it, without blanks.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        && rest.starts_with('/')
        && is_visible(text)
}

/// `http://` or `https://` with a host, without credentials.
pub(super) fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or("");
        !host.is_empty() && !host.starts_with(':') && !host.contains('@') && is_visible(rest)
    })
}

/// A container image reference: something without blanks that begins with a letter or digit.
pub(super) fn is_image(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && is_visible(text) && !text.contains("://")
}

/// Printable, no blanks, and nothing that a template engine or the kubelet would expand.
fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_names() {
        for good in ["a", "wine-quality", "0a", &"x".repeat(63)] {
            assert!(is_dns_label(good), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b", "a.b", "é", &"x".repeat(64)] {
            assert!(!is_dns_label(bad), "{bad}");
        }
        assert!(is_dns_name("a.b-c.d") && !is_dns_name("a..b"));
        assert_eq!(as_dns_label("Wine Quality_").as_deref(), Some("wine-quality"));
        assert_eq!(as_dns_label("ÿ!"), None);
    }

    #[test]
    fn quantities_and_versions() {
        for good in ["10Gi", "1.5Ti", "500M", "1"] {
            assert!(is_memory_quantity(good), "{good}");
        }
        for bad in ["", "Gi", "0Gi", "10GB", "-1Gi", "10 Gi", "1e3", ".5Gi", "1.Gi"] {
            assert!(!is_memory_quantity(bad), "{bad}");
        }
        assert_eq!(major_minor("v1.15.2"), Some((1, 15)));
        assert_eq!(major_minor("1.15"), Some((1, 15)));
        for bad in ["1", "1.", "x.1", "1.15.", "1.15.x", "1.+5"] {
            assert_eq!(major_minor(bad), None, "{bad}");
        }
        assert!(is_version("3") && is_version("0.20") && is_version("v3.17.2-full") && !is_version("latest"));
    }

    #[test]
    fn uris() {
        assert!(is_url("http://mlflow.mlops:5000") && is_url("https://x/y?z"));
        assert!(
            !is_url("mlflow:5000") && !is_url("http://") && !is_url("http://u:p@h") && !is_url("http://a b")
        );
        assert!(is_uri("mlflow-artifacts:/") && is_uri("s3://mlflow/") && !is_uri("s3") && !is_uri("a b:/"));
        assert!(is_image("registry.example/x:1.0@sha256:ab") && !is_image("") && !is_image("https://x/y"));
    }
}
