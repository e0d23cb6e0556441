//! Makes a program that fails smaller, as long as it still fails in the same way.

use super::tree::Tree;

/// How often a program is tried again at most.
const TRIES: usize = 2000;

/// Where a tree is: the part and the place in it, from the outside in. The first part is the program.
type Place = Vec<(usize, usize)>;

/// Takes out what is not needed, the largest first, until nothing is left that could go.
pub(crate) fn shrink(program: Vec<Tree>, mut fails: impl FnMut(&[Tree]) -> bool) -> Vec<Tree> {
    let mut program = program;
    let mut tries = 0;
    loop {
        let before = program.clone();
        for place in places(&program) {
            for change in [take_out, unwrap, drop_last_arm] {
                let mut smaller = program.clone();
                if tries < TRIES && change(&mut smaller, &place) {
                    tries += 1;
                    if fails(&smaller) {
                        program = smaller;
                        break;
                    }
                }
            }
        }
        if program == before || tries >= TRIES {
            return program;
        }
    }
}

/// All places, later ones first: what is used stands before what uses it.
fn places(program: &[Tree]) -> Vec<Place> {
    fn inside(trees: &[Tree], part: usize, around: &Place, all: &mut Vec<Place>) {
        for (at, tree) in trees.iter().enumerate().rev() {
            let mut place = around.clone();
            place.push((part, at));
            all.push(place.clone());
            for (part, one) in tree.parts.iter().enumerate() {
                inside(&one.body, part, &place, all);
            }
        }
    }
    let mut all = Vec::new();
    inside(program, 0, &Vec::new(), &mut all);
    all
}

/// The list that a place is in, and where in it.
fn find<'t>(program: &'t mut Vec<Tree>, place: &Place) -> Option<(&'t mut Vec<Tree>, usize)> {
    let (last, around) = place.split_last()?;
    let mut trees = program;
    let mut path = around.iter().map(|(_, at)| *at).zip(place.iter().skip(1).map(|(part, _)| *part));
    for (at, part) in &mut path {
        trees = &mut trees.get_mut(at)?.parts.get_mut(part)?.body;
    }
    (last.1 < trees.len()).then_some((trees, last.1))
}

fn take_out(program: &mut Vec<Tree>, place: &Place) -> bool {
    let Some((trees, at)) = find(program, place) else { return false };
    trees.remove(at);
    true
}

/// Puts what is in a block in its place.
fn unwrap(program: &mut Vec<Tree>, place: &Place) -> bool {
    let Some((trees, at)) = find(program, place).filter(|_| place.len() > 1) else { return false };
    let inner: Vec<Tree> =
        trees.get(at).into_iter().flat_map(|tree| &tree.parts).flat_map(|part| part.body.clone()).collect();
    if inner.is_empty() {
        return false;
    }
    trees.splice(at..=at, inner);
    true
}

fn drop_last_arm(program: &mut Vec<Tree>, place: &Place) -> bool {
    let Some((trees, at)) = find(program, place) else { return false };
    let Some(tree) = trees.get_mut(at).filter(|tree| tree.parts.len() > 1) else { return false };
    tree.parts.pop();
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::tree::text;

    #[test]
    fn only_what_fails_is_left() {
        let inner = vec![Tree::line("a"), Tree::line("bad"), Tree::line("c")];
        let arm = Tree::block("if x {", vec![Tree::line("d"), Tree::block("for y {", inner, "}")], "}");
        let program = vec![Tree::line("e"), Tree::block("pipeline {", vec![arm, Tree::line("f")], "}")];
        let small =
            shrink(program, |program| text(program).contains("bad") && text(program).contains("pipeline"));
        assert_eq!(text(&small), "pipeline {\n  bad\n}\n\n");
    }
}
