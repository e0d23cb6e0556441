//! Classes of nodes: what `with { node: …, gpu: … }` asks for, and the pods of a run that a volume ties together.

use ecow::{EcoString, eco_format};
use fuse_analysis::project::{Coschedule, NodeClass, Store};
use fuse_base::{Diagnostic, Span, codes, did_you_mean};

use crate::cx::Cx;
use crate::model::{Node, PodTemplate};
use crate::setting;

/// The class of a step in this target; reports that the target has none of this name.
pub(crate) fn class<'a>(cx: &Cx<'a>, asked: Option<&(EcoString, Span)>) -> Option<&'a NodeClass> {
    let (name, span) = asked?;
    let found = cx.target.nodes.get(name);
    if found.is_none() {
        let target = &cx.target.name;
        let message = format!("target `{target}` has no node class `{name}`");
        let table = setting::table(target, &format!("node.{name}"));
        let help = format!("add to fuse.toml: {table} with `selector = {{ <label> = \"<value>\" }}`");
        let known = cx.target.nodes.keys().map(EcoString::as_str);
        let meant = fuse_base::closest(name, known.clone()).and_then(|_| did_you_mean(name, known));
        let diagnostic = Diagnostic::new(&codes::target::NODE_CLASS, *span, message)
            .label(cx.target.span, "this target")
            .help(meant.unwrap_or(help));
        cx.report(diagnostic);
    }
    found
}

/// The resource that `gpu: n` asks for, with the number; reports that nothing names it.
pub(crate) fn devices(
    cx: &Cx<'_>,
    asked: Option<&(EcoString, Span)>,
    gpu: Option<(u64, Span)>,
) -> Option<(EcoString, EcoString, Span)> {
    let (count, span) = gpu?;
    let class = asked.and_then(|(name, _)| cx.target.nodes.get(name));
    if let Some(resource) = class.and_then(|class| class.resource.as_ref()) {
        return Some((resource.value.clone(), eco_format!("{count}"), span));
    }
    let diagnostic = match (asked, class) {
        // The class was reported.
        (Some(_), None) => return None,
        (Some((name, _)), Some(class)) => {
            let message = format!("the node class `{name}` of target `{}` names no devices", cx.target.name);
            Diagnostic::new(&codes::target::NO_DEVICE, span, message).label(class.span, "the class").help(
                "add to it: `resource = \"<domain>/<device>\"`, as the cluster's device plugin calls it",
            )
        }
        (None, _) => {
            Diagnostic::new(&codes::target::NO_DEVICE, span, "`gpu` without a class of nodes that have some")
                .help("write `node: <class>` beside it: the class says in fuse.toml what a device is called")
        }
    };
    cx.report(diagnostic);
    None
}

/// What a class asks of a pod.
fn template(class: &NodeClass) -> PodTemplate {
    PodTemplate {
        selector: class.selector.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        tolerations: class.tolerations.clone(),
        runtime_class: class.runtime_class.clone(),
        priority_class: class.priority_class.clone(),
        cause: class.span,
    }
}

/// The class of one pipeline task as a part of its pod.
pub(crate) fn of_task(cx: &Cx<'_>, node: &Node) -> Option<PodTemplate> {
    let (name, _) = node.class.as_ref()?;
    let template = template(cx.target.nodes.get(name)?);
    Some(template).filter(|template| !template.is_empty())
}

/// What holds for every pod of a run. Tekton keeps pods together, as its `coschedule` says: those that share the run's
/// volume, or all. It chooses their node by what stands here, so the class of one of them is that of all. Classes that
/// say the same are one.
pub(crate) fn of_run<'n>(cx: &Cx<'_>, nodes: impl Iterator<Item = &'n Node>) -> Option<PodTemplate> {
    let volume = || cx.target.store.as_ref().filter(|store| matches!(store.value, Store::Pvc { .. }));
    let (all, why, bond) = match cx.target.tekton.coschedule {
        Coschedule::Disabled => return None,
        Coschedule::Workspaces => (false, volume()?.span, "files pass through a volume"),
        Coschedule::Runs => (true, cx.target.span, "`coschedule` of this target keeps a run on one node"),
    };
    let mut first: Option<(&EcoString, Span, &NodeClass)> = None;
    for node in nodes.filter(|node| all || !node.workspaces.is_empty()) {
        let Some((name, span)) = &node.class else { continue };
        let Some(class) = cx.target.nodes.get(name).filter(|class| chooses(class)) else { continue };
        let Some((known, place, other)) = first else {
            first = Some((name, *span, class));
            continue;
        };
        if (&class.selector, &class.tolerations) == (&other.selector, &other.tolerations) {
            continue;
        }
        let message = format!("these steps share a node, and they ask for `{known}` and `{name}`");
        let help = if all {
            "ask for one class, or let the cluster's `coschedule` be another"
        } else {
            "choose an object store: `store = { kind = \"s3\", bucket = \"<bucket>\" }`"
        };
        let diagnostic = Diagnostic::new(&codes::target::NODES_OF_A_VOLUME, *span, message)
            .label(place, "the other class")
            .label(why, bond)
            .help(help);
        cx.report(diagnostic);
    }
    let (_, _, class) = first?;
    let PodTemplate { selector, tolerations, cause, .. } = template(class);
    Some(PodTemplate { selector, tolerations, cause, ..PodTemplate::default() })
}

/// Whether a class says anything of nodes.
fn chooses(class: &NodeClass) -> bool {
    !class.selector.is_empty() || !class.tolerations.is_empty()
}
