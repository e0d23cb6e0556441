//! Bodies in Python and commands, with what they install.

use super::harness::Run;

#[test]
fn functions_and_commands_run_with_what_they_require() {
    let run = Run::of("golden/build/python-bodies/out/dev", "prepare").param("seed", "11").go();
    run.only(&["raw", "parts", "list-files"]);
    assert_eq!(run.output("rows").as_deref(), Some("20"));
    // The store holds what each step made, by run and step.
    let file = |name: &str| {
        let path = run.store().join("runs").join(run.uid()).join(name).join("wine.csv");
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let raw = file("raw/dataset");
    assert_eq!(raw.lines().count(), 21);
    assert!(raw.starts_with("acidity,quality\n"));
}
