//! Where things of a run lie in a store: `runs/<run>/<step>[/<index>]/<output>`.

use super::{Place, rules};
use crate::failure::Failure;

/// The path of an output within a store.
pub(super) fn output(place: &Place) -> Result<String, Failure> {
    let Place { run, step, index, output } = place;
    for (what, name) in [("run", run), ("step", step), ("output", output)] {
        checked(what, name)?;
    }
    Ok(match index {
        Some(index) => format!("runs/{run}/{step}/{index}/{output}"),
        None => format!("runs/{run}/{step}/{output}"),
    })
}

/// The path of a small text within a store; its name may hold `/`.
pub(super) fn slot(run: &str, name: &str) -> Result<String, Failure> {
    checked("run", run)?;
    for part in name.split('/') {
        checked("slot", part)?;
    }
    Ok(format!("runs/{run}/{name}"))
}

fn checked(what: &str, name: &str) -> Result<(), Failure> {
    rules::name(name).map_err(|why| Failure::new(format!("the name of the {what}: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_leave_the_run() {
        let place = |run: &str, output: &str| Place {
            run: run.to_owned(),
            step: "train".to_owned(),
            index: Some(3),
            output: output.to_owned(),
        };
        assert_eq!(output(&place("r", "model")).unwrap(), "runs/r/train/3/model");
        assert_eq!(output(&Place { index: None, ..place("r", "model") }).unwrap(), "runs/r/train/model");
        for bad in ["", ".", "..", "a/b", "../x", "a\0", "a\n"] {
            assert!(output(&place(bad, "model")).is_err(), "{bad:?}");
            assert!(output(&place("r", bad)).is_err(), "{bad:?}");
        }
        assert_eq!(slot("r", "join--r/value").unwrap(), "runs/r/join--r/value");
        for bad in ["", "/x", "x/", "a//b", "a/../b", "../x"] {
            assert!(slot("r", bad).is_err(), "{bad:?}");
        }
        assert_eq!(slot("..", "x").unwrap_err().message, "the name of the run: `..` is no name of a file");
    }
}
