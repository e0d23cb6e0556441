//! How fast 200 MB pass through the stores: a claim (here: this disk), and a bucket where `FUSE_TEST_PYTHON` names a
//! Python that has `moto[server]` (then the server is the slower side).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/store/server.rs"]
mod server;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/store/things.rs"]
mod things;

use std::cell::Cell;
use std::fs;
use std::path::Path;

use divan::Bencher;
use divan::counter::BytesCount;
use fuse_step::store::{Store, open_with};
use things::{Pod, noise, place};

const SIZE: usize = 200_000_000;

fn main() {
    divan::main();
}

fn fill(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    (0..4).for_each(|at| fs::write(folder.join(at.to_string()), noise(SIZE / 4, at + 1)).expect("a file"));
}

fn run(bencher: Bencher<'_, '_>, pod: &Pod, store: &dyn Store, fetch: bool) {
    let count = Cell::new(0);
    let name = || {
        count.set(count.get() + 1);
        place(&count.get().to_string(), "data")
    };
    let first = name();
    let from = store.in_place(&first).expect("a place").unwrap_or_else(|| pod.out("data"));
    fill(&from);
    let reference = store.keep("Dataset", &first, &from).expect("kept");
    let bencher = bencher.counter(BytesCount::new(SIZE));
    if fetch {
        bencher.bench_local(|| {
            let to = pod.input(&name().run);
            store.fetch("Dataset", &reference, &to).expect("fetched");
            let _ = fs::remove_dir_all(to);
        });
    } else {
        bencher.bench_local(|| {
            // A claim sums what lies there, a bucket takes it anew for each run.
            let place = if reference.scheme() == "file" { first.clone() } else { name() };
            store.keep("Dataset", &place, &from).expect("kept")
        });
    }
}

#[divan::bench(args = [false, true], sample_count = 3, sample_size = 1)]
fn volume(bencher: Bencher<'_, '_>, fetch: bool) {
    let pod = Pod::new();
    fs::create_dir_all(pod.places.volume()).expect("a folder");
    let store = open_with(None, &pod.places, &|_| None).expect("a claim");
    run(bencher, &pod, store.as_ref(), fetch);
}

#[divan::bench(args = [false, true], sample_count = 3, sample_size = 1)]
fn bucket(bencher: Bencher<'_, '_>, fetch: bool) {
    let Some(server) = server::bucket("bench") else { return };
    let pod = Pod::new();
    let store = server::store(&pod.places, server.port, "bench");
    run(bencher, &pod, store.as_ref(), fetch);
}
