//! `ktrdr models …`

use std::str::FromStr;

use clap::{Args, Subcommand};
use ktrdr_domain::StrategyName;
use ktrdr_domain::name::BadName;

use crate::reference::LAST;

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
    /// What a model owes to each of its inputs: what it gives up on rows of dev, which it did not learn from, where the input says
    /// nothing. Luck stands beside it.
    Importance {
        /// Its strategy, or @last for the model that was trained last.
        strategy: ModelChoice,
        /// Its version; the newest otherwise.
        #[arg(long, value_name = "N")]
        model_version: Option<u32>,
    },
}

/// Whose model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelChoice {
    /// That of the newest training.
    Last,
    /// That of a strategy.
    Of(StrategyName),
}

impl FromStr for ModelChoice {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        match text {
            LAST => Ok(Self::Last),
            name => name.parse().map(Self::Of),
        }
    }
}
