//! JSON, as RFC 8259 has it.

use ecow::EcoString;
use fuse_base::Diagnostic;
use fuse_syntax::ast::Name;
use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::{Count, Data, Node, Reader};

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

pub(super) fn parse(reader: Reader, text: &str) -> Result<Node, Box<Diagnostic>> {
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT).map_err(|error| {
        let range = error.range();
        let message = format!("this is no JSON: {}", error.kind());
        reader.wrong(reader.span(range.start, range.end), message, "write it as JSON")
    })?;
    let Some(value) = parsed.value else {
        return Err(reader.wrong(reader.span(0, 0), "the file is empty", "write it as JSON"));
    };
    node(&reader, &value, &mut Count::new(), 0)
}

fn node(
    reader: &Reader,
    value: &Value<'_>,
    count: &mut Count,
    depth: usize,
) -> Result<Node, Box<Diagnostic>> {
    let span = reader.span(value.start(), value.end());
    count.add(reader, 1, depth, span)?;
    let data = match value {
        Value::NullKeyword(_) => Data::Null,
        Value::BooleanLit(literal) => Data::Bool(literal.value),
        Value::StringLit(literal) => Data::Text(EcoString::from(literal.value.as_ref())),
        Value::NumberLit(literal) => match (literal.value.parse(), literal.value.parse::<f64>()) {
            (Ok(int), _) => Data::Int(int),
            (_, Ok(float)) if float.is_finite() => Data::Float(float),
            _ => return Err(reader.wrong(span, "this number is too large", "write a smaller one")),
        },
        Value::Array(array) => Data::List(
            array
                .elements
                .iter()
                .map(|item| node(reader, item, count, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        Value::Object(object) => {
            let mut entries = Vec::new();
            for property in &object.properties {
                let (text, range) = match &property.name {
                    ObjectPropName::String(literal) => (literal.value.as_ref(), literal.range()),
                    ObjectPropName::Word(literal) => (literal.value, literal.range()),
                };
                let key = Name { text: EcoString::from(text), span: reader.span(range.start, range.end) };
                let value = node(reader, &property.value, count, depth + 1)?;
                reader.enter(&mut entries, key, value)?;
            }
            Data::Map(entries)
        }
    };
    Ok(Node { span, data })
}
