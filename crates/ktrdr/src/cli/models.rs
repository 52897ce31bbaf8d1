//! `ktrdr models …`

use clap::{Args, Subcommand};
use ktrdr_domain::StrategyName;

#[derive(Debug, Args)]
pub(crate) struct ModelsArguments {
    #[command(subcommand)]
    pub(crate) verb: ModelsVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsVerb {
    /// Every trained model of this workspace, by strategy and version.
    List,
    /// How a model came about: what it learned from, its network, and what its training came to.
    Show {
        /// Its strategy.
        strategy: StrategyName,
        /// Its version; the newest otherwise.
        #[arg(long, value_name = "N")]
        model_version: Option<u32>,
    },
}
