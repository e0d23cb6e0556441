//! A program as lines that hold lines, so that parts of it can be taken out.

/// A statement, a declaration, or a line of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tree {
    /// What it consists of: one part, or one for each arm.
    pub(crate) parts: Vec<Part>,
    /// The line that ends it; none where it is empty.
    pub(crate) end: String,
}

/// A line with those inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) head: String,
    pub(crate) body: Vec<Tree>,
}

impl Tree {
    /// A line alone.
    pub(crate) fn line(text: impl Into<String>) -> Self {
        Self { parts: vec![Part { head: text.into(), body: Vec::new() }], end: String::new() }
    }

    /// A line that opens a block, the block, and the line that closes it.
    pub(crate) fn block(head: impl Into<String>, body: Vec<Self>, end: impl Into<String>) -> Self {
        Self { parts: vec![Part { head: head.into(), body }], end: end.into() }
    }

    fn write(&self, depth: usize, out: &mut String) {
        let mut line = |depth: usize, text: &str| {
            if !text.is_empty() {
                out.push_str(&"  ".repeat(depth));
                out.push_str(text);
                out.push('\n');
            }
        };
        let mut inner = Vec::new();
        for part in &self.parts {
            let mut body = String::new();
            part.body.iter().for_each(|tree| tree.write(depth + 1, &mut body));
            inner.push((&part.head, body));
        }
        for (head, body) in inner {
            line(depth, head);
            line(0, body.trim_end_matches('\n'));
        }
        line(depth, &self.end);
    }
}

/// The text of a program.
pub(crate) fn text(program: &[Tree]) -> String {
    let mut out = String::new();
    for tree in program {
        tree.write(0, &mut out);
        out.push('\n');
    }
    out
}
