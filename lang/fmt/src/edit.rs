//! Changes to a text.

use tagpol_syntax::{TextRange, TextSize};

use crate::fit::Space;
use crate::source::Source;

/// A change of white space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// The bytes that go.
    pub range: TextRange,
    /// What comes in their place.
    pub insert: String,
}

/// Returns the text with the edits made, which are in text order and do not overlap.
pub fn apply(text: &str, edits: &[TextEdit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..usize::from(edit.range.start())).unwrap_or_default());
        out.push_str(&edit.insert);
        at = usize::from(edit.range.end());
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// The edits that give each gap the space decided for it, at most one a gap.
pub(crate) fn edits(source: &Source, spaces: &[Space]) -> Vec<TextEdit> {
    let newline = newline(source);
    let gaps = spaces.iter().copied().enumerate();
    gaps.filter_map(|(gap, space)| {
        let new = match space {
            Space::Blanks(blanks) => " ".repeat(blanks),
            Space::Lines { count, indent } => newline.repeat(count) + &" ".repeat(indent),
            Space::Verbatim => return None,
        };
        let new = if gap == 0 { byte_order_mark(&source.text).to_owned() + &new } else { new };
        change(source.gap(gap), source.gap_range(gap).start, &new)
    })
    .collect()
}

/// How lines end: as they all do in the source, else plainly.
fn newline(source: &Source) -> &'static str {
    let gaps = || (0..=source.tokens.len()).map(|gap| source.gap(gap));
    let ends: usize = gaps().map(|gap| gap.matches('\n').count()).sum();
    let pairs: usize = gaps().map(|gap| gap.matches("\r\n").count()).sum();
    if ends > 0 && ends == pairs { "\r\n" } else { "\n" }
}

fn byte_order_mark(text: &str) -> &str {
    if text.starts_with('\u{feff}') { "\u{feff}" } else { "" }
}

/// The smallest edit that makes one text, which begins at an offset, the other.
fn change(old: &str, start: usize, new: &str) -> Option<TextEdit> {
    if old == new {
        return None;
    }
    let same = |(a, b): &(char, char)| a == b;
    let length = |(c, _): (char, char)| c.len_utf8();
    let before: usize = old.chars().zip(new.chars()).take_while(same).map(length).sum();
    let (old_rest, new_rest) = (old.get(before..).unwrap_or_default(), new.get(before..).unwrap_or_default());
    let after: usize = old_rest.chars().rev().zip(new_rest.chars().rev()).take_while(same).map(length).sum();
    let insert = new_rest.get(..new_rest.len() - after).unwrap_or_default().to_owned();
    let size = |at: usize| TextSize::try_from(at).unwrap_or(TextSize::from(u32::MAX));
    let range = TextRange::new(size(start + before), size(start + old.len() - after));
    Some(TextEdit { range, insert })
}
