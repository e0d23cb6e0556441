//! Reads `fuse.toml`: everything that is wrong in it in one run, each at its place.

use ecow::EcoString;
use fuse_base::codes::{not_yet, package as codes};
use fuse_base::{Diagnostic, FileId, Span, did_you_mean};
use toml::de::{DeTable, DeValue};

use super::table::{Entry, Reader, Table};
use super::{ApiFields, ObjectStore, Project, Spanned, Store, Target, Tekton, words};

/// The keys of `[target.x]`.
const TARGET_KEYS: [&str; 9] =
    ["namespace", "tekton", "store", "step-image", "install", "injected-containers", "params", "use", "bind"];

/// Tables of a target that this compiler does not read yet.
const TARGET_NOT_YET: [&str; 4] = ["node", "security", "domain", "ca"];

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
        self.unknown_keys(root, &["package", "target", "mlflow", "dependencies"]);
        self.dependencies(root);
        let mlproject = self.mlflow(root);
        let targets = self.targets(root);
        let Some(entry) = self.entry(root, "package") else {
            if !self.partial {
                let message = "fuse.toml has no `[package]`";
                let help = "add `[package]` with `name = \"<package>\"`";
                self.diagnostics.push(Diagnostic::new(&codes::MISSING_KEY, root.at, message).help(help));
            }
            return None;
        };
        let package = self.table(&entry, "[package]".to_owned())?;
        self.unknown_keys(&package, &["name", "version", "build"]);
        let build = self.instances(&package);
        let version = self.optional_text(&package, "version").and_then(|version| self.semver(version));
        let name = self.required_text(&package, "name", "name = \"<package>\"")?;
        let name = self.dns_label(name, "the name of a package")?;
        Some(Project { file: self.file, name, version, build, mlproject, targets })
    }

    fn dependencies(&mut self, root: &Table<'_>) {
        let Some(entry) = self.entry(root, "dependencies") else { return };
        let message = "dependencies on other packages cannot be built yet";
        let help = "copy the modules that you need into this package and import them with `./`";
        self.diagnostics.push(Diagnostic::new(&not_yet::DEPENDENCIES, entry.key_span, message).help(help));
    }

    fn mlflow(&mut self, root: &Table<'_>) -> bool {
        let Some(table) = self.optional_table(root, "mlflow", "[mlflow]".to_owned()) else { return false };
        self.unknown_keys(&table, &["project"]);
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
    fn dns_label(&mut self, text: Spanned<EcoString>, what: &str) -> Option<Spanned<EcoString>> {
        if words::is_dns_label(&text.value) {
            return Some(text);
        }
        let rule = "lower-case letters, digits and `-`, at most 63, a letter or digit at both ends";
        let help = words::as_dns_label(&text.value)
            .map_or_else(|| rule.to_owned(), |better| format!("{rule}: for example `{better}`"));
        self.bad_value(text.span, format!("`{}` cannot be {what}", text.value), help);
        None
    }

    fn targets(&mut self, root: &Table<'_>) -> Vec<Target> {
        let Some(all) = self.optional_table(root, "target", "[target]".to_owned()) else { return Vec::new() };
        let mut targets = Vec::new();
        for entry in self.entries(&all) {
            let DeValue::Table(entries) = entry.node.get_ref() else {
                let message =
                    format!("`{}` stands directly in `[target]`, which holds only targets", entry.key);
                let help = format!("a target has a name: write `[target.<name>]` above `{}`", entry.key);
                self.diagnostics
                    .push(Diagnostic::new(&codes::WRONG_KEY_TYPE, entry.key_span, message).help(help));
                continue;
            };
            let name = Spanned { value: EcoString::from(entry.key), span: entry.key_span };
            let named = self.dns_label(name, "the name of a target");
            let title = format!("[target.{}]", entry.key);
            let table = Table { entries, title, at: entry.key_span };
            if let (Some(target), Some(_)) = (self.target(entry.key, &table), named) {
                targets.push(target);
            }
        }
        targets
    }

    fn target(&mut self, name: &str, table: &Table<'_>) -> Option<Target> {
        for entry in self.entries(table) {
            if TARGET_NOT_YET.contains(&entry.key) {
                let message = format!("`{}` in {} cannot be built yet", entry.key, table.title);
                self.diagnostics.push(
                    Diagnostic::new(&not_yet::TARGET_SETTING, entry.key_span, message).help("remove it"),
                );
            } else if !TARGET_KEYS.contains(&entry.key) {
                self.unknown_key(table, &entry, &TARGET_KEYS);
            }
        }
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
        })
    }

    fn tekton(&mut self, target: &Table<'_>) -> Option<Tekton> {
        let Some(entry) = self.entry(target, "tekton") else {
            self.missing(target, "tekton", "tekton = { version = \"1.15\" }");
            return None;
        };
        let table = self.table(&entry, "`tekton`".to_owned())?;
        self.unknown_keys(&table, &["version", "api-fields"]);
        let api_fields = self.api_fields(&table);
        let version = self.required_text(&table, "version", "version = \"1.15\"")?;
        let Some(numbers) = words::major_minor(&version.value) else {
            let help = "write major and minor, such as `version = \"1.15\"`";
            self.bad_value(version.span, format!("`{}` is no version of Tekton", version.value), help);
            return None;
        };
        Some(Tekton { version: numbers, api_fields: api_fields? })
    }

    fn api_fields(&mut self, tekton: &Table<'_>) -> Option<ApiFields> {
        const LEVELS: [(&str, ApiFields); 3] =
            [("stable", ApiFields::Stable), ("beta", ApiFields::Beta), ("alpha", ApiFields::Alpha)];
        let Some(entry) = self.entry(tekton, "api-fields") else { return Some(ApiFields::Beta) };
        self.choice(&entry, &LEVELS)
    }

    /// One of a few words.
    fn choice<T: Copy>(&mut self, entry: &Entry<'_>, choices: &[(&str, T)]) -> Option<T> {
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
        self.unknown_keys(table, &["kind", "size", "class", "claim"]);
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
        const KEYS: [&str; 8] =
            ["kind", "bucket", "prefix", "endpoint", "region", "secret", "path-style", "ca"];
        self.unknown_keys(table, &KEYS);
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

    fn flag(&mut self, table: &Table<'_>, key: &str) -> Option<bool> {
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

    fn object_name(&mut self, text: Spanned<EcoString>, what: &str) -> Option<EcoString> {
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
        const MOST: u32 = 16;
        let Some(entry) = self.entry(target, "injected-containers") else { return 0 };
        let DeValue::Integer(number) = entry.node.get_ref() else {
            self.wrong_type(entry.key, entry.node, "a whole number", None);
            return 0;
        };
        let value = u32::from_str_radix(number.as_str(), number.radix()).ok().filter(|value| *value <= MOST);
        if value.is_none() {
            let message = format!("{number} containers cannot be injected into a pod");
            let span = self.span(entry.node.span());
            self.bad_value(span, message, format!("a number from 0 to {MOST}"));
        }
        value.unwrap_or(0)
    }
}
