//! Files of a project that are read at build: YAML, TOML and JSON as one kind of tree, every part with its place.

mod json;
mod toml;
mod yaml;

use ecow::EcoString;
use fuse_base::{Diagnostic, FileId, Span, codes};
use fuse_syntax::ast::Name;

/// How many bytes such a file may have.
const MOST_BYTES: usize = 1024 * 1024;
/// How deep its values may nest.
const MOST_DEEP: usize = 32;
/// How many values it may hold, those behind aliases counted each time.
const MOST_NODES: usize = 10_000;

/// A value with its place in the file.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The value; for a list or mapping the key that it stands under, where there is one.
    pub(crate) span: Span,
    pub(crate) data: Data,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A text that says it is one: quoted, or of a format where only texts look so.
    Text(EcoString),
    /// A word of YAML without quotes: what it is depends on what is asked for.
    Plain(EcoString),
    List(Vec<Node>),
    Map(Vec<(Name, Node)>),
}

impl Data {
    /// What a user calls it.
    pub(crate) const fn noun(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::Plain(_) => "a single value",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// The formats that are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    Yaml,
    Toml,
    Json,
}

/// Their names in programs.
pub(crate) const FORMATS: [(&str, Format); 3] =
    [("yaml", Format::Yaml), ("toml", Format::Toml), ("json", Format::Json)];

/// Reads a file as a tree.
///
/// # Errors
/// It is not of the format, or holds too much.
pub(crate) fn parse(format: Format, file: FileId, text: &str) -> Result<Node, Box<Diagnostic>> {
    let reader = Reader { file, length: text.len() };
    if text.len() > MOST_BYTES {
        return Err(
            reader.too_much(Span::new(file, 0, 0), format!("has more than {} KiB", MOST_BYTES / 1024))
        );
    }
    match format {
        Format::Yaml => yaml::parse(reader, text),
        Format::Toml => toml::parse(reader, text),
        Format::Json => json::parse(reader, text),
    }
}

/// Where a file is being read.
#[derive(Clone, Copy)]
struct Reader {
    file: FileId,
    length: usize,
}

impl Reader {
    fn span(&self, start: usize, end: usize) -> Span {
        let cast = |at: usize| u32::try_from(at.min(self.length)).unwrap_or(u32::MAX);
        Span::new(self.file, cast(start), cast(end.max(start)))
    }

    fn wrong(&self, span: Span, message: impl Into<String>, help: &str) -> Box<Diagnostic> {
        Box::new(Diagnostic::new(&codes::types::FILE_SYNTAX, span, message).help(help))
    }

    fn too_much(&self, span: Span, what: String) -> Box<Diagnostic> {
        let message = format!("the file {what}: it is read at build, and holds settings, not data");
        Box::new(
            Diagnostic::new(&codes::syntax::OVER_THE_LIMIT, span, message)
                .help("give data to a step as an artifact"),
        )
    }

    fn twice(&self, key: &Name, first: Span) -> Box<Diagnostic> {
        Box::new(
            Diagnostic::new(
                &codes::types::FILE_SYNTAX,
                key.span,
                format!("the key `{}` stands twice", key.text),
            )
            .label(first, "first given here")
            .help("remove one of them"),
        )
    }

    /// Adds an entry to a mapping; lists and mappings take the place of their key.
    fn enter(
        &self,
        entries: &mut Vec<(Name, Node)>,
        key: Name,
        mut node: Node,
    ) -> Result<(), Box<Diagnostic>> {
        if let Some((first, _)) = entries.iter().find(|(known, _)| known.text == key.text) {
            return Err(self.twice(&key, first.span));
        }
        if matches!(node.data, Data::List(_) | Data::Map(_) | Data::Null) {
            node.span = key.span;
        }
        entries.push((key, node));
        Ok(())
    }
}

/// Counts values while a tree is built.
struct Count {
    nodes: usize,
}

impl Count {
    const fn new() -> Self {
        Self { nodes: 0 }
    }

    fn add(
        &mut self,
        reader: &Reader,
        nodes: usize,
        depth: usize,
        span: Span,
    ) -> Result<(), Box<Diagnostic>> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MOST_NODES {
            return Err(reader.too_much(span, format!("has more than {MOST_NODES} values")));
        }
        if depth > MOST_DEEP {
            return Err(reader.too_much(span, format!("nests more than {MOST_DEEP} levels deep")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = FileId(0);

    /// The tree as text: values with the text that their places cover.
    fn show(node: &Node, text: &str) -> String {
        let at = text.get(node.span.start as usize..node.span.end as usize).unwrap_or("?");
        match &node.data {
            Data::List(items) => {
                let items: Vec<String> = items.iter().map(|item| show(item, text)).collect();
                format!("[{}]", items.join(" "))
            }
            Data::Map(entries) => {
                let entry = |(key, node): &(Name, Node)| format!("{}={}", key.text, show(node, text));
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(" "))
            }
            data @ (Data::Null
            | Data::Bool(_)
            | Data::Int(_)
            | Data::Float(_)
            | Data::Text(_)
            | Data::Plain(_)) => format!("{}<{at}>", data.noun()),
        }
    }

    fn read(format: Format, text: &str) -> String {
        match parse(format, FILE, text) {
            Ok(node) => show(&node, text),
            Err(error) => {
                format!("{} {}..{} {}", error.code.id, error.span.start, error.span.end, error.message)
            }
        }
    }

    #[test]
    fn places_are_bytes_of_the_file() {
        assert_eq!(
            read(Format::Yaml, "\u{feff}é: 'ü'\nb: [1, *x]\n").split(' ').next(),
            Some("FS0335"),
            "an alias without its anchor"
        );
        assert_eq!(
            read(Format::Yaml, "é: 'ü'\nb: [1, &x x y, *x]\r\nc:\n"),
            "{é=a text<'ü'> b=[a single value<1> a single value<x y> a single value<x y>] c=nothing<c>}"
        );
        assert_eq!(
            read(Format::Toml, "\"é\" = \"ü\"\n[b]\nc = [0x1F, 2.5, true]"),
            "{é=a text<\"ü\"> b={c=[a number<0x1F> a number<2.5> a truth value<true>]}}"
        );
        assert_eq!(
            read(Format::Json, "{\"é\": \"ü\", \"b\": [1, null]}"),
            "{é=a text<\"ü\"> b=[a number<1> nothing<null>]}"
        );
        assert_eq!(read(Format::Yaml, ""), "nothing<>");
    }

    #[test]
    fn what_is_not_of_the_format_is_told() {
        for (format, text) in [
            (Format::Yaml, "a: [1"),
            (Format::Yaml, "a: 1\na: 2"),
            (Format::Yaml, "a: &a [*a]"),
            (Format::Yaml, "a: 1\n---\nb: 2"),
            (Format::Yaml, "[1]: 2"),
            (Format::Yaml, "a: !x 1"),
            (Format::Yaml, "<<: {a: 1}"),
            (Format::Yaml, "\t- x: [\u{0}"),
            (Format::Toml, "a = 1\na = 2"),
            (Format::Toml, "a = inf"),
            (Format::Toml, "a = 99999999999999999999"),
            (Format::Json, ""),
            (Format::Json, "{\"a\": 1, \"a\": 2}"),
            (Format::Json, "{'a': 1}"),
            (Format::Json, "[1,]"),
            (Format::Json, "[1e999]"),
            (Format::Json, "// x\n1"),
        ] {
            let told = read(format, text);
            assert!(told.starts_with("FS0335"), "{text}: {told}");
        }
    }

    #[test]
    fn large_files_are_refused_quickly() {
        let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
        let wide = |item: &str| format!("[{}1]", item.repeat(30_000));
        for (format, text) in [
            (Format::Yaml, deep("[", "]")),
            (Format::Yaml, "- ".repeat(100_000)),
            (Format::Yaml, deep("{a: ", "}")),
            (Format::Yaml, wide("1, ")),
            (Format::Json, deep("[", "]")),
            (Format::Json, wide("1,")),
            (Format::Toml, format!("a = {}", deep("[", "]"))),
            (Format::Toml, format!("a = {}", wide("1,"))),
            (Format::Json, format!("\"{}\"", "x".repeat(2 * MOST_BYTES))),
        ] {
            let told = read(format, &text);
            assert!(
                told.starts_with("FS0106") || told.starts_with("FS0335"),
                "{}",
                &told[..told.len().min(200)]
            );
        }
        let bomb: String = (1..40).map(|at| format!("a{at}: &a{at} [*a{0}, *a{0}]\n", at - 1)).collect();
        assert!(read(Format::Yaml, &format!("a0: &a0 x\n{bomb}")).starts_with("FS0106"));
    }
}
