//! What a network looks like, and the limits it must keep.

use ktrdr_domain::strategy::Architecture;
use ktrdr_domain::strategy::field::HIDDEN_LAYERS_MAX;
use ktrdr_domain::strategy::network::{Activation, OutputKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::matrix::LANES;

/// Most trainable numbers of one network, each layer's outputs counted up to a multiple of eight (as they are kept):
/// 200 MB of weights, 1 GB while Adam trains them.
pub const PARAMETERS_MAX: usize = 50_000_000;
/// Most units of one layer, the input included; bounds the memory of a block of rows.
pub const LAYER_WIDTH_MAX: usize = 16_384;

/// A multi-layer perceptron: `[linear → activation → dropout]` per hidden layer, then a linear output.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkShape {
    /// Width of the feature vector.
    pub inputs: usize,
    /// Units of each hidden layer; none is a linear model.
    pub hidden_layers: Vec<usize>,
    /// Between the layers.
    pub activation: Activation,
    /// Share of hidden units silenced while training, from 0 to under 1. Prediction never drops any.
    pub dropout: f32,
    /// What comes out.
    pub output: OutputKind,
}

/// Why no network can have this shape.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ShapeError {
    /// A layer of nothing.
    #[error("layer {layer} (0 is the input) has no units: give each layer at least one")]
    EmptyLayer {
        /// 0 for the input, then the hidden layers.
        layer: usize,
    },
    /// Too wide.
    #[error(
        "layer {layer} (0 is the input) has {units} units, at most {LAYER_WIDTH_MAX} are possible: use fewer"
    )]
    TooWide {
        /// 0 for the input, then the hidden layers.
        layer: usize,
        /// Units asked for.
        units: usize,
    },
    /// Too deep.
    #[error("{given} hidden layers, at most {HIDDEN_LAYERS_MAX} are possible: use fewer")]
    TooDeep {
        /// Hidden layers asked for.
        given: usize,
    },
    /// Too large for memory.
    #[error("more than {PARAMETERS_MAX} trainable numbers: use smaller hidden layers or fewer features")]
    TooLarge,
    /// Dropout outside its range.
    #[error("dropout is {given}: it must be from 0 to under 1")]
    Dropout {
        /// The value given.
        given: f32,
    },
}

impl NetworkShape {
    /// The shape a strategy asks for, given the width of its feature vector.
    ///
    /// # Errors
    /// When the shape breaks a limit.
    pub fn new(architecture: &Architecture, inputs: usize, output: OutputKind) -> Result<Self, ShapeError> {
        let shape = Self {
            inputs,
            hidden_layers: architecture.hidden_layers.clone(),
            activation: architecture.activation,
            dropout: architecture.dropout,
            output,
        };
        shape.parameter_count().map(|_| shape)
    }

    /// How many numbers come out for each row.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.output.width()
    }

    /// Trainable numbers, after checking every limit.
    ///
    /// # Errors
    /// When the shape breaks a limit.
    pub fn parameter_count(&self) -> Result<usize, ShapeError> {
        if self.hidden_layers.len() > HIDDEN_LAYERS_MAX {
            return Err(ShapeError::TooDeep { given: self.hidden_layers.len() });
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(ShapeError::Dropout { given: self.dropout });
        }
        for (layer, units) in self.widths().enumerate() {
            match units {
                0 => return Err(ShapeError::EmptyLayer { layer }),
                1..=LAYER_WIDTH_MAX => {}
                _ => return Err(ShapeError::TooWide { layer, units }),
            }
        }
        // widths are bounded above, so none of these products can overflow
        let size = |columns: fn(usize) -> usize| -> usize {
            self.widths()
                .zip(self.widths().skip(1))
                .map(|(inputs, outputs)| (inputs + 1) * columns(outputs))
                .sum()
        };
        if size(|outputs| outputs.next_multiple_of(LANES)) > PARAMETERS_MAX {
            return Err(ShapeError::TooLarge);
        }
        Ok(size(|outputs| outputs))
    }

    /// Width of the input, of each hidden layer, of the output.
    pub(crate) fn widths(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::once(self.inputs).chain(self.hidden_layers.iter().copied()).chain([self.outputs()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(inputs: usize, hidden: &[usize]) -> NetworkShape {
        NetworkShape {
            inputs,
            hidden_layers: hidden.to_vec(),
            activation: Activation::Relu,
            dropout: 0.0,
            output: OutputKind::Classification,
        }
    }

    #[test]
    fn parameters_are_weights_and_biases() {
        assert_eq!(shape(60, &[64, 32]).parameter_count(), Ok(60 * 64 + 64 + 64 * 32 + 32 + 32 * 3 + 3));
        assert_eq!(shape(4, &[]).parameter_count(), Ok(15));
    }

    #[test]
    fn impossible_shapes_are_refused_without_overflow() {
        assert_eq!(shape(0, &[4]).parameter_count(), Err(ShapeError::EmptyLayer { layer: 0 }));
        assert_eq!(shape(4, &[8, 0]).parameter_count(), Err(ShapeError::EmptyLayer { layer: 2 }));
        let units = usize::MAX;
        assert_eq!(shape(units, &[units]).parameter_count(), Err(ShapeError::TooWide { layer: 0, units }));
        assert_eq!(shape(7_000, &[7_200]).parameter_count(), Err(ShapeError::TooLarge));
        assert_eq!(shape(4, &[1; 9]).parameter_count(), Err(ShapeError::TooDeep { given: 9 }));
        let dropped = NetworkShape { dropout: 1.0, ..shape(4, &[4]) };
        assert_eq!(dropped.parameter_count(), Err(ShapeError::Dropout { given: 1.0 }));
        let unknown = NetworkShape { dropout: f32::NAN, ..shape(4, &[4]) };
        assert!(unknown.parameter_count().is_err());
    }
}
