//! Where each layer lies in the one flat vector of parameters.
//!
//! A layer's weights are kept input by input (`[in × stride]`), each input's row filled up with zeros to a multiple of
//! [`LANES`]; then its bias, filled up too. So a forward pass reads whole vectors, an optimiser's step is one walk
//! over one slice, and a copy of the best weights is one copy. The filling starts as zero, gets zero gradients and
//! stays zero.

use std::ops::Range;

use crate::matrix::LANES;
use crate::shape::{NetworkShape, ShapeError};

/// One linear layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Linear {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// `outputs` filled up to a multiple of [`LANES`]: the width of this layer's rows everywhere.
    pub(crate) stride: usize,
    /// Of `inputs × stride` numbers.
    pub(crate) weights: Range<usize>,
    /// Of `stride` numbers.
    pub(crate) bias: Range<usize>,
}

/// Every layer, first to last, and the length of the whole vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) layers: Vec<Linear>,
    pub(crate) length: usize,
}

impl Layout {
    pub(crate) fn new(shape: &NetworkShape) -> Result<Self, ShapeError> {
        shape.parameter_count()?;
        let mut layers = Vec::with_capacity(shape.hidden_layers.len() + 1);
        let mut length = 0_usize;
        for (inputs, outputs) in shape.widths().zip(shape.widths().skip(1)) {
            let stride = outputs.next_multiple_of(LANES);
            let bias = length + inputs * stride;
            layers.push(Linear { inputs, outputs, stride, weights: length..bias, bias: bias..bias + stride });
            length = bias + stride;
        }
        Ok(Self { layers, length })
    }

    /// The widest row of any layer.
    pub(crate) fn stride_max(&self) -> usize {
        self.layers.iter().map(|layer| layer.stride).max().unwrap_or(LANES)
    }

    /// The width of the rows that the last layer writes.
    pub(crate) fn output_stride(&self) -> usize {
        self.layers.last().map_or(LANES, |layer| layer.stride)
    }
}
