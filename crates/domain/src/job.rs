//! What a job is told. Self-contained data: the typed strategy travels inside, bars and models by name and hash;
//! no paths, no code.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::author::Author;
use crate::data::DataRef;
use crate::device::DeviceRequest;
use crate::gate::GateVerdict;
use crate::hash::Sha256;
use crate::hypothesis::Idea;
use crate::id::OperationId;
use crate::kind::Kind;
use crate::name::{CampaignName, HypothesisId, ProviderName, Symbol};
use crate::report::{BacktestSummary, ModelRef, TrainingReport};
use crate::research::ResearchSpec;
use crate::strategy::Strategy;
use crate::time::Span;
use crate::timeframe::Timeframe;
use crate::trading::Account;
use crate::window::Windows;
use crate::window_history::OpenVault;

/// Largest job message accepted, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// The campaign that a look by hand belongs to, unless another one is named.
pub const BY_HAND: &str = "by-hand";

/// Version of the message form. Additive changes keep it; a breaking change gets its own queue.
pub const SCHEMA: u32 = 1;

/// The message that hints that an operation may be claimed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobMessage {
    /// Message form.
    pub schema: u32,
    /// What may be claimed.
    pub operation: OperationId,
    /// Its kind: the routing key.
    pub kind: Kind,
    /// Its cycle, when it belongs to one.
    pub root: Option<OperationId>,
    /// The specification, so that a lost store can be rebuilt from messages.
    pub spec: Value,
}

/// A job's specification, by kind. Rows and messages hold the inner value; the kind stands beside it.
#[derive(Debug, Clone, PartialEq)]
pub enum JobSpec {
    /// See [`DesignSpec`].
    Design(Box<DesignSpec>),
    /// See [`TrainingSpec`].
    Training(Box<TrainingSpec>),
    /// See [`BacktestSpec`].
    Backtest(Box<BacktestSpec>),
    /// See [`AssessmentSpec`].
    Assessment(Box<AssessmentSpec>),
    /// See [`DataLoadSpec`].
    DataLoad(DataLoadSpec),
    /// See [`ProbeSpec`].
    Probe(ProbeSpec),
}

impl JobSpec {
    /// The kind that runs this.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Design(_) => Kind::AgentDesign,
            Self::Training(_) => Kind::Training,
            Self::Backtest(_) => Kind::Backtesting,
            Self::Assessment(_) => Kind::AgentAssessment,
            Self::DataLoad(_) => Kind::DataLoad,
            Self::Probe(_) => Kind::Probe,
        }
    }

    /// The inner value, as rows and messages hold it.
    ///
    /// # Errors
    /// When a number in it can not be written as JSON.
    pub fn to_value(&self) -> Result<Value, serde_json::Error> {
        match self {
            Self::Design(s) => serde_json::to_value(s),
            Self::Training(s) => serde_json::to_value(s),
            Self::Backtest(s) => serde_json::to_value(s),
            Self::Assessment(s) => serde_json::to_value(s),
            Self::DataLoad(s) => serde_json::to_value(s),
            Self::Probe(s) => serde_json::to_value(s),
        }
    }
}

/// Design one strategy for a cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesignSpec {
    /// The cycle it is for: campaign, data, windows, seed.
    pub research: ResearchSpec,
}

/// What a design returns.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct DesignResult {
    /// The strategy, checked.
    pub strategy: Strategy,
    /// Its hash.
    pub strategy_sha256: Sha256,
    /// Who designed it: `local` or a model's name.
    pub designer: String,
    /// How it came about, such as `mutation of x: longer horizon`.
    pub origin: String,
    /// Whether it is a champion of what was bred before, brought back for the exam.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub champion: bool,
    /// The language model that wrote it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// Ideas worth a test that it proposed beside the strategy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hypotheses: Vec<Idea>,
    /// The open hypothesis that the strategy is to test, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<HypothesisId>,
}

/// Train one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingSpec {
    /// The strategy.
    pub strategy: Strategy,
    /// The language model that wrote it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// Every (symbol, timeframe) the strategy trains on.
    pub data: Vec<DataRef>,
    /// The windows of its instruments at submit; the worker reads them for itself and compares.
    pub windows: Windows,
    /// The stretch of dev to learn from; labels must end inside.
    pub window: Span,
    /// Set where the stretch reaches into the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_vault: Option<OpenVault>,
    /// Capital and costs at which the test rows are traded; size and exits come from the strategy.
    pub account: Account,
    /// Of weights, shuffling and dropout.
    pub seed: u64,
    /// What to train on.
    #[serde(default, skip_serializing_if = "DeviceRequest::is_any")]
    pub device: DeviceRequest,
}

/// Backtest on one window of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacktestSpec {
    /// What decides.
    pub subject: BacktestSubject,
    /// The instrument.
    pub symbol: Symbol,
    /// The bars that are traded.
    pub timeframe: Timeframe,
    /// This symbol's data on every timeframe the subject needs, the traded one first.
    pub data: Vec<DataRef>,
    /// The instrument's windows at submit.
    pub windows: Windows,
    /// The stretch that is traded. Indicators may warm up on the bars before it.
    pub window: Span,
    /// Set where the stretch reaches into the vault; never in research.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_vault: Option<OpenVault>,
    /// Capital, size, costs.
    pub account: Account,
    /// Who this trial belongs to. Looks are counted across campaigns.
    pub campaign: CampaignName,
    /// Who looks at the result.
    pub origin: Origin,
    /// Whether it is refused where it repeats what was examined before: designs spend no look on what was seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refuse_repetition: bool,
    /// Of the null draws.
    pub seed: u64,
    /// An operation that was cut short before anyone saw its result, and that this one repeats: both are one look at the
    /// data, counted under that one's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<OperationId>,
}

impl BacktestSpec {
    /// The same once more, after an operation that was cut short before anyone saw its result.
    #[must_use]
    pub fn repeating(self, cut_short: OperationId) -> Self {
        Self { repeats: self.repeats.or(Some(cut_short)), ..self }
    }
}

/// What decides in a backtest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BacktestSubject {
    /// A trained model.
    Model(ModelRef),
    /// Target positions from elsewhere, as stored under `signals/<sha256>.csv`.
    Signals {
        /// Hash of the file.
        sha256: Sha256,
    },
}

/// Who asked for a backtest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A research cycle: the designer learns pass or fail.
    Research,
    /// A person.
    Person,
    /// A replay of an earlier backtest: the same trial, not a new one.
    Replay,
}

/// Judge one cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssessmentSpec {
    /// The provider that judges: that of the cycle's design. Older messages name none.
    #[serde(default)]
    pub agent: ProviderName,
    /// Whether a language model is asked in a batch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub batch: bool,
    /// Whether symbol, dates and price level are hidden from it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
    /// The strategy.
    pub strategy: Strategy,
    /// What training said.
    pub training: TrainingReport,
    /// What the backtest said.
    pub backtest: BacktestSummary,
    /// How the backtest's gate judged it.
    pub verdict: GateVerdict,
}

/// Check and import a file of bars that was stored under `imports/<sha256>.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataLoadSpec {
    /// Hash of the raw file.
    pub sha256: Sha256,
    /// The instrument.
    pub symbol: Symbol,
    /// The bar length.
    pub timeframe: Timeframe,
    /// Offset of the file's times from UTC in seconds, for files whose times carry none.
    #[serde(default)]
    pub utc_offset_s: i32,
    /// The zone of those times instead, by its name in the IANA database or `new-york+7`; the offset is 0 then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Whether rows may be put in order of time.
    #[serde(default)]
    pub sort: bool,
    /// The order of the numbers in its dates; `None` refuses dates that have several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// The sign before the fraction of its numbers; `None` refuses numbers that do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal: Option<DecimalSign>,
    /// The name of the column that holds the volume; `None` finds it by the usual names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume_column: Option<String>,
    /// Whether prices of zero and below are real.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_negative_prices: bool,
    /// Which moment of a bar its time is.
    #[serde(default, skip_serializing_if = "Stamp::is_open")]
    pub stamp: Stamp,
    /// Whether an existing series may be replaced.
    #[serde(default)]
    pub replace: bool,
}

/// Which moment of a bar its time in a file is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stamp {
    /// Its first: the bar of 09:00 to 10:00 says 09:00.
    #[default]
    Open,
    /// Its last: the same bar says 10:00.
    Close,
}

impl Stamp {
    fn is_open(&self) -> bool {
        *self == Self::Open
    }
}

/// The order of day, month and year in the dates of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    /// 31/01/2020.
    DayFirst,
    /// 01/31/2020.
    MonthFirst,
    /// 20/01/31: only years of two digits leave that open.
    YearFirst,
}

impl DateOrder {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::DayFirst, Self::MonthFirst, Self::YearFirst];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DayFirst => "day-first",
            Self::MonthFirst => "month-first",
            Self::YearFirst => "year-first",
        }
    }
}

/// Which sign stands before the fraction of a number; the other one groups thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecimalSign {
    /// 1,890.5
    Point,
    /// 1.890,5
    Comma,
}

/// Do nothing, or sleep, and return. Everything further is for measuring how a fleet recovers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeSpec {
    /// How long to sleep, at most an hour.
    #[serde(default)]
    pub sleep_ms: u64,
    /// Fail with this text instead of completing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail: Option<String>,
    /// What to run on: measures how jobs find their workers.
    #[serde(default, skip_serializing_if = "DeviceRequest::is_any")]
    pub device: DeviceRequest,
    /// Leave an artefact `probes/<operation>/<attempt>` at the end of each attempt that comes so far, so that ends can
    /// be counted without asking the store.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mark: bool,
    /// How the probe harms its worker. Refused by every worker that was not told to allow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chaos: Option<ChaosAction>,
}

/// What a probe returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct ProbeResult {
    /// How long it was told to sleep.
    pub slept_ms: u64,
    /// The number of the attempt.
    pub attempt: u64,
    /// When it began, in microseconds since 1970, by its worker's clock.
    pub started_us: u64,
}

/// What a probe may do to its worker, where the worker allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChaosAction {
    /// Kill the process, after the sleep, in every attempt up to this one.
    CrashUntil(u64),
    /// Sleep on when asked to stop, so that nothing but the end of the process frees the thread.
    Deaf,
}
