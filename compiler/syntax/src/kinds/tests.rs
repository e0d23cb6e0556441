//! The tables of kinds against the grammar.

use super::*;

const GRAMMAR: &str = include_str!("../../../../grammar/fuse.pest");

/// The rules of the grammar with their modifier.
fn rules() -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    for line in GRAMMAR.lines().filter(|line| !line.starts_with([' ', '/', '}'])) {
        if let Some((name, rest)) = line.split_once('=') {
            let modifier = rest.trim_start().split('{').next().unwrap_or("").trim();
            found.push((name.trim(), modifier));
        }
    }
    found
}

#[test]
fn every_composite_rule_makes_a_node_and_no_other_does() {
    for rule in Rule::all_rules() {
        let name = format!("{rule:?}");
        let Some((_, modifier)) = rules().into_iter().find(|(rule, _)| *rule == name) else {
            assert_eq!(name, "EOI");
            continue;
        };
        let composite = matches!(modifier, "" | "$" | "!") && !name.starts_with("e_");
        assert_eq!(SyntaxKind::of_rule(*rule).is_some(), composite, "{name}");
    }
}

#[test]
fn kinds_survive_the_way_through_rowan() {
    for (number, kind) in ALL.iter().enumerate() {
        assert_eq!(usize::from(*kind as u16), number);
        assert_eq!(
            <Fuse as rowan::Language>::kind_from_raw(<Fuse as rowan::Language>::kind_to_raw(*kind)),
            *kind
        );
    }
}

#[test]
fn the_reserved_words_are_those_of_the_grammar() {
    let text = GRAMMAR.split("reserved     = _{").nth(1).and_then(|rest| rest.split("\n}").next()).unwrap();
    let mut words = Vec::new();
    for row in text.lines().filter(|row| row.contains('"')) {
        let mut parts = row.split('"').skip(1).step_by(2);
        let first = parts.next().unwrap();
        words.extend(parts.map(|rest| format!("{first}{rest}")));
    }
    assert_eq!(words, RESERVED);
    let free = GRAMMAR.split("free_start   = _{").nth(1).and_then(|rest| rest.split(" }").next()).unwrap();
    for word in RESERVED {
        let first = word.chars().next().unwrap();
        let covers = |range: &str| {
            let ends: Vec<char> =
                range.split('\'').skip(1).step_by(2).filter_map(|end| end.chars().next()).collect();
            matches!(ends.as_slice(), [low, high] if (*low..=*high).contains(&first))
        };
        assert!(!free.split('|').any(covers), "{word}");
    }
}
