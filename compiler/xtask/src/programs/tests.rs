//! Some of the first programs miss each remedy; as they are they are fine.

use super::*;

const SEED: u64 = 1;

/// The first failure of so many programs.
fn first(count: u64, without: Option<Remedy>) -> Option<Failure> {
    let request = Request { seed: SEED, count, from: 0, outcomes: 10, without, oracle: None };
    let library = Library::read().unwrap();
    (0..count).find_map(|at| trial(&library, &program(SEED, at), &settings(&request, at)).err())
}

fn is_missed(remedy: Remedy) {
    let failure =
        first(200, Some(remedy)).unwrap_or_else(|| panic!("nothing shows that there is no {remedy:?}"));
    assert_eq!(failure.kind, "violation", "{}", failure.text);
}

#[test]
fn programs_are_fine() {
    assert_eq!(first(40, None), None);
}

#[test]
fn guards_on_every_task_of_an_arm_are_missed() {
    is_missed(Remedy::Guards);
}

#[test]
fn in_instead_of_notin_is_missed() {
    is_missed(Remedy::In);
}

#[test]
fn guards_in_place_of_mirrored_references_are_missed() {
    is_missed(Remedy::Mirrored);
}

#[test]
fn the_index_in_the_value_is_missed() {
    is_missed(Remedy::Index);
}

#[test]
fn collectors_are_missed() {
    is_missed(Remedy::Collectors);
}

#[test]
fn a_program_is_made_again_from_its_number() {
    assert_eq!(text(&program(SEED, 7)), text(&program(SEED, 7)));
    assert_ne!(text(&program(SEED, 7)), text(&program(SEED, 8)));
}

#[test]
fn what_is_refused_is_told_with_its_line() {
    let library = Library::read().unwrap();
    let request = Request { seed: SEED, count: 1, from: 0, outcomes: 1, without: None, oracle: None };
    let program = [Tree::block("pipeline p() {", vec![Tree::line("say(1)")], "}")];
    let failure = trial(&library, &program, &settings(&request, 0)).err().unwrap();
    assert_eq!(failure.kind, "check FS0201");
    assert!(
        failure.text.contains("pipeline.fuse:2:3") && failure.text.contains("| say(1)"),
        "{}",
        failure.text
    );
}
