//! Emission of a pipeline of a thousand calls of 21 tasks, and the printing of its largest document alone.

#[path = "../tests/common/mod.rs"]
mod common;

use divan::Bencher;

fn main() {
    divan::main();
}

#[divan::bench(args = [10, 1_000])]
fn emit(bencher: Bencher, calls: usize) {
    let (plan, header, sources) = (common::large(calls), common::header(), common::sources());
    bencher.bench(|| fuse_emit::emit(&plan, &header, &sources));
}

#[divan::bench]
fn print_a_thousand_calls(bencher: Bencher) {
    let (plan, header, sources) = (common::large(1_000), common::header(), common::sources());
    let files = fuse_emit::emit(&plan, &header, &sources).unwrap_or_default();
    let text = files.iter().find(|file| file.path == "pipeline.large.yaml").map_or("", |file| &file.text);
    let value: serde_json::Value = serde_yaml::from_str(text).unwrap_or_default();
    bencher
        .counter(divan::counter::BytesCount::of_str(text))
        .bench(|| fuse_emit::yaml::document(&fuse_emit::yaml::Tree(&value)));
}
