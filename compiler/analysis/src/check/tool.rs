//! A tool's own clauses: version, services, options.

use ecow::EcoString;
use fuse_base::{Diagnostic, codes};
use fuse_syntax::ast::{self, Clause, ClauseArg, ItemKind};

use super::Checker;
use super::body::Env;
use super::clauses::{has_hole, word};
use super::limits::shortened;
use super::scope::Def;
use crate::model::{SecretEnv, Service, ServiceEnv, ToolId};
use crate::ty::Ty;
use crate::value::Value;

impl Checker<'_> {
    pub(super) fn tool(&mut self, module: usize, declaration: &ast::ToolItem) {
        let found =
            self.scopes.get(module).and_then(|scope| scope.get(&declaration.name.text)).map(|e| e.def);
        let Some(Def::Tool(id)) = found else { return };
        let env = Env::of_module(module, Some(id));
        let mut option = 0;
        for member in &declaration.members {
            match &member.kind {
                ItemKind::Clause(clause) => self.tool_clause(id, clause),
                ItemKind::Option(item) => {
                    self.tool_option(id, option, item, &env);
                    option += 1;
                }
                ItemKind::Service(service) => {
                    let service = self.service(member, service, &env);
                    if let Some(tool) = self.package.tools.get_mut(id.0 as usize) {
                        tool.services.push(service);
                    }
                }
                _ => {}
            }
        }
    }

    fn tool_clause(&mut self, id: ToolId, clause: &Clause) {
        if clause.head.text != "version" {
            self.unknown_clause(
                clause,
                "tool",
                &["version", "service", "option", "task", "resource", "const"],
            );
            return;
        }
        let Some(expr) = self.only_expr(clause, "version \">=2.9, <4\"") else { return };
        let Some((text, span)) = self.literal_text(expr, "a range of versions") else { return };
        match semver::VersionReq::parse(&text) {
            Ok(range) => {
                if let Some(tool) = self.package.tools.get_mut(id.0 as usize) {
                    tool.version = Some((range, span));
                }
            }
            Err(error) => {
                let diagnostic = Diagnostic::new(
                    &codes::types::MALFORMED,
                    span,
                    format!("`{}` is no range of versions: {error}", shortened(&text)),
                )
                .help("write `\">=2.9, <4\"`");
                self.report(diagnostic);
            }
        }
    }

    fn tool_option(&mut self, id: ToolId, at: usize, item: &ast::ConstItem, env: &Env) {
        let ty = match &item.ty {
            Some(ty) => self.ty(ty, env),
            None => {
                let diagnostic = Diagnostic::new(
                    &codes::types::MISSING_CLAUSE,
                    item.name.span,
                    format!("the option `{}` has no type", item.name.text),
                )
                .help(format!("write `option {}: Type`", item.name.text));
                self.report(diagnostic);
                Ty::Error
            }
        };
        let default = item.value.as_ref().and_then(|value| self.constant(value, &ty, env));
        let tool = self.package.tools.get_mut(id.0 as usize);
        if let Some(option) = tool.and_then(|tool| tool.options.get_mut(at)) {
            option.ty = ty;
            option.default = default;
        }
    }

    fn service(&mut self, member: &ast::Item, item: &ast::ServiceItem, env: &Env) -> Service {
        let mut service = Service {
            name: item.name.text.clone(),
            doc: member.doc.clone(),
            env: Vec::new(),
            secret_env: Vec::new(),
            span: item.name.span,
        };
        for clause in &item.clauses {
            match clause.head.text.as_str() {
                "env" => self.service_env(clause, env, &mut service),
                "secret" => self.secret_env(clause, &mut service),
                "detect" => {
                    // Facts for finding an installation; they are constants and nothing else is known of them yet.
                    if let Some(expr) = self.only_expr(clause, "detect { service: \"name\", port: 80 }") {
                        self.constant(expr, &Ty::Json, env);
                    }
                }
                _ => self.unknown_clause(clause, "service", &["env", "secret env", "detect"]),
            }
        }
        service
    }

    fn service_env(&mut self, clause: &Clause, env: &Env, service: &mut Service) {
        for arg in &clause.args {
            let ClauseArg::Typed { name, ty, default, .. } = arg else {
                if !has_hole(arg) {
                    self.malformed(clause.span, "`env` takes a name and a type", "write `env NAME: Url`");
                }
                continue;
            };
            if !self.variable(name) {
                continue;
            }
            let ty = ty.as_ref().map_or(Ty::string(), |ty| self.ty(ty, env));
            let default = match default {
                Some(default) => self.constant(default, &ty, env),
                None if matches!(ty, Ty::Optional(_)) => Some(Value::None),
                None => None,
            };
            service.env.push(ServiceEnv { name: name.text.clone(), ty, default, span: name.span });
        }
    }

    /// `secret env A?, B?`.
    fn secret_env(&mut self, clause: &Clause, service: &mut Service) {
        let help = "write `secret env NAME` or `secret env NAME?`";
        let Some((ClauseArg::Expr(kind), names)) = clause.args.split_first() else {
            self.malformed(clause.span, "`secret` takes `env` and names", help);
            return;
        };
        if word(kind).is_none_or(|name| name.text != "env") {
            self.malformed(kind.span, "a secret reaches a step as `env`", help);
            return;
        }
        for arg in names {
            let (name, optional) = match arg {
                ClauseArg::Typed { name, optional, ty: None, default: None } => (name.clone(), *optional),
                ClauseArg::Expr(expr) if word(expr).is_some() => (word(expr).unwrap_or_default(), false),
                _ => {
                    if !has_hole(arg) {
                        self.malformed(clause.span, "a secret has neither type nor default", help);
                    }
                    continue;
                }
            };
            if self.variable(&name) {
                service.secret_env.push(SecretEnv { name: name.text, optional, span: name.span });
            }
        }
    }

    /// Whether a word is the name of an environment variable that a step does not set itself.
    fn variable(&mut self, name: &ast::Name) -> bool {
        if name.is_missing() {
            return false;
        }
        let good = name.text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.text.starts_with(|c: char| c.is_ascii_digit());
        let own = ["IN_", "OUT_", "FUSE_"].iter().any(|prefix| name.text.starts_with(prefix));
        if good && !own && name.text != "HOME" && name.text != "TMPDIR" {
            return true;
        }
        let text: &EcoString = &name.text;
        let diagnostic = Diagnostic::new(
            &codes::names::NAME_STYLE,
            name.span,
            format!("`{text}` cannot be a variable of a service"),
        )
        .help("a name has letters, digits and `_`; HOME, TMPDIR, IN_…, OUT_… and FUSE_… belong to the step");
        self.report(diagnostic);
        false
    }
}
