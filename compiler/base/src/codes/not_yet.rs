//! FS09xx: constructs of the language that this compiler cannot build yet.

codes! {
    /// `capability` and `use` parameters.
    CAPABILITY = "FS0905" Error "not-yet-capability";
    /// `fused { }`.
    FUSED = "FS0906" Error "not-yet-fused";
    /// `finally { }` and the status of a run.
    FINALLY = "FS0907" Error "not-yet-finally";
    /// `on …`.
    TRIGGER = "FS0908" Error "not-yet-trigger";
    /// `external task`.
    EXTERNAL = "FS0909" Error "not-yet-external";
    /// `reader`.
    READER = "FS0910" Error "not-yet-reader";
    /// `Dir?`.
    DIR = "FS0911" Error "not-yet-dir";
    /// `test`.
    TEST = "FS0912" Error "not-yet-test";
    /// A pipeline called from a pipeline.
    COMPOSITION = "FS0913" Error "not-yet-composition";
    /// Type parameters of a pipeline.
    GENERIC_PIPELINE = "FS0914" Error "not-yet-generic-pipeline";
    /// Settings of `with` that come later.
    SETTING = "FS0915" Error "not-yet-setting";
    /// A `const fn` with statements or type parameters.
    CONST_FN_BODY = "FS0916" Error "not-yet-const-fn";
    /// Enum cases that carry records.
    ENUM_RECORD = "FS0917" Error "not-yet-enum-record";
    /// A pipeline parameter that is files, `file("…")` and `dataset("…")`.
    ARTIFACT_PARAMETER = "FS0918" Error "not-yet-artifact-parameter";
    /// `[dependencies]` on other packages.
    DEPENDENCIES = "FS0920" Error "not-yet-dependencies";
    /// Tables of a target that come later: node classes, security, domains.
    TARGET_SETTING = "FS0921" Error "not-yet-target-setting";
}
