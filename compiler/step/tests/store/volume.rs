//! A mounted claim.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use fuse_step::places::Places;
use fuse_step::store::{Store, open_with};
use fuse_wire::Reference;
use rustix::fs::{CWD, Mode, OFlags};

use crate::things::{Pod, holds, noise, place, rich};

fn volume(pod: &Pod) -> Box<dyn Store> {
    fs::create_dir_all(pod.places.volume()).unwrap();
    open_with(None, &pod.places, &|_| None).unwrap()
}

#[test]
fn files_and_folders_are_kept_in_place_and_linked() {
    let pod = Pod::new();
    let store = volume(&pod);
    let at = store.in_place(&place("r", "model")).unwrap().unwrap();
    assert_eq!(at, pod.places.volume().join("runs/r/train/7/model"));
    rich(&at);
    let reference = store.keep("Model", &place("r", "model"), &at).unwrap();
    assert_eq!(reference.uri, "file:///fuse/store/runs/r/train/7/model/");
    store.fetch("Model", &reference, &pod.input("model")).unwrap();
    assert_eq!(pod.input("model").read_link().unwrap(), at);
    assert_eq!(holds(&pod.input("model")), holds(&at));

    let at = store.in_place(&place("r", "rmse")).unwrap().unwrap();
    fs::write(&at, "hello\n").unwrap();
    let reference = store.keep("Metrics", &place("r", "rmse"), &at).unwrap();
    let hello = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    assert_eq!(reference.digest.as_deref(), Some(hello));
    assert_eq!(reference.uri, "file:///fuse/store/runs/r/train/7/rmse");
    // Steps of other users write beside it.
    for folder in ["runs", "runs/r", "runs/r/train", "runs/r/train/7"] {
        let mode = pod.places.volume().join(folder).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o777, "{folder}");
    }
    assert_eq!(fs::read_dir(pod.places.volume()).unwrap().count(), 1);
}

#[test]
fn what_an_earlier_attempt_left_is_gone() {
    let pod = Pod::new();
    let store = volume(&pod);
    let at = store.in_place(&place("r", "model")).unwrap().unwrap();
    let mine = pod.temp.path().join("mine");
    fs::create_dir(&mine).unwrap();
    fs::write(mine.join("x"), "x").unwrap();

    rich(&at);
    symlink(&mine, at.join("mine")).unwrap();
    fs::set_permissions(at.join("data"), fs::Permissions::from_mode(0o555)).unwrap();
    deep(&at, 3000);
    assert_eq!(store.in_place(&place("r", "model")).unwrap().as_deref(), Some(at.as_path()));
    assert!(at.symlink_metadata().is_err());
    symlink(&mine, &at).unwrap();
    store.in_place(&place("r", "model")).unwrap();
    assert!(at.symlink_metadata().is_err());
    assert_eq!(fs::read_to_string(mine.join("x")).unwrap(), "x");
}

/// What a process of another user does: takes an output's place and keeps what it writes there.
#[test]
fn as_other_user() {
    let Some(fuse) = std::env::var_os("FUSE_TEST_OTHER") else { return };
    let places = Places::new(fuse.clone().into(), fuse.into());
    let store = open_with(None, &places, &|_| None).unwrap();
    let at = store.in_place(&place("r", "model")).unwrap().unwrap();
    fs::create_dir(&at).unwrap();
    fs::write(at.join("mine"), "mine").unwrap();
    store.keep("Model", &place("r", "model"), &at).unwrap();
    store.leave("r", "join--r/value", "theirs").unwrap();
}

#[test]
fn a_step_of_another_user_follows() {
    if !rustix::process::geteuid().is_root() {
        let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!ci, "only root can run a process as another user");
        let _ = writeln!(std::io::stderr(), "left out: only root can run a process as another user");
        return;
    }
    let pod = Pod::new();
    fs::set_permissions(pod.temp.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let store = volume(&pod);
    fs::set_permissions(pod.places.volume(), fs::Permissions::from_mode(0o777)).unwrap();
    let at = store.in_place(&place("r", "model")).unwrap().unwrap();
    rich(&at);
    store.leave("r", "join--r/value", "ours").unwrap();
    let other = Command::new("/proc/self/exe")
        .args(["--exact", "volume::as_other_user"])
        .env("FUSE_TEST_OTHER", &pod.places.fuse)
        .current_dir("/")
        .uid(65_534)
        .gid(65_534)
        .output()
        .unwrap();
    assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stdout));
    assert_eq!(holds(&at).into_keys().collect::<Vec<_>>(), ["mine"]);
    assert_eq!(store.find("r", "join--r/value").unwrap().as_deref(), Some("theirs"));
}

/// Folders in folders, deeper than a path can be long.
fn deep(at: &Path, depth: usize) {
    let mut folder = rustix::fs::openat(CWD, at, OFlags::DIRECTORY, Mode::empty()).unwrap();
    for _ in 0..depth {
        rustix::fs::mkdirat(&folder, "deep", Mode::from_raw_mode(0o755)).unwrap();
        folder = rustix::fs::openat(&folder, "deep", OFlags::DIRECTORY, Mode::empty()).unwrap();
    }
}

#[test]
fn what_leads_out_of_the_store_is_refused() {
    let pod = Pod::new();
    let store = volume(&pod);
    let secret = pod.temp.path().join("secret");
    fs::write(&secret, "x").unwrap();
    let at = store.in_place(&place("r", "a")).unwrap().unwrap();
    type Make<'a> = (&'a str, Box<dyn Fn(&Path) + 'a>);
    let cases: Vec<Make<'_>> = vec![
        ("an absolute path", Box::new(|at| symlink(&secret, at.join("x")).unwrap())),
        ("outside of the folder", Box::new(|at| symlink("../../x", at.join("x")).unwrap())),
        ("`x` is a socket", Box::new(|at| drop(UnixListener::bind(at.join("x")).unwrap()))),
        (
            "`x` is a pipe",
            Box::new(|at| {
                rustix::fs::mknodat(CWD, at.join("x"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
            }),
        ),
        ("a control character", Box::new(|at| fs::write(at.join("a\nb"), "").unwrap())),
        (
            "is not valid UTF-8",
            Box::new(|at| {
                let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff");
                fs::write(at.join(name), "").unwrap();
            }),
        ),
    ];
    for (why, make) in cases {
        fs::create_dir(&at).unwrap();
        make(&at);
        let failure = store.keep("Model", &place("r", "a"), &at).unwrap_err();
        assert!(failure.message.starts_with(&format!("{} cannot be kept: ", at.display())), "{failure}");
        assert!(failure.message.contains(why), "{failure}");
        store.in_place(&place("r", "a")).unwrap();
    }
    let failure = store.keep("Model", &place("r", "a"), &at).unwrap_err();
    assert_eq!(failure.message, format!("cannot read {}: No such file or directory", at.display()));
    // A folder on the way that became a link.
    fs::remove_dir_all(pod.places.volume().join("runs/r/train")).unwrap();
    symlink(pod.temp.path(), pod.places.volume().join("runs/r/train")).unwrap();
    let reference = Reference { uri: "file:///fuse/store/runs/r/train/secret".to_owned(), digest: None };
    assert!(store.fetch("Model", &reference, &pod.input("x")).is_err());
    assert!(store.in_place(&place("r", "a")).is_err());
}

#[test]
fn what_was_changed_is_refused() {
    let pod = Pod::new();
    let store = volume(&pod);
    let at = store.in_place(&place("r", "model")).unwrap().unwrap();
    rich(&at);
    let reference = store.keep("Model", &place("r", "model"), &at).unwrap();
    fs::write(at.join("data/nothing"), "something").unwrap();
    let failure = store.fetch("Model", &reference, &pod.input("x")).unwrap_err();
    assert!(failure.message.starts_with("file:///fuse/store/runs/r/train/7/model/ was changed"), "{failure}");
    assert!(failure.message.contains(reference.digest.as_deref().unwrap()), "{failure}");
    fs::remove_dir_all(&at).unwrap();
    let failure = store.fetch("Model", &reference, &pod.input("x")).unwrap_err();
    assert_eq!(failure.message, "there is nothing at file:///fuse/store/runs/r/train/7/model/");
    assert!(pod.inputs().is_empty());
}

#[test]
fn a_reference_must_be_of_the_store() {
    let pod = Pod::new();
    let store = volume(&pod);
    fs::write(pod.places.fuse.join("x"), "x").unwrap();
    for uri in [
        "file:///fuse/x",
        "file:///fuse/store/../x",
        "file://host/fuse/store/x",
        "s3://b/x",
        "file:///fuse/store/",
    ] {
        let reference = Reference { uri: uri.to_owned(), digest: None };
        let failure = store.fetch("Model", &reference, &pod.input("x")).unwrap_err();
        let told = failure.message.contains("fuse-in fetches only from the target's store")
            || failure.message.contains("is no place in the store");
        assert!(told, "{uri}: {failure}");
    }
    // Files that no step wrote.
    fs::create_dir_all(pod.places.volume().join("data")).unwrap();
    for uri in ["file:///fuse/store/data/", "file:///fuse/store/data"] {
        let name = uri.replace('/', "-");
        store.fetch("Model", &Reference { uri: uri.to_owned(), digest: None }, &pod.input(&name)).unwrap();
    }
}

#[test]
fn small_texts_come_back() {
    let pod = Pod::new();
    let store = volume(&pod);
    assert_eq!(store.find("r", "join--r/value").unwrap(), None);
    store.leave("r", "join--r/value", "ä").unwrap();
    store.leave("r", "join--r/value", "ö").unwrap();
    assert_eq!(store.find("r", "join--r/value").unwrap().as_deref(), Some("ö"));
    let folder = pod.places.volume().join("runs/r/join--r");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    fs::write(folder.join("large"), noise((1 << 20) + 1, 1)).unwrap();
    assert!(store.find("r", "join--r/large").unwrap_err().message.ends_with("is larger than 1 MiB"));
    symlink(pod.temp.path().join("x"), folder.join("link")).unwrap();
    assert!(store.find("r", "join--r/link").is_err());
    assert!(store.leave("../x", "y", "").is_err());
}

#[test]
fn a_claim_that_is_not_mounted_is_told() {
    let pod = Pod::new();
    let failure = open_with(None, &pod.places, &|_| None).err().unwrap();
    assert!(failure.message.starts_with("no claim is mounted at "), "{failure}");
}
