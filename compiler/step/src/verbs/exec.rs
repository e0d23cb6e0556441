//! `exec`, `sh` and `python`: runs the user's command or script, then demands what it must have written.

use std::ffi::OsString;
use std::process::ExitCode;

use fuse_wire::contract::{Part, Word};
use indexmap::IndexMap;
use serde_json::Value as Json;

use super::Verb;
use crate::failure::Failure;
use crate::places::Places;
use crate::pod::Pod;
use crate::store::{self, Store};
use crate::{child, environment, inputs, outputs};

/// `exec -- cmd args…`, or `exec` alone with the command of the contract.
pub(super) const EXEC: Verb = Verb { name: "exec", run: exec };
/// `sh file args…`: the interpreter of `#!/fuse/bin/fuse-step sh`.
pub(super) const SH: Verb = Verb { name: "sh", run: sh };
/// `python file args…`
pub(super) const PYTHON: Verb = Verb { name: "python", run: python };

fn exec(mut words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let given = words.first().is_some_and(|word| word == "--");
    if !given && !words.is_empty() {
        return Err(Failure::new("the command stands after `--`"));
    }
    around(|pod, values| {
        if given {
            words.remove(0);
            return Ok(words);
        }
        pod.contract.run.iter().map(|word| joined(word, values).map(OsString::from)).collect()
    })
}

fn sh(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    around(|_, _| Ok(["sh".into(), "-eu".into()].into_iter().chain(words).collect()))
}

fn python(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    around(|_, _| {
        let there = |name: &&str| {
            let path = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
        };
        let program = ["python3", "python"].into_iter().find(there).unwrap_or("python3");
        Ok([program.into()].into_iter().chain(words).collect())
    })
}

/// Runs a command between the inputs and the outputs of the pod.
fn around(
    words: impl FnOnce(&Pod, &IndexMap<String, Json>) -> Result<Vec<OsString>, Failure>,
) -> Result<ExitCode, Failure> {
    let places = Places::from_env();
    let pod = Pod::read(&places)?;
    let step = || -> Result<(), Failure> {
        let values = Pod::inputs(&places)?;
        let words = words(&pod, &values)?;
        let environment = environment::environment(&pod, &values, &places)?;
        child::run(&words, &environment)?;
        let store = if pod.volume { Some(store::open(None, &places)?) } else { None };
        let given = outputs::with_inputs(&pod.contract, &values);
        let given = outputs::demand(&pod, &places, store.as_deref(), given)?;
        outputs::finish(&pod.contract, &places, &given)?;
        leave(&pod, store.as_deref(), &given)
    };
    step().map_err(|failure| super::named(failure, &pod.contract.name))?;
    Ok(ExitCode::SUCCESS)
}

/// On a mounted claim the step itself leaves what joins look for; elsewhere `fuse-step out` has the keys.
fn leave(pod: &Pod, store: Option<&dyn Store>, given: &outputs::Given) -> Result<(), Failure> {
    let Some(store) = store else { return Ok(()) };
    outputs::leave(&pod.contract, pod.run.as_deref(), store, &|name| given.results.get(name).cloned())
}

/// A word of a command with the texts of inputs in it.
fn joined(word: &Word, values: &IndexMap<String, Json>) -> Result<String, Failure> {
    let parts = match word {
        Word::Text(text) => return Ok(text.clone()),
        Word::Parts(parts) => parts,
    };
    let mut all = String::new();
    for part in parts {
        match part {
            Part::Text(text) => all.push_str(text),
            Part::Input { input } => {
                let text = values.get(input).and_then(inputs::text);
                let missing = || Failure::new(format!("the input `{input}` of the command has no text"));
                all.push_str(&text.ok_or_else(missing)?);
            }
        }
    }
    Ok(all)
}
