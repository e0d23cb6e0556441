//! FS06xx: what the lowering cannot do or prove: names, sizes, owners.

codes! {
    /// The scripts of a task are larger than Tekton can hand to a pod.
    SCRIPT_SIZE = "FS0601" Error "script-too-large";
    /// The outputs of a task may be larger than the results of a pod.
    RESULTS_SIZE = "FS0602" Error "results-too-large";
    /// The names of a pipeline and its step are too long together.
    NAME_LENGTH = "FS0603" Error "name-too-long";
    /// Two declarations write one object of the cluster.
    TWO_OWNERS = "FS0604" Error "two-owners";
    /// A script template that cannot be rendered.
    TEMPLATE = "FS0605" Error "template-error";
    /// A template asks for an input that is known only when the step runs.
    LATE_IN_TEMPLATE = "FS0606" Error "late-in-template";
    /// A script contains text that Tekton would replace.
    TEKTON_REFERENCE = "FS0607" Error "tekton-reference";
    /// A script reads an input or writes an output that the task does not have.
    UNKNOWN_VARIABLE = "FS0608" Error "unknown-step-variable";
    /// A declared timeout is shorter than what it must allow.
    TIMEOUT = "FS0609" Error "timeout-too-short";
    /// A text holds a character that the encoding of values has taken.
    RESERVED_CHARACTER = "FS0610" Error "reserved-character";
    /// A pipeline's output that no single step delivers.
    OUTPUT_VALUE = "FS0611" Error "output-not-from-a-step";
    /// A composite with more late parts than can be passed.
    TOO_MANY_LATE = "FS0612" Error "too-many-late-parts";
    /// A part of a value that is known only when the pipeline runs.
    LATE_FIELD = "FS0613" Error "field-of-late-value";
    /// A key of a map that cannot be the name of a file.
    FILE_NAME = "FS0614" Error "key-is-no-file-name";
    /// Two pipelines or deployments whose objects would have one name.
    NAME_CLASH = "FS0615" Error "object-name-clash";
    /// A computation with late values outside a condition.
    LATE_EXPRESSION = "FS0616" Error "late-expression";
    /// `on_error: continue` on a step whose outputs are used, or that is retried.
    CONTINUES = "FS0629" Error "continues-without-result";
    /// A setting of an `apply` that only a step of one's own can have.
    SETTING_OF_APPLY = "FS0630" Error "setting-without-effect";
    /// A mounted folder that depends on which arm of a condition runs.
    MERGED_FOLDER = "FS0624" Error "folder-from-arms";
    /// A call asks more of an external task than Tekton's plain parameters and results can do.
    EXTERNAL_LIMITS = "FS0625" Error "external-limits";
    /// A Python function that does not take the inputs of its task, or does not return its outputs.
    PYTHON_FUNCTION = "FS0626" Error "python-function";
    /// Lists side by side that differ in length.
    LIST_LENGTHS = "FS0617" Error "lists-differ";
    /// A loop with more rounds than are written out.
    ROUNDS = "FS0618" Error "too-many-rounds";
    /// What a matrix cannot do.
    NO_MATRIX = "FS0619" Error "no-matrix";
    /// A matrix on a target with Tekton's stable fields only.
    STABLE_FIELDS = "FS0620" Error "stable-fields";
    /// Retries of a task with an effect outside the run that is not `idempotent`.
    RETRIED_EFFECT = "FS0621" Warning "retried-effect";
}
