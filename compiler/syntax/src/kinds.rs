//! The kinds of tokens and nodes of the syntax tree, and which grammar rule makes which node.

use crate::grammar::Rule;

/// Declares [`SyntaxKind`], its conversions and the table from grammar rules to nodes.
macro_rules! kinds {
    (
        tokens { $($(#[$token_doc:meta])* $token:ident,)* }
        marks { $($mark:ident $text:literal,)* }
        nodes { $($(#[$node_doc:meta])* $node:ident = $($rule:ident)|+,)* }
    ) => {
        /// What a token or a node of the syntax tree is.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u16)]
        pub enum SyntaxKind {
            $($(#[$token_doc])* $token,)*
            $(#[doc = concat!("`", $text, "`")] $mark,)*
            $($(#[$node_doc])* $node,)*
        }

        /// Every kind at the index of its number.
        static ALL: &[SyntaxKind] =
            &[$(SyntaxKind::$token,)* $(SyntaxKind::$mark,)* $(SyntaxKind::$node,)*];

        impl SyntaxKind {
            /// The node that a grammar rule makes; `None` for rules that only recognise and for markers.
            #[must_use]
            pub(crate) fn of_rule(rule: Rule) -> Option<Self> {
                match rule {
                    $($(Rule::$rule)|+ => Some(Self::$node),)*
                    _ => None,
                }
            }

            /// How the kind is written, for brackets and operators.
            #[must_use]
            pub fn text(self) -> Option<&'static str> {
                match self {
                    $(Self::$mark => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    tokens {
        /// Blanks and newlines.
        Whitespace,
        /// `// …`
        Comment,
        /// `/// …`
        DocComment,
        /// A name, or a word that is reserved elsewhere.
        Ident,
        /// A reserved word where it is one.
        Keyword,
        /// `12`, `0.5`, `1h30min`
        Number,
        /// `"…"` without holes.
        Str,
        /// `r"…"`
        RawStr,
        /// `"""…"""`
        BlockStr,
        /// `"…` before the first hole.
        StrHead,
        /// The text between two holes.
        StrMid,
        /// `…"` behind the last hole.
        StrTail,
        /// `{` of a hole.
        HoleOpen,
        /// `}` of a hole.
        HoleClose,
        /// `<` before type arguments.
        LAngle,
        /// `>` behind type arguments.
        RAngle,
        /// Characters that mean nothing.
        Unknown,
    }
    marks {
        LBrace "{", RBrace "}", LParen "(", RParen ")", LBracket "[", RBracket "]",
        Comma ",", Colon ":", Semicolon ";", Dot ".", Assign "=", Arrow "->", Question "?",
        Ellipsis "...", DotDotEq "..=", DotDot "..",
        EqEq "==", NotEq "!=", LessEq "<=", GreaterEq ">=", Less "<", Greater ">",
        AndAnd "&&", OrOr "||", Coalesce "??", And "&", Or "|",
        Plus "+", Minus "-", Star "*", Slash "/", Percent "%", Not "!",
    }
    nodes {
        /// A whole file.
        File = file,
        /// A declaration with its `pub`.
        Item = item,
        /// `import …`
        ImportItem = import_item,
        /// The path of an import.
        ImportPath = import_path,
        /// `{ a, b }` of an import.
        ImportNames = import_names,
        /// `const fn …`
        ConstFn = const_fn,
        /// `const …`
        ConstItem = const_item,
        /// `option …`
        OptionItem = option_item,
        /// `type …`
        TypeItem = type_item,
        /// `enum …`
        EnumItem = enum_item,
        /// `{ … }` of an enum.
        EnumCases = enum_cases,
        /// A case of an enum.
        EnumCase = enum_case,
        /// `artifact …`
        ArtifactItem = artifact_item,
        /// `<…>` of an artifact.
        Facets = facets,
        /// `task …`
        TaskItem = task_item,
        /// `resource …`
        ResourceItem = resource_item,
        /// `pipeline …`
        PipelineItem = pipeline_item,
        /// `tool …`
        ToolItem = tool_item,
        /// `capability …`
        CapabilityItem = capability_item,
        /// `service …`
        ServiceItem = service_item,
        /// `reader …`
        ReaderItem = reader_item,
        /// `(…)` of a reader.
        ReaderParams = reader_params,
        /// A parameter of a reader.
        ReaderParam = reader_param,
        /// `deploy …`
        DeployItem = deploy_item,
        /// `on …`
        OnItem = on_item,
        /// `test …`
        TestItem = test_item,
        /// `from …` of an external task.
        FromClause = from_clause,
        /// `<…>` of a declaration.
        Generics = generics,
        /// A type parameter.
        Generic = generic,
        /// One bound behind `where`.
        Where = where_one,
        /// `(…)` of a declaration.
        Params = params,
        /// A parameter.
        Param = param,
        /// `-> T`
        Ret = ret,
        /// `: T`
        Annotation = annotation,
        /// `= value`
        AssignValue = assign,
        /// `{ clauses }`
        ClauseBody = clause_body,
        /// `{ members and clauses }`
        MemberBody = member_body,
        /// A clause.
        Clause = clause | nested,
        /// `X: T = default`, `X?` in a clause.
        Typed = typed,
        /// `name = value` in a clause.
        Bind = bind,
        /// `{ clauses }` in a clause.
        Clauses = clauses,
        /// `{ statements }`
        Block = block,
        /// `let …`
        LetStmt = let_stmt,
        /// `return …`
        ReturnStmt = return_stmt,
        /// `finally { … }`
        FinallyStmt = finally_stmt,
        /// An expression as a statement.
        ExprStmt = expr_stmt,
        /// What `let` and `for` bind.
        Pattern = pattern,
        /// `{ a, b: c }` as a pattern.
        RecordPattern = record_pattern,
        /// A field of a record pattern.
        PatternField = pattern_field,
        /// `(a, b)` as a pattern.
        TuplePattern = tuple_pattern,
        /// Operands and operators in a row.
        Expr = expr,
        /// `with { … }`
        WithPart = with_part,
        /// `after a, b`
        AfterPart = after_part,
        /// A step behind `after`.
        StepRef = step,
        /// `(…)` of a call.
        Args = args,
        /// An argument.
        Arg = arg,
        /// `[…]` behind a value.
        Index = index,
        /// `<…>` of a type or a call.
        TypeArgs = type_args,
        /// An argument in `<…>`.
        TypeArg = type_arg,
        /// `[a, b]`
        List = list,
        /// `(e)`
        Paren = paren,
        /// `{ a: 1, b }`
        Record = record,
        /// An entry of a record.
        Entry = entry,
        /// `...base`
        Spread = spread,
        /// `if …`
        IfExpr = if_expr,
        /// The condition of an `if`.
        Cond = cond,
        /// `for …`
        ForExpr = for_expr,
        /// `fused { … }`
        FusedExpr = fused_expr,
        /// `fail …`
        FailExpr = fail_expr,
        /// A string with holes.
        StringLit = string,
        /// `{…}` in a string.
        Hole = hole,
        /// A type.
        Type = ty,
        /// `?` behind a type.
        Optional = optional,
        /// `1..=10` behind a type.
        Bounds = bounds,
        /// One end of the bounds.
        Bound = bound,
        /// `matches r"…"`
        Matches = matches,
        /// `in fields(Row)` behind a type.
        Within = within,
        /// `by uri(…)`
        By = by,
        /// `(s3, gs)`
        Schemes = schemes,
        /// `{ a: T }`
        RecordType = record_type,
        /// A field of a record type.
        Field = field,
        /// What could not be read.
        Error = bad | bad_line | bad_item,
    }
}

impl SyntaxKind {
    /// Blanks and comments: what has no meaning for the typed view (documentation aside).
    #[must_use]
    pub const fn is_trivia(self) -> bool {
        matches!(self, Self::Whitespace | Self::Comment | Self::DocComment | Self::Unknown)
    }

    /// Names and reserved words.
    #[must_use]
    pub const fn is_word(self) -> bool {
        matches!(self, Self::Ident | Self::Keyword)
    }

    /// Literals written as one token.
    #[must_use]
    pub const fn is_plain_string(self) -> bool {
        matches!(self, Self::Str | Self::RawStr | Self::BlockStr)
    }
}

/// The language tag of the tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fuse {}

impl rowan::Language for Fuse {
    type Kind = SyntaxKind;

    fn kind_from_raw(raw: rowan::SyntaxKind) -> SyntaxKind {
        ALL.get(usize::from(raw.0)).copied().unwrap_or(SyntaxKind::Error)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        rowan::SyntaxKind(kind as u16)
    }
}

/// A node of the syntax tree.
pub type SyntaxNode = rowan::SyntaxNode<Fuse>;
/// A token of the syntax tree.
pub type SyntaxToken = rowan::SyntaxToken<Fuse>;
/// A node or a token of the syntax tree.
pub type SyntaxElement = rowan::SyntaxElement<Fuse>;

/// The reserved words of the language.
pub(crate) static RESERVED: &[&str] = &[
    "after",
    "apply",
    "artifact",
    "by",
    "capability",
    "const",
    "deploy",
    "else",
    "enum",
    "external",
    "fail",
    "false",
    "finally",
    "fn",
    "for",
    "fused",
    "if",
    "import",
    "in",
    "let",
    "none",
    "on",
    "pipeline",
    "pub",
    "reader",
    "resource",
    "return",
    "run",
    "task",
    "test",
    "tool",
    "true",
    "type",
    "use",
    "where",
    "with",
];

#[cfg(test)]
mod tests;
