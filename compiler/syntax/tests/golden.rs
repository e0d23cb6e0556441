//! `golden/parse/<case>`: the tree and the errors of `input.fuse`.

use std::fmt::Write as _;

use fuse_base::Sources;
use fuse_syntax::{SyntaxElement, SyntaxKind, SyntaxNode, parse};
use fuse_testkit::{Case, Golden, Test, Verdict, cases, run};

fn main() {
    let tests = match cases("parse") {
        Ok(cases) => {
            cases.into_iter().map(|case| Test::new(case.name.clone(), move || check(&case))).collect()
        }
        Err(error) => vec![Test::new("cases", move || Err(error))],
    };
    run(tests)
}

fn check(case: &Case) -> Verdict {
    let text = case.read("input.fuse")?;
    let mut sources = Sources::new();
    let file = sources.add("input.fuse", text.as_str());
    let parse = parse(file, &text);
    let mut golden = Golden::new(&case.dir);
    if parse.syntax().to_string() != text {
        golden.problem("the text of the tree is not the source");
    }
    if case.name.starts_with("error-") == parse.diagnostics.is_empty() {
        golden.problem("cases with errors, and no others, are called `error-…`");
    }
    let mut tree = String::new();
    dump(&parse.syntax(), 0, &mut tree);
    golden.expect("tree.txt", tree.as_bytes());
    let mut errors = String::new();
    for error in &parse.diagnostics {
        let place = sources.line_column(error.span);
        let _ = writeln!(errors, "{}:{} {} {}", place.line, place.column, error.code.id, error.message);
    }
    golden.expect_some("errors.txt", errors.as_bytes());
    golden.finish(|path| path == "input.fuse")
}

/// A line a node: its kind and the tokens before its first child; tokens behind a child follow `|`.
fn dump(node: &SyntaxNode, depth: usize, out: &mut String) {
    let _ = write!(out, "{}{:?}", "  ".repeat(depth), node.kind());
    let mut open = true;
    for child in node.children_with_tokens() {
        match child {
            SyntaxElement::Node(child) => {
                if open {
                    out.push('\n');
                }
                open = false;
                dump(&child, depth + 1, out);
            }
            SyntaxElement::Token(token) if token.kind() != SyntaxKind::Whitespace => {
                if !open {
                    let _ = write!(out, "{}|", "  ".repeat(depth));
                }
                open = true;
                let _ = write!(out, " {}", token.text().replace('\n', "\\n"));
            }
            SyntaxElement::Token(_) => {}
        }
    }
    if open {
        out.push('\n');
    }
}
