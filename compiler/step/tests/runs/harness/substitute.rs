//! Tekton's textual substitution and kubelet's expansion of `$(NAME)`.

use std::collections::BTreeMap;

use super::manifest::Value;

/// What stands before the first dot of a reference that Tekton replaces.
const ROOTS: [&str; 10] = [
    "params",
    "tasks",
    "context",
    "results",
    "workspaces",
    "steps",
    "step",
    "finally",
    "credentials",
    "artifacts",
];

/// References with their texts. One pass replaces them: what a value brings along is not looked at again, unless by
/// a later pass.
#[derive(Clone, Debug, Default)]
pub struct Table {
    texts: BTreeMap<String, String>,
    lists: BTreeMap<String, Vec<String>>,
}

impl Table {
    /// A reference and its text, without `$(` and `)`.
    pub fn set(&mut self, reference: impl Into<String>, text: impl Into<String>) {
        self.texts.insert(reference.into(), text.into());
    }

    /// A reference to a whole array.
    pub fn list(&mut self, reference: impl Into<String>, items: &[String]) {
        self.lists.insert(reference.into(), items.to_vec());
    }

    /// The three ways to refer to a parameter.
    pub fn parameter(&mut self, name: &str, value: &Value) {
        for reference in
            [format!("params.{name}"), format!("params[\"{name}\"]"), format!("params['{name}']")]
        {
            match value {
                Value::Text(text) => self.set(reference, text),
                Value::List(items) => {
                    for (at, item) in items.iter().enumerate() {
                        self.set(format!("{reference}[{at}]"), item);
                    }
                    self.lists.insert(format!("{reference}[*]"), items.clone());
                }
            }
        }
    }

    /// A text with its references replaced.
    pub fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("$(") {
            let (before, found) = rest.split_at(at);
            out.push_str(before);
            let inner = found[2..].split_once(')').map(|(inner, _)| inner);
            match inner.and_then(|inner| Some((inner, self.texts.get(inner)?))) {
                Some((inner, replacement)) => {
                    out.push_str(replacement);
                    rest = &found[inner.len() + 3..];
                }
                None => {
                    out.push('$');
                    rest = &found[1..];
                }
            }
        }
        out + rest
    }

    /// An element of a list: a whole array takes its place with all its items.
    pub fn items(&self, text: &str) -> Vec<String> {
        let whole = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
        match whole.and_then(|reference| self.lists.get(reference)) {
            Some(items) => items.clone(),
            None => vec![self.text(text)],
        }
    }

    /// A parameter's value.
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::Text(text) => match text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')) {
                Some(reference) if self.lists.contains_key(reference) => {
                    Value::List(self.lists[reference].clone())
                }
                _ => Value::Text(self.text(text)),
            },
            Value::List(items) => Value::List(items.iter().flat_map(|item| self.items(item)).collect()),
        }
    }

    /// Whether a reference of a manifest will be replaced.
    pub fn knows(&self, reference: &str) -> bool {
        self.texts.contains_key(reference) || self.lists.contains_key(reference)
    }
}

/// The references of a text that Tekton replaces, or refuses where it does not know them.
pub fn references(text: &str) -> Vec<&str> {
    text.match_indices("$(")
        .filter_map(|(at, _)| text[at + 2..].split_once(')').map(|(inner, _)| inner))
        .filter(|inner| {
            let root = inner.split(['.', '[']).next().unwrap_or("");
            root.len() < inner.len() && ROOTS.contains(&root)
        })
        .collect()
}

/// The texts of a value.
pub fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Text(text) => vec![text],
        Value::List(items) => items.iter().map(String::as_str).collect(),
    }
}

/// `$(NAME)` of a variable that is set is its value, `$$` is `$`, and everything else stays: kubelet in `command`,
/// `args` and the values of `env`.
pub fn expand(text: &str, env: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            match env.get(name) {
                Some(value) => out.push_str(value),
                None => out.push_str(&format!("$({name})")),
            }
            rest = after;
        } else {
            out.push('$');
        }
    }
    out + rest
}
