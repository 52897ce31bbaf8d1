//! `ktrdr backtest …`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use ktrdr_app::backtest::{BY_HAND, BacktestRequest, MarketRequest};
use ktrdr_app::market::{EndDate, Moment, Stretch};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Reason, StrategyName, Symbol, Timeframe, Timestamp};

use super::{AccountArguments, KeyArguments, StartArguments};
use crate::reference::Reference;

#[derive(Debug, Args)]
pub(crate) struct BacktestArguments {
    #[command(subcommand)]
    pub(crate) verb: BacktestVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BacktestVerb {
    /// Trade a trained strategy, without dates on the gate window. Every run is counted as a trial.
    Run(BacktestRun),
    /// Trade target positions (`timestamp,target`) from any tool through the same engine, without dates on the gate window.
    Signals(SignalsRun),
    /// Ask a backtest to stop. The look at data that it began stays counted.
    Cancel {
        /// The backtest; the only one that waits or runs otherwise.
        id: Option<ktrdr_domain::OperationId>,
        /// Why; kept in the row.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// The whole report of a completed backtest: metrics, trades, equity curve.
    Show {
        /// A completed backtest: its id, or enough of it; @last.
        id: Reference,
    },
    /// Every trade, or the equity at every bar, as CSV or Parquet for a notebook.
    Export(BacktestExport),
}

#[derive(Debug, Args)]
pub(crate) struct BacktestExport {
    /// A completed backtest: its id, or enough of it; @last.
    pub(crate) id: Reference,

    /// Every trade: side, fills, costs, result, what ended it.
    #[arg(long, required_unless_present = "equity")]
    pub(crate) trades: bool,

    /// Equity at every bar's close.
    #[arg(long, conflicts_with = "trades")]
    pub(crate) equity: bool,

    /// Form of the file.
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
    pub(crate) format: ExportFormat,

    /// Write it to this file, which must not be there yet; to stdout otherwise, as CSV or, with `--output json`, as rows of JSON.
    #[arg(long, value_name = "FILE", required_if_eq("format", "parquet"))]
    pub(crate) to: Option<PathBuf>,
}

/// Form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A header, and a row for each trade or bar.
    Csv,
    /// Columns with their types.
    Parquet,
}

#[derive(Debug, Args)]
pub(crate) struct BacktestRun {
    /// Name of a strategy in this workspace whose network is trained.
    #[arg(long, short = 'S')]
    pub(crate) strategy: StrategyName,

    /// Version of its model; the newest by default.
    #[arg(long, value_name = "N")]
    pub(crate) model_version: Option<u32>,

    #[command(flatten)]
    pub(crate) market: MarketArguments,
}

impl From<&BacktestRun> for BacktestRequest {
    fn from(typed: &BacktestRun) -> Self {
        Self {
            strategy: typed.strategy.clone(),
            model_version: typed.model_version,
            market: (&typed.market).into(),
            idempotency_key: typed.market.key.idempotency_key.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct SignalsRun {
    /// CSV with `timestamp,target`: target -1, 0 or 1, decided at that bar's close.
    #[arg(long, value_name = "FILE")]
    pub(crate) signals: PathBuf,

    #[command(flatten)]
    pub(crate) market: MarketArguments,
}

#[derive(Debug, Args)]
pub(crate) struct MarketArguments {
    /// The instrument.
    #[arg(long, short)]
    pub(crate) symbol: Symbol,

    /// The bars that are traded.
    #[arg(long, short)]
    pub(crate) timeframe: Timeframe,

    /// Start of the stretch; its end is that of the gate window by default.
    #[arg(long, value_name = "TIME")]
    pub(crate) start_date: Option<Timestamp>,

    /// End of the stretch; a date without a time includes that day.
    #[arg(long, value_name = "TIME")]
    pub(crate) end_date: Option<EndDate>,

    /// Look into the vault window, and say why: all of it, unless there are dates. Every report of the instrument counts it from
    /// then on.
    #[arg(long, value_name = "REASON")]
    pub(crate) open_vault: Option<Reason>,

    /// The campaign that this trial is counted in. Looks at the same time of an instrument count across campaigns.
    #[arg(long, default_value = BY_HAND)]
    pub(crate) campaign: CampaignName,

    #[command(flatten)]
    pub(crate) account: AccountArguments,

    #[command(flatten)]
    pub(crate) key: KeyArguments,

    #[command(flatten)]
    pub(crate) start: StartArguments,
}

impl From<&MarketArguments> for MarketRequest {
    fn from(typed: &MarketArguments) -> Self {
        Self {
            symbol: typed.symbol.clone(),
            timeframe: typed.timeframe,
            stretch: Stretch { start: typed.start_date.map(Moment), end: typed.end_date },
            open_vault: typed.open_vault.clone(),
            campaign: Some(typed.campaign.clone()),
            account: (&typed.account).into(),
        }
    }
}
