//! A TaskRun: the pod's folders, its steps in order, its results, and what no step may do.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use fuse_testkit::tree;

use super::confine::Confinement;
use super::ended::{Step as Ran, TaskRun};
use super::manifest::{Env, PipelineTask, Step, Task, Value};
use super::process;
use super::start::{Run, binary};
use super::substitute::{Table, expand, references};

/// What a container's termination message may take.
const MESSAGE: usize = 4096;

/// Runs a task, again where it failed and has retries left.
pub(super) fn run(run: &Run, task: &PipelineTask, params: BTreeMap<String, Value>) -> TaskRun {
    let body = &run.manifests.tasks[&task.task_ref.name];
    let tables = tables(run, task, body, params);
    let patience = task.timeout.as_deref().map_or(run.patience, duration).min(run.patience);
    for attempt in 0..=task.retries {
        let name = if attempt == 0 { task.name.clone() } else { format!("{}--retry{attempt}", task.name) };
        let pod = Pod::new(run, body, &name, &tables, patience);
        let ended = pod.run();
        if ended.succeeded() || attempt == task.retries {
            return ended;
        }
    }
    unreachable!("there is at least one attempt")
}

/// `1h0m0s` as Go writes it.
fn duration(text: &str) -> Duration {
    let mut seconds = 0;
    let mut number = 0;
    for c in text.chars() {
        match (c, c.to_digit(10)) {
            (_, Some(digit)) => number = number * 10 + u64::from(digit),
            (unit, None) => {
                seconds += number
                    * match unit {
                        'h' => 3600,
                        'm' => 60,
                        's' => 1,
                        _ => panic!("the duration `{text}`"),
                    };
                number = 0;
            }
        }
    }
    Duration::from_secs(seconds)
}

/// The two passes of a TaskRun: its parameters, then its context.
fn tables(run: &Run, task: &PipelineTask, body: &Task, mut given: BTreeMap<String, Value>) -> [Table; 2] {
    let mut params = Table::default();
    for declared in &body.params {
        let value = given.remove(&declared.name).or_else(|| declared.default.clone());
        let value = value.unwrap_or_else(|| panic!("{}: no value for {}", task.name, declared.name));
        assert_eq!(value.ty(), declared.ty, "{}: {}", task.name, declared.name);
        params.parameter(&declared.name, &value);
    }
    assert!(given.is_empty(), "{}: the Task does not declare {given:?}", task.name);
    let mut context = Table::default();
    context.set("context.taskRun.name", format!("run-x7k2p-{}", task.name));
    context.set("context.taskRun.namespace", &run.manifests.namespace);
    context.set("context.taskRun.uid", "7d444840-9dc0-11d1-b245-5ffdce74fad2");
    context.set("context.task.name", &task.task_ref.name);
    for result in &body.results {
        context.set(format!("results.{}.path", result.name), format!("/tekton/results/{}", result.name));
    }
    for mount in &body.workspaces {
        context.set(format!("workspaces.{}.path", mount.name), &mount.mount_path);
    }
    [params, context]
}

struct Pod<'a> {
    run: &'a Run,
    body: &'a Task,
    name: &'a str,
    tables: &'a [Table; 2],
    patience: Duration,
    folder: PathBuf,
}

impl<'a> Pod<'a> {
    /// Fresh folders. Kubernetes makes an `emptyDir` writable for everyone.
    fn new(run: &'a Run, body: &'a Task, name: &'a str, tables: &'a [Table; 2], patience: Duration) -> Self {
        // Always the same path, as in a cluster: what one pod leaves for another may name it.
        let folder = run.folder.path().join("pod");
        for (name, mode) in [
            ("", 0o755),
            ("fuse", 0o777),
            ("tekton", 0o755),
            ("tekton/results", 0o777),
            ("tekton/scripts", 0o755),
            ("proc", 0o555),
        ] {
            let path = folder.join(name);
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let program = match &run.confinement {
            Confinement::Empty(program) => program.clone(),
            Confinement::None | Confinement::User(_) => binary(),
        };
        let copy = folder.join("fuse-step");
        if fs::hard_link(&program, &copy).is_err() {
            // By `cp`: another thread that starts a program while this one writes would keep the file busy.
            let copied = Command::new("cp").arg(&program).arg(&copy).status().unwrap();
            assert!(copied.success(), "cannot copy {}", program.display());
        }
        Self { run, body, name, tables, patience, folder }
    }

    fn run(&self) -> TaskRun {
        let kept = self.run.folder.path().join("pods").join(self.name);
        let mut ended = TaskRun { folder: kept.clone(), ..TaskRun::default() };
        let (outside, inside) = (self.run.folder.path().join("store"), self.folder.join("fuse/store"));
        let mounted = !self.body.workspaces.is_empty();
        if mounted {
            let paths: Vec<&str> =
                self.body.workspaces.iter().map(|mount| mount.mount_path.as_str()).collect();
            assert_eq!(paths, ["/fuse/store"]);
            fs::rename(&outside, &inside).unwrap();
        }
        for (at, step) in self.body.steps.iter().enumerate() {
            self.mount_files(step);
            match self.step(at, step) {
                Ok(ran) => ended.steps.push(ran),
                Err(why) => ended.refused = Some(why),
            }
            if !ended.succeeded() {
                break;
            }
        }
        if mounted {
            fs::rename(&inside, &outside).unwrap();
        }
        if ended.succeeded() {
            match self.results() {
                Ok(results) => ended.results = results,
                Err(why) => ended.refused = Some(why),
            }
        }
        // The program is large, and nobody looks at it again.
        let _ = fs::remove_file(self.folder.join("fuse-step"));
        let _ = fs::remove_dir_all(self.folder.join("fuse/bin"));
        fs::rename(&self.folder, kept).unwrap();
        ended
    }

    /// The files that the manifests carry, in the steps that mount them.
    fn mount_files(&self, step: &Step) {
        let _ = fs::remove_dir_all(self.folder.join("fuse/files"));
        for mount in &step.volume_mounts {
            let volume = self.body.volumes.iter().find(|volume| volume.name == mount.name);
            let map = volume.unwrap_or_else(|| panic!("{}: no volume {}", self.name, mount.name));
            let Some(map) = &map.config_map else { continue };
            let folder = self.folder.join(mount.mount_path.trim_start_matches('/'));
            fs::create_dir_all(&folder).unwrap();
            for (key, text) in &self.run.manifests.files[&map.name] {
                fs::write(folder.join(key), text).unwrap();
            }
        }
    }

    /// A text of the Task with its references replaced; one that Tekton does not know is an error of the compiler.
    fn text(&self, text: &str) -> String {
        for reference in references(text) {
            assert!(
                self.tables.iter().any(|table| table.knows(reference)),
                "{}: Tekton refuses `$({reference})`",
                self.name
            );
        }
        self.tables.iter().fold(text.to_owned(), |text, table| table.text(&text))
    }

    fn items(&self, text: &str) -> Vec<String> {
        let [params, context] = self.tables;
        let items = params.items(text);
        // An array of one item is an array all the same.
        if items == [params.text(text)] {
            vec![self.text(text)]
        } else {
            items.iter().map(|item| context.text(item)).collect()
        }
    }

    fn step(&self, at: usize, step: &Step) -> Result<Ran, String> {
        let helper = step.command.first().is_some_and(|word| word == "/fuse-step");
        let env = self.env(step, helper)?;
        let mut words = Vec::new();
        for word in step.command.iter().chain(&step.args) {
            let word = self.replaced(word, helper);
            for item in self.items(&word) {
                // A value that brings a reference along is looked at once more when the pod is made.
                if item.contains("$(params.") {
                    return Err(format!("PodCreationFailed: non-existent variable in {item:?}"));
                }
                words.push(expand(&item, &env));
            }
        }
        if helper {
            let verb = words.get(1).cloned().unwrap_or_default();
            let more = self.run.words_of_helpers.iter().filter(|(of, _)| *of == verb);
            words.extend(more.map(|(_, word)| word.clone()));
        }
        if let Some(script) = &step.script {
            assert!(step.command.is_empty(), "a step has a script or a command");
            words.splice(0..0, self.script(at, &self.text(script)));
        }
        let image = self.text(&step.image);
        assert!(!image.contains("$(") && !image.is_empty(), "{}: the image `{image}`", self.name);
        let mut command = self.run.confinement.command(&self.folder, helper, &words);
        command.env("PATH", &self.run.path).envs(&env).current_dir(self.run.elsewhere());
        if !(helper && matches!(self.run.confinement, Confinement::Empty(_))) {
            command.env("FUSE_ROOT", self.folder.join("fuse"));
            command.env("FUSE_RESULTS", self.folder.join("tekton/results"));
        }
        let exit = process::run(&command, self.patience);
        self.nothing_elsewhere(&step.name);
        if helper {
            self.no_secrets_in_files(&step.name);
        }
        Ok(Ran {
            name: step.name.clone(),
            code: exit.code,
            stdout: exit.stdout,
            stderr: exit.stderr,
            took: exit.took,
            timed_out: exit.timed_out,
        })
    }

    /// A word of the manifest where the pod's folders are.
    fn replaced(&self, word: &str, helper: bool) -> String {
        let word = self.instead(word);
        let empty = matches!(self.run.confinement, Confinement::Empty(_));
        if word == "/fuse-step" && !empty || word.starts_with("/fuse/") && !(empty && helper) {
            return format!("{}{word}", self.folder.display());
        }
        word
    }

    fn instead(&self, text: &str) -> String {
        self.run.instead.iter().fold(text.to_owned(), |text, (of, here)| text.replace(of, here))
    }

    /// The variables that the manifest gives.
    fn env(&self, step: &Step, helper: bool) -> Result<BTreeMap<String, String>, String> {
        let mut all = BTreeMap::new();
        for Env { name, value, value_from } in &step.env {
            let value = match (value, value_from) {
                (Some(value), None) => expand(&self.text(&self.instead(value)), &all),
                (None, Some(from)) => {
                    let key = &from.secret_key_ref;
                    match self.run.secrets.get(&(key.name.clone(), key.key.clone())) {
                        Some(value) => value.clone(),
                        None if key.optional => continue,
                        None => {
                            return Err(format!(
                                "CreateContainerConfigError: couldn't find key {} in Secret {}",
                                key.key, key.name
                            ));
                        }
                    }
                }
                (Some(_), Some(_)) | (None, None) => panic!("{}: {name} has a value or a source", self.name),
            };
            assert!(all.insert(name.clone(), value).is_none(), "{}: {name} stands twice", self.name);
        }
        if !helper {
            for (name, value) in &all {
                assert!(
                    !self.run.guarded.contains(value),
                    "{}: `{name}` hands a secret of the store to a step of the user",
                    self.name
                );
            }
        }
        Ok(all)
    }

    /// How a script is started: kernels run the interpreter of its first line.
    fn script(&self, at: usize, text: &str) -> Vec<String> {
        let text =
            if text.starts_with("#!") { text.to_owned() } else { format!("#!/bin/sh\nset -e\n{text}") };
        let file = self.folder.join(format!("tekton/scripts/script-{at}"));
        fs::write(&file, &text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        let line = text.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or("").trim();
        let (interpreter, argument) = line.split_once(' ').unwrap_or((line, ""));
        let mut words = vec![self.replaced(interpreter, false)];
        words.extend((!argument.is_empty()).then(|| argument.trim().to_owned()));
        words.push(file.display().to_string());
        words
    }

    /// What the declared results hold, unless together they are more than a container may leave.
    fn results(&self) -> Result<BTreeMap<String, String>, String> {
        let mut results = BTreeMap::new();
        let written = self.folder.join("tekton/results");
        for name in tree(&written).unwrap().into_keys() {
            assert!(
                self.body.results.iter().any(|result| result.name == name),
                "{}: the result {name} is not declared by the Task",
                self.name
            );
            let text = fs::read(written.join(&name)).unwrap();
            let text = String::from_utf8(text).map_err(|_| format!("the result {name} is not UTF-8"))?;
            results.insert(name, text);
        }
        let mut message = vec![serde_json::json!(
            {"key": "StartedAt", "value": "2026-01-01T00:00:00.000Z", "type": 3}
        )];
        message.extend(
            results.iter().map(|(key, value)| serde_json::json!({"key": key, "value": value, "type": 1})),
        );
        let message = serde_json::to_string(&message).unwrap();
        // Go writes these as six bytes.
        let length = message.len() + 5 * message.matches(['<', '>', '&']).count();
        if length > MESSAGE {
            return Err(format!("the termination message takes {length} bytes: {message}"));
        }
        Ok(results)
    }

    /// Nothing appeared beside the folders of the pod and the store.
    fn nothing_elsewhere(&self, step: &str) {
        let run = self.run.folder.path();
        let found = tree(&self.run.elsewhere()).unwrap();
        let kept = found.len() == 1 && found.get("here-first").is_some_and(|text| text == b"untouched");
        assert!(kept, "{}/{step} wrote elsewhere: {:?}", self.name, found.keys());
        for (folder, known) in [
            (run.to_path_buf(), &["elsewhere", "pod", "pods", "store"][..]),
            (self.folder.clone(), &["fuse", "fuse-step", "proc", "tekton"]),
            (self.folder.join("tekton"), &["results", "scripts"]),
        ] {
            for entry in fs::read_dir(folder).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                assert!(known.contains(&&*name), "{}/{step} wrote {name}", self.name);
            }
        }
    }

    /// No value of a secret of the store lies in a file of the pod: the steps behind this one could read it.
    fn no_secrets_in_files(&self, step: &str) {
        for secret in &self.run.guarded {
            let mut command = Command::new("grep");
            command.args(["--recursive", "--fixed-strings", "--files-with-matches", "--devices=skip", "-e"]);
            let found = command.arg(secret).arg(&self.folder).output().unwrap();
            assert_eq!(
                found.status.code(),
                Some(1),
                "{}/{step} left a secret in {}{}",
                self.name,
                String::from_utf8_lossy(&found.stdout),
                String::from_utf8_lossy(&found.stderr)
            );
        }
    }
}
