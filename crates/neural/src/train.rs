//! Training: what is asked for, what is reported meanwhile, what comes back.

use std::ops::ControlFlow;

use ktrdr_domain::report::EpochRecord;
use ktrdr_domain::strategy::network::Optimisation;
use thiserror::Error;

use crate::network::Network;
use crate::samples::{SampleError, Samples, TRAINING_ROWS_MIN};
use crate::settings::{self, SettingError};
use crate::shape::{NetworkShape, ShapeError};
use ktrdr_domain::strategy::network::Loss;

/// One network to train. All of it, the seed included, decides the result to the last bit.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// What to train.
    pub shape: &'a NetworkShape,
    /// How.
    pub optimisation: &'a Optimisation,
    /// Fixes the first weights, the order of the rows and what dropout silences.
    pub seed: u64,
    /// Rows to learn from.
    pub train: Samples<'a>,
    /// Rows that steer early stopping and the plateau scheduler, and teach nothing.
    pub validation: Option<Samples<'a>>,
}

impl Task<'_> {
    /// Checks everything, so that a backend only has to train; gives the loss to minimise.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<Loss, TrainError> {
        self.shape.parameter_count()?;
        let loss = settings::check(self.optimisation, self.shape.output, self.validation.is_some())?;
        self.train.check(self.shape, TRAINING_ROWS_MIN).map_err(|source| at("training", source))?;
        if let Some(validation) = &self.validation {
            validation.check(self.shape, 1).map_err(|source| at("validation", source))?;
        }
        Ok(loss)
    }
}

fn at(set: &'static str, source: SampleError) -> TrainError {
    TrainError::Samples { set, source }
}

/// What is known after an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochProgress {
    /// The epoch that just ended.
    pub record: EpochRecord,
    /// Epochs asked for.
    pub epochs: u32,
    /// Training rows of one epoch.
    pub rows: usize,
}

/// Why training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The last epoch was reached.
    AllEpochs,
    /// The validation loss no longer fell.
    EarlyStopping,
    /// The observer said so.
    Observer,
}

/// A trained network and how it got there.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The network of `best_epoch`.
    pub network: Network,
    /// Every epoch.
    pub history: Vec<EpochRecord>,
    /// The epoch whose weights were kept: that of the lowest validation loss under early stopping, else the last.
    pub best_epoch: u32,
    /// Why it ended.
    pub ending: Ending,
}

/// Why nothing was trained.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum TrainError {
    /// The network is impossible.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A key of the optimisation can not act.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Rows that nothing can be learned from.
    #[error("{set} rows: {source}")]
    Samples {
        /// Training or validation.
        set: &'static str,
        /// What is wrong with them.
        source: SampleError,
    },
    /// The loss became NaN or infinite.
    #[error(
        "the loss was no longer a finite number in epoch {epoch}: use a lower training.learning_rate, set \
         training.gradient_clip to 1, or scale the features"
    )]
    Diverged {
        /// From 1.
        epoch: u32,
    },
    /// The device that trains failed, or has too little memory.
    #[error(
        "{device} failed in epoch {epoch}: {reason}; train a smaller network or smaller batches, or ask for a CPU with \
         --device cpu"
    )]
    Device {
        /// Which one.
        device: String,
        /// From 1; 0 before the first.
        epoch: u32,
        /// Its own words.
        reason: String,
    },
    /// The device that trains will do nothing more for this process.
    #[error("{device} is lost to this process until it starts again: {reason}")]
    DeviceLost {
        /// Which one.
        device: String,
        /// Its own words.
        reason: String,
    },
    /// The caller asked to stop; what was learned is dropped.
    #[error("training was cancelled in epoch {epoch}")]
    Cancelled {
        /// From 1.
        epoch: u32,
    },
}

/// Something that trains networks.
///
/// The seam between this crate's own code ([`Cpu`](crate::Cpu)) and libraries for other devices. Every backend keeps
/// the meaning of each key of [`Optimisation`] and of each number it reports; only a backend's own documentation
/// says how far its bits can be repeated.
pub trait Backend: Send + Sync {
    /// What runs, for the records: the device, and whatever else decides the bits.
    fn name(&self) -> String;

    /// Trains. `observer` hears of each epoch, and breaks off to end here and keep the network; `stop` is asked at least once for every batch, and true ends the
    /// training with [`TrainError::Cancelled`].
    ///
    /// # Errors
    /// When the task is refused, the loss diverges or `stop` says so.
    fn train(
        &self,
        task: &Task<'_>,
        observer: &mut dyn FnMut(&EpochProgress) -> ControlFlow<()>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Trained, TrainError>;
}
