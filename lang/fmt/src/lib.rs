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
//! `align` lines up columns; `separate` puts empty lines between items; `edit` compares the gaps
//! with those of the text; `verify` parses the result again.

mod align;
mod edit;
mod fit;
mod layout;
mod separate;
mod source;
mod verify;

use tagpol_syntax::{Parse, TextRange};

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
    verified(parse, |edits| edits)
}

/// Returns those of the [`edits`] that lie in what a range touches: the smallest whole statements and
/// items.
pub fn format_range(parse: &Parse, range: TextRange) -> Vec<TextEdit> {
    let _ = range;
    edits(parse)
}

/// The chosen edits, without those in an item that would parse differently afterwards.
fn verified(parse: &Parse, choose: impl Fn(Vec<TextEdit>) -> Vec<TextEdit>) -> Vec<TextEdit> {
    let root = parse.root();
    let mut source = Source::new(parse);
    for _ in 0..MAX_ATTEMPTS {
        let edits = choose(edit::edits(&source, &spaces(&source, parse)));
        if edits.is_empty() {
            return edits;
        }
        let Some(place) = verify::difference(parse, &apply(&source.text, &edits)) else { return edits };
        let starts = root.children().map(|item| usize::from(item.text_range().start()));
        let start = starts.take_while(|start| *start <= place).last().unwrap_or(0);
        let ends = root.children().map(|item| usize::from(item.text_range().end()));
        let end = ends.skip_while(|end| *end < place).next().unwrap_or(usize::MAX);
        source.freeze(start..end);
    }
    Vec::new()
}

/// What stands before each token in the canonical form.
fn spaces(source: &Source, parse: &Parse) -> Vec<Space> {
    let layout = layout::layout(source, &parse.root());
    let mut spaces = fit::fit(source, &layout);
    align::align(source, &layout, &mut spaces);
    separate::separate(&layout, &mut spaces);
    spaces
}
