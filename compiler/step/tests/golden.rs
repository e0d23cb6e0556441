//! The cases of `golden/step`: what a step says when something is wrong; `golden/README.md` says what is in a case.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use fuse_testkit::{
    Case, Finished, Golden, Setup, Test, Verdict, cases, copy, finish, run, run_in, skip, tree,
};

fn main() {
    let tests = match cases("step") {
        Ok(cases) => {
            let test = |case: Case| Test::new(format!("step::{}", case.name), move || step(&case));
            cases.into_iter().map(test).collect()
        }
        Err(error) => vec![Test::new("step", move || Err(error))],
    };
    run(tests)
}

fn step(case: &Case) -> Verdict {
    let mut setup = Setup::parse(&case.read_opt("setup")?.unwrap_or_default())?;
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let root = dir.path().canonicalize().map_err(|error| error.to_string())?;
    open(&root, 0o755)?;
    let pod = root.join("pod");
    if case.dir.join("pod").exists() {
        copy(&case.dir.join("pod"), &pod, |_| false)?;
    }
    for (variable, name) in [("FUSE_ROOT", "fuse"), ("FUSE_RESULTS", "results")] {
        let folder = pod.join(name);
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        open(&folder, 0o777)?;
        setup.env.push((variable.to_owned(), folder.display().to_string()));
    }
    let program = Path::new(env!("CARGO_BIN_EXE_fuse-step"));
    let here = |text: &str| text.replace("{tmp}", &pod.display().to_string());
    setup.apply(&pod, |args| {
        let mut command = Command::new(program);
        command.args(args.iter().map(|arg| here(arg))).current_dir(&pod);
        finish(command.envs(setup.env.iter().map(|(name, value)| (name, value))))
    })?;
    setup.lock(&pod)?;
    let line = here(&case.read("args")?);
    let args = shlex::split(line.trim()).ok_or("args: quotes do not match")?;
    match run_in(program, &args, &pod, &setup)? {
        Ok(finished) => judge(case, &pod, &finished),
        Err(reason) => skip(reason),
    }
}

fn judge(case: &Case, pod: &Path, finished: &Finished) -> Verdict {
    let mut golden = Golden::new(&case.dir);
    let said = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).replace(&format!("{}/fuse/", pod.display()), "/fuse/");
        let text = text.replace(&format!("{}/results", pod.display()), "/tekton/results");
        text.replace(&pod.display().to_string(), "{tmp}").into_bytes()
    };
    golden.expect_finished(finished, &said);
    let results = pod.join("results");
    if results.exists() {
        golden.expect_tree("results", &tree(&results)?);
    }
    golden.finish(|path| path == "args" || path == "setup" || path.starts_with("pod/"))
}

fn open(folder: &Path, mode: u32) -> Result<(), String> {
    fs::set_permissions(folder, Permissions::from_mode(mode)).map_err(|error| error.to_string())
}
