//! Measures lines, and decides where they end.

use tagpol_syntax::SyntaxKind;

use crate::MAX_WIDTH;
use crate::layout::{Break, Gap, Layout};
use crate::source::Source;

/// The white space before a token, decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    Blanks(usize),
    /// Ends of lines, and the indentation of the last.
    Lines {
        count: usize,
        indent: usize,
    },
    /// As it is in the source.
    Verbatim,
}

impl Space {
    pub(crate) fn ends_line(self) -> bool {
        matches!(self, Self::Lines { .. })
    }
}

/// Decides of every gap of a layout.
pub(crate) fn fit(source: &Source, layout: &Layout) -> Vec<Space> {
    let mut fit = Fit {
        source,
        layout,
        sums: sums(source, layout),
        is_flat: vec![None; layout.groups.len()],
        flat_to: None,
        column: 0,
    };
    let mut groups = layout.groups.iter().enumerate().peekable();
    let mut spaces = Vec::with_capacity(layout.gaps.len());
    for (index, gap) in layout.gaps.iter().enumerate() {
        let space = fit.space(index, gap);
        fit.column = match space {
            Space::Blanks(blanks) => fit.column + blanks,
            Space::Lines { indent, .. } => indent,
            Space::Verbatim => column_after(fit.column, source.gap(index)),
        };
        while let Some((number, group)) = groups.next_if(|(_, group)| group.first <= index) {
            fit.decide(number, group.first, group.last);
        }
        fit.column = column_after(fit.column, source.token_text(index));
        spaces.push(space);
    }
    spaces
}

fn column_after(column: usize, text: &str) -> usize {
    match text.rsplit_once(['\n', '\r']) {
        Some((_, line)) => line.chars().count(),
        None => column + text.chars().count(),
    }
}

/// What lies before a token, the token and its gap included.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    /// Columns on one line.
    width: usize,
    /// Gaps that end the line in any case.
    lines: usize,
}

fn sums(source: &Source, layout: &Layout) -> Vec<Sum> {
    let mut sum = Sum::default();
    let add = |(index, gap): (usize, &Gap)| {
        let kept = matches!(gap.breaks, Break::Verbatim | Break::Keep) && source.newlines(index) > 0;
        sum.lines += usize::from(kept || gap.breaks == Break::Always);
        sum.width += gap.spaces + source.width(index);
        sum
    };
    layout.gaps.iter().enumerate().map(add).collect()
}

struct Fit<'a> {
    source: &'a Source,
    layout: &'a Layout,
    sums: Vec<Sum>,
    /// For each group whether it stands on one line; None if that is not decided yet.
    is_flat: Vec<Option<bool>>,
    /// Last token of the outermost group that stands on one line.
    flat_to: Option<usize>,
    /// Where the next token or gap begins.
    column: usize,
}

impl Fit<'_> {
    fn space(&self, index: usize, gap: &Gap) -> Space {
        let ends_line = match gap.breaks {
            Break::Never => false,
            Break::With(group) => self.flat(group) != Some(true),
            Break::Fill(last) => !self.is_room(self.column + gap.spaces, index, last, None),
            Break::Always => true,
            Break::Keep => {
                return Space::Lines { count: self.source.newlines(index), indent: gap.indent };
            }
            Break::Verbatim => return Space::Verbatim,
        };
        if index == 0 {
            return Space::Blanks(0);
        }
        if !ends_line {
            return Space::Blanks(gap.spaces);
        }
        let blank =
            gap.breaks == Break::Always && self.source.newlines(index) > 1 && !self.is_inside_edge(index);
        Space::Lines { count: 1 + usize::from(blank), indent: gap.indent }
    }

    /// Whether a gap follows an opening bracket or precedes a closing one.
    fn is_inside_edge(&self, index: usize) -> bool {
        let is_punct = |token: usize| self.source.kind(token) == Some(SyntaxKind::Punct);
        let before = index.saturating_sub(1);
        (is_punct(before) && matches!(self.source.token_text(before), "{" | "[" | "("))
            || (is_punct(index) && matches!(self.source.token_text(index), "}" | "]" | ")"))
    }

    fn flat(&self, group: usize) -> Option<bool> {
        self.is_flat.get(group).copied().flatten()
    }

    fn decide(&mut self, group: usize, first: usize, last: usize) {
        let is_inside_flat = self.flat_to.is_some_and(|to| last <= to);
        let is_flat = is_inside_flat || self.is_room(self.column, first, last, Some(group));
        if is_flat && !is_inside_flat {
            self.flat_to = Some(last);
        }
        if let Some(decided) = self.is_flat.get_mut(group) {
            *decided = Some(is_flat);
        }
    }

    /// Whether tokens fit on the line from a column on, with all that cannot be parted from them.
    fn is_room(&self, column: usize, first: usize, last: usize, group: Option<usize>) -> bool {
        let sum = |index: usize| self.sums.get(index).copied().unwrap_or_default();
        let (from, to) = (sum(first), sum(last));
        let is_one_line = from.lines == to.lines;
        let width = self.source.width(first) + to.width.saturating_sub(from.width);
        is_one_line && column + width + self.tail(last + 1, group) <= MAX_WIDTH
    }

    /// Columns up to the next gap that may end the line.
    fn tail(&self, first: usize, own: Option<usize>) -> usize {
        let rest = self.layout.gaps.iter().enumerate().skip(first);
        let sticks = |(index, gap): &(usize, &Gap)| {
            self.source.kind(*index) != Some(SyntaxKind::Comment)
                && match gap.breaks {
                    Break::Never => true,
                    Break::With(group) => own == Some(group) || self.flat(group) == Some(true),
                    _ => false,
                }
        };
        rest.take_while(sticks).map(|(index, gap)| gap.spaces + self.source.width(index)).sum()
    }
}
