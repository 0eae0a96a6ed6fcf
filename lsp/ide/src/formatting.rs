//! Canonical form, as edits.

use tagpol_sema::db::parsed;
use tagpol_sema::{Db, SourceFile};
use tagpol_syntax::{TextRange, TextSize};

use crate::place::{Edit, token_at};

/// Returns the edits that give a file its canonical form.
pub fn format(db: &dyn Db, file: SourceFile) -> Vec<Edit> {
    edits(tagpol_fmt::edits(parsed(db, file)))
}

/// Returns those that lie in what a range touches.
pub fn format_range(db: &dyn Db, file: SourceFile, range: TextRange) -> Vec<Edit> {
    edits(tagpol_fmt::format_range(parsed(db, file), range))
}

/// Returns the edits after a `}` or the end of a line was typed: the statement or block before the
/// cursor in its canonical form. Nothing in a file that does not parse there, and never an edit at
/// the cursor or behind it, since it would move.
pub fn format_on_type(db: &dyn Db, file: SourceFile, offset: TextSize) -> Vec<Edit> {
    let parse = parsed(db, file);
    let text = file.text(db);
    let before = text.get(..usize::from(offset)).unwrap_or_default();
    let Ok(end) = TextSize::try_from(before.trim_end().len()) else { return Vec::new() };
    let Some(token) = token_at(&parse.root(), end) else { return Vec::new() };
    let block = token.parent().filter(|_| before.ends_with('}'));
    let range = block.map_or(token.text_range(), |block| block.text_range());
    let mut edits = edits(tagpol_fmt::format_range(parse, range));
    edits.retain(|edit| edit.range.end() < offset);
    edits
}

fn edits(edits: Vec<tagpol_fmt::TextEdit>) -> Vec<Edit> {
    edits.into_iter().map(|edit| Edit::replace(edit.range, edit.insert)).collect()
}
