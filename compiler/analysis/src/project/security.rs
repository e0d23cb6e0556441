//! `[target.x.security]` and `image-pull-secrets`: as whom pods run, and with which Secrets they get their images.

use ecow::EcoString;
use toml::de::DeValue;

use super::table::{Entry, Reader, Table};
use super::{Security, Spanned, keys, words};

/// The largest user or group: Kubernetes keeps 31 bits.
const MOST: i64 = 2_147_483_647;

impl Reader<'_> {
    /// `[target.x.security]`
    pub(super) fn security(&mut self, target: &Table<'_>) -> Security {
        const PROFILES: [(&str, &str); 2] =
            [("RuntimeDefault", "RuntimeDefault"), ("Unconfined", "Unconfined")];
        let title = format!("{}.security]", target.title.trim_end_matches(']'));
        let Some(table) = self.optional_table(target, "security", title) else { return Security::default() };
        self.unknown_keys(&table, &keys::names(keys::SECURITY));
        let mut group = |key: &str| {
            let entry = self.entry(&table, key)?;
            self.whole(&entry, 0..=MOST, &|number| format!("{number} is no number of a user or group"))
        };
        let (fs_group, run_as_user, run_as_group) =
            (group("fs-group"), group("run-as-user"), group("run-as-group"));
        let security = Security {
            span: table.at,
            fs_group,
            run_as_user,
            run_as_group,
            run_as_non_root: self.flag(&table, "run-as-non-root"),
            supplemental_groups: self.groups(&table),
            seccomp: self
                .entry(&table, "seccomp")
                .and_then(|entry| self.choice(&entry, &PROFILES))
                .map(EcoString::from),
            read_only_root_filesystem: self.flag(&table, "read-only-root-filesystem"),
            allow_privilege_escalation: self.flag(&table, "allow-privilege-escalation"),
            drop_capabilities: self.capabilities(&table),
        };
        if let (Some(0), Some(true), Some(entry)) =
            (security.run_as_user, security.run_as_non_root, self.entry(&table, "run-as-user"))
        {
            let span = self.span(entry.node.span());
            let help = "write another user, or remove `run-as-non-root`";
            self.bad_value(span, "user 0 is root, and `run-as-non-root` refuses it", help);
        }
        security
    }

    fn groups(&mut self, table: &Table<'_>) -> Vec<i64> {
        let Some(entry) = self.entry(table, "supplemental-groups") else { return Vec::new() };
        let DeValue::Array(items) = entry.node.get_ref() else {
            self.wrong_type(entry.key, entry.node, "a list of whole numbers", None);
            return Vec::new();
        };
        let wrong = |number: &str| format!("{number} is no number of a group");
        items
            .iter()
            .filter_map(|node| {
                let item = Entry { key: entry.key, key_span: entry.key_span, node };
                self.whole(&item, 0..=MOST, &wrong)
            })
            .collect()
    }

    fn capabilities(&mut self, table: &Table<'_>) -> Vec<EcoString> {
        let help = "write capitals without `CAP_`, such as `NET_RAW`, or `ALL`";
        let names = self.texts(table, "drop-capabilities", "a list of capabilities");
        let mut all = Vec::new();
        for name in names {
            if words::is_capability(&name.value) {
                all.push(name.value);
            } else {
                self.bad_value(name.span, format!("`{}` is no capability", name.value), help);
            }
        }
        all
    }

    /// `image-pull-secrets = ["…"]`
    pub(super) fn pull_secrets(&mut self, target: &Table<'_>) -> Vec<EcoString> {
        let names = self.texts(target, "image-pull-secrets", "a list of names of Secrets");
        names.into_iter().filter_map(|name| self.object_name(name, "a Secret")).collect()
    }

    /// The texts of a list.
    fn texts(&mut self, table: &Table<'_>, key: &str, wanted: &str) -> Vec<Spanned<EcoString>> {
        let Some(entry) = self.entry(table, key) else { return Vec::new() };
        let DeValue::Array(items) = entry.node.get_ref() else {
            self.wrong_type(entry.key, entry.node, wanted, Some(format!("write `{key} = [\"…\"]`")));
            return Vec::new();
        };
        let mut all: Vec<Spanned<EcoString>> = Vec::new();
        for node in items.iter() {
            let DeValue::String(text) = node.get_ref() else {
                self.wrong_type(entry.key, node, wanted, None);
                continue;
            };
            let text = Spanned { value: EcoString::from(text.as_ref()), span: self.span(node.span()) };
            if all.iter().any(|other| other.value == text.value) {
                self.bad_value(text.span, format!("`{}` stands twice in the list", text.value), "remove one");
            } else {
                all.push(text);
            }
        }
        all
    }
}
