//! An interner: each distinct text is kept once and named by four bytes.
//!
//! Inventories repeat their keys, values, accounts and regions a great deal; a million resources
//! fit in a few hundred megabytes this way.

use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;

use rustc_hash::FxHasher;

/// Names one text of a [`Pool`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Symbol(NonZeroU32);

impl Symbol {
    /// Returns its place in the order of interning, from 0.
    pub(crate) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Texts, each once. All lie in one buffer; an open-addressing table finds them by hash.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    text: String,
    /// Where each text ends in `text`; it starts where the one before it ends.
    ends: Vec<usize>,
    hashes: Vec<u32>,
    /// Symbols by hash, a power of two of them, at least a quarter empty.
    slots: Vec<Option<Symbol>>,
}

impl Pool {
    /// Returns the symbol of the text, new or old.
    pub(crate) fn intern(&mut self, text: &str) -> Symbol {
        if (self.ends.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let hash = hash(text);
        let (slot, found) = self.probe(hash, text);
        if let Some(symbol) = found {
            return symbol;
        }
        self.text.push_str(text);
        self.ends.push(self.text.len());
        self.hashes.push(hash);
        let symbol = symbol_at(self.ends.len());
        if let Some(place) = self.slots.get_mut(slot) {
            *place = Some(symbol);
        }
        symbol
    }

    /// Returns the text of a symbol of this pool.
    pub(crate) fn text(&self, symbol: Symbol) -> &str {
        let index = symbol.index();
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or("")
    }

    /// Returns the slot that holds the text, or the empty one where it belongs.
    fn probe(&self, hash: u32, text: &str) -> (usize, Option<Symbol>) {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while let Some(Some(symbol)) = self.slots.get(slot).copied() {
            if self.hashes.get(symbol.index()) == Some(&hash) && self.text(symbol) == text {
                return (slot, Some(symbol));
            }
            slot = (slot + 1) & mask;
        }
        (slot, None)
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        let mask = size - 1;
        let mut slots = vec![None; size];
        for (index, hash) in self.hashes.iter().enumerate() {
            let mut slot = *hash as usize & mask;
            while slots.get(slot).is_some_and(Option::is_some) {
                slot = (slot + 1) & mask;
            }
            if let Some(place) = slots.get_mut(slot) {
                *place = Some(symbol_at(index + 1));
            }
        }
        self.slots = slots;
    }
}

#[expect(
    clippy::expect_used,
    reason = "four billion distinct texts exceed the memory that reading them takes"
)]
fn symbol_at(number: usize) -> Symbol {
    Symbol(u32::try_from(number).ok().and_then(NonZeroU32::new).expect("fewer than 2^32 distinct texts"))
}

fn hash(text: &str) -> u32 {
    let mut hasher = FxHasher::default();
    text.hash(&mut hasher);
    let hash = hasher.finish();
    // The table takes the low bits, and the upper half of the hash is the better mixed one.
    (hash >> 32) as u32 ^ hash as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_one_symbol() {
        let mut pool = Pool::default();
        let texts: Vec<String> =
            (0..5000).map(|i| format!("text {i}")).chain(["".into(), "\0".into(), "é".into()]).collect();
        let symbols: Vec<Symbol> = texts.iter().map(|t| pool.intern(t)).collect();
        for (text, symbol) in texts.iter().zip(&symbols) {
            assert_eq!(pool.intern(text), *symbol);
            assert_eq!(pool.text(*symbol), text);
        }
    }
}
