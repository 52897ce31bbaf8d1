//! `ktrdr strategies …`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ktrdr_domain::StrategyName;

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
    /// The ordered feature vector of a strategy.
    Features {
        /// A file, or the name of a strategy in this workspace.
        strategy: PathBuf,
    },
}
