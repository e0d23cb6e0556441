//! Artifacts that no step makes: `file("movies.csv")`, which the manifests carry, and one constructor for each
//! artifact, `dataset("s3://…")`, for what lies at a uri. Their type is the one that their place asks for.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes};
use fuse_syntax::ast::{Arg, Expr, ExprKind, TypeArg};

use super::body::Body;
use super::constant::has_error;
use super::expr::arg_value;
use super::limits::shortened;
use super::literal::bare;
use super::scope::Def;
use crate::model::{Kind, Typed};
use crate::ty::{ArtifactId, ArtifactTy, Facet, Ty};
use crate::value::{Given, Value};

/// Bytes of a file that the manifests carry, at most: a config map has room for twice as much.
const MAX_FILE: usize = 512 * 1024;

/// What makes an artifact out of a text.
pub(super) enum Constructor {
    /// `file`
    File,
    /// An artifact in `snake_case`.
    Uri(ArtifactId, EcoString),
}

impl Body<'_, '_> {
    /// The constructor that a callee names; declared names go first.
    pub(super) fn constructor(&self, callee: &Expr) -> Option<Constructor> {
        let ExprKind::Name(name) = &callee.kind else { return None };
        let (module, tool) = (self.env.module, self.env.tool);
        let bound = self.flow.names.contains_key(name)
            || self.env.params.iter().any(|param| param.name == *name)
            || self.checker.lookup(module, tool, name).is_some();
        if bound {
            return None;
        }
        if name == "file" {
            return Some(Constructor::File);
        }
        match self.checker.lookup(module, tool, &pascal(name))?.def {
            Def::Artifact(id) => Some(Constructor::Uri(id, name.clone())),
            _ => None,
        }
    }

    /// `file("…")` or `dataset("…")`.
    pub(super) fn given(
        &mut self,
        made: &Constructor,
        type_args: &[TypeArg],
        args: &[Arg],
        span: Span,
        want: Option<&Ty>,
    ) -> Typed {
        let Some(text) = self.only_text(made, type_args, args, span) else { return Typed::error(span) };
        let (text, place) = text;
        let wanted = match want.map(bare) {
            Some(Ty::Artifact(artifact)) => Some(Rc::clone(artifact)),
            Some(Ty::Error) => return Typed::error(span),
            Some(other) if !matches!(other, Ty::Generic(_) | Ty::Json) => {
                return self.no_artifact(made, other, span);
            }
            _ => None,
        };
        let (ty, value) = match made {
            Constructor::File => (wanted, self.read_given(&text, place)),
            Constructor::Uri(id, _) => {
                let ty = wanted.filter(|wanted| wanted.decl == *id).or_else(|| Some(self.plain(*id)));
                (ty, self.uri(&text, place))
            }
        };
        let Some(value) = value else { return Typed::error(span) };
        let Some(ty) = ty else { return self.no_type(&text, span) };
        if let (Constructor::Uri(..), Some(accepted)) = (made, &ty.by) {
            let scheme = text.split(':').next().unwrap_or_default();
            if !accepted.names.is_empty() && !accepted.names.iter().any(|name| name == scheme) {
                let accepted = accepted.names.join("`, `");
                let message =
                    format!("this is a `{}` uri, and only `{accepted}` is read here", shortened(scheme));
                let diagnostic = Diagnostic::new(&codes::target::SCHEME, place, message)
                    .help("give a uri with a scheme that the parameter names");
                self.checker.report(diagnostic);
                return Typed::error(span);
            }
        }
        let by = if matches!(made, Constructor::File) { None } else { ty.by.clone() };
        let facets = ty.facets.iter().map(settled).collect();
        let ty = Ty::Artifact(Rc::new(ArtifactTy { decl: ty.decl, facets, by }));
        Typed { kind: Kind::Value(value), ty, late: false, span }
    }

    /// The one argument: a constant text.
    fn only_text(
        &mut self,
        made: &Constructor,
        type_args: &[TypeArg],
        args: &[Arg],
        span: Span,
    ) -> Option<(EcoString, Span)> {
        let (name, what) = match made {
            Constructor::File => ("file", "the path of a file in the package"),
            Constructor::Uri(_, name) => (name.as_str(), "a uri"),
        };
        if let ([], [Arg { name: None, .. }], Some(value)) =
            (type_args, args, args.first().and_then(arg_value))
        {
            let typed = self.expect(&value, &Ty::string());
            if has_error(&typed) {
                return None;
            }
            if let Kind::Value(Value::Str(text)) = &typed.kind {
                return Some((text.clone(), typed.span));
            }
        } else {
            self.ignore(args);
        }
        let message = format!("`{name}(…)` takes {what}, a constant text");
        let diagnostic = Diagnostic::new(&codes::types::GIVEN_ARTIFACT, span, message).help(match made {
            Constructor::File => "write `file(\"data/movies.csv\")`".to_owned(),
            Constructor::Uri(_, name) => format!("write `{name}(\"s3://bucket/path\")`"),
        });
        self.checker.report(diagnostic);
        None
    }

    fn read_given(&mut self, path: &str, span: Span) -> Option<Value> {
        let env = self.env.clone();
        let (_, text) = self.checker.carried(path, span, &env)?;
        if text.len() > MAX_FILE {
            let message = format!(
                "`{path}` has {} bytes, and manifests carry files of at most {} KiB",
                text.len(),
                MAX_FILE / 1024
            );
            let diagnostic = Diagnostic::new(&codes::types::CARRIED_FILE, span, message)
                .help("put it into a store and give its uri: `dataset(\"s3://…\")`, for example");
            self.checker.report(diagnostic);
            return None;
        }
        Some(Value::Given(Given::File { path: path.into(), text }))
    }

    /// A uri, as references have it.
    fn uri(&mut self, text: &EcoString, span: Span) -> Option<Value> {
        if !self.text_as(text, &Ty::Url, span) {
            return None;
        }
        Some(Value::Given(Given::Uri(text.clone())))
    }

    /// The artifact without facets.
    fn plain(&self, id: ArtifactId) -> Rc<ArtifactTy> {
        let facets = self.checker.package.artifacts.get(id.0 as usize).map_or(0, |decl| decl.facets.len());
        Rc::new(ArtifactTy { decl: id, facets: vec![Facet::Unset; facets], by: None })
    }

    fn no_artifact(&mut self, made: &Constructor, want: &Ty, span: Span) -> Typed {
        let what = match made {
            Constructor::File => "a file".to_owned(),
            Constructor::Uri(_, name) => format!("a `{name}`"),
        };
        let message = format!("{} is expected here, and this is {what}", self.checker.show(want));
        let diagnostic = Diagnostic::new(&codes::types::WRONG_TYPE, span, message)
            .help("give it where an artifact is taken");
        self.checker.report(diagnostic);
        Typed::error(span)
    }

    fn no_type(&mut self, path: &str, span: Span) -> Typed {
        let message = format!("nothing says which artifact `{}` is", shortened(path));
        let diagnostic = Diagnostic::new(&codes::types::GIVEN_ARTIFACT, span, message)
            .help("write its type: `let movies: Dataset<format: csv> = file(\"movies.csv\")`");
        self.checker.report(diagnostic);
        Typed::error(span)
    }
}

/// What a place leaves open is not known of what is given there.
fn settled(facet: &Facet) -> Facet {
    if matches!(facet, Facet::Generic(_)) { Facet::Unset } else { facet.clone() }
}

/// `trained_model` as `TrainedModel`.
fn pascal(name: &str) -> EcoString {
    let mut out = EcoString::new();
    for word in name.split('_') {
        let mut chars = word.chars();
        out.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}
