//! `reader`: the shape of a file that is read at build, and which of its keys become members.

mod read;

use std::rc::Rc;

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, closest, codes};
use fuse_syntax::ast::{self, Clause, ClauseArg, Expr, ExprKind, Name, RecordEntry, TypeExpr, TypeKind};

use super::Checker;
use super::body::{Env, Place};
use super::declare::Style;
use super::scope::Def;
use crate::document::{FORMATS, Format};
use crate::model::{Param, ToolId};
use crate::ty::Ty;
use crate::value::Value;

/// The clauses of a reader.
const CLAUSES: [&str; 7] = ["member", "members", "several", "names", "typed", "short", "ignore"];

/// A `reader`: its shape is checked when first needed.
pub(super) struct ReaderDef {
    module: usize,
    tool: Option<ToolId>,
    source: Rc<ast::ReaderItem>,
    state: Option<Option<Rc<Reader>>>,
}

/// A checked reader.
struct Reader {
    name: EcoString,
    format: Format,
    params: Vec<Param>,
    shape: Shape,
}

/// What a mapping of the file holds.
#[derive(Default)]
struct Shape {
    members: Vec<Member>,
    /// `members { … }`: what the keys hold that are not named.
    each: Option<Box<Form>>,
    /// `short type`: a single value stands for the mapping with this one key.
    short: Option<EcoString>,
    ignored: Vec<EcoString>,
    /// `ignore others`
    open: bool,
}

/// A key with its place in the reader.
struct Member {
    name: EcoString,
    span: Span,
    optional: bool,
    /// `members key { … }`: the keys below become members of what holds this one.
    lifted: bool,
    form: Form,
    default: Option<Value>,
    /// `typed default by type { … }`
    typed: Option<TypedBy>,
}

/// What a key holds.
enum Form {
    /// A value of a type.
    Type(Ty),
    /// A mapping.
    Shape(Shape),
    /// A mapping of any keys.
    Each(Box<Form>),
    /// One value, or a list of them.
    Several(Ty),
    /// A list of names: texts, or mappings with one key.
    Names,
}

/// The type of a member by the text of another one.
struct TypedBy {
    key: EcoString,
    types: Vec<(EcoString, Ty)>,
}

impl Checker<'_> {
    pub(super) fn declare_reader(
        &mut self,
        module: usize,
        tool: Option<ToolId>,
        reader: &ast::ReaderItem,
        public: bool,
    ) {
        self.style(&reader.name, Style::Value);
        self.define(module, tool, &reader.name, Def::Reader(self.readers.len()), public);
        self.readers.push(ReaderDef { module, tool, source: Rc::new(reader.clone()), state: None });
    }

    /// Checks every reader of a module, used or not.
    pub(super) fn all_readers(&mut self, module: usize) {
        for id in 0..self.readers.len() {
            if self.readers.get(id).is_some_and(|reader| reader.module == module) {
                self.reader(id);
            }
        }
    }

    /// A reader, checked; `None` after a diagnostic.
    fn reader(&mut self, id: usize) -> Option<Rc<Reader>> {
        let def = self.readers.get(id)?;
        if let Some(known) = &def.state {
            return known.clone();
        }
        let (source, env) = (Rc::clone(&def.source), Env::of_module(def.module, def.tool));
        let before = self.diagnostics.len();
        let reader = self.check_reader(&source, &env);
        let told = self.diagnostics.iter().skip(before).any(Diagnostic::is_error);
        let reader = reader.filter(|_| !told).map(Rc::new);
        if let Some(def) = self.readers.get_mut(id) {
            def.state = Some(reader.clone());
        }
        reader
    }

    fn check_reader(&mut self, source: &ast::ReaderItem, env: &Env) -> Option<Reader> {
        let name = source.name.text.clone();
        let mut declared = source.params.clone();
        for param in &mut declared {
            if let TypeKind::Missing = param.ty.kind {
                let path = Name { text: EcoString::from("Path"), span: param.name.span };
                param.ty.kind = TypeKind::Named { path: vec![path], args: Vec::new() };
            }
        }
        let params = self.params(&declared, env);
        let well = matches!(params.as_slice(), [Param { ty: Ty::Path, .. }]);
        if !well && !params.iter().any(|param| param.ty.is_error()) {
            let help = format!("write `reader {name}(path) from yaml {{ … }}`");
            self.malformed(source.name.span, "a reader has one parameter: the path of the file", &help);
        }
        let shape = self.shape(&source.body, env);
        let format =
            FORMATS.iter().find(|(known, _)| *known == source.format.text).map(|(_, format)| *format);
        if format.is_none() && !source.format.is_missing() {
            let message = format!("a reader reads no `{}`", source.format.text);
            self.malformed(source.format.span, &message, "it reads `yaml`, `toml` or `json`");
        }
        Some(Reader { name, format: format?, params, shape })
    }

    fn shape(&mut self, clauses: &[Clause], env: &Env) -> Shape {
        let mut shape = Shape::default();
        for clause in clauses {
            self.reader_clause(clause, &mut shape, env);
        }
        for clause in clauses.iter().filter(|clause| clause.head.text == "typed") {
            self.typed_clause(clause, &mut shape, env);
        }
        if let Some(short) = &shape.short
            && !shape.members.iter().any(|member| member.name == *short)
        {
            let place = clauses.iter().find(|clause| clause.head.text == "short").map(|clause| clause.span);
            let message = format!("there is no member `{short}`");
            self.malformed(place.unwrap_or_default(), &message, "declare it: `member name: Type`");
        }
        shape
    }

    fn reader_clause(&mut self, clause: &Clause, shape: &mut Shape, env: &Env) {
        let args = clause.args.as_slice();
        match clause.head.text.as_str() {
            "member" => self.member_clause(clause, shape, env, false),
            "members" => match args {
                [ClauseArg::Clauses(inner)] => {
                    let each = Form::Shape(self.shape(inner, env));
                    self.set_each(clause, shape, each);
                }
                _ => self.member_clause(clause, shape, env, true),
            },
            "several" => match args {
                [ClauseArg::Typed { name, optional, ty: Some(ty), default: None }] => {
                    let form = Form::Several(self.file_type(ty, env));
                    self.push_member(shape, name, *optional, false, form, None);
                }
                _ => self.malformed(clause.span, "this names no values", "write `several name: Type`"),
            },
            "names" => match word_of(args) {
                Some((name, optional)) => self.push_member(shape, &name, optional, false, Form::Names, None),
                None => self.malformed(clause.span, "this names no key", "write `names key` or `names key?`"),
            },
            "typed" => {}
            "short" => match word_of(args) {
                Some((name, false)) => shape.short = Some(name.text),
                _ => self.malformed(clause.span, "this names no member", "write `short name`"),
            },
            "ignore" => {
                for arg in args {
                    match word_of(std::slice::from_ref(arg)) {
                        Some((name, false)) if name.text == "others" => shape.open = true,
                        Some((name, false)) => shape.ignored.push(name.text),
                        _ => self.malformed(
                            clause.span,
                            "this names no key",
                            "write `ignore a, b` or `ignore others`",
                        ),
                    }
                }
            }
            head => {
                let help = closest(head, CLAUSES).map_or_else(
                    || format!("there are {}", CLAUSES.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                self.malformed(clause.head.span, format!("a reader has no clause `{head}`"), &help);
            }
        }
    }

    fn set_each(&mut self, clause: &Clause, shape: &mut Shape, each: Form) {
        if shape.each.replace(Box::new(each)).is_some() {
            let message = "what all other keys hold is said twice";
            self.malformed(clause.span, message, "keep one `members { … }`");
        }
    }

    /// `member name: T = default`, `member name? { … }`, `members name: T`, `members name { … }`.
    fn member_clause(&mut self, clause: &Clause, shape: &mut Shape, env: &Env, lifted: bool) {
        let each = |form: Form| if lifted { Form::Each(Box::new(form)) } else { form };
        match clause.args.as_slice() {
            [ClauseArg::Typed { name, optional, ty: Some(ty), default }] => {
                let ty = self.file_type(ty, env);
                let default = default
                    .as_ref()
                    .filter(|_| !lifted)
                    .and_then(|value| self.constant(value, &ty, &env.at(Place::Constant)));
                self.push_member(shape, name, *optional, lifted, each(Form::Type(ty)), default);
            }
            [head @ .., ClauseArg::Clauses(inner)] if word_of(head).is_some() => {
                let form = each(Form::Shape(self.shape(inner, env)));
                if let Some((name, optional)) = word_of(head) {
                    self.push_member(shape, &name, optional, lifted, form, None);
                }
            }
            _ => {
                let help = "write `member name: Type`, `member name { … }` or `members name { … }`";
                self.malformed(clause.span, "this declares no member", help);
            }
        }
    }

    fn push_member(
        &mut self,
        shape: &mut Shape,
        name: &Name,
        optional: bool,
        lifted: bool,
        form: Form,
        default: Option<Value>,
    ) {
        if let Some(first) = shape.members.iter().find(|known| known.name == name.text) {
            let message = format!("the key `{}` is declared twice", name.text);
            let diagnostic = Diagnostic::new(&codes::names::DUPLICATE_NAME, name.span, message)
                .label(first.span, "first declared here")
                .help("remove one of them");
            self.report(diagnostic);
            return;
        }
        if !name.is_missing() {
            let (name, span) = (name.text.clone(), name.span);
            shape.members.push(Member { name, span, optional, lifted, form, default, typed: None });
        }
    }

    /// `typed default by type { float: Float, string: String }`.
    fn typed_clause(&mut self, clause: &Clause, shape: &mut Shape, env: &Env) {
        let help = "write `typed member by key { text: Type, … }`";
        let [ClauseArg::Expr(member), ClauseArg::Expr(by), ClauseArg::Expr(key), ClauseArg::Expr(table)] =
            clause.args.as_slice()
        else {
            self.malformed(clause.span, "this says no types", help);
            return;
        };
        let (Some(member), Some("by"), Some(key), ExprKind::Record(entries)) =
            (name_of(member), name_of(by).as_ref().map(|name| name.text.as_str()), name_of(key), &table.kind)
        else {
            self.malformed(clause.span, "this says no types", help);
            return;
        };
        let mut types = Vec::new();
        for entry in entries {
            let RecordEntry::Field { key, value: Some(value), .. } = entry else {
                self.malformed(table.span, "each text has its type", help);
                continue;
            };
            let Some(named) = name_of(value) else {
                self.malformed(value.span, "the name of a type stands here", help);
                continue;
            };
            let kind = TypeKind::Named { path: vec![named], args: Vec::new() };
            types.push((key.text.clone(), self.file_type(&TypeExpr { kind, span: value.span }, env)));
        }
        let known = shape.members.iter().any(|known| known.name == key.text);
        match shape.members.iter_mut().find(|known| known.name == member.text) {
            Some(found) if known => found.typed = Some(TypedBy { key: key.text, types }),
            other => {
                let missing = if other.is_none() { member } else { key };
                let message = format!("there is no member `{}`", missing.text);
                self.malformed(missing.span, &message, "declare it: `member name: Type`");
            }
        }
    }

    /// A type that a part of a file can have.
    fn file_type(&mut self, ty: &TypeExpr, env: &Env) -> Ty {
        let found = self.ty(ty, env);
        let found = self.no_artifacts_inside(found, ty.span);
        if let Ty::Artifact(_) = super::literal::bare(&found) {
            let diagnostic =
                Diagnostic::new(&codes::types::BAD_TYPE, ty.span, "a file holds values, no artifacts")
                    .help("write the type of a value: a text, a number, a list, a record");
            self.report(diagnostic);
            return Ty::Error;
        }
        found
    }
}

/// The word that alone stands behind a clause, and whether `?` follows it.
fn word_of(args: &[ClauseArg]) -> Option<(Name, bool)> {
    match args {
        [ClauseArg::Expr(expr)] => name_of(expr).map(|name| (name, false)),
        [ClauseArg::Typed { name, optional: true, ty: None, default: None }] => Some((name.clone(), true)),
        _ => None,
    }
}

fn name_of(expr: &Expr) -> Option<Name> {
    match &expr.kind {
        ExprKind::Name(text) => Some(Name { text: text.clone(), span: expr.span }),
        _ => None,
    }
}
