//! The clauses of a task: what it needs, where it runs, what runs.

use std::rc::Rc;
use std::sync::Arc;

use ecow::EcoString;
use fuse_base::{Diagnostic, FileId, Span, codes};
use fuse_syntax::ast::{Clause, ClauseArg, Expr, ExprKind};

use super::body::{Env, Place, scope_of};
use super::clauses::{has_hole, word};
use super::limits::shortened;
use super::modules::join;
use super::params::env_params;
use super::scope::Def;
use super::{Checker, PendingBody};
use crate::files::FileError;
use crate::model::{Callee, Language, ServiceId, Settings, TaskBody, TaskId, ToolId, Typed};
use crate::ty::Ty;

/// The clauses of a task.
const CLAUSES: [&str; 8] = ["needs", "effect", "idempotent", "image", "script", "run", "python", "with"];

/// What the clauses of a body say.
#[derive(Default)]
struct Parts {
    needs: Vec<(ToolId, ServiceId, Span)>,
    external: Option<bool>,
    idempotent: bool,
    image: Option<(Typed, Span)>,
    requires: Vec<EcoString>,
    body: Option<(TaskBody, Span)>,
    settings: Settings,
    with: Option<Span>,
}

impl Checker<'_> {
    /// Third pass: the bodies of a module's tasks and resources, then its pipelines and deployments.
    pub(super) fn bodies(&mut self, module: usize) {
        let pending: Vec<usize> = (0..self.pending.len())
            .filter(|at| self.pending.get(*at).is_some_and(|p| p.module == module))
            .collect();
        for at in pending {
            self.pending_body(at);
        }
        self.flows(module);
    }

    fn pending_body(&mut self, at: usize) {
        let Some(PendingBody { module, tool, item, callee, span }) = self.pending.get(at) else { return };
        let (module, tool, item, callee, span) = (*module, *tool, Rc::clone(item), *callee, *span);
        let Some(sig) = self.package.signature(callee) else { return };
        let env = Env {
            generics: Rc::new(scope_of(&sig.generics)),
            params: Rc::new(env_params(&sig.params)),
            ..Env::of_module(module, tool)
        };
        if let (Callee::Task(id), Some(_)) = (callee, item.external) {
            self.external_task(id, &item);
            return;
        }
        self.stray_from(&item);
        // A missing body was told by the parser.
        let Some(clauses) = item.body.as_deref() else { return };
        match callee {
            Callee::Task(id) => self.task_body(id, clauses, &env.at(Place::Task), item.name.span),
            Callee::Resource(id) => {
                self.resource_body(id, clauses, &env.at(Place::Resource), item.name.span, span)
            }
            Callee::Pipeline(_) | Callee::Member(_) => {}
        }
    }

    fn task_body(&mut self, id: TaskId, clauses: &[Clause], env: &Env, name: Span) {
        let errors = self.diagnostics.len();
        let mut parts = Parts::default();
        for clause in clauses {
            self.task_clause(clause, env, &mut parts);
        }
        let told = self.diagnostics.len() > errors || clauses.iter().any(|c| c.args.iter().any(has_hole));
        if !told {
            let task = self.task(id).map_or_else(EcoString::new, |task| task.sig.name.clone());
            if parts.body.is_none() {
                let help =
                    "add `script sh \"\"\"…\"\"\"`, `script python \"\"\"…\"\"\"` or `run [\"command\"]`";
                self.missing_clause(name, format!("`{task}` does not say what it runs"), help);
            }
            if parts.image.is_none() {
                let help = "add `image \"name:tag\"`";
                self.missing_clause(name, format!("`{task}` does not say which image it runs in"), help);
            }
        }
        if let Some(task) = self.package.tasks.get_mut(id.0 as usize) {
            task.external_effect = parts.external.unwrap_or(!parts.needs.is_empty());
            task.needs = parts.needs;
            task.idempotent = parts.idempotent;
            task.image = parts.image.map(|(image, _)| image);
            task.requires = parts.requires;
            task.body = parts.body.map_or(TaskBody::Missing, |(body, _)| body);
            task.settings = parts.settings;
        }
    }

    fn task_clause(&mut self, clause: &Clause, env: &Env, parts: &mut Parts) {
        match clause.head.text.as_str() {
            "needs" => self.needs(clause, env, parts),
            "effect" => self.effect(clause, parts),
            "idempotent" => parts.idempotent = true,
            "image" => {
                let Some(expr) = self.only_expr(clause, "image \"python:3.12-slim\"") else { return };
                self.image(expr, clause, env, parts);
            }
            "python" => self.python_clause(clause, env, parts),
            "script" => {
                let body = self.script(clause, env);
                self.set_body(clause, body, parts);
            }
            "run" => {
                let body = self.run(clause, env);
                self.set_body(clause, body, parts);
            }
            "with" => {
                if let Some(first) = parts.with.replace(clause.span) {
                    self.duplicate_clause(clause, first);
                    return;
                }
                let Some(expr) = self.only_expr(clause, "with { cpu: 1, memory: 2Gi }") else { return };
                parts.settings = self.body(env.clone()).settings(expr);
            }
            _ => self.unknown_clause(clause, "task", &CLAUSES),
        }
    }

    fn set_body(&mut self, clause: &Clause, body: Option<TaskBody>, parts: &mut Parts) {
        if let Some((_, first)) = &parts.body {
            let first = *first;
            self.duplicate_clause(clause, first);
        } else if let Some(body) = body {
            parts.body = Some((body, clause.span));
        }
    }

    fn image(&mut self, expr: &Expr, clause: &Clause, env: &Env, parts: &mut Parts) {
        let typed = self.body(env.clone()).expect(expr, &Ty::Image);
        if let Some((_, first)) = &parts.image {
            let first = *first;
            self.duplicate_clause(clause, first);
            return;
        }
        parts.image = Some((typed, clause.span));
    }

    /// `needs tracking`, `needs tracker.runs`.
    fn needs(&mut self, clause: &Clause, env: &Env, parts: &mut Parts) {
        for arg in &clause.args {
            let ClauseArg::Expr(expr) = arg else {
                self.malformed(clause.span, "`needs` takes names of services", "write `needs tracking`");
                continue;
            };
            if matches!(expr.kind, ExprKind::Missing) {
                continue;
            }
            let found = self.body(Env { params: Rc::default(), ..env.clone() }).path(expr);
            match found {
                Some((Def::Service(tool, at), _)) => {
                    let id = ServiceId(super::index(at));
                    if !parts.needs.iter().any(|(t, s, _)| (*t, *s) == (tool, id)) {
                        parts.needs.push((tool, id, expr.span));
                    }
                }
                Some((Def::Error, _)) => {}
                Some((def, text)) => {
                    let diagnostic = Diagnostic::new(
                        &codes::names::WRONG_KIND,
                        expr.span,
                        format!("`{text}` is {}, not a service", def.noun()),
                    )
                    .help("name a `service` of a tool, as `needs <tool>.<service>`");
                    self.report(diagnostic);
                }
                None => {
                    let text = self.sources.text(expr.span).to_owned();
                    let names = self.visible_names(env.module, env.tool);
                    let diagnostic = Diagnostic::new(
                        &codes::names::UNKNOWN_NAME,
                        expr.span,
                        format!("there is no service `{text}`"),
                    )
                    .help_opt(
                        fuse_base::closest(&text, names.iter().map(EcoString::as_str))
                            .map(|name| format!("did you mean `{name}`?"))
                            .or_else(|| {
                                Some("declare it in the tool, or import the tool that does".to_owned())
                            }),
                    );
                    self.report(diagnostic);
                }
            }
        }
    }

    fn effect(&mut self, clause: &Clause, parts: &mut Parts) {
        let said = match clause.args.as_slice() {
            [ClauseArg::Expr(expr)] => match &expr.kind {
                ExprKind::None => Some("none".into()),
                _ => word(expr).map(|name| name.text),
            },
            _ => None,
        };
        match said.as_deref() {
            Some("external") => parts.external = Some(true),
            Some("none") => parts.external = Some(false),
            _ => self.malformed(clause.span, "an effect is `none` or `external`", "write `effect external`"),
        }
    }

    /// `python { image "…", requires ["…"] }`.
    fn python_clause(&mut self, clause: &Clause, env: &Env, parts: &mut Parts) {
        let [ClauseArg::Clauses(inner)] = clause.args.as_slice() else {
            if !clause.args.iter().any(has_hole) {
                let help = "write `python { image \"python:3.12-slim\", requires [\"pandas==2.2.3\"] }`";
                self.malformed(clause.span, "`python` takes a block", help);
            }
            return;
        };
        for clause in inner {
            match clause.head.text.as_str() {
                "image" => {
                    let Some(expr) = self.only_expr(clause, "image \"python:3.12-slim\"") else { continue };
                    self.image(expr, clause, env, parts);
                }
                "requires" => {
                    let Some(expr) = self.only_expr(clause, "requires [\"pandas==2.2.3\"]") else { continue };
                    self.requires(expr, env, parts);
                }
                _ => self.unknown_clause(clause, "`python` block", &["image", "requires"]),
            }
        }
    }

    fn requires(&mut self, expr: &Expr, env: &Env, parts: &mut Parts) {
        let list = Ty::List(Rc::new(Ty::string()), crate::ty::Bounds { low: Some(0), high: Some(256) });
        let Some(value) = self.constant(expr, &list, env) else { return };
        let crate::value::Value::List(items) = value else { return };
        let (spans, whole): (Vec<Span>, Span) = match &expr.kind {
            ExprKind::List(items) => (items.iter().map(|item| item.span).collect(), expr.span),
            _ => (Vec::new(), expr.span),
        };
        for (at, item) in items.iter().enumerate() {
            let Some(text) = item.text() else { continue };
            if requirement(&text) {
                parts.requires.push(text);
                continue;
            }
            let span = spans.get(at).copied().unwrap_or(whole);
            let diagnostic = Diagnostic::new(
                &codes::types::MALFORMED,
                span,
                format!("`{}` is no requirement of a Python package", shortened(&text)),
            )
            .help("write `name==version`, as in `\"pandas==2.2.3\"`");
            self.report(diagnostic);
        }
    }

    /// `script sh """…"""`, `script python """…"""`, `script template("x.sh.j2")`.
    fn script(&mut self, clause: &Clause, env: &Env) -> Option<TaskBody> {
        let help = "write `script sh \"\"\"…\"\"\"`, `script python \"\"\"…\"\"\"` or `script template(\"x.sh.j2\")`";
        match clause.args.as_slice() {
            [ClauseArg::Expr(lang), ClauseArg::Expr(text)] => {
                let language = match word(lang).as_ref().map(|name| name.text.as_str()) {
                    Some("sh") => Language::Sh,
                    Some("python") => Language::Python,
                    _ => {
                        self.malformed(lang.span, "a script is `sh` or `python`", help);
                        return None;
                    }
                };
                let (text, span) = self.literal_text(text, "a script")?;
                Some(TaskBody::Script { language, text, span })
            }
            [ClauseArg::Expr(Expr { kind: ExprKind::Call { callee, args, .. }, span })]
                if word(callee).is_some_and(|name| name.text == "template") =>
            {
                let [arg] = args.as_slice() else {
                    self.malformed(*span, "`template` takes one path", help);
                    return None;
                };
                let (path, place) = self.literal_text(arg.value.as_ref()?, "the path of a template")?;
                let name = path.strip_suffix(".j2").unwrap_or(&path);
                let language = if name.ends_with(".py") {
                    Language::Python
                } else if name.ends_with(".sh") {
                    Language::Sh
                } else {
                    self.malformed(place, "a template is named `….sh.j2` or `….py.j2`", "rename the file");
                    return None;
                };
                let (file, text) = self.carried(&path, place, env)?;
                Some(TaskBody::Template { language, file, text, span: place })
            }
            args => {
                if !args.iter().any(has_hole) {
                    self.malformed(clause.span, "this is no script", help);
                }
                None
            }
        }
    }

    /// `run python("steps/evaluate.py:evaluate")`, `run ["cmd", arg]`.
    fn run(&mut self, clause: &Clause, env: &Env) -> Option<TaskBody> {
        let help = "write `run python(\"steps/x.py:function\")` or `run [\"command\", \"argument\"]`";
        match clause.args.as_slice() {
            [ClauseArg::Expr(Expr { kind: ExprKind::Call { callee, args, .. }, span })]
                if word(callee).is_some_and(|name| name.text == "python") =>
            {
                let [arg] = args.as_slice() else {
                    self.malformed(*span, "`python` takes one path", help);
                    return None;
                };
                let (text, place) = self.literal_text(arg.value.as_ref()?, "the path of a Python file")?;
                let (path, function) = match text.rsplit_once(':') {
                    Some((path, function)) => (EcoString::from(path), Some(EcoString::from(function))),
                    None => (text, None),
                };
                let identifier = |name: &str| {
                    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                };
                if function.as_ref().is_some_and(|name| !identifier(name)) {
                    self.malformed(place, "what follows `:` is the name of a function", help);
                    return None;
                }
                let (file, text) = self.carried(&path, place, env)?;
                Some(TaskBody::Python { file, text, function, span: place })
            }
            [ClauseArg::Expr(expr)] if matches!(expr.kind, ExprKind::List(_)) => {
                let ExprKind::List(items) = &expr.kind else { return None };
                if items.is_empty() {
                    self.malformed(expr.span, "there is no command to run", help);
                    return None;
                }
                let mut body = self.body(env.clone());
                Some(TaskBody::Command(items.iter().map(|item| body.expect(item, &Ty::Scalar)).collect()))
            }
            args => {
                if !args.iter().any(has_hole) {
                    self.malformed(clause.span, "this is nothing to run", help);
                }
                None
            }
        }
    }

    /// A file that the build carries into the manifests, beside the declaring file.
    pub(super) fn carried(&mut self, path: &str, span: Span, env: &Env) -> Option<(FileId, Arc<str>)> {
        let (folder, std) = self.modules.get(env.module).map(|m| (m.folder.clone(), m.std))?;
        let joined = join(&folder, path).filter(|_| !path.starts_with('/'));
        let read = match &joined {
            None => Err(FileError::Outside),
            Some(joined) if std => self.files.std(joined).ok_or(FileError::Missing),
            Some(joined) => self.files.read(joined),
        };
        let error = match read {
            Ok(text) => {
                let shown = joined.unwrap_or_default();
                let shown = if std { format!("fuse:std/{shown}") } else { shown };
                let known = self.read_files.iter().find(|id| self.sources.path(**id) == shown).copied();
                let file = known.unwrap_or_else(|| {
                    let file = self.sources.add(shown, Arc::clone(&text));
                    self.read_files.push(file);
                    file
                });
                return Some((file, text));
            }
            Err(error) => error,
        };
        let message = match error {
            FileError::Missing => format!("there is no file `{path}`"),
            FileError::Outside => format!("`{path}` leaves the package"),
            FileError::NotUtf8(at) => format!("`{path}` is not UTF-8 (byte {at})"),
            FileError::TooLarge(size) => format!("`{path}` is too large: {size} bytes"),
            FileError::Io(reason) => format!("`{path}` cannot be read: {reason}"),
        };
        let diagnostic = Diagnostic::new(&codes::types::CARRIED_FILE, span, message)
            .help("paths start at the folder of this file and stay in the package");
        self.report(diagnostic);
        None
    }
}

/// A requirement as PEP 508 writes it, without urls and options: `name[extra]>=1,<2`.
fn requirement(text: &str) -> bool {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let ends = |c: char| c.is_ascii_alphanumeric();
    if !name.starts_with(ends) || !name.ends_with(ends) {
        return false;
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-+!*,<>=~[];()'\"".contains(c);
    rest.chars().all(allowed)
        && (rest.is_empty() || rest.starts_with(['[', ' ', '<', '>', '=', '!', '~', ';']))
}

#[cfg(test)]
mod tests {
    use super::requirement;

    #[test]
    fn requirements() {
        for good in
            ["pandas", "scikit-learn==1.5.2", "dvc[s3]==3.67.1", "pandas>=2,<3", "a; python_version < '3.12'"]
        {
            assert!(requirement(good), "{good}");
        }
        for bad in ["", "-r x.txt", "--index-url=x", "a @ https://x", "a$b", "a\nb", "./a"] {
            assert!(!requirement(bad), "{bad}");
        }
    }
}
