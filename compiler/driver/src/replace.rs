//! Replaces folders and files as a whole: a reader, or a build that is killed, finds the old or the new content.
//!
//! New content is written beside the old one under a name that starts with [`NEW`] and then exchanged with it in one
//! step of the file system. Where the system has no such step, the old folder is moved to a name with [`OLD`] first;
//! if the build dies between the two moves, the next one moves it back. What a killed build left is removed by the
//! next one, under a lock that the system drops with its holder.
//!
//! Nothing waits for the disk itself (`fsync` would take longer than the whole build): after a power failure the next
//! build finds that the content differs and writes it again.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::{NamedTempFile, TempDir};

/// How folders and files that are being written start.
const NEW: &str = ".fuse-new-";
/// How folders that are being replaced start, where the system cannot exchange two folders.
const OLD: &str = ".fuse-old-";
/// How long to wait for another build of the same package.
const PATIENCE: Duration = Duration::from_secs(30);

/// The right to change one output folder, until it is dropped.
pub(crate) struct Lock {
    #[cfg(unix)]
    _folder: File,
}

/// Waits for other builds that write into `parent`, then clears away what killed ones left.
pub(crate) fn lock(parent: &Path) -> io::Result<Lock> {
    #[cfg(unix)]
    let lock = {
        let folder = File::open(parent)?;
        let start = Instant::now();
        loop {
            match folder.try_lock() {
                Ok(()) => break,
                Err(fs::TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(10));
                }
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(io::Error::other("another build has been writing it for half a minute"));
                }
                // A file system without locks: builds that run at the same time are then the user's matter.
                Err(fs::TryLockError::Error(_)) => break,
            }
        }
        Lock { _folder: folder }
    };
    #[cfg(not(unix))]
    let lock = Lock {};
    repair(parent)?;
    Ok(lock)
}

/// Moves back what a killed build had moved aside, and removes what it had begun.
pub(crate) fn repair(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if let Some(target) = name.strip_prefix(OLD) {
            let place = parent.join(target);
            if place.symlink_metadata().is_err() {
                fs::rename(entry.path(), place)?;
                continue;
            }
        } else if !name.starts_with(NEW) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A folder that is written and not yet in its place; dropped, it is removed.
pub(crate) struct StagedFolder {
    written: TempDir,
    parent: PathBuf,
    place: PathBuf,
    name: String,
}

/// Writes a folder aside. Files that are the same in the old folder keep their times.
pub(crate) fn stage_folder(
    parent: &Path,
    name: &str,
    files: &[(String, String)],
) -> io::Result<StagedFolder> {
    let place = parent.join(name);
    let mut builder = tempfile::Builder::new();
    let prefix = format!("{NEW}{name}-");
    builder.prefix(&prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    let written = builder.tempdir_in(parent)?;
    for (path, text) in files {
        let full = written.path().join(path);
        if let Some(folder) = full.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create_new(&full)?;
        file.write_all(text.as_bytes())?;
        if let Some(time) = unchanged_since(&place.join(path), text) {
            file.set_modified(time)?;
        }
    }
    Ok(StagedFolder { written, parent: parent.to_path_buf(), place, name: name.to_owned() })
}

/// When a file with this very content was last changed.
fn unchanged_since(path: &Path, text: &str) -> Option<std::time::SystemTime> {
    let same = fs::read(path).is_ok_and(|bytes| bytes == text.as_bytes());
    if same { path.metadata().ok()?.modified().ok() } else { None }
}

impl StagedFolder {
    /// Puts the folder in its place; the old one is gone afterwards.
    pub(crate) fn commit(self) -> io::Result<()> {
        if self.place.symlink_metadata().is_err() {
            // From here on the name belongs to the result: nothing may remove it.
            let written = self.written.keep();
            fs::rename(&written, &self.place).inspect_err(|_| drop(fs::remove_dir_all(&written)))?;
            return Ok(());
        }
        if exchange(self.written.path(), &self.place)? { Ok(()) } else { self.commit_in_two_steps() }
    }

    /// Moves the old folder aside, then the new one in its place: between the two, [`repair`] helps.
    fn commit_in_two_steps(self) -> io::Result<()> {
        let aside = self.parent.join(format!("{OLD}{}", self.name));
        fs::rename(&self.place, &aside)?;
        let written = self.written.keep();
        if let Err(error) = fs::rename(&written, &self.place) {
            fs::rename(&aside, &self.place)?;
            drop(fs::remove_dir_all(&written));
            return Err(error);
        }
        fs::remove_dir_all(&aside)
    }
}

/// Exchanges two paths in one step; `false` where the system or the file system has no such step.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// No such step is known here.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(false)
}

/// A file that is written and not yet in its place; dropped, it is removed.
pub(crate) struct StagedFile {
    written: NamedTempFile,
    place: PathBuf,
}

/// Writes a file aside; `None` where the same content is in its place already.
pub(crate) fn stage_file(place: &Path, text: &str) -> io::Result<Option<StagedFile>> {
    if unchanged_since(place, text).is_some() {
        return Ok(None);
    }
    let folder = place.parent().unwrap_or_else(|| Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(NEW);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut written = builder.tempfile_in(folder)?;
    written.write_all(text.as_bytes())?;
    Ok(Some(StagedFile { written, place: place.to_path_buf() }))
}

impl StagedFile {
    /// Puts the file in its place in one step.
    pub(crate) fn commit(self) -> io::Result<()> {
        self.written.persist(&self.place).map(drop).map_err(|error| error.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    fn listing(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_is_replaced_as_a_whole() {
        let parent = tempfile::tempdir().unwrap();
        let parent = parent.path();
        stage_folder(parent, "dev", &files(&[("a", "1"), ("sub/b", "2")])).unwrap().commit().unwrap();
        assert_eq!(fs::read_to_string(parent.join("dev/sub/b")).unwrap(), "2");
        let old = fs::metadata(parent.join("dev/a")).unwrap().modified().unwrap();
        stage_folder(parent, "dev", &files(&[("a", "1"), ("c", "3")])).unwrap().commit().unwrap();
        assert_eq!(listing(&parent.join("dev")), ["a", "c"]);
        assert_eq!(fs::metadata(parent.join("dev/a")).unwrap().modified().unwrap(), old);
        assert_eq!(listing(parent), ["dev"]);
    }

    #[test]
    fn two_steps_do_where_folders_cannot_be_exchanged() {
        let parent = tempfile::tempdir().unwrap();
        let parent = parent.path();
        stage_folder(parent, "dev", &files(&[("a", "1")])).unwrap().commit().unwrap();
        stage_folder(parent, "dev", &files(&[("b", "2")])).unwrap().commit_in_two_steps().unwrap();
        assert_eq!(listing(&parent.join("dev")), ["b"]);
        assert_eq!(listing(parent), ["dev"]);
    }

    #[cfg(unix)]
    #[test]
    fn builds_of_one_package_wait_for_each_other() {
        let parent = tempfile::tempdir().unwrap();
        let parent = parent.path();
        let held = lock(parent).unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| lock(parent).map(drop));
            thread::sleep(Duration::from_millis(50));
            assert!(!waiting.is_finished());
            drop(held);
            waiting.join().unwrap().unwrap();
        });
    }

    #[test]
    fn a_staged_folder_that_is_not_committed_leaves_nothing() {
        let parent = tempfile::tempdir().unwrap();
        drop(stage_folder(parent.path(), "dev", &files(&[("a", "1")])).unwrap());
        assert_eq!(listing(parent.path()), Vec::<String>::new());
        let twice = files(&[("a", "1"), ("a", "2")]);
        assert!(stage_folder(parent.path(), "dev", &twice).is_err());
        assert_eq!(listing(parent.path()), Vec::<String>::new());
    }

    #[test]
    fn what_a_killed_build_left_is_put_right() {
        let parent = tempfile::tempdir().unwrap();
        let parent = parent.path();
        for folder in [".fuse-new-dev-x1", ".fuse-old-dev", ".fuse-old-prod", "prod"] {
            fs::create_dir(parent.join(folder)).unwrap();
            fs::write(parent.join(folder).join("from"), folder).unwrap();
        }
        fs::write(parent.join(".fuse-new-q"), "").unwrap();
        drop(lock(parent).unwrap());
        assert_eq!(listing(parent), ["dev", "prod"]);
        assert_eq!(fs::read_to_string(parent.join("dev/from")).unwrap(), ".fuse-old-dev");
        assert_eq!(fs::read_to_string(parent.join("prod/from")).unwrap(), "prod");
    }

    #[test]
    fn a_file_is_written_only_when_it_differs() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("MLproject");
        stage_file(&place, "a").unwrap().unwrap().commit().unwrap();
        assert!(stage_file(&place, "a").unwrap().is_none());
        drop(stage_file(&place, "b").unwrap());
        assert_eq!(fs::read_to_string(&place).unwrap(), "a");
        assert_eq!(listing(folder.path()), ["MLproject"]);
    }
}
