//! `cargo xtask not-yet`: the constructs that the compiler reads and cannot build yet, from their diagnostics.

use std::fmt::Write as _;
use std::fs;

use fuse_base::codes;

use crate::tree::repository;

/// Where the list is kept.
pub(crate) const FILE: &str = "grammar/not-yet.md";

/// Writes the list.
pub(crate) fn write() -> Result<(), String> {
    fs::write(repository().join(FILE), text()).map_err(|error| format!("{FILE}: {error}"))
}

/// The list as it must be.
pub(crate) fn text() -> String {
    let mut out = String::from(
        "# What the compiler reads and cannot build yet\n\n\
         The grammar holds the whole language. These constructs are parsed, and using one is an error with the code\n\
         given here; none of them is passed over in silence. `fusec explain <code>` shows an example and the way around.\n\n\
         Written by `cargo xtask not-yet`; `cargo xtask tidy` checks that it is up to date.\n\n\
         | code | name | construct |\n|---|---|---|\n",
    );
    for code in codes::all().filter(|code| code.name.starts_with("not-yet")) {
        let _ =
            writeln!(out, "| {} | `{}` | {} |", code.id, code.name, summary(code.page).replace('|', "\\|"));
    }
    out
}

/// The first sentence of a page.
fn summary(page: &str) -> String {
    let paragraph: Vec<&str> =
        page.lines().skip(1).skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()).collect();
    let paragraph = paragraph.join(" ");
    let end = paragraph.find(". ").map_or(paragraph.len(), |end| end + 1);
    paragraph.get(..end).unwrap_or(&paragraph).trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_the_first_sentence() {
        assert_eq!(summary("# A: b\n\nOne thing\nof a.b. More.\n\n## Fails\n"), "One thing of a.b");
        assert_eq!(summary("# A: b\n"), "");
    }
}
