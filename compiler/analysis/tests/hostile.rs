//! Programs that would take all memory, time or stack if nothing stopped them; each must end with a diagnostic.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fmt::Write as _;

use common::{Memory, lines};

/// The codes that a package has, checked on a stack like that of a program's first thread.
fn told(files: Memory) -> Vec<String> {
    let run = move || {
        let (checked, sources) = files.check();
        for one in &checked.diagnostics {
            assert!(one.help.is_some(), "no help: {}", one.message);
            assert!(one.message.len() < 2_000, "a message of {} bytes", one.message.len());
        }
        lines(&checked.diagnostics, &sources)
    };
    std::thread::Builder::new().stack_size(8 * 1024 * 1024).spawn(run).unwrap().join().unwrap()
}

fn main(text: &str) -> Vec<String> {
    told(Memory::main(text))
}

/// `count` declarations, each made with its number and the next one.
fn chain(count: usize, declaration: impl Fn(usize, usize) -> String, end: &str) -> String {
    let mut text: String = (0..count).map(|at| declaration(at, at + 1) + "\n").collect();
    text.push_str(end);
    text
}

fn assert_limit(told: &[String]) {
    assert!(told.iter().any(|line| line.starts_with("FS0106")), "{told:#?}");
    assert!(told.len() < 100, "{} diagnostics", told.len());
}

const TASK: &str = "task t(s: String) { image \"a:1\"; script sh \"true\" }\n";

#[test]
fn constants_that_double() {
    let texts = chain(60, |a, b| format!("const c{a} = \"{{c{b}}}{{c{b}}}\""), "const c60 = \"x\"\n");
    assert_limit(&main(&texts));
    let lists = chain(60, |a, b| format!("const c{a} = [c{b}, c{b}]"), "const c60 = 1\n");
    assert_limit(&main(&lists));
    let records = chain(60, |a, b| format!("const c{a} = {{ x: c{b}, y: c{b} }}"), "const c60 = 1\n");
    assert_limit(&main(&records));
}

#[test]
fn types_that_double() {
    let types = chain(40, |a, b| format!("type C{a} = {{ x: C{b}, y: C{b} }}"), "type C40 = Int\n");
    assert_limit(&main(&format!("{types}task f(x: C0) {{ image \"a:1\"; script sh \"true\" }}\n")));
}

#[test]
fn functions_and_bindings_that_double() {
    let function = "const fn f(s: String) -> String { \"{s}{s}{s}{s}{s}{s}{s}{s}\" }\n";
    let nested = |inner: &str| format!("{}{inner}{}", "f(".repeat(30), ")".repeat(30));
    assert_limit(&main(&format!("{function}const a = {}\n", nested("\"x\""))));
    let late = format!("{function}{TASK}pipeline p(const s: String = \"x\") {{ t({}) }}\n", nested("s"));
    assert_limit(&main(&late));
    let lets = chain(60, |a, b| format!("  let a{b} = \"{{a{a}}}{{a{a}}}\""), "  t(a60)\n}\n");
    assert_limit(&main(&format!("{TASK}pipeline p() {{\n  let a0 = \"x\"\n{lets}")));
}

#[test]
fn long_rows_of_definitions() {
    let constants = chain(3_000, |a, b| format!("const c{a} = c{b}"), "const c3000 = 1\n");
    assert_limit(&main(&constants));
    let types = chain(3_000, |a, b| format!("type C{a} = {{ x: C{b} }}"), "type C3000 = Int\n");
    assert_limit(&main(&types));
    let functions = chain(
        2_000,
        |a, b| format!("const fn f{a}(x: Int) -> Int {{ f{b}(x) }}"),
        "const fn f2000(x: Int) -> Int { x }\n",
    );
    assert_limit(&main(&functions));
}

#[test]
fn long_rows_of_imports() {
    let mut files = Memory::main("import ./m1\n");
    for at in 1..400 {
        files = files.with(&format!("m{at}.fuse"), &format!("import ./m{}\n", at + 1));
    }
    assert_limit(&told(files.with("m400.fuse", "")));
}

#[test]
fn many_misspelt_names() {
    let mut text = String::from("pipeline p() {\n");
    for at in 0..5_000 {
        let _ = writeln!(text, "  let x{at} = nope{at}");
    }
    text.push_str("}\n");
    assert_eq!(main(&text).len(), 5_000);
}

#[test]
fn long_texts_are_short_in_messages() {
    let text = format!(
        "task t(s: String matches r\"(a*)*b\") {{ image \"a:1\"; script sh \"true\" }}\npipeline p() {{ t(\"{}\") }}\n",
        "a".repeat(50_000)
    );
    let told = main(&text);
    assert!(told.len() == 1 && told[0].starts_with("FS0306"), "{told:#?}");
}

#[test]
fn pipelines_that_call_on() {
    let row = chain(5_000, |a, b| format!("pipeline p{a}() {{ p{b}() }}"), "pipeline p5000() { }\n");
    assert_limit(&main(&row));
    let circle = chain(5_000, |a, b| format!("pipeline p{a}() {{ p{b}() }}"), "pipeline p5000() { p0() }\n");
    let told = main(&circle);
    assert!(told.len() == 1 && told[0].starts_with("FS0212"), "{told:#?}");
    // Every pipeline calls all: as many circles as anyone likes.
    let calls: String = (0..60).map(|at| format!("p{at}() ")).collect();
    let all: String =
        (0..60).map(|at| format!("pipeline p{at}() {{ {} }}\n", calls.replace(' ', "\n"))).collect();
    assert!(main(&all).iter().all(|line| line.starts_with("FS0212")));
}

#[test]
fn instances_without_end() {
    let types = chain(
        60,
        |a, b| format!("pipeline p{a}<R>() {{ p{b}<{{ x: R, y: R }}>() }}"),
        "pipeline p60<R>() { }\npipeline main() { p0<Int>() }\n",
    );
    assert_limit(&main(&types));
    let twice = chain(
        60,
        |a, b| format!("pipeline p{a}<R>() {{ p{b}<{{ x: R }}>()\n p{b}<{{ y: R }}>() }}"),
        "pipeline p60<R>() { }\npipeline main() { p0<Int>() }\n",
    );
    assert_limit(&main(&twice));
}
