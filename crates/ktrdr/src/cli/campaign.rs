//! `ktrdr campaign …`

use clap::{Args, Subcommand};
use ktrdr_app::operations::PartRequest;
use ktrdr_domain::name::CampaignName;

#[derive(Debug, Args)]
pub(crate) struct CampaignArguments {
    #[command(subcommand)]
    pub(crate) verb: CampaignVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CampaignVerb {
    /// Campaigns and how far they are, the latest first.
    List(PartArguments),
    /// One campaign: what became of its cycles, and the cycles, oldest of the shown first.
    Show {
        /// The campaign.
        name: CampaignName,
        #[command(flatten)]
        part: PartArguments,
    },
    /// Cancel every cycle of a campaign that has not ended: what waits at once, what runs is asked to stop. None of them
    /// starts meanwhile.
    Cancel {
        /// The campaign.
        name: CampaignName,
        /// Kept in the rows.
        #[arg(long, default_value = "")]
        reason: String,
        /// Really do it: asked for when nobody can be asked.
        #[arg(long, short)]
        yes: bool,
    },
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct PartArguments {
    /// At most this many.
    #[arg(long, short, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,

    /// Skip this many of the latest.
    #[arg(long, default_value_t = 0)]
    pub(crate) offset: u64,
}

impl From<PartArguments> for PartRequest {
    fn from(typed: PartArguments) -> Self {
        Self { limit: typed.limit, offset: typed.offset }
    }
}
