//! Byte ranges as the protocol counts: lines from 0, columns in UTF-16 code units.

use fuse_base::{Sources, Span};
use gen_lsp_types::{Position, Range};
use line_index::{LineCol, TextSize, WideEncoding};

/// The range of a span; spans of unknown files are at the start.
pub(crate) fn range(span: Span, sources: &Sources) -> Range {
    let start = position(span, span.start, sources);
    let end = position(span, span.end, sources);
    Range { start, end: end.max(start) }
}

fn position(span: Span, offset: u32, sources: &Sources) -> Position {
    let Some(file) = sources.get(span.file) else { return Position { line: 0, character: 0 } };
    let mut offset = (offset as usize).min(file.text.len());
    while !file.text.is_char_boundary(offset) {
        offset -= 1;
    }
    let lines = file.line_index();
    let place = lines
        .try_line_col(TextSize::new(u32::try_from(offset).unwrap_or(u32::MAX)))
        .unwrap_or(LineCol { line: 0, col: 0 });
    let character = lines.to_wide(WideEncoding::Utf16, place).map_or(place.col, |wide| wide.col);
    Position { line: place.line, character }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_utf_16() {
        let mut sources = Sources::new();
        let file = sources.add("a.fuse", "é😀x\ny");
        let at = |start, end| {
            let range = range(Span::new(file, start, end), &sources);
            (range.start.line, range.start.character, range.end.line, range.end.character)
        };
        assert_eq!(at(6, 7), (0, 3, 0, 4));
        assert_eq!(at(8, 99), (1, 0, 1, 1));
        assert_eq!(at(3, 1), (0, 1, 0, 1));
    }
}
