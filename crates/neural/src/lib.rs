//! Neural networks: train, predict, save, load.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod activation;
mod backward;
mod best;
mod cpu;
mod elementary;
mod evaluate;
mod forward;
mod layout;
mod loss;
mod matrix;
mod network;
mod optimiser;
mod random;
mod samples;
mod schedule;
pub mod score;
mod settings;
mod shape;
mod store;
pub mod throughput;
mod train;
mod vectors;

pub use cpu::Cpu;
pub use evaluate::{Evaluation, evaluate};
pub use loss::{HUBER_DELTA, loss_for};
pub use network::{Dense, Network, NetworkError, RowWidthError};
pub use samples::{SampleError, Samples, TRAINING_ROWS_MIN, Targets};
pub use settings::SettingError;
pub use shape::{HIDDEN_LAYERS_MAX, LAYER_WIDTH_MAX, NetworkShape, PARAMETERS_MAX, ShapeError};
pub use store::{HEADER_BYTES_MAX, StoreError, from_safetensors, to_safetensors};
pub use train::{Backend, Ending, EpochProgress, Flow, Task, TrainError, Trained};
pub use vectors::Vectors;
