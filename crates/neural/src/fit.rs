//! Epoch after epoch until one of the three endings: what every backend does the same way.

use ktrdr_domain::report::EpochRecord;

use crate::best::Best;
use crate::loss::Tally;
use crate::schedule::Schedule;
use crate::train::{Ending, EpochProgress, Flow, Task, TrainError};

/// Weights on some device, and the way they learn.
pub(crate) trait Learner {
    /// Learns from every training row once, then looks at the validation rows.
    fn epoch(
        &mut self,
        epoch: u32,
        learning_rate: f64,
        stop: &dyn Fn() -> bool,
    ) -> Result<EpochTally, TrainError>;

    /// Copies the weights aside.
    fn keep(&mut self) -> Result<(), TrainError>;

    /// Puts the weights kept last back.
    fn restore(&mut self) -> Result<(), TrainError>;
}

/// What an epoch's rows cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EpochTally {
    pub(crate) train: Tally,
    pub(crate) validation: Option<Tally>,
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
    observer: &mut dyn FnMut(&EpochProgress) -> Flow,
    stop: &dyn Fn() -> bool,
) -> Result<Fitted, TrainError> {
    let mut schedule = Schedule::new(task.optimisation);
    let mut best = task.optimisation.early_stopping.map(Best::new);
    let mut history: Vec<EpochRecord> = Vec::new();
    let mut ending = Ending::AllEpochs;
    for epoch in 1..=task.optimisation.epochs {
        let tally = learner.epoch(epoch, schedule.rate(), stop)?;
        let record = record(epoch, schedule.rate(), tally)?;
        history.push(record);
        schedule.advance(record.validation_loss);
        let verdict = best.as_mut().zip(record.validation_loss).map(|(best, loss)| best.observe(epoch, loss));
        if verdict.is_some_and(|verdict| verdict.is_best) {
            learner.keep()?;
        }
        let progress = EpochProgress { record, epochs: task.optimisation.epochs, rows: task.train.rows() };
        let flow = observer(&progress);
        if verdict.is_some_and(|verdict| verdict.in_vain) {
            ending = Ending::EarlyStopping;
            break;
        }
        if flow == Flow::Stop {
            ending = Ending::Observer;
            break;
        }
    }
    let best_epoch = best.and_then(|best| best.epoch());
    if best_epoch.is_some() {
        learner.restore()?;
    }
    let last = history.last().map_or(0, |record| record.epoch);
    Ok(Fitted { history, best_epoch: best_epoch.unwrap_or(last), ending })
}

fn record(epoch: u32, learning_rate: f64, tally: EpochTally) -> Result<EpochRecord, TrainError> {
    let EpochTally { train, validation } = tally;
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
