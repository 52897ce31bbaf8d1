//! `training`: fit a strategy's network on dev, judge it on dev's last part, trade it walk-forward through dev, store the
//! model.
//!
//! A page of named steps: admit → gather → fit → score → walk forward → ask what each input is worth → store.

mod dev_backtest;
mod fit;
mod gather;
mod importance;
mod sheet;
mod variety;
mod walk_forward;

use std::sync::Arc;
use std::time::Instant;

use ktrdr_catalog::models::{self, Manifest, Metadata};
use ktrdr_domain::job::{BY_HAND, Origin, TrainingSpec};
use ktrdr_domain::report::{ModelRef, TestMetrics, TrainingReport, TrainingSheet};
use ktrdr_domain::trial::Look;
use ktrdr_domain::{Kind, Sha256, Windows};
use ktrdr_fabric::ledger::Ledger;
use ktrdr_neural::{NetworkShape, Trained, score};
use ktrdr_worker::{Handler, Job, Outcome};

use crate::Services;
use crate::fault::{self, Fault};
use dev_backtest::DevTraded;
use fit::{Fitter, Stage};
use gather::Gathered;

/// See the module.
pub struct Training {
    pub(crate) services: Services,
    /// Where a look into the vault is counted.
    pub(crate) ledger: Arc<dyn Ledger>,
}

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
        let windows = self.admit(spec)?;
        self.open_vault(job, spec, &windows)?;
        job.progress.step(0.0, "reading bars");
        let mut gathered = gather::gather(&self.services, spec)?;
        gathered.warnings.extend(spec.open_vault.as_ref().map(|word| {
            format!(
                "the vault was opened for this training, and the model is in-sample there: {}",
                word.reason
            )
        }));
        let width = gathered.rows.width();
        let shape = NetworkShape::new(&spec.strategy.model, width, spec.strategy.decisions.output_format)
            .map_err(Fault::input)?;
        let backend = self.services.backend_for(spec.device);
        let fitter = Fitter { backend: &*backend, job, spec, shape: &shape };
        let started = Instant::now();
        let trained =
            fitter.fit(&gathered.rows, &Stage { name: String::new(), before: 0, percent: 3.0..50.0 })?;
        let seconds = started.elapsed().as_secs_f64();
        let test = score(spec, &gathered, &trained)?;
        let (dev_backtest, dev_positions, dev_account) = match walk_forward(&fitter, &mut gathered, &trained)?
        {
            Some(dev) => (Some(dev.backtest), Some(dev.positions), Some((dev.account, dev.span))),
            None => (None, None, None),
        };
        job.progress.step(97.0, "asking what each input is worth");
        let importance = importance::of(job, spec, &gathered, &trained)?;
        let sheet = sheet::of(&gathered, &trained, dev_account, importance)?;
        let model = ModelRef {
            strategy: spec.strategy.name.clone(),
            timeframe: spec.strategy.training_data.base_timeframe,
            version: 0,
            sha256: Sha256::of(&[]),
        };
        let report = TrainingReport {
            model,
            symbols: spec.strategy.training_data.symbols.clone(),
            window: gathered.span().unwrap_or(spec.window),
            rows: gathered.rows.counts(),
            rows_purged: gathered.purged,
            feature_count: width,
            parameter_count: shape.parameter_count().map_err(Fault::input)?,
            epochs_trained: trained.history.len() as u32,
            best_epoch: trained.best_epoch,
            initial_train_loss: trained.history.first().map(|e| e.train_loss),
            final_train_loss: trained.history.last().map(|e| e.train_loss),
            history: trained.history.clone(),
            test,
            dev_backtest,
            dev_positions,
            strategy_sha256: spec.strategy.sha256(),
            synthetic: spec.data.iter().any(|d| d.synthetic),
            warnings: gathered.warnings.clone(),
            training_seconds: seconds,
            trained_on: backend.name(),
        };
        self.store(job, spec, spec_sha256, shape, &gathered, &trained, report, &sheet)
    }

    /// The windows are checked again here: a message that reached this worker may not have passed our submit.
    fn admit(&self, spec: &TrainingSpec) -> Result<Windows, Fault> {
        let windows = self.services.windows_of(&spec.data, &spec.windows)?;
        spec.account.validate().map_err(Fault::input)?;
        windows.allow_training(&spec.window, spec.open_vault.is_some())?;
        Ok(windows)
    }

    /// A training that reaches into the vault trades there, too, on the rows its networks did not see: that is a look.
    fn open_vault(&self, job: &Job, spec: &TrainingSpec, windows: &Windows) -> Result<(), Fault> {
        let word = spec.open_vault.as_ref().filter(|_| windows.vault.overlaps(&spec.window));
        let (Some(word), Some(traded)) = (word, spec.data.first()) else { return Ok(()) };
        self.services.open_vault(&spec.data, &job.id, spec.window, word)?;
        let look = Look {
            operation: job.id.clone(),
            campaign: BY_HAND.parse().map_err(Fault::input)?,
            subject_sha256: spec.strategy.sha256(),
            content_sha256: Some(spec.strategy.content_sha256()),
            subject: spec.strategy.name.to_string(),
            symbol: traded.symbol.clone(),
            timeframe: traded.timeframe,
            data_sha256: traded.sha256,
            span: spec.window,
            windows: windows.touched(&spec.window),
            origin: Origin::Person,
            author: spec.author.clone(),
        };
        Ok(self.services.runtime.block_on(self.ledger.begin(&look))?)
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
        let search = models::finished_before(&*self.services.artifacts, name, base, &job.id, spec_sha256);
        Ok(self.services.runtime.block_on(search)?)
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
        sheet: &TrainingSheet,
    ) -> Result<TrainingReport, Fault> {
        job.progress.step(99.0, "storing the model");
        let artifacts = &*self.services.artifacts;
        self.services.runtime.block_on(async {
            let mut model = report.model.clone();
            model.version =
                models::reserve(artifacts, &model.strategy, model.timeframe, &job.id, job.fence).await?;
            let metadata = Metadata {
                strategy: spec.strategy.clone(),
                author: spec.author.clone(),
                features: spec.strategy.features(),
                scaling: gathered.rows.scaling.clone(),
                shape,
                data: spec.data.clone(),
                learned: gathered.learned(),
                seed: spec.seed,
                code: env!("CARGO_PKG_VERSION").to_owned(),
                report: TrainingReport { model: model.clone(), ..report },
            };
            let manifest =
                |files| Manifest { operation: job.id.clone(), fence: job.fence, spec_sha256, files };
            models::store_sheet(artifacts, &model.folder(), sheet).await?;
            model.sha256 =
                models::store(artifacts, &model.folder(), &trained.network, &metadata, manifest).await?;
            Ok(TrainingReport { model, ..metadata.report })
        })
    }
}

/// The network on the test rows, as a forecaster.
fn score(spec: &TrainingSpec, gathered: &Gathered, trained: &Trained) -> Result<TestMetrics, Fault> {
    let (test, train) = (gathered.rows.test.samples(), gathered.rows.train.samples());
    let loss = spec.strategy.training.optimisation.loss;
    score::test_metrics(&trained.network, &test, &train.targets, loss).map_err(Fault::input)
}

/// The strategy on rows of dev that its networks never saw, as a trader.
fn walk_forward(
    fitter: &Fitter<'_>,
    gathered: &mut Gathered,
    trained: &Trained,
) -> Result<Option<DevTraded>, Fault> {
    let walked = walk_forward::walk(fitter, gathered, trained, &(50.0..94.0))?;
    let Some(walked) = walked else { return Ok(None) };
    fitter.job.progress.step(95.0, "trading dev");
    let bars = &gathered.symbols[0].bars.base;
    let traded = dev_backtest::trade(fitter.job, fitter.spec, bars, &walked)?;
    gathered.warnings.extend(walked.shortened);
    Ok(Some(traded))
}
