//! Source texts and places in them.

use std::sync::Arc;

use line_index::{LineIndex, TextSize};

/// A source text of the package being compiled; an index into [`Sources`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FileId(pub u32);

/// A half-open range of bytes `start..end` in one file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span {
    /// The file the bytes are in.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `file`.
    #[must_use]
    pub const fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end }
    }

    /// The smallest span that covers both; `other` must be in the same file.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// An empty span where this one starts.
    #[must_use]
    pub const fn at_start(self) -> Self {
        Self { file: self.file, start: self.start, end: self.start }
    }

    /// An empty span where this one ends.
    #[must_use]
    pub const fn at_end(self) -> Self {
        Self { file: self.file, start: self.end, end: self.end }
    }

    /// Whether `other` lies inside this span.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

/// A place for people: both numbers start at 1; `column` counts characters (Unicode scalar values).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One text with the path it is known by and its line table.
#[derive(Debug)]
pub struct SourceFile {
    /// How messages call the file: relative to the folder the user works in, or `fuse:std/…`.
    pub path: String,
    /// The whole text.
    pub text: Arc<str>,
    lines: LineIndex,
}

impl SourceFile {
    /// Line and column of a byte offset; offsets past the end or inside a character give the nearest place.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let place = self.lines.line_col(TextSize::new(u32::try_from(offset).unwrap_or(u32::MAX)));
        let start = offset.saturating_sub(place.col as usize);
        let column = self.text.get(start..offset).map_or(0, |head| head.chars().count());
        LineColumn { line: place.line + 1, column: u32::try_from(column).unwrap_or(u32::MAX - 1) + 1 }
    }

    /// The line table, for protocols that count in other units.
    #[must_use]
    pub fn line_index(&self) -> &LineIndex {
        &self.lines
    }
}

/// All texts of one compilation, in the order they were read.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// No texts yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text and gives it an id.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let lines = LineIndex::new(&text);
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(SourceFile { path: path.into(), text, lines });
        id
    }

    /// The file behind an id of this collection.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// The path of a file; empty for a foreign id.
    #[must_use]
    pub fn path(&self, id: FileId) -> &str {
        self.get(id).map_or("", |file| file.path.as_str())
    }

    /// The text under a span; empty for a foreign id or a range that cuts a character.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file)
            .and_then(|file| file.text.get(span.start as usize..span.end as usize))
            .unwrap_or("")
    }

    /// Line and column of the start of a span.
    #[must_use]
    pub fn line_column(&self, span: Span) -> LineColumn {
        self.get(span.file).map_or(LineColumn { line: 1, column: 1 }, |file| file.line_column(span.start))
    }

    /// Puts `prefix` before the path of every file of the package, so that messages name it from where the user is.
    /// Virtual paths (`fuse:std/…`) stay.
    pub fn prefix_paths(&mut self, prefix: &str) {
        for file in self.files.iter_mut().filter(|file| !file.path.starts_with("fuse:")) {
            file.path.insert_str(0, prefix);
        }
    }

    /// All files with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0..).map(FileId).zip(self.files.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_survive_odd_offsets() {
        let mut sources = Sources::new();
        let id = sources.add("a.fuse", "é = 1\nлет x");
        let file = sources.get(id).unwrap();
        assert_eq!(file.line_column(2), LineColumn { line: 1, column: 2 });
        assert_eq!(file.line_column(1), LineColumn { line: 1, column: 1 });
        assert_eq!(file.line_column(9), LineColumn { line: 2, column: 2 });
        assert_eq!(file.line_column(9_999), LineColumn { line: 2, column: 6 });
    }
}
