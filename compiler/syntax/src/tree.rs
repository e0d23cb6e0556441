//! Grammar pairs and scanned tokens to the lossless tree, and the markers on the way.
//!
//! The grammar says where nodes start and end, the pre-scan says what the tokens are; leaves take their text from the
//! source, so the text of the tree is the source whatever the grammar made of it.

use pest::Token as PestToken;
use pest::iterators::Pairs;
use rowan::{GreenNode, GreenToken, Language, NodeOrToken};

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

/// Builds green nodes by hand: the builder of the library shares equal nodes, which takes longer than making them.
struct Builder<'a> {
    text: &'a str,
    tokens: &'a [Token],
    /// The next token to write.
    next: usize,
    /// The next token that counts, at or behind `next`.
    word: usize,
    /// Open nodes: kind and first child.
    open: Vec<(SyntaxKind, usize)>,
    /// The children of the open nodes.
    children: Vec<NodeOrToken<GreenNode, GreenToken>>,
    /// Marks and single blanks, one of each.
    shared: Vec<Option<GreenToken>>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        let shared = vec![None; SyntaxKind::File as usize];
        let mut tree =
            Self { text, tokens, next: 0, word: 0, open: Vec::new(), children: Vec::new(), shared };
        tree.find_word();
        tree
    }

    fn start(&mut self, kind: SyntaxKind) {
        self.open.push((kind, self.children.len()));
    }

    fn finish(&mut self) {
        if let Some((kind, first)) = self.open.pop() {
            let node = GreenNode::new(Fuse::kind_to_raw(kind), self.children.drain(first..));
            self.children.push(NodeOrToken::Node(node));
        }
    }

    fn done(mut self) -> GreenNode {
        match self.children.pop() {
            Some(NodeOrToken::Node(root)) => root,
            _ => GreenNode::new(Fuse::kind_to_raw(SyntaxKind::File), []),
        }
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
        let green = self.green(token.kind, text);
        self.children.push(NodeOrToken::Token(green));
        self.next += 1;
        if self.next > self.word {
            self.find_word();
        }
    }

    fn green(&mut self, kind: SyntaxKind, text: &str) -> GreenToken {
        let raw = Fuse::kind_to_raw(kind);
        if text != " " && kind.text() != Some(text) {
            return GreenToken::new(raw, text);
        }
        match self.shared.get_mut(kind as usize) {
            Some(shared) => shared.get_or_insert_with(|| GreenToken::new(raw, text)).clone(),
            None => GreenToken::new(raw, text),
        }
    }

    fn find_word(&mut self) {
        self.word = self.word.max(self.next);
        while self.tokens.get(self.word).is_some_and(|token| token.kind.is_trivia()) {
            self.word += 1;
        }
    }
}
