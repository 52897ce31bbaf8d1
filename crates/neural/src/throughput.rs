//! Loads of a given size, for whoever holds a clock: this crate has none.
//!
//! Build a load outside the measured stretch, run it inside, and divide the rows it returns by the seconds.

use std::ops::ControlFlow;

use ktrdr_domain::strategy::network::{Activation, Optimisation, OutputKind};
use ndarray::{Array2, ArrayView1};

use crate::cpu::Cpu;
use crate::network::Network;
use crate::random::{Purpose, SeededRng};
use crate::samples::{Samples, Targets};
use crate::shape::{NetworkShape, ShapeError};
use crate::train::{Backend, Task, TrainError};
use crate::vectors::Vectors;

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Work {
    /// Rows trained on or predicted.
    pub rows: u64,
    /// Something that depends on every result, so that no work can be left out: the last training loss, or the sum
    /// of the outputs.
    pub checksum: f64,
}

/// The shape whose speed is quoted: 60-64-32-3, ReLU, no dropout.
#[must_use]
pub fn headline_shape() -> NetworkShape {
    NetworkShape {
        inputs: 60,
        hidden_layers: vec![64, 32],
        activation: Activation::Relu,
        dropout: 0.0,
        output: OutputKind::Classification,
    }
}

/// The settings of the quoted speed: Adam, batches of 64, neither clipping nor early stopping.
#[must_use]
pub fn headline_optimisation() -> Optimisation {
    Optimisation { batch_size: 64, gradient_clip: None, early_stopping: None, ..Optimisation::default() }
}

/// Synthetic rows to train on: even features, and a class or number that depends on a few of them.
#[derive(Debug, Clone)]
pub struct TrainingLoad {
    shape: NetworkShape,
    x: Array2<f32>,
    classes: Vec<u8>,
    values: Vec<f32>,
}

impl TrainingLoad {
    /// Makes `rows` rows.
    ///
    /// # Errors
    /// When the shape breaks a limit.
    pub fn new(shape: &NetworkShape, rows: usize, seed: u64) -> Result<Self, ShapeError> {
        shape.parameter_count()?;
        let x = rows_of(shape.inputs, rows, seed);
        let score = |row: ArrayView1<'_, f32>| {
            row.iter().zip([1.0, -0.7, 0.4]).map(|(x, weight)| x * weight).sum::<f32>()
        };
        let values: Vec<f32> = x.rows().into_iter().map(score).collect();
        let class = |&value: &f32| match value {
            value if value > 0.3 => 0,
            value if value < -0.3 => 2,
            _ => 1,
        };
        let classes = values.iter().map(class).collect();
        Ok(Self { shape: shape.clone(), x, classes, values })
    }

    /// Trains a fresh network for `optimisation.epochs` epochs.
    ///
    /// # Errors
    /// As [`Backend::train`].
    pub fn run(&self, backend: &dyn Backend, optimisation: &Optimisation) -> Result<Work, TrainError> {
        let targets = match self.shape.output {
            OutputKind::Classification => Targets::Classes(&self.classes),
            OutputKind::Regression => Targets::Values(&self.values),
        };
        let train = Samples { x: self.x.view(), targets, weights: None };
        let task = Task { shape: &self.shape, optimisation, seed: 1, train, validation: None };
        let trained = backend.train(&task, &mut |_| ControlFlow::Continue(()), &|| false)?;
        let rows = trained.history.len() as u64 * self.classes.len() as u64;
        Ok(Work { rows, checksum: trained.history.last().map_or(0.0, |record| record.train_loss) })
    }

    /// [`TrainingLoad::run`] on this crate's own backend with the headline's settings.
    ///
    /// # Errors
    /// As [`Backend::train`].
    pub fn run_headline(&self, epochs: u32) -> Result<Work, TrainError> {
        self.run(&Cpu::new(), &Optimisation { epochs, ..headline_optimisation() })
    }
}

/// A network and synthetic rows for it to predict.
#[derive(Debug, Clone)]
pub struct PredictionLoad {
    network: Network,
    x: Array2<f32>,
}

impl PredictionLoad {
    /// Makes `rows` rows and an untrained network.
    ///
    /// # Errors
    /// When the shape breaks a limit.
    pub fn new(shape: &NetworkShape, rows: usize, seed: u64) -> Result<Self, ShapeError> {
        let network = Network::seeded(shape, seed)?;
        Ok(Self { network, x: rows_of(shape.inputs, rows, seed) })
    }

    /// Predicts every row once.
    pub fn run(&self, vectors: Vectors) -> Work {
        match self.network.predict_with(vectors, &self.x) {
            Ok(outputs) => {
                Work { rows: outputs.nrows() as u64, checksum: outputs.iter().map(|&x| f64::from(x)).sum() }
            }
            Err(_) => Work { rows: 0, checksum: 0.0 },
        }
    }
}

fn rows_of(width: usize, rows: usize, seed: u64) -> Array2<f32> {
    let mut stream = SeededRng::new(seed, Purpose::SyntheticRows);
    Array2::from_shape_simple_fn((rows, width), || stream.symmetric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted_in_rows_and_its_checksum_is_that_of_a_network_that_learns() {
        let load = TrainingLoad::new(&headline_shape(), 640, 1).unwrap();
        let (short, long) = (load.run_headline(1).unwrap(), load.run_headline(20).unwrap());
        assert_eq!((short.rows, long.rows), (640, 12_800));
        assert!(long.checksum < 0.5 * short.checksum, "{short:?} {long:?}");
    }

    #[test]
    fn predicted_rows_are_counted_and_their_outputs_summed() {
        let load = PredictionLoad::new(&headline_shape(), 100, 1).unwrap();
        let work = load.run(Vectors::widest());
        assert_eq!(work.rows, 100);
        assert!(work.checksum != 0.0 && work == load.run(Vectors::widest()));
    }
}
