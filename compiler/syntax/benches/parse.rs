//! Parsing a generated pipeline of 1,000 and of 10,000 steps, from text to typed view.

use fuse_base::FileId;
use fuse_syntax::parse;
use fuse_testkit::steps_package;

fn main() {
    divan::main();
}

/// The file with the pipeline.
fn pipeline(steps: usize) -> String {
    let files = steps_package(steps);
    files.into_iter().find(|(path, _)| path == "main.fuse").map(|(_, text)| text).unwrap_or_default()
}

#[divan::bench(args = [10, 1_000, 10_000])]
fn steps(bencher: divan::Bencher<'_, '_>, steps: usize) {
    let text = pipeline(steps);
    bencher
        .counter(divan::counter::BytesCount::of_str(&text))
        .bench(|| parse(FileId(0), divan::black_box(&text)));
}
