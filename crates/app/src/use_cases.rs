//! What can be asked, whoever answers: the application floor of this process ([`App`]), or a client of one elsewhere.
//!
//! Each use case is named once here, with what it takes and gives; what it does stands with the method of [`App`] of that name.

use async_trait::async_trait;
use ktrdr_domain::closing::Closing;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::{CampaignName, ScheduleName};
use ktrdr_domain::schedule::Occurrence;
use ktrdr_domain::trial::Trial;
use ktrdr_domain::{DataRef, Kind, Operation, OperationId, Reason, StrategyName, Symbol, Timeframe};

use crate::access::ListedToken;
use crate::audit::AuditPart;
use crate::backtest::{BacktestRequest, SignalsRequest, StoredReport};
use crate::budget::{BudgetRequest, BudgetStatement, CampaignCosts};
use crate::campaign::{Campaign, CampaignDetail, CampaignList, CampaignRequest, StartedCampaign};
use crate::cancel::{
    CancelAnswer, CancelOneRequest, CancelPlan, CancelRequest, GroupCancelAnswer, GroupCancelRequest,
};
use crate::changes::Changes;
use crate::cycle::{CycleCancelAnswer, TriggerRequest, TriggeredCycle};
use crate::cycle_status::{CycleStatus, CycleView};
use crate::data::{CheckedSeries, GenerateRequest, ImportRequest, ListedSeries};
use crate::dead_letters::{DeadLetter, DeadLetterList, Dismissal};
use crate::diagnosis::Reason as Obstacle;
use crate::explain::Explanation;
use crate::hypotheses::{DecisionRequest, HypothesesRequest, StandingHypothesis};
use crate::memory::{RecallRequest, Recollection};
use crate::metrics::OperationMetrics;
use crate::operations::{History, ListRequest, OperationDetail, OperationList, PartRequest};
use crate::plan::{CampaignPlan, PlanRequest};
use crate::queues::{PauseAnswer, QueueStatus};
use crate::readiness::Readiness;
use crate::replay::{ReplayComparison, ReplayRequest};
use crate::resample::{ResampleRequest, ResampledSeries};
use crate::retry::{GroupRetryAnswer, GroupRetryRequest, RetryAnswer, RetryPlan, RetryRequest};
use crate::schedules::{
    BackfillAnswer, BackfillRequest, NextTick, OccurrencePart, ScheduleRequest, ScheduleStatus,
    TriggerScheduleRequest,
};
use crate::selection::{SelectedPart, Selection};
use crate::standing::Standing;
use crate::strategies::{
    ListedModel, ListedStrategy, ModelDetail, ModelImportance, StrategyDetail, StrategyText,
};
use crate::submit::SubmittedJob;
use crate::training::TrainingRequest;
use crate::waiting::StandstillRequest;
use crate::windows::{InstrumentWindows, RollPlan, RollRequest};
use crate::workers::HeardWorker;
use crate::{App, AppError, IdempotencyKey};

/// Declares use cases, and has [`App`] answer each with its method of that name.
macro_rules! use_cases {
    (
        $(#[$of:meta])* trait $trait:ident;
        $($(#[$about:meta])* fn $name:ident($($argument:ident: $form:ty),*) -> $answer:ty;)+
    ) => {
        $(#[$of])*
        #[async_trait]
        pub trait $trait: Send + Sync {
            $($(#[$about])* async fn $name(&self, $($argument: $form),*) -> Result<$answer, AppError>;)+
        }

        #[async_trait]
        impl $trait for App {
            $(async fn $name(&self, $($argument: $form),*) -> Result<$answer, AppError> {
                App::$name(self, $($argument),*).await
            })+
        }
    };
}

use_cases! {
    /// Trainings, backtests, and their reports.
    trait Jobs;

    /// Submits a training.
    fn submit_training(request: &TrainingRequest) -> SubmittedJob;
    /// Submits a backtest of a trained model.
    fn submit_backtest(request: &BacktestRequest) -> SubmittedJob;
    /// Submits a backtest of target positions: a file of `timestamp,target`.
    fn submit_signals(request: &SignalsRequest, csv: &[u8]) -> SubmittedJob;
    /// Stops one backtest.
    fn cancel_backtest(request: &CancelOneRequest) -> CancelAnswer;
    /// The report of a completed backtest.
    fn report(id: &OperationId) -> StoredReport;
    /// Submits a repetition of a backtest.
    fn submit_replay(request: &ReplayRequest) -> SubmittedJob;
    /// Whether a repetition made the same trades.
    fn compare_replay(operation: &OperationId, replay: &OperationId) -> ReplayComparison;
}

use_cases! {
    /// Cycles and campaigns: begun, watched, planned, paid.
    trait Research;

    /// Starts one research cycle, within limits.
    fn trigger_cycle(request: &TriggerRequest) -> TriggeredCycle;
    /// Triggered cycles that go on, and room for more.
    fn cycle_status() -> CycleStatus;
    /// One research cycle at a glance.
    fn cycle(id: &OperationId) -> CycleView;
    /// Stops a triggered cycle.
    fn cancel_cycle(request: &CancelOneRequest) -> CycleCancelAnswer;

    /// Starts a campaign of research cycles.
    fn start_campaign(request: &CampaignRequest) -> StartedCampaign;
    /// A part of the list of campaigns.
    fn campaigns(part: PartRequest) -> CampaignList;
    /// One campaign, and a part of its cycles.
    fn campaign(name: &CampaignName, part: PartRequest) -> CampaignDetail;
    /// One campaign with these of its cycles, as they ended.
    fn campaign_with(name: &CampaignName, cycles: Vec<Operation>) -> CampaignDetail;
    /// Whether a campaign's cycles have all ended, and it is not closed yet.
    fn is_closing(name: &CampaignName) -> bool;
    /// What a campaign cost, and what came of it for that.
    fn costs(campaign: &Campaign) -> CampaignCosts;
    /// What a campaign could find at all, and at what cost.
    fn plan_campaign(request: &PlanRequest) -> CampaignPlan;
    /// What was spent, what is set aside and what is left.
    fn budget(request: &BudgetRequest) -> BudgetStatement;
}

use_cases! {
    /// Campaigns that begin by themselves.
    trait Nights;

    /// Has a campaign begin at every tick of a clock.
    fn create_schedule(request: &ScheduleRequest) -> ScheduleStatus;
    /// Every schedule.
    fn list_schedules() -> Vec<ScheduleStatus>;
    /// One schedule.
    fn schedule(name: &ScheduleName) -> ScheduleStatus;
    /// Ticks to come, of one schedule or of all.
    fn next_ticks(name: Option<&ScheduleName>, count: u32) -> Vec<NextTick>;
    /// What became of ticks, the latest first.
    fn occurrences(name: &ScheduleName, before_ms: Option<i64>, limit: u32) -> OccurrencePart;
    /// Has ticks skipped; whether they were not before.
    fn pause_schedule(name: &ScheduleName, note: &Reason) -> bool;
    /// Ends a pause; whether there was one.
    fn resume_schedule(name: &ScheduleName) -> bool;
    /// Begins a night now.
    fn trigger_schedule(request: &TriggerScheduleRequest) -> Occurrence;
    /// Makes up for ticks that were skipped.
    fn backfill_schedule(request: &BackfillRequest) -> BackfillAnswer;
    /// Removes a schedule.
    fn delete_schedule(name: &ScheduleName) -> ();
}

use_cases! {
    /// What a workspace holds: bars and their windows, strategies, models.
    trait Library;

    /// Submits the import of a file of bars.
    fn import_data(request: &ImportRequest, csv: &[u8]) -> SubmittedJob;
    /// Makes bars by a stochastic process.
    fn generate_data(request: &GenerateRequest) -> DataRef;
    /// Makes longer bars of stored ones.
    fn resample_data(request: &ResampleRequest) -> ResampledSeries;
    /// Reads a series and reports on its health.
    fn check_data(symbol: &Symbol, timeframe: Timeframe) -> CheckedSeries;
    /// Every series.
    fn list_data() -> Vec<ListedSeries>;
    /// The windows of an instrument.
    fn windows(symbol: &Symbol) -> InstrumentWindows;
    /// What moving them would do.
    fn plan_roll_windows(request: &RollRequest) -> RollPlan;
    /// Moves them as it was planned.
    fn roll_windows(plan: RollPlan) -> InstrumentWindows;

    /// Every strategy, checked.
    fn strategies() -> Vec<ListedStrategy>;
    /// One strategy, with its features.
    fn strategy(name: &StrategyName) -> StrategyDetail;
    /// The file of a strategy.
    fn strategy_text(name: &StrategyName) -> StrategyText;
    /// Every trained model.
    fn models() -> Vec<ListedModel>;
    /// The newest model of a strategy, or one version of it.
    fn model(strategy: &StrategyName, version: Option<u32>) -> ModelDetail;
    /// What such a model owes to each of its inputs.
    fn importance(strategy: &StrategyName, version: Option<u32>) -> ModelImportance;
}

use_cases! {
    /// Operations: one, many, stopped, begun again, given up.
    trait Rows;

    /// The row of an operation.
    fn row(id: &OperationId) -> Operation;
    /// What a request under an idempotency key began.
    fn begun(key: &IdempotencyKey) -> Option<OperationId>;
    /// Everything that is known of an operation.
    fn operation(id: &OperationId) -> OperationDetail;
    /// A part of the list of operations.
    fn operations(request: &ListRequest) -> OperationList;
    /// A part of the operations that a filter means.
    fn select(selection: &Selection, before: Option<u64>, limit: u32) -> SelectedPart;
    /// What is measured of an operation, by its type.
    fn metrics(id: &OperationId) -> OperationMetrics;
    /// What an operation went through.
    fn history(id: &OperationId) -> History;
    /// Why an operation does not run.
    fn explain(id: &OperationId) -> Explanation;
    /// Why these stand still.
    fn why_standing_still(request: &StandstillRequest) -> Vec<Obstacle>;
    /// Asks an operation to stop.
    fn cancel(request: &CancelRequest) -> CancelAnswer;
    /// What cancelling a group would do.
    fn plan_cancel(request: &GroupCancelRequest) -> CancelPlan;
    /// Submits what has ended again.
    fn retry(request: &RetryRequest) -> RetryAnswer;
    /// What retrying a group would do.
    fn plan_retry(request: &GroupRetryRequest) -> RetryPlan;

    /// A part of the list of operations that used up their tries.
    fn dead_letters(part: PartRequest) -> DeadLetterList;
    /// Those whose error begins so.
    fn dead_letters_with(error: &str) -> Vec<OperationId>;
    /// Takes an operation off that list.
    fn dismiss(id: &OperationId) -> Dismissal;
    /// The oldest messages that nobody could read.
    fn dead_messages(limit: u32) -> Option<Vec<DeadLetter>>;
    /// Drops such messages.
    fn discard_messages(ids: &[String]) -> Option<Vec<DeadLetter>>;
}

use_cases! {
    /// Queues, workers, and what stands in their way.
    trait Workforce;

    /// What stands in the way of work, as far as somebody should do something about it.
    fn obstacles() -> Vec<Obstacle>;
    /// Every kind of job.
    fn queues() -> Vec<QueueStatus>;
    /// Has nobody take jobs of a kind.
    fn pause(kind: Kind) -> PauseAnswer;
    /// Has them taken again.
    fn resume_queue(kind: Kind) -> PauseAnswer;
    /// Every process that was heard of lately.
    fn workers() -> Vec<HeardWorker>;
    /// Asks a process to end.
    fn drain_worker(boot: &str) -> ();
}

use_cases! {
    /// What was looked at, learnt and supposed; who may ask, and who asked.
    trait Knowledge;

    /// Counted looks at data.
    fn trials(campaign: Option<&CampaignName>) -> Vec<Trial>;
    /// How completed backtests stand, with every look counted that there is by now.
    fn standings(exams: &[OperationId]) -> Vec<Standing>;
    /// What campaigns came to when they closed.
    fn closings(campaign: Option<&CampaignName>) -> Vec<Closing>;
    /// What research remembers, newest first.
    fn lessons(campaign: Option<&CampaignName>, limit: u32) -> Vec<Lesson>;
    /// What was learnt from one cycle.
    fn lesson(cycle: &OperationId) -> Lesson;
    /// The lessons most worth knowing now.
    fn recall(request: &RecallRequest) -> Recollection;
    /// Ideas that came up.
    fn hypotheses(request: &HypothesesRequest) -> Vec<StandingHypothesis>;
    /// Those that wait for a person's word.
    fn approvals() -> Vec<StandingHypothesis>;
    /// Says that word.
    fn decide(request: &DecisionRequest) -> StandingHypothesis;

    /// Every token in force.
    fn list_tokens() -> Vec<ListedToken>;
    /// Ends a token.
    fn revoke_token(id: &str) -> ();
    /// A part of the audit log.
    fn audit(before: Option<u64>, limit: u32) -> AuditPart;
}

/// What can be asked. Every use case fails as the method of [`App`] of its name does, and where nobody answers.
#[async_trait]
pub trait UseCases: Jobs + Research + Nights + Library + Rows + Workforce + Knowledge {
    /// Cancels a group as it was planned.
    async fn cancel_group(
        &self,
        request: &GroupCancelRequest,
        plan: CancelPlan,
    ) -> Result<GroupCancelAnswer, AppError>;

    /// Retries a group as it was planned.
    async fn retry_group(
        &self,
        request: &GroupRetryRequest,
        plan: RetryPlan,
    ) -> Result<GroupRetryAnswer, AppError>;

    /// Whether requests are answered, and who has to be there is.
    async fn readiness(&self) -> Result<Readiness, AppError>;

    /// What changes, from now on.
    fn changes(&self) -> Changes;
}

#[async_trait]
impl UseCases for App {
    async fn cancel_group(
        &self,
        _: &GroupCancelRequest,
        plan: CancelPlan,
    ) -> Result<GroupCancelAnswer, AppError> {
        App::cancel_group(self, plan).await
    }

    async fn retry_group(
        &self,
        _: &GroupRetryRequest,
        plan: RetryPlan,
    ) -> Result<GroupRetryAnswer, AppError> {
        App::retry_group(self, plan).await
    }

    async fn readiness(&self) -> Result<Readiness, AppError> {
        Ok(App::readiness(self).await)
    }

    fn changes(&self) -> Changes {
        Changes::of_store(self.store.hints())
    }
}
