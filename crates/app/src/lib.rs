//! The application floor: one function for each thing a user can ask, whatever way they come in.
//!
//! Every function is a method of [`App`], takes a plain request and returns a plain answer. It has never heard of a command
//! line, of HTTP or of a terminal: those read a request, call one function and show the answer.
//!
//! | what is asked | functions | file |
//! |---|---|---|
//! | train a strategy | [`App::submit_training`] | [`training`] |
//! | backtest a model, or target positions; its report; stop it | [`App::submit_backtest`], [`App::submit_signals`], [`App::report`], [`App::cancel_backtest`] | [`backtest`] |
//! | pages on a backtest, a training, a campaign, several side by side | [`App::report_on`] | [`reports`] |
//! | repeat a backtest and compare | [`App::submit_replay`], [`App::compare_replay`] | [`replay`] |
//! | one research cycle: trigger, status, cancel | [`App::trigger_cycle`], [`App::cycle_status`], [`App::cycle`], [`App::cancel_cycle`] | [`cycle`], [`cycle_status`] |
//! | campaigns of cycles | [`App::start_campaign`], [`App::campaigns`], [`App::campaign`] | [`campaign`] |
//! | what it costs, what is left; what a campaign could find at all | [`App::budget`], [`App::costs`], [`App::plan_campaign`] | [`budget`], [`plan`] |
//! | campaigns that begin by themselves | [`App::create_schedule`], [`App::list_schedules`], [`App::trigger_schedule`], [`App::backfill_schedule`] | [`schedules`] |
//! | bars: import, generate, check, list | [`App::import_data`], [`App::generate_data`], [`App::check_data`], [`App::list_data`] | [`data`] |
//! | bars, indicators, fuzzy sets: value by value | [`App::inspect`], [`inspect::indicators`], [`inspect::memberships`] | [`inspect`] |
//! | windows: where they are and what became of them, moving them | [`App::windows`], [`App::plan_roll_windows`], [`App::roll_windows`] | [`windows`] |
//! | strategies and models | [`App::strategies`], [`App::strategy`], [`App::models`], [`App::importance`] | [`strategies`] |
//! | operations: one, many, their histories | [`App::operation`], [`App::operations`], [`App::history`] | [`operations`] |
//! | what is measured of one, by its type | [`App::metrics`] | [`metrics`] |
//! | why something waits, and for how long still | [`App::why_standing_still`], [`App::explain`] | [`waiting`], [`explain`] |
//! | what stands in the way of work | [`App::diagnosis`], [`App::obstacles`], [`diagnosis::diagnose`] | [`mod@diagnosis`] |
//! | cancel one, or a group | [`App::cancel`], [`App::plan_cancel`], [`App::cancel_group`] | [`cancel`] |
//! | retry one, or a group | [`App::retry`], [`App::plan_retry`], [`App::retry_group`] | [`retry`] |
//! | what was given up | [`App::dead_letters`], [`App::dead_letters_with`], [`App::dismiss`], [`App::dead_messages`] | [`dead_letters`] |
//! | queues and workers | [`App::queues`], [`App::pause`], [`App::resume_queue`], [`App::workers`], [`App::drain_worker`] | [`queues`], [`workers`] |
//! | what comes to queues and goes from them | [`flow::Flow::rates`] | [`flow`] |
//! | trials and lessons | [`App::trials`], [`App::lessons`] | [`ledger`] |
//! | many backtests, with the looks counted that there are by now | [`App::standings`] | [`standing`] |
//! | a grid of variants, each trained and examined | [`sweep::Sweep::of`], [`sweep::Swept::of`] | [`sweep`] |
//! | what campaigns came to when they closed | [`App::closings`], [`App::judged`] | [`verdicts`] |
//! | access from outside: tokens, who shows one | [`App::create_token`], [`App::list_tokens`], [`App::revoke_token`], [`App::caller_of_token`] | [`access`] |
//! | the audit log | [`App::note`], [`App::note_outcome`], [`App::audit`] | [`mod@audit`] |
//! | longer bars of stored ones | [`App::resample_data`] | [`resample`] |
//! | pruning what ended long ago | [`App::prune`], [`App::pruned`] | [`retention`] |
//! | files that nobody needs any more | [`App::plan_file_prune`], [`App::prune_files`] | [`mod@prune`] |
//! | following what changes | [`UseCases::changes`], [`feed::Feed`] | [`changes`], [`feed`] |
//! | what answers look like | [`described::generator`] | [`described`] |
//! | whether the workspace can be used | [`App::readiness`] | [`readiness`] |
//! | hypotheses: all, those that wait for a person's word, that word | [`App::hypotheses`], [`App::approvals`], [`App::decide`] | [`hypotheses`] |
//! | memory: one lesson, those most worth knowing | [`App::lesson`], [`App::recall`] | [`memory`] |
//!
//! All of them are the trait [`UseCases`], which a client of an application floor elsewhere has as well: who asks need not know
//! which it is.
//!
//! A workspace is opened by [`engine::Opening`]; above it nothing knows which engine carries the work.
//!
//! Group actions have two steps: a plan says what would be done, so that somebody can be asked, and then it is done.
//! Whatever submits takes an [`IdempotencyKey`]: the same key gives the same work, however often it is said.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod access;
pub mod audit;
pub mod backtest;
pub mod budget;
pub mod campaign;
pub mod cancel;
pub mod changes;
pub mod cycle;
pub mod cycle_status;
pub mod data;
pub mod dead_letters;
pub mod described;
pub mod diagnosis;
pub mod engine;
mod error;
pub mod explain;
pub mod feed;
pub mod flow;
mod frozen;
pub mod hypotheses;
pub mod idempotency;
pub mod ids;
pub mod inspect;
pub mod ledger;
pub mod market;
pub mod memory;
pub mod metrics;
pub mod missing;
pub mod operations;
pub mod plan;
pub mod prune;
pub mod queues;
pub mod readiness;
pub mod reading;
pub mod replay;
pub mod reports;
pub mod resample;
pub mod retention;
pub mod retry;
pub mod schedules;
mod second_thoughts;
pub mod selection;
pub mod standing;
pub mod strategies;
pub mod submit;
pub mod sweep;
pub mod training;
mod unfinished;
pub mod use_cases;
pub mod verdicts;
pub mod waiting;
pub mod windows;
pub mod workers;

use std::sync::Arc;

use ktrdr_agent::Providers;
use ktrdr_catalog::pins::Pins;
use ktrdr_domain::budget::BudgetPolicy;
use ktrdr_domain::gate::GatePolicy;
use ktrdr_domain::hypothesis::ApprovalTerms;
use ktrdr_domain::name::ProviderName;
use ktrdr_domain::trading::Account;
use ktrdr_domain::window::WindowPolicy;
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::audit::Audit;
use ktrdr_fabric::budget::Budget;
use ktrdr_fabric::campaign::Campaigns;
use ktrdr_fabric::ledger::Ledger;
use ktrdr_fabric::registry::WorkerRegistry;
use ktrdr_fabric::requests::Requests;
use ktrdr_fabric::retention::{Pruning, Retention};
use ktrdr_fabric::schedules::Schedules;
use ktrdr_fabric::store::Store;
use ktrdr_fabric::tokens::Tokens;

use crate::cycle::TriggerLimits;
use crate::dead_letters::LetterBox;
use crate::engine::OwnStore;
pub use error::{AppError, ErrorKind, OrKind};
pub use idempotency::{Begun, IdempotencyKey, Mark};
pub use ktrdr_fabric::clock;
pub use use_cases::UseCases;

/// An opened workspace, and what it is configured to.
#[derive(Clone)]
pub struct App {
    /// Rows.
    pub store: Arc<dyn Store>,
    /// Campaigns, counted.
    pub campaigns: Arc<dyn Campaigns>,
    /// Trials and lessons.
    pub ledger: Arc<dyn Ledger>,
    /// What work costs.
    pub budget: Arc<dyn Budget>,
    /// Workers, and what operators ask of them.
    pub registry: Arc<dyn WorkerRegistry>,
    /// Who may ask from outside.
    pub tokens: Arc<dyn Tokens>,
    /// What was asked for from outside.
    pub audit: Arc<dyn Audit>,
    /// Requests from outside that may be repeated.
    pub requests: Arc<dyn Requests>,
    /// What runs by itself.
    pub schedules: Arc<dyn Schedules>,
    /// What is forgotten.
    pub pruning: Arc<dyn Pruning>,
    /// Bars, models, strategies, reports.
    pub artifacts: Arc<dyn Artifacts>,
    /// Series that were found fit for use.
    pub pins: Arc<Pins>,
    /// Messages that nobody could read.
    pub letters: Arc<dyn LetterBox>,
    /// What is filled in where a request says nothing.
    pub policy: Policy,
    /// Who uses it, as vault openings and moved windows record it: `user@host`.
    pub by: String,
    /// Who takes work.
    pub labour: Labour,
    /// The store as itself: whether it has room.
    pub own: Arc<dyn OwnStore>,
    /// Whether a process plays the roles now, where that is one at a time.
    pub is_held: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Who designs and assesses, by name: asked before anything is submitted, and by the workers of a process.
    pub providers: Providers,
}

/// What a workspace is configured to.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How the first bars of an instrument are cut into dev, gate and vault.
    pub windows: WindowPolicy,
    /// Looks at a gate window after which research on it ends.
    pub looks_max: u64,
    /// Rules of the gates.
    pub gates: GatePolicy,
    /// Capital, size and costs.
    pub account: Account,
    /// The provider that designs and assesses.
    pub agent: ProviderName,
    /// Cycles of a campaign at a time.
    pub in_flight: u32,
    /// Cycles of a campaign that are designed from the same lessons.
    pub generation: u32,
    /// Triggered cycles at a time.
    pub triggers: TriggerLimits,
    /// Tries of a job.
    pub tries_max: u32,
    /// What may be spent.
    pub budget: BudgetPolicy,
    /// How long rows of what has ended are kept.
    pub retention: Retention,
    /// How hypotheses are approved; open at once where nothing is said.
    pub approval: Option<ApprovalTerms>,
    /// The largest yearly Sharpe ratio, net of costs, that anybody should hope for.
    pub plausible_sharpe: f64,
}

/// Who takes the work of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Labour {
    /// Workers that come and go, on any machine: whatever is submitted may find one later.
    Fleet,
    /// One process that plays every role, some time or other; its trainings compute on what it finds.
    OneProcess,
    /// This process, as soon as it has submitted; it has what is asked for.
    ThisProcess,
}
