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
    /// A name that is bound inside a loop, used outside of it.
    OUTSIDE_LOOP = "FS0407" Error "outside-its-loop";
    /// A loop whose block does not give what is asked of it, or that would return.
    LOOP_VALUE = "FS0408" Error "loop-value";
    /// What cannot stand in a loop over a list that is known late.
    LATE_LOOP = "FS0409" Error "late-loop";
    /// `parallel` on a loop over a list that is known late.
    LATE_PARALLEL = "FS0410" Error "late-parallel";
    /// Names that do not fit the items of a loop.
    LOOP_PATTERN = "FS0411" Error "loop-pattern";
    /// A loop through a list of nothing.
    EMPTY_LOOP = "FS0412" Error "empty-loop";
    /// What cannot stand in a `fused` block.
    FUSED_BLOCK = "FS0413" Error "fused-block";
    /// A pipeline called in a `fused` block.
    FUSED_PIPELINE = "FS0414" Error "fused-pipeline";
    /// A Task that exists already, called in a `fused` block.
    FUSED_EXTERNAL = "FS0415" Error "fused-external";
    /// `apply` in a `fused` block.
    FUSED_APPLY = "FS0416" Error "fused-apply";
    /// A setting of the pod at one of its steps, or of a step at the pod.
    FUSED_SETTING = "FS0417" Error "fused-setting";
    /// What several steps of one pod cannot have together.
    FUSED_POD = "FS0418" Error "fused-pod";
    /// A `finally` where none can stand, or what would leave it.
    FINALLY_PLACE = "FS0420" Error "finally-place";
    /// A value that the steps of `finally` cannot have.
    FINALLY_VALUE = "FS0421" Error "finally-value";
    /// A step of `finally` that waits for another one there.
    FINALLY_LINK = "FS0422" Error "finally-link";
    /// A status that is not known yet.
    STATUS = "FS0423" Error "status-not-known";
}
