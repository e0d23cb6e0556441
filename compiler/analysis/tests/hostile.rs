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
fn functions_that_take_long() {
    let wide = chain(
        40,
        |a, b| format!("const fn f{a}(x: Int) -> Int {{ f{b}(x) + f{b}(x) }}"),
        "const fn f40(x: Int) -> Int { x }\nconst a = f0(1)\n",
    );
    assert_limit(&main(&wide));
    let range = "const fn all() -> List<Int> { for i in 0..=9000000000 { i } }\nconst a = all()\n";
    assert_limit(&main(range));
    let nested =
        "const fn all() -> Int { for i in 0..=9999 { for j in 0..=9999 { i * j } }\n 1 }\nconst a = all()\n";
    assert_limit(&main(nested));
    let lets: String = (0..60).map(|at| format!("  let a{} = \"{{a{at}}}{{a{at}}}\"\n", at + 1)).collect();
    assert_limit(&main(&format!(
        "const fn f(a0: String) -> String {{\n{lets}  a60\n}}\nconst a = f(\"x\")\n"
    )));
}

#[test]
fn long_lists_are_read_and_mapped() {
    let items: Vec<String> = (0..10_000).map(|at| at.to_string()).collect();
    let text = format!(
        "const all: List<Int> 0..=20000 = [{}]\nconst fn twice(of: List<Int> 0..=20000) -> List<Int> 0..=20000 {{ for x in of {{ x * 2 }} }}\n\
         const a = twice(all)\nconst b = a[9999]\n\
         const fn turned(of: List<Int> 0..=20000) -> List<Int> 0..=20000 {{ for i in 0..=999 {{ let x = of[999 - i]; x }} }}\n\
         const c = turned(all)\n{}",
        items.join(", "),
        (0..1_000).map(|at| format!("const d{at} = all[{at}] + a[{at}]\n")).collect::<String>(),
    );
    assert_eq!(main(&text), Vec::<String>::new());
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
fn enums_that_double_or_contain_themselves() {
    let wide = chain(
        60,
        |a, b| format!("enum E{a} {{ one {{ x: E{b}, y: E{b} }}, two {{ z: E{b} }} }}"),
        "enum E60 { a { n: Int }, b }\n",
    );
    assert_limit(&main(&wide));
    let deep =
        chain(3_000, |a, b| format!("enum E{a} {{ one {{ x: E{b} }} }}"), "enum E3000 { a { n: Int } }\n");
    assert_limit(&main(&deep));
    let circle = chain(
        500,
        |a, b| format!("type C{a} = {{ x: List<E{b}> }}\nenum E{a} {{ one {{ x: C{a} }} }}"),
        "enum E500 { a { x: C0 } }\n",
    );
    let told = main(&circle);
    assert!(told.iter().any(|line| line.starts_with("FS0106") || line.starts_with("FS0211")), "{told:#?}");
    assert!(told.len() < 100, "{} diagnostics", told.len());
}

#[test]
fn large_records_and_deep_type_arguments() {
    let fields: Vec<String> = (0..5_000).map(|at| format!("f{at}: Int")).collect();
    let values: Vec<String> = (0..5_000).map(|at| format!("f{at}: {at}")).collect();
    let text = format!(
        "type Wide = {{ {} }}\nconst a: Wide = {{ {} }}\nconst b: Wide = {{ ...a, f7: 1 }}\nconst c = b.f4999\n{}",
        fields.join(", "),
        values.join(", "),
        (0..1_000).map(|at| format!("const d{at} = a.f{at}\n")).collect::<String>(),
    );
    assert_eq!(main(&text), Vec::<String>::new());
    let nested = |depth: usize| format!("type Deep = {}Int{}\n", "List<".repeat(depth), ">".repeat(depth));
    assert_eq!(main(&nested(60)), Vec::<String>::new());
    assert!(!main(&nested(5_000)).is_empty());
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
