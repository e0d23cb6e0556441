//! Checks of a target that no step is needed for: Tekton's version, parameters of pipelines, names of objects.

use fuse_base::{Diagnostic, codes, did_you_mean};

use crate::cx::Cx;
use crate::names;

/// The first Tekton whose `tekton.dev/v1` has all fields that are written.
const TEKTON: (u64, u64) = (0, 44);

pub(crate) fn check(cx: &Cx<'_>) {
    version(cx);
    params(cx);
    clashes(cx);
}

fn version(cx: &Cx<'_>) {
    let (major, minor) = cx.target.tekton.version;
    if (major, minor) >= TEKTON {
        return;
    }
    let (least, wanted) = TEKTON;
    let message = format!("Tekton {major}.{minor} has no `tekton.dev/v1` that the manifests are written for");
    let diagnostic = Diagnostic::new(&codes::target::TEKTON_VERSION, cx.target.span, message)
        .help(format!("Tekton {least}.{wanted} or newer is needed: `tekton = {{ version = \"…\" }}`"));
    cx.report(diagnostic);
}

/// Keys of `[target.x.params.<pipeline>]` are const parameters of that pipeline.
fn params(cx: &Cx<'_>) {
    let roots = || cx.package.roots_of(cx.target).map(|(pipeline, _)| pipeline);
    for (name, settings) in &cx.target.params {
        let pipeline = roots().chain(&cx.package.pipelines).find(|pipeline| pipeline.source == *name);
        for (key, setting) in settings {
            let Some(pipeline) = pipeline else {
                let known = cx.package.roots_of(cx.target).map(|(pipeline, _)| pipeline.source.as_str());
                let message = format!("the package has no pipeline `{name}`");
                let diagnostic = Diagnostic::new(&codes::target::UNKNOWN_PARAM, setting.span, message)
                    .help_opt(did_you_mean(name, known));
                cx.report(diagnostic);
                break;
            };
            let param = pipeline.params.iter().find(|param| param.name == *key);
            if param.is_some_and(|param| param.constant) {
                continue;
            }
            let diagnostic = match param {
                Some(param) => {
                    let message =
                        format!("the parameter `{key}` of `{name}` is given when the pipeline runs");
                    Diagnostic::new(&codes::target::UNKNOWN_PARAM, setting.span, message)
                        .label(param.span, "declared here")
                        .help(format!("declare it `const {key}: …`, or give it to the run"))
                }
                None => {
                    let known = pipeline.params.iter().filter(|param| param.constant);
                    let help = did_you_mean(key, known.map(|param| param.name.as_str()));
                    let message = format!("`{name}` has no parameter `{key}`");
                    Diagnostic::new(&codes::target::UNKNOWN_PARAM, setting.span, message)
                        .label(pipeline.span, "the pipeline")
                        .help_opt(
                            help.or_else(|| Some("it has no const parameters; leave the key out".to_owned())),
                        )
                }
            };
            cx.report(diagnostic);
        }
    }
}

/// Names of pipelines and deployments are names of objects and files.
fn clashes(cx: &Cx<'_>) {
    let pipelines = cx.package.roots_of(cx.target).map(|(pipeline, _)| (&pipeline.name, pipeline.span));
    let deploys = cx.package.deploys.iter().map(|deploy| (&deploy.name, deploy.span));
    let kinds: [(&str, Vec<_>); 2] = [("pipelines", pipelines.collect()), ("deployments", deploys.collect())];
    for (kind, all) in kinds {
        for (at, (name, span)) in all.iter().enumerate() {
            let first = all.iter().take(at).find(|(other, _)| names::kebab(other) == names::kebab(name));
            if let Some((_, first)) = first {
                let message = format!("two {kind} of the package are called `{name}`");
                let diagnostic = Diagnostic::new(&codes::plan::NAME_CLASH, *span, message)
                    .label(*first, "the first one")
                    .help("their objects share a namespace: rename one of them");
                cx.report(diagnostic);
            }
        }
    }
}
