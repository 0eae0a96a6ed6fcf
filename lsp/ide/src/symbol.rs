//! Which thing a name at an offset stands for.

use tagpol_sema::db::lowered;
use tagpol_sema::{Db, ItemRef, Project, SourceFile, Symbol, item_mentions, range_of};
use tagpol_syntax::{TextRange, TextSize};

/// A name in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// What it stands for.
    pub(crate) symbol: Symbol,
    /// Its bytes.
    pub(crate) range: TextRange,
}

/// Returns the name at an offset, its end included. Of names within each other the shortest counts.
pub(crate) fn named_at(db: &dyn Db, project: Project, file: SourceFile, offset: TextSize) -> Option<Named> {
    let item = item_at(db, file, offset)?;
    let mentions = item_mentions(db, project, &item);
    let ranges = mentions.into_iter().map(|mention| (range_of(db, &mention.at), mention.of));
    let here = ranges.filter(|(range, _)| !range.is_empty() && range.contains_inclusive(offset));
    here.min_by_key(|(range, _)| range.len()).map(|(range, symbol)| Named { symbol, range })
}

/// Returns the item whose text an offset lies in.
pub(crate) fn item_at(db: &dyn Db, file: SourceFile, offset: TextSize) -> Option<ItemRef> {
    let items = &lowered(db, file).items;
    let after = items.partition_point(|item| item.range.start() <= offset);
    let item = items.get(after.checked_sub(1)?)?;
    item.range.contains_inclusive(offset).then(|| ItemRef { file, key: item.key.clone() })
}

/// Returns the bytes of a whole item.
pub(crate) fn item_range(db: &dyn Db, item: &ItemRef) -> TextRange {
    lowered(db, item.file).get(&item.key).map(|lowered| lowered.range).unwrap_or_default()
}

/// Returns the item that a thing is, or is a part of; None for a module.
pub(crate) fn item_of(symbol: &Symbol) -> Option<&ItemRef> {
    match symbol {
        Symbol::Item(item)
        | Symbol::Member(item, _)
        | Symbol::Column(item, _)
        | Symbol::Check(item, _)
        | Symbol::Given(item, _) => Some(item),
        Symbol::Module(_) => None,
    }
}
