//! Multinomial naive Bayes.

use rustc_hash::FxHashMap;

/// Additive (Lidstone) smoothing: each feature counts as if it had been seen so often with each class.
const SMOOTHING: f32 = 0.1;

/// A classifier.
#[derive(Debug, Clone, Default)]
pub(crate) struct NaiveBayes {
    /// Weights of the classes by feature.
    weights: FxHashMap<u32, Vec<(u32, f32)>>,
    /// Classes with the logarithms of their frequency, and of the weight of a feature that they never had.
    classes: Vec<(u32, f32, f32)>,
}

impl NaiveBayes {
    /// Counts the features of examples, each with its weight, by class.
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
                (class, (count / all).ln(), (SMOOTHING / (sum + SMOOTHING * features as f32)).ln())
            })
            .collect();
        classes.sort_unstable_by_key(|(class, ..)| *class);
        Self { weights, classes }
    }

    /// Returns the most likely class; None without examples.
    pub(crate) fn best(&self, bag: &[(u32, f32)]) -> Option<u32> {
        let length: f32 = bag.iter().map(|(_, weight)| weight).sum();
        let mut extra: FxHashMap<u32, f32> = FxHashMap::default();
        for (feature, weight) in bag {
            for (class, sum) in self.weights.get(feature).into_iter().flatten() {
                *extra.entry(*class).or_default() += weight * ((sum + SMOOTHING) / SMOOTHING).ln();
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
        let bayes = NaiveBayes::fit([(red.as_slice(), 1), (&red, 1), (&blue, 2)].into_iter(), 3);
        assert_eq!(bayes.best(&[(2, 1.0)]), Some(2));
        assert_eq!(bayes.best(&[(0, 1.0)]), Some(1));
        assert_eq!(bayes.best(&[]), Some(1));
        assert_eq!(NaiveBayes::default().best(&[(0, 1.0)]), None);
    }
}
