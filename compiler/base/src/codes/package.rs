//! FS07xx: `fuse.toml`, files and folders.

codes! {
    /// `fuse.toml` is no TOML.
    TOML_SYNTAX = "FS0701" Error "toml-syntax";
    /// A key that `fuse.toml` does not have at its place.
    UNKNOWN_KEY = "FS0702" Error "unknown-key";
    /// A key that must be there.
    MISSING_KEY = "FS0703" Error "missing-key";
    /// A key whose value has another type.
    WRONG_KEY_TYPE = "FS0704" Error "wrong-key-type";
    /// A name, version, quantity, url or choice in `fuse.toml` that means nothing.
    BAD_KEY_VALUE = "FS0705" Error "bad-key-value";
    /// A package with pipelines and no target to build them for.
    NO_TARGET = "FS0706" Error "no-target";
}
