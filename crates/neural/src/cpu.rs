//! The backend of this crate's own kernels: one thread, one core, the same bits everywhere.

mod epoch;

use ktrdr_domain::report::EpochRecord;

use crate::best::Best;
use crate::evaluate::tally;
use crate::network::Network;
use crate::schedule::Schedule;
use crate::train::{Backend, Ending, EpochProgress, Flow, Task, TrainError, Trained};
use crate::vectors::Vectors;
use epoch::Epochs;
use ktrdr_domain::strategy::network::Loss;

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
        format!("cpu ({})", self.vectors)
    }

    fn train(
        &self,
        task: &Task<'_>,
        observer: &mut dyn FnMut(&EpochProgress) -> Flow,
        stop: &dyn Fn() -> bool,
    ) -> Result<Trained, TrainError> {
        let loss = task.check()?;
        let mut network = Network::seeded(task.shape, task.seed)?;
        let (history, best_epoch, ending) = self.fit(task, loss, &mut network, observer, stop)?;
        Ok(Trained { network, history, best_epoch, ending })
    }
}

impl Cpu {
    /// Epoch after epoch until one of the three endings; leaves the weights to keep in `network`.
    fn fit(
        &self,
        task: &Task<'_>,
        loss: Loss,
        network: &mut Network,
        observer: &mut dyn FnMut(&EpochProgress) -> Flow,
        stop: &dyn Fn() -> bool,
    ) -> Result<(Vec<EpochRecord>, u32, Ending), TrainError> {
        let mut epochs = Epochs::new(self.vectors, task, loss, network.layout());
        let mut schedule = Schedule::new(task.optimisation);
        let mut best = task.optimisation.early_stopping.map(Best::new);
        let mut history: Vec<EpochRecord> = Vec::new();
        let mut ending = Ending::AllEpochs;
        for epoch in 1..=task.optimisation.epochs {
            let record = self.epoch(epoch, &mut epochs, schedule.rate(), network, stop)?;
            history.push(record);
            schedule.advance(record.validation_loss);
            let parameters = network.parameters();
            let in_vain = best
                .as_mut()
                .zip(record.validation_loss)
                .is_some_and(|(best, loss)| best.observe(epoch, loss, parameters));
            let progress =
                EpochProgress { record, epochs: task.optimisation.epochs, rows: task.train.rows() };
            let flow = observer(&progress);
            if in_vain {
                ending = Ending::EarlyStopping;
                break;
            }
            if flow == Flow::Stop {
                ending = Ending::Observer;
                break;
            }
        }
        let last = history.last().map_or(0, |record| record.epoch);
        let best_epoch = best.and_then(|best| best.restore(network.parameters_mut())).unwrap_or(last);
        Ok((history, best_epoch, ending))
    }

    /// One pass over the training rows, then a look at the validation rows.
    fn epoch(
        &self,
        epoch: u32,
        epochs: &mut Epochs<'_>,
        learning_rate: f64,
        network: &mut Network,
        stop: &dyn Fn() -> bool,
    ) -> Result<EpochRecord, TrainError> {
        let train = epochs.run(epoch, learning_rate, network.parameters_mut(), stop)?;
        let validation = match epochs.validation() {
            Some(samples) => Some(
                tally(self.vectors, network, samples, epochs.loss(), stop)
                    .ok_or(TrainError::Cancelled { epoch })?,
            ),
            None => None,
        };
        let diverged = |loss: f64| !loss.is_finite();
        if diverged(train.mean_loss()) || validation.is_some_and(|tally| diverged(tally.mean_loss())) {
            return Err(TrainError::Diverged { epoch });
        }
        Ok(EpochRecord {
            epoch,
            train_loss: train.mean_loss(),
            train_accuracy: train.accuracy(),
            validation_loss: validation.map(|tally| tally.mean_loss()),
            validation_accuracy: validation.map(|tally| tally.accuracy()),
            learning_rate,
        })
    }
}
