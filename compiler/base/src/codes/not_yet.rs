//! FS09xx: constructs of the language that this compiler cannot build yet.

codes! {
    /// `on …`.
    TRIGGER = "FS0908" Error "not-yet-trigger";
    /// `test`.
    TEST = "FS0912" Error "not-yet-test";
    /// `[dependencies]` on other packages.
    DEPENDENCIES = "FS0920" Error "not-yet-dependencies";
}
