//! FS01xx: the text is no program.

codes! {
    /// Something else was expected here.
    UNEXPECTED = "FS0101" Error "unexpected-token";
    /// `(`, `[`, `{` or `<` without its closer.
    UNCLOSED_BRACKET = "FS0102" Error "unclosed-bracket";
    /// `)`, `]` or `}` without its opener.
    STRAY_BRACKET = "FS0103" Error "stray-bracket";
    /// A string that ends with its line or file.
    UNTERMINATED_STRING = "FS0104" Error "unterminated-string";
    /// A character outside strings and comments that is no part of the language.
    BAD_CHARACTER = "FS0105" Error "bad-character";
    /// Nesting, chains or files beyond what the compiler reads.
    OVER_THE_LIMIT = "FS0106" Error "over-the-limit";
    /// A number out of range, malformed or with an unknown unit.
    BAD_NUMBER = "FS0107" Error "bad-number";
    /// `a < b < c`
    CHAINED_COMPARISON = "FS0108" Error "chained-comparison";
    /// `a..b`
    EXCLUSIVE_RANGE = "FS0109" Error "exclusive-range";
    /// `\` and something that is no escape.
    BAD_ESCAPE = "FS0110" Error "bad-escape";
    /// A statement where declarations stand.
    MISPLACED_STATEMENT = "FS0111" Error "misplaced-statement";
    /// A word that is nearly a keyword.
    MISSPELT_KEYWORD = "FS0112" Error "misspelt-keyword";
    /// A reserved word where a name is expected.
    RESERVED_WORD = "FS0113" Error "reserved-word";
    /// Two entries without a comma between them.
    MISSING_COMMA = "FS0114" Error "missing-comma";
}
