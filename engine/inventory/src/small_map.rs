//! A map that is a plain list while it is short: nearly all resources have few tags and months, and there may
//! be millions of resources; one may have very many.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// Entries up to which a list is searched from its start.
const FEW: usize = 24;

/// Keys with values, in the order in which they were added.
#[derive(Debug)]
pub(crate) struct SmallMap<K, V> {
    entries: Vec<(K, V)>,
    /// Where each key stands, once there are more than [`FEW`].
    index: Option<Box<FxHashMap<K, usize>>>,
}

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new(), index: None }
    }
}

impl<K: Copy + Eq + Hash, V> SmallMap<K, V> {
    /// Returns the value of a key.
    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let place = match &self.index {
            Some(index) => index.get(&key).copied(),
            None => self.entries.iter().position(|(known, _)| *known == key),
        };
        self.entries.get_mut(place?).map(|(_, value)| value)
    }

    /// Adds a key that is not there yet.
    pub(crate) fn push(&mut self, key: K, value: V) {
        if let Some(index) = &mut self.index {
            index.insert(key, self.entries.len());
        }
        self.entries.push((key, value));
        if self.index.is_none() && self.entries.len() > FEW {
            let places = self.entries.iter().enumerate().map(|(at, (key, _))| (*key, at));
            self.index = Some(Box::new(places.collect()));
        }
    }

    /// Makes room for so many keys and no more, if it is empty.
    pub(crate) fn reserve_first(&mut self, keys: usize) {
        if self.entries.is_empty() {
            self.entries.reserve_exact(keys);
        }
    }

    /// Returns the entries in the order in which their keys were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map(keys in prop::collection::vec(0_u8..60, 0..200)) {
            let (mut map, mut expected) = (SmallMap::default(), std::collections::BTreeMap::new());
            for (at, key) in keys.into_iter().enumerate() {
                match map.get_mut(key) {
                    Some(value) => *value = at,
                    None => map.push(key, at),
                }
                expected.insert(key, at);
            }
            for (key, at) in &expected {
                prop_assert_eq!(map.get_mut(*key), Some(&mut at.clone()));
            }
            let mut entries: Vec<(u8, usize)> = map.iter().copied().collect();
            entries.sort_unstable();
            prop_assert_eq!(entries, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
