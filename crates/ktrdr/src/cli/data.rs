//! `ktrdr data …`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use ktrdr_app::data::{GenerateRequest, ImportRequest, ProcessChoice, SessionChoice};
use ktrdr_app::market::Moment;
use ktrdr_app::resample::ResampleRequest;
use ktrdr_domain::job::{DateOrder, DecimalSign, Stamp};
use ktrdr_domain::{Reason, Symbol, Timeframe, Timestamp};
use ktrdr_quant::data::import::TimeZone;

use super::{KeyArguments, series_name};

#[derive(Debug, Args)]
pub(crate) struct DataArguments {
    #[command(subcommand)]
    pub(crate) verb: DataVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataVerb {
    /// Read CSV files in any of the usual layouts, check every row, store each as data/SYMBOL_timeframe.csv.
    Import(ImportArguments),
    /// Health report: gaps by session, duplicates, spikes, calendar.
    Check(SeriesArguments),
    /// Make bars by a documented stochastic process. They are labelled as generated for ever.
    Generate(GenerateArguments),
    /// Make longer bars of stored ones, such as 4h of 1h, and store them as a series of their own.
    Resample(ResampleArguments),
    /// Series in this workspace with their windows, the looks at each gate and how often each vault was opened.
    List,
    /// The windows of an instrument and what became of them: when they were fixed, who opened the vault, what was moved.
    Windows {
        /// The instrument.
        symbol: Symbol,
    },
    /// Turn the gate of an instrument into dev, and the oldest unopened part of its vault into the gate. For good, on the record.
    RollWindows(RollArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The CSV file, or several of them.
    #[arg(required = true, value_name = "FILE", num_args = 1..=32)]
    pub(crate) files: Vec<PathBuf>,

    /// The instrument of the one file; what its name says otherwise, as in EURUSD_1h.csv.
    #[arg(long, short)]
    pub(crate) symbol: Option<Symbol>,

    /// The bar length, such as 1h; what the file's name says otherwise.
    #[arg(long, short)]
    pub(crate) timeframe: Option<Timeframe>,

    /// Hours that the file's times are ahead of UTC the whole year, where they carry no zone; they are taken as UTC by
    /// default.
    #[arg(long, allow_negative_numbers = true, value_name = "HOURS", conflicts_with = "time_zone")]
    pub(crate) utc_offset: Option<f64>,

    /// Time zone of the file's times, where they carry none: a name of the IANA database such as Europe/Athens or
    /// America/New_York, or new-york+7 for the clock of most brokers (GMT+2 in winter and GMT+3 in summer, by New York's
    /// dates).
    #[arg(long, value_name = "NAME")]
    pub(crate) time_zone: Option<TimeZone>,

    /// Put the rows in order of time first, such as when the file is newest first.
    #[arg(long)]
    pub(crate) sort: bool,

    /// Whether 01/02/2020 is in January or February, where no date of the file tells.
    #[arg(long, value_enum)]
    pub(crate) date_order: Option<DateOrderName>,

    /// Whether the comma of 151,235 groups thousands (point) or stands before a fraction (comma), where no number of the
    /// file tells.
    #[arg(long, value_enum, value_name = "SIGN")]
    pub(crate) decimal: Option<DecimalName>,

    /// The column that holds the volume, by its name in the header, where the usual names do not tell.
    #[arg(long, value_name = "NAME")]
    pub(crate) volume_column: Option<String>,

    /// Take prices of zero and below, as crude oil had in April 2020.
    #[arg(long)]
    pub(crate) allow_negative_prices: bool,

    /// Which moment of a bar the file's times are: its open, or its close.
    #[arg(long, value_enum, default_value_t = StampName::Open)]
    pub(crate) stamp: StampName,

    /// Replace the series if there is one. The windows of the instrument stay where they are.
    #[arg(long)]
    pub(crate) replace: bool,

    #[command(flatten)]
    pub(crate) key: KeyArguments,
}

impl ImportArguments {
    /// The series that one of the files holds; what is missing to say so otherwise.
    pub(crate) fn series(&self, file: &Path) -> Result<(Symbol, Timeframe), String> {
        let (symbol, timeframe) = series_name::of(file);
        let (symbol, timeframe) = (self.symbol.clone().or(symbol), self.timeframe.or(timeframe));
        let missing = match (&symbol, timeframe) {
            (None, None) => "--symbol and --timeframe",
            (None, _) => "--symbol",
            (_, None) => "--timeframe",
            (Some(symbol), Some(timeframe)) => return Ok((symbol.clone(), timeframe)),
        };
        Err(format!("{}: its name does not tell what it holds; add {missing}", file.display()))
    }

    /// What is wrong with saying the same of several files, if anything is.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let several = self.files.len() > 1;
        match (several && self.symbol.is_some(), several && self.key.idempotency_key.is_some()) {
            (true, _) => Some("--symbol is said of one file: several are told apart by their names"),
            (_, true) => Some("--idempotency-key names one import: bring in one file at a time with it"),
            _ => None,
        }
    }

    /// What is asked of one file.
    pub(crate) fn request(&self, symbol: Symbol, timeframe: Timeframe) -> ImportRequest {
        let typed = self;
        ImportRequest {
            symbol,
            timeframe,
            utc_offset_hours: typed.utc_offset,
            time_zone: typed.time_zone.map(|zone| zone.to_string()),
            sort: typed.sort,
            date_order: typed.date_order.map(Into::into),
            decimal: typed.decimal.map(Into::into),
            volume_column: typed.volume_column.clone(),
            allow_negative_prices: typed.allow_negative_prices,
            stamp: typed.stamp.into(),
            replace: typed.replace,
            idempotency_key: typed.key.idempotency_key.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct SeriesArguments {
    /// The instrument.
    #[arg(long, short)]
    pub(crate) symbol: Symbol,

    /// The bar length, such as 1h.
    #[arg(long, short)]
    pub(crate) timeframe: Timeframe,
}

#[derive(Debug, Args)]
pub(crate) struct ResampleArguments {
    /// The instrument.
    pub(crate) symbol: Symbol,

    /// The bar length that is wanted, such as 4h. Bars begin at multiples of it in UTC, days at midnight, weeks on Monday.
    pub(crate) timeframe: Timeframe,

    /// Make them of bars of this length; of the longest stored ones that fit otherwise.
    #[arg(long, value_name = "TIMEFRAME")]
    pub(crate) from: Option<Timeframe>,

    /// Replace the series if there is one.
    #[arg(long)]
    pub(crate) replace: bool,
}

impl From<&ResampleArguments> for ResampleRequest {
    fn from(typed: &ResampleArguments) -> Self {
        Self {
            symbol: typed.symbol.clone(),
            timeframe: typed.timeframe,
            from: typed.from,
            replace: typed.replace,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RollArguments {
    /// The instrument.
    pub(crate) symbol: Symbol,

    /// Why, for the record.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Reason,

    /// Do it without asking.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArguments {
    /// The instrument's name.
    #[arg(long, short)]
    pub(crate) symbol: Symbol,

    /// The bar length, such as 1h.
    #[arg(long, short)]
    pub(crate) timeframe: Timeframe,

    /// The stochastic process.
    #[arg(long, value_enum, default_value_t = ProcessName::RandomWalk)]
    pub(crate) process: ProcessName,

    /// Trading calendar of the bars.
    #[arg(long, value_enum, default_value_t = SessionName::Currency)]
    pub(crate) session: SessionName,

    /// How many bars.
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(10..=10_000_000))]
    pub(crate) bars: u32,

    /// First bar's open.
    #[arg(long, default_value = "2015-01-05")]
    pub(crate) start: Timestamp,

    /// Same seed, same bars.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,

    /// Strength of a planted edge, from 0 (none) to 1 (strong).
    #[arg(long, default_value_t = 1.0)]
    pub(crate) strength: f64,

    /// Replace the series if there is one.
    #[arg(long)]
    pub(crate) replace: bool,
}

/// A moment of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StampName {
    /// The bar of 09:00 to 10:00 says 09:00.
    Open,
    /// The same bar says 10:00.
    Close,
}

impl From<StampName> for Stamp {
    fn from(name: StampName) -> Self {
        match name {
            StampName::Open => Self::Open,
            StampName::Close => Self::Close,
        }
    }
}

impl From<&GenerateArguments> for GenerateRequest {
    fn from(typed: &GenerateArguments) -> Self {
        Self {
            symbol: typed.symbol.clone(),
            timeframe: typed.timeframe,
            process: match typed.process {
                ProcessName::RandomWalk => ProcessChoice::RandomWalk,
                ProcessName::RegimeVolatility => ProcessChoice::RegimeVolatility,
                ProcessName::PlantedEdge => ProcessChoice::PlantedEdge(typed.strength),
            },
            session: match typed.session {
                SessionName::Currency => SessionChoice::Currency,
                SessionName::Always => SessionChoice::Always,
                SessionName::Shares => SessionChoice::Shares,
            },
            bars: typed.bars,
            start: Moment(typed.start),
            seed: typed.seed,
            replace: typed.replace,
        }
    }
}

/// The order of numbers in a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(clippy::enum_variant_names, reason = "these are the words that users type")]
pub(crate) enum DateOrderName {
    /// 31/01/2020.
    DayFirst,
    /// 01/31/2020.
    MonthFirst,
    /// 20/01/31.
    YearFirst,
}

impl From<DateOrderName> for DateOrder {
    fn from(name: DateOrderName) -> Self {
        match name {
            DateOrderName::DayFirst => Self::DayFirst,
            DateOrderName::MonthFirst => Self::MonthFirst,
            DateOrderName::YearFirst => Self::YearFirst,
        }
    }
}

/// The sign before a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DecimalName {
    /// 151,235 is 151235.
    Point,
    /// 151,235 is 151.235.
    Comma,
}

impl From<DecimalName> for DecimalSign {
    fn from(name: DecimalName) -> Self {
        match name {
            DecimalName::Point => Self::Point,
            DecimalName::Comma => Self::Comma,
        }
    }
}

/// A stochastic process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProcessName {
    /// No memory at all.
    RandomWalk,
    /// Calm and wild stretches; no edge.
    RegimeVolatility,
    /// Pulled back to a slow average: an edge that can be found.
    PlantedEdge,
}

/// A trading calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SessionName {
    /// Sunday 22:00 to Friday 22:00 UTC.
    Currency,
    /// Around the clock.
    Always,
    /// 14:00 to 21:00 UTC, Monday to Friday.
    Shares,
}
