//! Laws of trees and archives: what was written comes back, and nothing else is made.

use std::fs::{self, File, Permissions};
use std::io::{Seek as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use proptest::prelude::*;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use super::digest::{self, Entry, Kind};
use super::landing::Landing;
use super::tree::{self, Found, Modes};
use super::{Place, Store, archive, rules, volume::Volume};
use crate::failure::Failure;

/// A thing to make: where, and what: 0 a folder, 1 a link, else a file.
type Thing = (Vec<String>, u8, u32, Vec<u8>);

fn things() -> impl Strategy<Value = Vec<Thing>> {
    let name = "[a-c]{1,2}|[äß 日.$'\"-]{1,3}x";
    let mode = prop::sample::select(vec![0o644_u32, 0o755, 0o600, 0o444, 0o640]);
    let thing =
        (prop::collection::vec(name, 1..4), 0_u8..5, mode, prop::collection::vec(any::<u8>(), 0..200));
    prop::collection::vec(thing, 0..25)
}

/// Makes what can be made: a thing below a file, or where another is, is left out.
fn make(root: &Path, things: &[Thing]) {
    fs::create_dir(root).unwrap();
    for (names, what, mode, content) in things {
        let path = names.iter().fold(root.to_owned(), |path, name| path.join(name));
        // Links in between would lead writes elsewhere: never through them.
        let mut around = root.to_owned();
        let clear = names[..names.len() - 1].iter().all(|name| {
            around.push(name);
            around.symlink_metadata().map_or(true, |meta| meta.is_dir())
        });
        if !clear || path.symlink_metadata().is_ok() {
            continue;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match what {
            0 => fs::create_dir(&path).unwrap(),
            1 => symlink(format!("{}x", "../".repeat(names.len() - 1)), &path).unwrap(),
            _ => {
                fs::write(&path, content).unwrap();
                fs::set_permissions(&path, Permissions::from_mode(*mode)).unwrap();
            }
        }
    }
}

fn entries(root: &Path, modes: Modes) -> Vec<Entry> {
    match tree::find(Path::new("/nowhere"), root, modes).unwrap() {
        Found::Folder { entries, .. } => entries,
        Found::File { .. } => panic!("{} is a file", root.display()),
    }
}

fn pack(root: &Path) -> File {
    let found = tree::find(Path::new("/nowhere"), root, Modes::All).unwrap();
    let Found::Folder { folder, entries } = found else { panic!("a file") };
    let mut packed = tempfile::tempfile().unwrap();
    archive::pack(&folder, &entries, root, &mut packed).unwrap();
    packed.rewind().unwrap();
    packed
}

fn unpack(packed: File, to: &Path) -> Result<Vec<Entry>, Failure> {
    let landing = Landing::beside(to)?;
    let mut planted = landing.folder()?;
    let entries = archive::unpack(packed, &mut planted)?;
    planted.finish()?;
    landing.finish()?;
    Ok(entries)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_tree_comes_back_from_an_archive(things in things()) {
        let temp = TempDir::new().unwrap();
        let (from, to) = (temp.path().join("from"), temp.path().join("to"));
        make(&from, &things);
        let (first, second) = (pack(&from), pack(&from));
        prop_assert_eq!(bytes(first.try_clone().unwrap()), bytes(second));
        let told = unpack(first, &to).unwrap();
        prop_assert_eq!(&told, &entries(&from, Modes::All));
        prop_assert_eq!(&told, &entries(&to, Modes::All));
    }

    #[test]
    fn a_tree_comes_back_from_a_volume(things in things()) {
        let temp = TempDir::new().unwrap();
        let (root, to) = (temp.path().join("store"), temp.path().join("to"));
        fs::create_dir(&root).unwrap();
        let volume = Volume::open(root).unwrap();
        let place = Place { run: "r".to_owned(), step: "s".to_owned(), index: None, output: "o".to_owned() };
        let from = volume.in_place(&place).unwrap().unwrap();
        make(&from, &things);
        let reference = volume.keep("Dataset", &place, &from).unwrap();
        volume.fetch("Dataset", &reference, &to).unwrap();
        let real = to.read_link().unwrap();
        prop_assert_eq!(entries(&real, Modes::All), entries(&from, Modes::All));
        let expected = digest::text(&digest::of(&entries(&from, Modes::Executable)));
        prop_assert_eq!(reference.digest, Some(expected));
    }

    #[test]
    fn whatever_an_archive_holds_it_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        let temp = TempDir::new().unwrap();
        let mut packed = tempfile::tempfile().unwrap();
        packed.write_all(&zstd::encode_all(bytes.as_slice(), 1).unwrap()).unwrap();
        packed.rewind().unwrap();
        let _ = unpack(packed, &temp.path().join("to"));
        prop_assert_eq!(fs::read_dir(temp.path()).unwrap().filter(|one| one.as_ref().unwrap().file_name() != "to").count(), 0);
    }
}

fn bytes(mut file: File) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
    file.rewind().unwrap();
    bytes
}

/// An archive as nobody should write it: the names are taken as they are.
fn hostile(fill: impl FnOnce(&mut Builder<Vec<u8>>)) -> File {
    let mut tar = Builder::new(Vec::new());
    fill(&mut tar);
    let mut packed = tempfile::tempfile().unwrap();
    packed.write_all(&zstd::encode_all(tar.into_inner().unwrap().as_slice(), 1).unwrap()).unwrap();
    packed.rewind().unwrap();
    packed
}

fn add(tar: &mut Builder<Vec<u8>>, kind: EntryType, path: &str, target: &str, content: &[u8]) {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(content.len() as u64);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.name[..path.len()].copy_from_slice(path.as_bytes());
    gnu.linkname[..target.len()].copy_from_slice(target.as_bytes());
    header.set_cksum();
    tar.append(&header, content).unwrap();
}

#[test]
fn hostile_archives_leave_nothing_behind() {
    use EntryType as E;
    let outside = TempDir::new().unwrap();
    let secret = outside.path().join("x");
    type Case<'a> = (&'a str, &'a [(E, &'a str, &'a str)]);
    let cases: &[Case<'_>] = &[
        ("leaves the folder", &[(E::Regular, "../x", "")]),
        ("leaves the folder", &[(E::Regular, "a/../../x", "")]),
        ("absolute path", &[(E::Regular, secret.to_str().unwrap(), "")]),
        ("leads to `/etc`, an absolute path", &[(E::Symlink, "l", "/etc")]),
        ("outside of the folder", &[(E::Symlink, "l", "..")]),
        ("only at its start", &[(E::Symlink, "a", "."), (E::Symlink, "l", "a/../../x")]),
        ("cannot write", &[(E::Symlink, "a", "b"), (E::Directory, "b", ""), (E::Regular, "a/x", "")]),
        ("File exists", &[(E::Regular, "a", ""), (E::Regular, "a", "")]),
        ("File exists", &[(E::Symlink, "a", "b"), (E::Regular, "a", "")]),
        ("File exists", &[(E::Symlink, "a", "b"), (E::Directory, "a", "")]),
        ("a hard link, a device, a pipe", &[(E::Link, "a", "/etc/passwd")]),
        ("a hard link, a device, a pipe", &[(E::Char, "a", "")]),
        ("a hard link, a device, a pipe", &[(E::Block, "a", "")]),
        ("a hard link, a device, a pipe", &[(E::Fifo, "a", "")]),
        ("a hard link, a device, a pipe", &[(E::GNUSparse, "a", "")]),
        ("control character", &[(E::Regular, "a\nb", "")]),
    ];
    for (why, things) in cases {
        let temp = TempDir::new().unwrap();
        let packed = hostile(|tar| things.iter().for_each(|(kind, path, to)| add(tar, *kind, path, to, b"")));
        let failure = unpack(packed, &temp.path().join("to")).unwrap_err();
        assert!(failure.message.contains(why), "{things:?}: {failure}");
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0, "{things:?}");
    }
    assert!(!secret.exists());
}

#[test]
fn an_archive_that_would_fill_memory_is_refused() {
    let temp = TempDir::new().unwrap();
    let to = temp.path().join("to");
    let many =
        hostile(|tar| (0..=rules::MAX_ENTRIES).for_each(|_| add(tar, EntryType::Directory, "a", "", b"")));
    assert!(unpack(many, &to).unwrap_err().message.contains("more than 200000 files"));
    let long = hostile(|tar| add(tar, EntryType::GNULongName, "././@LongLink", "", &vec![b'a'; 1 << 20]));
    assert!(unpack(long, &to).unwrap_err().message.contains("a name of more than 64 KiB"));
    let huge = hostile(|tar| {
        let mut header = Header::new_gnu();
        header.set_path("a").unwrap();
        header.set_mode(0o644);
        header.set_size(2 << 40);
        header.set_cksum();
        tar.append(&header, std::io::empty()).unwrap();
    });
    assert!(unpack(huge, &to).unwrap_err().message.contains("more than 1024 GiB"));
    let mut window = zstd::Encoder::new(tempfile::tempfile().unwrap(), 1).unwrap();
    window.window_log(27).unwrap();
    window.write_all(&[0; 1024]).unwrap();
    let mut window = window.finish().unwrap();
    window.rewind().unwrap();
    assert!(unpack(window, &to).unwrap_err().message.contains("no archive that can be read"));
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
}

#[test]
fn an_archive_of_another_tool_is_read() {
    let temp = TempDir::new().unwrap();
    let from = temp.path().join("from");
    let deep = format!("{}/{}", "a".repeat(120), "b".repeat(120));
    fs::create_dir_all(from.join(&deep)).unwrap();
    fs::write(from.join(&deep).join("ä.txt"), "x").unwrap();
    symlink(&deep, from.join("l")).unwrap();
    for format in ["gnu", "pax"] {
        let tar = std::process::Command::new("tar")
            .args(["--format", format, "-C", from.to_str().unwrap(), "-cf", "-", "."])
            .output()
            .unwrap();
        assert!(tar.status.success());
        let mut packed = tempfile::tempfile().unwrap();
        packed.write_all(&zstd::encode_all(tar.stdout.as_slice(), 1).unwrap()).unwrap();
        packed.rewind().unwrap();
        let to = temp.path().join(format);
        assert_eq!(unpack(packed, &to).unwrap(), entries(&from, Modes::All), "{format}");
        assert_eq!(entries(&to, Modes::All), entries(&from, Modes::All), "{format}");
    }
}

#[test]
fn a_tree_that_is_too_large_is_refused() {
    let temp = TempDir::new().unwrap();
    let mut deep = temp.path().join("from");
    (0..70).for_each(|_| deep.push("a"));
    fs::create_dir_all(&deep).unwrap();
    let root = temp.path().join("from");
    let Err(failure) = tree::find(Path::new("/nowhere"), &root, Modes::All) else { panic!("it was read") };
    assert!(failure.message.contains("lies in more than 64 folders"), "{failure}");
    assert!(matches!(
        tree::find(Path::new("/nowhere"), &temp.path().join("from/a/a/a/a/a/a/a/a/a/a"), Modes::All),
        Ok(Found::Folder { .. })
    ));
    let kinds = entries(&deep, Modes::All);
    assert!(kinds.iter().all(|entry| matches!(entry.kind, Kind::Folder { .. })));
}
