//! `[target.x.bind]` and `[target.x.params]`: what a target gives to tools, services and pipelines.

use ecow::EcoString;
use fuse_base::Span;
use indexmap::IndexMap;
use toml::de::DeValue;

use super::table::{Entry, Node, Reader, Table};
use super::{SecretRef, ServiceBinding, Setting, Spanned, ToolBinding, keys, words};

impl Reader<'_> {
    /// `[target.x.params.<pipeline>]`
    pub(super) fn params(
        &mut self,
        target: &Table<'_>,
    ) -> IndexMap<EcoString, IndexMap<EcoString, Spanned<Setting>>> {
        let mut all = IndexMap::new();
        let title = format!("{}.params]", target.title.trim_end_matches(']'));
        let Some(params) = self.optional_table(target, "params", title.clone()) else { return all };
        for pipeline in self.entries(&params) {
            let inner = format!("{}.{}]", title.trim_end_matches(']'), pipeline.key);
            let Some(table) = self.table(&pipeline, inner) else { continue };
            let settings = self.entries(&table).into_iter().filter_map(|entry| self.named_setting(&entry));
            all.insert(EcoString::from(pipeline.key), settings.collect());
        }
        all
    }

    /// `build = ["train<sklearn>"]`
    pub(super) fn instances(&mut self, package: &Table<'_>) -> Vec<Spanned<EcoString>> {
        let Some(entry) = self.entry(package, "build") else { return Vec::new() };
        let help = "write `build = [\"pipeline<argument>\"]`";
        let DeValue::Array(items) = entry.node.get_ref() else {
            self.wrong_type(entry.key, entry.node, "a list of strings", Some(help.to_owned()));
            return Vec::new();
        };
        let mut all: Vec<Spanned<EcoString>> = Vec::new();
        for node in items.iter() {
            let item = Entry { key: "build", key_span: entry.key_span, node };
            let Some(text) = self.text(&item) else { continue };
            if !words::is_instance(&text.value) {
                self.bad_value(text.span, format!("`{}` names no pipeline", text.value), help);
            } else if all.iter().any(|other| other.value == text.value) {
                self.bad_value(text.span, format!("`{}` stands twice in the list", text.value), "remove one");
            } else {
                all.push(text);
            }
        }
        all
    }

    /// `[target.x.use]`
    pub(super) fn choices(
        &mut self,
        target: &Table<'_>,
    ) -> (IndexMap<EcoString, Spanned<EcoString>>, Option<Span>) {
        let title = format!("{}.use]", target.title.trim_end_matches(']'));
        let Some(table) = self.optional_table(target, "use", title) else { return (IndexMap::new(), None) };
        let mut all = IndexMap::new();
        for entry in self.entries(&table) {
            if !words::is_snake_case(entry.key) {
                let message = format!("`{}` is nothing that a pipeline can ask a target for", entry.key);
                self.bad_value(
                    entry.key_span,
                    message,
                    "pipelines write `target.name`, in lower-case letters",
                );
                continue;
            }
            all.extend(self.text(&entry).map(|text| (EcoString::from(entry.key), text)));
        }
        (all, Some(table.at))
    }

    /// `[target.x.bind]`
    pub(super) fn bind(&mut self, target: &Table<'_>) -> (IndexMap<EcoString, ToolBinding>, Span) {
        let mut all = IndexMap::new();
        let title = format!("{}.bind]", target.title.trim_end_matches(']'));
        let Some(bind) = self.optional_table(target, "bind", title) else { return (all, target.at) };
        for entry in self.entries(&bind) {
            if !words::is_snake_case(entry.key) {
                let help = if entry.key.contains('.') {
                    format!("without quotes the dot separates tool and service: `{} = …`", entry.key)
                } else {
                    "a tool is named as it is imported: lower-case letters, digits and `_`".to_owned()
                };
                self.bad_value(entry.key_span, format!("`{}` is no name of a tool", entry.key), help);
                continue;
            }
            let Some(tool) = self.table(&entry, format!("the binding of `{}`", entry.key)) else { continue };
            all.insert(EcoString::from(entry.key), self.tool_binding(&tool));
        }
        (all, bind.at)
    }

    fn tool_binding(&mut self, tool: &Table<'_>) -> ToolBinding {
        let mut binding = ToolBinding { span: tool.at, ..ToolBinding::default() };
        for entry in self.entries(tool) {
            match entry.node.get_ref() {
                _ if entry.key == "version" => binding.version = self.installed_version(&entry),
                _ if entry.key == "domain" => binding.domain = self.text(&entry),
                DeValue::Table(_) if matches!(entry.key, "secret" | "rewrite") => {
                    let message = format!("`{}` belongs to a service, not to a tool", entry.key);
                    let help = format!("write `<tool>.<service> = {{ {} = … }}`", entry.key);
                    self.bad_value(entry.key_span, message, help);
                }
                DeValue::Table(entries) => {
                    let title = format!("the binding of service `{}`", entry.key);
                    let table = Table { entries, title, at: entry.key_span };
                    binding.services.insert(EcoString::from(entry.key), self.service_binding(&table));
                }
                DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_) => binding.options.extend(self.named_setting(&entry)),
            }
        }
        binding
    }

    fn installed_version(&mut self, entry: &Entry<'_>) -> Option<Spanned<EcoString>> {
        let version = self.text(entry)?;
        if words::is_version(&version.value) {
            return Some(version);
        }
        self.bad_value(
            version.span,
            format!("`{}` is no version", version.value),
            "write the installed version, such as `version = \"0.20\"`",
        );
        None
    }

    fn service_binding(&mut self, service: &Table<'_>) -> ServiceBinding {
        let mut binding = ServiceBinding { span: service.at, ..ServiceBinding::default() };
        for entry in self.entries(service) {
            match entry.key {
                "url" => binding.url = self.url(&entry),
                "secret" => {
                    binding.secret =
                        self.table(&entry, "a secret".to_owned()).and_then(|table| self.secret(&table));
                }
                "rewrite" => {
                    if let Some(table) = self.table(&entry, "`rewrite`".to_owned()) {
                        binding.rewrite = self.rewrite(&table);
                    }
                }
                _ => binding.values.extend(self.named_setting(&entry)),
            }
        }
        binding
    }

    /// A url of a service or an endpoint.
    pub(super) fn url(&mut self, entry: &Entry<'_>) -> Option<Spanned<EcoString>> {
        let url = self.text(entry)?;
        if words::is_url(&url.value) {
            return Some(url);
        }
        self.bad_value(
            url.span,
            format!("`{}` is no url of a service", url.value),
            "write scheme and host, such as `http://<service>.<namespace>:80`; credentials belong into a secret",
        );
        None
    }

    /// `secret = { name = "…", keys = ["…"] }`
    pub(super) fn secret(&mut self, secret: &Table<'_>) -> Option<SecretRef> {
        self.unknown_keys(secret, &keys::names(keys::SECRET));
        let name = self.required_text(secret, "name", "name = \"<secret>\"");
        let list = self.entry(secret, "keys");
        if list.is_none() {
            self.missing(secret, "keys", "keys = [\"<KEY>\"]");
        }
        let keys = self.secret_keys(&list?)?;
        let name = name?;
        if !words::is_dns_name(&name.value) {
            let help = "the name of a Secret has lower-case letters, digits, `-` and `.`";
            self.bad_value(name.span, format!("`{}` is no name of a Secret", name.value), help);
            return None;
        }
        Some(SecretRef { name: name.value, keys, span: secret.at })
    }

    fn secret_keys(&mut self, entry: &Entry<'_>) -> Option<Vec<Spanned<EcoString>>> {
        let DeValue::Array(items) = entry.node.get_ref() else {
            let help = "write `keys = [\"<KEY>\"]`".to_owned();
            self.wrong_type(entry.key, entry.node, "a list of strings", Some(help));
            return None;
        };
        let mut keys: Vec<Spanned<EcoString>> = Vec::new();
        for node in items.iter() {
            let item = Entry { key: "keys", key_span: entry.key_span, node };
            let DeValue::String(_) = node.get_ref() else {
                self.wrong_type("keys", node, "a list of strings", None);
                continue;
            };
            let Some(key) = self.text(&item) else { continue };
            if !words::is_secret_key(&key.value) {
                let help = "a key has letters, digits, `-`, `_` and `.`";
                self.bad_value(key.span, format!("`{}` is no key of a Secret", key.value), help);
            } else if keys.iter().any(|other| other.value == key.value) {
                self.bad_value(key.span, format!("`{}` stands twice in the list", key.value), "remove one");
            } else {
                keys.push(key);
            }
        }
        Some(keys)
    }

    fn rewrite(&mut self, table: &Table<'_>) -> Vec<(Spanned<EcoString>, Spanned<EcoString>)> {
        let mut pairs = Vec::new();
        for entry in self.entries(table) {
            let Some(to) = self.text(&entry) else { continue };
            let from = Spanned { value: EcoString::from(entry.key), span: entry.key_span };
            let wrong = [&from, &to].into_iter().find(|side| !words::is_uri(&side.value));
            if let Some(side) = wrong {
                let message = format!("`{}` is no beginning of a uri", side.value);
                let help = "write `rewrite = { \"<scheme>:/\" = \"s3://<bucket>/\" }`";
                self.bad_value(side.span, message, help);
                continue;
            }
            pairs.push((from, to));
        }
        pairs
    }

    /// A plain value with the name of its key.
    fn named_setting(&mut self, entry: &Entry<'_>) -> Option<(EcoString, Spanned<Setting>)> {
        Some((EcoString::from(entry.key), self.setting(entry.key, entry.node)?))
    }

    /// A plain value.
    fn setting(&mut self, key: &str, node: &Node<'_>) -> Option<Spanned<Setting>> {
        let span = self.span(node.span());
        let value = match node.get_ref() {
            DeValue::String(text) => Setting::String(EcoString::from(text.as_ref())),
            DeValue::Boolean(value) => Setting::Bool(*value),
            DeValue::Integer(number) => {
                let Ok(value) = i64::from_str_radix(number.as_str(), number.radix()) else {
                    self.bad_value(span, format!("{number} is out of range"), "64 bits hold it, with a sign");
                    return None;
                };
                Setting::Int(value)
            }
            DeValue::Float(number) => {
                let value = number.as_str().parse::<f64>().ok().filter(|value| value.is_finite());
                let Some(value) = value else {
                    self.bad_value(span, format!("{number} is no finite number"), "write a finite number");
                    return None;
                };
                Setting::Float(value)
            }
            DeValue::Datetime(_) => {
                let help = "put it in quotes".to_owned();
                self.wrong_type(key, node, "a string, a number, a list or a table", Some(help));
                return None;
            }
            DeValue::Array(items) => {
                Setting::List(items.iter().filter_map(|item| self.setting(key, item)).collect())
            }
            DeValue::Table(entries) => {
                let table = Table { entries, title: format!("`{key}`"), at: span };
                let fields = self.entries(&table).into_iter().filter_map(|entry| self.named_setting(&entry));
                Setting::Table(fields.collect())
            }
        };
        Some(Spanned { value, span })
    }
}
