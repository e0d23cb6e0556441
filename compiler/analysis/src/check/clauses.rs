//! Clauses: which ones a declaration may have, and how their words fit together.

use ecow::EcoString;
use fuse_base::{Diagnostic, Span, closest, codes};
use fuse_syntax::ast::{Clause, ClauseArg, Expr, ExprKind, Name};

use super::Checker;
use super::settings::KNOWN;

impl Checker<'_> {
    /// A clause that the declaration does not have.
    pub(super) fn unknown_clause(&mut self, clause: &Clause, owner: &str, known: &[&str]) {
        if clause.head.is_missing() {
            return;
        }
        let text = clause.head.text.as_str();
        let setting = known.contains(&"with") && KNOWN.contains(&text);
        let help = setting
            .then(|| format!("it is a setting: write `with {{ {text}: … }}`"))
            .or_else(|| Some(format!("did you mean `{}`?", closest(text, known.iter().copied())?)))
            .unwrap_or_else(|| format!("a {owner} has: {}", known.join(", ")));
        let diagnostic = Diagnostic::new(
            &codes::names::UNKNOWN_CLAUSE,
            clause.head.span,
            format!("a {owner} has no clause `{text}`"),
        )
        .help(help);
        self.report(diagnostic);
    }

    /// A clause whose words do not fit together.
    pub(super) fn malformed(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        let diagnostic = Diagnostic::new(&codes::types::MALFORMED_CLAUSE, span, message).help(help);
        self.report(diagnostic);
    }

    /// A clause that stands twice, or beside one that excludes it.
    pub(super) fn duplicate_clause(&mut self, clause: &Clause, first: Span) {
        let diagnostic = Diagnostic::new(
            &codes::types::DUPLICATE_CLAUSE,
            clause.head.span,
            format!("`{}` cannot stand beside the clause above", clause.head.text),
        )
        .label(first, "this one says it already")
        .help("keep one of them");
        self.report(diagnostic);
    }

    /// The one expression of a clause such as `image "…"`.
    pub(super) fn only_expr<'c>(&mut self, clause: &'c Clause, example: &str) -> Option<&'c Expr> {
        match clause.args.as_slice() {
            [ClauseArg::Expr(expr)] => Some(expr),
            args => {
                if !args.iter().any(has_hole) {
                    self.malformed(
                        clause.span,
                        format!("`{}` takes one value", clause.head.text),
                        format!("write `{example}`"),
                    );
                }
                None
            }
        }
    }

    /// The constant text of a literal without holes.
    pub(super) fn literal_text(&mut self, expr: &Expr, what: &str) -> Option<(EcoString, Span)> {
        match &expr.kind {
            ExprKind::Str(literal) => {
                if let Some(text) = literal.plain() {
                    return Some((text, literal.span));
                }
                self.malformed(
                    expr.span,
                    format!("{what} is written out, without `{{…}}`"),
                    "write a plain text",
                );
                None
            }
            ExprKind::Missing => None,
            _ => {
                self.malformed(expr.span, format!("{what} is a literal text"), "write `\"…\"`");
                None
            }
        }
    }
}

/// The word that an expression is.
pub(super) fn word(expr: &Expr) -> Option<Name> {
    if let ExprKind::Name(text) = &expr.kind {
        Some(Name { text: text.clone(), span: expr.span })
    } else {
        None
    }
}

/// Whether a syntax error was told for a part.
pub(super) fn has_hole(arg: &ClauseArg) -> bool {
    match arg {
        ClauseArg::Expr(expr) => matches!(expr.kind, ExprKind::Missing),
        ClauseArg::Typed { name, .. } | ClauseArg::Bind { name, .. } => name.is_missing(),
        ClauseArg::Clauses(_) => false,
    }
}
