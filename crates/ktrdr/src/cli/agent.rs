//! `ktrdr agent …`

use clap::{Args, Subcommand};
use ktrdr_app::budget::BudgetRequest;
use ktrdr_app::hypotheses::DecisionRequest;

use ktrdr_domain::hypothesis::Answer;
use ktrdr_domain::name::{CampaignName, HypothesisId, ProviderName};
use ktrdr_domain::{DeviceRequest, Money, OperationId, Reason, Symbol, Timeframe};

use super::research::GateName;
use super::{AccountArguments, KeyArguments, StartArguments};
use crate::exit::{CliError, Kind};
use crate::providers::CLAUDE;

#[derive(Debug, Args)]
pub(crate) struct AgentArguments {
    #[command(subcommand)]
    pub(crate) verb: AgentVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AgentVerb {
    /// Start one research cycle; as many go on at a time as `research.triggered_per_instrument` and `research.triggered_max` allow.
    ///
    /// Exit code 4 and, in JSON, the code `active_cycle_exists` or `at_capacity` when no more may go on.
    Trigger(Box<TriggerArguments>),
    /// The triggered cycles that go on with their phases, or one cycle of any campaign.
    Status {
        /// The cycle.
        id: Option<OperationId>,
    },
    /// Stop a cycle and its current job: the triggered one that goes on, if it is the only one, or the named one.
    ///
    /// Exit code 3 with the code `no_active_cycle` or `not_research`, 4 with `several_active_cycles` or `not_cancellable`.
    Cancel {
        /// The cycle.
        id: Option<OperationId>,
        /// Why; kept in its row.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Hypotheses that wait for a person's word before designers are told of them (`agent.approval`).
    Approvals(ApprovalArguments),
    /// What was spent, what is set aside and what is left: by day and by campaign.
    Budget(BudgetArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ApprovalArguments {
    #[command(subcommand)]
    pub(crate) verb: ApprovalVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalVerb {
    /// What waits, the most urgent first, with its deadline and what holds without an answer.
    List,
    /// Let designers be told of it. The first word stands.
    ///
    /// Exit code 3 with the code `no_hypothesis`, 4 with `already_decided`, `already_tested` or `deadline_over`.
    Approve(DecisionArguments),
    /// Keep it from designers; exit codes as for `approve`.
    Reject(DecisionArguments),
}

#[derive(Debug, Args)]
pub(crate) struct DecisionArguments {
    /// The hypothesis.
    pub(crate) id: HypothesisId,
    /// Why; kept with the word.
    #[arg(long)]
    pub(crate) reason: Option<Reason>,
}

impl DecisionArguments {
    /// As a request.
    pub(crate) fn request(&self, answer: Answer) -> DecisionRequest {
        DecisionRequest { hypothesis: self.id.clone(), answer, reason: self.reason.clone() }
    }
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

#[derive(Debug, Clone, Args)]
pub(crate) struct TriggerArguments {
    /// The instrument.
    #[arg(long, short)]
    pub(crate) symbol: Symbol,

    /// The bars that are traded.
    #[arg(long, short)]
    pub(crate) timeframe: Timeframe,

    /// Who designs and assesses; configuration by default.
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) agent: Option<ProviderName>,

    /// The language model that designs and assesses, in place of the one that `claude` stands for.
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<ProviderName>,

    /// Ask the language model in batches: half the price, answers within a day, mostly within the hour.
    #[arg(long)]
    pub(crate) batch: bool,

    /// What to look for, in words.
    #[arg(long, value_name = "TEXT", conflicts_with = "strategy")]
    pub(crate) brief: Option<String>,

    /// Hide symbol, dates and price level from the language model, so that nothing it designs is a memory of this market.
    #[arg(long)]
    pub(crate) masked: bool,

    /// Research this strategy, a file or a name of the workspace, instead of designing one. It is gated and counted as any other.
    #[arg(long, value_name = "FILE")]
    pub(crate) strategy: Option<String>,

    /// Rules of the gates; configuration by default.
    #[arg(long, value_enum)]
    pub(crate) gates: Option<GateName>,

    /// Seed of everything random; another one each time by default.
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// What to train on: any, gpu or cpu. `gpu` waits for a worker with one.
    #[arg(long, default_value_t = DeviceRequest::Any, value_name = "DEVICE")]
    pub(crate) device: DeviceRequest,

    #[command(flatten)]
    pub(crate) account: AccountArguments,

    /// What it may spend, such as 0.20usd; as configured by default.
    #[arg(long, value_name = "MONEY")]
    pub(crate) budget: Option<Money>,

    #[command(flatten)]
    pub(crate) key: KeyArguments,

    /// Run the embedded engine in this process and wait for the end.
    #[arg(long)]
    pub(crate) local: bool,

    /// Wait for the end and show progress; Ctrl-C detaches.
    #[arg(long, short, alias = "wait", conflicts_with = "local")]
    pub(crate) follow: bool,
}

impl TriggerArguments {
    /// Who designs and assesses: each model is a provider under its own name.
    pub(crate) fn provider(&self) -> Result<Option<ProviderName>, CliError> {
        match (&self.agent, &self.model) {
            (Some(agent), Some(model)) if agent.as_str() != CLAUDE => {
                let message =
                    format!("the agent {agent} thinks with no other model: leave out --model {model}");
                Err(CliError::new(Kind::Usage, message))
            }
            (agent, model) => Ok(model.clone().or_else(|| agent.clone())),
        }
    }

    /// How it is started.
    pub(crate) fn start(&self) -> StartArguments {
        StartArguments { local: self.local, wait: self.follow }
    }
}
