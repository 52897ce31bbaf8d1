//! A network: a shape and its trained numbers.

use ndarray::{Array2, ArrayRef2, Axis};
use thiserror::Error;

use crate::forward::{BLOCK_ROWS, Forward, copy_outputs};
use crate::layout::Layout;
use crate::random::{Purpose, SeededRng};
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
    /// `[outputs × inputs]`
    pub weights: Array2<f32>,
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
pub enum PredictError {
    /// Rows are not as wide as the network's input.
    #[error(
        "rows of {width} features, the network takes {inputs}: predict with the features of training, in order"
    )]
    Width {
        /// Features in a row.
        width: usize,
        /// What the network takes.
        inputs: usize,
    },
    /// Rows that do not lie one after the other, such as a transpose or every other column.
    #[error("the rows do not lie one after the other in memory: pass a copy in standard layout")]
    Layout,
}

impl Network {
    /// An untrained network. Weights and biases are drawn evenly from ±1/√inputs of their layer: what PyTorch's
    /// `Linear` starts from (He's uniform rule with a = √5).
    ///
    /// # Errors
    /// When the shape breaks a limit.
    pub fn seeded(shape: &NetworkShape, seed: u64) -> Result<Self, ShapeError> {
        let mut network = Self::zeroed(shape)?;
        let mut stream = SeededRng::new(seed, Purpose::Weights);
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
            let sizes = (dense.weights.dim(), dense.bias.len());
            if sizes != ((place.outputs, place.inputs), place.outputs) {
                return Err(NetworkError::LayerSize { layer: index });
            }
            if !dense.weights.iter().chain(&dense.bias).all(|x| x.is_finite()) {
                return Err(NetworkError::NotFinite { layer: index });
            }
            let weights = network.parameters[place.weights.clone()].chunks_exact_mut(place.stride);
            for (to, column) in weights.zip(dense.weights.columns()) {
                to.iter_mut().zip(column).for_each(|(to, weight)| *to = *weight);
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
                weights: Array2::from_shape_fn((layer.outputs, layer.inputs), |(output, input)| {
                    weights[input * layer.stride + output]
                }),
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

    /// The outputs of every row, `[rows × outputs]`: logits in class order, or one number. Nothing is dropped out. A
    /// row's outputs do not depend on the rows around it.
    ///
    /// # Errors
    /// When `rows`, `[rows × features]`, are of another width, or do not lie row after row in memory.
    pub fn predict(&self, rows: &ArrayRef2<f32>) -> Result<Array2<f32>, PredictError> {
        self.predict_with(Vectors::widest(), rows)
    }

    /// [`Network::predict`] with chosen vector instructions, which change its speed and nothing else.
    ///
    /// # Errors
    /// As [`Network::predict`].
    pub fn predict_with(&self, vectors: Vectors, rows: &ArrayRef2<f32>) -> Result<Array2<f32>, PredictError> {
        let (width, inputs) = (rows.ncols(), self.shape.inputs);
        if width != inputs {
            return Err(PredictError::Width { width, inputs });
        }
        if !rows.is_standard_layout() {
            return Err(PredictError::Layout);
        }
        let mut outputs = Array2::zeros((rows.nrows(), self.shape.outputs()));
        let mut forward = self.forward(vectors, rows.nrows());
        let blocks = outputs.axis_chunks_iter_mut(Axis(0), BLOCK_ROWS);
        for (block, mut into) in rows.axis_chunks_iter(Axis(0), BLOCK_ROWS).zip(blocks) {
            copy_outputs(&self.layout, forward.block(&self.parameters, &block), &mut into);
        }
        Ok(outputs)
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
