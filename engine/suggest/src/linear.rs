//! Logistic regression on runs of letters, by stochastic gradient descent: the strongest of the simple
//! methods. It is measured against, and where there are few resources the model listens to it too.

use crate::numbers::{Reader, TooShort, Writer};
use crate::random::Random;

/// A classifier of the classes that it saw: one row of weights a feature, one column a class.
#[derive(Debug, Clone, Default)]
pub(crate) struct Linear {
    classes: Vec<u32>,
    weights: Vec<f32>,
    offsets: Vec<f32>,
}

const EPOCHS: usize = 15;
const RATE: f32 = 8.0;

impl Linear {
    /// Learns from features, each with its weight, and their classes.
    pub(crate) fn fit(examples: &[(&[(u32, f32)], u32)], features: usize) -> Self {
        let mut classes: Vec<u32> = examples.iter().map(|(_, class)| *class).collect();
        classes.sort_unstable();
        classes.dedup();
        let width = classes.len();
        let mut linear = Self { weights: vec![0.0; features * width], offsets: vec![0.0; width], classes };
        let mut random = Random::new(3);
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let steps = EPOCHS * examples.len();
        let mut step = 0;
        for _ in 0..EPOCHS {
            random.shuffle(&mut order);
            for (bag, class) in order.iter().filter_map(|at| examples.get(*at)) {
                let rate = RATE * (1.0 - step as f32 / steps as f32);
                linear.learn(bag, *class, rate);
                step += 1;
            }
        }
        linear
    }

    fn learn(&mut self, bag: &[(u32, f32)], class: u32, rate: f32) {
        let mut errors = self.probabilities(bag);
        for (error, of) in errors.iter_mut().zip(&self.classes) {
            *error -= f32::from(u8::from(*of == class));
        }
        let width = self.classes.len();
        for (feature, weight) in bag {
            let start = *feature as usize * width;
            for (value, error) in
                self.weights.get_mut(start..start + width).unwrap_or_default().iter_mut().zip(&errors)
            {
                *value -= rate * weight * error;
            }
        }
        for (offset, error) in self.offsets.iter_mut().zip(&errors) {
            *offset -= rate * 0.01 * error;
        }
    }

    fn probabilities(&self, bag: &[(u32, f32)]) -> Vec<f32> {
        let width = self.classes.len();
        let mut scores = self.offsets.clone();
        for (feature, weight) in bag {
            let start = *feature as usize * width;
            for (score, value) in
                scores.iter_mut().zip(self.weights.get(start..start + width).unwrap_or_default())
            {
                *score += value * weight;
            }
        }
        let most = scores.iter().copied().fold(f32::MIN, f32::max);
        scores.iter_mut().for_each(|score| *score = (*score - most).exp());
        let sum: f32 = scores.iter().sum();
        scores.iter_mut().for_each(|score| *score /= sum);
        scores
    }

    /// Returns how likely each class is.
    pub(crate) fn likely(&self, bag: &[(u32, f32)]) -> Vec<(u32, f32)> {
        self.classes.iter().copied().zip(self.probabilities(bag)).collect()
    }

    /// Writes it.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.words(self.classes.iter().copied());
        writer.floats(&self.weights);
        writer.floats(&self.offsets);
    }

    /// Reads what [`Self::write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, TooShort> {
        let (classes, weights, offsets) = (reader.words()?, reader.floats()?, reader.floats()?);
        let whole = offsets.len() == classes.len() && weights.len().is_multiple_of(classes.len().max(1));
        whole.then_some(Self { classes, weights, offsets }).ok_or(TooShort)
    }

    /// Returns the likeliest class.
    pub(crate) fn best(&self, bag: &[(u32, f32)]) -> Option<u32> {
        let likely = self.classes.iter().zip(self.probabilities(bag));
        likely.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(a.0))).map(|(class, _)| *class)
    }
}
