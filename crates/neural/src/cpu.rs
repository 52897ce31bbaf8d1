//! The backend of this crate's own kernels: one thread, one core, the same bits everywhere.

mod epoch;

use std::ops::ControlFlow;

use crate::evaluate::loss_stats;
use crate::fit::{EpochStats, Fitted, Learner, fit};
use crate::network::Network;
use crate::train::{Backend, EpochProgress, Task, TrainError, Trained};
use crate::vectors::Vectors;
use epoch::Epochs;

/// Trains on one core of this processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpu {
    vectors: Vectors,
}

impl Cpu {
    /// With the widest vector instructions there are.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Vectors::widest())
    }

    /// With chosen vector instructions, which change the speed and nothing else.
    #[must_use]
    pub fn with(vectors: Vectors) -> Self {
        Self { vectors }
    }
}

impl Default for Cpu {
    fn default() -> Self {
        Self::new()
    }
}

impl Backend for Cpu {
    fn name(&self) -> String {
        "cpu".into() // whichever vector instructions: they give the same bits
    }

    /// Asks `stop` for every 64 rows.
    fn train(
        &self,
        task: &Task<'_>,
        observer: &mut dyn FnMut(&EpochProgress) -> ControlFlow<()>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Trained, TrainError> {
        let loss = task.check()?;
        let network = Network::seeded(task.shape, task.seed)?;
        let epochs = Epochs::new(self.vectors, task, loss, network.layout());
        let mut learner = CpuLearner { vectors: self.vectors, epochs, network, kept: Vec::new() };
        let Fitted { history, best_epoch, ending } = fit(task, &mut learner, observer, stop)?;
        Ok(Trained { network: learner.network, history, best_epoch, ending })
    }
}

/// Weights in this process's memory.
struct CpuLearner<'a> {
    vectors: Vectors,
    epochs: Epochs<'a>,
    network: Network,
    /// A copy of the weights of the best epoch.
    kept: Vec<f32>,
}

impl Learner for CpuLearner<'_> {
    fn epoch(
        &mut self,
        epoch: u32,
        learning_rate: f64,
        stop: &dyn Fn() -> bool,
    ) -> Result<EpochStats, TrainError> {
        let train = self.epochs.run(epoch, learning_rate, self.network.parameters_mut(), stop)?;
        let validation = match self.epochs.validation() {
            Some(samples) => Some(
                loss_stats(self.vectors, &self.network, samples, self.epochs.loss(), stop)
                    .ok_or(TrainError::Cancelled { epoch })?,
            ),
            None => None,
        };
        Ok(EpochStats { train, validation })
    }

    fn keep(&mut self) -> Result<(), TrainError> {
        self.kept.clear();
        self.kept.extend_from_slice(self.network.parameters());
        Ok(())
    }

    fn restore(&mut self) -> Result<(), TrainError> {
        self.network.parameters_mut().copy_from_slice(&self.kept);
        Ok(())
    }
}
