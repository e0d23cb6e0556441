//! What every part of the lowering looks at, and where it reports.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use ecow::EcoString;
use fuse_analysis::Package;
use fuse_analysis::model::ToolId;
use fuse_analysis::project::{Project, Target};
use fuse_analysis::value::Value;
use fuse_base::{Diagnostic, Sources, Span};

use crate::binding;
use crate::bodies::Cache;
use crate::model::ConfigMap;

/// The inputs of a lowering and its diagnostics.
pub(crate) struct Cx<'a> {
    pub(crate) package: &'a Package,
    pub(crate) project: &'a Project,
    pub(crate) target: &'a Target,
    pub(crate) sources: &'a Sources,
    pub(crate) bodies: Cache,
    diagnostics: RefCell<Vec<Diagnostic>>,
    once: RefCell<BTreeSet<String>>,
    carried: RefCell<BTreeMap<EcoString, ConfigMap>>,
}

impl<'a> Cx<'a> {
    pub(crate) fn new(
        package: &'a Package,
        project: &'a Project,
        target: &'a Target,
        sources: &'a Sources,
    ) -> Self {
        let (diagnostics, once, carried) = (RefCell::default(), RefCell::default(), RefCell::default());
        Self { package, project, target, sources, bodies: Cache::default(), diagnostics, once, carried }
    }

    /// A file that the manifests carry; the first place that asks for a content is its cause.
    pub(crate) fn carry(&self, file: ConfigMap) {
        self.carried.borrow_mut().entry(file.name.clone()).or_insert(file);
    }

    /// The files that the manifests carry, by name.
    pub(crate) fn carried(&self) -> Vec<ConfigMap> {
        self.carried.borrow().values().cloned().collect()
    }

    pub(crate) fn report(&self, diagnostic: Diagnostic) {
        let diagnostic = match self.target.inherited(diagnostic.span) {
            Some(parent) => {
                let text = format!("target `{}` has it from `{}`", self.target.name, parent.value);
                diagnostic.label(parent.span, text)
            }
            None => diagnostic,
        };
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    /// Reports what is the same for every use: only the first time.
    pub(crate) fn report_once(&self, key: impl Into<String>, diagnostic: Diagnostic) {
        if self.once.borrow_mut().insert(key.into()) {
            self.report(diagnostic);
        }
    }

    /// A pipeline could not be lowered: says so, unless something that explains it was reported.
    pub(crate) fn lost(&self, pipeline: &fuse_analysis::model::Pipeline) {
        if self.diagnostics.borrow().iter().any(Diagnostic::is_error) {
            return;
        }
        let message = format!("`{}` has a value that cannot be passed on", pipeline.name);
        self.report(Diagnostic::new(&fuse_base::codes::plan::LATE_EXPRESSION, pipeline.span, message));
    }

    /// All diagnostics so far, sorted.
    pub(crate) fn take(&self) -> Vec<Diagnostic> {
        let mut all = self.diagnostics.take();
        fuse_base::sort_and_dedup(&mut all, self.sources);
        all
    }

    /// The value of a tool's option in this target.
    pub(crate) fn option(&self, tool: ToolId, at: usize, used: Span) -> Option<Value> {
        binding::option(self, tool, at, used)
    }

    /// The place of a text inside a place, for messages about a part of a literal or a file.
    pub(crate) fn find(&self, within: Span, needle: &str) -> Span {
        let found = self.sources.text(within).find(needle);
        let size = u32::try_from(needle.len()).unwrap_or(0);
        match found.and_then(|at| u32::try_from(at).ok()) {
            Some(at) => Span::new(within.file, within.start + at, within.start + at + size),
            None => within,
        }
    }

    /// The whole of a file.
    pub(crate) fn whole(&self, file: fuse_base::FileId) -> Span {
        let size = self.sources.get(file).map_or(0, |file| file.text.len());
        Span::new(file, 0, u32::try_from(size).unwrap_or(u32::MAX))
    }
}
