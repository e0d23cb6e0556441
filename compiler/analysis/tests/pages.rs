//! The pages of the checker's diagnostics: each program under «Fails» has the page's code and no other, each under
//! «Fixed» has nothing at all.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Memory, lines};
use fuse_base::{Code, Diagnostic, Sources, codes};

/// The families whose programs the checker alone judges.
const FAMILIES: [&str; 4] = ["FS02", "FS03", "FS04", "FS09"];

/// The files of a section: those in its fenced blocks.
fn section(page: &str, title: &str) -> Memory {
    let heading = format!("\n## {title}\n");
    let start = page.find(&heading).unwrap_or_else(|| panic!("no section `{title}`")) + heading.len();
    let rest = &page[start..];
    let text = &rest[..rest.find("\n## ").unwrap_or(rest.len())];
    let mut files = Memory::default();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let (_, path) = info.split_once(' ').unwrap_or((info, "main.fuse"));
                open = Some((path.to_owned(), String::new()));
            }
            (Some(_), Some("")) => {
                let (path, text) = open.take().unwrap();
                assert!(files.0.insert(path.clone(), text).is_none(), "two blocks for {path}");
            }
            (Some((_, text)), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => assert!(line.trim().is_empty(), "text between the blocks: {line}"),
        }
    }
    assert!(open.is_none(), "a block of `{title}` has no end");
    assert!(files.0.contains_key("main.fuse"), "`{title}` has no program");
    files
}

fn diagnostics(files: &Memory) -> (Vec<Diagnostic>, Sources) {
    let (checked, mut sources) = files.check();
    let mut all = checked.diagnostics;
    if let Some(text) = files.0.get("fuse.toml") {
        let file = sources.add("fuse.toml", text.as_str());
        let project = fuse_analysis::project::read(file, text, &mut all);
        assert!(project.is_some(), "fuse.toml cannot be read");
    }
    (all, sources)
}

/// What is wrong with a page.
fn problems(code: &Code) -> Vec<String> {
    let mut problems = Vec::new();
    let title = format!("# {}: {}\n\n", code.id, code.name);
    let Some(text) = code.page.strip_prefix(&title) else {
        return vec![format!("does not start with {title:?}")];
    };
    let words = &text[..text.find("\n## ").unwrap_or(text.len())];
    if words.trim().len() < 60 {
        problems.push("says too little".to_owned());
    }
    let (found, sources) = diagnostics(&section(code.page, "Fails"));
    if found.is_empty() || found.iter().any(|one| one.code != code) {
        problems.push(format!("the failing program has {:#?}", lines(&found, &sources)));
    }
    problems
        .extend(found.iter().filter(|one| one.help.is_none()).map(|one| format!("no help: {}", one.message)));
    let (found, sources) = diagnostics(&section(code.page, "Fixed"));
    if !found.is_empty() {
        problems.push(format!("the fixed program has {:#?}", lines(&found, &sources)));
    }
    problems
}

#[test]
fn every_page_fails_and_is_fixed_as_it_says() {
    let mut report = String::new();
    let mut pages = 0;
    for code in codes::all().filter(|code| FAMILIES.iter().any(|family| code.id.starts_with(family))) {
        pages += 1;
        for problem in problems(code) {
            report.push_str(&format!("{}: {problem}\n", code.id));
        }
    }
    assert!(pages > 50, "only {pages} pages");
    assert!(report.is_empty(), "{report}");
}
