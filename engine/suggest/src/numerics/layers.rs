//! Layers of networks as lists of numbers, and back.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, TensorData};

/// Makes a layer from its weights, one row for each input, and its biases.
pub(crate) fn layer(weights: Vec<f32>, biases: Vec<f32>, device: &Device) -> Linear {
    let outputs = biases.len();
    let inputs = weights.len() / outputs.max(1);
    Linear {
        weight: Param::from_data(TensorData::new(weights, [inputs, outputs]), device),
        bias: Some(Param::from_data(TensorData::new(biases, [outputs]), device)),
    }
}

/// Returns the weights and the biases of a layer.
pub(crate) fn numbers_of(layer: &Linear) -> (Vec<f32>, Vec<f32>) {
    let biases = layer.bias.as_ref().map(|bias| floats(bias.val().into_data()));
    (floats(layer.weight.val().into_data()), biases.unwrap_or_default())
}

/// Returns the numbers of a tensor, row by row.
pub(crate) fn floats(data: TensorData) -> Vec<f32> {
    data.convert::<f32>().try_to_vec().unwrap_or_default()
}
