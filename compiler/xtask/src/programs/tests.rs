//! Each remedy is missed by some of the first programs, which are fine as they are.

use super::*;

const SEED: u64 = 1;

fn without(remedy: Option<Remedy>) -> Vec<(u64, Failure)> {
    let request = Request { seed: SEED, count: 60, from: 0, outcomes: 20, without: remedy, oracle: None };
    all(&request).unwrap().failures
}

#[test]
fn programs_are_fine() {
    assert_eq!(without(None), []);
}

#[test]
fn each_remedy_is_missed() {
    for remedy in Remedy::ALL {
        let failures = without(Some(remedy));
        assert!(!failures.is_empty(), "nothing shows that there is no {remedy:?}");
        assert!(failures.iter().all(|(_, failure)| failure.kind == "violation"), "{remedy:?}: {failures:?}");
    }
}

#[test]
fn a_program_is_made_again_from_its_number() {
    assert_eq!(text(&program(SEED, 7)), text(&program(SEED, 7)));
    assert_ne!(text(&program(SEED, 7)), text(&program(SEED, 8)));
}
