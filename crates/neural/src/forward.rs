//! From rows of features to outputs, a block of rows at a time.

use ktrdr_domain::strategy::network::Activation;
use ndarray::ArrayRef2;

use crate::activation::activate;
use crate::layout::{Layout, Linear};
use crate::matrix::{Left, multiply_add};
use crate::vectors::Vectors;

/// Rows worked on at once: enough to keep the processor busy, few enough to stay in its nearest cache. Results do not
/// depend on it.
pub(crate) const BLOCK_ROWS: usize = 64;

/// `out ← bias + left · weights` for as many rows as `out` holds.
pub(crate) fn linear(vectors: Vectors, layer: &Linear, parameters: &[f32], left: Left<'_>, out: &mut [f32]) {
    let bias = &parameters[layer.bias.clone()];
    for row in out.chunks_exact_mut(layer.stride) {
        row.copy_from_slice(bias);
    }
    multiply_add(vectors, left, &parameters[layer.weights.clone()], out, layer.inputs, layer.stride);
}

/// Runs a network forward, without anything that training needs.
pub(crate) struct Forward<'a> {
    vectors: Vectors,
    layout: &'a Layout,
    activation: Activation,
    /// The layer just computed, and the one it is computed from.
    buffers: [Vec<f32>; 2],
}

impl<'a> Forward<'a> {
    pub(crate) fn new(vectors: Vectors, layout: &'a Layout, activation: Activation, rows: usize) -> Self {
        let size = rows.min(BLOCK_ROWS) * layout.stride_max();
        Self { vectors, layout, activation, buffers: [vec![0.0; size], vec![0.0; size]] }
    }

    /// The outputs of at most [`BLOCK_ROWS`] rows, [`Layout::output_stride`] numbers each.
    pub(crate) fn block(&mut self, parameters: &[f32], x: &ArrayRef2<f32>) -> &[f32] {
        let Some((first, others)) = self.layout.layers.split_first() else { return &[] };
        let rows = x.nrows();
        let [current, previous] = &mut self.buffers;
        linear(self.vectors, first, parameters, Left::of(x), &mut current[..rows * first.stride]);
        let mut stride = first.stride;
        for layer in others {
            activate(self.vectors, self.activation, &mut current[..rows * stride]);
            std::mem::swap(current, previous);
            let left = Left::rows(previous, stride);
            linear(self.vectors, layer, parameters, left, &mut current[..rows * layer.stride]);
            stride = layer.stride;
        }
        &current[..rows * stride]
    }
}

/// Copies the outputs of a block out of the kernels' rows, which are filled up to whole vectors. `into` is of a matrix
/// that was just made, so its rows lie one after the other.
pub(crate) fn copy_outputs(layout: &Layout, block: &[f32], into: &mut ArrayRef2<f32>) {
    let width = into.ncols();
    let rows = into.as_slice_mut().unwrap_or_default().chunks_exact_mut(width);
    for (to, from) in rows.zip(block.chunks_exact(layout.output_stride())) {
        to.copy_from_slice(&from[..width]);
    }
}
