//! The gradient of a block of rows: forward with slopes kept, then back through the layers.

use crate::activation::{DropoutMask, activate_with_slope, drop_units};
use crate::elementary::flush_to_zero;
use crate::forward::{BLOCK_ROWS, linear};
use crate::layout::{Layout, Linear};
use crate::loss::{LossStats, loss_and_grad};
use crate::matrix::{Left, multiply_add};
use crate::random::SeededRng;
use crate::samples::Targets;
use crate::shape::NetworkShape;
use crate::vectors::{Vectors, vectorised};
use ktrdr_domain::strategy::network::Loss;
use ndarray::Array2;

/// Errors below this are zero ([`flush_to_zero`]): the smallest that a loss of 32 bits could notice is 1e-7.
const ERROR_LEAST: f32 = 1e-20;

/// Everything a block needs, allocated once; each part holds [`BLOCK_ROWS`] rows.
pub(crate) struct Workspace {
    vectors: Vectors,
    shape: NetworkShape,
    layout: Layout,
    loss: Loss,
    /// The block's features, `[BLOCK_ROWS × inputs]`; the caller fills them in.
    pub(crate) input: Array2<f32>,
    layers: Vec<Buffers>,
    losses: Vec<f32>,
}

/// Of one layer.
struct Buffers {
    /// What it passes on, after activation and dropout.
    values: Vec<f32>,
    /// Derivative of `values` with respect to the linear output.
    slopes: Vec<f32>,
    /// Derivative of the loss with respect to the linear output.
    errors: Vec<f32>,
    /// Its weights output by output, `[outputs × stride of the layer before]`; empty for the first layer.
    transposed: Vec<f32>,
}

impl Workspace {
    pub(crate) fn new(vectors: Vectors, shape: &NetworkShape, layout: &Layout, loss: Loss) -> Self {
        let buffers = |index: usize, layer: &Linear| {
            let zeros = || vec![0.0; BLOCK_ROWS * layer.stride];
            let before = index.checked_sub(1).map_or(0, |before| layout.layers[before].stride);
            Buffers {
                values: zeros(),
                slopes: zeros(),
                errors: zeros(),
                transposed: vec![0.0; layer.outputs * before],
            }
        };
        Self {
            vectors,
            shape: shape.clone(),
            layout: layout.clone(),
            loss,
            input: Array2::zeros((BLOCK_ROWS, shape.inputs)),
            layers: layout.layers.iter().enumerate().map(|(index, layer)| buffers(index, layer)).collect(),
            losses: vec![0.0; BLOCK_ROWS],
        }
    }

    /// Prepares for blocks under these parameters; to be called whenever they change.
    pub(crate) fn adopt(&mut self, parameters: &[f32]) {
        for (layer, buffers) in self.layout.layers.iter().zip(&mut self.layers).skip(1) {
            let weights = &parameters[layer.weights.clone()];
            let before = buffers.transposed.len() / layer.outputs;
            for (output, row) in buffers.transposed.chunks_exact_mut(before).enumerate() {
                for (weight, to) in weights[output..].iter().step_by(layer.stride).zip(row) {
                    *to = *weight;
                }
            }
        }
    }

    /// Adds the gradient of the rows in `input` to `gradient`, each row's share multiplied by its `scale`.
    pub(crate) fn block(
        &mut self,
        parameters: &[f32],
        targets: Targets<'_>,
        scales: &[f32],
        dropout: &mut SeededRng,
        gradient: &mut [f32],
    ) -> LossStats {
        let rows = targets.len();
        self.forward(parameters, rows, dropout);
        let stats = self.output_errors(targets, scales);
        self.backward(rows, gradient);
        stats
    }

    fn forward(&mut self, parameters: &[f32], rows: usize, dropout: &mut SeededRng) {
        let last = self.layers.len() - 1;
        let mut left = Left::of(&self.input);
        for (index, (layer, buffers)) in self.layout.layers.iter().zip(&mut self.layers).enumerate() {
            let values = &mut buffers.values[..rows * layer.stride];
            linear(self.vectors, layer, parameters, left, values);
            if index < last {
                let slopes = &mut buffers.slopes[..values.len()];
                activate_with_slope(self.vectors, self.shape.activation, values, slopes);
                if self.shape.dropout > 0.0 {
                    let mask = DropoutMask::new(self.shape.dropout, [dropout.bits(), dropout.bits()]);
                    drop_units(self.vectors, mask, values, slopes);
                }
            }
            left = Left::rows(&buffers.values, layer.stride);
        }
    }

    fn output_errors(&mut self, targets: Targets<'_>, scales: &[f32]) -> LossStats {
        let (Some(layer), Some(buffers)) = (self.layout.layers.last(), self.layers.last_mut()) else {
            return LossStats::default();
        };
        let used = targets.len() * layer.stride;
        let errors = &mut buffers.errors[..used];
        let stats = loss_and_grad(
            self.vectors,
            self.loss,
            &buffers.values[..used],
            targets,
            errors,
            &mut self.losses,
        );
        for (row, scale) in errors.chunks_exact_mut(layer.stride).zip(scales) {
            for error in row {
                *error = flush_to_zero(*error * scale, ERROR_LEAST);
            }
        }
        stats
    }

    fn backward(&mut self, rows: usize, gradient: &mut [f32]) {
        for (index, layer) in self.layout.layers.iter().enumerate().rev() {
            let (before, from) = self.layers.split_at_mut(index);
            let current = &from[0];
            let errors = &current.errors[..rows * layer.stride];
            let (rows_before, width) = match before.last() {
                Some(previous) => {
                    let stride = self.layout.layers[index - 1].stride;
                    (Left::rows(&previous.values, stride), stride)
                }
                None => (Left::of(&self.input), layer.inputs),
            };
            let left = rows_before.transposed();
            multiply_add(
                self.vectors,
                left,
                errors,
                &mut gradient[layer.weights.clone()],
                rows,
                layer.stride,
            );
            sum_rows(self.vectors, errors, &mut gradient[layer.bias.clone()]);
            if let Some(previous) = before.last_mut() {
                let errors_before = &mut previous.errors[..rows * width];
                errors_before.fill(0.0);
                let left = Left::rows(errors, layer.stride);
                multiply_add(self.vectors, left, &current.transposed, errors_before, layer.outputs, width);
                apply_slopes(self.vectors, errors_before, &previous.slopes);
            }
        }
    }
}

vectorised! {
    /// Adds every row to `sums`, in order.
    fn sum_rows(vectors: Vectors, rows: &[f32], sums: &mut [f32]) {
        for row in rows.chunks_exact(sums.len()) {
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += x;
            }
        }
    }
}

vectorised! {
    /// Errors at a layer's values become errors at its linear outputs.
    fn apply_slopes(vectors: Vectors, errors: &mut [f32], slopes: &[f32]) {
        for (error, slope) in errors.iter_mut().zip(slopes) {
            *error = flush_to_zero(*error * slope, ERROR_LEAST);
        }
    }
}
