//! `training`: fit a strategy's network on dev, test it on dev's last part, store the model.
//!
//! A page of named steps: admit → gather → fit → test → store.

mod gather;
mod test_rows;
mod variety;

use std::ops::ControlFlow;
use std::time::Instant;

use ktrdr_catalog::models::{self, Manifest, Metadata};
use ktrdr_domain::job::TrainingSpec;
use ktrdr_domain::report::{EpochRecord, ModelRef, TrainingReport};
use ktrdr_domain::{Kind, Progress, Sha256};
use ktrdr_neural::{Backend, EpochProgress, NetworkShape, Task, TrainError, Trained};
use ktrdr_worker::{Handler, Job, Outcome};

use crate::Services;
use crate::fault::{self, Fault};
use gather::Gathered;

/// See the module.
pub struct Training(pub(crate) Services);

impl Handler for Training {
    fn kind(&self) -> Kind {
        Kind::Training
    }

    fn run(&self, job: &Job) -> Outcome {
        fault::outcome(fault::specification(job).and_then(|spec| self.train(job, &spec)))
    }
}

impl Training {
    fn train(&self, job: &Job, spec: &TrainingSpec) -> Result<TrainingReport, Fault> {
        let spec_sha256 = Sha256::of_json(spec).map_err(Fault::input)?;
        if let Some(report) = self.finished_before(job, spec, &spec_sha256)? {
            return Ok(report);
        }
        self.admit(spec)?;
        say(job, 0.0, "reading bars", Vec::new());
        let gathered = gather::gather(&self.0, spec)?;
        let shape =
            NetworkShape::new(&spec.strategy.model, gathered.width(), spec.strategy.decisions.output_format)
                .map_err(Fault::input)?;
        let started = Instant::now();
        let backend = self.0.backend_for(spec.device);
        let trained = fit(&*backend, job, spec, &shape, &gathered)?;
        let seconds = started.elapsed().as_secs_f64();
        say(job, 97.0, "evaluating on test rows", Vec::new());
        let tested = test_rows::evaluate(spec, &gathered, &trained)?;
        let model = ModelRef {
            strategy: spec.strategy.name.clone(),
            timeframe: spec.strategy.training_data.base_timeframe,
            version: 0,
            sha256: Sha256::of(&[]),
        };
        let report = TrainingReport {
            model,
            symbols: spec.strategy.training_data.symbols.clone(),
            window: spec.window,
            rows: gathered.rows(),
            rows_purged: gathered.purged,
            feature_count: gathered.width(),
            parameter_count: shape.parameter_count().map_err(Fault::input)?,
            epochs_trained: trained.history.len() as u32,
            best_epoch: trained.best_epoch,
            initial_train_loss: trained.history.first().map(|e| e.train_loss),
            final_train_loss: trained.history.last().map(|e| e.train_loss),
            history: trained.history.clone(),
            test: tested.test,
            trading_on_test: tested.trading,
            strategy_sha256: spec.strategy.sha256(),
            synthetic: spec.data.iter().any(|d| d.synthetic),
            warnings: gathered.warnings.clone(),
            training_seconds: seconds,
            trained_on: backend.name(),
        };
        self.store(job, spec, spec_sha256, shape, &gathered, &trained, report)
    }

    /// The windows are checked again here: a message that reached this worker may not have passed our submit.
    fn admit(&self, spec: &TrainingSpec) -> Result<(), Fault> {
        let windows = self.0.windows_of(&spec.data, &spec.windows)?;
        spec.account.validate().map_err(Fault::input)?;
        windows.allow_training(&spec.window).map_err(|e| Fault::Refused(e.to_string()))
    }

    /// An attempt that died between storing its model and recording it has done the work already.
    fn finished_before(
        &self,
        job: &Job,
        spec: &TrainingSpec,
        spec_sha256: &Sha256,
    ) -> Result<Option<TrainingReport>, Fault> {
        if job.fence <= 1 {
            return Ok(None);
        }
        let (name, base) = (&spec.strategy.name, spec.strategy.training_data.base_timeframe);
        let search = models::finished_before(&*self.0.artifacts, name, base, &job.id, spec_sha256);
        Ok(self.0.runtime.block_on(search)?)
    }

    #[allow(clippy::too_many_arguments)] // one call, and every argument is a noun of its own
    fn store(
        &self,
        job: &Job,
        spec: &TrainingSpec,
        spec_sha256: Sha256,
        shape: NetworkShape,
        gathered: &Gathered,
        trained: &Trained,
        report: TrainingReport,
    ) -> Result<TrainingReport, Fault> {
        say(job, 99.0, "storing the model", Vec::new());
        let artifacts = &*self.0.artifacts;
        self.0.runtime.block_on(async {
            let mut model = report.model.clone();
            model.version =
                models::reserve(artifacts, &model.strategy, model.timeframe, &job.id, job.fence).await?;
            let metadata = Metadata {
                strategy: spec.strategy.clone(),
                features: spec.strategy.features(),
                scaling: gathered.scaling.clone(),
                shape,
                data: spec.data.clone(),
                seed: spec.seed,
                code: env!("CARGO_PKG_VERSION").to_owned(),
                report: TrainingReport { model: model.clone(), ..report },
            };
            let manifest =
                |files| Manifest { operation: job.id.clone(), fence: job.fence, spec_sha256, files };
            model.sha256 =
                models::store(artifacts, &model.folder(), &trained.network, &metadata, manifest).await?;
            Ok(TrainingReport { model, ..metadata.report })
        })
    }
}

fn fit(
    backend: &dyn Backend,
    job: &Job,
    spec: &TrainingSpec,
    shape: &NetworkShape,
    gathered: &Gathered,
) -> Result<Trained, Fault> {
    let optimisation = &spec.strategy.training.optimisation;
    let task = Task {
        shape,
        optimisation,
        seed: spec.seed,
        train: gathered.train.samples(),
        validation: (!gathered.validation.is_empty()).then(|| gathered.validation.samples()),
    };
    let mut observer = |progress: &EpochProgress| {
        tell(job, &progress.record, progress.epochs);
        ControlFlow::Continue(())
    };
    let stop = || job.stop.is_stopped();
    backend.train(&task, &mut observer, &stop).map_err(|error| match error {
        TrainError::Cancelled { .. } => Fault::Stopped,
        TrainError::Device { .. } => Fault::Outside(error.to_string()),
        TrainError::DeviceLost { .. } => Fault::Unhealthy(error.to_string()),
        TrainError::Shape(_)
        | TrainError::Setting(_)
        | TrainError::Samples { .. }
        | TrainError::Diverged { .. } => Fault::input(error),
    })
}

fn tell(job: &Job, record: &EpochRecord, epochs: u32) {
    let share = f64::from(record.epoch) / f64::from(epochs.max(1));
    let mut figures = vec![("loss".to_owned(), record.train_loss)];
    figures.extend(record.validation_loss.map(|l| ("val loss".to_owned(), l)));
    figures.extend(record.validation_accuracy.map(|a| ("val accuracy".to_owned(), a)));
    job.progress.set(Progress {
        percentage: 3.0 + 92.0 * share,
        step: format!("epoch {}/{epochs}", record.epoch),
        items_done: u64::from(record.epoch),
        items_total: Some(u64::from(epochs)),
        figures,
    });
}

fn say(job: &Job, percentage: f64, step: &str, figures: Vec<(String, f64)>) {
    job.progress.set(Progress { percentage, step: step.to_owned(), figures, ..Progress::default() });
}
