//! `ktrdr training …`

use clap::{Args, Subcommand};
use ktrdr_domain::{DeviceRequest, Symbol, Timestamp};

use super::{KeyArguments, StartArguments};

#[derive(Debug, Args)]
pub(crate) struct TrainingArguments {
    #[command(subcommand)]
    pub(crate) verb: TrainingVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrainingVerb {
    /// Train a strategy's network on the dev window, or a part of it.
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
    #[arg(long)]
    pub(crate) start_date: Option<Timestamp>,

    /// End of the stretch (exclusive), inside dev.
    #[arg(long)]
    pub(crate) end_date: Option<Timestamp>,

    /// Of weights, shuffling and dropout.
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
