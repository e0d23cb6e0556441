//! Documentation comments: the `///` lines right above a declaration, parameter, field, case or clause.

use ecow::EcoString;

use super::view::Elem;
use crate::ast::Doc;
use crate::kinds::SyntaxKind as K;

/// Collects the lines above the next node.
#[derive(Default)]
pub(super) struct Docs {
    text: Option<EcoString>,
}

impl Docs {
    /// Looks at a child that is not documented itself.
    pub(super) fn see(&mut self, elem: Elem<'_>) {
        let Elem::Token(token) = elem else {
            self.text = None;
            return;
        };
        match token.kind {
            K::DocComment => {
                let line = token.text.strip_prefix("///").unwrap_or(token.text).trim_end();
                let line = line.strip_prefix(' ').unwrap_or(line);
                match &mut self.text {
                    Some(text) => {
                        text.push('\n');
                        text.push_str(line);
                    }
                    None => self.text = Some(line.into()),
                }
            }
            // A blank line cuts documentation off.
            K::Whitespace if token.text.matches('\n').count() > 1 => self.text = None,
            kind if kind.is_trivia() => {}
            _ => self.text = None,
        }
    }

    pub(super) fn take(&mut self) -> Doc {
        self.text.take()
    }
}
