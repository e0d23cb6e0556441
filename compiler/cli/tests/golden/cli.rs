//! `golden/cli`: the program as its user meets it.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use fuse_testkit::{Case, Finished, Golden, Setup, Verdict, copy, finish, run_in, skip, tree};

use crate::common::fusec;

pub(crate) fn run(case: &Case) -> Verdict {
    let setup = Setup::parse(&case.read_opt("setup")?.unwrap_or_default())?;
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let root = dir.path().canonicalize().map_err(|error| error.to_string())?;
    open(&root)?;
    let package = root.join("package");
    fs::create_dir(&package).map_err(|error| error.to_string())?;
    if case.dir.join("package").exists() {
        copy(&case.dir.join("package"), &package, |_| false)?;
    }
    setup.apply(&package, |args| {
        let args: Vec<String> =
            args.iter().map(|arg| arg.replace("{tmp}", &package.display().to_string())).collect();
        finish(Command::new(fusec()).args(args).current_dir(&package))
    })?;
    let before = tree(&package)?;
    setup.lock(&package)?;
    let line = case.read("args")?.replace("{tmp}", &package.display().to_string());
    let args = shlex::split(line.trim()).ok_or("args: quotes do not match")?;
    let finished = match run_in(&fusec(), &args, &package, &setup)? {
        Ok(finished) => finished,
        Err(reason) => return skip(reason),
    };
    unlock(&package);
    let after = tree(&package)?;
    judge(case, &package, &finished, &before, after)
}

fn judge(
    case: &Case,
    package: &Path,
    finished: &Finished,
    before: &BTreeMap<String, Vec<u8>>,
    after: BTreeMap<String, Vec<u8>>,
) -> Verdict {
    let mut golden = Golden::new(&case.dir);
    let said = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes).replace(&package.display().to_string(), "{tmp}").into_bytes()
    };
    golden.expect_finished(finished, &said);
    let gone: String =
        before.keys().filter(|path| !after.contains_key(*path)).map(|path| format!("{path}\n")).collect();
    golden.expect_some("deleted", gone.as_bytes());
    // What the run did not touch needs no second copy in the case.
    let changed = after.into_iter().filter(|(path, bytes)| before.get(path) != Some(bytes)).collect();
    golden.expect_tree("after", &changed);
    golden.finish(|path| path == "args" || path == "setup" || path.starts_with("package/"))
}

fn open(folder: &Path) -> Result<(), String> {
    fs::set_permissions(folder, Permissions::from_mode(0o755)).map_err(|error| error.to_string())
}

/// Gives the owner back what a case took away, so that the result can be read and removed.
fn unlock(folder: &Path) {
    // What cannot be opened shows when it is read.
    let _ = open(folder);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => unlock(&entry.path()),
            Ok(kind) if kind.is_file() => {
                let _ = fs::set_permissions(entry.path(), Permissions::from_mode(0o644));
            }
            Ok(_) | Err(_) => {}
        }
    }
}
