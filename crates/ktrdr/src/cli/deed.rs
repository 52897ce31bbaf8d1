//! What commands change, as the audit log calls it: by the names that the same requests have over HTTP.

use std::path::PathBuf;

use ktrdr_domain::Reason;
use ktrdr_domain::name::CampaignName;

use super::Command;
use super::agent::{AgentVerb, ApprovalVerb};
use super::api::TokenVerb;
use super::backtest::{BacktestVerb, MarketArguments};
use super::campaign::CampaignVerb;
use super::data::{DataVerb, ImportArguments};
use super::fleet::{QueuesVerb, WorkersVerb};
use super::operations::{CancelArguments, DeadLettersVerb, OperationsVerb, RetryArguments};
use super::research::ResearchVerb;
use super::schedules::SchedulesVerb;
use super::store::StoreVerb;
use super::strategies::StrategiesVerb;
use super::training::TrainingVerb;

/// A change that a command asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deed {
    /// What, as a stable word.
    pub(crate) what: &'static str,
    /// To what.
    pub(crate) target: String,
    /// Why, in the asker's words; may be empty.
    pub(crate) reason: String,
}

impl Deed {
    // Callers hand over a name that is theirs, or a text that was made for this.
    #[allow(clippy::needless_pass_by_value)]
    fn of(what: &'static str, target: impl ToString) -> Self {
        Self { what, target: target.to_string(), reason: String::new() }
    }

    fn because(self, reason: impl Into<Option<String>>) -> Self {
        Self { reason: reason.into().unwrap_or_default(), ..self }
    }
}

impl Command {
    /// Whether it only looks at what is there: what is asked of rows, artefacts and records.
    pub(crate) fn only_looks(&self) -> bool {
        !matches!(
            self,
            Self::Demo(_)
                | Self::Init(_)
                | Self::Up(_)
                | Self::Serve(_)
                | Self::Orchestrator(_)
                | Self::Worker(_)
                | Self::Bench(_)
        )
    }

    /// What it changes in its workspace, if anything. A broker's topology and a store's epoch are no part of that: they are
    /// changed where no log can be kept, and recorded in their own places.
    pub(crate) fn deed(&self) -> Option<Deed> {
        match self {
            Self::Data(asked) => data(&asked.verb),
            Self::Training(asked) => {
                let TrainingVerb::Run(run) = &asked.verb;
                Some(Deed::of("start_training", &run.strategy).because(words(run.open_vault.as_ref())))
            }
            Self::Strategies(asked) => match &asked.verb {
                StrategiesVerb::Sweep(sweep) => Some(Deed::of("sweep_strategy", sweep.strategy.display())),
                _ => None,
            },
            Self::Backtest(asked) => backtest(&asked.verb),
            Self::Replay(asked) => Some(Deed::of("replay_backtest", &asked.id)),
            Self::Research(asked) => match &asked.verb {
                ResearchVerb::Run(run) => {
                    Some(Deed::of("start_campaign", of_campaign(run.campaign.as_ref())))
                }
                ResearchVerb::Status { .. } => None,
            },
            Self::Agent(asked) => agent(&asked.verb),
            Self::Campaign(asked) => match &asked.verb {
                CampaignVerb::Cancel { name, reason, .. } => {
                    Some(Deed::of("cancel_campaign", name).because(reason.clone()))
                }
                CampaignVerb::List(_) | CampaignVerb::Show { .. } | CampaignVerb::Plan(_) => None,
            },
            Self::Schedules(asked) => schedules(&asked.verb),
            Self::Operations(asked) => operations(&asked.verb),
            Self::DeadLetters(asked) => dead_letters(&asked.verb),
            Self::Workers(asked) => match &asked.verb {
                WorkersVerb::Drain { boot } => Some(Deed::of("drain_worker", boot)),
                WorkersVerb::List => None,
            },
            Self::Queues(asked) => match &asked.verb {
                QueuesVerb::Pause { kind } => Some(Deed::of("pause_queue", kind)),
                QueuesVerb::Resume { kind } => Some(Deed::of("resume_queue", kind)),
                QueuesVerb::List => None,
            },
            Self::Token(asked) => token(&asked.verb),
            Self::Prune(asked) => asked.yes.then(|| Deed::of("prune_files", "files that nobody needs")),
            Self::Store(asked) => match &asked.verb {
                StoreVerb::Prune { yes: true } => Some(Deed::of("prune_store", "rows of what ended")),
                StoreVerb::Prune { yes: false } | StoreVerb::Epochs | StoreVerb::NewEpoch { .. } => None,
            },
            // What runs roles, looks, measures, or changes nothing that is the workspace's.
            Self::Demo(_)
            | Self::Init(_)
            | Self::Models(_)
            | Self::Up(_)
            | Self::Serve(_)
            | Self::Orchestrator(_)
            | Self::Worker(_)
            | Self::Top
            | Self::Report(_)
            | Self::Topology(_)
            | Self::Doctor
            | Self::Health
            | Self::Ledger(_)
            | Self::Memory(_)
            | Self::Mcp(_)
            | Self::Bench(_)
            | Self::Explain(_)
            | Self::Config(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::Schema(_) => None,
        }
    }
}

/// The series that files hold, as far as can be told.
fn imported(import: &ImportArguments) -> String {
    let named = |file: &PathBuf| match import.series(file) {
        Ok((symbol, timeframe)) => format!("{symbol} {timeframe}"),
        Err(_) => file.display().to_string(),
    };
    import.files.iter().map(named).collect::<Vec<_>>().join(", ")
}

fn token(verb: &TokenVerb) -> Option<Deed> {
    match verb {
        TokenVerb::Create { scope, .. } => Some(Deed::of("create_token", scope)),
        TokenVerb::Revoke { id, reason } => Some(Deed::of("revoke_token", id).because(reason.clone())),
        TokenVerb::List => None,
    }
}

fn data(verb: &DataVerb) -> Option<Deed> {
    let series =
        |symbol: &dyn std::fmt::Display, timeframe: &dyn std::fmt::Display| format!("{symbol} {timeframe}");
    match verb {
        DataVerb::Import(import) => Some(Deed::of("import_data", imported(import))),
        DataVerb::Generate(made) => Some(Deed::of("generate_data", series(&made.symbol, &made.timeframe))),
        DataVerb::Resample(made) => Some(Deed::of("resample_data", series(&made.symbol, &made.timeframe))),
        DataVerb::RollWindows(roll) => {
            Some(Deed::of("roll_windows", &roll.symbol).because(words(Some(&roll.reason))))
        }
        DataVerb::Check(_) | DataVerb::List | DataVerb::Windows { .. } => None,
    }
}

fn backtest(verb: &BacktestVerb) -> Option<Deed> {
    let traded = |what, market: &MarketArguments| {
        let target = format!("{} {}", market.symbol, market.timeframe);
        Some(Deed::of(what, target).because(words(market.open_vault.as_ref())))
    };
    match verb {
        BacktestVerb::Run(run) => traded("start_backtest", &run.market),
        BacktestVerb::Signals(run) => traded("start_signals", &run.market),
        BacktestVerb::Cancel { id, reason } => {
            let target = id.as_ref().map_or("the only one", |id| id.as_str());
            Some(Deed::of("cancel_backtest", target).because(reason.clone()))
        }
        BacktestVerb::Show { .. } | BacktestVerb::Export(_) => None,
    }
}

fn agent(verb: &AgentVerb) -> Option<Deed> {
    match verb {
        AgentVerb::Trigger(trigger) => {
            Some(Deed::of("trigger_cycle", format!("{} {}", trigger.symbol, trigger.timeframe)))
        }
        AgentVerb::Cancel { id, reason } => {
            let target = id.as_ref().map_or("the only one", |id| id.as_str());
            Some(Deed::of("cancel_cycle", target).because(reason.clone()))
        }
        AgentVerb::Approvals(asked) => match &asked.verb {
            ApprovalVerb::Approve(word) => {
                Some(Deed::of("approve_hypothesis", &word.id).because(words(word.reason.as_ref())))
            }
            ApprovalVerb::Reject(word) => {
                Some(Deed::of("reject_hypothesis", &word.id).because(words(word.reason.as_ref())))
            }
            ApprovalVerb::List => None,
        },
        AgentVerb::Status { .. } | AgentVerb::Budget(_) => None,
    }
}

fn schedules(verb: &SchedulesVerb) -> Option<Deed> {
    match verb {
        SchedulesVerb::Create(typed) => {
            Some(Deed::of("create_schedule", &typed.name).because(words(typed.anyway.as_ref())))
        }
        SchedulesVerb::Pause { name, note } => {
            Some(Deed::of("pause_schedule", name).because(words(Some(note))))
        }
        SchedulesVerb::Resume { name } => Some(Deed::of("resume_schedule", name)),
        SchedulesVerb::Trigger { name, .. } => Some(Deed::of("trigger_schedule", name)),
        SchedulesVerb::Backfill { name, .. } => Some(Deed::of("backfill_schedule", name)),
        SchedulesVerb::Delete { name, reason } => {
            Some(Deed::of("delete_schedule", name).because(reason.clone()))
        }
        SchedulesVerb::List | SchedulesVerb::Show { .. } | SchedulesVerb::Next { .. } => None,
    }
}

fn operations(verb: &OperationsVerb) -> Option<Deed> {
    match verb {
        OperationsVerb::Cancel(cancel) => Some(cancelled(cancel)),
        OperationsVerb::Retry(retry) => Some(retried(retry)),
        OperationsVerb::List(_)
        | OperationsVerb::Status { .. }
        | OperationsVerb::Explain { .. }
        | OperationsVerb::Metrics { .. }
        | OperationsVerb::Events { .. }
        | OperationsVerb::Watch { .. } => None,
    }
}

fn cancelled(asked: &CancelArguments) -> Deed {
    let group = &asked.group;
    let deed = match &asked.id {
        Some(id) => Deed::of("cancel_operation", id),
        None => Deed::of(
            "cancel_group",
            terms(&[
                ("campaign", group.campaign.as_ref().map(ToString::to_string)),
                ("type", group.kind.map(|kind| kind.to_string())),
                ("status", group.status.map(|status| status.to_string())),
            ]),
        ),
    };
    deed.because(asked.reason.clone())
}

fn retried(asked: &RetryArguments) -> Deed {
    let group = &asked.group;
    match &asked.id {
        Some(id) => Deed::of("retry_operation", id),
        None => Deed::of(
            "retry_group",
            terms(&[
                ("campaign", group.campaign.as_ref().map(ToString::to_string)),
                ("type", group.kind.map(|kind| kind.to_string())),
                ("status", group.status.map(|status| status.to_string())),
                ("reason", group.reason.clone()),
                ("dead", group.dead.then(|| "true".to_owned())),
            ]),
        ),
    }
}

fn dead_letters(verb: &DeadLettersVerb) -> Option<Deed> {
    match verb {
        DeadLettersVerb::Retry { id, .. } => Some(Deed::of("retry_operation", id)),
        DeadLettersVerb::Drop { ids, error, .. } => {
            let by_error = error.as_ref().map(|error| format!("error^{error}"));
            Some(Deed::of("dismiss_dead_letter", by_error.unwrap_or_else(|| ids.join(" "))))
        }
        DeadLettersVerb::List { .. } | DeadLettersVerb::Show { .. } => None,
    }
}

/// A group as the filters name it: `type=training&status=pending`.
fn terms(said: &[(&str, Option<String>)]) -> String {
    let terms = said.iter().filter_map(|(field, value)| Some(format!("{field}={}", value.as_ref()?)));
    terms.collect::<Vec<_>>().join("&")
}

fn of_campaign(name: Option<&CampaignName>) -> String {
    name.map_or_else(|| "a new campaign".to_owned(), ToString::to_string)
}

fn words(reason: Option<&Reason>) -> Option<String> {
    reason.map(ToString::to_string)
}
