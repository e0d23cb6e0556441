//! A walk over the green tree with offsets: cheaper than cursors, and the typed view needs no parents.

use rowan::{GreenNodeData, NodeOrToken};

use crate::kinds::{Fuse, SyntaxKind};

/// A node with its place.
#[derive(Clone, Copy)]
pub(super) struct Node<'t> {
    green: &'t GreenNodeData,
    pub(super) kind: SyntaxKind,
    pub(super) start: u32,
}

/// A token with its place.
#[derive(Clone, Copy)]
pub(super) struct Token<'t> {
    pub(super) kind: SyntaxKind,
    pub(super) text: &'t str,
    pub(super) start: u32,
}

/// A node or a token.
#[derive(Clone, Copy)]
pub(super) enum Elem<'t> {
    Node(Node<'t>),
    Token(Token<'t>),
}

impl<'t> Node<'t> {
    pub(super) fn root(green: &'t GreenNodeData) -> Self {
        Self { green, kind: kind_of(green.kind()), start: 0 }
    }

    pub(super) fn end(self) -> u32 {
        self.start + u32::from(self.green.text_len())
    }

    /// All children, trivia included.
    pub(super) fn all(self) -> impl Iterator<Item = Elem<'t>> {
        let mut at = self.start;
        self.green.children().map(move |child| {
            let start = at;
            match child {
                NodeOrToken::Node(green) => {
                    at += u32::from(green.text_len());
                    Elem::Node(Node { green, kind: kind_of(green.kind()), start })
                }
                NodeOrToken::Token(token) => {
                    at += u32::from(token.text_len());
                    Elem::Token(Token { kind: kind_of(token.kind()), text: token.text(), start })
                }
            }
        })
    }

    /// The children that count.
    pub(super) fn children(self) -> impl Iterator<Item = Elem<'t>> {
        self.all().filter(|elem| !elem.kind().is_trivia())
    }

    pub(super) fn nodes(self) -> impl Iterator<Item = Node<'t>> {
        self.all().filter_map(Elem::node)
    }

    pub(super) fn tokens(self) -> impl Iterator<Item = Token<'t>> {
        self.children().filter_map(Elem::token)
    }

    /// The first child node of this kind.
    pub(super) fn node(self, kind: SyntaxKind) -> Option<Node<'t>> {
        self.nodes().find(|node| node.kind == kind)
    }

    /// The first token of this kind.
    pub(super) fn token(self, kind: SyntaxKind) -> Option<Token<'t>> {
        self.tokens().find(|token| token.kind == kind)
    }

    /// The first token with this text.
    pub(super) fn word(self, text: &str) -> Option<Token<'t>> {
        self.tokens().find(|token| token.text == text)
    }

    /// The text of all tokens that count.
    pub(super) fn text(self) -> String {
        self.tokens().map(|token| token.text).collect()
    }
}

impl Token<'_> {
    pub(super) fn end(self) -> u32 {
        self.start + u32::try_from(self.text.len()).unwrap_or(0)
    }
}

impl<'t> Elem<'t> {
    pub(super) fn kind(self) -> SyntaxKind {
        match self {
            Self::Node(node) => node.kind,
            Self::Token(token) => token.kind,
        }
    }

    pub(super) fn start(self) -> u32 {
        match self {
            Self::Node(node) => node.start,
            Self::Token(token) => token.start,
        }
    }

    pub(super) fn end(self) -> u32 {
        match self {
            Self::Node(node) => node.end(),
            Self::Token(token) => token.end(),
        }
    }

    pub(super) fn node(self) -> Option<Node<'t>> {
        match self {
            Self::Node(node) => Some(node),
            Self::Token(_) => None,
        }
    }

    pub(super) fn token(self) -> Option<Token<'t>> {
        match self {
            Self::Token(token) => Some(token),
            Self::Node(_) => None,
        }
    }

    /// Whether it is a token of this kind.
    pub(super) fn is(self, kind: SyntaxKind) -> bool {
        self.kind() == kind
    }
}

fn kind_of(raw: rowan::SyntaxKind) -> SyntaxKind {
    <Fuse as rowan::Language>::kind_from_raw(raw)
}
