//! One network, fitted with the strategy's own settings, told about epoch by epoch.

use std::ops::{ControlFlow, Range};

use ktrdr_domain::Progress;
use ktrdr_domain::job::TrainingSpec;
use ktrdr_domain::report::EpochRecord;
use ktrdr_neural::{Backend, EpochProgress, NetworkShape, Task, TrainError, Trained};
use ktrdr_worker::Job;

use super::gather::Rows;
use super::walk_forward::BLOCKS;
use crate::fault::Fault;

/// What fits every network of one training.
pub(super) struct Fitter<'a> {
    pub(super) backend: &'a dyn Backend,
    pub(super) job: &'a Job,
    pub(super) spec: &'a TrainingSpec,
    pub(super) shape: &'a NetworkShape,
}

/// Which of the networks it is, for people who wait.
pub(super) struct Stage {
    /// Before the epoch; empty for the network that is stored.
    pub(super) name: String,
    /// Networks of the job that were fitted before it: their epochs are work that is done.
    pub(super) before: u32,
    /// Its part of the job, in percent.
    pub(super) percent: Range<f64>,
}

impl Fitter<'_> {
    /// # Errors
    /// [`Fault::BadInput`] when these rows can not be learned from with these settings.
    pub(super) fn fit(&self, rows: &Rows, stage: &Stage) -> Result<Trained, Fault> {
        let task = Task {
            shape: self.shape,
            optimisation: &self.spec.strategy.training.optimisation,
            seed: self.spec.seed,
            train: rows.train.samples(),
            validation: (!rows.validation.is_empty()).then(|| rows.validation.samples()),
        };
        let mut observer = |progress: &EpochProgress| {
            tell(self.job, stage, &progress.record, progress.epochs);
            ControlFlow::Continue(())
        };
        let stop = || self.job.stop.is_stopped();
        self.backend.train(&task, &mut observer, &stop).map_err(|error| match error {
            TrainError::Cancelled { .. } => Fault::Stopped,
            TrainError::Device { .. } => Fault::Outside(error.to_string()),
            TrainError::DeviceLost { .. } => Fault::Unhealthy(error.to_string()),
            TrainError::Shape(_)
            | TrainError::Setting(_)
            | TrainError::Samples { .. }
            | TrainError::Diverged { .. } => Fault::input(error),
        })
    }
}

fn tell(job: &Job, stage: &Stage, record: &EpochRecord, epochs: u32) {
    let share = f64::from(record.epoch) / f64::from(epochs.max(1));
    let mut figures = vec![("loss".to_owned(), record.train_loss)];
    figures.extend(record.validation_loss.map(|l| ("val loss".to_owned(), l)));
    figures.extend(record.validation_accuracy.map(|a| ("val accuracy".to_owned(), a)));
    let Range { start, end } = stage.percent;
    job.progress.set(Progress {
        percentage: start + (end - start) * share,
        step: format!("{}epoch {}/{epochs}", stage.name, record.epoch),
        items_done: u64::from(stage.before) * u64::from(epochs) + u64::from(record.epoch),
        items_total: Some(BLOCKS as u64 * u64::from(epochs)),
        figures,
        ..Progress::default()
    });
}
