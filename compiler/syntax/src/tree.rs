//! Grammar pairs and scanned tokens to the lossless tree, and the markers on the way.
//!
//! The grammar says where nodes start and end, the pre-scan says what the tokens are; leaves take their text from the
//! source, so the text of the tree is the source whatever the grammar made of it.

use pest::Token as PestToken;
use pest::iterators::Pairs;
use rowan::{GreenNode, GreenNodeBuilder, Language};

use crate::grammar::Rule;
use crate::kinds::{Fuse, SyntaxKind};
use crate::mask::Token;

/// A place where something was expected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marker {
    /// What was expected.
    pub(crate) rule: Rule,
    /// Where the grammar stood, behind blanks.
    pub(crate) at: u32,
    /// Where the node around it starts.
    pub(crate) parent: u32,
    /// The kind of the node around it.
    pub(crate) parent_kind: SyntaxKind,
}

/// Builds the tree; the sweep is linear in pairs and tokens.
pub(crate) fn build(text: &str, tokens: &[Token], pairs: Pairs<'_, Rule>) -> (GreenNode, Vec<Marker>) {
    let mut tree = Builder::new(text, tokens);
    let mut markers = Vec::new();
    let mut parents: Vec<(SyntaxKind, u32)> = Vec::new();
    for token in pairs.tokens() {
        match token {
            PestToken::Start { rule, pos } => {
                let at = u32::try_from(pos.pos()).unwrap_or(u32::MAX);
                if let Some(kind) = SyntaxKind::of_rule(rule) {
                    if !parents.is_empty() {
                        tree.blanks_until(at);
                    }
                    tree.start(kind);
                    parents.push((kind, at));
                } else if crate::expected::is_marker(rule) {
                    let (parent_kind, parent) = parents.last().copied().unwrap_or((SyntaxKind::File, 0));
                    markers.push(Marker { rule, at, parent, parent_kind });
                }
            }
            PestToken::End { rule, pos } => {
                if SyntaxKind::of_rule(rule).is_some() {
                    tree.words_until(u32::try_from(pos.pos()).unwrap_or(u32::MAX));
                    parents.pop();
                    if parents.is_empty() {
                        tree.rest();
                    }
                    tree.finish();
                }
            }
        }
    }
    (tree.done(), markers)
}

/// A tree without structure: all tokens below the file.
pub(crate) fn flat(text: &str, tokens: &[Token]) -> GreenNode {
    let mut tree = Builder::new(text, tokens);
    tree.start(SyntaxKind::File);
    tree.rest();
    tree.finish();
    tree.done()
}

struct Builder<'a> {
    text: &'a str,
    tokens: &'a [Token],
    green: GreenNodeBuilder<'static>,
    /// The next token to write.
    next: usize,
    /// The next token that counts, at or behind `next`.
    word: usize,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        let mut tree = Self { text, tokens, green: GreenNodeBuilder::new(), next: 0, word: 0 };
        tree.find_word();
        tree
    }

    fn start(&mut self, kind: SyntaxKind) {
        self.green.start_node(Fuse::kind_to_raw(kind));
    }

    fn finish(&mut self) {
        self.green.finish_node();
    }

    fn done(self) -> GreenNode {
        self.green.finish()
    }

    /// Writes all tokens that start before `at`.
    fn blanks_until(&mut self, at: u32) {
        while self.tokens.get(self.next).is_some_and(|token| token.start < at) {
            self.write();
        }
    }

    /// Writes the tokens that start before `at`, up to the last one that counts.
    fn words_until(&mut self, at: u32) {
        while self.tokens.get(self.word).is_some_and(|token| token.start < at) {
            while self.next < self.word {
                self.write();
            }
            self.write();
        }
    }

    fn rest(&mut self) {
        while self.next < self.tokens.len() {
            self.write();
        }
    }

    fn write(&mut self) {
        let Some(token) = self.tokens.get(self.next) else { return };
        let end = self.tokens.get(self.next + 1).map_or(self.text.len(), |next| next.start as usize);
        let text = self.text.get(token.start as usize..end).unwrap_or("");
        self.green.token(Fuse::kind_to_raw(token.kind), text);
        self.next += 1;
        if self.next > self.word {
            self.find_word();
        }
    }

    fn find_word(&mut self) {
        self.word = self.word.max(self.next);
        while self.tokens.get(self.word).is_some_and(|token| token.kind.is_trivia()) {
            self.word += 1;
        }
    }
}
