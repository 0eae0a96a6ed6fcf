//! One probability for each candidate, from all of its signals: a small network, the same for all targets.
//!
//! It is trained on resources that the candidate generator was not trained on (stacking, Wolpert 1992), so that it
//! learns how far each signal can be relied on, and when: in an account that is known, or in a new one.

use burn::module::Module;
use burn::nn::Linear;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::candidates::generator::MAX_CANDIDATES;
use crate::candidates::signals::{SIGNALS, Signals};
use crate::numerics::layers::{floats, layer, numbers_of};
use crate::numerics::random::Random;

const HIDDEN: usize = 24;
const EPOCHS: usize = 12;
/// The most cases in a batch.
const BATCH: usize = 256;
/// The learning rate of the first step; it falls to 0 by the last.
const RATE: f64 = 5e-3;

/// What a mask adds to the score of a place without a candidate: after the softmax its probability is 0 in 32 bits.
/// Infinity would make gradients that are no numbers.
const NO_CANDIDATE: f32 = -1e4;

/// The candidates for one target of one resource.
#[derive(Debug, Clone)]
pub(crate) struct RankingCase {
    /// Of each candidate; at most [`MAX_CANDIDATES`].
    pub(crate) signals: Vec<Signals>,
    /// The number of the right one; the last one if none is right.
    pub(crate) right: usize,
}

#[derive(Module, Debug)]
struct Layers {
    first: Linear,
    second: Linear,
}

/// The network.
#[derive(Debug)]
pub(crate) struct Scorer {
    layers: Layers,
}

impl Layers {
    /// Returns a score for each candidate, one row a case.
    fn forward(&self, signals: Tensor<2>, cases: usize) -> Tensor<2> {
        let scores = self.second.forward(relu(self.first.forward(signals)));
        scores.reshape([cases, MAX_CANDIDATES])
    }

    fn of(numbers: &[Vec<f32>; 4], device: &Device) -> Self {
        let [a, b, c, d] = numbers.clone();
        Self { first: layer(a, b, device), second: layer(c, d, device) }
    }
}

impl Scorer {
    /// Trains a scorer (AdamW, Loshchilov and Hutter 2019). The same cases and seed give the same scorer.
    pub(crate) fn train(cases: &[RankingCase], seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut uniform = |len: usize, inputs: usize| -> Vec<f32> {
            let scale = (inputs as f32).sqrt().recip();
            (0..len).map(|_| (random.unit() * 2.0 - 1.0) * scale).collect()
        };
        let numbers =
            [uniform(SIGNALS * HIDDEN, SIGNALS), vec![0.0; HIDDEN], uniform(HIDDEN, HIDDEN), vec![0.0]];
        let device = Device::default().autodiff();
        let mut layers = Layers::of(&numbers, &device);
        let mut optimizer = AdamWConfig::new().with_weight_decay(1e-2).init();
        let mut order: Vec<usize> = (0..cases.len()).collect();
        // Few cases need more passes, many need fewer.
        let epochs = (EPOCHS * 20_000 / cases.len().max(1)).clamp(4, 4 * EPOCHS);
        let batch_size = (cases.len() / 20).clamp(16, BATCH);
        let steps = epochs * cases.len().div_ceil(batch_size);
        let mut step = 0;
        for _ in 0..epochs {
            random.shuffle(&mut order);
            for batch in order.chunks(batch_size) {
                let batch: Vec<&RankingCase> = batch.iter().filter_map(|at| cases.get(*at)).collect();
                let rate = RATE * (1.0 - f64::from(step) / steps.max(1) as f64);
                let loss = loss(&layers, &batch, &device);
                let gradients = GradientsParams::from_grads(loss.backward(), &layers);
                layers = optimizer.step(rate, layers, gradients);
                step += 1;
            }
        }
        let layers = Layers::of(&Self { layers }.numbers(), &Device::default());
        Self { layers }
    }

    /// Restores a scorer from its [`Self::numbers`]. None if they have other lengths.
    pub(crate) fn load(numbers: &[Vec<f32>; 4]) -> Option<Self> {
        let lengths = numbers.each_ref().map(Vec::len);
        let whole = lengths == [SIGNALS * HIDDEN, HIDDEN, HIDDEN, 1];
        whole.then(|| Self { layers: Layers::of(numbers, &Device::default()) })
    }

    /// Returns weights and biases of both layers.
    pub(crate) fn numbers(&self) -> [Vec<f32>; 4] {
        let (a, b) = numbers_of(&self.layers.first);
        let (c, d) = numbers_of(&self.layers.second);
        [a, b, c, d]
    }

    /// Returns the probability of each candidate of each case; those of a case add up to 1.
    pub(crate) fn score(&self, cases: Vec<Vec<Signals>>) -> Vec<Vec<f32>> {
        let mut scored = Vec::with_capacity(cases.len());
        for chunk in cases.chunks(2048) {
            let (signals, mask) = padded(chunk.iter().map(Vec::as_slice), &Device::default());
            let scores = log_softmax(self.layers.forward(signals, chunk.len()) + mask, 1).exp();
            let scores = floats(scores.into_data());
            for (case, row) in chunk.iter().zip(scores.chunks(MAX_CANDIDATES)) {
                scored.push(row.iter().copied().take(case.len()).collect());
            }
        }
        scored
    }
}

fn loss(layers: &Layers, batch: &[&RankingCase], device: &Device) -> Tensor<1> {
    let (signals, mask) = padded(batch.iter().map(|case| case.signals.as_slice()), device);
    let right: Vec<i32> = batch.iter().map(|case| case.right.min(MAX_CANDIDATES - 1) as i32).collect();
    let right = Tensor::<2, Int>::from_data(TensorData::new(right, [batch.len(), 1]), device);
    log_softmax(layers.forward(signals, batch.len()) + mask, 1).gather(1, right).mean().neg()
}

/// Puts signals in rows of equal length. Returns them with a mask for the places that have no candidate.
fn padded<'a>(cases: impl Iterator<Item = &'a [Signals]>, device: &Device) -> (Tensor<2>, Tensor<2>) {
    let mut signals: Vec<f32> = Vec::new();
    let mut mask: Vec<f32> = Vec::new();
    let mut len = 0;
    let empty = Signals::default();
    for case in cases {
        len += 1;
        for at in 0..MAX_CANDIDATES {
            let own = case.get(at);
            signals.extend_from_slice(own.unwrap_or(&empty).as_slice());
            mask.push(if own.is_some() { 0.0 } else { NO_CANDIDATE });
        }
    }
    (
        Tensor::from_data(TensorData::new(signals, [len * MAX_CANDIDATES, SIGNALS]), device),
        Tensor::from_data(TensorData::new(mask, [len, MAX_CANDIDATES]), device),
    )
}
