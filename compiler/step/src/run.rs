//! The run that a step is part of, and its store, which is opened when it is first needed.

use std::cell::OnceCell;

use crate::args::{Args, shortened};
use crate::failure::Failure;
use crate::names::is_file_name;
use crate::places::Places;
use crate::store::{self, Place, Store};

/// A step's place in its run.
pub(crate) struct Run<'a> {
    pub(crate) uid: Option<String>,
    pub(crate) step: Option<String>,
    pub(crate) index: Option<u32>,
    argument: Option<&'a str>,
    places: &'a Places,
    store: OnceCell<Box<dyn Store>>,
}

impl<'a> Run<'a> {
    /// As `--run`, `--step`, `--index` and `--store` say.
    pub(crate) fn read(args: &'a Args, places: &'a Places) -> Result<Self, Failure> {
        let name = |option: &str| match args.one(option)? {
            Some(name) if !is_file_name(name) => {
                Err(Failure::new(format!("`--{option}={}` is no name of a folder", shortened(name))))
            }
            name => Ok(name.map(str::to_owned)),
        };
        let index = args.one("index")?.map(|text| {
            text.parse().map_err(|_| Failure::new(format!("`--index={}` is no index", shortened(text))))
        });
        let argument = args.one("store")?;
        let (uid, step) = (name("run")?, name("step")?);
        Ok(Self { uid, step, index: index.transpose()?, argument, places, store: OnceCell::new() })
    }

    /// The run of a step that works on a mounted claim, or on none.
    pub(crate) fn on_claim(
        uid: Option<String>,
        step: Option<String>,
        index: Option<u32>,
        places: &'a Places,
    ) -> Self {
        Self { uid, step, index, argument: None, places, store: OnceCell::new() }
    }

    /// A run with a store of the caller's.
    #[cfg(test)]
    pub(crate) fn with_store(uid: &str, step: &str, places: &'a Places, store: Box<dyn Store>) -> Self {
        let (uid, step) = (Some(uid.to_owned()), Some(step.to_owned()));
        Self { uid, step, index: None, argument: Some("{}"), places, store: OnceCell::from(store) }
    }

    /// Whether files lie on a mounted claim, so that a step writes them in place.
    pub(crate) const fn is_claim(&self) -> bool {
        self.argument.is_none()
    }

    /// The folders of the pod.
    pub(crate) const fn places(&self) -> &Places {
        self.places
    }

    pub(crate) fn store(&self) -> Result<&dyn Store, Failure> {
        if let Some(store) = self.store.get() {
            return Ok(store.as_ref());
        }
        let store = store::open(self.argument, self.places)?;
        Ok(self.store.get_or_init(|| store).as_ref())
    }

    pub(crate) fn uid(&self) -> Result<&str, Failure> {
        self.uid.as_deref().ok_or_else(|| missing("run"))
    }

    pub(crate) fn step(&self) -> Result<&str, Failure> {
        self.step.as_deref().ok_or_else(|| missing("step"))
    }

    /// Where an output belongs.
    pub(crate) fn place(&self, output: &str) -> Result<Place, Failure> {
        let (run, step) = (self.uid()?.to_owned(), self.step()?.to_owned());
        Ok(Place { run, step, index: self.index, output: output.to_owned() })
    }
}

fn missing(option: &str) -> Failure {
    Failure::new(format!("`--{option}=…` is missing, and the files of the run are kept below it"))
}
