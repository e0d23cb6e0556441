//! Reads `fuse.toml`: everything that is wrong in it in one run, each at its place.

use std::ops::RangeInclusive;

use ecow::EcoString;
use fuse_base::codes::{not_yet, package as codes};
use fuse_base::{Diagnostic, FileId, Span, did_you_mean};
use toml::de::{DeTable, DeValue};

use super::table::{Entry, Reader, Table};
use super::{ApiFields, Coschedule, ObjectStore, Project, Spanned, Store, Target, Tekton, keys, words};

/// Reads a `fuse.toml`. Gives a project where the package has a name; targets with mistakes are left out of it.
#[must_use]
pub fn read(file: FileId, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Project> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut found = Vec::new();
    let mut reader = Reader { file, diagnostics: &mut found, partial: !errors.is_empty() };
    let syntax: Vec<Diagnostic> = errors.iter().map(|error| syntax_error(&reader, text, error)).collect();
    let root =
        Table { entries: document.get_ref(), title: "fuse.toml".to_owned(), at: Span::new(file, 0, 0) };
    let project = reader.project(&root);
    // What a syntax error leaves behind on its line is no mistake of its own.
    let line = |span: Span| text.get(..span.start as usize).map_or(0, |head| head.matches('\n').count());
    found.retain(|one| !syntax.iter().any(|error| line(error.span) == line(one.span)));
    diagnostics.extend(syntax);
    diagnostics.append(&mut found);
    project
}

/// A mistake that the TOML parser found.
fn syntax_error(reader: &Reader<'_>, text: &str, error: &toml::de::Error) -> Diagnostic {
    let range = error.span().unwrap_or(0..0);
    let start = range.start.min(text.len());
    let mut words = error.message().lines();
    let message = words.next().unwrap_or("this is no TOML").to_owned();
    let help = words.next().map(str::to_owned);
    Diagnostic::new(&codes::TOML_SYNTAX, reader.span(start..range.end.clamp(start, text.len())), message)
        .help_opt(help)
}

impl Reader<'_> {
    fn project(&mut self, root: &Table<'_>) -> Option<Project> {
        self.unknown_keys(root, &keys::names(keys::ROOT));
        self.dependencies(root);
        let mlproject = self.mlflow(root);
        let (targets, bases) = self.targets(root);
        let Some(entry) = self.entry(root, "package") else {
            if !self.partial {
                let message = "fuse.toml has no `[package]`";
                let help = "add `[package]` with `name = \"<package>\"`";
                self.diagnostics.push(Diagnostic::new(&codes::MISSING_KEY, root.at, message).help(help));
            }
            return None;
        };
        let package = self.table(&entry, "[package]".to_owned())?;
        self.unknown_keys(&package, &keys::names(keys::PACKAGE));
        let build = self.instances(&package);
        let version = self.optional_text(&package, "version").and_then(|version| self.semver(version));
        let name = self.required_text(&package, "name", "name = \"<package>\"")?;
        let name = self.dns_label(name, "the name of a package")?;
        Some(Project { file: self.file, name, version, build, mlproject, targets, bases })
    }

    fn dependencies(&mut self, root: &Table<'_>) {
        let Some(entry) = self.entry(root, "dependencies") else { return };
        let message = "dependencies on other packages cannot be built yet";
        let help = "copy the modules that you need into this package and import them with `./`";
        self.diagnostics.push(Diagnostic::new(&not_yet::DEPENDENCIES, entry.key_span, message).help(help));
    }

    fn mlflow(&mut self, root: &Table<'_>) -> bool {
        let Some(table) = self.optional_table(root, "mlflow", "[mlflow]".to_owned()) else { return false };
        self.unknown_keys(&table, &keys::names(keys::BESIDE));
        self.optional_bool(&table, "project").unwrap_or(false)
    }

    fn semver(&mut self, version: Spanned<EcoString>) -> Option<Spanned<EcoString>> {
        if semver::Version::parse(&version.value).is_ok() {
            return Some(version);
        }
        let help = "write three numbers, such as `version = \"0.1.0\"`";
        self.bad_value(version.span, format!("`{}` is no version", version.value), help);
        None
    }

    /// A text that becomes part of object names.
    pub(super) fn dns_label(&mut self, text: Spanned<EcoString>, what: &str) -> Option<Spanned<EcoString>> {
        if words::is_dns_label(&text.value) {
            return Some(text);
        }
        let rule = "lower-case letters, digits and `-`, at most 63, a letter or digit at both ends";
        let help = words::as_dns_label(&text.value)
            .map_or_else(|| rule.to_owned(), |better| format!("{rule}: for example `{better}`"));
        self.bad_value(text.span, format!("`{}` cannot be {what}", text.value), help);
        None
    }

    fn targets(&mut self, root: &Table<'_>) -> (Vec<Target>, Vec<EcoString>) {
        let Some(all) = self.optional_table(root, "target", "[target]".to_owned()) else {
            return Default::default();
        };
        let mut named = Vec::new();
        for entry in self.entries(&all) {
            let DeValue::Table(entries) = entry.node.get_ref() else {
                let message =
                    format!("`{}` stands directly in `[target]`, which holds only targets", entry.key);
                let help = format!("a target has a name: write `[target.<name>]` above `{}`", entry.key);
                self.diagnostics
                    .push(Diagnostic::new(&codes::WRONG_KEY_TYPE, entry.key_span, message).help(help));
                continue;
            };
            let title = format!("[target.{}]", entry.key);
            named.push((entry.key, Table { entries, title, at: entry.key_span }));
        }
        self.extended(&named)
    }

    /// A target; what it inherits stands in its table already.
    pub(super) fn target(&mut self, name: &str, table: &Table<'_>) -> Option<Target> {
        let label = Spanned { value: EcoString::from(name), span: table.at };
        let label = self.dns_label(label, "the name of a target");
        self.unknown_keys(table, &keys::names(keys::TARGET));
        let namespace = self.required_text(table, "namespace", "namespace = \"<namespace>\"");
        let namespace = namespace.and_then(|text| self.dns_label(text, "a namespace"));
        let tekton = self.tekton(table);
        let store = self.store(table);
        let step_image = self.image(table);
        let install_on_run = self.install(table);
        let injected_containers = self.injected_containers(table);
        let params = self.params(table);
        let (choices, choices_span) = self.choices(table);
        let (bind, bind_span) = self.bind(table);
        let nodes = self.nodes(table);
        let security = self.security(table);
        let pull_secrets = self.pull_secrets(table);
        let domains = self.domains(table);
        label?;
        Some(Target {
            name: EcoString::from(name),
            span: table.at,
            namespace: namespace?,
            tekton: tekton?,
            store,
            step_image,
            install_on_run,
            injected_containers,
            params,
            choices,
            choices_span,
            bind,
            bind_span,
            nodes,
            security,
            pull_secrets,
            domains,
            extends: None,
        })
    }

    fn tekton(&mut self, target: &Table<'_>) -> Option<Tekton> {
        let Some(entry) = self.entry(target, "tekton") else {
            self.missing(target, "tekton", "tekton = { version = \"1.15\" }");
            return None;
        };
        let table = self.table(&entry, "`tekton`".to_owned())?;
        self.unknown_keys(&table, &keys::names(keys::TEKTON));
        let api_fields = self.api_fields(&table);
        let coschedule = self.coschedule(&table);
        let version = self.required_text(&table, "version", "version = \"1.15\"")?;
        let Some(numbers) = words::major_minor(&version.value) else {
            let help = "write major and minor, such as `version = \"1.15\"`";
            self.bad_value(version.span, format!("`{}` is no version of Tekton", version.value), help);
            return None;
        };
        Some(Tekton { version: numbers, api_fields: api_fields?, coschedule: coschedule? })
    }

    fn api_fields(&mut self, tekton: &Table<'_>) -> Option<ApiFields> {
        const LEVELS: [(&str, ApiFields); 3] =
            [("stable", ApiFields::Stable), ("beta", ApiFields::Beta), ("alpha", ApiFields::Alpha)];
        let Some(entry) = self.entry(tekton, "api-fields") else { return Some(ApiFields::Beta) };
        self.choice(&entry, &LEVELS)
    }

    fn coschedule(&mut self, tekton: &Table<'_>) -> Option<Coschedule> {
        const CHOICES: [(&str, Coschedule); 4] = [
            ("workspaces", Coschedule::Workspaces),
            ("pipelineruns", Coschedule::Runs),
            ("isolate-pipelinerun", Coschedule::Runs),
            ("disabled", Coschedule::Disabled),
        ];
        let Some(entry) = self.entry(tekton, "coschedule") else { return Some(Coschedule::Workspaces) };
        self.choice(&entry, &CHOICES)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, entry: &Entry<'_>, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(entry)?;
        let found = choices.iter().find(|(word, _)| *word == text.value);
        if found.is_none() {
            let message = format!("`{}` has no choice `{}`", entry.key, text.value);
            let help = did_you_mean(&text.value, choices.iter().map(|(word, _)| *word)).unwrap_or_default();
            self.bad_value(text.span, message, help);
        }
        found.map(|(_, value)| *value)
    }

    fn store(&mut self, target: &Table<'_>) -> Option<Spanned<Store>> {
        const KINDS: [(&str, Option<ObjectStore>); 4] = [
            ("pvc", None),
            ("s3", Some(ObjectStore::S3)),
            ("gcs", Some(ObjectStore::Gcs)),
            ("azure", Some(ObjectStore::Azure)),
        ];
        let table = self.optional_table(target, "store", "`store`".to_owned())?;
        let Some(kind) = self.entry(&table, "kind") else {
            self.missing(&table, "kind", "kind = \"pvc\"");
            return None;
        };
        let store = match self.choice(&kind, &KINDS)? {
            None => self.claim_store(&table),
            Some(kind) => self.object_store(&table, kind),
        }?;
        Some(Spanned { value: store, span: table.at })
    }

    fn claim_store(&mut self, table: &Table<'_>) -> Option<Store> {
        self.unknown_keys(table, &keys::names(keys::CLAIM));
        let claim =
            self.optional_text(table, "claim").and_then(|text| self.object_name(text, "a volume claim"));
        let class =
            self.optional_text(table, "class").and_then(|text| self.object_name(text, "a storage class"));
        if claim.is_some() {
            for key in ["size", "class"] {
                if let Some(entry) = self.entry(table, key) {
                    let message =
                        format!("`{key}` says how a claim is made, but `claim` names one that exists");
                    self.bad_value(entry.key_span, message, format!("remove `{key}` or `claim`"));
                }
            }
            return Some(Store::Pvc { size: EcoString::new(), class: None, claim });
        }
        let size = self.required_text(table, "size", "size = \"10Gi\"")?;
        if !words::is_memory_quantity(&size.value) {
            let message = format!("`{}` is no amount of bytes", size.value);
            self.bad_value(size.span, message, "write a number and a unit, such as `10Gi`");
            return None;
        }
        Some(Store::Pvc { size: size.value, class, claim })
    }

    fn object_store(&mut self, table: &Table<'_>, kind: ObjectStore) -> Option<Store> {
        self.unknown_keys(table, &keys::names(keys::BUCKET));
        let endpoint = self.entry(table, "endpoint").and_then(|entry| self.url(&entry)).map(|url| url.value);
        let region = self.optional_text(table, "region").map(|text| text.value);
        let prefix = self.optional_text(table, "prefix").and_then(|text| self.prefix(text));
        let path_style = self.flag(table, "path-style");
        let ca = self.optional_text(table, "ca").and_then(|text| self.certificates(text));
        let secret = self.optional_table(table, "secret", "a secret".to_owned());
        let secret = secret.and_then(|secret| self.secret(&secret));
        let bucket = self.required_text(table, "bucket", "bucket = \"<bucket>\"")?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if bucket.value.is_empty() || !bucket.value.bytes().all(fits) {
            let help = "the name alone, without scheme and folder: those are `kind` and `prefix`";
            self.bad_value(bucket.span, format!("`{}` is no name of a bucket", bucket.value), help);
            return None;
        }
        Some(Store::Object { kind, bucket: bucket.value, prefix, endpoint, region, path_style, ca, secret })
    }

    pub(super) fn flag(&mut self, table: &Table<'_>, key: &str) -> Option<bool> {
        let entry = self.entry(table, key)?;
        if let DeValue::Boolean(value) = entry.node.get_ref() {
            return Some(*value);
        }
        self.wrong_type(entry.key, entry.node, "`true` or `false`", None);
        None
    }

    /// Certificates are no secret: they stand in the manifests.
    fn certificates(&mut self, text: Spanned<EcoString>) -> Option<EcoString> {
        if text.value.contains("-----BEGIN CERTIFICATE-----") && !text.value.contains("PRIVATE KEY") {
            return Some(text.value);
        }
        let help = "write the certificates as PEM: `ca = \"\"\"-----BEGIN CERTIFICATE----- …\"\"\"`";
        self.bad_value(text.span, "`ca` holds no certificate".to_owned(), help);
        None
    }

    fn prefix(&mut self, text: Spanned<EcoString>) -> Option<EcoString> {
        let trimmed = text.value.trim_matches('/');
        let fits = |part: &str| {
            !matches!(part, "" | "." | "..")
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'='))
        };
        if trimmed.split('/').all(fits) {
            return Some(EcoString::from(trimmed));
        }
        let help = "names of letters, digits, `-`, `_`, `.` and `=` with `/` between, such as `fuse/runs`";
        self.bad_value(text.span, format!("`{}` is no folder in a bucket", text.value), help);
        None
    }

    pub(super) fn object_name(&mut self, text: Spanned<EcoString>, what: &str) -> Option<EcoString> {
        if words::is_dns_name(&text.value) {
            return Some(text.value);
        }
        let help = "lower-case letters, digits, `-` and `.`, a letter or digit at both ends";
        self.bad_value(text.span, format!("`{}` is no name of {what}", text.value), help);
        None
    }

    fn image(&mut self, target: &Table<'_>) -> Option<Spanned<EcoString>> {
        let image = self.optional_text(target, "step-image")?;
        if words::is_image(&image.value) {
            return Some(image);
        }
        let help = "write registry, name and tag or digest: `registry.example/fuse/fuse-step:0.1.0`";
        self.bad_value(image.span, format!("`{}` is no container image", image.value), help);
        None
    }

    fn install(&mut self, target: &Table<'_>) -> bool {
        let Some(entry) = self.entry(target, "install") else { return true };
        self.choice(&entry, &[("run", true), ("image", false)]).unwrap_or(true)
    }

    fn injected_containers(&mut self, target: &Table<'_>) -> u32 {
        const MOST: i64 = 16;
        let Some(entry) = self.entry(target, "injected-containers") else { return 0 };
        let wrong = |number: &str| format!("{number} containers cannot be injected into a pod");
        self.whole(&entry, 0..=MOST, &wrong).and_then(|value| u32::try_from(value).ok()).unwrap_or(0)
    }

    /// A whole number in a range.
    pub(super) fn whole(
        &mut self,
        entry: &Entry<'_>,
        range: RangeInclusive<i64>,
        wrong: &dyn Fn(&str) -> String,
    ) -> Option<i64> {
        let DeValue::Integer(number) = entry.node.get_ref() else {
            self.wrong_type(entry.key, entry.node, "a whole number", None);
            return None;
        };
        let value = i64::from_str_radix(number.as_str(), number.radix()).ok();
        let value = value.filter(|value| range.contains(value));
        if value.is_none() {
            let span = self.span(entry.node.span());
            let help = format!("a number from {} to {}", range.start(), range.end());
            self.bad_value(span, wrong(&number.to_string()), help);
        }
        value
    }
}
