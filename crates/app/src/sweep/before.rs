//! What of a sweep was done before, and what is submitted where nothing was.
//!
//! Every attempt at a job has a key that follows from what is asked for, and a number: an attempt that ended badly is followed by the
//! next one. So is a training whose model is gone, as long as its exam still needs one; an exam that was taken needs none.

use ktrdr_domain::job::{BacktestSpec, BacktestSubject};
use ktrdr_domain::report::{ModelRef, TrainingReport};
use ktrdr_domain::strategy::grid::Variant;
use ktrdr_domain::{DeviceRequest, Operation, OperationId, Sha256, Status, WindowKind};
use serde::{Deserialize, Serialize};

use super::Sweep;
use crate::backtest::{BacktestRequest, MarketRequest};
use crate::market::Stretch;
use crate::operations::result_of;
use crate::submit::SubmittedJob;
use crate::training::{StrategyChoice, TrainingRequest};
use crate::{AppError, ErrorKind, IdempotencyKey, OrKind, UseCases};

/// Times that a job is submitted anew, by one who says the same again and again.
const ATTEMPTS_MAX: u32 = 100;

/// What there is of a variant.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// Its training, where it need not be trained again.
    pub(super) training: Option<OperationId>,
    /// Its exam, where that was taken, or will be.
    pub(super) exam: Option<OperationId>,
}

/// The attempts at a job so far, in order, and the key of the next one.
struct Attempts {
    rows: Vec<Operation>,
    next: IdempotencyKey,
}

impl Sweep {
    /// What was done before of each variant, in their order.
    pub(super) async fn known(&self, app: &dyn UseCases) -> Result<Vec<Known>, AppError> {
        let mut known = Vec::with_capacity(self.variants.len());
        for variant in &self.variants {
            known.push(self.known_of(app, variant).await?);
        }
        Ok(known)
    }

    async fn known_of(&self, app: &dyn UseCases, variant: &Variant) -> Result<Known, AppError> {
        let trainings = attempts(app, &(self.training_of(variant), &self.data)).await?;
        for training in trainings.rows.into_iter().filter(|row| !ended_badly(row)) {
            let exam = match (self.window, training.status) {
                (WindowKind::Gate, Status::Completed) => {
                    let model = result_of::<TrainingReport>(&training)?.model;
                    let exam = self.exam_before(app, &model).await?;
                    if exam.is_none() && !is_there(app, &model).await? {
                        continue;
                    }
                    exam
                }
                _ => None,
            };
            return Ok(Known { training: Some(training.id.clone()), exam });
        }
        Ok(Known::default())
    }

    /// The look that was taken at this very model, or will be.
    async fn exam_before(
        &self,
        app: &dyn UseCases,
        model: &ModelRef,
    ) -> Result<Option<OperationId>, AppError> {
        let exams = attempts(app, &(self.exam_of(model), &self.data)).await?;
        let is_it = |row: &Operation| !ended_badly(row) && examines(row, model);
        Ok(exams.rows.into_iter().find(is_it).map(|row| row.id.clone()))
    }

    pub(super) async fn submit_training(
        &self,
        app: &dyn UseCases,
        variant: &Variant,
    ) -> Result<SubmittedJob, AppError> {
        let request = self.training_of(variant);
        let next = attempts(app, &(&request, &self.data)).await?.next;
        app.submit_training(&TrainingRequest { idempotency_key: Some(next), ..request }).await
    }

    pub(super) async fn submit_exam(
        &self,
        app: &dyn UseCases,
        training: &Operation,
    ) -> Result<SubmittedJob, AppError> {
        let model = result_of::<TrainingReport>(training)?.model;
        let request = self.exam_of(&model);
        let exams = attempts(app, &(&request, &self.data)).await?;
        // Whoever says the same at the same time may have been faster: one look is enough.
        if let Some(faster) = exams.rows.iter().find(|row| !ended_badly(row) && examines(row, &model)) {
            return Ok(SubmittedJob { operation: faster.id.clone(), created: false });
        }
        app.submit_backtest(&BacktestRequest { idempotency_key: Some(exams.next), ..request }).await
    }

    fn training_of(&self, variant: &Variant) -> TrainingRequest {
        TrainingRequest {
            strategy: StrategyChoice::Yaml(variant.strategy.to_yaml()),
            keep: true,
            symbols: vec![self.symbol.clone()],
            start: None,
            end: None,
            open_vault: None,
            seed: self.seed,
            device: DeviceRequest::Any,
            idempotency_key: None,
        }
    }

    fn exam_of(&self, model: &ModelRef) -> BacktestRequest {
        BacktestRequest {
            strategy: model.strategy.clone(),
            model_version: Some(model.version),
            market: MarketRequest {
                symbol: self.symbol.clone(),
                timeframe: self.timeframe,
                stretch: Stretch::default(),
                open_vault: None,
                campaign: Some(self.campaign.clone()),
                account: self.account,
            },
            idempotency_key: None,
        }
    }
}

/// The attempts at what was asked for.
async fn attempts(app: &dyn UseCases, asked: &impl Serialize) -> Result<Attempts, AppError> {
    let what = Sha256::of_json(asked).or_kind(ErrorKind::InvalidRequest)?;
    let mut rows = Vec::new();
    for attempt in 1..=ATTEMPTS_MAX {
        let key = format!("sweep-{what}.{attempt}").parse().or_kind(ErrorKind::InvalidRequest)?;
        match app.begun(&key).await? {
            Some(earlier) => rows.push(app.row(&earlier).await?),
            None => return Ok(Attempts { rows, next: key }),
        }
    }
    let message = format!(
        "a job of this sweep was begun {ATTEMPTS_MAX} times: see `ktrdr operations list --status failed`"
    );
    Err(AppError::new(ErrorKind::Conflict, message))
}

fn ended_badly(row: &Operation) -> bool {
    matches!(row.status, Status::Failed | Status::Cancelled)
}

/// Whether a backtest trades this model: another one may have had its number, before somebody removed it.
fn examines(row: &Operation, model: &ModelRef) -> bool {
    let spec = BacktestSpec::deserialize(&row.spec);
    spec.is_ok_and(|spec| matches!(&spec.subject, BacktestSubject::Model(traded) if traded == model))
}

/// Whether an exam would find the model.
async fn is_there(app: &dyn UseCases, model: &ModelRef) -> Result<bool, AppError> {
    match app.model(&model.strategy, Some(model.version)).await {
        Ok(found) => Ok(found.model == *model),
        Err(why) if matches!(why.kind, ErrorKind::NotFound | ErrorKind::InvalidInput) => Ok(false),
        Err(other) => Err(other),
    }
}
