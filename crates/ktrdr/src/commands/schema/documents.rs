//! What each command prints, by its words: the very types that it writes out.

use ktrdr_app::access::{ListedToken, NewToken};
use ktrdr_app::budget::BudgetStatement;
use ktrdr_app::campaign::CampaignList;
use ktrdr_app::cancel::{CancelAnswer, GroupCancelAnswer};
use ktrdr_app::cycle::CycleCancelAnswer;
use ktrdr_app::cycle_status::{CycleStatus, CycleView};
use ktrdr_app::data::{CheckedSeries, DataLoaded, ListedSeries};
use ktrdr_app::dead_letters::DeadLetter;
use ktrdr_app::engine::examine::Check;
use ktrdr_app::explain::Explanation;
use ktrdr_app::hypotheses::StandingHypothesis;
use ktrdr_app::memory::Recollection;
use ktrdr_app::metrics::OperationMetrics;
use ktrdr_app::operations::{OperationDetail, OperationList, Transition};
use ktrdr_app::plan::CampaignPlan;
use ktrdr_app::queues::{PauseAnswer, QueueStatus};
use ktrdr_app::replay::ReplayComparison;
use ktrdr_app::reports::Report;
use ktrdr_app::resample::ResampledSeries;
use ktrdr_app::retention::PrunedPass;
use ktrdr_app::retry::{GroupRetryAnswer, RetryAnswer};
use ktrdr_app::schedules::{BackfillAnswer, NextTick, ScheduleStatus};
use ktrdr_app::selection::SelectedPart;
use ktrdr_app::strategies::{ListedModel, ListedStrategy, ModelDetail, ModelImportance};
use ktrdr_app::sweep::Swept;
use ktrdr_app::windows::InstrumentWindows;
use ktrdr_domain::closing::Closing;
use ktrdr_domain::glossary::Entry;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::report::{BacktestReport, TrainingReport};
use ktrdr_domain::schedule::Occurrence;
use ktrdr_domain::strategy::Feature;
use ktrdr_domain::trial::Trial;
use ktrdr_domain::{DataRef, Operation, OperationId};
use ktrdr_fabric::epochs::Epoch;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::commands::agent::Triggered;
use crate::commands::backtest::Exported;
use crate::commands::bench::Measured;
use crate::commands::campaign::ShownCampaign;
use crate::commands::completions::Script;
use crate::commands::dead_letters::DeadLetters;
use crate::commands::demo::Demo;
use crate::commands::health::Health;
use crate::commands::init::Begun;
use crate::commands::memory::ExportedLessons;
use crate::commands::prune::Pruned;
use crate::commands::report::WrittenReport;
use crate::commands::research::Closed;
use crate::commands::schedules::{Deleted, Recorded, Turned};
use crate::commands::strategies::{CheckedFile, Migrated, NewStrategy};
use crate::commands::token::Revoked;
use crate::commands::up::Ended;
use crate::commands::workers::{Draining, Workers};
use crate::settings::Settings;

/// Makes the schema of what a command prints.
pub(super) type Form = fn(&mut SchemaGenerator) -> Schema;

/// Every command that prints a document.
pub(super) const DOCUMENTS: &[(&str, Form)] = &[
    ("agent approvals list", |made| {
        list::<StandingHypothesis>(
            made,
            "hypotheses",
            "Ideas that wait for a person's word, the most urgent first.",
        )
    }),
    ("agent budget", BudgetStatement::json_schema),
    ("agent cancel", CycleCancelAnswer::json_schema),
    ("agent status", |made| one_of([of::<CycleStatus>(made), of::<CycleView>(made)])),
    ("agent trigger", |made| one_of([of::<Triggered<'_>>(made), of::<Closed<'_>>(made)])),
    ("backtest cancel", CancelAnswer::json_schema),
    ("backtest export", Exported::json_schema),
    ("backtest run", examined),
    ("backtest show", BacktestReport::json_schema),
    ("backtest signals", examined),
    ("bench backtest", measured),
    ("bench queue", measured),
    ("bench simulate", measured),
    ("bench train", measured),
    ("campaign cancel", GroupCancelAnswer::json_schema),
    ("campaign list", CampaignList::json_schema),
    ("campaign plan", CampaignPlan::json_schema),
    ("campaign show", ShownCampaign::json_schema),
    ("completions", Script::json_schema),
    ("config show", Settings::json_schema),
    ("data check", CheckedSeries::json_schema),
    ("data generate", DataRef::json_schema),
    ("data import", |made| {
        let several = list::<DataLoaded>(made, "imported", "What became of each file.");
        one_of([of::<DataLoaded>(made), several])
    }),
    ("data list", |made| list::<ListedSeries>(made, "series", "Every series of bars, with its windows.")),
    ("data resample", ResampledSeries::json_schema),
    ("data roll-windows", InstrumentWindows::json_schema),
    ("data windows", InstrumentWindows::json_schema),
    ("dead-letters list", DeadLetters::json_schema),
    ("dead-letters retry", RetryAnswer::json_schema),
    ("dead-letters show", |made| one_of([of::<Operation>(made), of::<DeadLetter>(made)])),
    ("demo", Demo::json_schema),
    ("doctor", |made| list::<Check>(made, "checks", "What was looked at, and how it stands.")),
    ("explain", |made| list::<Entry>(made, "words", "Stable words, and what to do where they are said.")),
    ("health", Health::json_schema),
    ("init", Begun::json_schema),
    ("ledger closings", |made| list::<Closing>(made, "closings", "What campaigns came to when they closed.")),
    ("ledger trials", |made| list::<Trial>(made, "trials", "Every counted look at data.")),
    ("man", |made| list::<String>(made, "pages", "The pages that were written.")),
    ("memory export", ExportedLessons::json_schema),
    ("memory hypotheses", |made| list::<StandingHypothesis>(made, "hypotheses", "Ideas that came up.")),
    ("memory list", |made| list::<Lesson>(made, "lessons", "What research remembers, newest first.")),
    ("memory search", Recollection::json_schema),
    ("memory show", Lesson::json_schema),
    ("models importance", ModelImportance::json_schema),
    ("models list", |made| {
        list::<ListedModel>(made, "models", "Every trained model, by strategy and version.")
    }),
    ("models show", ModelDetail::json_schema),
    ("operations cancel", |made| one_of([of::<CancelAnswer>(made), of::<GroupCancelAnswer>(made)])),
    ("operations events", |made| {
        list::<Transition>(made, "events", "Every change of its row, oldest first.")
    }),
    ("operations explain", Explanation::json_schema),
    ("operations list", |made| one_of([of::<OperationList>(made), of::<SelectedPart>(made)])),
    ("operations metrics", OperationMetrics::json_schema),
    ("operations retry", |made| one_of([of::<RetryAnswer>(made), of::<GroupRetryAnswer>(made)])),
    ("operations status", OperationDetail::json_schema),
    ("operations watch", Operation::json_schema),
    ("prune", Pruned::json_schema),
    ("queues list", |made| {
        list::<QueueStatus>(made, "queues", "Every queue: what waits, what runs, and who takes it.")
    }),
    ("queues pause", PauseAnswer::json_schema),
    ("queues resume", PauseAnswer::json_schema),
    ("replay", ReplayComparison::json_schema),
    ("report", |made| one_of([of::<WrittenReport>(made), of::<Report>(made)])),
    ("research run", |made| one_of([submitted(made), of::<Closed<'_>>(made)])),
    ("research status", |made| one_of([of::<CampaignList>(made), of::<ShownCampaign<'_>>(made)])),
    ("schedules backfill", BackfillAnswer::json_schema),
    ("schedules create", ScheduleStatus::json_schema),
    ("schedules delete", Deleted::json_schema),
    ("schedules list", |made| list::<ScheduleStatus>(made, "schedules", "Schedules by name.")),
    ("schedules next", |made| list::<NextTick>(made, "ticks", "Ticks to come, the next first.")),
    ("schedules pause", Turned::json_schema),
    ("schedules resume", Turned::json_schema),
    ("schedules show", Recorded::json_schema),
    ("schedules trigger", Occurrence::json_schema),
    ("store epochs", |made| {
        list::<Epoch>(made, "epochs", "Every life of the store that the workspace remembers.")
    }),
    ("store prune", PrunedPass::json_schema),
    ("strategies features", |made| list::<Feature>(made, "features", "What the network sees, in order.")),
    ("strategies list", |made| {
        list::<ListedStrategy>(made, "strategies", "Strategies of the workspace, checked.")
    }),
    ("strategies migrate", Migrated::json_schema),
    ("strategies new", NewStrategy::json_schema),
    ("strategies sweep", Swept::json_schema),
    ("strategies validate", |made| list::<CheckedFile>(made, "strategies", "What was found in each file.")),
    ("token create", NewToken::json_schema),
    ("token list", |made| list::<ListedToken>(made, "tokens", "Tokens in force, without their secrets.")),
    ("token revoke", Revoked::json_schema),
    ("training run", |made| one_of([submitted(made), of::<TrainingReport>(made)])),
    ("up", Ended::json_schema),
    ("workers drain", Draining::json_schema),
    ("workers list", Workers::json_schema),
];

fn of<T: JsonSchema>(made: &mut SchemaGenerator) -> Schema {
    made.subschema_for::<T>()
}

/// One or another, as it was asked for.
fn one_of<const N: usize>(forms: [Schema; N]) -> Schema {
    json_schema!({ "anyOf": Vec::from(forms) })
}

/// An object whose one field is a list.
fn list<T: JsonSchema>(made: &mut SchemaGenerator, name: &str, words: &str) -> Schema {
    let entries = json_schema!({ "type": "array", "items": made.subschema_for::<T>(), "description": words });
    json_schema!({ "type": "object", "properties": { name: entries }, "required": [name] })
}

/// What was handed over, and goes on.
fn submitted(made: &mut SchemaGenerator) -> Schema {
    list::<OperationId>(made, "submitted", "The operations that were handed over.")
}

/// A backtest that was handed over, or waited for.
fn examined(made: &mut SchemaGenerator) -> Schema {
    one_of([submitted(made), of::<BacktestReport>(made)])
}

fn measured(made: &mut SchemaGenerator) -> Schema {
    list::<Measured>(made, "measured", "Each figure that was measured.")
}
