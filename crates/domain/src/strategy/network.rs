//! The shape of the network and how it is fitted. Every key acts or is refused.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::field::{
    BATCH_SIZE, EARLY_STOPPING, EPOCHS, EXPONENTIAL, Field, GRADIENT_CLIP, HUBER_DELTA, LEARNING_RATE,
    REDUCE_ON_PLATEAU, STEP, WEIGHT_DECAY,
};

/// A multi-layer perceptron: `[linear → activation → dropout]` per hidden layer, then a linear output.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Architecture {
    /// Units of each hidden layer.
    pub hidden_layers: Vec<usize>,
    /// Between the layers.
    pub activation: Activation,
    /// Share of hidden units silenced while training, from 0 to under 1.
    #[serde(serialize_with = "shortest")]
    pub dropout: f32,
}

impl Architecture {
    /// Trainable numbers, weights and biases, with that many inputs and outputs.
    #[must_use]
    pub fn parameters(&self, inputs: usize, outputs: usize) -> usize {
        let mut below = inputs;
        let widths = self.hidden_layers.iter().copied().chain([outputs]);
        widths.fold(0, |sum: usize, width| {
            let layer = below.saturating_add(1).saturating_mul(width);
            below = width;
            sum.saturating_add(layer)
        })
    }
}

/// An activation function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// Largest norm of the whole gradient; written `false` for none.
    #[serde(serialize_with = "or_false")]
    pub gradient_clip: Option<f64>,
    /// When to stop before the last epoch; written `false` for never.
    #[serde(serialize_with = "or_false")]
    pub early_stopping: Option<EarlyStopping>,
    /// What is minimised; `None` is cross-entropy for classification, Huber for regression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// Weights of the classes in cross-entropy.
    pub class_weights: ClassWeights,
}

impl Default for Optimisation {
    fn default() -> Self {
        Self {
            epochs: EPOCHS.default_value() as u32,
            batch_size: BATCH_SIZE.default_value() as usize,
            learning_rate: LEARNING_RATE.default_value(),
            optimizer: Optimizer::Adam,
            weight_decay: WEIGHT_DECAY.default_value(),
            lr_scheduler: Scheduler::default(),
            gradient_clip: GRADIENT_CLIP.default,
            early_stopping: Some(EarlyStopping::default()),
            loss: None,
            class_weights: ClassWeights::default(),
        }
    }
}

impl Optimisation {
    /// Every number in it: its path below `training`, the field that bounds it, its value.
    #[must_use]
    pub fn numbers(&self) -> Vec<(&'static str, Field, f64)> {
        let mut numbers = vec![
            ("epochs", EPOCHS, f64::from(self.epochs)),
            ("batch_size", BATCH_SIZE, self.batch_size as f64),
            ("learning_rate", LEARNING_RATE, self.learning_rate),
            ("weight_decay", WEIGHT_DECAY, self.weight_decay),
        ];
        match self.lr_scheduler {
            Scheduler::Constant | Scheduler::Cosine => {}
            Scheduler::Step { step_size, gamma } => numbers.extend([
                ("lr_scheduler.step_size", STEP[0], f64::from(step_size)),
                ("lr_scheduler.gamma", STEP[1], gamma),
            ]),
            Scheduler::Exponential { gamma } => {
                numbers.push(("lr_scheduler.gamma", EXPONENTIAL[0], gamma));
            }
            Scheduler::ReduceOnPlateau { factor, patience } => numbers.extend([
                ("lr_scheduler.factor", REDUCE_ON_PLATEAU[0], factor),
                ("lr_scheduler.patience", REDUCE_ON_PLATEAU[1], f64::from(patience)),
            ]),
        }
        numbers.extend(self.gradient_clip.map(|norm| ("gradient_clip", GRADIENT_CLIP, norm)));
        if let Some(EarlyStopping { patience, min_delta }) = self.early_stopping {
            numbers.push(("early_stopping.patience", EARLY_STOPPING[0], f64::from(patience)));
            numbers.push(("early_stopping.min_delta", EARLY_STOPPING[1], min_delta));
        }
        if let Some(Loss::Huber { delta }) = self.loss {
            numbers.push(("loss.delta", HUBER_DELTA, delta));
        }
        numbers
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
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
    /// Down a half cosine that reaches zero as the last epoch ends.
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
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EarlyStopping {
    /// Epochs to wait.
    pub patience: u32,
    /// Smallest fall that counts.
    pub min_delta: f64,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        let [patience, min_delta] = EARLY_STOPPING.map(|field| field.default_value());
        Self { patience: patience as u32, min_delta }
    }
}

/// What is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
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

/// A single-precision number with the digits it was written with: 0.2, not 0.20000000298.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn shortest<S: Serializer>(number: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    let double = number.to_string().parse().unwrap_or_else(|_| f64::from(*number));
    serializer.serialize_f64(double)
}

/// What is on by default is switched off by the word `false`, since leaving it out would not.
fn or_false<T: Serialize, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => value.serialize(serializer),
        None => serializer.serialize_bool(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_what_its_field_says() {
        for (path, field, value) in Optimisation::default().numbers() {
            assert!(field.default == Some(value) && field.allows(value), "{path}: {value}");
        }
    }

    #[test]
    fn parameters_are_weights_and_biases() {
        let network = |layers: &[usize]| Architecture {
            hidden_layers: layers.to_vec(),
            activation: Activation::Relu,
            dropout: 0.0,
        };
        assert_eq!(network(&[16]).parameters(15, 3), 15 * 16 + 16 + 16 * 3 + 3);
        assert_eq!(network(&[]).parameters(4, 1), 5);
        assert_eq!(network(&[9]).parameters(usize::MAX, 1), usize::MAX);
    }
}
