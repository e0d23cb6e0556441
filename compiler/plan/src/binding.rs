//! What a target gives to tools: versions, options, services and their secrets.

use ecow::{EcoString, eco_format};
use fuse_analysis::model::{Service, ServiceId, Tool, ToolId};
use fuse_analysis::project::{ServiceBinding, ToolBinding};
use fuse_analysis::ty::Ty;
use fuse_analysis::value::Value;
use fuse_base::{Diagnostic, Span, closest, codes, did_you_mean};
use semver::Version;

use crate::cx::Cx;
use crate::domain;
use crate::setting;

/// The environment that a bound service gives to a step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bound {
    /// Variable, value and where the value comes from.
    pub(crate) plain: Vec<(EcoString, EcoString, Span)>,
    /// Variable (and key), Secret, whether the key may be missing, and the binding's place.
    pub(crate) secret: Vec<(EcoString, EcoString, bool, Span)>,
    /// Prefixes of references and what replaces them.
    pub(crate) rewrite: Vec<(EcoString, EcoString)>,
}

/// Checks the bindings of a target as far as no step is needed for it.
pub(crate) fn check(cx: &Cx<'_>) {
    for (name, binding) in &cx.target.bind {
        match cx.package.tools.iter().find(|tool| tool.name == *name) {
            Some(tool) => check_tool(cx, tool, binding),
            None => unused(cx, name, binding),
        }
    }
    for (at, tool) in cx.package.tools.iter().enumerate() {
        for option in 0..tool.options.len() {
            let id = ToolId(u32::try_from(at).unwrap_or(u32::MAX));
            if cx.target.bind.get(&tool.name).is_some_and(|bound| has_option(tool, option, bound)) {
                let _ = self::option(cx, id, option, tool.span);
            }
        }
    }
}

fn has_option(tool: &Tool, at: usize, binding: &ToolBinding) -> bool {
    tool.options.get(at).is_some_and(|option| binding.options.contains_key(&option.name))
}

/// A target describes an installation, which may have more than a package uses: only a name that is nearly that of a
/// tool in use is worth a word.
fn unused(cx: &Cx<'_>, name: &EcoString, binding: &ToolBinding) {
    let names = cx.package.tools.iter().map(|tool| tool.name.as_str());
    let Some(meant) = closest(name, names.filter(|name| !cx.target.bind.contains_key(*name))) else { return };
    let message = format!("the package does not use a tool `{name}`");
    let diagnostic = Diagnostic::new(&codes::target::UNUSED_BINDING, binding.span, message);
    cx.report(diagnostic.help(format!("did you mean `{meant}`?")));
}

fn check_tool(cx: &Cx<'_>, tool: &Tool, binding: &ToolBinding) {
    check_version(cx, tool, binding);
    domain::check(cx, tool, binding);
    for (key, setting) in &binding.options {
        if tool.options.iter().any(|option| option.name == *key) {
            continue;
        }
        let known: Vec<&str> = tool
            .options
            .iter()
            .map(|option| option.name.as_str())
            .chain(tool.services.iter().map(|service| service.name.as_str()))
            .chain(["version", "domain"])
            .collect();
        let message = format!("`{}` has no option `{key}`", tool.name);
        let diagnostic = Diagnostic::new(&codes::target::UNKNOWN_OPTION, setting.span, message)
            .label(tool.span, "the tool is declared here")
            .help_opt(did_you_mean(key, known));
        cx.report(diagnostic);
    }
    for (key, bound) in &binding.services {
        match tool.services.iter().find(|service| service.name == *key) {
            Some(service) => check_service(cx, tool, service, bound),
            None => {
                let known = tool.services.iter().map(|service| service.name.as_str());
                let message = format!("`{}` has no service `{key}`", tool.name);
                let diagnostic = Diagnostic::new(&codes::target::UNKNOWN_OPTION, bound.span, message)
                    .label(tool.span, "the tool is declared here")
                    .help_opt(did_you_mean(key, known).or_else(|| Some("leave it out".to_owned())));
                cx.report(diagnostic);
            }
        }
    }
}

fn check_version(cx: &Cx<'_>, tool: &Tool, binding: &ToolBinding) {
    let (Some(bound), Some((wanted, span))) = (&binding.version, &tool.version) else { return };
    let Some(version) = version(&bound.value) else { return };
    if wanted.matches(&version) {
        return;
    }
    let message =
        format!("`{}` {} is installed, and its declaration supports {wanted}", tool.name, bound.value);
    let diagnostic = Diagnostic::new(&codes::target::TOOL_VERSION, bound.span, message)
        .label(*span, "the supported versions")
        .help(format!("bind an installation whose version is {wanted}"));
    cx.report(diagnostic);
}

/// `0.20`, `v3.17.2` as a full version.
fn version(text: &str) -> Option<Version> {
    let text = text.trim_start_matches('v');
    let core = text.split(['-', '+']).next().unwrap_or(text);
    let full = match core.split('.').count() {
        1 => format!("{core}.0.0"),
        2 => format!("{core}.0"),
        _ => core.to_owned(),
    };
    Version::parse(&full).ok()
}

fn check_service(cx: &Cx<'_>, tool: &Tool, service: &Service, bound: &ServiceBinding) {
    let names: Vec<EcoString> = service.env.iter().map(|env| env.name.to_lowercase()).collect();
    for (key, setting) in &bound.values {
        if names.contains(key) {
            continue;
        }
        let known = names.iter().map(EcoString::as_str).chain(["url", "secret", "rewrite"]);
        let message = format!("the service `{}.{}` has no setting `{key}`", tool.name, service.name);
        let diagnostic = Diagnostic::new(&codes::target::UNKNOWN_OPTION, setting.span, message)
            .label(service.span, "the service is declared here")
            .help_opt(did_you_mean(key, known));
        cx.report(diagnostic);
    }
}

/// The value of a tool's option: the binding's, else its default.
pub(crate) fn option(cx: &Cx<'_>, tool: ToolId, at: usize, used: Span) -> Option<Value> {
    let tool = cx.package.tools.get(tool.0 as usize)?;
    let option = tool.options.get(at)?;
    let binding = cx.target.bind.get(&tool.name);
    if let Some(setting) = binding.and_then(|binding| binding.options.get(&option.name)) {
        let what = format!("the option `{}.{}`", tool.name, option.name);
        return setting::value(cx, setting, &option.ty, &what, option.span);
    }
    if let Some(default) = &option.default {
        return Some(default.clone());
    }
    if matches!(option.ty, Ty::Optional(_)) {
        return Some(Value::None);
    }
    let target = &cx.target.name;
    let message = format!("target `{target}` does not set the option `{}.{}`", tool.name, option.name);
    let diagnostic = Diagnostic::new(&codes::target::SETTING_UNSET, used, message)
        .label(option.span, "declared here, without a default")
        .label(binding.map_or(cx.target.bind_span, |binding| binding.span), "the bindings of the target")
        .help(format!(
            "add to {}: `{} = {{ {} = … }}`",
            setting::table(target, "bind"),
            tool.name,
            option.name
        ));
    cx.report_once(format!("option {} {}", tool.name, option.name), diagnostic);
    None
}

/// What a bound service gives; reports what the binding lacks.
pub(crate) fn service(
    cx: &Cx<'_>,
    tool: ToolId,
    service: ServiceId,
    needs: Span,
    call: Span,
    task: &str,
) -> Option<Bound> {
    let tool = cx.package.tools.get(tool.0 as usize)?;
    let service = tool.services.get(service.0 as usize)?;
    let path = eco_format!("{}.{}", tool.name, service.name);
    let binding = cx.target.bind.get(&tool.name).and_then(|binding| binding.services.get(&service.name));
    let Some(binding) = binding else {
        unbound(cx, service, &path, needs, call, task);
        return None;
    };
    let mut bound = Bound {
        rewrite: binding.rewrite.iter().map(|(from, to)| (from.value.clone(), to.value.clone())).collect(),
        ..Bound::default()
    };
    let url_at = url_variable(service);
    for (at, env) in service.env.iter().enumerate() {
        let key = env.name.to_lowercase();
        let given = binding.values.get(key.as_str());
        if let Some(setting) = given {
            let what = format!("`{key}` of `{path}`");
            let text = setting::value(cx, setting, &env.ty, &what, env.span)?.text().unwrap_or_default();
            bound.plain.push((env.name.clone(), text, setting.span));
            continue;
        }
        if let Some(url) = binding.url.as_ref().filter(|_| url_at == Some(at)) {
            bound.plain.push((env.name.clone(), url.value.clone(), url.span));
            continue;
        }
        match &env.default {
            Some(value) => {
                if let Some(text) = value.text() {
                    bound.plain.push((env.name.clone(), text, env.span));
                }
            }
            None if matches!(env.ty, Ty::Optional(_)) => {}
            None => {
                let key = if url_at == Some(at) { "url" } else { key.as_str() };
                let message = format!("the binding of `{path}` lacks `{key}`");
                let diagnostic = Diagnostic::new(&codes::target::SETTING_UNSET, binding.span, message)
                    .label(env.span, format!("`{}` comes from it", env.name))
                    .help(format!("add `{key} = …` to the binding of `{path}`"));
                cx.report_once(format!("env {path} {key}"), diagnostic);
            }
        }
    }
    secrets(cx, service, binding, &path, &mut bound);
    Some(bound)
}

/// The variable that takes the binding's `url`.
fn url_variable(service: &Service) -> Option<usize> {
    service.env.iter().position(|env| env.ty == Ty::Url && env.default.is_none())
}

fn secrets(cx: &Cx<'_>, service: &Service, binding: &ServiceBinding, path: &str, bound: &mut Bound) {
    let mut missing: Vec<&str> = Vec::new();
    for secret in &service.secret_env {
        let found = binding.secret.as_ref().filter(|bound| bound.keys.iter().any(|k| k.value == secret.name));
        match found {
            Some(from) => {
                bound.secret.push((secret.name.clone(), from.name.clone(), secret.optional, from.span));
            }
            None if secret.optional => {}
            None => missing.push(&secret.name),
        }
    }
    for key in binding.secret.iter().flat_map(|secret| &secret.keys) {
        if service.secret_env.iter().any(|secret| secret.name == key.value) {
            continue;
        }
        let known = service.secret_env.iter().map(|secret| secret.name.as_str());
        let message = format!("the service `{path}` takes no key `{}`", key.value);
        let diagnostic = Diagnostic::new(&codes::target::UNKNOWN_OPTION, key.span, message)
            .label(service.span, "the service is declared here")
            .help_opt(did_you_mean(&key.value, known).or_else(|| Some("leave the key out".to_owned())));
        cx.report_once(format!("key {path} {}", key.value), diagnostic);
    }
    if missing.is_empty() {
        return;
    }
    let keys = missing.iter().map(|key| format!("{key:?}")).collect::<Vec<_>>().join(", ");
    let (span, help) = match &binding.secret {
        Some(secret) => (secret.span, format!("add {keys} to `keys` of the Secret `{}`", secret.name)),
        None => (binding.span, format!("add `secret = {{ name = \"…\", keys = [{keys}] }}`")),
    };
    let message = format!("the service `{path}` needs the secret key `{}`", missing.join("`, `"));
    let diagnostic = Diagnostic::new(&codes::target::SECRET_KEY, span, message)
        .label(service.span, "the service is declared here")
        .help(help);
    cx.report_once(format!("secret {path}"), diagnostic);
}

fn unbound(cx: &Cx<'_>, service: &Service, path: &str, needs: Span, call: Span, task: &str) {
    let mut parts: Vec<String> = Vec::new();
    let url_at = url_variable(service);
    for (at, env) in service.env.iter().enumerate() {
        if url_at == Some(at) {
            parts.push("url = \"…\"".to_owned());
        } else if env.default.is_none() && !matches!(env.ty, Ty::Optional(_)) {
            parts.push(format!("{} = …", env.name.to_lowercase()));
        }
    }
    let keys: Vec<String> = service
        .secret_env
        .iter()
        .filter(|secret| !secret.optional)
        .map(|secret| format!("{:?}", secret.name.as_str()))
        .collect();
    if !keys.is_empty() {
        parts.push(format!("secret = {{ name = \"…\", keys = [{}] }}", keys.join(", ")));
    }
    let target = &cx.target.name;
    let message = format!("`{task}` needs the service `{path}`, which target `{target}` does not bind");
    let diagnostic = Diagnostic::new(&codes::target::SERVICE_UNBOUND, call, message)
        .label(needs, "needed here")
        .label(cx.target.bind_span, "the bindings of the target")
        .help(format!("add to {}: `{path} = {{ {} }}`", setting::table(target, "bind"), parts.join(", ")));
    cx.report_once(format!("service {path}"), diagnostic);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_filled_up() {
        assert_eq!(version("0.20"), Some(Version::new(0, 20, 0)));
        assert_eq!(version("v3.17.2"), Some(Version::new(3, 17, 2)));
        assert_eq!(version("1.16.0-rc.1"), Some(Version::new(1, 16, 0)));
        assert_eq!(version("latest"), None);
    }
}
