//! The features that training saw, numbered from 0 in descending order of frequency.

use rustc_hash::FxHashMap;

use crate::features::parts::Part;

/// The most features of a model; rarer ones are left out first.
const MAX_FEATURES: usize = 1 << 18;

/// Numbers of hashed features, and how many resources have each.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Dictionary {
    numbers: FxHashMap<u64, u32>,
    /// In the order of the numbers.
    hashes: Vec<u64>,
    counts: Vec<u32>,
    resources: u32,
}

impl Dictionary {
    /// Numbers the features of at least `least` resources.
    pub(crate) fn of<'a>(resources: impl Iterator<Item = &'a [Part]>, least: u32) -> Self {
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        let mut total = 0;
        let mut seen: Vec<u64> = Vec::new();
        for parts in resources {
            total += 1;
            seen.clear();
            seen.extend(parts.iter().flat_map(|part| &part.features).map(|(hash, _)| *hash));
            seen.sort_unstable();
            seen.dedup();
            for hash in &seen {
                *counts.entry(*hash).or_default() += 1;
            }
        }
        let mut counts: Vec<(u64, u32)> = counts.into_iter().filter(|(_, count)| *count >= least).collect();
        counts.sort_unstable_by_key(|(hash, count)| (std::cmp::Reverse(*count), *hash));
        counts.truncate(MAX_FEATURES);
        Self::from_parts(counts, total)
    }

    /// Restores a dictionary from its [`Self::entries`].
    pub(crate) fn from_parts(entries: Vec<(u64, u32)>, resources: u32) -> Self {
        let numbers = (0..).zip(&entries).map(|(number, (hash, _))| (*hash, number)).collect();
        let (hashes, counts) = entries.into_iter().unzip();
        Self { numbers, hashes, counts, resources }
    }

    /// Returns each feature with its count, in the order of the numbers.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u64, u32)> {
        self.hashes.iter().copied().zip(self.counts.iter().copied())
    }

    /// Returns the number of features.
    pub(crate) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Returns the number of resources that it was made from.
    pub(crate) fn resources(&self) -> u32 {
        self.resources
    }

    /// Returns the number of resources that have a feature; 0 if there is no such number.
    pub(crate) fn count(&self, number: u32) -> u32 {
        self.counts.get(number as usize).copied().unwrap_or_default()
    }

    /// Replaces hashes by numbers, and counts those that training did not see.
    pub(crate) fn number(&self, parts: &[Part]) -> Numbered {
        let mut numbered = Numbered::default();
        for part in parts {
            let known = part.features.iter().filter_map(|(hash, weight)| {
                Some(Feature { number: *self.numbers.get(hash)?, weight: *weight })
            });
            let before = numbered.features.len();
            numbered.features.extend(known);
            numbered.parts.push(NumberedPart {
                reveals: part.reveals,
                len: (numbered.features.len() - before) as u32,
                unknown: (part.features.len() - (numbered.features.len() - before)) as u32,
            });
        }
        numbered
    }
}

/// A known feature of a part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Feature {
    pub(crate) number: u32,
    pub(crate) weight: f32,
}

/// A part whose features are numbered.
#[derive(Debug, Clone, Copy, PartialEq)]
struct NumberedPart {
    reveals: u64,
    len: u32,
    unknown: u32,
}

/// The parts of a resource, numbered.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Numbered {
    parts: Vec<NumberedPart>,
    features: Vec<Feature>,
}

impl Numbered {
    /// Returns the features of the parts that reveal no hidden target, scaled to length 1.
    pub(crate) fn bag(&self, hidden: u64) -> Vec<Feature> {
        self.bag_where(|reveals| reveals & hidden == 0)
    }

    /// Returns the features of the parts that `keep` accepts, given the targets that each reveals, scaled to length 1.
    /// Empty if nothing is kept.
    pub(crate) fn bag_where(&self, mut keep: impl FnMut(u64) -> bool) -> Vec<Feature> {
        let mut bag = Vec::with_capacity(self.features.len());
        let mut rest = self.features.as_slice();
        for part in &self.parts {
            let (own, others) = rest.split_at(part.len as usize);
            rest = others;
            if keep(part.reveals) {
                bag.extend_from_slice(own);
            }
        }
        let length: f32 = bag.iter().map(|feature| feature.weight * feature.weight).sum();
        let scale = if length > 0.0 { length.sqrt().recip() } else { 0.0 };
        bag.iter_mut().for_each(|feature| feature.weight *= scale);
        bag
    }

    /// Returns the share of the features that training saw, from 0 to 1; 0 without features.
    pub(crate) fn known_share(&self, hidden: u64) -> f32 {
        let parts = self.parts.iter().filter(|part| part.reveals & hidden == 0);
        let (known, all) =
            parts.fold((0, 0), |(known, all), part| (known + part.len, all + part.len + part.unknown));
        known as f32 / all.max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::parts::Field;

    fn part(reveals: u64, hashes: &[u64]) -> Part {
        let features = hashes.iter().map(|hash| (*hash, 1.0)).collect();
        Part { field: Field::Name, text: String::new(), reveals, features }
    }

    #[test]
    fn hidden_parts_are_left_out_and_the_rest_keeps_its_length() {
        let resource = vec![part(0, &[1, 2, 9]), part(1, &[3])];
        let other = vec![part(0, &[1, 2, 2]), part(1, &[3])];
        let dictionary = Dictionary::of([resource.as_slice(), other.as_slice()].into_iter(), 2);
        assert_eq!(dictionary.len(), 3);
        let numbered = dictionary.number(&resource);
        assert_eq!(numbered.bag(0).len(), 3);
        let bag = numbered.bag(1);
        assert_eq!(bag.len(), 2);
        let length: f32 = bag.iter().map(|feature| feature.weight * feature.weight).sum();
        assert!((length - 1.0).abs() < 1e-6);
        assert!((numbered.known_share(0) - 0.75).abs() < 1e-6);
    }
}
