//! The JSON schema of `fuse.toml`, from the table of its keys.

use serde_json::{Map, Value as Json, json};

use super::keys;

/// A key of a table.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) doc: &'static str,
    pub(super) required: bool,
}

/// What stands behind a key.
pub(super) enum Shape {
    Text(Text),
    Bool,
    /// A whole number from the first to the second.
    Whole(i64, i64),
    Choice(&'static [&'static str]),
    List(&'static Shape),
    Table(&'static [Key]),
    /// Tables by a name that the user chooses.
    Named(&'static Shape),
    /// A table of one of several forms, told apart by `kind`.
    Kinds(&'static [(&'static [&'static str], &'static [Key])]),
    /// The `kind` of such a table.
    Kind,
    /// Plain values by names that a program chooses.
    Settings,
    /// A tool's binding: options and services beside keys of its own.
    Tool,
    /// Beginnings of uris.
    Rewrite,
    /// Labels of nodes.
    Labels,
    /// All targets.
    Targets,
    /// What no table says yet.
    Any,
}

/// What a text must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    Any,
    Label,
    Name,
    Word,
    Semver,
    MajorMinor,
    Version,
    Bytes,
    Bucket,
    Image,
    Url,
    SecretKey,
    LabelKey,
    LabelValue,
    Instance,
    Device,
    Capability,
}

const LABEL: &str = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const QUALIFIED: &str = "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?";
const URI: &str = r"^[A-Za-z][A-Za-z0-9+.-]*:/[^\s$\u0000-\u001F\u007F-\u009F]*$";

impl Text {
    /// As a regular expression; the reader's own functions in `words` say the same.
    fn pattern(self) -> Option<String> {
        let name = format!(r"{LABEL}(\.{LABEL})*");
        // No domain is longer, with or without a word behind it.
        let short = r"(?![^/]{254})";
        Some(match self {
            Self::Any => return None,
            Self::Label => format!("^{LABEL}$"),
            Self::Name => format!("^{short}{name}$"),
            Self::Word => "^[a-z][a-z0-9]*(_[a-z0-9]+)*$".to_owned(),
            Self::Semver => r"^[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$".to_owned(),
            Self::MajorMinor => r"^v?[0-9]+\.[0-9]+(\.[0-9][0-9A-Za-z.+-]*)?$".to_owned(),
            Self::Version => r"^v?[0-9]+(\.[0-9]+(\.[0-9][0-9A-Za-z.+-]*)?)?$".to_owned(),
            Self::Bytes => {
                r"^(?=[0-9.]*[1-9])[0-9]{1,18}(\.[0-9]{1,18})?(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E)?$".to_owned()
            }
            Self::Bucket => "^[A-Za-z0-9._-]+$".to_owned(),
            Self::Image => r"^(?!.*://)[A-Za-z0-9][^\s$\u0000-\u001F\u007F-\u009F]*$".to_owned(),
            Self::Url => {
                r"^https?://[^/?#:@\s$\u0000-\u001F\u007F-\u009F][^/?#@\s$\u0000-\u001F\u007F-\u009F]*([/?#][^\s$\u0000-\u001F\u007F-\u009F]*)?$".to_owned()
            }
            Self::SecretKey => r"^(?!\.{1,2}$)[A-Za-z0-9._-]{1,253}$".to_owned(),
            Self::LabelKey => format!("^{short}({name}/)?{QUALIFIED}$"),
            Self::LabelValue => format!("^({QUALIFIED})?$"),
            Self::Instance => {
                let word = r"\s*[A-Za-z0-9_.]+\s*";
                format!(r"^\s*[a-z][a-z0-9]*(_[a-z0-9]+)*\s*(<{word}(,{word})*>\s*)?$")
            }
            Self::Device => format!("^{short}{name}/{QUALIFIED}$"),
            Self::Capability => "^[A-Z][A-Z0-9_]*$".to_owned(),
        })
    }
}

/// The schema, for editors. It refuses what can be refused without a program; the compiler says the rest.
#[must_use]
pub fn schema() -> Json {
    let mut all = table(keys::ROOT, true);
    let mut map = Map::new();
    map.insert("$schema".into(), "http://json-schema.org/draft-07/schema#".into());
    map.insert("title".into(), "fuse.toml: a package of Fuse and its targets".into());
    if let Json::Object(rest) = &mut all {
        map.append(rest);
    }
    let definitions = json!({
        "target": target(true),
        "part": target(false),
        "setting": setting(),
        "tool": tool(true),
        "tool-part": tool(false),
    });
    map.insert("definitions".into(), definitions);
    Json::Object(map)
}

/// `whole`: the table must have all that it needs; else it may have the rest from another target.
fn table(keys: &[Key], whole: bool) -> Json {
    let properties: Map<String, Json> = keys
        .iter()
        .map(|key| {
            let mut schema = shape(&key.shape, whole);
            if let Json::Object(fields) = &mut schema {
                fields.shift_insert(0, "description".into(), key.doc.into());
            }
            (key.name.to_owned(), schema)
        })
        .collect();
    let needed: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut all = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if let (Json::Object(fields), true) = (&mut all, whole && !needed.is_empty()) {
        fields.insert("required".into(), needed.into());
    }
    all
}

fn shape(shape: &Shape, whole: bool) -> Json {
    match shape {
        Shape::Text(text) => text_schema(*text),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Whole(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Shape::Choice(words) => json!({ "enum": words }),
        Shape::List(item) => {
            json!({ "type": "array", "items": self::shape(item, true), "uniqueItems": true })
        }
        Shape::Table(keys) => table(keys, whole),
        Shape::Named(item) => json!({ "type": "object", "additionalProperties": self::shape(item, whole),
            "propertyNames": text_schema(Text::Word) }),
        Shape::Kinds(kinds) => json!({ "anyOf": forms(kinds, whole) }),
        Shape::Kind => json!({ "type": "string" }),
        Shape::Settings => {
            json!({ "type": "object", "additionalProperties": { "$ref": "#/definitions/setting" } })
        }
        Shape::Tool => {
            json!({ "$ref": if whole { "#/definitions/tool" } else { "#/definitions/tool-part" } })
        }
        Shape::Rewrite => json!({
            "type": "object",
            "propertyNames": { "pattern": URI },
            "additionalProperties": { "type": "string", "pattern": URI },
        }),
        Shape::Labels => json!({
            "type": "object",
            "propertyNames": text_schema(Text::LabelKey),
            "additionalProperties": text_schema(Text::LabelValue),
        }),
        Shape::Targets => json!({
            "type": "object",
            "propertyNames": text_schema(Text::Label),
            "additionalProperties": {
                "if": { "anyOf": [
                    { "required": ["extends"] },
                    { "required": ["abstract"], "properties": { "abstract": { "const": true } } },
                ] },
                "then": { "$ref": "#/definitions/part" },
                "else": { "$ref": "#/definitions/target" },
            },
        }),
        Shape::Any => json!({}),
    }
}

fn text_schema(text: Text) -> Json {
    match text.pattern() {
        Some(pattern) => json!({ "type": "string", "pattern": pattern }),
        None => json!({ "type": "string" }),
    }
}

/// One form for each kind; a part that names no kind has the keys of any.
fn forms(kinds: &[(&[&str], &[Key])], whole: bool) -> Vec<Json> {
    let mut all: Vec<Json> = Vec::new();
    for (words, keys) in kinds {
        let mut form = table(keys, whole);
        if let Some(kind) = form.pointer_mut("/properties/kind") {
            *kind = json!({ "enum": words });
        }
        all.push(form);
    }
    all
}

fn target(whole: bool) -> Json {
    table(keys::TARGET, whole)
}

/// A plain value of any type.
fn setting() -> Json {
    let own = json!({ "$ref": "#/definitions/setting" });
    json!({ "anyOf": [
        { "type": ["string", "number", "boolean"] },
        { "type": "array", "items": own },
        { "type": "object", "additionalProperties": own },
    ] })
}

/// Options are plain values without tables, services are tables; `secret` and `rewrite` belong to a service.
fn tool(whole: bool) -> Json {
    let mut own = table(keys::TOOL, whole);
    let mut service = table(keys::SERVICE, whole);
    if let Json::Object(fields) = &mut service {
        fields.insert("additionalProperties".into(), json!({ "$ref": "#/definitions/setting" }));
    }
    if let Json::Object(fields) = &mut own {
        let option = json!({ "anyOf": [
            { "type": ["string", "number", "boolean"] },
            { "type": "array", "items": { "$ref": "#/definitions/setting" } },
            service,
        ] });
        fields.insert("additionalProperties".into(), option);
    }
    for name in ["secret", "rewrite"] {
        if let Some(Json::Object(properties)) = own.pointer_mut("/properties") {
            properties.insert(name.into(), json!({ "type": ["string", "number", "boolean", "array"] }));
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::Text;

    /// What the reader demands of a text.
    fn read(text: Text, word: &str) -> bool {
        match text {
            Text::Any => true,
            Text::Label => words::is_dns_label(word),
            Text::Name => words::is_dns_name(word),
            Text::Word => words::is_snake_case(word),
            Text::Semver => semver::Version::parse(word).is_ok(),
            Text::MajorMinor => words::major_minor(word).is_some(),
            Text::Version => words::is_version(word),
            Text::Bytes => words::is_memory_quantity(word),
            Text::Bucket => {
                !word.is_empty()
                    && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
            }
            Text::Image => words::is_image(word),
            Text::Url => words::is_url(word),
            Text::SecretKey => words::is_secret_key(word),
            Text::LabelKey => words::is_label_key(word),
            Text::LabelValue => words::is_label_value(word),
            Text::Instance => words::is_instance(word),
            Text::Device => words::is_label_key(word) && word.contains('/'),
            Text::Capability => words::is_capability(word),
        }
    }

    const ALL: [Text; 17] = [
        Text::Any,
        Text::Label,
        Text::Name,
        Text::Word,
        Text::Semver,
        Text::MajorMinor,
        Text::Version,
        Text::Bytes,
        Text::Bucket,
        Text::Image,
        Text::Url,
        Text::SecretKey,
        Text::LabelKey,
        Text::LabelValue,
        Text::Instance,
        Text::Device,
        Text::Capability,
    ];

    const WORDS: [&str; 67] = [
        "a<b>",
        "a_b<c, d.e >",
        "a<b",
        "a<>",
        "a<b>c",
        "",
        "a",
        "A",
        "0",
        "-",
        "a-b",
        "-a",
        "a-",
        "a.b",
        "a..b",
        ".a",
        "a_b",
        "a__b",
        "_a",
        "a_",
        "aB",
        "0a",
        "1.2",
        "v1.15",
        "1.15.2",
        "1.",
        ".1",
        "1.2.3.4",
        "1.2.3-rc.1",
        "v3",
        "latest",
        "10Gi",
        "0Gi",
        "0",
        "1.5Ti",
        "10GB",
        "0.0Mi",
        "0.5Mi",
        "10 Gi",
        "x/y",
        "/x",
        "x/",
        "a b",
        "a$b",
        "$",
        "http://a",
        "https://a:1/b?c",
        "http://",
        "http://:1",
        "http://u:p@h",
        "http://a b",
        "ftp://a",
        "registry.example/a:1",
        "a@sha256:ab",
        "https://x/y",
        "example.com/gpu",
        "Example.com/gpu",
        "a/b/c",
        "ALL",
        "NET_RAW",
        "CAP NET",
        ".",
        "..",
        "...",
        "é",
        "a\u{7f}b",
        "http://a\u{85}b",
    ];

    #[test]
    fn patterns_and_the_reader_demand_the_same() {
        for text in ALL {
            let Some(pattern) = text.pattern() else { continue };
            let validator = jsonschema::validator_for(&serde_json::json!({ "pattern": pattern })).unwrap();
            for word in
                WORDS.iter().map(|word| (*word).to_owned()).chain([63, 64, 253, 254].map(|n| "x".repeat(n)))
            {
                let schema = validator.is_valid(&serde_json::json!(word));
                assert_eq!(schema, read(text, &word), "{text:?} {word:?}");
            }
        }
    }
}
