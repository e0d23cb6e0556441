//! `out`: takes the files of the user's step to an object store.

use std::ffi::OsString;
use std::process::ExitCode;

use fuse_wire::ABSENT;
use indexmap::IndexMap;

use super::Verb;
use crate::args::Args;
use crate::failure::Failure;
use crate::inputs::stored;
use crate::outputs::{keep, storable};
use crate::places::Places;
use crate::pod::Pod;
use crate::run::Run;
use crate::{results, slots, step, task};

pub(super) const VERB: Verb = Verb { name: "out", run };

fn run(words: Vec<OsString>) -> Result<ExitCode, Failure> {
    let args = Args::read(words, &["wire", "store", "run", "step", "index", "call"])?;
    args.wire()?;
    args.needed("store")?;
    let places = Places::from_env();
    if !args.calls.is_empty() {
        let run = Run::read(&args, &places)?;
        for (call, _) in &args.calls {
            let theirs = places.of(call)?;
            let pod = Pod::read(&theirs)?;
            task::told(&pod.contract.name, take(&pod, &run, &theirs))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let pod = Pod::read(&places)?;
    if pod.idle {
        return Ok(ExitCode::SUCCESS);
    }
    let run = Run::read(&args, &places)?;
    task::told(&pod.contract.name, take(&pod, &run, &places))
}

fn take(pod: &Pod, run: &Run<'_>, places: &Places) -> Result<ExitCode, Failure> {
    let folder = places.below("out");
    // This step holds the keys of the store: the user's step must not lead it elsewhere.
    if !folder.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Failure::new(format!("{} is no folder any more", folder.display())));
    }
    let mut all = IndexMap::new();
    for (name, port) in &pod.contract.outputs {
        let Some((artifact, optional)) = stored(port).filter(|_| pod.contract.hands_on(name)) else {
            continue;
        };
        let path = folder.join(name);
        let text = if optional && path.symlink_metadata().is_err() {
            ABSENT.to_string()
        } else {
            let kept = storable(&path).and_then(|()| keep(run, artifact, &pod.result(name), &path));
            kept.map_err(|failure| failure.of(format!("the output `{name}`")))?
        };
        all.insert(name.clone(), text);
    }
    // What stays in the pod is no result, though a join may look for it in the store.
    let rest = if pod.call.is_some() { step::rest(places)? } else { IndexMap::new() };
    let text = |name: &str| match all.get(name).or_else(|| rest.get(name)) {
        Some(text) => Ok(Some(text.clone())),
        None => results::find(places, name),
    };
    slots::leave(&pod.contract, run, &text)?;
    if pod.contract.each {
        all.extend(step::rest(places)?);
        all = step::as_one(pod, &all)?;
    }
    if pod.call.is_some() {
        all = step::given(pod, &all);
    }
    results::write(places, &all, pod.contract.budget)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};
    use std::rc::Rc;

    use fuse_wire::Reference;

    use super::*;
    use crate::store::{Place, Store};

    /// Notes what it is asked to do.
    struct Notes(Rc<RefCell<Vec<String>>>);

    impl Store for Notes {
        fn in_place(&self, _: &Place) -> Result<Option<PathBuf>, Failure> {
            Ok(None)
        }

        fn keep(&self, artifact: &str, place: &Place, from: &Path) -> Result<Reference, Failure> {
            let name = from.file_name().unwrap().to_str().unwrap();
            self.0.borrow_mut().push(format!("keep {artifact} {name}"));
            Ok(Reference {
                uri: format!("s3://b/{}/{}/{}", place.run, place.step, place.output),
                digest: None,
            })
        }

        fn fetch(&self, _: &str, _: &Reference, _: &Path) -> Result<(), Failure> {
            Err(Failure::new("nothing is fetched here"))
        }

        fn leave(&self, run: &str, name: &str, text: &str) -> Result<(), Failure> {
            self.0.borrow_mut().push(format!("leave {run} {name} {text}"));
            Ok(())
        }

        fn find(&self, _: &str, _: &str) -> Result<Option<String>, Failure> {
            Ok(None)
        }
    }

    const CONTRACT: &str = r#"{"out":{"data":{"store":"Dataset"},"log":{"store":"Files","optional":true},"rows":"Int"},
        "slots":{"join--r/data":"data","join--r/rows":"rows"},"budget":200}"#;

    fn attempt(prepare: &dyn Fn(&Places)) -> (Result<(), String>, Vec<String>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let places = Places::new(dir.path().join("fuse"), dir.path().join("results"));
        fs::create_dir_all(places.below("out/data")).unwrap();
        fs::create_dir(&places.results).unwrap();
        fs::write(places.results.join("rows"), "2").unwrap();
        prepare(&places);
        let notes = Rc::new(RefCell::new(Vec::new()));
        let run = Run::with_store("u1", "make", &places, Box::new(Notes(Rc::clone(&notes))));
        let pod = Pod::new(serde_json::from_str(CONTRACT).unwrap());
        let ended = take(&pod, &run, &places).map(drop).map_err(|failure| failure.message);
        let results = fs::read_dir(&places.results).unwrap();
        let mut results: Vec<String> = results
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                format!("{} {}", path.file_name().unwrap().display(), fs::read_to_string(&path).unwrap())
            })
            .collect();
        results.sort();
        (ended, notes.take(), results)
    }

    #[test]
    fn files_go_to_the_store_and_slots_are_filled() {
        let (ended, notes, results) = attempt(&|_| {});
        assert_eq!(ended, Ok(()));
        let data = r#"{"u":"s3://b/u1/make/data"}"#;
        let left = [format!("leave u1 join--r/data {data}"), "leave u1 join--r/rows 2".to_owned()];
        assert_eq!(notes, [&["keep Dataset data".to_owned()][..], &left].concat());
        assert_eq!(results, [format!("data {data}"), format!("log {ABSENT}"), "rows 2".to_owned()]);
    }

    #[test]
    fn the_step_leads_it_nowhere_else() {
        let moved = |places: &Places| {
            fs::rename(places.below("out"), places.below("moved")).unwrap();
            symlink(places.below("moved"), places.below("out")).unwrap();
        };
        let linked = |places: &Places| {
            fs::remove_dir(places.below("out/data")).unwrap();
            symlink("/proc/self/environ", places.below("out/data")).unwrap();
        };
        let refused = |prepare: &dyn Fn(&Places), part: &str| {
            let (ended, notes, results) = attempt(prepare);
            assert!(ended.as_ref().unwrap_err().contains(part), "{ended:?}");
            assert!(notes.is_empty() && results.len() == 1, "{notes:?} {results:?}");
        };
        refused(&moved, "is no folder any more");
        refused(&linked, "is a link, not a file or a folder");
    }

    #[test]
    fn all_results_of_the_pod_count() {
        let (ended, _, results) = attempt(&|places| {
            fs::write(places.results.join("rows"), "2".repeat(120)).unwrap();
        });
        assert!(ended.unwrap_err().contains("200 fit"));
        assert_eq!(results.len(), 1);
    }
}
