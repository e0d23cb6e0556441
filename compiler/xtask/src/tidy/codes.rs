//! Codes, their pages, their uses and their list agree.

use std::collections::BTreeSet;

use fuse_base::codes;

use super::Report;
use crate::not_yet;
use crate::tree::TextFile;

const PAGES: &str = "compiler/base/codes/";
const ROWS: &str = "compiler/base/src/codes/";

pub(super) fn check(files: &[TextFile], report: &mut Report) -> Result<(), String> {
    rows(report);
    pages(files, report);
    uses(files, report);
    let list = files.iter().find(|file| file.path == not_yet::FILE);
    if list.is_none_or(|list| list.text != not_yet::text()) {
        report.problem(format!("{} is not up to date: run `cargo xtask not-yet`", not_yet::FILE));
    }
    Ok(())
}

/// Ids and names are unique and well formed.
fn rows(report: &mut Report) {
    let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
    for code in codes::all() {
        if !ids.insert(code.id) {
            report.problem(format!("{} is given twice", code.id));
        }
        if !names.insert(code.name) {
            report.problem(format!("the name {} is given twice", code.name));
        }
        let digits = code.id.strip_prefix("FS").unwrap_or("");
        if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            report.problem(format!("{} is no id like FS0203", code.id));
        }
        if !code.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
            report.problem(format!("{}: the name {} is not kebab-case", code.id, code.name));
        }
    }
}

/// Each page belongs to a code; that each code has a page is in the type system, that it is true in a test.
fn pages(files: &[TextFile], report: &mut Report) {
    for file in files {
        let Some(id) = file.path.strip_prefix(PAGES).and_then(|name| name.strip_suffix(".md")) else {
            continue;
        };
        if codes::find(id).is_none() {
            report.problem(format!("{} is the page of no code", file.path));
        }
    }
}

/// Each code is reported somewhere.
fn uses(files: &[TextFile], report: &mut Report) {
    let sources: Vec<&TextFile> =
        files.iter().filter(|file| file.is_source() && !file.path.starts_with(ROWS)).collect();
    for file in files.iter().filter(|file| file.path.starts_with(ROWS)) {
        for line in file.text.lines() {
            let Some((name, rest)) = line.trim().split_once(" = \"FS") else { continue };
            let used =
                sources.iter().any(|source| source.source_lines().any(|(_, line)| has_word(line, name)));
            if !used {
                let id: String = rest.chars().take(4).collect();
                report.problem(format!("FS{id} ({name}) is never reported"));
            }
        }
    }
}

/// Whether the line holds the name as a whole word.
fn has_word(line: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line.get(..at).and_then(|head| head.chars().next_back());
        let after = line.get(at + name.len()..).and_then(|tail| tail.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole() {
        assert!(has_word("codes::FAIL,", "FAIL"));
        assert!(!has_word("codes::FAILURE", "FAIL"));
        assert!(!has_word("UN_FAIL", "FAIL"));
    }
}
