//! An interner: each distinct text is kept once and named by four bytes.
//!
//! Inventories repeat their keys, values, accounts and regions a great deal; a million resources
//! fit in a few hundred megabytes this way.

use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;

use rustc_hash::FxHasher;

/// Names one text of a [`Pool`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(NonZeroU32);

impl Symbol {
    /// Returns its place in the order of interning, from 0.
    pub(crate) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Texts, each once. All lie in one buffer; an open-addressing table finds them by hash.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    text: String,
    /// Where each text ends in `text`; it starts where the one before it ends.
    ends: Vec<usize>,
    hashes: Vec<u32>,
    /// Symbols by hash, a power of two of them, at least a quarter empty.
    slots: Vec<Option<Symbol>>,
}

impl Pool {
    /// Returns the symbol of the text, new or old.
    pub fn intern(&mut self, text: &str) -> Symbol {
        self.intern_hashed(text, hash(text))
    }

    /// Returns the symbols of the texts of another pool, in its order.
    pub(crate) fn absorb(&mut self, other: &Self) -> Vec<Symbol> {
        let hashes = other.hashes.iter();
        other
            .symbols()
            .zip(hashes)
            .map(|(symbol, hash)| self.intern_hashed(other.text(symbol), *hash))
            .collect()
    }

    fn intern_hashed(&mut self, text: &str, hash: u32) -> Symbol {
        if (self.ends.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
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

    /// Returns the number of texts.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the symbols of all texts, in the order of interning.
    pub(crate) fn symbols(&self) -> impl Iterator<Item = Symbol> + use<> {
        (1..=self.ends.len()).map(symbol_at)
    }

    /// Returns the order of some texts, by their bytes: at each place the number of the one that belongs there.
    pub(crate) fn sorted(&self, symbols: impl Iterator<Item = Symbol>) -> Vec<usize> {
        let text = |symbol: Symbol| self.text(symbol).as_bytes();
        let mut ranked: Vec<Ranked> =
            symbols.enumerate().map(|(at, symbol)| Ranked { key: 0, symbol, at }).collect();
        sort_from(&mut ranked, 0, &text);
        ranked.into_iter().map(|ranked| ranked.at).collect()
    }

    /// Returns the text of a symbol of this pool.
    pub fn text(&self, symbol: Symbol) -> &str {
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

/// Texts of fewer than this number are compared with each other.
const FEW: usize = 16;

/// Bytes at the start of texts that are sorted by a few at a time; what is equal so far is rather compared.
const DEEP: usize = 1024;

/// A text that is being sorted.
#[derive(Debug, Clone, Copy)]
struct Ranked {
    key: u64,
    symbol: Symbol,
    at: usize,
}

/// Sorts texts that are equal before the byte `from`: by the next seven bytes as one number, then what is
/// equal in these by the bytes behind them. A text is looked up once for seven bytes, not for each comparison.
fn sort_from<'t>(texts: &mut [Ranked], from: usize, text: &impl Fn(Symbol) -> &'t [u8]) {
    let rest = |ranked: &Ranked| text(ranked.symbol).get(from..).unwrap_or_default();
    if texts.len() < FEW || from >= DEEP {
        texts.sort_unstable_by(|a, b| rest(a).cmp(rest(b)));
        return;
    }
    for ranked in texts.iter_mut() {
        ranked.key = key(rest(ranked));
    }
    texts.sort_unstable_by_key(|ranked| ranked.key);
    for equal in texts.chunk_by_mut(|a, b| a.key == b.key) {
        if equal.first().is_some_and(|first| goes_on(first.key)) {
            sort_from(equal, from + 7, text);
        }
    }
}

/// Returns seven bytes and how many there are, eight for more, as a number of the same order.
fn key(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    for (place, byte) in bytes.iter_mut().zip(text.iter().take(7)) {
        *place = *byte;
    }
    u64::from_be_bytes(bytes) | text.len().min(8) as u64
}

/// Whether texts with this key have more bytes.
fn goes_on(key: u64) -> bool {
    key & 0xff == 8
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
    fn texts_are_sorted_by_their_bytes() {
        let mut texts: Vec<String> =
            ["", "\0", "\0\0", "a", "é", "arn:aws:", "arn:aws:\0", "arn:aws"].map(String::from).into();
        for number in 0..500 {
            texts.push(format!("arn:aws:ec2:eu-west-1:111122223333:instance/i-{}", number * 7919 % 1000));
            texts.push(format!("{}{number}", "x".repeat(1500)));
            texts.push("y".repeat(number));
        }
        let mut pool = Pool::default();
        let symbols: Vec<Symbol> = texts.iter().map(|text| pool.intern(text)).collect();
        let order = pool.sorted(symbols.iter().copied());
        let sorted: Vec<&str> = order.iter().map(|at| pool.text(symbols[*at])).collect();
        let mut expected: Vec<&str> = texts.iter().map(String::as_str).collect();
        expected.sort_unstable();
        assert_eq!(sorted, expected);
    }

    #[test]
    fn a_pool_takes_in_another() {
        let (mut pool, mut other) = (Pool::default(), Pool::default());
        let known = pool.intern("b");
        let symbols = ["a", "b", ""].map(|text| other.intern(text));
        let names = pool.absorb(&other);
        assert_eq!(names[symbols[1].index()], known);
        assert_eq!(names.iter().map(|name| pool.text(*name)).collect::<Vec<_>>(), ["a", "b", ""]);
    }

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
