//! Pods as clusters confine them: an image from scratch, another user, a read-only root. These need root.

use std::path::PathBuf;
use std::process::Command;

use super::harness::{Confinement, Run, left_out};

/// Whether this process may make mount namespaces and change its root.
fn privileged() -> bool {
    let mut command = Command::new("unshare");
    let may = nix::unistd::geteuid().is_root()
        && command.args(["--mount", "true"]).status().is_ok_and(|status| status.success());
    if !may {
        left_out("it needs root");
    }
    may
}

#[test]
fn helpers_run_in_an_empty_root() {
    if !privileged() {
        return;
    }
    let Some(program) = std::env::var_os("FUSE_STEP_STATIC").map(PathBuf::from) else {
        return left_out("FUSE_STEP_STATIC names no static fuse-step");
    };
    let empty = || Confinement::Empty(program.clone());
    let compared = Run::of("golden/build/arm-helper/out/dev", "compared").confined(empty());
    let run = compared.param("a", "short").param("b", "longer").go();
    run.only(&["left", "right", "if--value", "keep"]);
    let limited = Run::of("golden/build/arm-helper/out/dev", "limited").confined(empty());
    let run = limited.param("size", "many").fails();
    assert!(run.error("if--size").contains("size"), "{}", run.story());
}

#[test]
fn another_user_and_a_read_only_root_suffice() {
    if !privileged() {
        return;
    }
    let user = || Confinement::User(65_532);
    let run =
        Run::of("golden/build/runs-texts/out/dev", "texts").confined(user()).param("text", "$(id)").go();
    assert_eq!(run.said("second"), "$(id)");
    let run = Run::of("golden/build/runs-store/out/claim", "seen").confined(user()).go();
    assert_eq!(run.output("rows").as_deref(), Some("20"));
    let run = Run::of("golden/build/fused/out/dev", "films").confined(user()).go();
    assert_eq!(run.output("n").as_deref(), Some("3"));
}

#[test]
fn the_confinement_holds() {
    if !privileged() {
        return;
    }
    let run = Run::of("golden/build/if-let/out/dev", "search").confined(Confinement::User(65_532));
    // The programs of the steps come from a folder of this test, which says what it can do.
    let programs = tempfile::tempdir().unwrap();
    let probe =
        "#!/bin/sh\nid -u >&2\ntouch /written \"$HOME/../../../../written\" /etc/written >&2\nexit 9\n";
    let grep = programs.path().join("grep");
    std::fs::write(&grep, probe).unwrap();
    Command::new("chmod").args(["-R", "a+rx"]).arg(programs.path()).status().unwrap();
    let run = run.programs(programs.path()).go();
    let said = &run.ran("line").steps.iter().find(|step| step.name == "main").unwrap().stderr;
    assert!(said.starts_with("65532\n") && said.matches("Read-only file system").count() == 3, "{said}");
}
