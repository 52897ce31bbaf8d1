//! `ktrdr memory …`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ktrdr_app::memory::RecallRequest;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{OperationId, StrategyName, Symbol};

#[derive(Debug, Args)]
pub(crate) struct MemoryArguments {
    #[command(subcommand)]
    pub(crate) verb: MemoryVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MemoryVerb {
    /// Lessons, newest first.
    List {
        /// Only this campaign.
        #[arg(long)]
        campaign: Option<CampaignName>,
        /// At most this many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
    /// One lesson with its strategy.
    Show {
        /// The cycle it was learnt from.
        cycle: OperationId,
    },
    /// The lessons most worth knowing, ranked and in at most 2,000 tokens: strategies that are alike and fared differently, telling
    /// failures, and ideas that nobody tested yet.
    Search(SearchArguments),
    /// Ideas that models proposed, newest first, and where each stands: waiting, open, approved, rejected or tested.
    Hypotheses {
        /// Only this campaign.
        #[arg(long)]
        campaign: Option<CampaignName>,
    },
    /// Every lesson as JSON, one per line, with the last data time it depends on.
    Export {
        /// Only this campaign.
        #[arg(long)]
        campaign: Option<CampaignName>,
        /// Write to this file, which must not exist; stdout otherwise.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SearchArguments {
    /// Only lessons that have all of these words: in name, description, hypothesis, indicators or what stopped them.
    pub(crate) words: Vec<String>,

    /// Lessons about strategies like this one of the workspace come first.
    #[arg(long, value_name = "STRATEGY")]
    pub(crate) like: Option<StrategyName>,

    /// Only lessons about this instrument.
    #[arg(long, short)]
    pub(crate) symbol: Option<Symbol>,

    /// Only this campaign.
    #[arg(long)]
    pub(crate) campaign: Option<CampaignName>,
}

impl From<&SearchArguments> for RecallRequest {
    fn from(typed: &SearchArguments) -> Self {
        Self {
            campaign: typed.campaign.clone(),
            symbol: typed.symbol.clone(),
            like: typed.like.clone(),
            words: (!typed.words.is_empty()).then(|| typed.words.join(" ")),
        }
    }
}
