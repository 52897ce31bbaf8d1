//! Epoch after epoch until one of the three endings: what every backend does the same way.

use std::ops::ControlFlow;

use ktrdr_domain::report::EpochRecord;

use crate::early_stopping::EarlyStopper;
use crate::loss::LossStats;
use crate::schedule::Schedule;
use crate::train::{Ending, EpochProgress, Task, TrainError};

/// Weights on some device, and the way they learn.
pub(crate) trait Learner {
    /// Learns from every training row once, then looks at the validation rows.
    fn epoch(
        &mut self,
        epoch: u32,
        learning_rate: f64,
        stop: &dyn Fn() -> bool,
    ) -> Result<EpochStats, TrainError>;

    /// Copies the weights aside.
    fn keep(&mut self) -> Result<(), TrainError>;

    /// Puts the weights kept last back.
    fn restore(&mut self) -> Result<(), TrainError>;
}

/// Loss and right answers of an epoch: on the training rows while it learned, on the validation rows after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EpochStats {
    pub(crate) train: LossStats,
    pub(crate) validation: Option<LossStats>,
}

/// How a training went.
pub(crate) struct Fitted {
    pub(crate) history: Vec<EpochRecord>,
    pub(crate) best_epoch: u32,
    pub(crate) ending: Ending,
}

/// Trains, and leaves the weights of the best epoch in `learner`.
pub(crate) fn fit(
    task: &Task<'_>,
    learner: &mut impl Learner,
    observer: &mut dyn FnMut(&EpochProgress) -> ControlFlow<()>,
    stop: &dyn Fn() -> bool,
) -> Result<Fitted, TrainError> {
    let mut schedule = Schedule::new(task.optimisation);
    let mut stopper = task.optimisation.early_stopping.map(EarlyStopper::new);
    let mut history: Vec<EpochRecord> = Vec::new();
    let mut ending = Ending::AllEpochs;
    for epoch in 1..=task.optimisation.epochs {
        let stats = learner.epoch(epoch, schedule.rate(), stop)?;
        let record = record(epoch, schedule.rate(), stats)?;
        history.push(record);
        schedule.advance(record.validation_loss);
        let observed =
            stopper.as_mut().zip(record.validation_loss).map(|(stopper, loss)| stopper.observe(epoch, loss));
        if observed.is_some_and(|loss| loss.is_best) {
            learner.keep()?;
        }
        let progress = EpochProgress { record, epochs: task.optimisation.epochs, rows: task.train.rows() };
        let flow = observer(&progress);
        if observed.is_some_and(|loss| loss.exhausted) {
            ending = Ending::EarlyStopping;
            break;
        }
        if flow.is_break() {
            ending = Ending::Observer;
            break;
        }
    }
    let best_epoch = stopper.and_then(|stopper| stopper.best_epoch());
    if best_epoch.is_some() {
        learner.restore()?;
    }
    let last = history.last().map_or(0, |record| record.epoch);
    Ok(Fitted { history, best_epoch: best_epoch.unwrap_or(last), ending })
}

fn record(epoch: u32, learning_rate: f64, stats: EpochStats) -> Result<EpochRecord, TrainError> {
    let EpochStats { train, validation } = stats;
    let diverged = |loss: f64| !loss.is_finite();
    if diverged(train.mean_loss()) || validation.is_some_and(|stats| diverged(stats.mean_loss())) {
        return Err(TrainError::Diverged { epoch });
    }
    Ok(EpochRecord {
        epoch,
        train_loss: train.mean_loss(),
        train_accuracy: train.accuracy(),
        validation_loss: validation.map(|stats| stats.mean_loss()),
        validation_accuracy: validation.map(|stats| stats.accuracy()),
        learning_rate,
    })
}
