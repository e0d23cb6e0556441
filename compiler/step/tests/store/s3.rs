//! What goes into a bucket comes out of it.

use std::fs;
use std::os::unix::fs::symlink;

use fuse_wire::Reference;

use crate::server::{bucket, store};
use crate::things::{Pod, holds, noise, place, plainly, rich};

#[test]
fn a_file_comes_back() {
    let Some(server) = bucket("file") else { return };
    let pod = Pod::new();
    let store = store(&pod.places, server.port, "file");
    assert_eq!(store.in_place(&place("r", "rmse")).unwrap(), None);
    fs::write(pod.out("rmse"), "hello\n").unwrap();
    let reference = store.keep("Metrics", &place("r", "rmse"), &pod.out("rmse")).unwrap();
    let hello = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    assert_eq!(reference.digest.as_deref(), Some(format!("sha256:{hello}").as_str()));
    assert_eq!(reference.uri, format!("s3://file/team/a/runs/r/train/7/rmse/{}", &hello[..16]));
    assert!(reference.write().is_ok());
    store.fetch("Metrics", &reference, &pod.input("rmse")).unwrap();
    assert_eq!(fs::read_to_string(pod.input("rmse")).unwrap(), "hello\n");
    let again = store.fetch("Metrics", &reference, &pod.input("rmse")).unwrap_err();
    assert!(again.message.ends_with("/in/rmse exists already"), "{again}");
    assert_eq!(pod.inputs(), ["rmse"]);
}

#[test]
fn a_folder_comes_back() {
    let Some(server) = bucket("folder") else { return };
    let pod = Pod::new();
    let store = store(&pod.places, server.port, "folder");
    rich(&pod.out("model"));
    let reference = store.keep("Model", &place("r", "model"), &pod.out("model")).unwrap();
    assert!(reference.uri.ends_with('/'), "{}", reference.uri);
    store.fetch("Model", &reference, &pod.input("model")).unwrap();
    assert_eq!(holds(&pod.input("model")), plainly(&pod.out("model")));
    // An outside reader finds plain objects.
    let keys = server.keys("folder");
    assert!(keys.iter().any(|key| key.ends_with("/run.sh")), "{keys:?}");
    // The same once more is the same reference, and an empty folder is one too.
    assert_eq!(store.keep("Model", &place("r", "model"), &pod.out("model")).unwrap(), reference);
    fs::create_dir(pod.out("none")).unwrap();
    let empty = store.keep("Model", &place("r", "none"), &pod.out("none")).unwrap();
    store.fetch("Model", &empty, &pod.input("none")).unwrap();
    assert_eq!(fs::read_dir(pod.input("none")).unwrap().count(), 0);
}

#[test]
fn a_source_comes_back_with_modes_and_links() {
    let Some(server) = bucket("source") else { return };
    let pod = Pod::new();
    let store = store(&pod.places, server.port, "source");
    rich(&pod.out("source"));
    let reference = store.keep("Source", &place("r", "source"), &pod.out("source")).unwrap();
    assert!(reference.uri.ends_with(".tar.zst"), "{}", reference.uri);
    assert_eq!(server.keys("source").len(), 1);
    store.fetch("Source", &reference, &pod.input("source")).unwrap();
    assert_eq!(holds(&pod.input("source")), holds(&pod.out("source")));
    // Of a run that was started by hand.
    let bare = Reference { digest: None, ..reference };
    store.fetch("Source", &bare, &pod.input("bare")).unwrap();
    assert_eq!(holds(&pod.input("bare")), holds(&pod.out("source")));
}

#[test]
fn a_large_file_comes_back() {
    let Some(server) = bucket("large") else { return };
    let pod = Pod::new();
    let store = store(&pod.places, server.port, "large");
    fs::create_dir(pod.out("data")).unwrap();
    let content = noise((45 << 20) + 17, 3);
    fs::write(pod.out("data").join("large.bin"), &content).unwrap();
    fs::write(pod.out("data").join("small.bin"), "x").unwrap();
    let reference = store.keep("Dataset", &place("r", "data"), &pod.out("data")).unwrap();
    store.fetch("Dataset", &reference, &pod.input("data")).unwrap();
    assert!(fs::read(pod.input("data").join("large.bin")).unwrap() == content);
}

#[test]
fn thousands_of_files_come_back() {
    let Some(server) = bucket("many") else { return };
    let pod = Pod::new();
    let store = store(&pod.places, server.port, "many");
    for folder in 0..20 {
        let folder = pod.out("images").join(format!("{folder:03}"));
        fs::create_dir_all(&folder).unwrap();
        (0..125).for_each(|at| fs::write(folder.join(format!("{at}.png")), format!("{at}")).unwrap());
    }
    let reference = store.keep("Dataset", &place("r", "images"), &pod.out("images")).unwrap();
    store.fetch("Dataset", &reference, &pod.input("images")).unwrap();
    assert_eq!(holds(&pod.input("images")), plainly(&pod.out("images")));
}

#[test]
fn files_that_no_step_wrote_are_fetched_by_their_uri() {
    let Some(server) = bucket("byhand") else { return };
    let pod = Pod::new();
    let store = store(&pod.places, server.port, "byhand");
    server.write("byhand", "team/a/data/", b"");
    server.write("byhand", "team/a/data/x/", b"");
    server.write("byhand", "team/a/data/x/1.csv", b"one");
    server.write("byhand", "team/a/data/2.csv", b"two");
    server.write("byhand", "team/a/data-2/3.csv", b"three");
    let by = |uri: &str| Reference { uri: format!("s3://byhand/team/a/{uri}"), digest: None };
    for (uri, name) in [("data/", "slash"), ("data", "bare")] {
        store.fetch("Dataset", &by(uri), &pod.input(name)).unwrap();
        let found: Vec<String> = holds(&pod.input(name)).into_keys().collect();
        assert_eq!(found, ["2.csv", "x", "x/1.csv"], "{uri}");
    }
    store.fetch("Dataset", &by("data/2.csv"), &pod.input("one")).unwrap();
    assert_eq!(fs::read_to_string(pod.input("one")).unwrap(), "two");
    let nothing = store.fetch("Dataset", &by("dat/"), &pod.input("none")).unwrap_err();
    assert_eq!(nothing.message, "there is nothing at s3://byhand/team/a/dat");
}

#[test]
fn a_reference_must_be_of_the_store() {
    let Some(server) = bucket("own") else { return };
    let pod = Pod::new();
    let store = store(&pod.places, server.port, "own");
    for uri in [
        "s3://other/team/a/x",
        "gs://own/team/a/x",
        "s3://own/team/b/x",
        "s3://own/team/ab",
        "https://own/team/a/x",
        "file:///fuse/store/runs/x",
        "s3://own/team/a/../b/x",
        "s3://own/team/a//x",
    ] {
        let reference = Reference { uri: uri.to_owned(), digest: None };
        let failure = store.fetch("Model", &reference, &pod.input("x")).unwrap_err();
        let told = failure.message.contains("fuse-in fetches only from the target's store")
            || failure.message.contains("is no place in the store");
        assert!(told, "{uri}: {failure}");
    }
    assert!(pod.inputs().is_empty());
}

#[test]
fn small_texts_come_back() {
    let Some(server) = bucket("texts") else { return };
    let pod = Pod::new();
    let store = store(&pod.places, server.port, "texts");
    assert_eq!(store.find("r", "join--r/value").unwrap(), None);
    store.leave("r", "join--r/value", "ä").unwrap();
    store.leave("r", "join--r/value", "ö").unwrap();
    assert_eq!(store.find("r", "join--r/value").unwrap().as_deref(), Some("ö"));
    assert!(store.leave("..", "x", "").is_err());
    server.write("texts", "team/a/runs/r/large", &noise((1 << 20) + 1, 1));
    assert!(store.find("r", "large").unwrap_err().message.ends_with("is larger than 1 MiB"));
    server.write("texts", "team/a/runs/r/bytes", b"\xff");
    assert!(store.find("r", "bytes").unwrap_err().message.ends_with("is not valid UTF-8"));
}

#[test]
fn what_a_step_should_not_hand_on_is_refused() {
    let Some(server) = bucket("refused") else { return };
    let pod = Pod::new();
    let store = store(&pod.places, server.port, "refused");
    fs::create_dir(pod.out("a")).unwrap();
    symlink("/etc/passwd", pod.out("a").join("l")).unwrap();
    let failure = store.keep("Model", &place("r", "a"), &pod.out("a")).unwrap_err();
    assert!(failure.message.contains("the link `l` leads to `/etc/passwd`, an absolute path"), "{failure}");
    symlink("/etc/passwd", pod.out("b")).unwrap();
    let failure = store.keep("Model", &place("r", "b"), &pod.out("b")).unwrap_err();
    assert!(failure.message.contains("is a link"), "{failure}");
    // The keys of the store stand in the environment of the process that carries files away.
    fs::rename(pod.places.fuse.join("out"), pod.places.fuse.join("moved")).unwrap();
    symlink("/proc/self", pod.places.fuse.join("out")).unwrap();
    assert!(store.keep("Model", &place("r", "environ"), &pod.out("environ")).is_err());
    assert!(server.keys("refused").is_empty());
}
