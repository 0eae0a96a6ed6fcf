//! The tags of a row: a short list, or a map where there are many.
//!
//! A list is sorted by the bytes of its keys and has no key twice. Of two rows of one id the tags of the later
//! one are laid over those of the earlier, which costs as much as the later one has.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::pool::{Pool, Symbol};

/// Tags of two rows together up to which they are compared one by one.
const FEW: usize = 64;

/// Values by key.
pub(super) type TagMap = FxHashMap<Symbol, Symbol>;

/// Whether the tags of two rows are too many to be compared one by one.
pub(super) fn are_many(old: &[(Symbol, Symbol)], new: &[(Symbol, Symbol)]) -> bool {
    old.len() + new.len() > FEW
}

/// The tags of a row, to be looked up.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lookup<'a> {
    List(&'a [(Symbol, Symbol)]),
    Map(&'a TagMap),
}

impl<'a> Lookup<'a> {
    pub(super) fn of(tags: &'a [(Symbol, Symbol)]) -> Self {
        Self::List(tags)
    }

    /// Returns the value of a key.
    pub(super) fn get(self, key: Symbol) -> Option<Symbol> {
        match self {
            Self::List(tags) => tags.iter().find(|(other, _)| *other == key).map(|(_, value)| *value),
            Self::Map(tags) => tags.get(&key).copied(),
        }
    }

    pub(super) fn len(self) -> usize {
        match self {
            Self::List(tags) => tags.len(),
            Self::Map(tags) => tags.len(),
        }
    }
}

/// Sorts tags by the bytes of their keys.
pub(super) fn sort_tags(pool: &Pool, tags: &mut [(Symbol, Symbol)]) {
    tags.sort_unstable_by(|(one, _), (other, _)| pool.text(*one).cmp(pool.text(*other)));
}

/// Returns the tags of a map as a list.
pub(super) fn sorted(pool: &Pool, tags: TagMap) -> Box<[(Symbol, Symbol)]> {
    let mut tags: Box<[_]> = tags.into_iter().collect();
    sort_tags(pool, &mut tags);
    tags
}

/// Lays tags over others. If `respelled`, a key of theirs also replaces its other spellings.
pub(super) fn overlay(
    pool: &Pool,
    old: &[(Symbol, Symbol)],
    new: &[(Symbol, Symbol)],
    respelled: bool,
) -> Box<[(Symbol, Symbol)]> {
    if are_many(old, new) {
        let mut tags = old.iter().copied().collect();
        overlay_map(pool, &mut tags, new, respelled);
        return sorted(pool, tags);
    }
    let by_key = Lookup::of(new);
    let other_spelling = |key| respelled && new.iter().any(|(other, _)| is_spelling(pool, key, *other));
    let kept = old.iter().filter(|(key, _)| by_key.get(*key).is_none() && !other_spelling(*key));
    let mut tags: Box<[_]> = kept.chain(new).copied().collect();
    sort_tags(pool, &mut tags);
    tags
}

/// As [`overlay`], over a map.
pub(super) fn overlay_map(pool: &Pool, tags: &mut TagMap, new: &[(Symbol, Symbol)], respelled: bool) {
    if respelled {
        let spelled = |key| folded_key(pool.text(key));
        let replaced: FxHashSet<String> = new.iter().map(|(key, _)| spelled(*key)).collect();
        tags.retain(|key, _| !replaced.contains(&spelled(*key)));
    }
    tags.extend(new.iter().copied());
}

/// Whether two keys differ in no more than case and separators, which reports fold.
fn is_spelling(pool: &Pool, one: Symbol, other: Symbol) -> bool {
    folded(pool.text(one)).eq(folded(pool.text(other)))
}

/// Returns what the spellings of a key have in common.
pub(crate) fn folded_key(key: &str) -> String {
    folded(key).collect()
}

fn folded(key: &str) -> impl Iterator<Item = char> + '_ {
    key.chars().filter(|c| !matches!(c, '-' | '_' | '.' | ':' | ' ')).flat_map(char::to_lowercase)
}
