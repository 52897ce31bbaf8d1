//! `ktrdr research …` and `ktrdr ledger …`

use clap::{Args, Subcommand, ValueEnum};
use ktrdr_app::campaign::CampaignRequest;
use ktrdr_app::plan::PlanRequest;
use ktrdr_domain::evolution::Mix;
use ktrdr_domain::gate::GateProfile;
use ktrdr_domain::name::{CampaignName, ProviderName};
use ktrdr_domain::{DeviceRequest, Money, Symbol, Timeframe};

use super::campaign::PartArguments;
use super::{AccountArguments, KeyArguments, StartArguments};

#[derive(Debug, Args)]
pub(crate) struct ResearchArguments {
    #[command(subcommand)]
    pub(crate) verb: ResearchVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ResearchVerb {
    /// Start a campaign of research cycles.
    Run(Box<ResearchRun>),
    /// Alias of `campaign show NAME`; without a name of `campaign list`.
    Status {
        /// The campaign.
        name: Option<CampaignName>,
        /// The same as NAME.
        #[arg(long, value_name = "NAME", conflicts_with = "name")]
        campaign: Option<CampaignName>,
        #[command(flatten)]
        part: PartArguments,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ResearchRun {
    #[command(flatten)]
    pub(crate) options: CampaignOptions,

    /// Name of the campaign: its cycles share their lessons. A new one by default. Looks at an exam count across campaigns.
    /// The same said again before all of it has ended goes on with what is left.
    #[arg(long)]
    pub(crate) campaign: Option<CampaignName>,

    #[command(flatten)]
    pub(crate) key: KeyArguments,

    #[command(flatten)]
    pub(crate) start: StartArguments,
}

/// What a campaign is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct CampaignOptions {
    /// The instrument.
    #[arg(long, short)]
    pub(crate) symbol: Symbol,

    /// The bars that are traded.
    #[arg(long, short)]
    pub(crate) timeframe: Timeframe,

    /// How many cycles.
    #[arg(long, short = 'n', default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) cycles: u32,

    /// Cycles at a time; configuration by default.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) in_flight: Option<u32>,

    /// Cycles that are designed from the same lessons, those of the generations before; configuration by default. No cycle
    /// starts before those of earlier generations have ended, so that at most as many run at a time.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) generation: Option<u32>,

    /// Rules of the gates; configuration by default.
    #[arg(long, value_enum)]
    pub(crate) gates: Option<GateName>,

    /// Who designs and assesses; configuration by default. With `evolve` designs are bred on dev, and champions of what was bred
    /// look at the exam in the last generation.
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) agent: Option<ProviderName>,

    /// Ask the language model in batches: half the price, answers within a day, mostly within the hour.
    #[arg(long)]
    pub(crate) batch: bool,
    /// A share of the designs that another provider makes while a campaign that evolves breeds, as claude:1/4.
    #[arg(long, value_name = "PROVIDER:N/M")]
    pub(crate) mix: Option<Mix>,

    /// What to look for, in words.
    #[arg(long)]
    pub(crate) brief: Option<String>,

    /// Hide symbol, dates and price level from the language model, so that nothing it designs is a memory of this market.
    #[arg(long)]
    pub(crate) masked: bool,

    /// Seed of everything random. The same one on the same data gives the same designs and trades, under any name of the campaign and
    /// on any number of workers. What was examined before is not examined again.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,

    /// What to train on: any, gpu or cpu. `gpu` waits for a worker with one.
    #[arg(long, default_value_t = DeviceRequest::Any, value_name = "DEVICE")]
    pub(crate) device: DeviceRequest,

    /// What the campaign may spend in all, such as 2usd; as before, or configuration by default.
    #[arg(long, value_name = "MONEY")]
    pub(crate) budget: Option<Money>,

    #[command(flatten)]
    pub(crate) account: AccountArguments,
}

impl From<&ResearchRun> for CampaignRequest {
    fn from(typed: &ResearchRun) -> Self {
        let idempotency_key = typed.key.idempotency_key.clone();
        Self { campaign: typed.campaign.clone(), idempotency_key, ..Self::from(&typed.options) }
    }
}

impl From<&CampaignOptions> for CampaignRequest {
    fn from(typed: &CampaignOptions) -> Self {
        Self {
            symbol: typed.symbol.clone(),
            timeframe: typed.timeframe,
            cycles: typed.cycles,
            campaign: None,
            in_flight: typed.in_flight,
            generation: typed.generation,
            agent: typed.agent.clone(),
            batch: typed.batch,
            mix: typed.mix.clone(),
            gates: typed.gates.map(Into::into),
            brief: typed.brief.clone(),
            masked: typed.masked,
            device: typed.device,
            seed: typed.seed,
            account: (&typed.account).into(),
            budget: typed.budget,
            idempotency_key: None,
        }
    }
}

impl From<&CampaignOptions> for PlanRequest {
    fn from(typed: &CampaignOptions) -> Self {
        Self {
            symbol: typed.symbol.clone(),
            timeframe: typed.timeframe,
            cycles: typed.cycles,
            agent: typed.agent.clone(),
            mix: typed.mix.clone(),
            generation: typed.generation,
            gates: typed.gates.map(Into::into),
            anyway: None,
        }
    }
}

/// A gate profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GateName {
    /// A strategy must do better than its own trades at random times, and better than the luck of all looks there were.
    Honest,
    /// Fixed thresholds, those of the system that ktrdr replaces.
    Parity,
}

impl From<GateName> for GateProfile {
    fn from(name: GateName) -> Self {
        match name {
            GateName::Honest => Self::Honest,
            GateName::Parity => Self::Parity,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct LedgerArguments {
    #[command(subcommand)]
    pub(crate) verb: LedgerVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerVerb {
    /// Every counted look at data.
    Trials {
        /// Only this campaign.
        #[arg(long)]
        campaign: Option<CampaignName>,
    },
    /// What campaigns came to when they closed: final verdicts, tests, what is left to spend.
    Closings {
        /// Only this campaign.
        #[arg(long)]
        campaign: Option<CampaignName>,
    },
    /// What research remembers: the same as `memory list`.
    #[command(hide = true)]
    Lessons {
        /// Only this campaign.
        #[arg(long)]
        campaign: Option<CampaignName>,
    },
}
