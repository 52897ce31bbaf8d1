//! Shapes, rows and settings that the tests share.

use std::ops::ControlFlow;

use ktrdr_domain::strategy::network::{Activation, EarlyStopping, Loss, Optimisation, Optimizer, OutputKind};
use ktrdr_neural::{Backend, Cpu, Network, NetworkShape, Samples, Targets, Task, TrainError, Trained};
use ndarray::ArrayView2;

pub(crate) const ACTIVATIONS: [Activation; 5] =
    [Activation::Relu, Activation::Tanh, Activation::Sigmoid, Activation::LeakyRelu, Activation::Gelu];

/// Rows that own their numbers.
pub(crate) struct Rows {
    pub(crate) x: Vec<f32>,
    pub(crate) width: usize,
    pub(crate) classes: Vec<u8>,
    pub(crate) values: Vec<f32>,
}

impl Rows {
    pub(crate) fn matrix(&self) -> ArrayView2<'_, f32> {
        matrix(&self.x, self.width)
    }

    pub(crate) fn classified(&self) -> Samples<'_> {
        Samples { x: self.matrix(), targets: Targets::Classes(&self.classes), weights: None }
    }

    pub(crate) fn valued(&self) -> Samples<'_> {
        Samples { x: self.matrix(), targets: Targets::Values(&self.values), weights: None }
    }
}

/// Numbers as rows of this width.
pub(crate) fn matrix(numbers: &[f32], width: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((numbers.len() / width, width), numbers).unwrap()
}

/// A small linear congruential generator: the tests' own, independent of the crate's.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From −1 to 1.
    pub(crate) fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / 8_388_608.0 - 1.0
    }
}

/// Rows whose class and value follow from a bent function of the features, with noise.
pub(crate) fn noisy_rows(count: usize, width: usize, seed: u64) -> Rows {
    let mut numbers = Numbers::new(seed);
    let x: Vec<f32> = (0..count * width).map(|_| numbers.next()).collect();
    let values: Vec<f32> = x
        .chunks_exact(width)
        .map(|row| row[0] * 1.5 - row[1] * row[width - 1] + 0.5 * numbers.next())
        .collect();
    let classes = values
        .iter()
        .map(|&value| match value {
            v if v > 0.4 => 0,
            v if v < -0.4 => 2,
            _ => 1,
        })
        .collect();
    Rows { x, width, classes, values }
}

pub(crate) fn shape(inputs: usize, hidden: &[usize], output: OutputKind) -> NetworkShape {
    NetworkShape {
        inputs,
        hidden_layers: hidden.to_vec(),
        activation: Activation::Relu,
        dropout: 0.0,
        output,
    }
}

/// Defaults without early stopping, for `epochs` epochs.
pub(crate) fn settings(epochs: u32) -> Optimisation {
    Optimisation { epochs, early_stopping: None, ..Optimisation::default() }
}

/// Few rows, many units, a quick rate: validation loss falls, then rises.
pub(crate) fn overfitting() -> Optimisation {
    Optimisation {
        learning_rate: 0.02,
        early_stopping: Some(EarlyStopping { patience: 4, min_delta: 0.0 }),
        ..settings(200)
    }
}

/// Steps so long that the loss soon is not a number.
pub(crate) fn diverging() -> Optimisation {
    Optimisation {
        optimizer: Optimizer::Sgd,
        learning_rate: 10.0,
        gradient_clip: None,
        loss: Some(Loss::Mse),
        ..settings(50)
    }
}

pub(crate) fn train<'a>(
    shape: &'a NetworkShape,
    optimisation: &'a Optimisation,
    seed: u64,
    train: Samples<'a>,
) -> Result<Trained, TrainError> {
    run(&Task { shape, optimisation, seed, train, validation: None })
}

pub(crate) fn run(task: &Task<'_>) -> Result<Trained, TrainError> {
    Cpu::new().train(task, &mut |_| ControlFlow::Continue(()), &|| false)
}

/// Every weight and bias, bit for bit.
pub(crate) fn bits(network: &Network) -> Vec<u32> {
    network
        .layers()
        .iter()
        .flat_map(|layer| layer.weights.iter().chain(&layer.bias).map(|x| x.to_bits()).collect::<Vec<_>>())
        .collect()
}
