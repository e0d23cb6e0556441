//! The few lines of source that a diagnostic shows.
//!
//! An excerpt holds the lines around the marked places only, possibly of several files, long lines cut and control
//! characters made visible. So the cost of a report depends on what it shows, not on the size of the sources, and a
//! source cannot send escape sequences to a terminal.

use std::collections::BTreeMap;

use line_index::TextSize;
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::{FileId, SourceFile, Sources, Span};

/// Lines shown before and after a marked line.
const CONTEXT: u32 = 1;
/// A marked range over more lines than this marks its first line only.
const MARKED_LINES: u32 = 6;
/// Lines longer than this are cut around the marked place.
const LONG_LINE: usize = 200;
/// What stays of a cut line before the marked place and after it.
const MARGIN: usize = 60;
/// What is marked at most on a cut line.
const MARKED: usize = 80;
/// Stands where a line is cut.
const CUT: char = '…';

/// Lines of one or more files in one text, with the places they come from.
#[derive(Debug, Default)]
pub(super) struct Excerpt {
    text: String,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    name: String,
    file: FileId,
    /// Number of the line in its file, from 0.
    number: u32,
    /// Where its text starts and ends in the excerpt; the end is that of its newline.
    start: usize,
    end: usize,
    /// Characters of the line that are cut off before its text.
    skipped: usize,
}

/// A marked range of the excerpt and the place it stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// Offset in the excerpt.
    pub(super) start: usize,
    /// Length in the excerpt.
    pub(super) len: usize,
}

/// A span cut to what is shown of it, in lines of its file.
#[derive(Clone, Copy)]
struct Place {
    file: FileId,
    first: u32,
    last: u32,
    start: usize,
    end: usize,
}

impl Excerpt {
    /// The excerpt that shows all `spans`, and where each stands in it; `None` for spans of unknown files.
    pub(super) fn new(sources: &Sources, spans: &[Span]) -> (Self, Vec<Option<Mark>>) {
        let places: Vec<Option<Place>> = spans.iter().map(|span| place(sources, *span)).collect();
        // The file of the first span comes first, the others in the order they are named.
        let mut files: Vec<FileId> = Vec::new();
        for place in places.iter().flatten() {
            if !files.contains(&place.file) {
                files.push(place.file);
            }
        }
        let mut excerpt = Self::default();
        let mut marks = vec![None; spans.len()];
        for id in files {
            if let Some(file) = sources.get(id) {
                excerpt.add_file(id, file, &places, &mut marks);
            }
        }
        (excerpt, marks)
    }

    fn add_file(
        &mut self,
        id: FileId,
        file: &SourceFile,
        places: &[Option<Place>],
        marks: &mut [Option<Mark>],
    ) {
        let of_file =
            || places.iter().enumerate().filter_map(|(i, p)| p.filter(|p| p.file == id).map(|p| (i, p)));
        // Each line to show with what must stay visible on it: the first place marked there wins.
        let mut wanted: BTreeMap<u32, Option<(usize, usize)>> = BTreeMap::new();
        for (_, place) in of_file() {
            for number in place.first.saturating_sub(CONTEXT)..=place.last.saturating_add(CONTEXT) {
                let marked = (place.first..=place.last).contains(&number).then_some((place.start, place.end));
                let slot = wanted.entry(number).or_default();
                *slot = slot.or(marked);
            }
        }
        let name = visible(&file.path);
        let cause =
            places.first().and_then(|place| place.filter(|place| place.file == id)).map(|place| place.first);
        for (number, marked) in cause_first(wanted, cause) {
            let Some((from, to)) = line_range(file, number) else { continue };
            // Nothing follows the last newline; it is a line only where it is marked.
            if marked.is_none() && from == file.text.len() {
                continue;
            }
            let shown = self.add_line(file, from, to, marked);
            let end = self.text.len().saturating_sub(1);
            let line = Line {
                name: name.clone(),
                file: id,
                number,
                start: shown.start,
                end,
                skipped: shown.skipped,
            };
            for (index, place) in of_file() {
                if let Some(slot) = marks.get_mut(index) {
                    extend_mark(slot, &place, number, &shown);
                }
            }
            self.lines.push(line);
        }
    }

    /// Adds the line `from..to` of a file, cut around `marked` where it is long.
    fn add_line(
        &mut self,
        file: &SourceFile,
        from: usize,
        to: usize,
        marked: Option<(usize, usize)>,
    ) -> Shown {
        let (mut low, mut high) = (from, to);
        if to - from > LONG_LINE {
            let (start, end) = marked.unwrap_or((from, from));
            let (start, end) = (start.clamp(from, to), end.clamp(from, to));
            low = floor(&file.text, start.saturating_sub(MARGIN).max(from));
            high = floor(&file.text, end.min(start + MARKED).saturating_add(MARGIN).min(to));
        }
        let start = self.text.len();
        let mut offsets = Vec::with_capacity(high - low + 1);
        let mut skipped = 0;
        if low > from {
            self.text.push(CUT);
            // The cut itself stands for one of them.
            skipped = file.text.get(from..low).map_or(0, |head| head.chars().count()).saturating_sub(1);
        }
        for (offset, c) in file.text.get(low..high).unwrap_or("").char_indices() {
            offsets.push((low + offset, self.text.len()));
            self.text.push(printable(c));
        }
        offsets.push((high, self.text.len()));
        if high < to {
            self.text.push(CUT);
        }
        self.text.push('\n');
        Shown { start, offsets, skipped }
    }

    fn line_at(&self, offset: usize) -> Option<usize> {
        let index = self.lines.partition_point(|line| line.end < offset);
        (index < self.lines.len()).then_some(index).or_else(|| self.lines.len().checked_sub(1))
    }
}

/// The lines in runs without gaps, the run with the cause before the others: people read it first.
fn cause_first<T>(lines: BTreeMap<u32, T>, cause: Option<u32>) -> Vec<(u32, T)> {
    let mut runs: Vec<Vec<(u32, T)>> = Vec::new();
    for (number, line) in lines {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|(last, _)| last + 1 == number) => run.push((number, line)),
            Some(_) | None => runs.push(vec![(number, line)]),
        }
    }
    let at = runs.iter().position(|run| run.iter().any(|(number, _)| Some(*number) == cause)).unwrap_or(0);
    if let Some(first) = runs.get_mut(..=at) {
        first.rotate_right(1);
    }
    runs.into_iter().flatten().collect()
}

/// A line as the excerpt shows it.
struct Shown {
    start: usize,
    /// Offsets in the file and in the excerpt, ascending.
    offsets: Vec<(usize, usize)>,
    skipped: usize,
}

impl Shown {
    /// Where an offset of the file stands in the excerpt; what is cut off stands at the cut.
    fn offset(&self, offset: usize) -> usize {
        let index = self.offsets.partition_point(|(at, _)| *at < offset);
        self.offsets.get(index).or(self.offsets.last()).map_or(self.start, |(_, shown)| *shown)
    }
}

/// Lets a mark begin or end on the line that was just added.
fn extend_mark(slot: &mut Option<Mark>, place: &Place, number: u32, shown: &Shown) {
    if place.first == number {
        let start = shown.offset(place.start);
        *slot = Some(Mark { start, len: 0 });
    }
    if place.last == number
        && let Some(mark) = slot
    {
        mark.len = shown.offset(place.end).saturating_sub(mark.start);
    }
}

/// Cuts a span to whole characters of its file and to the lines that are shown of it.
fn place(sources: &Sources, span: Span) -> Option<Place> {
    let file = sources.get(span.file)?;
    let start = floor(&file.text, span.start as usize);
    let mut end = floor(&file.text, (span.end as usize).max(start));
    let first = line_of(file, start);
    let mut last = line_of(file, end);
    // A range that ends with a newline ends on the line before.
    if last > first && line_range(file, last).is_some_and(|(from, _)| from == end) {
        last -= 1;
    }
    if last - first >= MARKED_LINES {
        last = first;
    }
    if let Some((_, to)) = line_range(file, last) {
        end = end.min(to).max(start);
    }
    Some(Place { file: span.file, first, last, start, end })
}

/// The bytes of a line without its line break.
fn line_range(file: &SourceFile, number: u32) -> Option<(usize, usize)> {
    let range = file.line_index().line(number)?;
    let (from, to) = (usize::from(range.start()), usize::from(range.end()));
    let text = file.text.get(from..to)?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    Some((from, from + text.len()))
}

fn line_of(file: &SourceFile, offset: usize) -> u32 {
    let offset = TextSize::new(u32::try_from(offset).unwrap_or(u32::MAX));
    file.line_index().try_line_col(offset).map_or(0, |place| place.line)
}

/// The nearest offset at or before `offset` that starts a character.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// A character that neither moves the cursor nor changes the terminal: control characters become their pictures.
fn printable(c: char) -> char {
    match c {
        '\t' => '\t',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            '\u{fffd}'
        }
        other => other,
    }
}

/// A text for one line or more of a message, with control characters made visible.
pub(super) fn visible(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c } else { printable(c) }).collect()
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let out = MietteError::OutOfBounds;
        let first_index = self.line_at(span.offset()).ok_or(MietteError::OutOfBounds)?;
        let last_index =
            self.line_at(span.offset() + span.len().saturating_sub(1)).ok_or(MietteError::OutOfBounds)?;
        let (mut low, mut high) = (first_index, last_index);
        let neighbours = |a: usize, b: usize| match (self.lines.get(a), self.lines.get(b)) {
            (Some(a), Some(b)) => a.file == b.file && a.number + 1 == b.number,
            (Some(_), None) | (None, Some(_)) | (None, None) => false,
        };
        // Lines of other files, or with others left out between, cannot be one snippet.
        if !(low..high).all(|index| neighbours(index, index + 1)) {
            return Err(out);
        }
        for _ in 0..before {
            if low > 0 && neighbours(low - 1, low) {
                low -= 1;
            }
        }
        for _ in 0..after {
            if neighbours(high, high + 1) {
                high += 1;
            }
        }
        let (Some(first), Some(last)) = (self.lines.get(low), self.lines.get(high)) else { return Err(out) };
        let start = if before == 0 { span.offset().min(last.end) } else { first.start };
        // With its newline, or an empty last line would not be shown.
        let data = self.text.get(start..=last.end).unwrap_or("").as_bytes();
        let head = self.text.get(first.start..start).map_or(0, |head| head.chars().count());
        let column = if before == 0 { first.skipped + head } else { 0 };
        Ok(Box::new(MietteSpanContents::new_named(
            first.name.clone(),
            data,
            (start, data.len()).into(),
            first.number as usize,
            column,
            // The caller joins snippets that touch, by line and number of lines.
            high - low + 1,
        )))
    }
}
