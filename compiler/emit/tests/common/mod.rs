//! Plans made by hand, as lowering would make them.
#![allow(dead_code, reason = "each test and benchmark uses a part")]

use fuse_base::{FileId, Sources, Span};
use fuse_emit::Header;
use fuse_plan::Plan;
use fuse_plan::model::*;
use petgraph::graph::DiGraph;
use serde_json::json;

/// The image of `fuse-step` in these plans.
pub(crate) const STEP_IMAGE: &str = "registry.example/fuse/fuse-step:0.1.0";

/// The header of these tests.
pub(crate) fn header() -> Header {
    Header { version: "0.1.0".into(), inputs: "ab".repeat(32) }
}

/// Sources whose line n is `n`, padded, so that places in them are easy to tell.
pub(crate) fn sources() -> Sources {
    let lines: String = (1..=99).map(|line| format!("line {line:03}\n")).collect();
    let mut sources = Sources::new();
    sources.add("wine/pipeline.fuse", lines.clone());
    sources.add("wine/fuse.toml", lines.clone());
    sources.add("fuse:std/mlflow", lines);
    sources
}

/// Line `line` of `pipeline.fuse`.
pub(crate) fn at(line: u32) -> Span {
    place(0, line)
}

/// Line `line` of `fuse.toml`.
pub(crate) fn toml(line: u32) -> Span {
    place(1, line)
}

/// Line `line` of the tool's module.
pub(crate) fn tool(line: u32) -> Span {
    place(2, line)
}

fn place(file: u32, line: u32) -> Span {
    Span::new(FileId(file), (line - 1) * 9, line * 9 - 1)
}

/// A string parameter.
pub(crate) fn param(name: &str, default: Option<&str>, cause: Span) -> ParamDecl {
    let default = default.map(|text| Text::One(text.into()));
    ParamDecl { name: name.into(), kind: ParamKind::String, description: None, default, cause }
}

/// A result.
pub(crate) fn result(name: &str, cause: Span) -> ResultDecl {
    ResultDecl { name: name.into(), description: None, kind: ParamKind::String, cause }
}

/// A string argument.
pub(crate) fn arg(name: &str, value: &str, cause: Span) -> Arg {
    Arg { name: name.into(), value: Text::One(value.into()), cause }
}

/// A step of the compiler's own.
pub(crate) fn fuse_step(name: &str, verb: &str, args: &[&str], mounted: bool, cause: Span) -> Step {
    let quantity = |text: &str| Some((text.into(), cause));
    Step {
        name: name.into(),
        image: (STEP_IMAGE.into(), toml(4)),
        run: Run::Command {
            command: vec!["/fuse-step".into(), verb.into()],
            args: args.iter().map(|&text| text.into()).collect(),
        },
        run_cause: cause,
        env: Vec::new(),
        timeout: None,
        resources: Resources {
            cpu_request: quantity("10m"),
            memory_request: quantity("32Mi"),
            memory_limit: quantity("128Mi"),
            devices: None,
        },
        mounts: if mounted { mounts() } else { Vec::new() },
    }
}

/// A user's step.
pub(crate) fn main_step(image: &str, script: &str, cause: Span) -> Step {
    Step {
        name: "main".into(),
        image: (image.into(), cause),
        run: Run::Script(script.into()),
        run_cause: cause,
        env: Vec::new(),
        timeout: None,
        resources: Resources::default(),
        mounts: mounts(),
    }
}

fn mounts() -> Vec<Mount> {
    vec![Mount { name: "fuse".into(), path: "/fuse".into() }]
}

/// A task with a volume for `fuse-step` and, where it uses it, the store.
pub(crate) fn task(name: &str, steps: Vec<Step>, stored: bool, cause: Span) -> Task {
    let store =
        WorkspaceDecl { name: STORE_WORKSPACE.into(), mount_path: "/fuse/store".into(), folder: false };
    Task {
        name: name.into(),
        description: None,
        params: Vec::new(),
        results: Vec::new(),
        workspaces: if stored { vec![store] } else { Vec::new() },
        volumes: vec![Volume { name: "fuse".into(), source: VolumeSource::Empty }],
        steps,
        budget: Budget::default(),
        cause,
    }
}

/// A call of a task.
pub(crate) fn node(name: &str, task: usize, params: Vec<Arg>, minutes: u64, cause: Span) -> Node {
    Node {
        name: name.into(),
        kind: NodeKind::Task,
        task: TaskRef(task),
        remote: None,
        guards: Vec::new(),
        matrix: Vec::new(),
        params,
        run_after: Vec::new(),
        workspaces: Vec::new(),
        timeout: minutes * 60_000,
        retries: 0,
        account: None,
        class: None,
        continues: None,
        cause,
    }
}

/// A pipeline of these calls, in this order.
pub(crate) fn pipeline(name: &str, nodes: Vec<Node>, minutes: u64, cause: Span) -> Pipeline {
    let mut graph = DiGraph::new();
    let order = nodes.into_iter().map(|node| graph.add_node(node)).collect();
    Pipeline {
        name: name.into(),
        source_name: name.replace('-', "_").into(),
        description: None,
        params: Vec::new(),
        results: Vec::new(),
        workspaces: Vec::new(),
        graph,
        order,
        finally: Vec::new(),
        run: RunTemplate {
            generate_name: format!("{name}-").into(),
            account: name.into(),
            pod: None,
            tasks: Vec::new(),
            timeout: minutes * 60_000,
            finally: None,
            claim: None,
            required: Vec::new(),
            folders: Vec::new(),
        },
        cause,
    }
}

/// A plan with nothing in it.
pub(crate) fn empty() -> Plan {
    Plan {
        package: "wine-quality".into(),
        target: "dev".into(),
        namespace: "ml-dev".into(),
        tasks: Vec::new(),
        pipelines: Vec::new(),
        accounts: Vec::new(),
        roles: Vec::new(),
        files: Vec::new(),
        deploys: Vec::new(),
        security: Security::default(),
        pull_secrets: Vec::new(),
        mlproject: None,
        warnings: Vec::new(),
    }
}

/// Clone, train, and serve where the metric is good enough.
pub(crate) fn wine_quality() -> Plan {
    let account = |name: &str, token, cause| ServiceAccount { name: name.into(), token, cause };
    let rule = Rule {
        groups: vec!["serving.kserve.io".into()],
        resources: vec!["inferenceservices".into()],
        names: vec!["wine-quality".into()],
        verbs: vec!["create".into(), "get".into(), "patch".into()],
    };
    Plan {
        tasks: vec![clone_task(), train_task(), predictor_task()],
        pipelines: vec![wine_pipeline()],
        accounts: vec![account("wine-quality", false, at(10)), account("wine-quality--served", true, at(20))],
        roles: vec![Role {
            name: "wine-quality--served".into(),
            namespace: "ml-dev".into(),
            outside: None,
            rules: vec![rule],
            cause: at(20),
        }],
        ..empty()
    }
}

fn run_params(cause: Span) -> [ParamDecl; 2] {
    [param("run--uid", None, cause), param("run--step", None, cause)]
}

fn clone_task() -> Task {
    let contract =
        r#"--task={"in":{"repo":"GitRepo","depth":"Int 1.."},"out":{"source":{"store":"Source"}}}"#;
    let args = [
        "--wire=1",
        contract,
        "--run=$(params.run--uid)",
        "--step=$(params.run--step)",
        "--in=repo=$(params.repo)",
        "--in=depth=$(params.depth)",
    ];
    let script = "#!/fuse/bin/fuse-step sh\ngit clone --depth \"$IN_DEPTH\" --branch \"$(cat \"$IN_REPO/revision\")\" -- \"$(cat \"$IN_REPO/url\")\" \"$OUT_SOURCE\"\n";
    let steps = vec![
        fuse_step("fuse-in", "in", &args, true, tool(3)),
        main_step("alpine/git:v2.49.1", script, tool(5)),
    ];
    let mut task = task("wine-quality--git-clone", steps, true, tool(3));
    task.params = vec![param("repo", None, tool(3)), param("depth", Some("1"), tool(3))];
    task.params.extend(run_params(tool(3)));
    task.results = vec![result("source", tool(4))];
    task
}

fn train_task() -> Task {
    let contract = r#"--task={"in":{"project":{"store":"Source"},"entry_point":"String","params":"Map<Scalar>"},"out":{"model":{"uri":["s3","gs","mlflow-artifacts"],"rewrite":{"mlflow-artifacts:/":"s3://mlflow/"}},"run_id":"String ..=32","metrics":{"store":"Metrics"},"metrics--rmse":"Float"},"arms":[{"if":["<","metrics--rmse","max_rmse"]}],"operands":{"max_rmse":"Float"}}"#;
    let args = [
        "--wire=1",
        contract,
        "--run=$(params.run--uid)",
        "--step=$(params.run--step)",
        "--in=project=$(params.project)",
        "--in=entry_point=$(params.entry_point)",
        "--composite=params",
        "$(params.params[*])",
        "--operand=0=max_rmse=$(params.arm--0--max_rmse)",
    ];
    let script = "#!/fuse/bin/fuse-step sh\ncd \"$IN_PROJECT\"\nmlflow run . -e \"$IN_ENTRY_POINT\" --env-manager local\n";
    let mut main = main_step("$(params.image)", script, tool(30));
    let secret = |key: &str| {
        let value = EnvValue::Secret { name: "mlflow-credentials".into(), key: key.into(), optional: true };
        Env { name: key.into(), value, cause: toml(9) }
    };
    let tracking = EnvValue::Plain("http://mlflow.mlops:5000".into());
    main.env = vec![
        Env { name: "MLFLOW_TRACKING_URI".into(), value: tracking, cause: toml(8) },
        secret("MLFLOW_TRACKING_USERNAME"),
        secret("MLFLOW_TRACKING_PASSWORD"),
    ];
    main.resources = Resources {
        cpu_request: Some(("1".into(), tool(26))),
        memory_request: Some(("2Gi".into(), at(16))),
        memory_limit: Some(("2Gi".into(), at(16))),
        devices: None,
    };
    let mut task = task(
        "wine-quality--mlflow-train",
        vec![fuse_step("fuse-in", "in", &args, true, tool(20)), main],
        true,
        tool(20),
    );
    task.description = Some("Runs an entry point of a project and returns the model it logged.".into());
    task.params = vec![
        param("project", None, tool(21)),
        param("entry_point", Some("main"), tool(22)),
        ParamDecl { kind: ParamKind::Array, ..param("params", None, tool(23)) },
        param("image", Some("ghcr.io/mlflow/mlflow:v3.17.2-full"), tool(24)),
        param("arm--0--max_rmse", None, at(19)),
    ];
    task.params.extend(run_params(tool(20)));
    let names = ["model", "run_id", "metrics"];
    task.results = names.iter().map(|name| result(name, tool(25))).collect();
    task.results.extend([result("metrics--rmse", at(19)), result("arm--0", at(19))]);
    task
}

fn predictor_task() -> Task {
    let manifest = json!({
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "wine-quality", "namespace": "ml-dev"},
        "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": null}}},
    });
    let manifest = format!("--manifest={manifest}");
    let args = [
        "--wire=1",
        "--field-manager=fuse-wine-quality",
        &manifest,
        "--hole=/spec/predictor/model/storageUri=model.uri",
        "--in=model=$(params.model)",
        "--ready=Ready",
        "--within=10m",
        "--output=url=status.url",
    ];
    Task {
        params: vec![param("model", None, at(20))],
        results: vec![result("url", at(20))],
        volumes: Vec::new(),
        ..task(
            "wine-quality--kserve-predictor",
            vec![fuse_step("apply", "apply", &args, false, at(20))],
            false,
            at(20),
        )
    }
}

fn wine_pipeline() -> Pipeline {
    let run = |step: &str, cause| {
        [arg("run--uid", "$(context.pipelineRun.uid)", cause), arg("run--step", step, cause)]
    };
    let store = || vec![(STORE_WORKSPACE.into(), STORE_WORKSPACE.into())];
    let mut source = node("source", 0, vec![arg("repo", "$(params.repo)", at(17))], 60, at(17));
    source.params.extend(run("source", at(17)));
    source.workspaces = store();

    let leaves =
        ["{\"alpha\":\"\u{f0081}\",\"l1_ratio\":\"\u{f0082}\"}", "$(params.alpha)", "$(params.l1_ratio)"];
    let composite = Text::Many(leaves.iter().map(|&leaf| leaf.into()).collect());
    let mut trained = node(
        "trained",
        1,
        vec![
            arg("project", "$(tasks.source.results.source)", at(18)),
            Arg { name: "params".into(), value: composite, cause: at(18) },
            arg("arm--0--max_rmse", "$(params.max_rmse)", at(19)),
        ],
        30,
        at(18),
    );
    trained.params.extend(run("trained", at(18)));
    trained.workspaces = store();

    let mut served =
        node("served", 2, vec![arg("model", "$(tasks.trained.results.model)", at(20))], 15, at(20));
    served.kind = NodeKind::Apply;
    served.account = Some("wine-quality--served".into());
    served.guards = vec![Guard {
        input: "$(tasks.trained.results.arm--0)".into(),
        operator: Operator::In,
        values: vec!["0".into()],
        cause: at(19),
    }];

    let mut pipeline = pipeline("wine-quality", vec![source, trained, served], 110, at(10));
    if let [source, trained, served] = *pipeline.order {
        pipeline.graph.add_edge(source, trained, Edge::Data("source".into()));
        pipeline.graph.add_edge(trained, served, Edge::Data("model".into()));
        pipeline.graph.add_edge(trained, served, Edge::Guard("arm--0".into()));
    }
    pipeline.description = Some("Trains an elastic net and serves it when it is good enough.".into());
    let repo = r#"{"url":"https://github.com/acme/wine-quality","revision":"main"}"#;
    let defaults = [("repo", repo), ("alpha", "0.5"), ("l1_ratio", "0.1"), ("max_rmse", "0.8")];
    pipeline.params =
        (11..).zip(defaults).map(|(line, (name, text))| param(name, Some(text), at(line))).collect();
    pipeline.results = vec![PipelineResult {
        name: "endpoint".into(),
        description: None,
        value: "$(tasks.served.results.url)".into(),
        cause: at(22),
    }];
    pipeline.workspaces =
        vec![PipelineWorkspace { name: STORE_WORKSPACE.into(), description: None, optional: false }];
    let account = Some("wine-quality--served".into());
    pipeline.run.tasks = vec![TaskRunSpec { task: "served".into(), account, pod: None }];
    pipeline.run.claim = Some(Claim::PerRun { size: "10Gi".into(), class: None, cause: toml(3) });
    pipeline
}

/// A plan with what the other one lacks.
pub(crate) fn the_rest() -> Plan {
    let decide = fuse_step("decide", "decide", &["--wire=1", "--in=on=$(params.on)"], false, at(5));
    let mut check = task("shape--if-r", vec![decide], false, at(5));
    check.volumes = Vec::new();
    check.params = vec![
        ParamDecl { description: Some("On, off\nor neither.".into()), ..param("on", None, at(4)) },
        ParamDecl {
            kind: ParamKind::Array,
            default: Some(Text::Many(vec!["no".into(), "1_000".into()])),
            ..param("list", None, at(4))
        },
    ];
    check.results =
        vec![ResultDecl { description: Some("The arm that runs.".into()), ..result("arm--0", at(5)) }];

    let mut shell = main_step("alpine:3.22", "#!/bin/sh\nset -eu\necho \"$(date)\"\n", at(7));
    let key = EnvValue::Secret { name: "s3".into(), key: "KEY".into(), optional: false };
    shell.env = vec![
        Env { name: "PLAIN".into(), value: EnvValue::Plain("$$(HOME): 12:30:45".into()), cause: at(8) },
        Env { name: "KEY".into(), value: key, cause: toml(6) },
    ];
    shell.resources.memory_limit = Some(("1500M".into(), at(9)));
    shell.mounts = Vec::new();
    let plain = Task { volumes: Vec::new(), ..task("shape--say", vec![shell], false, at(6)) };

    let mut first = node("if--r", 0, vec![arg("on", "$(params.on)", at(12))], 10, at(12));
    first.kind = NodeKind::Decide;
    let mut then = node("say", 1, Vec::new(), 90, at(13));
    then.guards = vec![
        Guard {
            input: "$(tasks.if--r.results.arm--0)".into(),
            operator: Operator::In,
            values: vec!["0".into()],
            cause: at(12),
        },
        Guard {
            input: "$(params.mode)".into(),
            operator: Operator::NotIn,
            values: vec!["off".into(), "no".into()],
            cause: at(11),
        },
    ];
    then.run_after = vec!["if--r".into()];
    then.retries = 2;
    let mut shape = pipeline("shape-it", vec![first, then], 100, at(10));
    shape.params = vec![param("on", None, at(10)), param("mode", Some(""), at(10))];
    shape.run.required =
        vec![RequiredParam { name: "on".into(), ty: "Float 0.1..=10".into(), cause: at(10) }];
    shape.run.claim = Some(Claim::Kept { name: "models".into(), cause: toml(3) });
    let bare = pipeline("bare", vec![node("say", 1, Vec::new(), 1, at(40))], 6, at(39));

    let object = json!({
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": "hello", "namespace": "ml-dev", "annotations": {"on": "off", "a/b": "x: y"}},
        "spec": {"template": {"spec": {
            "timeoutSeconds": 300,
            "containers": [{"image": "hello:1", "args": ["--greet", "true\nfalse"], "env": []}],
        }}},
    });
    let account = |name: &str| ServiceAccount { name: name.into(), token: false, cause: at(10) };
    Plan {
        package: "shape".into(),
        accounts: vec![account("shape-it"), account("bare")],
        tasks: vec![check, plain],
        pipelines: vec![shape, bare],
        deploys: vec![Deploy { name: "say_hello".into(), object, outside: None, cause: at(50) }],
        mlproject: Some(mlproject()),
        ..empty()
    }
}

fn mlproject() -> MlProject {
    let parameter =
        |name: &str, ty, default, line| EntryParam { name: name.into(), ty, default, cause: at(line) };
    let train = EntryPoint {
        name: "main".into(),
        parameters: vec![
            parameter("alpha", "float", Some(json!(1e-5)), 61),
            parameter("n", "float", Some(json!(200)), 62),
            parameter("y", "string", Some(json!("no")), 63),
            parameter("data", "path", None, 64),
            parameter("where", "uri", Some(json!("s3://bucket/a")), 65),
        ],
        command: "python train.py --alpha {alpha} --n {n} --y {y} --data {data} --where {where}".into(),
        cause: at(60),
    };
    let evaluate = EntryPoint {
        name: "evaluate".into(),
        parameters: Vec::new(),
        command: "python e.py".into(),
        cause: at(70),
    };
    MlProject {
        name: "shape".into(),
        entry_points: vec![train, evaluate],
        python: Some("3.12".into()),
        dependencies: vec!["mlflow==3.17.2".into(), "scikit-learn==1.9.1".into()],
    }
}

/// One pipeline of many tasks: three in parallel, then one that joins them, and so on.
pub(crate) fn large(calls: usize) -> Plan {
    let mut plan = wine_quality();
    let tasks: Vec<Task> =
        (0..21).map(|n| Task { name: format!("large--work-{n}").into(), ..train_task() }).collect();
    let nodes = (0..calls)
        .map(|n| {
            let mut params = vec![
                arg("project", &format!("$(tasks.work--{}.results.source)", n.saturating_sub(1)), at(18)),
                arg("entry_point", &format!("entry {n}"), at(18)),
                arg("run--uid", "$(context.pipelineRun.uid)", at(18)),
                arg("run--step", &format!("work--{n}"), at(18)),
            ];
            if n % 4 == 3 {
                params.extend((1..=3).map(|back| {
                    arg(&format!("part{back}"), &format!("$(tasks.work--{}.results.model)", n - back), at(18))
                }));
            }
            let mut node = node(&format!("work--{n}"), n % 21, params, 30, at(18));
            node.workspaces = vec![(STORE_WORKSPACE.into(), STORE_WORKSPACE.into())];
            node
        })
        .collect();
    plan.tasks = tasks;
    plan.pipelines = vec![Pipeline { run: wine_pipeline().run, ..pipeline("large", nodes, 3000, at(10)) }];
    plan
}
