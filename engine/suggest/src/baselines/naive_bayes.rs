//! Naive Bayes (multinomial).

use rustc_hash::FxHashMap;

/// Counts are as if each feature had been seen so often with each class.
const SMOOTH: f32 = 0.1;

/// A classifier.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bayes {
    /// Weights of the classes by feature.
    weights: FxHashMap<u32, Vec<(u32, f32)>>,
    /// Logarithms: of how frequent a class is, and of what a feature weighs that it never had.
    classes: Vec<(u32, f32, f32)>,
}

impl Bayes {
    /// Counts features, each with its weight, and their classes.
    pub(crate) fn fit<'a>(examples: impl Iterator<Item = (&'a [(u32, f32)], u32)>, features: usize) -> Self {
        let mut weights: FxHashMap<u32, Vec<(u32, f32)>> = FxHashMap::default();
        let mut totals: FxHashMap<u32, (f32, f32)> = FxHashMap::default();
        for (bag, class) in examples {
            let total = totals.entry(class).or_default();
            total.0 += 1.0;
            for (feature, weight) in bag {
                total.1 += weight;
                let own = weights.entry(*feature).or_default();
                match own.iter_mut().find(|(of, _)| *of == class) {
                    Some((_, sum)) => *sum += weight,
                    None => own.push((class, *weight)),
                }
            }
        }
        let all: f32 = totals.values().map(|(count, _)| count).sum();
        let mut classes: Vec<(u32, f32, f32)> = totals
            .into_iter()
            .map(|(class, (count, sum))| {
                (class, (count / all).ln(), (SMOOTH / (sum + SMOOTH * features as f32)).ln())
            })
            .collect();
        classes.sort_unstable_by_key(|(class, ..)| *class);
        Self { weights, classes }
    }

    /// Returns the likeliest class.
    pub(crate) fn best(&self, bag: &[(u32, f32)]) -> Option<u32> {
        let length: f32 = bag.iter().map(|(_, weight)| weight).sum();
        let mut extra: FxHashMap<u32, f32> = FxHashMap::default();
        for (feature, weight) in bag {
            for (class, sum) in self.weights.get(feature).into_iter().flatten() {
                *extra.entry(*class).or_default() += weight * ((sum + SMOOTH) / SMOOTH).ln();
            }
        }
        let scores = self.classes.iter().map(|(class, frequent, unseen)| {
            let extra = extra.get(class).copied().unwrap_or_default();
            (*class, frequent + length * unseen + extra)
        });
        scores.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|(class, _)| class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_whose_features_are_there_is_the_likeliest() {
        let red = [(0, 1.0), (1, 1.0)];
        let blue = [(2, 1.0), (1, 1.0)];
        let bayes = Bayes::fit([(red.as_slice(), 1), (&red, 1), (&blue, 2)].into_iter(), 3);
        assert_eq!(bayes.best(&[(2, 1.0)]), Some(2));
        assert_eq!(bayes.best(&[(0, 1.0)]), Some(1));
        assert_eq!(bayes.best(&[]), Some(1));
        assert_eq!(Bayes::default().best(&[(0, 1.0)]), None);
    }
}
