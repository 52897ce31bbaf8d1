//! A network: a shape and its trained numbers.

use thiserror::Error;

use crate::forward::{BLOCK_ROWS, Forward};
use crate::layout::Layout;
use crate::random::{Purpose, Stream};
use crate::samples::first_not_finite;
use crate::shape::{NetworkShape, ShapeError};
use crate::vectors::Vectors;

/// A multi-layer perceptron ready to predict.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    shape: NetworkShape,
    layout: Layout,
    /// As [`Layout`] says.
    parameters: Vec<f32>,
}

/// One linear layer as other libraries write it: `y = W x + b`.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    /// Columns of `weights`.
    pub inputs: usize,
    /// Rows of `weights`.
    pub outputs: usize,
    /// `[outputs × inputs]`, row-major.
    pub weights: Vec<f32>,
    /// One for each output.
    pub bias: Vec<f32>,
}

/// Why layers do not make a network of a shape.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NetworkError {
    /// The shape itself is impossible.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Too few or too many layers.
    #[error("{given} layers, the shape has {expected}: load the model with the shape it was trained with")]
    LayerCount {
        /// Layers given.
        given: usize,
        /// Layers of the shape.
        expected: usize,
    },
    /// A layer of another size.
    #[error(
        "layer {layer} does not have the size of the shape: load the model with the shape it was trained with"
    )]
    LayerSize {
        /// From 0.
        layer: usize,
    },
    /// NaN or infinite.
    #[error("layer {layer} holds a number that is not finite: the model is damaged, train it again")]
    NotFinite {
        /// From 0.
        layer: usize,
    },
}

/// Rows that do not fit the network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{numbers} numbers are not whole rows of {inputs} features: predict with the features of training, in order"
)]
pub struct RowWidthError {
    /// Numbers given.
    pub numbers: usize,
    /// Width of a row.
    pub inputs: usize,
}

impl Network {
    /// An untrained network. Weights and biases are drawn evenly from ±1/√inputs of their layer: what PyTorch's
    /// `Linear` starts from (He's uniform rule with a = √5).
    ///
    /// # Errors
    /// When the shape breaks a limit.
    pub fn seeded(shape: &NetworkShape, seed: u64) -> Result<Self, ShapeError> {
        let mut network = Self::zeroed(shape)?;
        let mut stream = Stream::new(seed, Purpose::Weights);
        for layer in &network.layout.layers {
            let bound = (1.0 / (layer.inputs as f64).sqrt()) as f32;
            let (weights, bias) =
                network.parameters[layer.weights.start..layer.bias.end].split_at_mut(layer.weights.len());
            for output in 0..layer.outputs {
                for row in weights.chunks_exact_mut(layer.stride) {
                    row[output] = bound * stream.symmetric();
                }
            }
            for b in &mut bias[..layer.outputs] {
                *b = bound * stream.symmetric();
            }
        }
        Ok(network)
    }

    /// A network from layers that another part or library trained.
    ///
    /// # Errors
    /// When the layers do not fit the shape, or hold NaN or infinity.
    pub fn from_layers(shape: &NetworkShape, layers: &[Dense]) -> Result<Self, NetworkError> {
        let mut network = Self::zeroed(shape)?;
        let expected = network.layout.layers.len();
        if layers.len() != expected {
            return Err(NetworkError::LayerCount { given: layers.len(), expected });
        }
        for (index, (place, dense)) in network.layout.layers.iter().zip(layers).enumerate() {
            let sizes = (dense.inputs, dense.outputs, dense.weights.len(), dense.bias.len());
            if sizes != (place.inputs, place.outputs, place.inputs * place.outputs, place.outputs) {
                return Err(NetworkError::LayerSize { layer: index });
            }
            if first_not_finite(&dense.weights, 1).or(first_not_finite(&dense.bias, 1)).is_some() {
                return Err(NetworkError::NotFinite { layer: index });
            }
            let weights = &mut network.parameters[place.weights.clone()];
            for (output, row) in dense.weights.chunks_exact(dense.inputs).enumerate() {
                for (input, &weight) in row.iter().enumerate() {
                    weights[input * place.stride + output] = weight;
                }
            }
            network.parameters[place.bias.start..][..place.outputs].copy_from_slice(&dense.bias);
        }
        Ok(network)
    }

    /// Its layers as other libraries write them.
    #[must_use]
    pub fn layers(&self) -> Vec<Dense> {
        let dense = |layer: &crate::layout::Linear| {
            let weights = &self.parameters[layer.weights.clone()];
            Dense {
                inputs: layer.inputs,
                outputs: layer.outputs,
                weights: (0..layer.outputs)
                    .flat_map(|output| {
                        (0..layer.inputs).map(move |input| weights[input * layer.stride + output])
                    })
                    .collect(),
                bias: self.parameters[layer.bias.start..][..layer.outputs].to_vec(),
            }
        };
        self.layout.layers.iter().map(dense).collect()
    }

    /// Its shape.
    #[must_use]
    pub fn shape(&self) -> &NetworkShape {
        &self.shape
    }

    /// The outputs of every row, row-major, into `out` (cleared first): logits in class order, or one number. Nothing
    /// is dropped out. A row's outputs do not depend on the rows around it.
    ///
    /// # Errors
    /// When `rows` is not a whole number of rows.
    pub fn predict(&self, rows: &[f32], out: &mut Vec<f32>) -> Result<(), RowWidthError> {
        self.predict_with(Vectors::widest(), rows, out)
    }

    /// [`Network::predict`] with chosen vector instructions, which change its speed and nothing else.
    ///
    /// # Errors
    /// When `rows` is not a whole number of rows.
    pub fn predict_with(
        &self,
        vectors: Vectors,
        rows: &[f32],
        out: &mut Vec<f32>,
    ) -> Result<(), RowWidthError> {
        let inputs = self.shape.inputs;
        if !rows.len().is_multiple_of(inputs) {
            return Err(RowWidthError { numbers: rows.len(), inputs });
        }
        let (count, outputs) = (rows.len() / inputs, self.shape.outputs());
        out.clear();
        out.reserve(count.saturating_mul(outputs));
        let mut forward = self.forward(vectors, count);
        for block in rows.chunks(BLOCK_ROWS * inputs) {
            let answers = forward.block(&self.parameters, block);
            for answer in answers.chunks_exact(self.layout.output_stride()) {
                out.extend_from_slice(&answer[..outputs]);
            }
        }
        Ok(())
    }

    pub(crate) fn forward(&self, vectors: Vectors, rows: usize) -> Forward<'_> {
        Forward::new(vectors, &self.layout, self.shape.activation, rows)
    }

    pub(crate) fn zeroed(shape: &NetworkShape) -> Result<Self, ShapeError> {
        let layout = Layout::new(shape)?;
        Ok(Self { shape: shape.clone(), parameters: vec![0.0; layout.length], layout })
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    pub(crate) fn parameters_mut(&mut self) -> &mut [f32] {
        &mut self.parameters
    }
}
