//! What was seen when Tekton's own reconcilers ran such pipelines.

use std::collections::BTreeMap;

use super::*;

/// Pods that write what the test says, or nothing, in the order of their start.
#[derive(Default)]
struct Says {
    results: BTreeMap<&'static str, Vec<(&'static str, Value)>>,
    /// How often a task fails before it ends well.
    fails: BTreeMap<&'static str, u32>,
    /// Instances that write nothing.
    silent: Vec<(&'static str, usize)>,
}

impl Cluster for Says {
    fn attempt(&mut self, pod: &Pod<'_>) -> Attempt {
        let name = pod.task.name.as_str();
        let fails = self.fails.get(name).copied().unwrap_or(0);
        let silent = self.silent.iter().any(|(task, instance)| *task == name && *instance == pod.instance);
        let mut results = BTreeMap::new();
        for (result, value) in self.results.get(name).into_iter().flatten().filter(|_| !silent) {
            let value = match value {
                Value::One(text) => Value::One(text.replace('#', &pod.instance.to_string())),
                many @ Value::Many(_) => many.clone(),
            };
            results.insert((*result).to_owned(), value);
        }
        Attempt { succeeded: pod.attempt >= fails, results }
    }

    fn next(&mut self, _running: &[(&str, usize)]) -> usize {
        0
    }
}

fn one(text: &str) -> Value {
    Value::One(text.to_owned())
}

fn many(texts: &[&str]) -> Value {
    Value::Many(texts.iter().map(|text| (*text).to_owned()).collect())
}

fn task(name: &str) -> Task {
    Task { name: name.to_owned(), ..Task::default() }
}

impl Task {
    fn after(mut self, name: &str) -> Self {
        self.after.push(name.to_owned());
        self
    }

    fn takes(mut self, text: &str) -> Self {
        let name = format!("p{}", self.params.len());
        self.params.push(Param { name, value: one(text) });
        self
    }

    fn over(mut self, value: Value) -> Self {
        let name = format!("m{}", self.matrix.len());
        self.matrix.push(Param { name, value });
        self
    }

    fn when(mut self, input: &str, operator: Operator, value: &str) -> Self {
        self.when.push(When { input: input.to_owned(), operator, values: vec![value.to_owned()] });
        self
    }
}

fn run(tasks: Vec<Task>, says: Says) -> Run {
    run_whole(Workflow { tasks, ..Workflow::default() }, says)
}

fn run_whole(workflow: Workflow, mut says: Says) -> Run {
    simulate(&workflow, &BTreeMap::new(), &mut says)
}

fn writes(task: &'static str, result: &'static str, value: Value) -> Says {
    Says { results: BTreeMap::from([(task, vec![(result, value)])]), ..Says::default() }
}

fn fate(run: &Run, name: &str) -> Fate {
    run.tasks[name].clone()
}

#[test]
fn a_skip_by_a_guard_lets_ordered_followers_run() {
    let run = run(vec![task("a").when("x", Operator::In, "y"), task("b").after("a")], Says::default());
    assert_eq!(fate(&run, "a"), Fate::Skipped(Skip::When));
    assert_eq!(fate(&run, "b"), Fate::Succeeded);
    assert_eq!(run.condition, Condition::Completed);
}

#[test]
fn a_skip_for_a_missing_result_spreads_and_the_run_is_still_green() {
    let tasks = vec![
        task("a").when("x", Operator::In, "y"),
        task("b").takes("$(tasks.a.results.r)"),
        task("c").after("b"),
    ];
    let run = run(tasks, Says::default());
    assert_eq!(fate(&run, "b"), Fate::Skipped(Skip::MissingResults));
    assert_eq!(fate(&run, "c"), Fate::Skipped(Skip::Parent));
    assert_eq!(run.condition, Condition::Completed);
}

#[test]
fn one_missing_reference_leaves_all_unresolved_so_in_is_false_and_notin_true() {
    let tasks = |operator| {
        vec![
            task("decide"),
            task("a").when("$(tasks.decide.results.arm)", operator, "1"),
            task("b").when("$(tasks.decide.results.arm)", operator, "1").takes("$(tasks.a.results.r)"),
            task("c").after("b"),
        ]
    };
    let inside = run(tasks(Operator::In), writes("decide", "arm", one("0")));
    assert_eq!(fate(&inside, "b"), Fate::Skipped(Skip::When));
    assert_eq!(fate(&inside, "c"), Fate::Succeeded);
    let outside = run(tasks(Operator::NotIn), writes("decide", "arm", one("1")));
    assert_eq!(
        fate(&outside, "b"),
        Fate::Skipped(Skip::MissingResults),
        "the arm was not taken: `notin` lies"
    );
    assert_eq!(fate(&outside, "c"), Fate::Skipped(Skip::Parent));
}

#[test]
fn results_of_a_matrix_come_in_the_order_of_names_as_text() {
    let items: Vec<String> = (0..12).map(|i| i.to_string()).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let workflow = Workflow {
        tasks: vec![task("m").over(many(&items)), task("all").takes("$(tasks.m.results.r[*])")],
        results: vec![Output { name: "out".to_owned(), value: one("$(tasks.m.results.r[*])") }],
        ..Workflow::default()
    };
    let run = run_whole(workflow, writes("m", "r", one("#")));
    let order = many(&["0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert_eq!(run.results.get("out"), Some(&order));
}

#[test]
fn an_instance_that_wrote_nothing_is_left_out() {
    let workflow = Workflow {
        tasks: vec![task("m").over(many(&["a", "b", "c"])), task("all").takes("$(tasks.m.results.r[*])")],
        results: vec![Output { name: "out".to_owned(), value: one("$(tasks.m.results.r[*])") }],
        ..Workflow::default()
    };
    let run = run_whole(workflow, Says { silent: vec![("m", 1)], ..writes("m", "r", one("#")) });
    assert_eq!(run.results.get("out"), Some(&many(&["0", "2"])));
    assert_eq!(run.condition, Condition::Succeeded);
}

#[test]
fn a_matrix_that_only_an_output_reads_fails_the_run() {
    let workflow = Workflow {
        tasks: vec![task("m").over(many(&["a"]))],
        results: vec![Output { name: "out".to_owned(), value: one("$(tasks.m.results.r[*])") }],
        ..Workflow::default()
    };
    let run = run_whole(workflow, writes("m", "r", one("#")));
    assert_eq!(run.condition, Condition::CouldntGetPipelineResult);
}

#[test]
fn an_empty_array_of_a_parameter_hangs_a_matrix_with_a_parent() {
    let workflow = |matrix: Task| Workflow {
        defaults: BTreeMap::from([("xs".to_owned(), many(&[]))]),
        tasks: vec![task("a"), matrix.after("a"), task("z").after("m")],
        ..Workflow::default()
    };
    let run = run_whole(workflow(task("m").over(one("$(params.xs[*])"))), Says::default());
    assert_eq!(run.condition, Condition::Hung);
    let from_result = workflow(task("m").over(one("$(tasks.a.results.idx[*])")));
    let run = run_whole(from_result, writes("a", "idx", many(&[])));
    assert_eq!(fate(&run, "m"), Fate::Skipped(Skip::EmptyMatrix));
    assert_eq!(fate(&run, "z"), Fate::Skipped(Skip::Parent), "an empty matrix is no guard");
}

#[test]
fn a_guard_on_whether_the_list_is_empty_lets_followers_run() {
    let matrix = task("m").over(one("$(tasks.a.results.idx[*])")).takes("$(tasks.a.results.idx[*])").when(
        "$(tasks.a.results.some)",
        Operator::In,
        "true",
    );
    let says = Says {
        results: BTreeMap::from([("a", vec![("idx", many(&[])), ("some", one("false"))])]),
        ..Says::default()
    };
    let run = run(vec![task("a"), matrix, task("z").after("m")], says);
    assert_eq!(fate(&run, "m"), Fate::Skipped(Skip::When));
    assert_eq!(fate(&run, "z"), Fate::Succeeded);
}

#[test]
fn a_reference_in_a_matrix_alone_fails_the_run_and_one_in_its_parameters_skips() {
    let arm = || task("a").when("x", Operator::In, "y");
    let bare = run(vec![arm(), task("m").over(one("$(tasks.a.results.idx[*])"))], Says::default());
    assert_eq!(bare.condition, Condition::PipelineValidationFailed);
    let mirrored = task("m").over(one("$(tasks.a.results.idx[*])")).takes("$(tasks.a.results.idx[*])");
    let mirrored = run(vec![arm(), mirrored], Says::default());
    assert_eq!(fate(&mirrored, "m"), Fate::Skipped(Skip::MissingResults));
    assert_eq!(mirrored.condition, Condition::Completed);
}

#[test]
fn a_missing_result_hangs_a_run_with_finally_and_a_task_that_waits() {
    let tasks = vec![task("a"), task("b").takes("$(tasks.a.results.r)"), task("c").after("b")];
    let with = Workflow { tasks: tasks.clone(), finally: vec![task("f")], ..Workflow::default() };
    assert_eq!(run_whole(with, Says::default()).condition, Condition::Hung);
    assert_eq!(run(tasks, Says::default()).condition, Condition::PipelineValidationFailed);
}

#[test]
fn a_failure_stops_what_has_not_started_and_finally_runs() {
    let workflow = Workflow {
        tasks: vec![task("a"), task("b").after("a")],
        finally: vec![
            task("always").takes("$(tasks.status)"),
            task("on_failure").when("$(tasks.a.status)", Operator::In, "Failed"),
            task("on_success").when("$(tasks.status)", Operator::In, "Succeeded"),
            task("with_result").takes("$(tasks.a.results.r)"),
        ],
        ..Workflow::default()
    };
    let run = run_whole(workflow, Says { fails: BTreeMap::from([("a", 9)]), ..Says::default() });
    assert_eq!(fate(&run, "b"), Fate::Skipped(Skip::Stopping));
    assert_eq!(fate(&run, "always"), Fate::Succeeded);
    assert_eq!(fate(&run, "on_failure"), Fate::Succeeded);
    assert_eq!(fate(&run, "on_success"), Fate::Skipped(Skip::When));
    assert_eq!(fate(&run, "with_result"), Fate::Skipped(Skip::MissingResults));
    assert_eq!(run.condition, Condition::Failed);
}

#[test]
fn retries_repeat_and_a_failure_that_is_passed_over_stops_nothing() {
    let tasks = || vec![Task { retries: 2, ..task("a") }, task("b").after("a")];
    let twice = run(tasks(), Says { fails: BTreeMap::from([("a", 2)]), ..Says::default() });
    assert_eq!(twice.condition, Condition::Succeeded);
    let more = run(tasks(), Says { fails: BTreeMap::from([("a", 3)]), ..Says::default() });
    assert_eq!(more.condition, Condition::Failed);
    let passed = vec![Task { goes_on: true, ..task("a") }, task("b").after("a")];
    let passed = run(passed, Says { fails: BTreeMap::from([("a", 1)]), ..Says::default() });
    assert_eq!((fate(&passed, "a"), fate(&passed, "b")), (Fate::Failed, Fate::Succeeded));
    assert_eq!(passed.condition, Condition::Succeeded);
}

#[test]
fn the_last_parameter_of_a_matrix_changes_slowest() {
    struct Order(Vec<String>);
    impl Cluster for Order {
        fn attempt(&mut self, pod: &Pod<'_>) -> Attempt {
            let texts: Vec<&str> = pod.params.values().flat_map(Value::texts).collect();
            self.0.push(texts.concat());
            Attempt { succeeded: true, results: BTreeMap::new() }
        }
        fn next(&mut self, _running: &[(&str, usize)]) -> usize {
            0
        }
    }
    let mut order = Order(Vec::new());
    let tasks = vec![task("m").over(many(&["a", "b"])).over(many(&["1", "2"]))];
    let run = simulate(&Workflow { tasks, ..Workflow::default() }, &BTreeMap::new(), &mut order);
    assert_eq!(run.condition, Condition::Succeeded);
    assert_eq!(order.0, ["a1", "b1", "a2", "b2"]);
}
