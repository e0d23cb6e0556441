//! FS05xx: what a target lacks: services, secrets, stores, settings.

codes! {
    /// A service that a step needs and the target does not bind.
    SERVICE_UNBOUND = "FS0501" Error "service-not-bound";
    /// A key of a Secret that a service needs and its binding does not list.
    SECRET_KEY = "FS0502" Error "secret-key-missing";
    /// Files pass between steps and the target has no store.
    NO_STORE = "FS0503" Error "store-missing";
    /// A step needs `fuse-step` and the target does not name its image.
    NO_STEP_IMAGE = "FS0504" Error "step-image-missing";
    /// The installed version of a tool is none that its declaration supports.
    TOOL_VERSION = "FS0505" Error "tool-version";
    /// A key in a binding that the tool or service does not have.
    UNKNOWN_OPTION = "FS0506" Error "unknown-option";
    /// A value in a target that does not fit the type it is for.
    SETTING_TYPE = "FS0507" Error "setting-type";
    /// A reference with a scheme that its consumer cannot read.
    SCHEME = "FS0508" Error "uri-scheme";
    /// The target's Tekton lacks what the manifests need.
    TEKTON_VERSION = "FS0509" Error "tekton-too-old";
    /// A const parameter of a pipeline without default and without a value in the target.
    PARAM_UNSET = "FS0510" Error "const-parameter-unset";
    /// A target sets a parameter that the pipeline does not have as `const`.
    UNKNOWN_PARAM = "FS0511" Error "unknown-target-parameter";
    /// A target binds a tool that the package does not use.
    UNUSED_BINDING = "FS0512" Warning "unused-binding";
    /// A binding lacks a value that the tool or service needs.
    SETTING_UNSET = "FS0513" Error "setting-unset";
    /// A pipeline asks the target for a tool, and the target chooses none.
    NO_CHOICE = "FS0514" Error "tool-not-chosen";
    /// A target chooses something that is no tool.
    UNKNOWN_CHOICE = "FS0515" Error "unknown-tool";
    /// A target extends one that is not there, or itself by a circle.
    EXTENDS = "FS0516" Error "target-extends";
    /// A step asks for a node class that the target does not have.
    NODE_CLASS = "FS0517" Error "node-class";
    /// Steps ask for devices, and their node class does not name the resource.
    NO_DEVICE = "FS0518" Error "no-device";
    /// Files in a volume tie the pods of a run to one node, and its steps ask for two classes of nodes.
    NODES_OF_A_VOLUME = "FS0519" Error "nodes-of-a-volume";
    /// A binding names a domain that the target does not have.
    DOMAIN = "FS0520" Error "unknown-domain";
    /// An object in another cluster refers to what only this one can reach.
    LOCAL_REFERENCE = "FS0521" Error "local-reference";
    /// The target's Tekton has a feature switched off that the program needs.
    API_FIELDS = "FS0522" Error "feature-switched-off";
    /// A constant uri that does not lie in the target's store, where files are needed.
    OUTSIDE_STORE = "FS0526" Error "uri-outside-store";
}
