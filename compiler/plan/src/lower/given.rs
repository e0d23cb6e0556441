//! Artifacts that no step makes, as references: a uri of the target's store, or a file that the manifests carry in a
//! config map. A Task mounts the config maps of the files that may reach it.

#![allow(clippy::wildcard_enum_match_arm, reason = "a few kinds of values hold files; all others none")]

use std::collections::BTreeSet;

use ecow::{EcoString, eco_format};
use fuse_analysis::model::Kind;
use fuse_analysis::project::{ObjectStore, Store};
use fuse_analysis::ty::Ty;
use fuse_analysis::value::{Given, Value};
use fuse_base::{Diagnostic, Span, codes};
use fuse_wire::Reference;
use fuse_wire::contract::{MOUNTED, Piece};
use indexmap::IndexMap;

use super::calls::Work;
use super::eval::{self, eval};
use super::val::{Late, NodeAt, Origin, RoundOf, Val};
use super::{Lower, NodeSpec};
use crate::cx::Cx;
use crate::model::{ConfigMap, Mount, Task, Volume, VolumeSource};
use crate::{names, types};

/// The config map of a file, by its content.
fn config_map(cx: &Cx<'_>, path: &str, text: &str, cause: Span) -> ConfigMap {
    let digest = names::digest(text);
    let short: String = digest.chars().take(12).collect();
    ConfigMap {
        name: names::object(&[&eco_format!("{}--file-{short}", cx.project.name.value)]),
        volume: eco_format!("file-{short}"),
        key: key(path),
        text: text.into(),
        digest: eco_format!("sha256:{digest}"),
        cause,
    }
}

/// The file's name, in the letters that keys have.
fn key(path: &str) -> EcoString {
    let name = path.rsplit('/').next().unwrap_or(path);
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let key: EcoString = name.chars().map(plain).take(64).collect();
    if key.chars().all(|c| c == '.') { "file".into() } else { key }
}

impl ConfigMap {
    fn uri(&self) -> EcoString {
        eco_format!("{MOUNTED}{}/{}", self.name, self.key)
    }
}

/// The reference to an artifact that is given; `None` after a diagnostic.
pub(crate) fn reference(cx: &Cx<'_>, given: &Given, ty: &Ty, span: Span) -> Option<EcoString> {
    let reference = match given {
        Given::Uri(uri) => {
            let files = matches!(types::present(ty), Ty::Artifact(artifact) if artifact.by.is_none());
            if files && !in_store(cx, uri, span) {
                return None;
            }
            Reference { uri: uri.to_string(), digest: None }
        }
        Given::File { path, text } => {
            let map = config_map(cx, path, text, span);
            let reference = Reference { uri: map.uri().into(), digest: Some(map.digest.to_string()) };
            cx.carry(map);
            reference
        }
    };
    match reference.write() {
        Ok(_) if reference.digest.is_none() => Some(reference.uri.into()),
        Ok(text) => Some(text.into()),
        Err(why) => {
            let help = "a reference is a uri of printable characters, without `$`, quotes and backslashes";
            cx.report(Diagnostic::new(&codes::plan::RESERVED_CHARACTER, span, why).help(help));
            None
        }
    }
}

/// Whether the uri is one of the target's store.
fn in_store(cx: &Cx<'_>, uri: &str, span: Span) -> bool {
    let target = cx.target;
    // Without a store the step that takes the files reports that it needs one.
    let Some(store) = &target.store else { return true };
    let start = match &store.value {
        Store::Pvc { .. } => EcoString::from("file:///fuse/store/"),
        Store::Object { kind, bucket, prefix, .. } => {
            let scheme = match kind {
                ObjectStore::S3 => "s3",
                ObjectStore::Gcs => "gs",
                ObjectStore::Azure => "azure-blob",
            };
            let prefix = prefix.as_deref().unwrap_or_default().trim_matches('/');
            let slash = if prefix.is_empty() { "" } else { "/" };
            eco_format!("{scheme}://{bucket}/{prefix}{slash}")
        }
    };
    if uri.len() > start.len() && uri.starts_with(start.as_str()) {
        return true;
    }
    let message =
        format!("files are needed here, and `{uri}` is not in the store of target `{}`", target.name);
    let diagnostic = Diagnostic::new(&codes::target::OUTSIDE_STORE, span, message)
        .label(store.span, format!("the uris of this store start with `{start}`"))
        .help("copy the files into the store, or let the step take them `by uri(…)`");
    cx.report(diagnostic);
    false
}

/// Whether a value is nothing but a file that the manifests carry: no store is needed to take it.
pub(crate) fn is_carried(value: &Val) -> bool {
    matches!(value, Val::Const(Value::Given(Given::File { .. })))
}

impl Lower<'_, '_> {
    /// Mounts the files that may reach a step into its `fuse-in`.
    pub(super) fn mount_files(&self, spec: &NodeSpec<'_>, task: &mut Task) {
        let mut found = IndexMap::new();
        for (_, work) in spec.calls() {
            for (at, param) in work.task.sig.params.iter().enumerate() {
                match (work.args.get(at).and_then(Option::as_ref), &param.default) {
                    (Some(arg), _) => self.files(&arg.value, &mut found),
                    (None, Some(default)) if types::in_store(&param.ty) => {
                        let mut names = eval::Callee { params: &[], generics: &[] };
                        self.files(&eval(self.cx, default, &mut names), &mut found);
                    }
                    (None, _) => {}
                }
            }
        }
        let Some(step) = task.steps.iter_mut().find(|step| step.name == "fuse-in") else { return };
        for map in found.into_values() {
            task.volumes
                .push(Volume { name: map.volume.clone(), source: VolumeSource::ConfigMap(map.name.clone()) });
            step.mounts.push(Mount { name: map.volume, path: eco_format!("/fuse/files/{}", map.name) });
        }
    }

    /// The carried files that a value may be.
    fn files(&self, value: &Val, found: &mut IndexMap<EcoString, ConfigMap>) {
        match value {
            Val::Const(value) => self.constant_files(value, found),
            Val::Late(Late { origin: Origin::Param(name), .. }) => self.default_files(name, found),
            Val::Late(Late { origin: Origin::Result { node, .. }, ty, .. }) if types::in_store(ty) => {
                self.joined_files(*node, found);
            }
            Val::List(items) => items.iter().for_each(|item| self.files(item, found)),
            Val::Record(fields) => fields.iter().for_each(|(_, field)| self.files(field, found)),
            Val::Round(round) => {
                if let RoundOf::Item(list, _) = &round.of {
                    self.files(list, found);
                }
            }
            Val::Rounds(rounds) => self.files(&rounds.template, found),
            Val::Late(_)
            | Val::Concat(_)
            | Val::Node(_)
            | Val::Inside(..)
            | Val::Expr(_)
            | Val::Arms(_)
            | Val::Unit
            | Val::Never
            | Val::Error => {}
        }
    }

    fn constant_files(&self, value: &Value, found: &mut IndexMap<EcoString, ConfigMap>) {
        match value {
            Value::Given(Given::File { path, text }) => {
                let map = config_map(self.cx, path, text, Span::default());
                found.entry(map.name.clone()).or_insert(map);
            }
            Value::List(items) => items.iter().for_each(|item| self.constant_files(item, found)),
            Value::Record(fields) => fields.values().for_each(|field| self.constant_files(field, found)),
            _ => {}
        }
    }

    /// What a run that leaves the parameter out gives.
    fn default_files(&self, name: &str, found: &mut IndexMap<EcoString, ConfigMap>) {
        let param = self.frame.pipeline.params.iter().find(|param| param.name == name);
        let Some(default) = param.and_then(|param| param.default.as_ref()) else { return };
        if let Kind::Value(value) = &default.kind {
            self.constant_files(value, found);
        }
    }

    /// What may leave a join: its constants, and what its parameters and other joins hand to it. Other steps hand on
    /// none.
    fn joined_files(&self, first: NodeAt, found: &mut IndexMap<EcoString, ConfigMap>) {
        let (mut open, mut seen) = (vec![first], BTreeSet::new());
        while let Some(at) = open.pop() {
            let Some(Work::Join(work)) = self.nodes.get(at).map(|node| &node.work) else { continue };
            if !seen.insert(at) {
                continue;
            }
            let values = work.results.values().flat_map(|merged| {
                merged.cases.iter().flat_map(|case| &case.value).chain(merged.otherwise.iter().flatten())
            });
            for piece in values.flatten() {
                if let Piece::Text(text) = piece {
                    let uri = Reference::read(text).map(|reference| reference.uri).unwrap_or_default();
                    for map in self.cx.carried().into_iter().filter(|map| map.uri() == uri) {
                        found.entry(map.name.clone()).or_insert(map);
                    }
                }
            }
            for text in work.parts.texts() {
                let name = text.strip_prefix("$(params.").and_then(|rest| rest.strip_suffix(')'));
                name.into_iter().for_each(|name| self.default_files(name, found));
            }
            let inner: Vec<NodeAt> = work.parts.results().map(|(node, _)| node).collect();
            open.extend(inner.into_iter().rev());
        }
    }
}
