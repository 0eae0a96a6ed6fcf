//! The resources most like one, by the rare features that they share.

use rustc_hash::FxHashMap;

use crate::features::dictionary::{Dictionary, Feature};
use crate::numerics::lists::{Reader, TooShort, Writer};

/// Features of more resources than this are ignored: they are not informative and slow.
const MAX_LIST: usize = 400;

/// The features of a resource by which others are found, the rarest.
const RAREST: usize = 24;

/// Resources by their features.
#[derive(Debug, Clone, Default)]
pub(crate) struct Neighbors {
    /// Numbers of resources by the number of a feature.
    lists: FxHashMap<u32, Vec<u32>>,
    /// Targets with classes, for each resource.
    classes: Vec<Vec<(usize, u32)>>,
}

impl Neighbors {
    /// Puts resources in lists by their features.
    pub(crate) fn of(
        bags: &[Vec<Feature>],
        classes: Vec<Vec<(usize, u32)>>,
        dictionary: &Dictionary,
    ) -> Self {
        let mut lists: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (at, bag) in (0..).zip(bags) {
            for feature in bag {
                if dictionary.count(feature.number) as usize <= MAX_LIST {
                    let list = lists.entry(feature.number).or_default();
                    if list.last() != Some(&at) {
                        list.push(at);
                    }
                }
            }
        }
        Self { lists, classes }
    }

    /// Writes all lists.
    pub(crate) fn write(&self, writer: &mut Writer) {
        let mut lists: Vec<(&u32, &Vec<u32>)> = self.lists.iter().collect();
        lists.sort_unstable();
        writer.words(lists.iter().map(|(number, _)| **number));
        writer.words(lists.iter().map(|(_, list)| list.len() as u32));
        writer
            .words(lists.iter().flat_map(|(_, list)| list.iter().copied()).collect::<Vec<u32>>().into_iter());
        writer.words(self.classes.iter().map(|classes| classes.len() as u32));
        let pairs = self.classes.iter().flatten().flat_map(|(target, class)| [*target as u32, *class]);
        writer.words(pairs.collect::<Vec<u32>>().into_iter());
    }

    /// Reads what [`Self::write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, TooShort> {
        let (numbers, lengths, all) = (reader.words()?, reader.words()?, reader.words()?);
        let mut all = all.into_iter();
        let lists = numbers.into_iter().zip(lengths);
        let lists = lists.map(|(number, len)| (number, all.by_ref().take(len as usize).collect())).collect();
        let (lengths, pairs) = (reader.words()?, reader.words()?);
        let mut pairs = pairs.as_chunks::<2>().0.iter().map(|[target, class]| (*target as usize, *class));
        let classes = lengths.into_iter().map(|len| pairs.by_ref().take(len as usize).collect()).collect();
        Ok(Self { lists, classes })
    }

    /// Returns resources with their similarity from 0 to about 1, the most alike first. Similarity is the share of rare
    /// features in common, weighted by inverse document frequency (Spärck Jones 1972).
    pub(crate) fn nearest(&self, bag: &[Feature], dictionary: &Dictionary) -> Vec<(u32, f32)> {
        let mut rare: Vec<(u32, u32)> = bag
            .iter()
            .map(|feature| (dictionary.count(feature.number), feature.number))
            .filter(|(count, _)| (*count as usize) <= MAX_LIST)
            .collect();
        rare.sort_unstable();
        rare.dedup();
        rare.truncate(RAREST);
        let weight = |count: u32| (1.0 + dictionary.resources() as f32 / count.max(1) as f32).ln();
        let all: f32 = rare.iter().map(|(count, _)| weight(*count)).sum();
        let mut scores: FxHashMap<u32, f32> = FxHashMap::default();
        for (count, number) in rare {
            for at in self.lists.get(&number).into_iter().flatten() {
                *scores.entry(*at).or_default() += weight(count) / all;
            }
        }
        let mut scores: Vec<(u32, f32)> = scores.into_iter().collect();
        scores.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        scores
    }

    /// Returns the vote of the ten nearest that have the tag: each class with its share, the most first; and the similarity
    /// of the nearest of them. Votes are weighted by the square of similarity; empty and 0 if none has the tag.
    pub(crate) fn vote(&self, nearest: &[(u32, f32)], target: usize) -> (Vec<(u32, f32)>, f32) {
        let class_of = |at: u32| {
            let classes = self.classes.get(at as usize)?;
            classes.iter().find(|(of, _)| *of == target).map(|(_, class)| *class)
        };
        let labelled = nearest.iter().filter_map(|(at, score)| Some((class_of(*at)?, *score)));
        let mut votes: Vec<(u32, f32)> = Vec::new();
        let mut all = 0.0;
        let mut similarity = 0.0_f32;
        for (class, score) in labelled.take(10) {
            similarity = similarity.max(score);
            let weight = score * score;
            all += weight;
            match votes.iter_mut().find(|(found, _)| *found == class) {
                Some((_, vote)) => *vote += weight,
                None => votes.push((class, weight)),
            }
        }
        votes.iter_mut().for_each(|(_, vote)| *vote /= f32::max(all, f32::MIN_POSITIVE));
        votes.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        (votes, similarity)
    }
}
