//! Calls of readers: the file is read and held against the shape; what is wrong is told in the file.

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, codes, did_you_mean};
use fuse_syntax::ast::{Arg, Name};
use indexmap::IndexMap;

use super::{Form, Member, Shape};
use crate::check::body::Body;
use crate::check::callee::param_views;
use crate::check::constant::has_error;
use crate::check::expr::constant;
use crate::check::literal::bare;
use crate::document::{Data, Node, parse};
use crate::model::Typed;
use crate::ty::{EnumId, FieldTy, RecordTy, Ty};
use crate::value::Value;

/// A member that was read.
struct Found {
    value: Value,
    ty: Ty,
    span: Span,
}

type Members = IndexMap<EcoString, Found>;

impl Body<'_, '_> {
    /// `mlproject("MLproject")`: the file's values, as a record.
    pub(in crate::check) fn read_file(&mut self, id: usize, text: &str, args: &[Arg], span: Span) -> Typed {
        let Some(reader) = self.checker.reader(id) else {
            self.ignore(args);
            return Typed::error(span);
        };
        let params = param_views(&reader.params);
        let declared = self.checker.readers.get(id).map_or(span, |def| def.source.name.span);
        let Some(given) = self.arrange(&params, args, text, declared, span) else {
            return Typed::error(span);
        };
        let path = match (given.first(), reader.params.first().and_then(|param| param.default.clone())) {
            (Some(Some((value, _))), _) => self.expect(value, &Ty::Path),
            (_, Some(default)) => default,
            _ => return Typed::error(span),
        };
        let place = path.span;
        let Some(Value::Str(path)) = self.value_of(path) else { return Typed::error(span) };
        let env = self.env.clone();
        let Some((file, content)) = self.checker.carried(&path, place, &env) else {
            return Typed::error(span);
        };
        let before = self.checker.diagnostics.len();
        let read = match parse(reader.format, file, &content) {
            Ok(node) => self.in_shape(&reader.shape, &node).map(|members| record(&reader.name, members)),
            Err(diagnostic) => {
                self.checker.report(*diagnostic);
                None
            }
        };
        for diagnostic in self.checker.diagnostics.iter_mut().skip(before) {
            let label = fuse_base::Label { span, text: format!("read here by `{text}`") };
            diagnostic.labels.push(label);
        }
        let told = self.checker.diagnostics.iter().skip(before).any(Diagnostic::is_error);
        let Some((value, ty)) = read.filter(|_| !told) else { return Typed::error(span) };
        if !self.checker.small_type(&ty, span) {
            return Typed::error(span);
        }
        constant(value, ty, span)
    }

    fn unfit(&mut self, span: Span, message: String, help: impl Into<String>) {
        self.checker.report(Diagnostic::new(&codes::types::FILE_SHAPE, span, message).help(help));
    }

    /// The members of a mapping; `None` after a diagnostic, when all of it was looked at.
    fn in_shape(&mut self, shape: &Shape, node: &Node) -> Option<Members> {
        let entries = match (&node.data, &shape.short) {
            (Data::Map(entries), _) => entries.clone(),
            (Data::List(_), _) | (_, None) if !matches!(node.data, Data::Null) => {
                let message = format!("a mapping is expected here, and this is {}", node.data.noun());
                self.unfit(node.span, message, format!("write keys: {}", listed(shape)));
                return None;
            }
            (Data::Null, _) => Vec::new(),
            (_, short) => {
                let text = short.clone().unwrap_or_default();
                vec![(Name { text, span: node.span }, node.clone())]
            }
        };
        let mut members = Members::new();
        let mut fine = true;
        for member in &shape.members {
            fine &= self.one_member(member, &entries, node.span, &mut members).is_some();
        }
        for (key, value) in &entries {
            if shape.members.iter().any(|member| member.name == key.text) || shape.ignored.contains(&key.text)
            {
                continue;
            }
            if let Some(each) = &shape.each {
                let found = self.form(each, value);
                fine &= found.is_some() && self.add(&mut members, key, found);
            } else if !shape.open {
                let names = shape.members.iter().map(|member| member.name.as_str());
                let help =
                    did_you_mean(&key.text, names).unwrap_or_else(|| format!("it takes {}", listed(shape)));
                self.unfit(key.span, format!("the key `{}` means nothing here", key.text), help);
                fine = false;
            }
        }
        fine.then_some(members)
    }

    fn one_member(
        &mut self,
        member: &Member,
        entries: &[(Name, Node)],
        span: Span,
        members: &mut Members,
    ) -> Option<()> {
        let entry = entries.iter().find(|(key, _)| key.text == member.name);
        let Some((key, node)) =
            entry.filter(|(_, node)| !(member.optional && matches!(node.data, Data::Null)))
        else {
            return self.left_out(member, span, members);
        };
        if member.lifted {
            let Form::Each(each) = &member.form else { return None };
            let Data::Map(inner) = &node.data else {
                let message = format!("a mapping is expected here, and this is {}", node.data.noun());
                self.unfit(node.span, message, "write keys with their values");
                return None;
            };
            let mut fine = true;
            for (key, node) in inner {
                let found = self.form(each, node);
                fine &= found.is_some() && self.add(members, key, found);
            }
            return fine.then_some(());
        }
        let by = member.typed.as_ref().and_then(|typed| {
            let (_, text) = entries.iter().find(|(key, _)| key.text == typed.key)?;
            let (Data::Plain(text) | Data::Text(text)) = &text.data else { return None };
            typed.types.iter().find(|(known, _)| known == text).map(|(_, ty)| ty.clone())
        });
        let found = match by {
            Some(ty) => self.typed_node(&ty, node),
            None => self.form(&member.form, node),
        };
        let fine = found.is_some();
        (self.add(members, key, found) && fine).then_some(())
    }

    /// A key that the file lacks.
    fn left_out(&mut self, member: &Member, span: Span, members: &mut Members) -> Option<()> {
        let ty = match &member.form {
            Form::Type(ty) => ty.clone(),
            Form::Several(item) => {
                Ty::List(Rc::new(item.clone()), crate::ty::Bounds { low: Some(0), high: None })
            }
            Form::Names => Ty::List(Rc::new(Ty::string()), crate::ty::Bounds { low: Some(0), high: None }),
            Form::Shape(_) | Form::Each(_) => Ty::Json,
        };
        let absent = member.optional || matches!(ty, Ty::Optional(_));
        let (value, ty) = match &member.default {
            Some(value) => (value.clone(), ty),
            None if absent && member.lifted => return Some(()),
            None if absent => (Value::None, ty.optional()),
            None => {
                let (name, declared) = (&member.name, member.span);
                let message = format!("the key `{name}` is missing here");
                let diagnostic = Diagnostic::new(&codes::types::FILE_SHAPE, span, message)
                    .label(declared, "declared here")
                    .help(format!("add `{name}`, or let the reader do without: `{name}?`"));
                self.checker.report(diagnostic);
                return None;
            }
        };
        members.entry(member.name.clone()).or_insert(Found { value, ty, span: member.span });
        Some(())
    }

    /// Adds a member under a key; two keys that become one member are an error.
    fn add(&mut self, members: &mut Members, key: &Name, found: Option<(Value, Ty)>) -> bool {
        let Some((value, ty)) = found else { return false };
        if let Some(first) = members.get(&key.text).map(|first| first.span) {
            let message = format!("`{}` becomes a member twice", key.text);
            let diagnostic = Diagnostic::new(&codes::types::FILE_SHAPE, key.span, message)
                .label(first, "this is one, too")
                .help(
                    "rename one of them, or let the reader keep them apart: `member name { members { … } }`",
                );
            self.checker.report(diagnostic);
            return false;
        }
        members.insert(key.text.clone(), Found { value, ty, span: key.span });
        true
    }

    fn form(&mut self, form: &Form, node: &Node) -> Option<(Value, Ty)> {
        match form {
            Form::Type(ty) => self.typed_node(ty, node),
            Form::Shape(shape) => self.in_shape(shape, node).map(|members| record("", members)),
            Form::Each(each) => {
                let shape = Shape { each: None, ..Shape::default() };
                let Data::Map(entries) = &node.data else {
                    return self.in_shape(&shape, node).map(|m| record("", m));
                };
                let mut members = Members::new();
                for (key, node) in entries {
                    let found = self.form(each, node);
                    self.add(&mut members, key, found);
                }
                Some(record("", members))
            }
            Form::Several(item) => {
                let one = std::slice::from_ref(node);
                let items = if let Data::List(items) = &node.data { items } else { one };
                let values: Vec<Option<(Value, Ty)>> =
                    items.iter().map(|node| self.typed_node(item, node)).collect();
                let values: Option<Vec<Value>> =
                    values.into_iter().map(|found| found.map(|(value, _)| value)).collect();
                values.map(|values| listed_as(item, values))
            }
            Form::Names => {
                let Data::List(items) = &node.data else {
                    let message = format!("a list is expected here, and this is {}", node.data.noun());
                    self.unfit(node.span, message, "write a list of names");
                    return None;
                };
                let names: Vec<Option<Value>> = items.iter().map(|item| self.name_in(item)).collect();
                names.into_iter().collect::<Option<Vec<_>>>().map(|names| listed_as(&Ty::string(), names))
            }
        }
    }

    /// A text, or the one key of a mapping.
    fn name_in(&mut self, node: &Node) -> Option<Value> {
        match &node.data {
            Data::Plain(text) | Data::Text(text) => Some(Value::Str(text.clone())),
            Data::Map(entries) if entries.len() == 1 => {
                entries.first().map(|(key, _)| Value::Str(key.text.clone()))
            }
            other => {
                let message = format!("a name is expected here, and this is {}", other.noun());
                self.unfit(node.span, message, "write a text, or a mapping with one key");
                None
            }
        }
    }

    fn typed_node(&mut self, ty: &Ty, node: &Node) -> Option<(Value, Ty)> {
        let value = self.typed_value(ty, node)?;
        let ty = if value == Value::None { ty.clone() } else { bare(ty).clone() };
        Some((value, ty))
    }

    /// A value of a type.
    fn typed_value(&mut self, ty: &Ty, node: &Node) -> Option<Value> {
        if matches!((ty, &node.data), (Ty::Optional(_), Data::Null)) {
            return Some(Value::None);
        }
        match (bare(ty), &node.data) {
            (Ty::Error, _) => None,
            (ty @ Ty::List(item, _), Data::List(items)) => {
                let values: Vec<Option<Value>> =
                    items.iter().map(|node| self.typed_value(item, node)).collect();
                let value = Value::List(values.into_iter().collect::<Option<_>>()?);
                self.leaf(value, ty.clone(), ty, node.span)
            }
            (Ty::Map(item), Data::Map(entries)) => {
                let values: Vec<Option<(EcoString, Value)>> = entries
                    .iter()
                    .map(|(key, node)| self.typed_value(item, node).map(|value| (key.text.clone(), value)))
                    .collect();
                values.into_iter().collect::<Option<_>>().map(Value::Record)
            }
            (Ty::Record(record), Data::Map(entries)) => {
                self.record_of_file(&Rc::clone(record), entries, node.span)
            }
            (Ty::Tagged(id), _) => self.tagged_of_file(*id, node),
            (Ty::Enum(id), Data::Plain(text) | Data::Text(text)) => {
                let name = Name { text: text.clone(), span: node.span };
                self.checker.case(*id, &name).map(Value::Case)
            }
            (ty, data) => {
                let ty = ty.clone();
                match natural(&ty, data) {
                    Some((value, natural)) => self.leaf(value, natural, &ty, node.span),
                    None => self.measured(&ty, node),
                }
            }
        }
    }

    /// A constant that was read, held against its type.
    fn leaf(&mut self, value: Value, natural: Ty, ty: &Ty, span: Span) -> Option<Value> {
        let fitted = self.fit(constant(value, natural, span), ty);
        if has_error(&fitted) { None } else { self.value_of(fitted) }
    }

    /// `30min`, `2Gi`: a quantity as a program writes it.
    fn measured(&mut self, ty: &Ty, node: &Node) -> Option<Value> {
        let text = match &node.data {
            Data::Plain(text) | Data::Text(text) => text.clone(),
            Data::Int(int) => ecow::eco_format!("{int}"),
            Data::Float(float) => ecow::eco_format!("{float:?}"),
            _ => EcoString::new(),
        };
        let quantity = matches!(ty, Ty::Duration(_) | Ty::Cpu(_) | Ty::Memory(_));
        if quantity && fuse_syntax::number::parse(&text).is_ok() {
            let typed = self.number(&text, node.span, Some(ty));
            let fitted = self.fit(typed, ty);
            return if has_error(&fitted) { None } else { self.value_of(fitted) };
        }
        let wanted = self.checker.show(ty);
        let message = match &node.data {
            Data::Plain(text) | Data::Text(text) => {
                format!("{wanted} is expected here, and this is `{}`", crate::check::limits::shortened(text))
            }
            data => format!("{wanted} is expected here, and this is {}", data.noun()),
        };
        self.unfit(node.span, message, "write a value of this type, or let the reader declare another");
        None
    }

    fn record_of_file(&mut self, record: &RecordTy, entries: &[(Name, Node)], span: Span) -> Option<Value> {
        let shape = Shape {
            members: record
                .fields
                .iter()
                .map(|field| Member {
                    name: field.name.clone(),
                    span: field.span,
                    optional: matches!(field.ty, Ty::Optional(_)),
                    lifted: false,
                    form: Form::Type(field.ty.clone()),
                    default: None,
                    typed: None,
                })
                .collect(),
            ..Shape::default()
        };
        let node = Node { span, data: Data::Map(entries.to_vec()) };
        let mut members = self.in_shape(&shape, &node)?;
        let fields = record.fields.iter().filter_map(|field| {
            members.swap_remove(&field.name).map(|found| (field.name.clone(), found.value))
        });
        Some(Value::Record(fields.collect()))
    }

    /// A case: `{ circle: { radius: 2 } }`, or `square` where it carries no record.
    fn tagged_of_file(&mut self, id: EnumId, node: &Node) -> Option<Value> {
        let (name, inner) = match &node.data {
            Data::Plain(text) | Data::Text(text) => (Name { text: text.clone(), span: node.span }, None),
            Data::Map(entries) if entries.len() == 1 => {
                let (key, inner) = entries.first()?;
                (key.clone(), Some(inner))
            }
            data => {
                let message = format!("a case is expected here, and this is {}", data.noun());
                self.unfit(node.span, message, "write a mapping with one key, the case");
                return None;
            }
        };
        let case = self.checker.case(id, &name)?;
        let def = self.checker.package.enums.get(id.0 as usize)?;
        let at = def.cases.iter().position(|known| *known == case)?;
        let record = Rc::clone(def.records.get(at)?);
        let entries = match inner.map(|inner| &inner.data) {
            None | Some(Data::Null) => Vec::new(),
            Some(Data::Map(entries)) => entries.clone(),
            Some(data) => {
                let message = format!("a mapping is expected here, and this is {}", data.noun());
                self.unfit(name.span, message, "write the fields of the case as keys");
                return None;
            }
        };
        let value = self.record_of_file(&record, &entries, name.span)?;
        Some(Value::Record(IndexMap::from_iter([(case, value)])))
    }
}

/// A single value as what is asked for, before bounds are looked at; `None` where it is of another kind.
fn natural(ty: &Ty, data: &Data) -> Option<(Value, Ty)> {
    let text = |text: &EcoString| Some((Value::Str(text.clone()), Ty::string()));
    let int = |int: i64| Some((Value::Int(int), Ty::int()));
    let float = |float: f64| Some((Value::Float(float), Ty::float()));
    match (ty, data) {
        (
            Ty::String(_) | Ty::Url | Ty::Path | Ty::Image | Ty::DnsLabel,
            Data::Text(found) | Data::Plain(found),
        ) => text(found),
        (Ty::Bool | Ty::Scalar, Data::Bool(yes)) => Some((Value::Bool(*yes), Ty::Bool)),
        (Ty::Bool, Data::Plain(found)) => truth(found).map(|yes| (Value::Bool(yes), Ty::Bool)),
        (Ty::Int(_) | Ty::Count(_) | Ty::Float(_) | Ty::Cpu(_) | Ty::Scalar, Data::Int(found)) => int(*found),
        (Ty::Float(_) | Ty::Scalar, Data::Float(found)) => float(*found),
        (Ty::Int(_) | Ty::Count(_), Data::Plain(found)) => found.parse().ok().and_then(int),
        (Ty::Float(_), Data::Plain(found)) => number(found).and_then(float),
        (Ty::Scalar, Data::Text(found)) => text(found),
        (Ty::Scalar, Data::Plain(found)) => match (truth(found), found.parse(), number(found)) {
            (Some(yes), ..) => Some((Value::Bool(yes), Ty::Bool)),
            (_, Ok(found), _) => int(found),
            (_, _, Some(found)) => float(found),
            _ => text(found),
        },
        _ => None,
    }
}

/// A truth value of YAML 1.2.
fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A finite number of YAML 1.2.
fn number(text: &str) -> Option<f64> {
    let digits = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    text.parse().ok().filter(|found: &f64| digits && found.is_finite())
}

fn listed_as(item: &Ty, values: Vec<Value>) -> (Value, Ty) {
    let len = i64::try_from(values.len()).unwrap_or(i64::MAX);
    let bounds = crate::ty::Bounds { low: Some(len), high: Some(len) };
    (Value::List(values), Ty::List(Rc::new(item.clone()), bounds))
}

/// The keys of a shape, for help.
fn listed(shape: &Shape) -> String {
    let names: Vec<&str> = shape.members.iter().map(|member| member.name.as_str()).collect();
    if names.is_empty() { "any".to_owned() } else { format!("`{}`", names.join("`, `")) }
}

fn record(name: &str, members: Members) -> (Value, Ty) {
    let name = (!name.is_empty()).then(|| EcoString::from(name));
    let mut values = IndexMap::new();
    let mut fields = Vec::new();
    for (key, found) in members {
        values.insert(key.clone(), found.value);
        fields.push(FieldTy { name: key, ty: found.ty, span: found.span });
    }
    (Value::Record(values), Ty::Record(Rc::new(RecordTy { name, fields })))
}
