//! TOML.

use ecow::EcoString;
use fuse_base::Diagnostic;
use fuse_syntax::ast::Name;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Count, Data, Node, Reader};

pub(super) fn parse(reader: Reader, text: &str) -> Result<Node, Box<Diagnostic>> {
    let document = DeTable::parse(text).map_err(|error| {
        let range = error.span().unwrap_or(0..0);
        let message = format!("this is no TOML: {}", error.message().lines().next().unwrap_or_default());
        reader.wrong(reader.span(range.start, range.end), message, "write it as TOML")
    })?;
    let data = table(&reader, document.get_ref(), &mut Count::new(), 0)?;
    Ok(Node { span: reader.span(0, 0), data })
}

fn table(
    reader: &Reader,
    table: &DeTable<'_>,
    count: &mut Count,
    depth: usize,
) -> Result<Data, Box<Diagnostic>> {
    let mut entries = Vec::new();
    let mut table: Vec<_> = table.iter().collect();
    table.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in table {
        let span = key.span();
        let name =
            Name { text: EcoString::from(key.get_ref().as_ref()), span: reader.span(span.start, span.end) };
        let value = node(reader, value, count, depth + 1)?;
        reader.enter(&mut entries, name, value)?;
    }
    Ok(Data::Map(entries))
}

fn node(
    reader: &Reader,
    value: &Spanned<DeValue<'_>>,
    count: &mut Count,
    depth: usize,
) -> Result<Node, Box<Diagnostic>> {
    let range = value.span();
    let span = reader.span(range.start, range.end);
    count.add(reader, 1, depth, span)?;
    let data = match value.get_ref() {
        DeValue::String(text) => Data::Text(EcoString::from(text.as_ref())),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(int) => Data::Int(int),
            Err(_) => return Err(reader.wrong(span, "this number is too large", "write a smaller one")),
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(float) if float.is_finite() => Data::Float(float),
            _ => return Err(reader.wrong(span, "this is no finite number", "write another one")),
        },
        DeValue::Boolean(yes) => Data::Bool(*yes),
        DeValue::Datetime(time) => Data::Text(ecow::eco_format!("{time}")),
        DeValue::Array(items) => Data::List(
            items.iter().map(|item| node(reader, item, count, depth + 1)).collect::<Result<_, _>>()?,
        ),
        DeValue::Table(inner) => table(reader, inner, count, depth)?,
    };
    Ok(Node { span, data })
}
