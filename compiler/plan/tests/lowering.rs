//! Programs and the plans that they become.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use support::{lower, lower_with};

const STEPS: &str = r#"
enum Side { heads, tails, edge }

task flip() -> { side: Side, sure: Bool, label: String, value: Float } {
  image "alpine:3.22"
  script sh """
    echo heads > "$OUT_SIDE"; echo true > "$OUT_SURE"; echo a > "$OUT_LABEL"; echo 1 > "$OUT_VALUE"
  """
}

task say(text: String) -> { said: String ..=64 } {
  image "alpine:3.22"
  script sh """
    printf %s "$IN_TEXT" > "$OUT_SAID"
  """
}
"#;

fn program(body: &str) -> support::Case {
    lower(&format!("{STEPS}\n{body}"))
}

#[test]
fn an_enum_guards_by_its_cases_and_else_by_the_others() {
    let case = program(
        "pipeline p() { let f = flip()\n if f.side == Side.heads { say(\"a\") } else { say(\"b\") } }",
    );
    assert_eq!(case.part("step say:")[0], "when $(tasks.f.results.side) in [heads]");
    assert_eq!(case.part("step say--2:")[0], "when $(tasks.f.results.side) in [tails, edge]");
}

#[test]
fn a_text_result_guards_by_in_alone() {
    let case = program("pipeline p() { let f = flip()\n if f.label == \"x\\\"$\" { say(\"a\") } }");
    assert_eq!(case.part("step say:")[0], "when $(tasks.f.results.label) in [x<U+F0022><U+F0024>]");
    // `notin` on a result would be true when it is missing: the step computes the arm instead.
    let case =
        program("pipeline p() { let f = flip()\n if f.label == \"x\" { say(\"a\") } else { say(\"b\") } }");
    assert_eq!(case.part("step say:")[0], "when $(tasks.f.results.arm--0) in [0]");
    assert_eq!(case.part("step say--2:")[0], "when $(tasks.f.results.arm--0) in [1]");
    let case = program("pipeline p() { let f = flip()\n if f.label != \"x\" { say(\"a\") } }");
    assert_eq!(case.part("step say:")[0], "when $(tasks.f.results.arm--0) in [0]");
}

#[test]
fn a_guarding_parameter_with_cases_refuses_other_values() {
    let case = program(
        "pipeline p(side: Side) { if side != Side.edge { say(\"a\") }\n if side == edge { say(\"b\") } }",
    );
    assert_eq!(
        case.part("fail fail--side:"),
        [
            "when $(params.side) notin [heads, tails, edge]",
            "message = the parameter side must be heads or tails or edge, not $(params.side)",
        ]
    );
    assert_eq!(case.plan().to_string().matches("fail fail--side:").count(), 1);
    let case = program("pipeline p(text: String) { if text == \"x\" { say(\"a\") } else { say(\"b\") } }");
    assert_eq!(case.part("step say--2:")[0], "when $(params.text) notin [x]");
    assert!(!case.plan().to_string().contains("fail--"));
}

#[test]
fn conditions_of_several_steps_get_a_helper_named_after_the_binding() {
    let case =
        program("pipeline p() { let f = flip()\n let g = flip()\n if f.value < g.value { say(\"a\") } }");
    assert_eq!(
        case.part("decide if--value:"),
        [
            "value = $(tasks.f.results.value)",
            "value--2 = $(tasks.g.results.value)",
            "from data f.value, data g.value",
        ]
    );
    assert_eq!(case.part("step say:")[0], "when $(tasks.if--value.results.arm--0) in [0]");
}

#[test]
fn known_conditions_leave_one_arm_and_keep_the_names() {
    let body = "pipeline p(const loud: Bool) { if loud { say(\"a\") } else { say(\"b\") }\n say(\"c\") }";
    for (value, left, other) in [("true", "say:", "say--2:"), ("false", "say--2:", "say:")] {
        let toml = format!("{}\n[target.dev.params.p]\nloud = {value}\n", support::DEFAULT);
        let case = lower_with(&[("main.fuse", &format!("{STEPS}\n{body}"))], &toml, "dev");
        let text = case.plan().to_string();
        assert!(text.contains(&format!("step {left}")) && !text.contains(&format!("step {other}")), "{text}");
        assert!(text.contains("step say--3:"), "{text}");
        assert!(!text.contains("when"), "{text}");
    }
}

#[test]
fn a_value_of_an_arm_is_used_under_its_guards() {
    let case = program(
        "pipeline p() -> { said: String? } { let f = flip()\n if f.sure { let a = say(\"a\") }\n \
         if let x = a.said { say(x) }\n return { said: a.said } }",
    );
    assert_eq!(
        case.part("step say:"),
        [
            "when $(tasks.f.results.sure) in [true]",
            "text = $(tasks.a.results.said)",
            "from data a.said, guard f.sure",
        ]
    );
    assert!(case.plan().to_string().contains("result said = $(tasks.a.results.said)"));
}

#[test]
fn nested_arms_carry_all_guards_outermost_first() {
    let case = program(
        "pipeline p(loud: Bool) { let f = flip()\n if f.value < 0.5 { if loud { let a = say(\"a\")\n say(a.said) } } }",
    );
    for step in ["step a:", "step say:"] {
        let lines = case.part(step);
        assert_eq!(lines[0], "when $(tasks.f.results.arm--0) in [0]");
        assert_eq!(lines[1], "when $(params.loud) in [true]");
    }
}

#[test]
fn what_starts_several_steps_is_ordered_though_a_step_computes_its_own_condition() {
    let case = program(
        "pipeline inner() { let f = flip()\n if f.value > 3.0 { say(f.label) } }\n\
         pipeline p() { let a = say(\"a\")\n inner() after a }\n\
         pipeline q() { for i in [1, 2] { let f = flip()\n if f.value > 3.0 { say(f.label) } } with { parallel: 1 } }",
    );
    let part = |step: &str| case.part(&format!("step {step}:"));
    assert!(part("inner--f").contains(&"after a".to_owned()), "{:?}", part("inner--f"));
    assert!(part("f--i1").contains(&"after say--i0".to_owned()), "{:?}", part("f--i1"));
}

#[test]
fn after_orders_without_data_and_is_left_out_where_data_explains() {
    let case = program(
        "pipeline p() { let a = say(\"a\")\n let b = say(\"b\") after a\n let c = say(b.said) after a, b }",
    );
    assert_eq!(case.part("step b:"), ["text = b", "after a", "from order a"]);
    assert_eq!(
        case.part("step c:"),
        ["text = $(tasks.b.results.said)", "after a", "from data b.said, order a"]
    );
}

#[test]
fn late_environment_goes_through_fuse_in_and_constants_stay_plain() {
    let case = program(
        "pipeline p(who: String) { say(\"a\") with { env: { WHO: \"<{who}>\", PLAIN: \"on\", PRICE: \"5$\" } } }",
    );
    let step = case.part("step fuse-in");
    assert!(step.contains(&"--env=WHO=$(params.env--WHO)".to_owned()), "{step:?}");
    assert!(step.contains(&"--env=PRICE=5<U+F0024>".to_owned()), "{step:?}");
    assert!(case.part("step main").contains(&"env PLAIN=on".to_owned()));
    assert!(case.part("step say:").contains(&"env--WHO = <$(params.who)>".to_owned()));
}

#[test]
fn the_same_task_is_shared_and_other_settings_make_a_variant() {
    let case = program(
        "pipeline p() { say(\"a\") with { cpu: 2 }\n say(\"b\") with { cpu: 2 }\n say(\"c\") }\n\
         pipeline q() { say(\"d\") }",
    );
    let text = case.plan().to_string();
    let uses = |task: &str| text.matches(&format!(": {task},")).count();
    assert_eq!((uses("example--say"), uses("example--say--2")), (2, 2));
}

#[test]
fn a_step_without_late_values_runs_alone() {
    let case = lower(
        "task hello(const name: String) {\n  image \"alpine:3.22\"\n  script sh \"\"\"\n    echo \"$IN_NAME\"\n  \"\"\"\n}\n\
         task show_all() {\n  image \"alpine:3.22\"\n  run [\"ls\", \"-l\"]\n}\n\
         pipeline p() { hello(name: \"you\")\n hello(name: \"a$b\")\n show_all() }",
    );
    assert_eq!(
        case.part("task example--hello")[1..],
        ["step main in alpine:3.22", "env IN_NAME=you", "| #!/bin/sh", "| set -eu", "| echo \"$IN_NAME\""]
    );
    // The kubelet would read a `$` in a plain variable.
    assert!(case.part("task example--hello--2").contains(&"--env=IN_NAME=a<U+F0024>b".to_owned()));
    assert_eq!(case.part("task example--show-all")[1..], ["step main in alpine:3.22", "run ls", "-l"]);
}

#[test]
fn commands_take_inert_values_and_hand_texts_to_fuse_step() {
    let case = lower(
        "task run_it(count: Int, text: String) {\n  image \"alpine:3.22\"\n  run [\"it\", \"--count={count}\"]\n}\n\
         task say_it(text: String) {\n  image \"alpine:3.22\"\n  run [\"it\", text, \"{text}$\"]\n}\n\
         pipeline p(text: String) { run_it(2, text)\n say_it(text) }",
    );
    assert_eq!(case.part("step main"), ["run /fuse/bin/fuse-step exec --", "it", "--count=$(params.count)"]);
    let text = case.plan().to_string();
    assert!(text.contains(r#""run":["it",[{"in":"text"}],[{"in":"text"},"\u0024"]]"#), "{text}");
}

#[test]
fn timeouts_add_up_along_the_longest_path() {
    let case = program(
        "pipeline p() { let a = say(\"a\") with { timeout: 10min, retries: 2 }\n say(a.said) with { timeout: 5min }\n \
         say(\"c\") with { timeout: 20min } }",
    );
    // 3 × 10min + 5min, and 5min of slack.
    assert!(case.plan().to_string().contains("run as p within 40m0s"));
}

#[test]
fn plans_are_the_same_every_time() {
    let source = "import std/git\nimport std/kserve\nimport std/mlflow\n\
        pipeline p(repo: GitRepo, limit: Float = 0.8) {\n  \
        let m = mlflow.train<sklearn>(git.clone(repo), params: { limit }, format: pickle)\n  \
        if m.metrics.rmse < limit && m.metrics.r2 > 0.5 { apply kserve.predictor(m.model, name: \"p\") }\n}";
    let (one, two) = (lower(source).plan().to_string(), lower(source).plan().to_string());
    assert_eq!(one, two);
    assert!(one.contains("result metrics--rmse\n  result metrics--r2\n  result arm--0"), "{one}");
}

#[test]
fn a_join_runs_after_the_last_steps_of_all_arms_and_under_the_outer_guards() {
    let plan = program(
        "pipeline p() -> { said: String? } { let f = flip()\n if f.value < 0.9 {\n \
         let a = if f.sure { let x = say(\"a\")\n say(x.said) } else { say(\"b\") }\n \
         return { said: say(a.said).said } } }",
    );
    let text = plan.plan().to_string();
    let join = text.split("  join join--a").nth(1).and_then(|rest| rest.split("  step ").next()).unwrap();
    assert!(join.contains("when $(tasks.f.results.arm--0) in [0]"), "{join}");
    let after: Vec<&str> = join.lines().filter_map(|line| line.trim().strip_prefix("after ")).collect();
    assert_eq!(after, ["say", "say--2"], "the first step of an arm is followed by its second one\n{text}");
}

#[test]
fn values_of_arms_reach_their_join_through_the_store_and_others_as_parameters() {
    let source = "pipeline p(name: String) { let f = flip()\n let out = say(name)\n \
        let a = if f.sure { say(\"a\").said } else { out.said }\n say(a) }";
    let text = program(source).plan().to_string();
    assert!(text.contains("\"slots\":{\"join--a/value\":\"said\"}"), "{text}");
    assert!(text.contains("part--0 = $(tasks.out.results.said)"), "{text}");
    let constants = "pipeline p(flag: Bool) { let a = if flag { \"a\" } else { \"b\" }\n say(a) }";
    let text = program(constants).plan().to_string();
    assert!(text.contains("join join--a") && !text.contains("workspace fuse--store"), "{text}");
}

#[test]
fn merging_what_steps_of_arms_yield_needs_a_store() {
    let source = "pipeline p() { let f = flip()\n let a = if f.sure { say(\"a\") } else { say(\"b\") }\n say(a.said) }";
    let toml: String = support::DEFAULT
        .lines()
        .filter(|line| !line.starts_with("store"))
        .map(|line| format!("{line}\n"))
        .collect();
    let errors = lower_with(&[("main.fuse", &format!("{STEPS}\n{source}"))], &toml, "dev").errors();
    assert!(errors.contains("merging the arms of a condition needs a store"), "{errors}");
}

#[test]
fn owners_share_an_object_only_on_two_arms_of_a_condition() {
    let apply = "apply knative.service(\"registry.example/a:1\", name: \"a\")";
    let program = |body: &str| {
        lower(&format!("import std/knative\n{STEPS}\npipeline p() {{ let f = flip()\n{body} }}"))
    };
    program(&format!("if f.value < 0.5 {{ {apply} }} else {{ {apply} }}")).plan();
    let errors = program(&format!("if f.value < 0.5 {{ {apply} }}\nif f.sure {{ {apply} }}")).errors();
    assert!(errors.contains("FS0604"), "{errors}");
}

#[test]
fn variants_and_further_helpers_of_one_name_have_tasks_of_their_own() {
    let case = program(
        "pipeline p(n: Int) { for x in [1, 2] { if n * 2 > x { say(\"a\") } }\n if n * 3 > 1 { say(\"b\") }\n if n * 5 > 1 { say(\"c\") } }",
    );
    let mut names: Vec<&str> = case.plan().tasks.iter().map(|task| task.name.as_str()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
    assert!(names.contains(&"example--p-if-n--2"), "{names:?}");
}

#[test]
fn what_comes_after_a_certain_refusal_is_told_where_it_is_used() {
    let case = program(
        "pipeline name(text: String) -> { text: String } { let v = if text == \"a\" { text } else { fail \"no\" }\n return { text: v } }
         pipeline p() { let n = name(\"b\")\n say(n.text) }",
    );
    let errors = case.errors();
    assert!(
        errors.contains("FS0616 this has no value: whatever happens, a `fail` comes before it"),
        "{errors}"
    );
    assert_eq!(errors.lines().count(), 1, "{errors}");
}

#[test]
fn a_refusal_named_after_a_parameter_does_not_stand_for_the_check_of_its_cases() {
    let case = program(
        "pipeline p(sure: Bool) { let f = flip()\n if sure && f.sure { fail \"no\" }\n if sure { say(\"a\") } }",
    );
    assert_eq!(case.part("fail fail--sure:")[0], "when $(tasks.f.results.arm--0) in [0]");
    assert_eq!(case.part("fail fail--sure--2:")[0], "when $(params.sure) notin [true, false]");
}
