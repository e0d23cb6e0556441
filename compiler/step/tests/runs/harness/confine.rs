//! How the steps of a pod are kept from the rest of the machine.

use std::path::{Path, PathBuf};
use std::process::Command;

/// How pods are confined. Each but the first needs root.
#[derive(Clone, Debug)]
pub enum Confinement {
    /// By nothing but a clean environment.
    None,
    /// Every step runs as this user, without privileges, on a read-only root: only the pod's own folders and the
    /// store can be written.
    User(u32),
    /// Steps that run `/fuse-step` itself see an empty root with this static binary in it.
    Empty(PathBuf),
}

impl Confinement {
    /// How the words of a step are started.
    pub(super) fn command(&self, pod: &Path, helper: bool, words: &[String]) -> Command {
        let mut command = match self {
            Self::Empty(_) if helper => {
                let mut command = Command::new("unshare");
                command.args(["--mount", "--", "sh", "-c", EMPTY_ROOT, "sh"]).arg(pod);
                command
            }
            Self::User(user) => {
                let mut command = Command::new("unshare");
                command.args(["--mount", "--", "sh", "-c", READ_ONLY, "sh"]);
                command.arg(pod.join("fuse")).arg(pod.join("tekton/results"));
                command.arg(user.to_string());
                command
            }
            Self::None | Self::Empty(_) => {
                let mut command = Command::new(&words[0]);
                command.args(&words[1..]);
                return command;
            }
        };
        command.args(words);
        command
    }
}

/// An empty root but for what the pod has, and `/proc`, which every container has.
const EMPTY_ROOT: &str = "set -eu
mount --make-rprivate /
mount --bind /proc \"$1/proc\"
exec chroot \"$@\"
";

/// Makes everything read-only but two folders, and drops all privileges.
const READ_ONLY: &str = "set -eu
mount --make-rprivate /
mount --bind \"$1\" \"$1\"
mount --bind \"$2\" \"$2\"
for place in \"$(stat -c %m \"$PWD\")\" /; do mount -o remount,ro,bind \"$place\" \"$place\"; done
cd \"$PWD\"
user=$3
shift 3
exec setpriv --reuid=\"$user\" --regid=\"$user\" --clear-groups --no-new-privs --bounding-set=-all -- \"$@\"
";
