//! The lines of a file that a diagnostic shows.
//!
//! In: a text and ranges in it. Out: a text of a few short lines, with the same ranges in it, that miette renders with
//! the line numbers and columns of the original. Lines that are long are cut to what is around the ends of the ranges,
//! and ranges over many lines to their first one. The work depends on what is shown and not on the size of the file
//! or of its lines.

use std::collections::BTreeSet;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use tagpol_sema::LineIndex;
use tagpol_syntax::{TextRange, TextSize};

use crate::diagnostics::harmless;

/// Characters of a line that is shown whole.
const LONGEST_LINE: usize = 200;
/// Characters on both sides of the ends of a range in a longer one.
const AROUND: usize = 40;
/// Characters at the beginning of one.
const AT_FIRST: usize = 40;
/// Lines of a range that is shown whole.
const TALLEST_RANGE: usize = 12;
/// Lines between two ranges that are shown with them.
const WIDEST_GAP: usize = 8;
/// What stands for characters that are left out.
const ELLIPSIS: &str = "…";

/// Lines of a file.
#[derive(Debug)]
pub(crate) struct Excerpt {
    name: String,
    text: String,
    /// The line in the file, from 0, of each line.
    numbers: Vec<usize>,
    /// Line and column in the file, from 0, of where ranges begin in `text`.
    places: Vec<(usize, (usize, usize))>,
}

impl Excerpt {
    /// Takes the lines of some ranges, and one before and behind each. Returns where the ranges are in them.
    pub(crate) fn new(
        name: String,
        text: &str,
        index: &LineIndex,
        ranges: &[TextRange],
    ) -> (Self, Vec<SourceSpan>) {
        let lines = Lines { text, index };
        let ranges: Vec<TextRange> = ranges.iter().map(|range| lines.shorten(*range)).collect();
        let mut excerpt =
            Self { name, text: String::new(), numbers: lines.shown(&ranges), places: Vec::new() };
        let mut points: Vec<TextSize> =
            ranges.iter().flat_map(|range| [range.start(), range.end()]).collect();
        points.sort_unstable();
        points.dedup();
        let mut moved = Vec::new();
        for number in &excerpt.numbers {
            lines.write(*number, &points, &mut excerpt.text, &mut moved);
        }
        let at = |point: TextSize| {
            let found = moved.iter().find(|(from, _)| *from == point);
            found.map_or(excerpt.text.len(), |(_, to)| *to)
        };
        let mut spans = Vec::new();
        for range in &ranges {
            let (start, end) = (at(range.start()), at(range.end()));
            let (line, column) = index.position(text, range.start());
            excerpt
                .places
                .push((start, (line.saturating_sub(1) as usize, column.saturating_sub(1) as usize)));
            spans.push((start, end.saturating_sub(start)).into());
        }
        (excerpt, spans)
    }

    /// The lines that follow one another in the file, from one of the excerpt on.
    fn run_from(&self, at: usize) -> usize {
        let rest = self.numbers.get(at..).unwrap_or_default();
        rest.windows(2).take_while(|pair| matches!(pair, [one, next] if one + 1 == *next)).count() + 1
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.text.read_span(span, before, after)?;
        let first = contents.line();
        let place = self.places.iter().find(|(at, _)| *at == span.offset()).filter(|_| before == 0);
        let (line, column) = match place {
            Some((_, place)) => *place,
            None => (self.numbers.get(first).copied().unwrap_or(first), 0),
        };
        // Two ranges are shown as one where all lines between them are there.
        let count = self.run_from(first);
        let (data, span) = (contents.data(), *contents.span());
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data, span, line, column, count)))
    }
}

/// A text with its lines.
struct Lines<'a> {
    text: &'a str,
    index: &'a LineIndex,
}

impl Lines<'_> {
    /// Returns the line of an offset, from 0.
    fn of(&self, offset: TextSize) -> usize {
        self.index.starts().partition_point(|start| *start <= u32::from(offset)).saturating_sub(1)
    }

    /// Returns where a line begins; None behind the last one.
    fn start(&self, line: usize) -> Option<usize> {
        self.index.starts().get(line).map(|start| *start as usize)
    }

    /// Returns the text of a line with what ends it.
    fn line(&self, line: usize) -> &str {
        let start = self.start(line).unwrap_or(self.text.len());
        self.text.get(start..self.start(line + 1).unwrap_or(self.text.len())).unwrap_or_default()
    }

    /// Returns a range, or its first line where it has too many.
    fn shorten(&self, range: TextRange) -> TextRange {
        let end = u32::try_from(self.text.len()).map_or(range.end(), TextSize::from);
        let range = TextRange::new(range.start().min(end), range.end().min(end));
        let first = self.of(range.start());
        if self.of(range.end()) - first < TALLEST_RANGE {
            return range;
        }
        let line = self.line(first).trim_end_matches(['\n', '\r']);
        let end = self.start(first).and_then(|start| TextSize::try_from(start + line.len()).ok());
        TextRange::new(range.start(), end.unwrap_or(range.start()).max(range.start()))
    }

    /// Returns the lines to show.
    fn shown(&self, ranges: &[TextRange]) -> Vec<usize> {
        let last = self.index.starts().len().saturating_sub(1);
        let of = |range: &TextRange| {
            self.of(range.start()).saturating_sub(1)..=(self.of(range.end()) + 1).min(last)
        };
        let shown: BTreeSet<usize> = ranges.iter().flat_map(of).collect();
        let mut lines: Vec<usize> = Vec::new();
        for line in shown {
            if let Some(before) = lines.last().filter(|before| line - **before <= WIDEST_GAP + 1) {
                lines.extend(before + 1..line);
            }
            lines.push(line);
        }
        lines
    }

    /// Writes a line, and where some points of the file are now.
    fn write(&self, line: usize, points: &[TextSize], out: &mut String, moved: &mut Vec<(TextSize, usize)>) {
        let Some(start) = self.start(line) else { return };
        let text = self.line(line);
        let content = text.strip_suffix('\n').unwrap_or(text);
        let content = content.strip_suffix('\r').filter(|_| text.ends_with('\n')).unwrap_or(content);
        let next = points.partition_point(|point| usize::from(*point) < start);
        // The end of the text is in its last line; any other end of a line is the beginning of the next one.
        let is_last = self.start(line + 1).is_none();
        let own = points.get(next..).unwrap_or_default().iter();
        let own = own.map(|point| (*point, usize::from(*point) - start));
        let own: Vec<(TextSize, usize)> =
            own.take_while(|(_, at)| *at < text.len() || (is_last && *at == text.len())).collect();
        let mut written = 0;
        for piece in pieces(content, own.iter().map(|(_, at)| *at)) {
            if piece.start > written {
                out.push_str(ELLIPSIS);
            }
            let here = own.iter().filter(|(_, at)| (piece.start..=piece.end).contains(at));
            moved.extend(here.map(|(point, at)| (*point, out.len() + at - piece.start)));
            out.push_str(&harmless(content.get(piece.clone()).unwrap_or_default()));
            written = piece.end;
        }
        if written < content.len() {
            out.push_str(ELLIPSIS);
        }
        let behind = own.iter().filter(|(_, at)| *at > content.len());
        moved.extend(behind.map(|(point, at)| (*point, out.len() + at - content.len())));
        out.push_str(text.get(content.len()..).unwrap_or_default());
    }
}

/// Returns the parts of a line that are shown, in order, none next to another.
fn pieces(line: &str, points: impl Iterator<Item = usize>) -> Vec<std::ops::Range<usize>> {
    if line.char_indices().nth(LONGEST_LINE).is_none() {
        return std::iter::once(0..line.len()).collect();
    }
    let points: Vec<usize> = points.filter(|at| *at <= line.len()).collect();
    let first = if points.is_empty() { LONGEST_LINE } else { AT_FIRST };
    let mut pieces: Vec<_> = std::iter::once(0..after(line, 0, first)).collect();
    for at in points {
        let (start, end) = (before(line, at, AROUND), after(line, at, AROUND));
        match pieces.last_mut().filter(|last| start <= last.end) {
            Some(last) => last.end = last.end.max(end),
            None => pieces.push(start..end),
        }
    }
    pieces
}

/// Returns the place so many characters before a place.
fn before(line: &str, at: usize, count: usize) -> usize {
    let text = line.get(..line.floor_char_boundary(at)).unwrap_or_default();
    text.char_indices().rev().take(count).last().map_or(text.len(), |(at, _)| at)
}

/// Returns the place so many characters behind a place.
fn after(line: &str, at: usize, count: usize) -> usize {
    let at = line.floor_char_boundary(at);
    let text = line.get(at..).unwrap_or_default();
    at + text.char_indices().nth(count).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan};
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug)]
    struct Report(Excerpt, Vec<SourceSpan>);

    impl std::fmt::Display for Report {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("message")
        }
    }

    impl std::error::Error for Report {}

    impl Diagnostic for Report {
        fn source_code(&self) -> Option<&dyn SourceCode> {
            Some(&self.0)
        }

        fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
            let label = |(at, span): (usize, &SourceSpan)| {
                LabeledSpan::new_with_span(Some(format!("label {at}")), *span)
            };
            Some(Box::new(self.1.iter().enumerate().map(label)))
        }
    }

    /// The excerpt of some ranges, and how it is rendered.
    fn rendered(text: &str, ranges: &[(usize, usize)]) -> (String, String) {
        let size = |at: usize| TextSize::try_from(at).unwrap();
        let ranges: Vec<TextRange> =
            ranges.iter().map(|(start, end)| TextRange::new(size(*start), size(*end))).collect();
        let (excerpt, spans) = Excerpt::new("a.tagpol".to_owned(), text, &LineIndex::new(text), &ranges);
        let shown = excerpt.text.clone();
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
        let mut out = String::new();
        handler.render_report(&mut out, &Report(excerpt, spans)).unwrap();
        (shown, out)
    }

    #[test]
    fn a_short_line_is_shown_whole() {
        let (shown, out) = rendered("one\r\ntwo\tß x\nthree\nfour", &[(10, 11)]);
        assert_eq!(shown, "one\r\ntwo\tß x\nthree\n");
        assert!(out.contains("[a.tagpol:2:6]"), "{out}");
    }

    #[test]
    fn a_long_line_is_cut_around_its_ranges() {
        for c in ["a", "ß", "字", "🦀", "\u{301}", "\t", "e\u{301}", "\u{1b}"] {
            let line = format!("{}HERE{}THERE{}", c.repeat(70_000), c.repeat(70_000), c.repeat(70_000));
            let text = format!("first\n{line}\nlast\n");
            let (here, there) = (text.find("HERE").unwrap(), text.find("THERE").unwrap());
            let (shown, out) = rendered(&text, &[(here, here + 4), (there, there + 5)]);
            assert!(shown.len() < 3000 && out.len() < 20_000, "{c:?}: {} {}", shown.len(), out.len());
            assert!(shown.contains("HERE") && shown.contains("THERE"), "{shown}");
            let column = 70_000 * c.chars().count() + 1;
            assert!(out.contains(&format!("[a.tagpol:2:{column}]")), "{out}");
            assert!(out.contains("label 0") && out.contains("label 1"), "{out}");
        }
    }

    #[test]
    fn a_long_range_is_cut_in_the_middle() {
        let text = format!("tag a: \"{}\" x\n", "b".repeat(10_000_000));
        let (shown, out) = rendered(&text, &[(7, 10_000_009)]);
        assert!(shown.contains("\"bbb") && shown.contains("bbb\" x") && shown.contains('…'), "{shown}");
        assert!(out.contains("[a.tagpol:1:8]") && out.contains("label 0"), "{out}");
    }

    #[test]
    fn lines_that_are_far_apart_are_not_joined() {
        let text = "line\n".repeat(100_000);
        let (_, out) = rendered(&text, &[(5, 9), (400_000, 400_004)]);
        assert!(out.contains("[a.tagpol:2:1]") && out.contains("[a.tagpol:80001:1]"), "{out}");
        assert!(out.lines().count() < 30, "{out}");
        let (_, out) = rendered(&text, &[(0, 500_000)]);
        assert!(out.contains("[a.tagpol:1:1]") && out.lines().count() < 12, "{out}");
    }

    #[test]
    fn ranges_over_long_lines() {
        let text = format!("x{0}\n{0}y\n", "a".repeat(100_000));
        let end = text.find('y').unwrap();
        let (shown, out) = rendered(&text, &[(50_000, end), (0, text.len()), (text.len(), text.len())]);
        assert!(shown.len() < 1000 && out.contains("label 0") && out.contains("label 1"), "{out}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

        /// Whatever is shown, the first characters of each range are.
        #[test]
        fn ranges_keep_their_text(
            pieces in proptest::collection::vec(proptest::sample::select(vec!["a", "\n", "\r\n", "字", "\t", "\u{301}", "\r", "🦀", "x y"]), 0..60),
            times in 1..40_usize,
            at in proptest::collection::vec((any::<prop::sample::Index>(), 0..500_usize), 1..5),
        ) {
            let text: String = pieces.iter().map(|piece| piece.repeat(times)).collect();
            let ranges: Vec<(usize, usize)> = at.iter().map(|(start, length)| {
                let start = text.floor_char_boundary(start.index(text.len() + 1));
                (start, text.floor_char_boundary(text.len().min(start + length)))
            }).collect();
            let size = |at: usize| TextSize::try_from(at).unwrap();
            let given: Vec<TextRange> = ranges.iter().map(|(start, end)| TextRange::new(size(*start), size(*end))).collect();
            let (excerpt, spans) = Excerpt::new("a".to_owned(), &text, &LineIndex::new(&text), &given);
            let whole = harmless(&text);
            for ((start, end), span) in ranges.iter().zip(&spans) {
                let own = whole.get(*start..*end).unwrap();
                let shown = excerpt.text.get(span.offset()..span.offset() + span.len()).unwrap();
                let same = own.chars().zip(shown.chars()).take(20);
                for (own, shown) in same {
                    prop_assert!(own == shown || shown == '…', "{own:?} {shown:?}");
                }
            }
            rendered(&text, &ranges);
        }
    }
}
