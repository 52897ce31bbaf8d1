//! Bars: importing a file, making some, and what a researcher should know about those there are.
//!
//! What only reads needs artefacts alone, no store: it is said by functions beside the methods.

pub use ktrdr_catalog::imports::DataLoaded;
use ktrdr_catalog::{CatalogError, imports, series, windows};
use ktrdr_domain::job::{DataLoadSpec, DateOrder, DecimalSign, Stamp};
use ktrdr_domain::window::WindowPolicy;
use ktrdr_domain::{DataRef, JobSpec, Operation, Symbol, Timeframe, Windows};
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_quant::data::generate::{self, Process, Recipe, Sessions};
use ktrdr_quant::data::health::{self, HealthReport};
use ktrdr_quant::data::import::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::market::Moment;
use crate::operations::result_of;
use crate::submit::SubmittedJob;
use crate::training::seed;
use crate::{App, AppError, ErrorKind, IdempotencyKey, OrKind};

/// Largest file that is imported, in bytes.
pub const IMPORT_BYTES_MAX: u64 = 2 << 30;

/// First price of generated bars.
const START_PRICE: f64 = 1.1;

/// How far a file's clock may be from UTC, in hours: as far as any place on Earth.
const UTC_OFFSET_HOURS_MAX: f64 = 14.0;

/// Check every row of a CSV in any of the usual layouts, and store it as a series.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// The instrument.
    pub symbol: Symbol,
    /// The bar length.
    pub timeframe: Timeframe,
    /// Hours that the file's times are ahead of UTC the whole year, where they carry no zone.
    #[serde(default)]
    pub utc_offset_hours: Option<f64>,
    /// Their time zone instead: a name of the IANA database, or `new-york+7`.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Put the rows in order of time first.
    #[serde(default)]
    pub sort: bool,
    /// The order of the numbers in its dates, where none of them tells.
    #[serde(default)]
    pub date_order: Option<DateOrder>,
    /// The sign before the fraction of its numbers, where none of them tells.
    #[serde(default)]
    pub decimal: Option<DecimalSign>,
    /// The name of the column that holds the volume, where several may.
    #[serde(default)]
    pub volume_column: Option<String>,
    /// Take prices of zero and below.
    #[serde(default)]
    pub allow_negative_prices: bool,
    /// Which moment of a bar the file's times are.
    #[serde(default)]
    pub stamp: Stamp,
    /// Replace the series if there is one.
    #[serde(default)]
    pub replace: bool,
    /// Makes a repeated request the same one.
    #[serde(default)]
    pub idempotency_key: Option<IdempotencyKey>,
}

impl ImportRequest {
    /// Checks what its types can not.
    fn zone(&self) -> Result<(i32, Option<String>), AppError> {
        let refuse = |what: String| Err(AppError::new(ErrorKind::InvalidRequest, what));
        let hours = self.utc_offset_hours.unwrap_or(0.0);
        if !(-UTC_OFFSET_HOURS_MAX..=UTC_OFFSET_HOURS_MAX).contains(&hours) {
            return refuse(format!(
                "the offset from UTC (--utc-offset) is in hours, from -{UTC_OFFSET_HOURS_MAX} to {UTC_OFFSET_HOURS_MAX}"
            ));
        }
        if self.utc_offset_hours.is_some() && self.time_zone.is_some() {
            return refuse("a file's clock is a time zone or an offset from UTC, not both".into());
        }
        let zone = self.time_zone.as_deref().map(str::parse::<TimeZone>).transpose();
        let zone = zone.or_kind(ErrorKind::InvalidRequest)?.map(|zone| zone.to_string());
        Ok(((hours * 3600.0).round() as i32, zone))
    }
}

/// Make bars by a documented stochastic process. They are labelled as generated for ever.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerateRequest {
    /// The instrument's name.
    pub symbol: Symbol,
    /// The bar length.
    pub timeframe: Timeframe,
    /// The stochastic process.
    #[serde(default)]
    pub process: ProcessChoice,
    /// When the market is open.
    #[serde(default)]
    pub session: SessionChoice,
    /// How many bars.
    pub bars: u32,
    /// First bar's open.
    pub start: Moment,
    /// Same seed, same bars.
    #[serde(default = "seed")]
    pub seed: u64,
    /// Replace the series if there is one.
    #[serde(default)]
    pub replace: bool,
}

/// A stochastic process, with parameters that suit hourly bars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessChoice {
    /// No memory at all.
    #[default]
    RandomWalk,
    /// Calm and wild stretches; no edge.
    RegimeVolatility,
    /// Pulled back to a slow average, so strongly, from 0 to 2: an edge that can be found.
    PlantedEdge(f64),
}

/// A trading calendar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionChoice {
    /// Sunday 22:00 to Friday 22:00 UTC.
    #[default]
    Currency,
    /// Around the clock.
    Always,
    /// 14:00 to 21:00 UTC, Monday to Friday.
    Shares,
}

impl GenerateRequest {
    fn recipe(&self) -> Result<Recipe, AppError> {
        let process = match self.process {
            ProcessChoice::RandomWalk => Process::from_name("random-walk"),
            ProcessChoice::RegimeVolatility => Process::from_name("regime-volatility"),
            ProcessChoice::PlantedEdge(strength) => Ok(Process::PlantedEdge { strength }),
        };
        Ok(Recipe {
            process: process.or_kind(ErrorKind::InvalidRequest)?,
            sessions: match self.session {
                SessionChoice::Currency => Sessions::Currency,
                SessionChoice::Always => Sessions::Always,
                SessionChoice::Shares => Sessions::Shares,
            },
            symbol: self.symbol.clone(),
            timeframe: self.timeframe,
            start: self.start.0,
            bars: self.bars as usize,
            start_price: START_PRICE,
            seed: self.seed,
        })
    }
}

/// A series and its state.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct CheckedSeries {
    /// The series, pinned.
    pub data: DataRef,
    /// Gaps by session, spikes, calendar, findings.
    pub health: HealthReport,
}

/// One series of a workspace.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct ListedSeries {
    /// Its file.
    pub file: String,
    /// The series, pinned; `None` where it can not be read.
    #[serde(flatten)]
    pub data: Option<DataRef>,
    /// How it is cut; `None` where it is too short to be, or nobody can read how.
    pub windows: Option<Windows>,
    /// Whether that is fixed; it is when the series is first used at the latest.
    pub windows_fixed: bool,
    /// How often the instrument's vault was opened.
    pub vault_openings: u64,
    /// Looks at its gate; `None` where nobody asked the ledger.
    pub looks: Option<u64>,
    /// Whether research on it has ended: these are too many, or nobody knows them any more.
    pub burnt: Option<bool>,
    /// Why it can not be read.
    pub error: Option<String>,
}

/// What an import did.
///
/// # Errors
/// Why there is no answer: what the rows say is found by the import.
pub fn imported(import: &Operation) -> Result<DataLoaded, AppError> {
    result_of(import)
}

/// Reads a series and reports on its health.
///
/// # Errors
/// When it is not there or not fit for use.
pub async fn check(
    artifacts: &dyn Artifacts,
    symbol: &Symbol,
    timeframe: Timeframe,
) -> Result<CheckedSeries, AppError> {
    let (data, bars) = series::read_now(artifacts, symbol, timeframe).await?;
    let health = health::check(&bars);
    let health = match windows::read(artifacts, symbol).await? {
        Some(history) => health.beside(&history.dates().over(data.span), &bars),
        None => health,
    };
    Ok(CheckedSeries { data, health })
}

/// Every series with its span and windows, those that can not be read among them.
///
/// # Errors
/// When the folder can not be listed.
pub async fn list(artifacts: &dyn Artifacts, policy: &WindowPolicy) -> Result<Vec<ListedSeries>, AppError> {
    let mut listed = Vec::new();
    for (key, symbol, timeframe) in series::all(artifacts).await? {
        let read = series::read_now(artifacts, &symbol, timeframe).await;
        let history = windows::read(artifacts, &symbol).await;
        let (data, history, error) = match (read, history) {
            (Ok((data, _)), Ok(history)) => (Some(data), history, None),
            (Ok((data, _)), Err(fault)) => (Some(data), None, Some(fault.to_string())),
            (Err(fault), history) => (None, history.ok().flatten(), Some(fault.to_string())),
        };
        let windows = data.as_ref().filter(|_| error.is_none()).and_then(|data| match &history {
            Some(history) => Some(history.dates().over(data.span)),
            None => policy.split(data.span).ok(),
        });
        let are_looks_lost = history.as_ref().is_some_and(|history| history.looks_lost().is_some());
        listed.push(ListedSeries {
            file: key.to_string(),
            data,
            windows,
            windows_fixed: history.is_some(),
            vault_openings: history.map_or(0, |history| history.openings().count() as u64),
            looks: None,
            burnt: are_looks_lost.then_some(true),
            error,
        });
    }
    Ok(listed)
}

impl App {
    /// Keeps a file of bars and submits its import.
    ///
    /// # Errors
    /// When the request contradicts itself, or the file is too large or can not be kept. What the rows say is found by the
    /// import.
    pub async fn import_data(&self, request: &ImportRequest, csv: &[u8]) -> Result<SubmittedJob, AppError> {
        let (utc_offset_s, time_zone) = request.zone()?;
        if csv.len() as u64 > IMPORT_BYTES_MAX {
            let message =
                format!("files of more than {} GiB are not imported; split it", IMPORT_BYTES_MAX >> 30);
            return Err(AppError::new(ErrorKind::InvalidInput, message));
        }
        let spec = DataLoadSpec {
            sha256: imports::keep(&*self.artifacts, csv).await?,
            symbol: request.symbol.clone(),
            timeframe: request.timeframe,
            utc_offset_s,
            time_zone,
            sort: request.sort,
            date_order: request.date_order,
            decimal: request.decimal,
            volume_column: request.volume_column.clone(),
            allow_negative_prices: request.allow_negative_prices,
            stamp: request.stamp,
            replace: request.replace,
        };
        let (key, asked) = (request.idempotency_key.as_ref(), (request, spec.sha256));
        self.submit_job(&JobSpec::DataLoad(spec), key, &asked).await
    }

    /// Generates bars and stores them as a series.
    ///
    /// # Errors
    /// When no such bars can be made, or there are others of that name.
    pub async fn generate_data(&self, request: &GenerateRequest) -> Result<DataRef, AppError> {
        let bars = generate::generate(&request.recipe()?).or_kind(ErrorKind::InvalidRequest)?;
        if request.replace {
            windows::expect_reach(&*self.artifacts, &bars).await?;
        }
        let windows = &self.policy.windows;
        let stored = windows::store_bars(&*self.artifacts, windows, &bars, request.replace).await;
        stored.map(|(data, _)| data).map_err(|fault| match fault {
            exists @ CatalogError::Exists(_) => {
                let message = format!("{exists} with other bars; use --replace to replace it");
                AppError::new(ErrorKind::Conflict, message)
            }
            other => other.into(),
        })
    }

    /// See [`check`].
    ///
    /// # Errors
    /// As there.
    pub async fn check_data(&self, symbol: &Symbol, timeframe: Timeframe) -> Result<CheckedSeries, AppError> {
        check(&*self.artifacts, symbol, timeframe).await
    }

    /// See [`list`]; with the looks at each gate.
    ///
    /// # Errors
    /// As there; when the ledger can not be read.
    pub async fn list_data(&self) -> Result<Vec<ListedSeries>, AppError> {
        let mut listed = list(&*self.artifacts, &self.policy.windows).await?;
        for series in &mut listed {
            if let (Some(data), Some(windows)) = (&series.data, &series.windows) {
                let looks = self.looks(&data.symbol, windows.gate).await?;
                series.looks = Some(looks);
                series.burnt = Some(series.burnt == Some(true) || looks >= self.policy.looks_max);
            }
        }
        Ok(listed)
    }
}
