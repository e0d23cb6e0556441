//! `setup` files: inputs that cannot or should not lie in the repository, said in a few words.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Finished, finish, tree::write};

/// The user id of `nobody`: one that owns nothing here.
const NOBODY: u32 = 65_534;

/// What a `setup` file asks for.
#[derive(Clone, Default, Debug)]
pub struct Setup {
    lines: Vec<(usize, Vec<String>)>,
    rights: Vec<(usize, u32, String)>,
    /// Run the program as a user without rights.
    pub nobody: bool,
    /// Run the program with the package on a file system that has so many KiB left.
    pub disk: Option<u64>,
    /// Variables of the program's environment.
    pub env: Vec<(String, String)>,
}

impl Setup {
    /// Reads a `setup` file: a directive a line, words as in a shell, `#` starts a comment.
    ///
    /// - `text FILE TEXT`: writes the text (`\n` and `\t` are escapes)
    /// - `repeat FILE TEXT TIMES`: appends the text so many times
    /// - `bytes FILE ff fe …`: appends bytes
    /// - `replace FILE OLD NEW`: puts NEW for OLD, which must be there
    /// - `remove FILE`, `folder DIR`, `symlink LINK TARGET`
    /// - `chmod MODE PATH`: after all of these
    /// - `run ARG…`: runs the program, which must succeed
    /// - `env NAME VALUE`, `user nobody`, `disk 16k`: how the program itself runs
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut setup = Self::default();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let words =
                shlex::split(line).ok_or_else(|| format!("setup:{}: quotes do not match", index + 1))?;
            match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["chmod", mode, path] => {
                    let mode = u32::from_str_radix(mode, 8)
                        .map_err(|_| format!("setup:{}: `{mode}` is no octal mode", index + 1))?;
                    setup.rights.push((index + 1, mode, (*path).to_owned()));
                }
                ["user", "nobody"] => setup.nobody = true,
                ["disk", free] => {
                    let kib = free.strip_suffix('k').and_then(|kib| kib.parse().ok());
                    setup.disk = Some(kib.ok_or_else(|| format!("setup:{}: say `disk 16k`", index + 1))?);
                }
                ["env", name, value] => setup.env.push(((*name).to_owned(), (*value).to_owned())),
                [..] => setup.lines.push((index + 1, words)),
            }
        }
        Ok(setup)
    }

    /// Brings the package into the state that the directives describe, but for rights; `run` runs the program in it.
    pub fn apply(
        &self,
        package: &Path,
        run: impl Fn(&[String]) -> Result<Finished, String>,
    ) -> Result<(), String> {
        for (number, words) in &self.lines {
            directive(words, package, &run).map_err(|error| format!("setup:{number}: {error}"))?;
        }
        Ok(())
    }

    /// Takes rights away, as the `chmod` directives say; after this the package may be closed to the test itself.
    pub fn lock(&self, package: &Path) -> Result<(), String> {
        for (number, mode, path) in &self.rights {
            fs::set_permissions(package.join(path), Permissions::from_mode(*mode))
                .map_err(|error| format!("setup:{number}: {path}: {error}"))?;
        }
        Ok(())
    }
}

fn directive(
    words: &[String],
    package: &Path,
    run: &impl Fn(&[String]) -> Result<Finished, String>,
) -> Result<(), String> {
    let words_str: Vec<&str> = words.iter().map(String::as_str).collect();
    let io = |error: std::io::Error| error.to_string();
    match words_str.as_slice() {
        ["text", file, text] => write(&package.join(file), unescape(text).as_bytes()),
        ["repeat", file, text, times] => {
            let times: usize = times.parse().map_err(|_| format!("`{times}` is no number"))?;
            append(&package.join(file), unescape(text).repeat(times).as_bytes())
        }
        ["bytes", file, bytes @ ..] => {
            let bytes: Result<Vec<u8>, _> = bytes.iter().map(|byte| u8::from_str_radix(byte, 16)).collect();
            append(&package.join(file), &bytes.map_err(|error| error.to_string())?)
        }
        ["replace", file, old, new] => {
            let path = package.join(file);
            let text = fs::read_to_string(&path).map_err(io)?;
            let (old, new) = (unescape(old), unescape(new));
            if !text.contains(&old) {
                return Err(format!("`{old}` is not in {file}"));
            }
            fs::write(&path, text.replace(&old, &new)).map_err(io)
        }
        ["remove", file] => {
            let path = package.join(file);
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.map_err(io)
        }
        ["folder", dir] => fs::create_dir_all(package.join(dir)).map_err(io),
        ["symlink", link, target] => symlink(target, package.join(link)).map_err(io),
        ["run", ..] => {
            let finished = run(words.get(1..).unwrap_or_default())?;
            if finished.code == Some(0) {
                return Ok(());
            }
            Err(format!("failed: {}", String::from_utf8_lossy(&finished.stderr)))
        }
        [..] => Err(format!("unknown directive: {}", words_str.join(" "))),
    }
}

fn append(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| error.to_string())?;
    }
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(|error| format!("{}: {error}", path.display()))
}

fn unescape(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").replace("\\0", "\0")
}

/// Runs the program in the package, in the way that `setup` says; `Ok(None)` with a reason where that cannot be here.
pub fn run_in(
    program: &Path,
    args: &[String],
    package: &Path,
    setup: &Setup,
) -> Result<Result<Finished, String>, String> {
    let is_root = user_id() == Some(0);
    let mut program = program.to_path_buf();
    let beside = package.with_extension("bin");
    if setup.nobody && is_root {
        // Build folders are often closed to others.
        program = link(&program, &beside)?;
    }
    let mut command = match &setup.disk {
        None => Command::new(&program),
        Some(free) => {
            if !can_mount() {
                return Ok(Err("`unshare` cannot mount a file system here".into()));
            }
            on_disk(package, *free, &program)
        }
    };
    command.args(args).current_dir(package).envs(setup.env.iter().map(|(key, value)| (key, value)));
    if setup.nobody && is_root {
        command.uid(NOBODY).gid(NOBODY);
    }
    let finished = finish(&mut command);
    if setup.disk.is_some() {
        if let Ok(Finished { code: Some(NO_DISK), stderr, .. }) = &finished {
            return Err(format!("cannot prepare the disk: {}", String::from_utf8_lossy(stderr)));
        }
        let stash = package.with_extension("disk");
        fs::remove_dir_all(package).map_err(|error| error.to_string())?;
        fs::rename(&stash, package).map_err(|error| error.to_string())?;
    }
    finished.map(Ok)
}

/// A copy of the program that anybody may run.
fn link(program: &Path, folder: &Path) -> Result<PathBuf, String> {
    let to = folder.join("fusec");
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    if !to.exists() && fs::hard_link(program, &to).is_err() {
        fs::copy(program, &to).map_err(|error| error.to_string())?;
    }
    Ok(to)
}

/// Exit status of the script below when the disk cannot be prepared; the program has no such status.
const NO_DISK: i32 = 125;

/// The program in a mount namespace of its own, with the package on a file system that has `free` KiB left. What is
/// on it in the end is copied to `<package>.disk`, as the file system ends with the program.
fn on_disk(package: &Path, free: u64, program: &Path) -> Command {
    const SCRIPT: &str = r#"
work=$1; stash=$2; free=$3; shift 3
cp -R "$work" "$stash" &&
used=$(du -sk "$stash" | cut -f 1) &&
mount -t tmpfs -o "size=$((used + free))k" tmpfs "$work" &&
cp -R "$stash/." "$work" &&
cd "$work" || exit 125
"$@"
code=$?
cd / && rm -rf "$stash" && cp -R "$work" "$stash" || exit 125
exit "$code"
"#;
    let mut command = unshare();
    command
        .args(["sh", "-c", SCRIPT, "sh"])
        .arg(package)
        .arg(package.with_extension("disk"))
        .arg(free.to_string())
        .arg(program);
    command
}

fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if user_id() != Some(0) {
        command.args(["--user", "--map-root-user"]);
    }
    command
}

fn can_mount() -> bool {
    let probe = "d=$(mktemp -d) && mount -t tmpfs -o size=4k tmpfs \"$d\"; code=$?; umount \"$d\"; rmdir \"$d\"; exit $code";
    finish(unshare().args(["sh", "-c", probe])).is_ok_and(|finished| finished.code == Some(0))
}

/// The user the tests run as.
fn user_id() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").ok().map(|metadata| metadata.uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(text: &str, package: &Path) -> Result<(), String> {
        Setup::parse(text)?.apply(package, |_| Err("not run".into()))
    }

    #[test]
    fn directives_do_what_they_say() {
        let dir = tempfile::tempdir().unwrap();
        let text = "# odd inputs\ntext a \"x\\ny\"\nrepeat b 'f(else ' 3\nbytes c ff fe\nsymlink d a\nreplace a y z\n";
        apply(text, dir.path()).unwrap();
        let read = |name: &str| fs::read(dir.path().join(name)).unwrap();
        assert_eq!(read("a"), b"x\nz");
        assert_eq!(read("b"), b"f(else f(else f(else ");
        assert_eq!(read("c"), [0xff, 0xfe]);
        assert_eq!(read("d"), read("a"));
    }

    #[test]
    fn wrong_directives_say_where() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(apply("\nfly a\n", dir.path()).unwrap_err(), "setup:2: unknown directive: fly a");
        assert!(apply("text 'a", dir.path()).is_err());
        assert!(apply("text a x\nreplace a y z", dir.path()).unwrap_err().contains("is not in a"));
    }

    #[test]
    fn a_full_disk_is_full_and_what_is_on_it_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let package = dir.path().join("package");
        write(&package.join("old"), b"old").unwrap();
        let setup = Setup { disk: Some(16), ..Setup::default() };
        let args = ["-c", "echo kept >new; head -c 1000000 /dev/zero >big; echo $?"].map(str::to_owned);
        match run_in(Path::new("/bin/sh"), &args, &package, &setup).unwrap() {
            Ok(finished) => {
                assert_eq!(String::from_utf8_lossy(&finished.stdout), "1\n");
                assert_eq!(fs::read(package.join("new")).unwrap(), b"kept\n");
                assert_eq!(fs::read(package.join("old")).unwrap(), b"old");
            }
            Err(reason) => assert!(!crate::in_ci(), "{reason}"),
        }
    }
}
