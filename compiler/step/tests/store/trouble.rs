//! Attempts that end midway, writers at once, keys that are wrong, and whoever writes beside Fuse.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

use fuse_step::store::open_with;
use fuse_wire::Reference;

use crate::proxy::{Proxy, Then};
use crate::server::{bucket, free, secure, store, strict, try_store};
use crate::things::{Pod, holds, noise, place, plainly, rich};

const FILES: usize = 40;

fn many(pod: &Pod) {
    fs::create_dir(pod.out("model")).unwrap();
    (0..FILES).for_each(|at| {
        fs::write(pod.out("model").join(format!("{at:02}")), noise(20_000, at as u64 + 1)).unwrap()
    });
}

/// What a child process does: keeps a folder that is there.
#[test]
fn as_child() {
    let Ok(told) = std::env::var("FUSE_TEST_KEEPS") else { return };
    let (port, fuse) = told.split_once(' ').unwrap();
    let places = fuse_step::places::Places::new(fuse.into(), fuse.into());
    let store = store(&places, port.parse().unwrap(), "killed");
    store.keep("Model", &place("r", "model"), &places.fuse.join("out/model")).unwrap();
}

#[test]
fn an_upload_that_was_killed_never_looks_whole_and_is_taken_up() {
    let Some(server) = bucket("killed") else { return };
    let pod = Pod::new();
    many(&pod);
    let proxy = Proxy::start(server.port, 15, Then::Hang);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "trouble::as_child"])
        .env("FUSE_TEST_KEEPS", format!("{} {}", proxy.port, pod.places.fuse.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stopped = proxy.stopped.recv_timeout(Duration::from_secs(60));
    child.kill().unwrap();
    child.wait().unwrap();
    stopped.unwrap();
    let keys = server.keys("killed");
    assert!(keys.len() <= 15 && keys.iter().all(|key| !key.ends_with(".index")), "{keys:?}");

    // What it would have said had it come to the end.
    let short = keys[0].split('/').nth(7).unwrap();
    let digest = Some(format!("sha256:{short}{}", "0".repeat(48)));
    let uri = format!("s3://killed/team/a/runs/r/train/7/model/{short}/");
    let half = Reference { uri, digest };
    let second = store(&pod.places, server.port, "killed");
    let failure = second.fetch("Model", &half, &pod.input("model")).unwrap_err();
    assert!(failure.message.ends_with(".index: there is nothing"), "{failure}");
    assert!(pod.inputs().is_empty());

    let proxy = Proxy::start(server.port, usize::MAX, Then::Hang);
    let second = store(&pod.places, proxy.port, "killed");
    let reference = second.keep("Model", &place("r", "model"), &pod.out("model")).unwrap();
    assert_eq!(reference.uri, half.uri);
    // What was on its way when the child was killed may have come to its end since.
    let passed = proxy.passed.load(Ordering::SeqCst);
    assert!(
        passed > FILES - 15 && passed <= FILES - keys.len() + 1,
        "{passed} of {FILES}, {} were there",
        keys.len()
    );
    second.fetch("Model", &reference, &pod.input("model")).unwrap();
    assert_eq!(holds(&pod.input("model")), plainly(&pod.out("model")));
}

#[test]
fn a_large_file_whose_upload_breaks_does_not_appear() {
    let Some(server) = bucket("broken") else { return };
    let pod = Pod::new();
    fs::write(pod.out("data"), noise(30 << 20, 5)).unwrap();
    let proxy = Proxy::start(server.port, 2, Then::Break);
    let broken = store(&pod.places, proxy.port, "broken");
    let failure = broken.keep("Dataset", &place("r", "data"), &pod.out("data")).unwrap_err();
    assert!(failure.message.starts_with("cannot write s3://broken/team/a/runs/r/train/7/data/"), "{failure}");
    assert!(server.keys("broken").is_empty());
    let uploads = server.ask("GET", "/broken?uploads", b"");
    assert!(!uploads.contains("<UploadId>"), "its parts were not given up: {uploads}");
    let whole = store(&pod.places, server.port, "broken");
    let reference = whole.keep("Dataset", &place("r", "data"), &pod.out("data")).unwrap();
    whole.fetch("Dataset", &reference, &pod.input("data")).unwrap();
}

#[test]
fn writers_at_once_never_mix() {
    let Some(server) = bucket("writers") else { return };
    let pods: Vec<Pod> = (0..4).map(|_| Pod::new()).collect();
    for (at, pod) in pods.iter().enumerate() {
        fs::create_dir(pod.out("model")).unwrap();
        for file in 0..10 {
            fs::write(pod.out("model").join(file.to_string()), noise(1000, at as u64 + 1)).unwrap();
        }
    }
    let references: Vec<Reference> = std::thread::scope(|scope| {
        let port = server.port;
        let keep = |pod| move || keep(pod, port);
        let threads: Vec<_> = pods.iter().map(|pod| scope.spawn(keep(pod))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (pod, reference) in pods.iter().zip(&references) {
        store(&pod.places, server.port, "writers").fetch("Model", reference, &pod.input("model")).unwrap();
        assert_eq!(holds(&pod.input("model")), plainly(&pod.out("model")));
    }
}

fn keep(pod: &Pod, port: u16) -> Reference {
    store(&pod.places, port, "writers").keep("Model", &place("r", "model"), &pod.out("model")).unwrap()
}

#[test]
fn what_was_changed_in_the_bucket_is_refused() {
    let Some(server) = bucket("changed") else { return };
    let pod = Pod::new();
    let store = store(&pod.places, server.port, "changed");
    rich(&pod.out("model"));
    let reference = store.keep("Model", &place("r", "model"), &pod.out("model")).unwrap();
    let source = store.keep("Source", &place("r", "source"), &pod.out("model")).unwrap();
    let file = store.keep("Model", &place("r", "file"), &pod.out("model").join("run.sh")).unwrap();
    let key = |reference: &Reference| reference.uri.strip_prefix("s3://changed/").unwrap().to_owned();

    server.write("changed", &format!("{}run.sh", key(&reference)), b"#!/bin/ex\n");
    let failure = store.fetch("Model", &reference, &pod.input("x")).unwrap_err();
    assert!(
        failure.message.starts_with(&format!("{}run.sh was changed after the step kept it", reference.uri))
    );
    assert!(
        failure.message.contains("\nexpected sha256:") && failure.message.contains("\nfound    sha256:"),
        "{failure}"
    );
    server.write("changed", &format!("{}run.sh", key(&reference)), b"#!/bin/sh\nmore");
    let failure = store.fetch("Model", &reference, &pod.input("x")).unwrap_err();
    assert!(failure.message.ends_with("run.sh is larger than it was when it was kept"), "{failure}");
    server.write(
        "changed",
        &format!("{}.index", key(&reference).trim_end_matches('/')),
        b"{\"fuse-tree\":1}\n",
    );
    let failure = store.fetch("Model", &reference, &pod.input("x")).unwrap_err();
    assert!(failure.message.starts_with(&format!("{} was changed", reference.uri)), "{failure}");

    server.write("changed", &key(&file), b"#!/bin/ex\n");
    assert!(store.fetch("Model", &file, &pod.input("x")).unwrap_err().message.contains("was changed"));
    server.write("changed", &key(&source), &zstd::encode_all([0_u8; 1024].as_slice(), 1).unwrap());
    assert!(store.fetch("Source", &source, &pod.input("x")).unwrap_err().message.contains("was changed"));
    server.write("changed", &key(&source), b"no archive");
    let failure = store.fetch("Source", &source, &pod.input("x")).unwrap_err();
    assert!(failure.message.starts_with(&source.uri) && failure.message.contains("no archive"), "{failure}");
    assert!(pod.inputs().is_empty());
}

#[test]
fn a_wrong_key_is_told_and_never_shown() {
    let Some(server) = strict("private") else { return };
    let pod = Pod::new();
    fs::write(pod.out("x"), "x").unwrap();
    let store = try_store(&pod.places, server.port, "private", "hunter2-hunter2").unwrap();
    let failure = store.leave("r", "x", "x").unwrap_err();
    let expected = format!(
        "cannot write s3://private/team/a/runs/r/x: http://127.0.0.1:{} does not accept the store's key (it says \
         «InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.»)\n\
         check the values in the store's secret: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN)",
        server.port
    );
    assert_eq!(failure.message, expected);
    let kept = store.keep("Model", &place("r", "x"), &pod.out("x")).unwrap_err();
    assert!(kept.message.contains("key") && !kept.message.contains("hunter2"), "{kept}");
}

#[test]
fn an_own_authority_is_trusted_only_where_it_is_named() {
    let pod = Pod::new();
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (pem, key) = (pod.temp.path().join("ca.pem"), pod.temp.path().join("key.pem"));
    fs::write(&pem, signed.cert.pem()).unwrap();
    fs::write(&key, signed.signing_key.serialize_pem()).unwrap();
    let Some(server) = secure(pem.to_str().unwrap(), key.to_str().unwrap()) else { return };
    let endpoint = format!("https://localhost:{}", server.port);
    let leave = |ca: Option<&str>| {
        let argument =
            serde_json::json!({"kind": "s3", "bucket": "b", "endpoint": endpoint, "ca": ca}).to_string();
        let store = open_with(Some(&argument), &pod.places, &|name| {
            matches!(name, "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY").then(|| "test".to_owned())
        });
        store.and_then(|store| store.leave("r", "x", "x")).unwrap_err().message
    };
    let untrusted = leave(None);
    let expected = format!(
        "cannot write s3://b/runs/r/x: no secure connection to {endpoint}: invalid peer certificate: "
    );
    assert!(untrusted.starts_with(&expected), "{untrusted}");
    assert!(untrusted.ends_with("the target's store must name that in `ca`"), "{untrusted}");
    // Then it is asked, and has no bucket.
    assert!(leave(Some(&signed.cert.pem())).contains("there is no bucket `b`"));
    assert!(leave(Some(pem.to_str().unwrap())).contains("there is no bucket `b`"));
    assert!(leave(Some(key.to_str().unwrap())).contains("holds no certificate"));
    assert!(leave(Some("/nowhere.pem")).contains("cannot read the store's certificates /nowhere.pem"));
}

#[test]
fn a_store_that_is_not_there_is_told() {
    let Some(server) = bucket("there") else { return };
    let pod = Pod::new();
    let missing = store(&pod.places, server.port, "not-there").leave("r", "x", "x").unwrap_err();
    assert_eq!(
        missing.message,
        format!(
            "cannot write s3://not-there/team/a/runs/r/x: there is no bucket `not-there` at http://127.0.0.1:{}\n\
             make it, or correct `bucket` and `endpoint` of the target's store in fuse.toml",
            server.port
        )
    );
    assert!(store(&pod.places, server.port, "not-there").find("r", "x").is_err());
    fs::write(pod.out("x"), "x").unwrap();
    let kept = store(&pod.places, server.port, "not-there").keep("Model", &place("r", "x"), &pod.out("x"));
    assert!(kept.unwrap_err().message.contains("there is no bucket `not-there`"));
}

#[test]
fn an_endpoint_that_nobody_listens_on_is_told() {
    let pod = Pod::new();
    let port = free();
    let failure = store(&pod.places, port, "b").leave("r", "x", "x").unwrap_err();
    assert_eq!(
        failure.message,
        format!(
            "cannot write s3://b/team/a/runs/r/x: http://127.0.0.1:{port} cannot be reached: Connection refused\n\
             check `endpoint` of the target's store in fuse.toml, and whether the pod may connect to it"
        )
    );
}

#[test]
fn a_disk_that_is_full_is_told() {
    let Some(server) = bucket("full") else { return };
    let pod = Pod::new();
    let store = store(&pod.places, server.port, "full");
    fs::write(pod.out("data"), noise(3 << 20, 9)).unwrap();
    let reference = store.keep("Dataset", &place("r", "data"), &pod.out("data")).unwrap();
    let Some(disk) = Disk::of_a_megabyte(&pod) else { return };
    let failure = store.fetch("Dataset", &reference, &disk.0.join("data")).unwrap_err();
    assert!(failure.message.ends_with("No space left on device"), "{failure}");
    assert_eq!(fs::read_dir(&disk.0).unwrap().count(), 0);
}

/// A disk of its own.
struct Disk(std::path::PathBuf);

impl Disk {
    /// Only root may mount one: elsewhere the test is left out, which continuous integration must not.
    fn of_a_megabyte(pod: &Pod) -> Option<Self> {
        let at = pod.temp.path().join("disk");
        fs::create_dir(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(&at).output();
        if mounted.is_ok_and(|done| done.status.success()) {
            return Some(Self(at));
        }
        assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "a disk cannot be mounted");
        let _ = writeln!(std::io::stderr(), "left out: a disk cannot be mounted");
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
