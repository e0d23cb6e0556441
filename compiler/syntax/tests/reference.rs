//! Every example of `grammar/reference.md` is read without errors.

use std::fs;

use fuse_base::Sources;
use fuse_syntax::parse;
use fuse_testkit::repository;

#[test]
fn every_example_of_the_reference_parses() {
    let page = fs::read_to_string(repository().join("grammar/reference.md")).unwrap();
    let mut count = 0;
    let mut problems = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line != "```fuse" && line != "```fuse parse" {
            assert!(!line.starts_with("```fuse"), "line {}: unknown kind of example", number + 1);
            continue;
        }
        let mut text = String::new();
        for (_, line) in lines.by_ref().take_while(|(_, line)| *line != "```") {
            text.push_str(line);
            text.push('\n');
        }
        count += 1;
        let mut sources = Sources::new();
        let file = sources.add("reference.md", text.as_str());
        for error in parse(file, &text).diagnostics {
            let place = sources.line_column(error.span);
            problems.push(format!("line {}: {}", number + 1 + place.line as usize, error.message));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(count > 30, "only {count} examples: was the page read?");
}
