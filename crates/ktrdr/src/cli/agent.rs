//! `ktrdr agent …`

use clap::{Args, Subcommand};
use ktrdr_app::budget::BudgetRequest;
use ktrdr_domain::name::CampaignName;

#[derive(Debug, Args)]
pub(crate) struct AgentArguments {
    #[command(subcommand)]
    pub(crate) verb: AgentVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AgentVerb {
    /// What was spent, what is set aside and what is left: by day and by campaign.
    Budget(BudgetArguments),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct BudgetArguments {
    /// Only this campaign, beside the days.
    #[arg(long, value_name = "NAME")]
    pub(crate) campaign: Option<CampaignName>,

    /// How many days, today the first of them.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=366))]
    pub(crate) days: u32,
}

impl From<&BudgetArguments> for BudgetRequest {
    fn from(typed: &BudgetArguments) -> Self {
        Self { campaign: typed.campaign.clone(), days: typed.days, ..Self::default() }
    }
}
