//! Neural networks: train, predict, save, load. Pure: no clock, no files, no randomness but a seed.
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use ktrdr_domain::strategy::network::{Activation, Optimisation, OutputKind};
//! use ktrdr_neural::{Backend, Cpu, NetworkShape, Samples, Targets, Task};
//!
//! let shape = NetworkShape {
//!     inputs: 2,
//!     hidden_layers: vec![16, 8],
//!     activation: Activation::Relu,
//!     dropout: 0.0,
//!     output: OutputKind::Classification,
//! };
//! let x = ndarray::Array2::from_shape_fn((32, 2), |(row, column)| ((2 * row + column) % 7) as f32 / 7.0);
//! let classes: Vec<u8> = (0..32).map(|i| i % 3).collect();
//! let train = Samples { x: x.view(), targets: Targets::Classes(&classes), weights: None };
//! let optimisation = Optimisation { early_stopping: None, ..Optimisation::default() };
//! let task = Task { shape: &shape, optimisation: &optimisation, seed: 7, train, validation: None };
//! let trained = Cpu::new().train(&task, &mut |_| ControlFlow::Continue(()), &|| false)?;
//! let logits = trained.network.predict(&x)?;
//! assert_eq!(logits.dim(), (32, 3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to follow | read |
//! |---|---|
//! | one training from start to end | [`Task`] → `fit` (epochs, endings) → `cpu::epoch` (batches) → `backward` (a block) → `optimiser` |
//! | where the time goes | `matrix`: one product, `C ← C + A·B` |
//! | one prediction | [`Network::predict`] → `forward` |
//! | what a trained network is worth | [`evaluate()`], [`score`], [`calibration`] |
//! | what each of its inputs is worth to it | [`importance`] |
//!
//! # What is repeated to the bit
//!
//! **The same [`Task`] gives the same network and the same history, bit for bit**: again on this machine, on any other
//! machine whose arithmetic is IEEE 754, and with any [`Vectors`]. A golden digest of whole trainings holds this in
//! the tests, and so does a comparison of all vector instructions at hand. It rests on four rules:
//!
//! 1. Every sum has one order. A matrix product's number is one chain of fused multiply-adds over the inner index;
//!    vector lanes hold different numbers, never parts of one sum. A gradient is summed over the rows of a batch in
//!    their shuffled order, however the batch is cut into blocks.
//! 2. Fused and unfused operations are chosen in the source, and the compiler may not trade one for the other.
//! 3. exp, ln, tanh and cosine are this crate's own (`elementary`); no system library takes part. Division and
//!    square root are exact by the standard.
//! 4. Random numbers are ChaCha8 under a key made from the seed, one stream per purpose; shuffling and mapping to
//!    floats are written out here, so that no library's update changes what a seed means.
//!
//! A row's prediction does not depend on the rows predicted with it. NaN has many bit patterns and is promised
//! nothing, but no training that meets one ends well: it is [`TrainError::Diverged`].
//! Processors without fused multiply-add (older than about 2013) give the same bits roughly a hundred times slower.
//! The promise is [`Cpu`]'s; another [`Backend`] states its own. The one for GPUs is built with the feature `torch`.
//!
//! # Limits
//!
//! [`PARAMETERS_MAX`], [`LAYER_WIDTH_MAX`], [`HIDDEN_LAYERS_MAX`](ktrdr_domain::strategy::field::HIDDEN_LAYERS_MAX), [`TRAINING_ROWS_MIN`], [`HEADER_BYTES_MAX`].
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod activation;
mod backward;
pub mod calibration;
mod cpu;
mod early_stopping;
mod elementary;
mod evaluate;
mod fit;
mod forward;
mod gpu;
pub mod importance;
mod layout;
mod loss;
mod matrix;
mod network;
mod optimiser;
mod random;
mod row_weights;
mod samples;
mod schedule;
pub mod score;
mod settings;
mod shape;
pub mod throughput;
#[cfg(feature = "torch")]
mod torch;
mod train;
mod vectors;
mod weights;

pub use cpu::Cpu;
pub use evaluate::{EvaluateError, Evaluation, evaluate};
pub use gpu::{GPUS_BUILT_IN, gpu};
pub use loss::loss_for;
pub use network::{Dense, Network, NetworkError, PredictError};
pub use samples::{SampleError, Samples, TRAINING_ROWS_MIN, Targets};
pub use settings::SettingError;
pub use shape::{LAYER_WIDTH_MAX, NetworkShape, PARAMETERS_MAX, ShapeError};
#[cfg(feature = "torch")]
pub use torch::{NoGpu, Torch};

/// What this build can compute on, in words.
#[cfg(not(feature = "torch"))]
pub const COMPUTES_ON: &str = "on the CPU (a build with the feature `torch`: on GPUs too)";

/// What this build can compute on, in words.
#[cfg(feature = "torch")]
pub const COMPUTES_ON: &str = "on the CPU and, by libtorch, on GPUs";
pub use train::{Backend, Ending, EpochProgress, Task, TrainError, Trained};
pub use vectors::Vectors;
pub use weights::{HEADER_BYTES_MAX, WeightsError};
