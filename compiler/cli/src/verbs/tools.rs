//! `fusec tools`: what the standard library offers, from its own declarations.

use std::fmt::Write as _;

use fuse_analysis::Package;
use fuse_analysis::model::{Bound, Kind, Param, Resource, Service, Signature, Task, Tool, Typed};
use fuse_base::{Sources, did_you_mean};
use fuse_driver::{Checked, Failure, check_std};

use super::{Run, Verb, verb};
use crate::console::{Console, Format};
use crate::exit::Exit;

/// The entry in the list of verbs.
pub(super) const VERB: Verb = verb::<Arguments>("tools");

/// List the tools of the standard library, or show one tool or one of its tasks and resources
#[derive(clap::Args)]
struct Arguments {
    /// A tool, or one of its tasks and resources [default: all tools]
    #[arg(value_name = "TOOL[.MEMBER]")]
    name: Option<String>,
}

impl Run for Arguments {
    fn run(self, console: &mut Console) -> Exit {
        let checked = check_std();
        if checked.errors() > 0 {
            console.diagnostics(&checked, Format::Human);
            return Exit::Errors;
        }
        match shown(&checked, self.name.as_deref()) {
            Ok(text) => {
                console.data(&text);
                Exit::Done
            }
            Err(failure) => console.fail(&[failure], Format::Human),
        }
    }
}

/// A task or a resource.
#[derive(Clone, Copy)]
enum Member<'p> {
    Task(&'p Task),
    Resource(&'p Resource),
}

impl<'p> Member<'p> {
    fn sig(self) -> &'p Signature {
        match self {
            Self::Task(task) => &task.sig,
            Self::Resource(resource) => &resource.sig,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Task(_) => "task",
            Self::Resource(_) => "resource",
        }
    }
}

fn shown(checked: &Checked, name: Option<&str>) -> Result<String, Failure> {
    let package = &checked.package;
    let Some(name) = name else { return Ok(list(package)) };
    let (tool_name, member_name) =
        name.split_once('.').map_or((name, None), |(tool, member)| (tool, Some(member)));
    let found = package.tools.iter().enumerate().find(|(_, tool)| tool.name == tool_name);
    let Some((at, tool)) = found else {
        let help = did_you_mean(tool_name, package.tools.iter().map(|tool| tool.name.as_str()));
        return Err(Failure { message: format!("the standard library has no tool `{tool_name}`"), help });
    };
    let members = members(package, at);
    let Some(member_name) = member_name else { return Ok(tool_page(package, tool, &members)) };
    let Some(member) = members.iter().find(|member| member.sig().name == member_name) else {
        let help = did_you_mean(member_name, members.iter().map(|member| member.sig().name.as_str()));
        return Err(Failure { message: format!("`{tool_name}` has no member `{member_name}`"), help });
    };
    Ok(member_page(package, &checked.sources, tool, *member))
}

fn members(package: &Package, tool: usize) -> Vec<Member<'_>> {
    let of_tool = |sig: &Signature| sig.tool.is_some_and(|id| id.0 as usize == tool);
    let tasks = package.tasks.iter().filter(|task| of_tool(&task.sig)).map(Member::Task);
    let resources = package.resources.iter().filter(|resource| of_tool(&resource.sig)).map(Member::Resource);
    tasks.chain(resources).collect()
}

/// The first line of a documentation.
fn first_line(doc: Option<&str>) -> &str {
    doc.and_then(|doc| doc.lines().next()).unwrap_or("")
}

fn list(package: &Package) -> String {
    let mut tools: Vec<&Tool> = package.tools.iter().collect();
    tools.sort_by(|a, b| a.name.cmp(&b.name));
    let width = tools.iter().map(|tool| tool.name.len()).max().unwrap_or(0);
    tools.iter().map(|tool| format!("{:width$}  {}\n", tool.name, first_line(tool.doc.as_deref()))).collect()
}

fn tool_page(package: &Package, tool: &Tool, members: &[Member<'_>]) -> String {
    let mut out = format!("{}\n", tool.name);
    documentation(&mut out, tool.doc.as_deref(), "  ");
    let _ = writeln!(out, "\n  import std/{}", tool.name);
    if let Some((version, _)) = &tool.version {
        let _ = writeln!(out, "  version {version}");
    }
    for option in &tool.options {
        let default = option.default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
        let _ = writeln!(out, "  option {}: {}{default}", option.name, package.show(&option.ty, &[]));
    }
    for service in &tool.services {
        service_text(&mut out, package, tool, service);
    }
    let name = |member: &Member<'_>| format!("{} {}.{}", member.word(), tool.name, member.sig().name);
    let width = members.iter().map(|member| name(member).len()).max().unwrap_or(0);
    if !members.is_empty() {
        out.push('\n');
    }
    for member in members {
        let _ = writeln!(out, "  {:width$}  {}", name(member), first_line(member.sig().doc.as_deref()));
    }
    out
}

fn service_text(out: &mut String, package: &Package, tool: &Tool, service: &Service) {
    let _ = writeln!(out, "\n  service {}.{}", tool.name, service.name);
    documentation(out, service.doc.as_deref(), "    ");
    if service.doc.is_some() {
        out.push('\n');
    }
    for env in &service.env {
        let default = env.default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
        let _ = writeln!(out, "    env {}: {}{default}", env.name, package.show(&env.ty, &[]));
    }
    for secret in &service.secret_env {
        let _ = writeln!(out, "    secret env {}{}", secret.name, if secret.optional { "?" } else { "" });
    }
}

fn member_page(package: &Package, sources: &Sources, tool: &Tool, member: Member<'_>) -> String {
    let sig = member.sig();
    let mut out = format!("{} {}.{}", member.word(), tool.name, sig.name);
    let generics: Vec<String> = sig
        .generics
        .iter()
        .map(|generic| match &generic.bound {
            Bound::Type => generic.name.to_string(),
            Bound::Enum(id) => {
                let of = package.enums.get(id.0 as usize).map_or("?", |def| def.name.as_str());
                format!("{}: {of}", generic.name)
            }
            Bound::Set(set) => format!("{} in {}", generic.name, written(sources, set)),
        })
        .collect();
    if !generics.is_empty() {
        let _ = write!(out, "<{}>", generics.join(", "));
    }
    out.push_str("(\n");
    for param in &sig.params {
        param_text(&mut out, package, sources, sig, param);
    }
    out.push(')');
    if sig.single {
        let of =
            sig.outputs.first().map(|output| package.show(&output.ty, &sig.generics)).unwrap_or_default();
        let _ = writeln!(out, " -> {of}");
    } else if !sig.outputs.is_empty() {
        let fields =
            sig.outputs.iter().map(|it| format!("  {}: {},\n", it.name, package.show(&it.ty, &sig.generics)));
        let _ = writeln!(out, " -> {{\n{}}}", fields.collect::<String>());
    } else {
        out.push('\n');
    }
    if sig.doc.is_some() {
        out.push('\n');
    }
    documentation(&mut out, sig.doc.as_deref(), "  ");
    facts(&mut out, package, sources, member);
    out
}

fn param_text(out: &mut String, package: &Package, sources: &Sources, sig: &Signature, param: &Param) {
    let constant = if param.constant { "const " } else { "" };
    let default = param
        .default
        .as_ref()
        .map(|value| format!(" = {}", default_text(sources, value)))
        .unwrap_or_default();
    let ty = package.show(&param.ty, &sig.generics);
    let _ = writeln!(out, "  {constant}{}: {ty}{default},", param.name);
}

/// A default as it stands in the source, on one line; a name gives way to its value.
fn default_text(sources: &Sources, value: &Typed) -> String {
    let text = written(sources, value);
    if let Kind::Value(constant) = &value.kind
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
    {
        return constant.to_string();
    }
    text
}

/// An expression as it stands in the source, on one line.
fn written(sources: &Sources, value: &Typed) -> String {
    sources.text(value.span).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a task or resource needs beyond its arguments.
fn facts(out: &mut String, package: &Package, sources: &Sources, member: Member<'_>) {
    let mut lines = Vec::new();
    for generic in &member.sig().generics {
        if let Bound::Set(set) = &generic.bound
            && let Kind::Value(constant) = &set.kind
        {
            lines.push(format!("{} = {constant}", written(sources, set)));
        }
    }
    match member {
        Member::Task(task) => {
            for (tool, service, _) in &task.needs {
                let tool = package.tools.get(tool.0 as usize);
                let service = tool.and_then(|tool| tool.services.get(service.0 as usize));
                if let (Some(tool), Some(service)) = (tool, service) {
                    lines.push(format!("needs {}.{}", tool.name, service.name));
                }
            }
            if task.external_effect {
                lines.push("effect external".to_owned());
            }
        }
        Member::Resource(resource) => {
            if let Some(ready) = &resource.ready {
                let within = fuse_analysis::value::duration_text(ready.within);
                lines.push(format!("ready when `{}` is true, within {within}", ready.condition));
            }
        }
    }
    if !lines.is_empty() {
        out.push('\n');
    }
    for line in lines {
        let _ = writeln!(out, "  {line}");
    }
}

fn documentation(out: &mut String, doc: Option<&str>, indent: &str) {
    for line in doc.unwrap_or("").lines() {
        let _ = writeln!(out, "{}", format!("{indent}{line}").trim_end());
    }
}
