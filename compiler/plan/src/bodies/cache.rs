//! Bodies that are the same for several calls are prepared once: a body depends on its task, the type arguments and
//! the constants that it is called with, and on nothing else.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use fuse_analysis::model::TaskId;
use fuse_analysis::ty::Facet;
use fuse_analysis::value::Value;

use super::{Body, Prepared, prepare};
use crate::cx::Cx;

/// What was prepared so far, by task.
#[derive(Default)]
pub(crate) struct Cache {
    known: RefCell<BTreeMap<TaskId, Vec<Known>>>,
}

struct Known {
    generics: Vec<Facet>,
    constants: Vec<Option<Value>>,
    /// `None` after a diagnostic.
    prepared: Option<Rc<Prepared>>,
}

impl Cache {
    /// The program of a task; `None` after a diagnostic, which is told the first time.
    pub(crate) fn prepare(&self, cx: &Cx<'_>, id: TaskId, body: &Body<'_>) -> Option<Rc<Prepared>> {
        let same = |known: &&Known| {
            known.generics == body.generics
                && known.constants.iter().eq(body.inputs.iter().map(|input| &input.constant))
        };
        if let Some(known) = self.known.borrow().get(&id).and_then(|all| all.iter().find(same)) {
            return known.prepared.clone();
        }
        let prepared = prepare(cx, body).map(Rc::new);
        let constants = body.inputs.iter().map(|input| input.constant.clone()).collect();
        let known = Known { generics: body.generics.to_vec(), constants, prepared: prepared.clone() };
        self.known.borrow_mut().entry(id).or_default().push(known);
        prepared
    }
}
