//! YAML 1.2: one document, keys that are texts, aliases within the limits, no tags and no merging.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "events of comments exist where another crate asks for them; of most events nothing follows"
)]

use std::collections::HashMap;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span};
use fuse_syntax::ast::Name;
use granit_parser::{Event, Options, Parser, ScalarStyle, Tag};

use super::{Count, Data, MOST_DEEP, Node, Reader};

pub(super) fn parse(reader: Reader, text: &str) -> Result<Node, Box<Diagnostic>> {
    let mut options = Options::default();
    options.emit_comments = false;
    options.flow_nesting_limit = 2 * MOST_DEEP;
    options.block_nesting_limit = 2 * MOST_DEEP;
    let mut builder =
        Builder { reader, open: Vec::new(), anchors: HashMap::new(), count: Count::new(), root: None };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, place) = event.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or_default();
            reader.wrong(
                reader.span(at, at),
                format!("this is no YAML: {}", error.info()),
                "write it as YAML",
            )
        })?;
        let range = place.byte_range().unwrap_or(0..0);
        builder.event(event, reader.span(range.start, range.end))?;
    }
    Ok(builder.root.unwrap_or(Node { span: reader.span(0, 0), data: Data::Null }))
}

/// A list or mapping whose end has not come yet.
struct Open {
    span: Span,
    anchor: usize,
    /// How many values had been counted before it.
    before: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map(Vec<(Name, Node)>, Option<Name>),
}

struct Builder {
    reader: Reader,
    open: Vec<Open>,
    /// What aliases stand for, and how many values that is.
    anchors: HashMap<usize, (Node, usize)>,
    count: Count,
    root: Option<Node>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Box<Diagnostic>> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let data = self.scalar(&text, style, tag.as_deref(), span)?;
                self.count.add(&self.reader, 1, self.open.len(), span)?;
                self.put(Node { span, data }, anchor, 1)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.start(Items::List(Vec::new()), anchor, tag.as_deref(), span)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.start(Items::Map(Vec::new(), None), anchor, tag.as_deref(), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let Some((node, weight)) = self.anchors.get(&anchor).cloned() else {
                    return Err(self.reader.wrong(
                        span,
                        "this alias stands inside what it names",
                        "write it out",
                    ));
                };
                self.count.add(&self.reader, weight, self.open.len(), span)?;
                self.put(node, 0, weight)
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(self.reader.wrong(span, "a second document starts here", "keep one document in the file"))
            }
            Event::UnresolvedAlias(_) => {
                Err(self.reader.wrong(span, "nothing has this name", "write it out"))
            }
            _ => Ok(()),
        }
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<Data, Box<Diagnostic>> {
        self.no_tag(tag, span)?;
        Ok(match (style, text) {
            (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Data::Null,
            (ScalarStyle::Plain, text) => Data::Plain(EcoString::from(text)),
            (_, text) => Data::Text(EcoString::from(text)),
        })
    }

    fn no_tag(&self, tag: Option<&Tag>, span: Span) -> Result<(), Box<Diagnostic>> {
        if tag.is_none() {
            return Ok(());
        }
        Err(self.reader.wrong(
            span,
            "tags such as `!!str` mean nothing here",
            "leave the tag out; quotes make a text",
        ))
    }

    fn start(
        &mut self,
        items: Items,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), Box<Diagnostic>> {
        self.no_tag(tag, span)?;
        let before = self.count.nodes;
        self.count.add(&self.reader, 1, self.open.len(), span)?;
        self.open.push(Open { span, anchor, before, items });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Box<Diagnostic>> {
        let Some(Open { span, anchor, before, items }) = self.open.pop() else { return Ok(()) };
        let data = match items {
            Items::List(items) => Data::List(items),
            Items::Map(entries, _) => Data::Map(entries),
        };
        let weight = self.count.nodes - before;
        self.put(Node { span, data }, anchor, weight)
    }

    /// Puts a whole value where it stands.
    fn put(&mut self, node: Node, anchor: usize, weight: usize) -> Result<(), Box<Diagnostic>> {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        let reader = self.reader;
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.items {
            Items::List(items) => items.push(node),
            Items::Map(entries, waiting) => match waiting.take() {
                Some(key) => reader.enter(entries, key, node)?,
                None => *waiting = Some(key(&reader, node)?),
            },
        }
        Ok(())
    }
}

fn key(reader: &Reader, node: Node) -> Result<Name, Box<Diagnostic>> {
    match node.data {
        Data::Plain(text) if text == "<<" => {
            Err(reader.wrong(node.span, "`<<` merges nothing here", "write the keys out"))
        }
        Data::Plain(text) | Data::Text(text) => Ok(Name { text, span: node.span }),
        Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::List(_) | Data::Map(_) => {
            Err(reader.wrong(node.span, "a key is a text", "write a text before the `:`"))
        }
    }
}
