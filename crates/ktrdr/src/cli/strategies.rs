//! `ktrdr strategies …`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::strategy::grid::Axis;
use ktrdr_domain::{StrategyName, Symbol, Timeframe, WindowKind};

use super::{AccountArguments, StartArguments};

#[derive(Debug, Args)]
pub(crate) struct StrategiesArguments {
    #[command(subcommand)]
    pub(crate) verb: StrategiesVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StrategiesVerb {
    /// Strategies in this workspace.
    List,
    /// Begin a strategy of one's own from another one.
    New {
        /// Its name.
        name: StrategyName,
        /// What it begins as: an example (fx_pullback, trend_cost_aware, equity_swing), a strategy of this workspace, or a file.
        #[arg(long, value_name = "STRATEGY", default_value = "fx_pullback")]
        from: PathBuf,
    },
    /// Check strategy files; every fault is listed with its place and its remedy.
    Validate {
        /// Files, or names of strategies in this workspace.
        #[arg(required = true)]
        strategies: Vec<PathBuf>,
    },
    /// Write a strategy of an older grammar in grammar 3.0, to stdout or a file.
    Migrate {
        /// The file to read.
        file: PathBuf,
        /// The file to write; it must not exist yet.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// JSON Schema of grammar 3.0, for editors.
    Schema,
    /// Compare variants of a strategy: each is trained and examined, and each look at the exam is counted. Said again it goes on where
    /// it was.
    Sweep(Box<SweepArguments>),
    /// The ordered feature vector of a strategy.
    Features {
        /// A file, or the name of a strategy in this workspace.
        strategy: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SweepArguments {
    /// A file, or the name of a strategy in this workspace.
    pub(crate) strategy: PathBuf,

    /// A place in it and the values that stand there in turn, such as indicators.rsi_14.period=7,14,21. Several make a grid of up to
    /// 100 variants.
    #[arg(long, required = true, value_name = "PATH=A,B,C")]
    pub(crate) set: Vec<Axis>,

    /// The instrument, where it is not the only one of the strategy.
    #[arg(long, short)]
    pub(crate) symbol: Option<Symbol>,

    /// The bars that are traded: those of the strategy, and no others.
    #[arg(long, short)]
    pub(crate) timeframe: Option<Timeframe>,

    /// What is looked at: the exam on the gate, counted, or only what the trainings say of dev, which costs no look.
    #[arg(long, value_enum, default_value_t = SweptWindow::Gate)]
    pub(crate) window: SweptWindow,

    /// Seed of weights, shuffling and dropout, the same for all of them.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,

    /// The campaign that the looks are counted in; named after what is swept by default.
    #[arg(long)]
    pub(crate) campaign: Option<CampaignName>,

    /// Do not ask before looks are spent.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) account: AccountArguments,

    #[command(flatten)]
    pub(crate) start: StartArguments,
}

/// What a sweep looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SweptWindow {
    /// What the trainings say.
    Dev,
    /// The exam.
    Gate,
}

impl From<SweptWindow> for WindowKind {
    fn from(window: SweptWindow) -> Self {
        match window {
            SweptWindow::Dev => Self::Dev,
            SweptWindow::Gate => Self::Gate,
        }
    }
}
