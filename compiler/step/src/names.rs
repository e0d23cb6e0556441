//! Names that become names of files.

/// Whether a text can be the name of a file in a folder, and of nothing outside it.
#[must_use]
pub(crate) fn is_file_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && !matches!(text, "." | "..") && !text.contains(['/', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        for name in ["", ".", "..", "a/b", "/", "a\0", &"x".repeat(256)] {
            assert!(!is_file_name(name), "{name:?}");
        }
        for name in ["a", "...", "-rf", "a b", "ä", "\n", &"x".repeat(255)] {
            assert!(is_file_name(name), "{name:?}");
        }
    }
}
