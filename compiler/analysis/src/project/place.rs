//! `[target.x.node.<class>]` and `[target.x.domain.<name>]`: where pods run, and where objects go.

use ecow::EcoString;
use indexmap::IndexMap;
use toml::de::DeValue;

use super::table::{Entry, Reader, Table};
use super::{Credentials, Domain, NodeClass, Spanned, Toleration, keys, words};

/// The longest time that a toleration may name: ten years.
const MOST_SECONDS: i64 = 315_360_000;

impl Reader<'_> {
    /// `[target.x.node]`
    pub(super) fn nodes(&mut self, target: &Table<'_>) -> IndexMap<EcoString, NodeClass> {
        let mut all = IndexMap::new();
        for (name, table) in self.named_tables(target, "node", "a node class") {
            all.insert(name, self.node_class(&table));
        }
        all
    }

    /// The tables below a key of a target, each with a name that may stand in a program.
    fn named_tables<'t>(&mut self, target: &Table<'t>, key: &str, what: &str) -> Vec<(EcoString, Table<'t>)> {
        let title = format!("{}.{key}]", target.title.trim_end_matches(']'));
        let Some(table) = self.optional_table(target, key, title.clone()) else { return Vec::new() };
        let mut all = Vec::new();
        for entry in self.entries(&table) {
            let title = format!("{}.{}]", title.trim_end_matches(']'), entry.key);
            let inner = self.table(&entry, title);
            if words::is_snake_case(entry.key) {
                all.extend(inner.map(|inner| (EcoString::from(entry.key), inner)));
                continue;
            }
            let message = format!("`{}` cannot be the name of {what}", entry.key);
            self.bad_value(entry.key_span, message, "lower-case letters, digits and `_`, a letter first");
        }
        all
    }

    fn node_class(&mut self, table: &Table<'_>) -> NodeClass {
        self.unknown_keys(table, &keys::names(keys::NODE));
        let mut class = NodeClass { span: table.at, ..NodeClass::default() };
        if let Some(selector) = self.optional_table(table, "selector", "`selector`".to_owned()) {
            for entry in self.entries(&selector) {
                class.selector.extend(self.node_label(&entry));
            }
        }
        if let Some(entry) = self.entry(table, "tolerations") {
            class.tolerations = self.tolerations(&entry);
        }
        class.resource = self.optional_text(table, "resource").and_then(|text| self.device(text));
        class.runtime_class = self
            .optional_text(table, "runtime-class")
            .and_then(|text| self.object_name(text, "a runtime class"));
        class.priority_class = self
            .optional_text(table, "priority-class")
            .and_then(|text| self.object_name(text, "a priority class"));
        class
    }

    fn node_label(&mut self, entry: &Entry<'_>) -> Option<(EcoString, EcoString)> {
        if let DeValue::Table(_) = entry.node.get_ref() {
            let help = format!("a key with dots stands in quotes: `\"{}.….…\" = \"…\"`", entry.key);
            self.wrong_type(entry.key, entry.node, "a string", Some(help));
            return None;
        }
        let value = self.text(entry)?;
        if !words::is_label_key(entry.key) {
            let help = "letters, digits, `-`, `_` and `.`, and a domain with `/` before them if need be";
            self.bad_value(entry.key_span, format!("`{}` is no label of a node", entry.key), help);
            return None;
        }
        if !words::is_label_value(&value.value) {
            let help = "at most 63 letters, digits, `-`, `_` and `.`, a letter or digit at both ends";
            self.bad_value(value.span, format!("`{}` is no value of a label", value.value), help);
            return None;
        }
        Some((EcoString::from(entry.key), value.value))
    }

    /// What a device plugin offers; processors and memory have settings of their own.
    fn device(&mut self, text: Spanned<EcoString>) -> Option<Spanned<EcoString>> {
        if words::is_label_key(&text.value) && text.value.contains('/') {
            return Some(text);
        }
        let help = "write the name under which the cluster offers the device: a domain, `/` and a word; \
                    processors and memory are settings of a step";
        self.bad_value(text.span, format!("`{}` is no resource of a device", text.value), help);
        None
    }

    fn tolerations(&mut self, entry: &Entry<'_>) -> Vec<Toleration> {
        let DeValue::Array(items) = entry.node.get_ref() else {
            let help = "write `tolerations = [{ key = \"…\", effect = \"NoSchedule\" }]`".to_owned();
            self.wrong_type(entry.key, entry.node, "a list of tables", Some(help));
            return Vec::new();
        };
        let mut all = Vec::new();
        for node in items.iter() {
            let DeValue::Table(entries) = node.get_ref() else {
                self.wrong_type(entry.key, node, "a list of tables", None);
                continue;
            };
            let span = self.span(node.span());
            let table = Table { entries, title: "a toleration".to_owned(), at: span };
            all.extend(self.toleration(&table));
        }
        all
    }

    fn toleration(&mut self, table: &Table<'_>) -> Option<Toleration> {
        const EFFECTS: [(&str, &str); 3] = [
            ("NoSchedule", "NoSchedule"),
            ("PreferNoSchedule", "PreferNoSchedule"),
            ("NoExecute", "NoExecute"),
        ];
        const OPERATORS: [(&str, bool); 2] = [("Exists", false), ("Equal", true)];
        self.unknown_keys(table, &keys::names(keys::TOLERATION));
        let key = self.optional_text(table, "key");
        let value = self.optional_text(table, "value");
        let effect = self.entry(table, "effect").map(|entry| self.choice(&entry, &EFFECTS));
        let operator = self.entry(table, "operator").map(|entry| (self.choice(&entry, &OPERATORS), entry));
        let seconds = self.entry(table, "seconds").map(|entry| {
            let wrong = |number: &str| format!("{number} is no time in seconds");
            (self.whole(&entry, 0..=MOST_SECONDS, &wrong), entry.key_span)
        });
        if let Some(key) = key.as_ref().filter(|key| !words::is_label_key(&key.value)) {
            let help = "write the key of the taint, without its value and effect";
            self.bad_value(key.span, format!("`{}` is no key of a taint", key.value), help);
            return None;
        }
        if let Some(value) = value.as_ref().filter(|value| !words::is_label_value(&value.value)) {
            let help = "at most 63 letters, digits, `-`, `_` and `.`, a letter or digit at both ends";
            self.bad_value(value.span, format!("`{}` is no value of a taint", value.value), help);
            return None;
        }
        if let Some(value) = value.as_ref().filter(|_| key.is_none()) {
            self.bad_value(value.span, "a value without the `key` that has it", "add `key = \"…\"`");
            return None;
        }
        if let Some((Some(equal), entry)) = &operator
            && *equal != value.is_some()
        {
            let (message, help) = if *equal {
                (
                    "`Equal` compares with a `value`, and there is none",
                    "add `value = \"…\"`, or write `Exists`",
                )
            } else {
                ("`Exists` looks at no `value`", "remove `value`, or write `Equal`")
            };
            let span = self.span(entry.node.span());
            self.bad_value(span, message, help);
            return None;
        }
        if let Some((_, span)) = seconds.filter(|_| effect != Some(Some("NoExecute"))) {
            let help = "write `effect = \"NoExecute\"`, or remove `seconds`";
            self.bad_value(span, "only what is evicted is tolerated for a while", help);
            return None;
        }
        Some(Toleration {
            key: key.map(|key| key.value),
            value: value.map(|value| value.value),
            effect: effect.flatten().map(EcoString::from),
            seconds: seconds.and_then(|(seconds, _)| seconds),
        })
    }

    /// `[target.x.domain]`
    pub(super) fn domains(&mut self, target: &Table<'_>) -> IndexMap<EcoString, Domain> {
        let mut all = IndexMap::new();
        for (name, table) in self.named_tables(target, "domain", "a domain") {
            all.extend(self.domain(&table).map(|domain| (name, domain)));
        }
        all
    }

    fn domain(&mut self, table: &Table<'_>) -> Option<Domain> {
        self.unknown_keys(table, &keys::names(keys::DOMAIN));
        let namespace = self.required_text(table, "namespace", "namespace = \"<namespace>\"");
        let namespace = namespace.and_then(|text| self.dns_label(text, "a namespace"));
        let credentials = match self.entry(table, "credentials") {
            Some(entry) => {
                let table = self.table(&entry, "`credentials`".to_owned())?;
                Some(self.credentials(&table)?)
            }
            None => None,
        };
        Some(Domain { span: table.at, namespace: namespace?.value, credentials })
    }

    fn credentials(&mut self, table: &Table<'_>) -> Option<Credentials> {
        self.unknown_keys(table, &keys::names(keys::CREDENTIALS));
        let secret = self.required_text(table, "secret", "secret = \"<secret>\"");
        let secret = secret.and_then(|text| self.object_name(text, "a Secret"));
        let key = self.required_text(table, "key", "key = \"kubeconfig\"")?;
        if !words::is_secret_key(&key.value) {
            let help = "a key has letters, digits, `-`, `_` and `.`";
            self.bad_value(key.span, format!("`{}` is no key of a Secret", key.value), help);
            return None;
        }
        Some(Credentials { secret: secret?, key: key.value })
    }
}
