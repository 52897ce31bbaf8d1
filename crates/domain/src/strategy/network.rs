//! The shape of the network and how it is fitted. Every key acts or is refused.

use serde::{Deserialize, Serialize};

/// A multi-layer perceptron: `[linear → activation → dropout]` per hidden layer, then a linear output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Units of each hidden layer.
    pub hidden_layers: Vec<usize>,
    /// Between the layers.
    #[serde(default)]
    pub activation: Activation,
    /// Share of hidden units silenced while training, from 0 to under 1.
    #[serde(default)]
    pub dropout: f32,
}

/// An activation function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `max(0, x)`
    #[default]
    Relu,
    /// Hyperbolic tangent.
    Tanh,
    /// Logistic.
    Sigmoid,
    /// `x` or `0.01 x`.
    LeakyRelu,
    /// `x Φ(x)`, tanh form.
    Gelu,
}

/// What comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    /// Three logits in [`Class`](super::label::Class) order.
    Classification,
    /// One number: the expected return as a fraction.
    Regression,
}

impl OutputKind {
    /// How many numbers the last layer gives.
    #[must_use]
    pub fn width(self) -> usize {
        match self {
            Self::Classification => 3,
            Self::Regression => 1,
        }
    }
}

/// How the network is fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Optimisation {
    /// Passes over the training rows.
    pub epochs: u32,
    /// Rows per step.
    pub batch_size: usize,
    /// Step size at the start.
    pub learning_rate: f64,
    /// The rule of the step.
    pub optimizer: Optimizer,
    /// Decay of weights; added to the gradient, or (AdamW) taken off the weights directly.
    pub weight_decay: f64,
    /// How the step size changes.
    pub lr_scheduler: Scheduler,
    /// Largest norm of the whole gradient.
    pub gradient_clip: Option<f64>,
    /// When to stop before the last epoch.
    pub early_stopping: Option<EarlyStopping>,
    /// What is minimised; `None` is cross-entropy for classification, Huber for regression.
    pub loss: Option<Loss>,
    /// Weights of the classes in cross-entropy.
    pub class_weights: ClassWeights,
}

impl Default for Optimisation {
    fn default() -> Self {
        Self {
            epochs: 30,
            batch_size: 64,
            learning_rate: 0.001,
            optimizer: Optimizer::Adam,
            weight_decay: 0.0,
            lr_scheduler: Scheduler::Constant,
            gradient_clip: Some(1.0),
            early_stopping: Some(EarlyStopping::default()),
            loss: None,
            class_weights: ClassWeights::None,
        }
    }
}

/// The rule of a step. Constants are those of the usual libraries.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// β = (0.9, 0.999), ε = 1e-8.
    Adam,
    /// Adam with decoupled weight decay.
    AdamW,
    /// Momentum 0.9.
    Sgd,
    /// Smoothing 0.99, ε = 1e-8.
    RmsProp,
}

/// How the step size changes from epoch to epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scheduler {
    /// Not at all.
    #[default]
    Constant,
    /// Times `gamma` every `step_size` epochs.
    Step {
        /// Epochs between changes.
        step_size: u32,
        /// Factor.
        gamma: f64,
    },
    /// Times `gamma` every epoch.
    Exponential {
        /// Factor.
        gamma: f64,
    },
    /// Down a half cosine to zero at the last epoch.
    Cosine,
    /// Times `factor` after `patience` epochs without a better validation loss.
    ReduceOnPlateau {
        /// Factor.
        factor: f64,
        /// Epochs to wait.
        patience: u32,
    },
}

/// Stops when the validation loss no longer falls, and restores the best weights.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EarlyStopping {
    /// Epochs to wait.
    pub patience: u32,
    /// Smallest fall that counts.
    pub min_delta: f64,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self { patience: 5, min_delta: 1e-4 }
    }
}

/// What is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// Softmax cross-entropy (classification).
    CrossEntropy,
    /// Quadratic within `delta`, linear beyond (regression).
    Huber {
        /// Where it turns linear.
        delta: f64,
    },
    /// Mean squared error (regression).
    Mse,
}

/// Weights of the classes in cross-entropy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// All one.
    #[default]
    None,
    /// Inverse to each class's share of the training rows, with mean one over the rows.
    Balanced,
}
