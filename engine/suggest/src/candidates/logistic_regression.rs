//! Multinomial logistic regression by stochastic gradient descent: the strongest of the simple methods. Models are measured
//! against it, and use it for tags that have not too many resources and values.

use crate::numerics::lists::{Reader, TooShort, Writer};
use crate::numerics::random::Random;

/// A classifier of the classes that it saw; without classes if it saw none.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogisticRegression {
    classes: Vec<u32>,
    offsets: Vec<f32>,
    /// Where the weights of each feature start (compressed sparse rows); one more than there are features.
    starts: Vec<u32>,
    /// Numbers of classes in `classes`, one a weight.
    columns: Vec<u32>,
    weights: Vec<f32>,
}

/// A classifier in training.
struct Training {
    /// By feature: numbers of classes with their weights, for classes that ever had a noticeable error with it.
    weights: Vec<Vec<(u32, f32)>>,
    offsets: Vec<f32>,
    /// Scores of the classes, then their errors: probability minus truth.
    errors: Vec<f32>,
}

const EPOCHS: usize = 15;
const RATE: f32 = 8.0;

/// Errors below this are ignored: of hundreds of classes few are ever likely, and the others would fill the memory.
const MIN_ERROR: f32 = 5e-3;

/// Weights below this decide nothing, and are dropped.
const MIN_WEIGHT: f32 = 0.02;

impl LogisticRegression {
    /// Trains on bags of features with their weights, each with its class. The same examples give the same classifier.
    pub(crate) fn fit(examples: &[(&[(u32, f32)], u32)], features: usize) -> Self {
        let mut classes: Vec<u32> = examples.iter().map(|(_, class)| *class).collect();
        classes.sort_unstable();
        classes.dedup();
        let width = classes.len();
        let mut training = Training {
            weights: vec![Vec::new(); features],
            offsets: vec![0.0; width],
            errors: vec![0.0; width],
        };
        let mut random = Random::new(3);
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let steps = EPOCHS * examples.len();
        let mut step = 0;
        for _ in 0..EPOCHS {
            random.shuffle(&mut order);
            for (bag, class) in order.iter().filter_map(|at| examples.get(*at)) {
                let rate = RATE * (1.0 - step as f32 / steps as f32);
                training.step(bag, classes.binary_search(class).unwrap_or_default(), rate);
                step += 1;
            }
        }
        training.pruned(classes)
    }

    /// Returns the probability of each class, in the order of `classes`.
    fn by_class(&self, bag: &[(u32, f32)]) -> Vec<f32> {
        let mut scores = self.offsets.clone();
        for (feature, weight) in bag {
            let at = *feature as usize;
            let (Some(start), Some(end)) = (self.starts.get(at), self.starts.get(at + 1)) else { continue };
            let range = *start as usize..*end as usize;
            let columns = self.columns.get(range.clone()).unwrap_or_default();
            for (column, value) in columns.iter().zip(self.weights.get(range).unwrap_or_default()) {
                if let Some(score) = scores.get_mut(*column as usize) {
                    *score += value * weight;
                }
            }
        }
        softmax(&mut scores);
        scores
    }

    /// Returns each class with its probability; they add up to 1.
    pub(crate) fn probabilities(&self, bag: &[(u32, f32)]) -> Vec<(u32, f32)> {
        self.classes.iter().copied().zip(self.by_class(bag)).collect()
    }

    /// Returns the most likely class; None without classes.
    pub(crate) fn best(&self, bag: &[(u32, f32)]) -> Option<u32> {
        let likely = self.classes.iter().zip(self.by_class(bag));
        likely.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(a.0))).map(|(class, _)| *class)
    }

    /// Writes the classifier.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.words(self.classes.iter().copied());
        writer.floats(&self.offsets);
        writer.words(self.starts.iter().copied());
        writer.words(self.columns.iter().copied());
        writer.floats(&self.weights);
    }

    /// Reads what [`Self::write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, TooShort> {
        let (classes, offsets) = (reader.words()?, reader.floats()?);
        let (starts, columns, weights) = (reader.words()?, reader.words()?, reader.floats()?);
        let whole = offsets.len() == classes.len() && columns.len() == weights.len();
        whole.then_some(Self { classes, offsets, starts, columns, weights }).ok_or(TooShort)
    }
}

impl Training {
    /// Takes a step against the gradient for an example.
    fn step(&mut self, bag: &[(u32, f32)], right: usize, rate: f32) {
        self.errors.copy_from_slice(&self.offsets);
        for (feature, weight) in bag {
            for (class, value) in self.weights.get(*feature as usize).into_iter().flatten() {
                if let Some(score) = self.errors.get_mut(*class as usize) {
                    *score += value * weight;
                }
            }
        }
        softmax(&mut self.errors);
        if let Some(own) = self.errors.get_mut(right) {
            *own -= 1.0;
        }
        let off: Vec<(u32, f32)> =
            (0..).zip(self.errors.iter().copied()).filter(|(_, error)| error.abs() > MIN_ERROR).collect();
        for (feature, weight) in bag {
            let Some(row) = self.weights.get_mut(*feature as usize) else { continue };
            off.iter().for_each(|(class, error)| add(row, *class, -rate * weight * error));
        }
        for (class, error) in off {
            if let Some(offset) = self.offsets.get_mut(class as usize) {
                *offset -= rate * 0.01 * error;
            }
        }
    }

    /// Drops weights that decide nothing.
    fn pruned(self, classes: Vec<u32>) -> LogisticRegression {
        let mut pruned = LogisticRegression {
            classes,
            offsets: self.offsets,
            starts: vec![0],
            ..LogisticRegression::default()
        };
        for row in self.weights {
            for (column, weight) in row.into_iter().filter(|(_, weight)| weight.abs() >= MIN_WEIGHT) {
                pruned.columns.push(column);
                pruned.weights.push(weight);
            }
            pruned.starts.push(pruned.columns.len() as u32);
        }
        pruned
    }
}

/// Adds to the weight of a class.
fn add(row: &mut Vec<(u32, f32)>, class: u32, more: f32) {
    match row.binary_search_by_key(&class, |(class, _)| *class) {
        Ok(at) => {
            if let Some((_, weight)) = row.get_mut(at) {
                *weight += more;
            }
        }
        Err(at) => row.insert(at, (class, more)),
    }
}

/// Turns scores into probabilities. The greatest is subtracted first, so that no exponential overflows.
fn softmax(scores: &mut [f32]) {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    scores.iter_mut().for_each(|score| *score = (*score - most).exp());
    let sum: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_that_separate_classes_are_learned_and_saved() {
        let red = [(0, 0.7), (1, 0.7)];
        let blue = [(2, 0.7), (1, 0.7)];
        let examples: Vec<(&[(u32, f32)], u32)> =
            (0..40).map(|at| if at % 2 == 0 { (red.as_slice(), 4) } else { (blue.as_slice(), 9) }).collect();
        let linear = LogisticRegression::fit(&examples, 3);
        assert_eq!((linear.best(&[(0, 1.0)]), linear.best(&[(2, 1.0)])), (Some(4), Some(9)));
        let likely = linear.probabilities(&red);
        assert!(likely.iter().any(|(class, share)| *class == 4 && *share > 0.95), "{likely:?}");
        assert_eq!(LogisticRegression::fit(&[], 3).best(&[(0, 1.0)]), None);
        let mut writer = Writer::default();
        linear.write(&mut writer);
        let read = LogisticRegression::read(&mut Reader::new(&writer.into_bytes())).unwrap();
        assert_eq!(read.probabilities(&red), linear.probabilities(&red));
    }
}
