//! The network: an embedding of each feature, a hidden layer, and one head a tag (as in fastText, Joulin et al. 2017).
//!
//! A resource is the weighted sum of the embeddings of its features. The heads see that sum and the output of the hidden
//! layer, so that what a linear model could learn stays easy. The embeddings are kept outside of burn: a batch touches few
//! of them, and only those are updated.

use burn::module::Module;
use burn::nn::Linear;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::features::dictionary::{Feature, Numbered};
use crate::features::parts::bit;
use crate::numerics::layers::{floats, layer, numbers_of};
use crate::numerics::random::Random;

/// Hyperparameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// Width of an embedding.
    pub(crate) width: usize,
    /// Width of the hidden layer.
    pub(crate) hidden: usize,
    /// Passes over the resources.
    pub(crate) epochs: usize,
    /// The most resources in a batch.
    pub(crate) batch: usize,
    /// Learning rate of the embeddings.
    pub(crate) embedding_rate: f32,
    /// Learning rate of the layers.
    pub(crate) rate: f64,
    /// Seed of the random numbers.
    pub(crate) seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { width: 64, hidden: 64, epochs: 20, batch: 256, embedding_rate: 0.3, rate: 4e-3, seed: 1 }
    }
}

/// A resource with the known values of its targets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Example {
    pub(crate) parts: Numbered,
    /// Targets with their classes.
    pub(crate) classes: Vec<(usize, u32)>,
    /// Targets with classes that a person rejected.
    pub(crate) refused: Vec<(usize, u32)>,
}

impl Example {
    /// Returns the targets with the classes to count; class 0, any other value, if a value was rejected and no other is
    /// known.
    pub(crate) fn counted(&self) -> Vec<(usize, u32)> {
        let has = |target: usize| self.classes.iter().any(|(of, _)| *of == target);
        let refused = self.refused.iter().map(|(target, _)| *target).filter(|target| !has(*target));
        let mut refused: Vec<(usize, u32)> = refused.map(|target| (target, 0)).collect();
        refused.dedup();
        [self.classes.as_slice(), &refused].concat()
    }
}

/// The layers above the embeddings.
#[derive(Module, Debug)]
struct Layers {
    hidden: Linear,
    heads: Linear,
}

/// A network, trained or about to be.
#[derive(Debug)]
pub(crate) struct Network {
    width: usize,
    /// Rows of the width, one a feature.
    embeddings: Vec<f32>,
    layers: Layers,
    /// Number of classes of each head.
    classes: Vec<usize>,
}

/// The weights of a network as lists of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Weights {
    pub(crate) width: usize,
    pub(crate) hidden: usize,
    pub(crate) classes: Vec<usize>,
    /// The embeddings, then weights and biases of the hidden layer and of the heads.
    pub(crate) numbers: [Vec<f32>; 5],
}

impl Weights {
    /// Whether the lists have the lengths that follow from the widths.
    pub(crate) fn is_whole(&self) -> bool {
        let all: usize = self.classes.iter().sum();
        let [embeddings, a, b, c, d] = self.numbers.each_ref().map(Vec::len);
        let inputs = self.width.saturating_add(self.hidden);
        let layers = [self.width.saturating_mul(self.hidden), self.hidden, inputs.saturating_mul(all), all];
        let some = self.width > 0 && self.hidden > 0 && all > 0;
        some && embeddings.is_multiple_of(self.width) && [a, b, c, d] == layers
    }
}

fn device() -> Device {
    Device::default()
}

impl Layers {
    /// Returns the scores of all classes of all heads next to each other.
    fn forward(&self, bag: Tensor<2>) -> Tensor<2> {
        let hidden = relu(self.hidden.forward(bag.clone()));
        self.heads.forward(Tensor::cat(vec![bag, hidden], 1))
    }
}

impl Network {
    /// Makes a network of random weights.
    fn new(features: usize, classes: &[usize], settings: &Settings) -> Self {
        let Settings { width, hidden, .. } = *settings;
        let mut random = Random::new(settings.seed);
        let mut uniform = |len: usize, scale: f32| -> Vec<f32> {
            (0..len).map(|_| (random.unit() * 2.0 - 1.0) * scale).collect()
        };
        let all: usize = classes.iter().sum();
        let scale = |inputs: usize| (inputs.max(1) as f32).sqrt().recip();
        let numbers = [
            uniform(features * width, 0.05),
            uniform(width * hidden, scale(width)),
            vec![0.0; hidden],
            uniform((width + hidden) * all, scale(width + hidden)),
            vec![0.0; all],
        ];
        Self::from_weights(
            Weights { width, hidden, classes: classes.to_vec(), numbers },
            &device().autodiff(),
        )
    }

    /// Restores a network from its weights.
    pub(crate) fn load(weights: Weights) -> Self {
        Self::from_weights(weights, &device())
    }

    fn from_weights(weights: Weights, device: &Device) -> Self {
        let Weights { width, classes, numbers: [embeddings, a, b, c, d], .. } = weights;
        let layers = Layers { hidden: layer(a, b, device), heads: layer(c, d, device) };
        Self { width, embeddings, layers, classes }
    }

    /// Returns the weights.
    pub(crate) fn weights(&self) -> Weights {
        let (a, b) = numbers_of(&self.layers.hidden);
        let (c, d) = numbers_of(&self.layers.heads);
        Weights {
            width: self.width,
            hidden: b.len(),
            classes: self.classes.clone(),
            numbers: [self.embeddings.clone(), a, b, c, d],
        }
    }

    /// Trains a network on examples. `tick` receives the share that is done.
    pub(crate) fn train(
        examples: &[Example],
        features: usize,
        classes: &[usize],
        settings: &Settings,
        tick: &mut dyn FnMut(f32),
    ) -> Self {
        let mut network = Self::new(features, classes, settings);
        let mut training = Training {
            squares: vec![0.0; network.embeddings.len()],
            optimizer: AdamConfig::new().init(),
            random: Random::new(settings.seed ^ 0x5eed),
        };
        let mut order: Vec<usize> = (0..examples.len()).collect();
        // Few resources make small batches, so that there are enough steps.
        let batch_size = (examples.len() / 30).clamp(16, settings.batch);
        let steps = settings.epochs * examples.len().div_ceil(batch_size);
        let mut step = 0;
        for _ in 0..settings.epochs {
            training.random.shuffle(&mut order);
            for batch in order.chunks(batch_size) {
                let left = 1.0 - step as f32 / steps.max(1) as f32;
                let batch: Vec<&Example> = batch.iter().filter_map(|at| examples.get(*at)).collect();
                network = training.step(network, &batch, settings, left);
                step += 1;
                tick(step as f32 / steps.max(1) as f32);
            }
        }
        Self::load(network.weights())
    }

    /// Returns the probability of each class of each head, one row a bag.
    pub(crate) fn predict(&self, bags: &[Vec<Feature>]) -> Vec<Vec<f32>> {
        if bags.is_empty() {
            return Vec::new();
        }
        let scores = self.layers.forward(self.sum(bags, &device()));
        let mut heads = Vec::new();
        let mut start = 0;
        for &classes in &self.classes {
            heads.push(log_softmax(scores.clone().narrow(1, start, classes), 1));
            start += classes;
        }
        let all = start;
        let scores = floats(Tensor::cat(heads, 1).exp().into_data());
        scores.chunks(all.max(1)).map(<[f32]>::to_vec).collect()
    }

    /// Returns the range of the classes of a head in a row of [`Self::predict`].
    pub(crate) fn head(&self, target: usize) -> std::ops::Range<usize> {
        let start = self.classes.iter().take(target).sum();
        start..start + self.classes.get(target).copied().unwrap_or_default()
    }

    fn sum(&self, bags: &[Vec<Feature>], device: &Device) -> Tensor<2> {
        let mut sums = vec![0.0_f32; bags.len() * self.width];
        for (bag, sum) in bags.iter().zip(sums.chunks_mut(self.width)) {
            for feature in bag {
                for (total, value) in sum.iter_mut().zip(self.embedding(feature.number)) {
                    *total += value * feature.weight;
                }
            }
        }
        Tensor::from_data(TensorData::new(sums, [bags.len(), self.width]), device)
    }

    fn embedding(&self, number: u32) -> &[f32] {
        let start = number as usize * self.width;
        self.embeddings.get(start..start + self.width).unwrap_or_default()
    }
}

/// The state of a training.
struct Training {
    /// Sums of the squared gradients of each number of the embeddings.
    squares: Vec<f32>,
    optimizer: ModuleOptimizer,
    random: Random,
}

impl Training {
    /// Takes a step on a batch; `left` is the share of all steps that is left, by which rates shrink.
    fn step(&mut self, mut network: Network, batch: &[&Example], settings: &Settings, left: f32) -> Network {
        let hidden: Vec<u64> = batch.iter().map(|example| self.hide(example)).collect();
        let bags: Vec<Vec<Feature>> = batch
            .iter()
            .zip(&hidden)
            .map(|(example, hidden)| self.thinned(&example.parts, *hidden))
            .collect();
        let device = device().autodiff();
        let sums = network.sum(&bags, &device).require_grad();
        let scores = network.layers.forward(sums.clone());
        let Some(loss) = loss(&scores, batch, &hidden, &network.classes) else { return network };
        let mut gradients = loss.backward();
        if let Some(moved) = sums.grad_remove(&mut gradients) {
            let moved = floats(moved.into_data());
            self.move_embeddings(&mut network, &bags, &moved, settings.embedding_rate * left);
        }
        let gradients = GradientsParams::from_grads(gradients, &network.layers);
        network.layers = self.optimizer.step(settings.rate * f64::from(left), network.layers, gradients);
        network
    }

    /// Draws the targets to learn from an example now, whose tags are hidden. About half of the time all tags are hidden,
    /// as if the resource had none.
    fn hide(&mut self, example: &Example) -> u64 {
        if self.random.unit() < 0.4 {
            return u64::MAX;
        }
        let labelled = example.classes.iter().chain(&example.refused).map(|(target, _)| *target);
        let mut hidden = 0;
        for target in labelled {
            if self.random.unit() < 0.5 {
                hidden |= bit(target);
            }
        }
        if hidden == 0 { u64::MAX } else { hidden }
    }

    /// Returns the features without one part in ten (dropout, Srivastava et al. 2014), so that the network relies on none.
    fn thinned(&mut self, parts: &Numbered, hidden: u64) -> Vec<Feature> {
        let random = &mut self.random;
        parts.bag_where(|reveals| reveals & hidden == 0 && random.unit() >= 0.1)
    }

    /// Moves the embeddings of a batch against their gradients (Adagrad, Duchi et al. 2011).
    fn move_embeddings(
        &mut self,
        network: &mut Network,
        bags: &[Vec<Feature>],
        gradients: &[f32],
        rate: f32,
    ) {
        for (bag, gradient) in bags.iter().zip(gradients.chunks(network.width)) {
            for feature in bag {
                let start = feature.number as usize * network.width;
                let range = start..start + network.width;
                let Some(row) = network.embeddings.get_mut(range.clone()) else { continue };
                let Some(squares) = self.squares.get_mut(range) else { continue };
                for ((value, square), gradient) in row.iter_mut().zip(squares).zip(gradient) {
                    let gradient = gradient * feature.weight;
                    *square += gradient * gradient;
                    *value -= rate * gradient / (square.sqrt() + 1e-8);
                }
            }
        }
    }
}

/// Returns the mean cross-entropy of the hidden targets of a batch. None if none is hidden. For a rejected value it is
/// that of its complement.
fn loss(scores: &Tensor<2>, batch: &[&Example], hidden: &[u64], classes: &[usize]) -> Option<Tensor<1>> {
    let device = scores.device();
    let mut sum: Option<Tensor<1>> = None;
    let mut count = 0;
    let mut start = 0;
    let add = |loss: Tensor<1>, sum: &mut Option<Tensor<1>>| {
        *sum = Some(match sum.take() {
            Some(sum) => sum + loss,
            None => loss,
        });
    };
    for (target, &size) in classes.iter().enumerate() {
        let chosen = |pairs: fn(&Example) -> &Vec<(usize, u32)>| {
            let mut rows = Vec::new();
            let mut wanted = Vec::new();
            for (at, (example, hidden)) in batch.iter().zip(hidden).enumerate() {
                for (_, class) in
                    pairs(example).iter().filter(|(of, _)| *of == target && hidden & bit(target) != 0)
                {
                    rows.push(at as i32);
                    wanted.push(*class as i32);
                }
            }
            (rows, wanted)
        };
        let pick = |(rows, wanted): (Vec<i32>, Vec<i32>)| {
            let len = rows.len();
            let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [len]), &device);
            let wanted = Tensor::<2, Int>::from_data(TensorData::new(wanted, [len, 1]), &device);
            let own = scores.clone().narrow(1, start, size).select(0, rows);
            log_softmax(own, 1).gather(1, wanted)
        };
        let right = chosen(|example| &example.classes);
        if !right.0.is_empty() {
            count += right.0.len();
            add(pick(right).sum().neg(), &mut sum);
        }
        let wrong = chosen(|example| &example.refused);
        if !wrong.0.is_empty() {
            count += wrong.0.len();
            // At a probability of 1 the logarithm of the complement is minus infinity, and gradients are no numbers.
            let likely = pick(wrong).exp().clamp(0.0, 0.999);
            add((likely.neg() + 1.0).log().sum().neg(), &mut sum);
        }
        start += size;
    }
    // A mean, so that the learning rate of the embeddings does not depend on the size of the batch.
    sum.map(|sum| sum / (count.max(1) as f32))
}
