//! The typed view: precedence, lines, clauses, documentation.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use fuse_base::{FileId, Span};
use fuse_syntax::ast::{
    Arg, BinaryOp, Clause, ClauseArg, Expr, ExprKind, Item, ItemKind, RecordEntry, Stmt, StmtKind, StrLit,
    StrPart, TypeExpr, TypeKind, UnaryOp,
};
use fuse_syntax::parse;

fn items(text: &str) -> Vec<Item> {
    let parsed = parse(FileId(0), text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    parsed.file.items
}

/// An expression with all its parentheses.
fn shown(expr: &Expr) -> String {
    let list = |exprs: &[Expr]| exprs.iter().map(shown).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Missing => "<missing>".into(),
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Str(literal) => string(literal),
        ExprKind::Number(text) => text.to_string(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::None => "none".into(),
        ExprKind::List(values) => format!("[{}]", list(values)),
        ExprKind::Record(entries) => {
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Range { low, high, .. } => {
            let end = |end: &Option<Box<Expr>>| end.as_ref().map(|end| shown(end)).unwrap_or_default();
            format!("({}..={})", end(low), end(high))
        }
        ExprKind::Member { base, name } => format!("{}.{}", shown(base), name.text),
        ExprKind::Index { base, index } => format!("{}[{}]", shown(base), shown(index)),
        ExprKind::Call { callee, type_args, args } => {
            let types = type_args.iter().map(|arg| ty(&arg.value)).collect::<Vec<_>>().join(", ");
            let types = if types.is_empty() { types } else { format!("<{types}>") };
            format!("{}{types}({})", shown(callee), args.iter().map(arg).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Apply(call) => format!("(apply {})", shown(call)),
        ExprKind::With { base, settings } => format!("({} with {})", shown(base), shown(settings)),
        ExprKind::After { base, steps } => format!("({} after {})", shown(base), list(steps)),
        ExprKind::Unary { op, operand } => {
            format!("({}{})", if *op == UnaryOp::Neg { '-' } else { '!' }, shown(operand))
        }
        ExprKind::Binary { op, left, right, .. } => format!("({} {op:?} {})", shown(left), shown(right)),
        ExprKind::If(_) => "if".into(),
        ExprKind::For { source, .. } => format!("for {}", shown(source)),
        ExprKind::Fused(_) => "fused".into(),
        ExprKind::Fail(text) => format!("fail {}", shown(text)),
        ExprKind::Paren(inner) => shown(inner),
    }
}

fn entry(entry: &RecordEntry) -> String {
    match entry {
        RecordEntry::Field { key, value: Some(value), .. } => format!("{}: {}", key.text, shown(value)),
        RecordEntry::Field { key, value: None, .. } => key.text.to_string(),
        RecordEntry::Spread(base) => format!("...{}", shown(base)),
    }
}

fn arg(arg: &Arg) -> String {
    let name = arg.name.as_ref().map(|name| format!("{}:", name.text)).unwrap_or_default();
    format!("{name}{}", arg.value.as_ref().map(shown).unwrap_or_default())
}

fn string(literal: &StrLit) -> String {
    let part = |part: &StrPart| match part {
        StrPart::Text(text) => text.to_string(),
        StrPart::Hole(expr) => format!("{{{}}}", shown(expr)),
    };
    format!("\"{}\"", literal.parts.iter().map(part).collect::<String>())
}

fn ty(written: &TypeExpr) -> String {
    match &written.kind {
        TypeKind::Missing => "<missing>".into(),
        TypeKind::Named { path, args } => {
            let path = path.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(".");
            let arg = |arg: &fuse_syntax::ast::TypeArg| {
                let label = arg.label.as_ref().map(|name| format!("{}: ", name.text)).unwrap_or_default();
                format!("{label}{}", ty(&arg.value))
            };
            let args = args.iter().map(arg).collect::<Vec<_>>().join(", ");
            if args.is_empty() { path } else { format!("{path}<{args}>") }
        }
        TypeKind::Record(fields) => {
            let field = |field: &fuse_syntax::ast::Field| format!("{}: {}", field.name.text, ty(&field.ty));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        TypeKind::Optional(base) => format!("({}?)", ty(base)),
        TypeKind::Bounded { base, low, high } => {
            let end = |end: &Option<Box<Expr>>| end.as_ref().map(|end| shown(end)).unwrap_or_default();
            format!("({} {}..={})", ty(base), end(low), end(high))
        }
        TypeKind::Matches { base, pattern } => format!("({} matches {})", ty(base), string(pattern)),
        TypeKind::In { base, set } => format!("({} in {})", ty(base), shown(set)),
        TypeKind::By { base, form, schemes } => {
            let schemes: Vec<&str> = schemes.iter().map(|name| name.text.as_str()).collect();
            format!("({} by {} {schemes:?})", ty(base), form.text)
        }
    }
}

fn expression(text: &str) -> String {
    let items = items(&format!("const x = {text}"));
    let ItemKind::Const(constant) = &items[0].kind else { panic!("no constant") };
    shown(constant.value.as_ref().unwrap())
}

fn written_type(text: &str) -> String {
    let items = items(&format!("type X = {text}"));
    let ItemKind::Type(item) = &items[0].kind else { panic!("no type") };
    ty(&item.ty)
}

fn statements(text: &str) -> Vec<String> {
    let items = items(&format!("pipeline p() {{\n{text}\n}}"));
    let ItemKind::Pipeline(pipeline) = &items[0].kind else { panic!("no pipeline") };
    let statement = |stmt: &Stmt| match &stmt.kind {
        StmtKind::Let { value, .. } => format!("let {}", shown(value)),
        StmtKind::Return(value) => format!("return {}", value.as_ref().map(shown).unwrap_or_default()),
        StmtKind::Finally(block) => format!("finally {}", block.stmts.len()),
        StmtKind::Expr(expr) => shown(expr),
    };
    pipeline.body.stmts.iter().map(statement).collect()
}

fn clauses(text: &str) -> Vec<String> {
    let items = items(&format!("task t() {{\n{text}\n}}"));
    let ItemKind::Task(task) = &items[0].kind else { panic!("no task") };
    task.body.as_ref().unwrap().iter().map(clause).collect()
}

fn clause(clause: &Clause) -> String {
    let arg = |arg: &ClauseArg| match arg {
        ClauseArg::Expr(expr) => shown(expr),
        ClauseArg::Typed { name, optional, ty: written, default } => format!(
            "<{}{}{}{}>",
            name.text,
            if *optional { "?" } else { "" },
            written.as_ref().map(|written| format!(": {}", ty(written))).unwrap_or_default(),
            default.as_ref().map(|value| format!(" = {}", shown(value))).unwrap_or_default()
        ),
        ClauseArg::Bind { name, value } => format!("<{} = {}>", name.text, shown(value)),
        ClauseArg::Clauses(inner) => {
            format!("clauses({})", inner.iter().map(self::clause).collect::<Vec<_>>().join("; "))
        }
    };
    let args = clause.args.iter().map(arg).collect::<Vec<_>>();
    format!("{} {}", clause.head.text, args.join(" | "))
}

#[test]
fn operators_bind_as_the_reference_says() {
    assert_eq!(expression("1 + 2 * 3 - 4"), "((1 Add (2 Mul 3)) Sub 4)");
    assert_eq!(expression("a ?? b || c && d == e"), "(a Coalesce (b Or (c And (d Eq e))))");
    assert_eq!(expression("!a.b(c)[0] && -x % 2 < 3"), "((!a.b(c)[0]) And (((-x) Rem 2) Lt 3))");
    assert_eq!(expression("(1 + 2) * 3"), "((1 Add 2) Mul 3)");
    assert_eq!(expression("1..=n + 1"), "(1..=(n Add 1))");
    assert_eq!(expression("..=3"), "(..=3)");
    assert_eq!(expression("[1.., 2]"), "[(1..=), 2]");
    assert_eq!(expression("a - -b"), "(a Sub (-b))");
    assert_eq!(
        expression("apply f(x) with { a: 1 } after b, c.d"),
        "(((apply f(x)) with {a: 1}) after b, c.d)"
    );
    assert_eq!(expression("(apply f(x)).url"), "(apply f(x)).url");
    assert_eq!(expression("!f(x) with { a: 1 }"), "(!(f(x) with {a: 1}))");
}

#[test]
fn calls_records_and_strings() {
    assert_eq!(expression("m.train<sklearn>(a, b:, c: 1, in: x,)"), "m.train<sklearn>(a, b:, c:1, in:x)");
    assert_eq!(
        expression("{ a, b: 1, \"c d\": [2,], ...e, type: f.in }"),
        "{a, b: 1, c d: [2], ...e, type: f.in}"
    );
    assert_eq!(expression(r#""a{b + 1}{"c{d}"}\{\u{e9}""#), "\"a{(b Add 1)}{\"c{d}\"}{é\"");
    assert_eq!(expression("r\"a\\d{2}\""), "\"a\\d{2}\"");
    assert_eq!(expression("\"\"\"\n    a {b}\n      \\c\n  \"\"\""), "\"a {b}\n  \\c\n\"");
    assert_eq!(expression("{}"), "{}");
}

#[test]
fn types_take_their_suffixes_from_left_to_right() {
    assert_eq!(written_type("String? ..=9 in [a, b.c]"), written_type("String? ..=9 in [ a, b.c ]"));
    assert!(written_type("String in fields(Row)").starts_with("(String in "));
    assert_eq!(written_type("Int? 1..=9"), "((Int?) 1..=9)");
    assert_eq!(written_type("List<List<String ..=4> 1..> 0..=3"), "(List<(List<(String ..=4)> 1..=)> 0..=3)");
    assert_eq!(
        written_type("m.Model<F, format: pickle, in: { a: Int }> by uri(s3, gs)"),
        "(m.Model<F, format: pickle, in: {a: Int}> by uri [\"s3\", \"gs\"])"
    );
    assert_eq!(written_type("String matches r\"^a\" ..=8"), "((String matches \"^a\") ..=8)");
    assert_eq!(written_type("Float -1.0..=max.x"), "(Float (-1.0)..=max.x)");
    assert_eq!(written_type("T??"), "((T?)?)");
}

#[test]
fn clauses_have_the_shape_that_the_view_documents() {
    let text = r#"
needs tracking
effect external
image image
script python """
  x
"""
script template("x.j2")
run ["a", "b"]
run python("f.py:g")
with { cpu: 1, memory: 2Gi }
detect { }
manifest { ...base }
env X: Url = "u", Y: Int
secret env A?, B?
python { image "i", requires ["a", "b"] }
python {
  image "i"
  requires ["a"], run x
}
ready condition "Ready" within 10min
output url = status.url
flavors serves
version ">=2"
matrix a in [1, 2]
retries 3; idempotent"#;
    assert_eq!(
        clauses(text),
        [
            "needs tracking",
            "effect external",
            "image image",
            "script python | \"x\n\"",
            "script template(\"x.j2\")",
            "run [\"a\", \"b\"]",
            "run python(\"f.py:g\")",
            "with {cpu: 1, memory: 2Gi}",
            "detect {}",
            "manifest {...base}",
            "env <X: Url = \"u\"> | <Y: Int>",
            "secret env | <A?> | <B?>",
            "python clauses(image \"i\"; requires [\"a\", \"b\"])",
            "python clauses(image \"i\"; requires [\"a\"]; run x)",
            "ready condition | \"Ready\" | within | 10min",
            "output <url = status.url>",
            "flavors serves",
            "version \">=2\"",
            "matrix (a In [1, 2])",
            "retries 3",
            "idempotent "
        ]
    );
}

#[test]
fn a_line_ends_where_it_should() {
    assert_eq!(statements("a()\nb()"), ["a()", "b()"]);
    assert_eq!(
        statements("a()\n  .b\n  .c()\n?? d\nwith { e: 1 }\nafter f"),
        ["(a().b.c() Coalesce ((d with {e: 1}) after f))"]
    );
    assert_eq!(statements("let a =\n  b +\n  c\n- d\n-e"), ["let ((b Add c) Sub d)", "(-e)"]);
    assert_eq!(statements("f(\n  a\n  ,\n  b\n)\n[c]\n{ d }"), ["f(a, b)", "[c]", "{d}"]);
    assert_eq!(statements("return\nfinally { a(); b() }"), ["return ", "finally 2"]);
    assert_eq!(statements("f({\n  a: 1,\n  b\n})  // end\n\n\n  g()"), ["f({a: 1, b})", "g()"]);
    assert_eq!(statements("f(for x in xs {\n  g(x)\n  h(x)\n})"), ["f(for xs)"]);
    assert_eq!(statements("a in\n b\n&& c"), ["((a In b) And c)"]);
    assert_eq!(
        clauses("image \"x\"\nwith { a: 1 }\nin 2\nrun [\"b\"]"),
        ["image \"x\"", "with {a: 1}", "in 2", "run [\"b\"]"]
    );
}

#[test]
fn documentation_belongs_to_what_it_stands_above() {
    let found = items(
        "/// lost\n\n/// One.\n///  Two.\n// note\npub enum E {\n  /// case\n  a, // b\n  b,\n}\n\
         task t(\n  /// param\n  a: Int, b: Int,\n) -> {\n  /// field\n  c: Int } {\n  /// clause\n  image \"x\"\n}\n",
    );
    assert_eq!(found[0].doc.as_deref(), Some("One.\n Two."));
    let ItemKind::Enum(cases) = &found[0].kind else { panic!("no enum") };
    assert_eq!(cases.cases.iter().map(|case| case.doc.as_deref()).collect::<Vec<_>>(), [Some("case"), None]);
    let ItemKind::Task(task) = &found[1].kind else { panic!("no task") };
    assert_eq!(
        task.params.iter().map(|param| param.doc.as_deref()).collect::<Vec<_>>(),
        [Some("param"), None]
    );
    let TypeKind::Record(fields) = &task.ret.as_ref().unwrap().kind else { panic!("no record") };
    assert_eq!(fields[0].doc.as_deref(), Some("field"));
    assert_eq!(task.body.as_ref().unwrap()[0].doc.as_deref(), Some("clause"));
}

#[test]
fn spans_are_those_of_the_source() {
    let text = "pipeline p() {\n  let x = f( a.b + \"{ c }\" ) // end\n}";
    let found = items(text);
    let ItemKind::Pipeline(pipeline) = &found[0].kind else { panic!("no pipeline") };
    let at = |span: Span| &text[span.start as usize..span.end as usize];
    assert_eq!(at(pipeline.body.stmts[0].span), "let x = f( a.b + \"{ c }\" )");
    let StmtKind::Let { value, .. } = &pipeline.body.stmts[0].kind else { panic!("no let") };
    let ExprKind::Call { callee, args, .. } = &value.kind else { panic!("no call") };
    assert_eq!((at(value.span), at(callee.span)), ("f( a.b + \"{ c }\" )", "f"));
    let ExprKind::Binary { op, op_span, left, right } = &args[0].value.as_ref().unwrap().kind else {
        panic!("no sum")
    };
    assert_eq!((*op, at(*op_span), at(left.span), at(right.span)), (BinaryOp::Add, "+", "a.b", "\"{ c }\""));
    let ExprKind::Str(literal) = &right.kind else { panic!("no string") };
    let StrPart::Hole(hole) = &literal.parts[0] else { panic!("no hole") };
    assert_eq!(at(hole.span), "c");
    assert_eq!(at(pipeline.name.span), "p");
}
