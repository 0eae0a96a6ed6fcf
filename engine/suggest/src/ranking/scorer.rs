//! What all signals of a value are worth in sum: a small network, the same for all targets.
//!
//! It is trained on resources that the parts of the base did not learn from, so it knows how far each
//! of them can be relied on, and in which case: of an account that is known, or of one that is not.

use burn::module::Module;
use burn::nn::Linear;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::candidates::generator::{SIGNALS, Signals};
use crate::numerics::layers::{floats, layer, numbers_of};
use crate::numerics::random::Random;

/// The most values that are weighed against each other.
pub(crate) const MOST_CANDIDATES: usize = 12;

const HIDDEN: usize = 24;
const EPOCHS: usize = 12;
/// The most cases that are looked at together.
const BATCH: usize = 256;
const RATE: f64 = 5e-3;

/// What is said of the values of one target of one resource, and which of them is right.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) signals: Vec<Signals>,
    /// The number of the right one; the last one where none is.
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
    /// Returns a score for each value: one row a case.
    fn forward(&self, signals: Tensor<2>, cases: usize) -> Tensor<2> {
        let scores = self.second.forward(relu(self.first.forward(signals)));
        scores.reshape([cases, MOST_CANDIDATES])
    }

    fn of(numbers: &[Vec<f32>; 4], device: &Device) -> Self {
        let [a, b, c, d] = numbers.clone();
        Self { first: layer(a, b, device), second: layer(c, d, device) }
    }
}

impl Scorer {
    /// Trains one.
    pub(crate) fn train(cases: &[Case], seed: u64) -> Self {
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
        // Few cases need more looks at each, many need fewer.
        let epochs = (EPOCHS * 20_000 / cases.len().max(1)).clamp(4, 4 * EPOCHS);
        let batch_size = (cases.len() / 20).clamp(16, BATCH);
        let steps = epochs * cases.len().div_ceil(batch_size);
        let mut step = 0;
        for _ in 0..epochs {
            random.shuffle(&mut order);
            for batch in order.chunks(batch_size) {
                let batch: Vec<&Case> = batch.iter().filter_map(|at| cases.get(*at)).collect();
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

    /// Makes one of the numbers of another. None where there are too few or too many.
    pub(crate) fn load(numbers: &[Vec<f32>; 4]) -> Option<Self> {
        let lengths = numbers.each_ref().map(Vec::len);
        let whole = lengths == [SIGNALS * HIDDEN, HIDDEN, HIDDEN, 1];
        whole.then(|| Self { layers: Layers::of(numbers, &Device::default()) })
    }

    /// Returns its numbers.
    pub(crate) fn numbers(&self) -> [Vec<f32>; 4] {
        let (a, b) = numbers_of(&self.layers.first);
        let (c, d) = numbers_of(&self.layers.second);
        [a, b, c, d]
    }

    /// Returns how likely each value of each case is.
    pub(crate) fn weigh(&self, cases: &[&[Signals]]) -> Vec<Vec<f32>> {
        let mut weighed = Vec::with_capacity(cases.len());
        for chunk in cases.chunks(2048) {
            let (signals, mask) = padded(chunk.iter().copied(), &Device::default());
            let scores = log_softmax(self.layers.forward(signals, chunk.len()) + mask, 1).exp();
            let scores = floats(scores.into_data());
            for (case, row) in chunk.iter().zip(scores.chunks(MOST_CANDIDATES)) {
                weighed.push(row.iter().copied().take(case.len()).collect());
            }
        }
        weighed
    }
}

fn loss(layers: &Layers, batch: &[&Case], device: &Device) -> Tensor<1> {
    let (signals, mask) = padded(batch.iter().map(|case| case.signals.as_slice()), device);
    let right: Vec<i32> = batch.iter().map(|case| case.right.min(MOST_CANDIDATES - 1) as i32).collect();
    let right = Tensor::<2, Int>::from_data(TensorData::new(right, [batch.len(), 1]), device);
    log_softmax(layers.forward(signals, batch.len()) + mask, 1).gather(1, right).mean().neg()
}

/// Puts signals in rows of equal length; what fills them up has a mask that makes it impossible.
fn padded<'a>(cases: impl Iterator<Item = &'a [Signals]>, device: &Device) -> (Tensor<2>, Tensor<2>) {
    let mut signals: Vec<f32> = Vec::new();
    let mut mask: Vec<f32> = Vec::new();
    let mut len = 0;
    for case in cases {
        len += 1;
        for at in 0..MOST_CANDIDATES {
            let own = case.get(at);
            signals.extend(own.unwrap_or(&[0.0; SIGNALS]));
            mask.push(if own.is_some() { 0.0 } else { -1e4 });
        }
    }
    (
        Tensor::from_data(TensorData::new(signals, [len * MOST_CANDIDATES, SIGNALS]), device),
        Tensor::from_data(TensorData::new(mask, [len, MOST_CANDIDATES]), device),
    )
}
