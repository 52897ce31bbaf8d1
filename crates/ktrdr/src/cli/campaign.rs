//! `ktrdr campaign …`

use clap::{Args, Subcommand};
use ktrdr_app::operations::PartRequest;
use ktrdr_app::plan::PlanRequest;
use ktrdr_domain::evolution::Mix;
use ktrdr_domain::name::{CampaignName, ProviderName};
use ktrdr_domain::{Symbol, Timeframe};

use super::research::GateName;

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
    /// What a campaign could find at all, and what it would cost. Starts nothing.
    ///
    /// Refused (exit code 7, in JSON `nothing_to_find`) where even the largest plausible Sharpe ratio has less than an even chance
    /// to be confirmed on this gate window.
    Plan(PlanArguments),
    /// Cancel every cycle of a campaign that has not ended: what waits at once, what runs is asked to stop. None of them
    /// starts meanwhile.
    Cancel {
        /// The campaign.
        name: CampaignName,
        /// Why; kept in the rows.
        #[arg(long, default_value = "")]
        reason: String,
        /// Really do it: asked for when nobody can be asked.
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PlanArguments {
    /// The instrument.
    #[arg(long, short)]
    pub(crate) symbol: Symbol,

    /// The bars that are traded.
    #[arg(long, short)]
    pub(crate) timeframe: Timeframe,

    /// How many cycles.
    #[arg(long, short = 'n', value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) cycles: u32,

    /// Who designs and assesses; configuration by default.
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) agent: Option<ProviderName>,

    /// A share of the designs that another provider makes, where the campaign evolves, as claude:1/4.
    #[arg(long, value_name = "PROVIDER:N/M")]
    pub(crate) mix: Option<Mix>,

    /// Cycles of a generation; configuration by default. Where the campaign evolves, at most so many look at the exam.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) generation: Option<u32>,

    /// Rules of the gates; configuration by default. Those that deflate nothing find whatever luck gives.
    #[arg(long, value_enum)]
    pub(crate) gates: Option<GateName>,

    /// Why it is worth it although there is nothing to find.
    #[arg(long, value_name = "REASON")]
    pub(crate) anyway: Option<String>,
}

impl From<&PlanArguments> for PlanRequest {
    fn from(typed: &PlanArguments) -> Self {
        Self {
            symbol: typed.symbol.clone(),
            timeframe: typed.timeframe,
            cycles: typed.cycles,
            agent: typed.agent.clone(),
            mix: typed.mix.clone(),
            generation: typed.generation,
            gates: typed.gates.map(Into::into),
            anyway: typed.anyway.clone(),
        }
    }
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct PartArguments {
    /// At most this many.
    #[arg(long, short, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,

    /// Go on behind the part that answered with this as `next`.
    #[arg(long, value_name = "NEXT")]
    pub(crate) after: Option<u64>,
}

impl From<PartArguments> for PartRequest {
    fn from(typed: PartArguments) -> Self {
        Self { limit: typed.limit, after: typed.after }
    }
}
