//! The pages of the diagnostics and the language reference: what they show is compiled.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[allow(dead_code, reason = "each test uses its part")]
mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{Block, Package, blocks, shown};
use fuse_base::{Code, codes};
use fuse_testkit::{Outcome, Test, Verdict, repository, run};

/// A page without programs names the case that shows its code.
const SHOWN_BY: &str = "Shown by golden/cli/";

fn main() {
    let mut tests: Vec<Test> =
        codes::all().map(|code| Test::new(format!("page::{}", code.id), || page(code))).collect();
    match reference() {
        Ok(examples) => {
            for example in examples {
                let name = format!("reference::line_{:04}", example.line);
                tests.push(Test::new(name, move || clean(&[("main.fuse".to_owned(), example.text)])));
            }
        }
        Err(error) => tests.push(Test::new("reference", move || Err(error))),
    }
    run(tests)
}

fn page(code: &Code) -> Verdict {
    let title = format!("# {}: {}", code.id, code.name);
    if code.page.lines().next() != Some(title.as_str()) {
        return Err(format!("the page must start with `{title}`"));
    }
    if let Some(case) = code.page.lines().find_map(|line| line.trim().strip_prefix(SHOWN_BY)) {
        let case = case.trim_end_matches('.');
        let expected = repository().join("golden/cli").join(case).join("stderr");
        let text =
            fs::read_to_string(&expected).map_err(|error| format!("{}: {error}", expected.display()))?;
        return if text.contains(code.id) {
            Ok(Outcome::Passed)
        } else {
            Err(format!("golden/cli/{case} does not show it"))
        };
    }
    let failing = files(section(code.page, "## Fails")?)?;
    let fixed = files(section(code.page, "## Fixed")?)?;
    let checked = Package::new(&failing)?.check()?;
    let codes: BTreeSet<&str> = checked.diagnostics.iter().map(|one| one.code.id).collect();
    if codes != BTreeSet::from([code.id]) {
        return Err(format!(
            "`Fails` must give {} and nothing else; it gives:\n{}",
            code.id,
            shown(&checked)
        ));
    }
    clean(&fixed)
}

/// A program of a page, which has no diagnostics at all.
fn clean(files: &[(String, String)]) -> Verdict {
    let checked = Package::new(files)?.check()?;
    if checked.diagnostics.is_empty() {
        return Ok(Outcome::Passed);
    }
    Err(format!("must be clean; it gives:\n{}", shown(&checked)))
}

/// The text from a heading to the next one.
fn section<'a>(page: &'a str, heading: &str) -> Result<&'a str, String> {
    let missing = || format!("the page has no `{heading}`");
    let start = page.find(&format!("\n{heading}\n")).ok_or_else(missing)?;
    let body = page.get(start + heading.len() + 2..).ok_or_else(missing)?;
    Ok(body.split("\n## ").next().unwrap_or(body))
}

/// The files that the blocks of a section stand for.
fn files(section: &str) -> Result<Vec<(String, String)>, String> {
    let blocks = blocks(section)?;
    if blocks.is_empty() {
        return Err("a section shows no program".to_owned());
    }
    let mut files: Vec<(String, String)> = Vec::new();
    for block in blocks {
        let path = match block.info.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["fuse"] => "main.fuse".to_owned(),
            ["toml"] => "fuse.toml".to_owned(),
            [_, path] => (*path).to_owned(),
            [..] => return Err(format!("line {}: the block must say which file it is", block.line)),
        };
        if files.iter().any(|(known, _)| *known == path) {
            return Err(format!("{path} is shown twice in a section"));
        }
        files.push((path, block.text));
    }
    Ok(files)
}

/// The examples of the reference that are whole programs; `fuse parse` marks fragments.
fn reference() -> Result<Vec<Block>, String> {
    let path = repository().join("grammar/reference.md");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let examples: Vec<Block> = blocks(&text)?.into_iter().filter(|block| block.info == "fuse").collect();
    if examples.is_empty() { Err("the reference shows no program".to_owned()) } else { Ok(examples) }
}
