//! FS03xx: a value of the wrong type, an argument too few or too many, a constant out of range.

codes! {
    /// A value of another type than its place takes.
    WRONG_TYPE = "FS0301" Error "wrong-type";
    /// A parameter without default that got no argument.
    MISSING_ARGUMENT = "FS0302" Error "missing-argument";
    /// An argument for a parameter that does not exist.
    UNKNOWN_ARGUMENT = "FS0303" Error "unknown-argument";
    /// A parameter, field or key that is given twice.
    DUPLICATE_ARGUMENT = "FS0304" Error "duplicate-argument";
    /// An argument that needs its name.
    POSITIONAL_ARGUMENT = "FS0305" Error "positional-argument";
    /// A constant that its type's bounds or pattern refuse.
    OUT_OF_RANGE = "FS0306" Error "out-of-range";
    /// A number with the wrong unit, or without one where it is needed.
    UNIT = "FS0307" Error "unit";
    /// A case that its enum does not have.
    UNKNOWN_CASE = "FS0308" Error "unknown-case";
    /// A record without one of its fields.
    MISSING_FIELD = "FS0309" Error "missing-field";
    /// A record with a field that its type does not have.
    UNKNOWN_FIELD = "FS0310" Error "unknown-field";
    /// An operator on values that it is not for.
    OPERATOR = "FS0311" Error "operator";
    /// A type argument outside the set that the declaration accepts.
    NOT_ACCEPTED = "FS0312" Error "not-accepted";
    /// A type argument that follows from nothing.
    CANNOT_INFER = "FS0313" Error "cannot-infer";
    /// Type arguments too many, too few or with an unknown name.
    TYPE_ARGUMENTS = "FS0314" Error "type-arguments";
    /// An artifact whose facets are not the ones demanded.
    FACET = "FS0315" Error "facet";
    /// Files where a uri is demanded, or the other way round.
    FORM = "FS0317" Error "artifact-form";
    /// A constant text that is no Url, Path, Image, DnsLabel or version.
    MALFORMED = "FS0318" Error "malformed-constant";
    /// A declaration that lacks a clause that it needs.
    MISSING_CLAUSE = "FS0319" Error "missing-clause";
    /// A clause that stands twice, or two that exclude each other.
    DUPLICATE_CLAUSE = "FS0320" Error "duplicate-clause";
    /// A clause whose words do not fit together.
    MALFORMED_CLAUSE = "FS0321" Error "malformed-clause";
    /// A statement that does nothing.
    NO_EFFECT = "FS0322" Warning "no-effect";
    /// A script or template that cannot be read.
    CARRIED_FILE = "FS0323" Error "carried-file";
    /// A pipeline that declares outputs and returns none.
    RETURN = "FS0324" Error "missing-return";
    /// A type that cannot stand where it does.
    BAD_TYPE = "FS0325" Error "bad-type";
    /// A manifest without constant apiVersion, kind or name.
    MANIFEST = "FS0326" Error "manifest";
    /// A file that is read at build and does not have the shape that its reader declares.
    FILE_SHAPE = "FS0334" Error "file-shape";
    /// A file that is read at build and is not of its format.
    FILE_SYNTAX = "FS0335" Error "file-syntax";
    /// A field of a record, case or artifact with a default.
    FIELD_DEFAULT = "FS0333" Error "field-default";
    /// `fail` in a `const fn`.
    FUNCTION_FAILED = "FS0332" Error "function-failed";
    /// A tool that does not have what a capability asks for.
    CAPABILITY = "FS0327" Error "capability";
    /// An artifact that exists already, where nothing says of which type it is.
    GIVEN_ARTIFACT = "FS0340" Error "given-artifact";
    /// A type in the signature of an external task that plain parameters and results do not have.
    EXTERNAL_TYPE = "FS0341" Error "external-type";
    /// An output that the script of its task never mentions.
    UNWRITTEN = "FS0342" Warning "output-never-written";
}
