//! Modules: files, what they import, and the order in which to check them.

use std::rc::Rc;
use std::sync::Arc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, closest, codes};
use fuse_syntax::ast::{self, Import, ItemKind, Name};

use super::Checker;
use super::scope::{Def, Entry, Scope};
use crate::files::FileError;
use crate::model::ToolId;

/// A parsed file.
pub(super) struct Module {
    /// `std/git` for the library, the path in the package otherwise.
    pub(super) path: EcoString,
    /// The folder that its relative paths start from, with a trailing slash unless empty.
    pub(super) folder: EcoString,
    pub(super) ast: Rc<ast::File>,
    /// Whether it comes from the standard library.
    pub(super) std: bool,
    /// Whether it is one of the package's own entry files.
    pub(super) entry: bool,
    /// The one tool of the module, whose members are reached through the module.
    pub(super) tool: Option<ToolId>,
    /// For each import of the file, in order, the module that it names.
    pub(super) imports: Vec<Option<usize>>,
}

/// Where a module's text comes from.
#[derive(Clone)]
struct Place {
    std: bool,
    /// The path to read.
    path: EcoString,
}

/// How long a row of imports may be.
const IMPORTS_DEEP: usize = 128;

/// Being loaded, to find circles.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Loading,
    Done,
}

pub(super) struct Loading {
    marks: Vec<Mark>,
}

impl Checker<'_> {
    /// Loads the core module, the entries and all that they import.
    pub(super) fn load(&mut self, entries: &[EcoString], demand: &super::Demand<'_>) {
        let mut loading = Loading { marks: Vec::new() };
        let core = Place { std: true, path: EcoString::from("core.fuse") };
        if let Ok(text) = self.text(&core) {
            self.load_module(&core, text, &mut loading, &mut Vec::new());
        }
        for entry in entries {
            let place = Place { std: false, path: entry.clone() };
            if let Some(module) = self.find_module(&place) {
                self.mark_entry(module);
                continue;
            }
            if let Ok(text) = self.text(&place) {
                let module = self.load_module(&place, text, &mut loading, &mut Vec::new());
                self.mark_entry(module);
            }
        }
        for path in self.chosen_modules(demand) {
            let Some(place) = self.chosen_place(&path.text) else { continue };
            if self.find_module(&place).is_none()
                && let Ok(text) = self.text(&place)
            {
                self.load_module(&place, text, &mut loading, &mut Vec::new());
            }
        }
    }

    /// What a target's choice names: a tool of the library, or a file of the package as its folder sees it.
    fn chosen_place(&self, path: &str) -> Option<Place> {
        if let Some(name) = path.strip_prefix("std/") {
            return Some(Place { std: true, path: std_path(name) });
        }
        let joined = join("", path.strip_prefix("./")?)?;
        Some(Place { std: false, path: ecow::eco_format!("{joined}.fuse") })
    }

    /// The module that a target's choice names.
    pub(super) fn chosen_module(&self, path: &str) -> Option<usize> {
        self.find_module(&self.chosen_place(path)?)
    }

    /// Loads a module of the standard library that nothing imported; for help lines that look further.
    pub(super) fn load_std(&mut self, name: &str) -> Option<usize> {
        let place = Place { std: true, path: std_path(name) };
        if let Some(module) = self.find_module(&place) {
            return Some(module);
        }
        let text = self.text(&place).ok()?;
        let known = self.order.len();
        let read = self.read_files.len();
        let mut loading = Loading { marks: vec![Mark::Done; self.modules.len()] };
        let module = self.load_module(&place, text, &mut loading, &mut Vec::new());
        let fresh: Vec<usize> = self.order.get(known..).map(<[usize]>::to_vec).unwrap_or_default();
        for module in fresh {
            self.declare(module);
            self.signatures(module);
        }
        self.order.truncate(known);
        self.read_files.truncate(read);
        Some(module)
    }

    fn mark_entry(&mut self, module: usize) {
        if let Some(module) = self.modules.get_mut(module) {
            module.entry = true;
        }
    }

    fn find_module(&self, place: &Place) -> Option<usize> {
        self.modules.iter().position(|module| module.std == place.std && module.path == place.path)
    }

    fn text(&self, place: &Place) -> Result<Arc<str>, FileError> {
        if place.std {
            self.files.std(&place.path).ok_or(FileError::Missing)
        } else {
            self.files.read(&place.path)
        }
    }

    /// Parses a text, then loads what it imports; `trail` holds the imports that led here.
    fn load_module(
        &mut self,
        place: &Place,
        text: Arc<str>,
        loading: &mut Loading,
        trail: &mut Vec<(usize, Span)>,
    ) -> usize {
        let shown = if place.std { ecow::eco_format!("fuse:std/{}", place.path) } else { place.path.clone() };
        let file = self.sources.add(shown.as_str(), Arc::clone(&text));
        self.read_files.push(file);
        let parse = fuse_syntax::parse(file, &text);
        self.unread.note(&parse.diagnostics, self.sources);
        self.syntax_errors.extend(parse.diagnostics);
        let ast = Rc::new(parse.file);
        let id = self.modules.len();
        let folder =
            place.path.rsplit_once('/').map_or(EcoString::new(), |(head, _)| ecow::eco_format!("{head}/"));
        self.modules.push(Module {
            path: place.path.clone(),
            folder,
            ast: Rc::clone(&ast),
            std: place.std,
            entry: false,
            tool: None,
            imports: Vec::new(),
        });
        self.scopes.push(Scope::new());
        loading.marks.push(Mark::Loading);
        for item in &ast.items {
            if let ItemKind::Import(import) = &item.kind {
                let target = self.load_import(id, import, loading, trail);
                if let Some(module) = self.modules.get_mut(id) {
                    module.imports.push(target);
                }
            }
        }
        if let Some(mark) = loading.marks.get_mut(id) {
            *mark = Mark::Done;
        }
        self.order.push(id);
        id
    }

    fn load_import(
        &mut self,
        from: usize,
        import: &Import,
        loading: &mut Loading,
        trail: &mut Vec<(usize, Span)>,
    ) -> Option<usize> {
        if import.path.is_missing() {
            return None;
        }
        let place = self.import_place(from, &import.path)?;
        if let Some(known) = self.find_module(&place) {
            if loading.marks.get(known) == Some(&Mark::Loading) {
                self.report_cycle(from, known, import.path.span, trail);
                return None;
            }
            return Some(known);
        }
        match self.text(&place) {
            Ok(_) if trail.len() >= IMPORTS_DEEP => {
                let diagnostic = Diagnostic::new(
                    &codes::syntax::OVER_THE_LIMIT,
                    import.path.span,
                    format!("more than {IMPORTS_DEEP} modules import one another in a row here"),
                )
                .help("import in fewer steps");
                self.report(diagnostic);
                None
            }
            Ok(text) => {
                trail.push((from, import.path.span));
                let id = self.load_module(&place, text, loading, trail);
                trail.pop();
                Some(id)
            }
            Err(error) => {
                self.report_missing_import(from, import, &place, &error);
                None
            }
        }
    }

    /// `std/x` is a tool of the library; `./x` and `../x` are files beside the importing one.
    fn import_place(&mut self, from: usize, path: &Name) -> Option<Place> {
        if let Some(name) = path.text.strip_prefix("std/") {
            return Some(Place { std: true, path: std_path(name) });
        }
        let importer = self.modules.get(from)?;
        if path.text.starts_with("./") || path.text.starts_with("../") {
            let joined = join(&importer.folder, &path.text);
            let std = importer.std;
            if let Some(joined) = joined {
                return Some(Place { std, path: ecow::eco_format!("{joined}.fuse") });
            }
            let diagnostic = Diagnostic::new(
                &codes::names::UNKNOWN_IMPORT,
                path.span,
                format!("`{}` leaves the package", path.text),
            )
            .help("import files of the package itself, or `std/…`");
            self.report(diagnostic);
            return None;
        }
        let first = path.text.split('/').next().unwrap_or_default();
        let mut help = String::from("files of the package start with `./`, the standard library with `std/`");
        if self.files.std_names().iter().any(|name| name == first) {
            help = format!("did you mean `std/{first}`?");
        }
        let diagnostic = Diagnostic::new(
            &codes::names::UNKNOWN_IMPORT,
            path.span,
            format!("there is no package `{first}` to import from"),
        )
        .help(help);
        self.report(diagnostic);
        None
    }

    fn report_missing_import(&mut self, from: usize, import: &Import, place: &Place, error: &FileError) {
        let folder = self.modules.get(from).map_or(EcoString::new(), |module| module.folder.clone());
        let path = &import.path;
        let message = match error {
            FileError::Missing => format!("there is no module `{}`", path.text),
            FileError::Outside => format!("`{}` leaves the package", path.text),
            FileError::NotUtf8(at) => format!("`{}` is not UTF-8 (byte {at})", place.path),
            FileError::TooLarge(size) => format!("`{}` is too large ({size} bytes)", place.path),
            FileError::Io(reason) => format!("`{}` cannot be read: {reason}", place.path),
        };
        let help = if place.std {
            let name = path.text.strip_prefix("std/").unwrap_or_default();
            let names = self.files.std_names();
            closest(name, names.iter().map(String::as_str))
                .map(|name| format!("did you mean `std/{name}`?"))
                .or_else(|| Some(format!("the standard library has `std/{}`", names.join("`, `std/"))))
        } else {
            let own = self.files.own_files();
            let own = if self.may_compare(own.len()) { own } else { Vec::new() };
            let names = own.iter().filter_map(|file| file.strip_suffix(".fuse"));
            let wanted = place.path.strip_suffix(".fuse").unwrap_or(&place.path);
            closest(wanted, names)
                .map(|near| format!("did you mean `{}`?", relative(&folder, near)))
                .or_else(|| Some("paths start at the folder of this file, without `.fuse`".to_owned()))
        };
        let diagnostic = Diagnostic::new(&codes::names::UNKNOWN_IMPORT, path.span, message).help_opt(help);
        self.report(diagnostic);
    }

    fn report_cycle(&mut self, from: usize, to: usize, span: Span, trail: &[(usize, Span)]) {
        if from == to {
            let diagnostic =
                Diagnostic::new(&codes::names::IMPORT_CYCLE, span, "a module cannot import itself")
                    .help("remove the import: its names are in scope");
            self.report(diagnostic);
            return;
        }
        let name = |id: usize| self.modules.get(id).map_or("", |module| module.path.as_str());
        let mut steps: Vec<String> = vec![name(to).to_owned()];
        let start = trail.iter().position(|(module, _)| *module == to).unwrap_or(trail.len());
        let inner = trail.get(start..).unwrap_or_default();
        steps.extend(inner.iter().skip(1).map(|(module, _)| name(*module).to_owned()));
        if from != to {
            steps.push(name(from).to_owned());
        }
        steps.push(name(to).to_owned());
        let mut diagnostic = Diagnostic::new(
            &codes::names::IMPORT_CYCLE,
            span,
            format!("modules import one another in a circle: {}", steps.join(" → ")),
        )
        .help("move what both need into a third file");
        for (_, place) in inner {
            diagnostic = diagnostic.label(*place, "imported on the way");
        }
        self.report(diagnostic);
    }

    /// Puts the names of an import into the module's scope.
    pub(super) fn declare_import(&mut self, module: usize, import: &Import, target: Option<usize>) {
        let Some(target) = target else {
            self.declare_failed_import(module, import);
            return;
        };
        let last = import.path.text.rsplit('/').next().unwrap_or_default();
        let named = import.names.as_deref().unwrap_or_default();
        if named.is_empty() || import.alias.is_some() {
            let fallback = Name { text: last.into(), span: import.path.span };
            let name = import.alias.as_ref().unwrap_or(&fallback);
            self.define(module, None, name, Def::Module(target), false);
        }
        for name in named {
            let errors = self.diagnostics.len();
            let def = self.member_of(Def::Module(target), name, module, &import.path.text);
            if let Some(diagnostic) = self.diagnostics.get_mut(errors)
                && diagnostic.code == &codes::names::UNKNOWN_MEMBER
            {
                diagnostic.code = &codes::names::UNKNOWN_IMPORT;
            }
            self.define(module, None, name, def, false);
        }
    }

    /// What a failed import would have named stays silent, and so does the name that was probably meant.
    fn declare_failed_import(&mut self, module: usize, import: &Import) {
        let last = import.path.text.rsplit('/').next().unwrap_or_default();
        let mut names: Vec<EcoString> = vec![last.into()];
        names.extend(import.alias.iter().chain(import.names.iter().flatten()).map(|name| name.text.clone()));
        let std_names = self.files.std_names();
        names.extend(closest(last, std_names.iter().map(String::as_str)).map(EcoString::from));
        if let Some(scope) = self.scopes.get_mut(module) {
            for name in names {
                let entry = Entry { def: Def::Error, span: import.path.span, public: false };
                scope.entry(name).or_insert(entry);
            }
        }
    }
}

/// How a module in `folder` (empty, or with a slash at its end) names the module `path` of the package.
fn relative(folder: &str, path: &str) -> String {
    let mut up = String::from("./");
    let mut base = folder;
    loop {
        if let Some(rest) = path.strip_prefix(base) {
            return format!("{up}{rest}");
        }
        base = base
            .trim_end_matches('/')
            .rsplit_once('/')
            .map_or("", |(head, _)| folder.get(..=head.len()).unwrap_or_default());
        up = if up == "./" { "../".to_owned() } else { format!("../{up}") };
    }
}

/// `std/git` lies at `tools/git/git.fuse`.
fn std_path(name: &str) -> EcoString {
    let last = name.rsplit('/').next().unwrap_or(name);
    ecow::eco_format!("tools/{name}/{last}.fuse")
}

/// `folder` + `./x` or `../x`, without dots; `None` where it leaves the root.
pub(super) fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}
