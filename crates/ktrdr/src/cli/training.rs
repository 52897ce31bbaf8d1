//! `ktrdr training …`

use clap::{Args, Subcommand};
use ktrdr_app::market::EndDate;
use ktrdr_domain::{DeviceRequest, Reason, Symbol, Timestamp};

use super::{KeyArguments, StartArguments};

#[derive(Debug, Args)]
pub(crate) struct TrainingArguments {
    #[command(subcommand)]
    pub(crate) verb: TrainingVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrainingVerb {
    /// Train a strategy's network on the dev window, or a part of it. With several symbols dev ends at the earliest gate.
    Run(TrainingRun),
}

#[derive(Debug, Args)]
pub(crate) struct TrainingRun {
    /// Name of a strategy in this workspace, or a file.
    #[arg(long, short = 'S')]
    pub(crate) strategy: String,

    /// Train on these symbols instead of the strategy's own.
    #[arg(long, short, value_delimiter = ',')]
    pub(crate) symbol: Vec<Symbol>,

    /// Start of the stretch, inside dev.
    #[arg(long, value_name = "TIME")]
    pub(crate) start_date: Option<Timestamp>,

    /// End of the stretch, inside dev; a date without a time includes that day.
    #[arg(long, value_name = "TIME")]
    pub(crate) end_date: Option<EndDate>,

    /// Reach through the gate into the vault window, and say why: to their end, unless there are dates. Every report of the
    /// symbols counts it from then on, and the model is in-sample there.
    #[arg(long, value_name = "REASON")]
    pub(crate) open_vault: Option<Reason>,

    /// Seed of weights, shuffling and dropout: with the same one the same network is trained.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,

    /// What to train on: any, gpu or cpu. `gpu` waits for a worker with one; with
    /// `--local` it takes cuda:0 here.
    #[arg(long, default_value_t = DeviceRequest::Any, value_name = "DEVICE")]
    pub(crate) device: DeviceRequest,

    #[command(flatten)]
    pub(crate) key: KeyArguments,

    #[command(flatten)]
    pub(crate) start: StartArguments,
}
