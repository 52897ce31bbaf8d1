//! Backtesting: a trained model, or target positions from any tool, through the same engine. And what came of it.

use ktrdr_catalog::{models, reports, signals};
use ktrdr_domain::closing::FinalVerdict;
use ktrdr_domain::job::{BacktestSpec, BacktestSubject, Origin};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::report::{BacktestReport, BacktestSheet, BacktestSummary};
use ktrdr_domain::{JobSpec, Kind, OperationId, Reason, Sha256, Span, StrategyName, Symbol, Timeframe};
use ktrdr_fabric::store::Filter;
use ktrdr_quant::signals::BadSignals;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cancel::{CancelAnswer, CancelOneRequest, CancelRequest};
use crate::market::{AccountChange, Stretch};
use crate::operations::result_of;
use crate::submit::SubmittedJob;
use crate::{App, AppError, ErrorKind, IdempotencyKey, OrKind};

/// Largest file of signals, in bytes.
pub const SIGNALS_BYTES_MAX: u64 = 512 << 20;

/// The code of what is wrong with a file of signals.
pub const UNUSABLE_SIGNALS: &str = "unusable_signals";

pub use ktrdr_domain::job::BY_HAND;

/// Trade a trained strategy. Every run is counted as a trial.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BacktestRequest {
    /// Whose model.
    pub strategy: StrategyName,
    /// Its version; the newest otherwise.
    #[serde(default)]
    pub model_version: Option<u32>,
    /// Where, and at what costs.
    pub market: MarketRequest,
    /// Makes a repeated request the same one.
    #[serde(default)]
    pub idempotency_key: Option<IdempotencyKey>,
}

/// Trade target positions that another tool decided on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalsRequest {
    /// Where, and at what costs.
    pub market: MarketRequest,
    /// Makes a repeated request the same one.
    #[serde(default)]
    pub idempotency_key: Option<IdempotencyKey>,
}

/// What is traded, when, and with what money.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketRequest {
    /// The instrument.
    pub symbol: Symbol,
    /// The bars that are traded.
    pub timeframe: Timeframe,
    /// The dates; the gate window otherwise, and the vault where it is opened.
    #[serde(default)]
    pub stretch: Stretch,
    /// Why the vault may be looked into. Every report of the instrument counts it from then on.
    #[serde(default)]
    pub open_vault: Option<Reason>,
    /// Who this trial belongs to; [`BY_HAND`] otherwise.
    #[serde(default)]
    pub campaign: Option<CampaignName>,
    /// What differs from the configured account.
    #[serde(default)]
    pub account: AccountChange,
}

/// A backtest that completed: the figures of its row, and the whole report with where it lies.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct StoredReport {
    /// The figures.
    pub summary: BacktestSummary,
    /// All of it: trades and equity too.
    pub report: BacktestReport,
    /// What it came to when its campaign closed, if it was a candidate of one.
    pub finally: Option<FinalVerdict>,
    /// Where it is, for people.
    pub place: String,
    /// What the market itself did over the stretch, as a fraction; not known of every report.
    #[serde(default)]
    pub hold: Option<f64>,
}

impl App {
    /// Submits a backtest of a trained model.
    ///
    /// # Errors
    /// When the model or the data is missing, or they do not fit together.
    pub async fn submit_backtest(&self, request: &BacktestRequest) -> Result<SubmittedJob, AppError> {
        let (name, market) = (&request.strategy, &request.market);
        let model = models::find(&*self.artifacts, name, request.model_version).await?;
        let stored = models::load(&*self.artifacts, &model).await?;
        let strategy = &stored.metadata.strategy;
        let base = strategy.training_data.base_timeframe;
        if market.timeframe != base {
            let message =
                format!("{name} decides on {base} bars, not {}; use --timeframe {base}", market.timeframe);
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        let mut timeframes = vec![base];
        timeframes.extend(strategy.training_data.timeframes.iter().filter(|t| **t != base));
        let mut spec = self.backtest_of(BacktestSubject::Model(model), market, &timeframes).await?;
        spec.account.exits = strategy.risk.exits;
        if !market.account.has_size() {
            spec.account.sizing = strategy.risk.position_sizing;
        }
        self.submit_job(&JobSpec::Backtest(Box::new(spec)), request.idempotency_key.as_ref(), request).await
    }

    /// Keeps a file of signals (`timestamp,target`) and submits their backtest.
    ///
    /// # Errors
    /// [`UNUSABLE_SIGNALS`] when the file has faults, each with its line, or no row within the stretch; when there is no data to
    /// trade them on.
    pub async fn submit_signals(
        &self,
        request: &SignalsRequest,
        csv: &[u8],
    ) -> Result<SubmittedJob, AppError> {
        if csv.len() as u64 > SIGNALS_BYTES_MAX {
            let message = format!("signals of more than {} MiB are not read", SIGNALS_BYTES_MAX >> 20);
            return Err(AppError::new(ErrorKind::InvalidInput, message));
        }
        let unusable =
            |why: BadSignals| AppError::caused(ErrorKind::InvalidInput, why).coded(UNUSABLE_SIGNALS);
        let rows = ktrdr_quant::signals::read(csv).map_err(unusable)?;
        let sha256 = Sha256::of(csv);
        let subject = BacktestSubject::Signals { sha256 };
        let spec = self.backtest_of(subject, &request.market, &[request.market.timeframe]).await?;
        ktrdr_quant::signals::refuse_elsewhere(&rows, spec.window).map_err(unusable)?;
        signals::keep(&*self.artifacts, csv).await?;
        let (key, asked) = (request.idempotency_key.as_ref(), (request, sha256));
        self.submit_job(&JobSpec::Backtest(Box::new(spec)), key, &asked).await
    }

    /// Everything but size and exits, which belong to the subject.
    async fn backtest_of(
        &self,
        subject: BacktestSubject,
        market: &MarketRequest,
        timeframes: &[Timeframe],
    ) -> Result<BacktestSpec, AppError> {
        let data = self.pin(std::slice::from_ref(&market.symbol), timeframes).await?;
        let windows = self.windows_of(&data).await?;
        let everything = data[0].span;
        let before_vault = Span { end: everything.end.min(windows.vault.start), ..everything };
        let (unless_given, reach) = match market.open_vault {
            None => (windows.gate, before_vault),
            Some(_) => (windows.vault, everything),
        };
        let window = market.stretch.within(unless_given, reach, everything)?;
        windows.allow_look(&window, market.open_vault.is_some())?;
        let by_hand = || BY_HAND.parse().or_kind(ErrorKind::InvalidRequest);
        Ok(BacktestSpec {
            subject,
            symbol: market.symbol.clone(),
            timeframe: market.timeframe,
            windows,
            window,
            open_vault: self.word_for_vault(market.open_vault.as_ref(), &windows, &window)?,
            account: market.account.on(self.policy.account)?,
            campaign: market.campaign.clone().map_or_else(by_hand, Ok)?,
            origin: Origin::Person,
            // Null draws of a backtest by hand are seeded by its data: the same request gives the same report.
            seed: data[0].sha256.seed(),
            data,
            refuse_repetition: false,
            repeats: None,
        })
    }

    /// Asks one backtest to stop.
    ///
    /// # Errors
    /// When there is none of that id, or it is no backtest; without an id when none or several go on: `no_active_backtest` or
    /// `several_active_backtests`.
    pub async fn cancel_backtest(&self, request: &CancelOneRequest) -> Result<CancelAnswer, AppError> {
        let operation = match &request.operation {
            Some(id) => id.clone(),
            None => self.only_active_backtest().await?,
        };
        let row = self.row(&operation).await?;
        if row.kind != Kind::Backtesting {
            let message =
                format!("{operation} is no backtest but {}; see `ktrdr operations cancel`", row.kind);
            return Err(AppError::new(ErrorKind::NotFound, message).coded("not_backtesting"));
        }
        let (reason, by) = (request.reason.clone(), request.by.clone());
        self.cancel(&CancelRequest { operation, reason, by }).await
    }

    async fn only_active_backtest(&self) -> Result<OperationId, AppError> {
        let kinds = vec![Kind::Backtesting];
        let filter = Filter { kinds, active: true, limit: 2, ..Filter::default() };
        let mut active = self.store.list(&filter).await?.operations;
        match (active.pop(), active.pop()) {
            (Some(only), None) => Ok(only.id),
            (None, _) => {
                let message = "no backtest waits or runs; see `ktrdr operations list --type backtesting`";
                Err(AppError::new(ErrorKind::NotFound, message).coded("no_active_backtest"))
            }
            (Some(_), Some(_)) => {
                let message = "several backtests go on: name the one to cancel, or cancel all with \
                               `ktrdr operations cancel --type backtesting`";
                Err(AppError::new(ErrorKind::Conflict, message).coded("several_active_backtests"))
            }
        }
    }

    /// The report of a completed backtest.
    ///
    /// # Errors
    /// When there is no such operation, it did not complete, or its report is not there.
    pub async fn report(&self, id: &OperationId) -> Result<StoredReport, AppError> {
        let row = self.row(id).await?;
        let (summary, finally) = (result_of(&row)?, self.final_verdict(&row).await?);
        let report = reports::read(&*self.artifacts, id, row.fence).await?;
        let place = format!("{}/{}", self.artifacts.place(), reports::key(id, row.fence)?);
        let sheet = reports::read_sheet(&*self.artifacts, id, row.fence).await.ok().flatten();
        let hold = sheet.as_ref().and_then(held);
        Ok(StoredReport { summary, report, finally, place, hold })
    }
}

/// What prices did from the close of the first part of a sheet's chart to that of its last.
fn held(sheet: &BacktestSheet) -> Option<f64> {
    let columns = &sheet.price.first()?.columns;
    let (first, last) = (columns.first()?.close, columns.last()?.close);
    (first > 0.0).then(|| last / first - 1.0)
}
