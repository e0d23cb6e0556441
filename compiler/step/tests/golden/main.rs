//! `golden/step`: `fuse-step` as the author of a step meets it; `golden/README.md` says what is in a case.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use fuse_testkit::{Case, Finished, Golden, Setup, Test, Verdict, cases, finish, run, run_in, skip, tree};

fn main() {
    let tests = match cases("step") {
        Ok(cases) => cases
            .into_iter()
            .map(|case| Test::new(format!("step::{}", case.name), move || judge(&case)))
            .collect(),
        Err(error) => vec![Test::new("step", move || Err(error))],
    };
    run(tests)
}

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_fuse-step"))
}

fn judge(case: &Case) -> Verdict {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let root = dir.path().canonicalize().map_err(|error| error.to_string())?;
    let pod = root.join("pod");
    for folder in [&root, &pod, &pod.join("fuse"), &pod.join("results")] {
        let _ = fs::create_dir(folder);
        // A pod's folders are open to the user that the step runs as.
        fs::set_permissions(folder, Permissions::from_mode(0o777)).map_err(|error| error.to_string())?;
    }
    let mut setup = Setup::parse(&case.read_opt("setup")?.unwrap_or_default())?;
    setup.env.push(("FUSE_ROOT".into(), pod.join("fuse").display().to_string()));
    setup.env.push(("FUSE_RESULTS".into(), pod.join("results").display().to_string()));
    let finished = match steps(case, &pod, &setup)? {
        Ok(finished) => finished,
        Err(reason) => return skip(reason),
    };
    let mut golden = Golden::new(&case.dir);
    let said =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&pod.display().to_string(), "").into_bytes();
    match finished.code {
        // A panic exits like this, and never is what a case expects.
        Some(101) | None => golden.problem(format!("crashed: {}", String::from_utf8_lossy(&finished.stderr))),
        Some(code) => golden.expect("exit_code", format!("{code}\n").as_bytes()),
    }
    golden.expect_some("stdout", &said(&finished.stdout));
    golden.expect_some("stderr", &said(&finished.stderr));
    golden.expect_tree("results", &tree(&pod.join("results"))?);
    golden.finish(|path| matches!(path, "args" | "script" | "run" | "setup"))
}

/// The verb of `args`, and after `in` the user's step.
fn steps(case: &Case, pod: &Path, setup: &Setup) -> Result<Result<Finished, String>, String> {
    let args: Vec<String> = case.read("args")?.lines().map(str::to_owned).collect();
    let mut first = Command::new(program());
    let envs = setup.env.iter().map(|(key, value)| (key, value));
    let finished = finish(first.args(&args).current_dir(pod).envs(envs))?;
    let words = match (case.read_opt("script")?, case.read_opt("run")?) {
        (Some(script), _) => {
            let file = pod.join("script");
            fs::write(&file, &script).map_err(|error| error.to_string())?;
            let verb = script.lines().next().and_then(|line| line.strip_prefix("#!/fuse/bin/fuse-step "));
            vec![verb.ok_or("script: its first line names no verb")?.to_owned(), file.display().to_string()]
        }
        (None, Some(run)) => shlex::split(run.trim()).ok_or("run: quotes do not match")?,
        (None, None) => return Ok(Ok(finished)),
    };
    if finished.code != Some(0) {
        return Ok(Ok(finished));
    }
    run_in(&program(), &words, pod, setup)
}
