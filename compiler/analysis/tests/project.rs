//! `fuse.toml`: what is read from it, and where its mistakes are reported.

#![allow(missing_docs)]

use fuse_analysis::project::{ApiFields, ObjectStore, Project, Setting, Store, read};
use fuse_base::{Diagnostic, Sources};

fn run(text: &str) -> (Option<Project>, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::new();
    let file = sources.add("fuse.toml", text);
    let mut diagnostics = Vec::new();
    let project = read(file, text, &mut diagnostics);
    (project, diagnostics, sources)
}

/// Each diagnostic as `code line:column [marked text] message`.
fn told(text: &str) -> Vec<String> {
    let (_, diagnostics, sources) = run(text);
    let mut lines: Vec<(u32, String)> = diagnostics
        .iter()
        .map(|one| {
            let place = sources.line_column(one.span);
            let marked = sources.text(one.span);
            let line = format!("{} {}:{} [{marked}] {}", one.code.id, place.line, place.column, one.message);
            (one.span.start, line)
        })
        .collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

const FULL: &str = r#"
[package]
name = "wine-quality"
version = "0.1.0"

[mlflow]
project = true

[target.prod]
namespace = "ml"
tekton = { version = "v1.15.2", api-fields = "stable" }
store = { kind = "s3", bucket = "runs", prefix = "/fuse/", endpoint = "https://minio:9000", region = "eu", secret = { name = "s3-keys", keys = ["AWS_ACCESS_KEY_ID"] } }
step-image = "registry.example/fuse/fuse-step:0.1.0"
install = "image"
injected-containers = 1

[target.prod.params.wine_quality]
replicas = 3
ratio = 0.5
tags = ["a", "b"]

[target.prod.bind]
mlflow.tracking = { url = "http://mlflow.mlops:5000", secret = { name = "mlflow", keys = ["MLFLOW_TRACKING_USERNAME"] }, rewrite = { "mlflow-artifacts:/" = "s3://mlflow/" }, aws_default_region = "eu" }
kserve = { version = "0.20", mode = "Standard" }

[target.dev]
namespace = "ml-dev"
tekton = { version = "1.15" }
store = { kind = "pvc", size = "10Gi", class = "fast" }
"#;

#[test]
fn a_full_file_is_read_in_its_order() {
    let (project, diagnostics, sources) = run(FULL);
    assert_eq!(diagnostics, []);
    let project = project.unwrap();
    assert_eq!(project.name.value, "wine-quality");
    assert!(project.mlproject);
    let [prod, dev] = project.targets.as_slice() else { panic!("{:?}", project.targets) };
    assert_eq!((prod.name.as_str(), dev.name.as_str()), ("prod", "dev"));
    assert_eq!((prod.tekton.version, prod.tekton.api_fields), ((1, 15), ApiFields::Stable));
    assert_eq!(dev.tekton.api_fields, ApiFields::Beta);
    assert_eq!((prod.install_on_run, prod.injected_containers), (false, 1));
    assert_eq!((dev.install_on_run, dev.injected_containers), (true, 0));
    let Some(Store::Object { kind, bucket, prefix, secret, .. }) = prod.store.as_ref().map(|it| &it.value)
    else {
        panic!("{:?}", prod.store)
    };
    assert_eq!((*kind, bucket.as_str(), prefix.as_deref()), (ObjectStore::S3, "runs", Some("fuse")));
    assert_eq!(secret.as_ref().unwrap().name, "s3-keys");
    let params = &prod.params["wine_quality"];
    assert_eq!(params["replicas"].value, Setting::Int(3));
    assert_eq!(params["ratio"].value, Setting::Float(0.5));
    assert!(matches!(&params["tags"].value, Setting::List(items) if items.len() == 2));
    let tracking = &prod.bind["mlflow"].services["tracking"];
    assert_eq!(tracking.url.as_ref().unwrap().value, "http://mlflow.mlops:5000");
    assert_eq!(tracking.rewrite[0].0.value, "mlflow-artifacts:/");
    assert_eq!(tracking.rewrite[0].1.value, "s3://mlflow/");
    assert_eq!(tracking.values["aws_default_region"].value, Setting::String("eu".into()));
    let kserve = &prod.bind["kserve"];
    assert_eq!(kserve.version.as_ref().unwrap().value, "0.20");
    assert_eq!(kserve.options["mode"].value, Setting::String("Standard".into()));
    assert_eq!(sources.text(prod.bind_span), "bind");
    assert_eq!(sources.text(dev.bind_span), "dev");
    assert_eq!(sources.text(kserve.span), "kserve");
}

#[test]
fn every_mistake_is_told_at_its_place_in_one_run() {
    let text = r#"
[package]
nam = "x"
name = "Wine Quality"
version = "1"

[mlflw]

[mlflow]
project = "yes"

[target]
namespace = "oops"

[target.Dev_1]
namespace = 3
tekton = { version = 1.15, api-fields = "gamma" }
store = { kind = "nfs" }

[target.prod]
store = { kind = "pvc", size = "10GB" }
step-image = "https://x"
install = true
injected-containers = 99
securty = 1

[target.prod.bind]
"mlflow.tracking" = { url = "http://x" }
kserve = { version = "latest", secret = { name = "x", keys = [] } }
mlflow.tracking = { url = "mlflow:5000", secret = { name = "A_B", keys = ["a b", "K", "K", 1] }, rewrite = { "x" = "s3://a/" }, at = 2024-01-01 }
"#;
    let expected = [
        "FS0702 3:1 [nam] [package] has no key `nam`",
        "FS0705 4:8 [\"Wine Quality\"] `Wine Quality` cannot be the name of a package",
        "FS0705 5:11 [\"1\"] `1` is no version",
        "FS0702 7:2 [mlflw] fuse.toml has no key `mlflw`",
        "FS0704 10:11 [\"yes\"] `project` must be `true` or `false`, this is a string",
        "FS0704 13:1 [namespace] `namespace` stands directly in `[target]`, which holds only targets",
        "FS0705 15:9 [Dev_1] `Dev_1` cannot be the name of a target",
        "FS0704 16:13 [3] `namespace` must be a string, this is a whole number",
        "FS0704 17:22 [1.15] `version` must be a string, this is a number with a fraction",
        "FS0705 17:41 [\"gamma\"] `api-fields` has no choice `gamma`",
        "FS0705 18:18 [\"nfs\"] `kind` has no choice `nfs`",
        "FS0703 20:9 [prod] [target.prod] has no `namespace`",
        "FS0703 20:9 [prod] [target.prod] has no `tekton`",
        "FS0705 21:32 [\"10GB\"] `10GB` is no amount of bytes",
        "FS0705 22:14 [\"https://x\"] `https://x` is no container image",
        "FS0704 23:11 [true] `install` must be a string, this is `true` or `false`",
        "FS0705 24:23 [99] 99 containers cannot be injected into a pod",
        "FS0702 25:1 [securty] [target.prod] has no key `securty`",
        "FS0705 28:1 [\"mlflow.tracking\"] `mlflow.tracking` is no name of a tool",
        "FS0705 29:22 [\"latest\"] `latest` is no version",
        "FS0705 29:32 [secret] `secret` belongs to a service, not to a tool",
        "FS0705 30:27 [\"mlflow:5000\"] `mlflow:5000` is no url of a service",
        "FS0705 30:60 [\"A_B\"] `A_B` is no name of a Secret",
        "FS0705 30:75 [\"a b\"] `a b` is no key of a Secret",
        "FS0705 30:87 [\"K\"] `K` stands twice in the list",
        "FS0704 30:92 [1] `keys` must be a list of strings, this is a whole number",
        "FS0705 30:110 [\"x\"] `x` is no beginning of a uri",
        "FS0704 30:134 [2024-01-01] `at` must be a string, a number, a list or a table, this is a date or time",
    ];
    assert_eq!(told(text), expected);
}

#[test]
fn suggestions_and_fixes_name_the_closest_key() {
    let (_, diagnostics, _) =
        run("[package]\nname = \"a\"\n[target.x]\nnamespac = \"a\"\ntekton = { version = \"1.15\" }\n");
    let [unknown] = diagnostics.as_slice() else { panic!("{diagnostics:?}") };
    assert_eq!(unknown.help.as_deref(), Some("did you mean `namespace`?"));
    assert_eq!(unknown.fix.as_ref().unwrap().replacement, "namespace");
    let (_, diagnostics, _) = run("[package]\nname = \"a\"\n[target.x]\ntekton = { version = \"1.15\" }\n");
    let [missing] = diagnostics.as_slice() else { panic!("{diagnostics:?}") };
    assert_eq!(missing.help.as_deref(), Some("add `namespace = \"<namespace>\"`"));
}

#[test]
fn syntax_errors_are_all_told_and_leave_nothing_behind() {
    let text = "[package]\nname = \"a\n[target.x]\nnamespace = \"b\"\nstore = { kind = \"pvc\" size = \"1Gi\" }\ntekton = { version = 1..2 }\nstepimage = \"x\"\n";
    let lines = told(text);
    let code_at = |line: &String| line.split(" [").next().unwrap_or_default().to_owned();
    let codes: Vec<String> = lines.iter().map(code_at).collect();
    assert!(codes.iter().filter(|code| code.starts_with("FS0701")).count() >= 3, "{lines:#?}");
    assert!(codes.iter().any(|code| code.starts_with("FS0701 2:")), "{lines:#?}");
    assert!(codes.iter().any(|code| code.starts_with("FS0701 5:")), "{lines:#?}");
    assert!(codes.iter().any(|code| code.starts_with("FS0701 6:")), "{lines:#?}");
    assert!(codes.contains(&"FS0702 7:1".to_owned()), "{lines:#?}");
    assert!(!codes.iter().any(|code| code.starts_with("FS0703")), "{lines:#?}");
}

#[test]
fn what_comes_later_is_said_and_not_ignored() {
    let text = "[package]\nname = \"a\"\n[dependencies]\nx = { path = \"../x\" }\n";
    assert_eq!(told(text), ["FS0920 3:2 [dependencies] dependencies on other packages cannot be built yet"]);
}

#[test]
fn a_target_is_not_told_to_extend_itself() {
    let other = "[target.test]\nnamespace = \"a\"\ntekton = { version = \"1.15\" }\n";
    for (parent, help) in [("devv", "there is only `test`"), ("tset", "did you mean `test`?")] {
        let own = format!("[target.dev]\nextends = \"{parent}\"\n");
        let (_, diagnostics, _) = run(&format!("[package]\nname = \"a\"\n{own}{other}"));
        let one = diagnostics.iter().find(|one| one.code.id == "FS0516").unwrap();
        assert!(one.help.iter().any(|line| line.contains(help)), "{:?}", one.help);
    }
}

#[test]
fn a_target_has_what_it_does_not_say_from_the_one_that_it_extends() {
    let text = r#"
[package]
name = "a"

[target.far]
extends = "prod"
store = { size = "2Gi" }

[target.prod]
extends = "base"
namespace = "ml"
store = { kind = "pvc", size = "1Gi", class = "fast" }

[target.prod.params.nightly]
rows = 2

[target.other]
extends = "prod"
store = { kind = "gcs", bucket = "b" }

[target.base]
abstract = true
tekton = { version = "1.15" }

[target.base.params.nightly]
rows = 1
depth = 3
"#;
    let (project, diagnostics, sources) = run(text);
    assert_eq!(diagnostics, []);
    let project = project.unwrap();
    let names: Vec<&str> = project.targets.iter().map(|target| target.name.as_str()).collect();
    assert_eq!(names, ["far", "prod", "other"]);
    let [far, prod, other] = project.targets.as_slice() else { panic!() };
    assert_eq!((far.namespace.value.as_str(), far.tekton.version), ("ml", (1, 15)));
    let Some(Store::Pvc { size, class, .. }) = far.store.as_ref().map(|it| &it.value) else { panic!() };
    assert_eq!((size.as_str(), class.as_deref()), ("2Gi", Some("fast")));
    assert!(matches!(&other.store.as_ref().unwrap().value, Store::Object { kind: ObjectStore::Gcs, .. }));
    let params = &far.params["nightly"];
    assert_eq!((&params["rows"].value, &params["depth"].value), (&Setting::Int(2), &Setting::Int(3)));
    // What is inherited says from where.
    let extends = far.inherited(params["depth"].span).unwrap();
    assert_eq!((sources.text(extends.span), extends.value.as_str()), ("\"prod\"", "prod"));
    assert!(prod.inherited(prod.params["nightly"]["rows"].span).is_none());
    assert!(prod.inherited(prod.params["nightly"]["depth"].span).is_some());
}

#[test]
fn many_targets_that_extend_one_another_take_bounded_time_and_memory() {
    let mut chain = String::from(
        "[package]\nname = \"a\"\n[target.t0]\nnamespace = \"a\"\ntekton = { version = \"1.15\" }\n",
    );
    for at in 1..2_000 {
        chain.push_str(&format!("[target.t{at}]\nextends = \"t{}\"\nparams.p.x{at} = 1\n", at - 1));
    }
    let lines = told(&chain);
    assert_eq!(lines.len(), 1, "{:?}", lines.get(1));
    assert!(lines.first().is_some_and(|line| line.contains("inherit more than")), "{:?}", lines.first());
    let circle: String =
        (0..2_000).map(|at| format!("[target.t{at}]\nextends = \"t{}\"\n", (at + 1) % 2_000)).collect();
    let lines = told(&format!("[package]\nname = \"a\"\n{circle}"));
    assert_eq!(lines.len(), 1);
    assert!(lines.iter().all(|line| line.len() < 2_000), "a message of a circle stays readable");
}

#[test]
fn no_text_makes_the_reader_panic_or_point_outside() {
    let mut seeds = vec![String::new(), "[package]".into(), "=".into(), "[[[".into(), "a.b.c = [{".into()];
    seeds.push("[".repeat(5_000));
    seeds.push(format!("a = {}", "[".repeat(5_000)));
    seeds.push(format!("a = {}", "{a=".repeat(5_000)));
    seeds.push("[[target]]\n[[target.dev]]\n[[package]]\nname=1\n".into());
    for at in 0..FULL.len() {
        seeds.extend(FULL.get(..at).map(str::to_owned));
        if let (Some(head), Some(tail)) = (FULL.get(..at), FULL.get(at + 1..)) {
            for odd in ["", "\"", "{", "]", "é", "\u{0}", "\n", "."] {
                seeds.push(format!("{head}{odd}{tail}"));
            }
        }
    }
    for seed in seeds {
        let (_, diagnostics, _) = run(&seed);
        for one in diagnostics {
            let range = one.span.start as usize..one.span.end as usize;
            assert!(seed.get(range).is_some(), "{:?} in {seed:?}", one.span);
        }
    }
}
