//! FS02xx: a name that means nothing, twice something, or not what it should.

codes! {
    /// A name that nothing in scope has.
    UNKNOWN_NAME = "FS0201" Error "unknown-name";
    /// `a.b` where `a` has no `b`.
    UNKNOWN_MEMBER = "FS0202" Error "unknown-member";
    /// An import that finds no module, or no such name in it.
    UNKNOWN_IMPORT = "FS0203" Error "unknown-import";
    /// Two declarations of one name in a scope.
    DUPLICATE_NAME = "FS0204" Error "duplicate-name";
    /// Modules that import one another in a circle.
    IMPORT_CYCLE = "FS0205" Error "import-cycle";
    /// A name of another module that is not `pub`.
    PRIVATE_NAME = "FS0206" Error "private-name";
    /// A name that means something else than its place asks for.
    WRONG_KIND = "FS0207" Error "wrong-kind";
    /// A clause that the declaration does not have.
    UNKNOWN_CLAUSE = "FS0208" Error "unknown-clause";
    /// A name that is not written as its kind is.
    NAME_STYLE = "FS0209" Error "name-style";
    /// A step with a name that the compiler uses for its own.
    RESERVED_STEP = "FS0210" Error "reserved-step-name";
    /// A constant or type that is defined by itself.
    CYCLIC_DEFINITION = "FS0211" Error "cyclic-definition";
    /// Pipelines that call one another in a circle.
    RECURSION = "FS0212" Error "recursive-pipeline";
    /// A pipeline with type parameters or tools that nothing gives.
    NEVER_BUILT = "FS0213" Warning "never-built";
}
