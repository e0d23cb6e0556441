//! FS04xx: two times (const, late) and presence.

codes! {
    /// A value known only when the pipeline runs, where the manifest needs it.
    LATE_IN_CONST = "FS0401" Error "late-in-const";
    /// A value that exists only under a condition, used without it.
    ABSENT = "FS0402" Error "maybe-absent";
    /// The arms of an `if` whose value is used have different types.
    ARM_TYPES = "FS0403" Error "arms-differ";
    /// Statements after a `return`.
    RETURN_LAST = "FS0404" Error "return-not-last";
    /// A parameter in a manifest that must be `const`.
    LATE_IN_MANIFEST = "FS0405" Error "late-in-manifest";
    /// `if let` or `??` on a value that is always there.
    ALWAYS_PRESENT = "FS0406" Error "always-present";
}
