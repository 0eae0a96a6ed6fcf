//! The canonical form of `.tagpol` files.
//!
//! In: a [`Parse`]. Out: the edits that give the text its canonical form, which are changes of
//! white space only. The tokens and comments stay as they are and where they are, what the parser
//! could not read stays byte for byte, and the form of a canonical text is the text itself.
//!
//! ```
//! let parse = tagpol_syntax::parse("tag   owner :email\n\n\n\ntag team:text");
//! assert_eq!(tagpol_fmt::format(&parse), "tag owner: email\n\ntag team: text\n");
//! ```
//!
//! The stages, one module each: `source` lists the tokens; `layout` walks the tree and says of the
//! gap between two tokens how wide it is and when it ends the line; `fit` measures and decides;
//! `separate` puts empty lines between items; `align` lines up columns; `edit` compares the gaps
//! with those of the text; `verify` parses the result again.

mod align;
mod edit;
mod fit;
mod layout;
mod range;
mod separate;
mod source;
mod verify;

use std::ops::Range;

use tagpol_syntax::{Parse, SyntaxNode, TextRange};

pub use self::edit::{TextEdit, apply};
use self::fit::Space;
use self::source::Source;

/// Columns that a line may have, counted in characters.
pub const MAX_WIDTH: usize = 100;

/// How often a part of a file may turn out to parse differently before the file is left alone.
const MAX_ATTEMPTS: usize = 8;

/// Returns the canonical form of a file.
pub fn format(parse: &Parse) -> String {
    apply(&parse.root().text().to_string(), &edits(parse))
}

/// Returns the changes of white space that give a file its canonical form, in text order.
pub fn edits(parse: &Parse) -> Vec<TextEdit> {
    verified(parse, |_, _| {})
}

/// Returns those of the [`edits`] that lie in what a range touches: the smallest whole statements,
/// items and comments, and the white space before them. An empty range touches what it lies in.
pub fn format_range(parse: &Parse, range: TextRange) -> Vec<TextEdit> {
    let touched = range::touched(&parse.root(), range);
    verified(parse, |source, spaces| range::restrict(source, &touched, spaces))
}

/// The edits, without those in an item that would parse differently afterwards.
fn verified(parse: &Parse, restrict: impl Fn(&Source, &mut [Space])) -> Vec<TextEdit> {
    let root = parse.root();
    let mut source = Source::new(parse);
    for _ in 0..MAX_ATTEMPTS {
        let mut spaces = spaces(&source, &root);
        restrict(&source, &mut spaces);
        let edits = edit::edits(&source, &spaces);
        if edits.is_empty() {
            return edits;
        }
        let Some(place) = verify::difference(parse, &apply(&source.text, &edits)) else { return edits };
        source.freeze(item_around(&root, place));
    }
    Vec::new()
}

/// The bytes from the beginning of the item at a place to the end of the next one.
fn item_around(root: &SyntaxNode, place: usize) -> Range<usize> {
    let ranges = || root.children().map(|item| item.text_range());
    let starts = ranges().map(|range| usize::from(range.start()));
    let mut ends = ranges().map(|range| usize::from(range.end()));
    starts.take_while(|start| *start <= place).last().unwrap_or(0)
        ..ends.find(|end| place <= *end).unwrap_or(usize::MAX)
}

/// What stands before each token in the canonical form, and at the end.
fn spaces(source: &Source, root: &SyntaxNode) -> Vec<Space> {
    let layout = layout::layout(source, root);
    let mut spaces = fit::fit(source, &layout);
    separate::separate(&layout, &mut spaces);
    align::align(source, &layout, &mut spaces);
    let end = source.tokens.len();
    spaces.push(match end {
        _ if source.is_frozen(end) => Space::Verbatim,
        0 => Space::Blanks(0),
        _ => Space::Lines { count: 1, indent: 0 },
    });
    spaces
}
