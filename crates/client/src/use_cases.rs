//! Which request each use case is. What it takes and gives is the application floor's; only its place differs.

use async_trait::async_trait;
use ktrdr_app::access::ListedToken;
use ktrdr_app::audit::AuditPart;
use ktrdr_app::backtest::{BacktestCancelRequest, BacktestRequest, SignalsRequest, StoredReport};
use ktrdr_app::budget::{BudgetRequest, BudgetStatement, CampaignCosts};
use ktrdr_app::campaign::{Campaign, CampaignDetail, CampaignList, CampaignRequest, StartedCampaign};
use ktrdr_app::cancel::{CancelAnswer, CancelPlan, CancelRequest, GroupCancelAnswer, GroupCancelRequest};
use ktrdr_app::changes::Changes;
use ktrdr_app::cycle::{CycleCancelAnswer, CycleCancelRequest, TriggerRequest, TriggeredCycle};
use ktrdr_app::cycle_status::{CycleStatus, CycleView};
use ktrdr_app::data::{CheckedSeries, GenerateRequest, ImportRequest, ListedSeries};
use ktrdr_app::dead_letters::{DeadLetter, DeadLetterList, Dismissal, GivenUp};
use ktrdr_app::diagnosis::Reason as Obstacle;
use ktrdr_app::explain::Explanation;
use ktrdr_app::hypotheses::{DecisionRequest, HypothesesRequest, StandingHypothesis};
use ktrdr_app::memory::{RecallRequest, Recollection};
use ktrdr_app::metrics::OperationMetrics;
use ktrdr_app::operations::{History, ListRequest, OperationDetail, OperationList, PartRequest};
use ktrdr_app::plan::{CampaignPlan, PlanRequest};
use ktrdr_app::queues::{PauseAnswer, QueueStatus};
use ktrdr_app::readiness::Readiness;
use ktrdr_app::replay::{ReplayComparison, ReplayRequest};
use ktrdr_app::retry::{GroupRetryAnswer, GroupRetryRequest, RetryAnswer, RetryPlan, RetryRequest};
use ktrdr_app::schedules::{
    BackfillAnswer, BackfillRequest, NextTick, OccurrencePart, ScheduleRequest, ScheduleStatus,
    TriggerScheduleRequest,
};
use ktrdr_app::selection::{SelectedPart, Selection};
use ktrdr_app::strategies::{ListedModel, ListedStrategy, ModelDetail, StrategyDetail, StrategyText};
use ktrdr_app::submit::SubmittedJob;
use ktrdr_app::training::TrainingRequest;
use ktrdr_app::waiting::StandstillRequest;
use ktrdr_app::windows::{InstrumentWindows, RollPlan, RollRequest};
use ktrdr_app::workers::HeardWorker;
use ktrdr_app::{AppError, UseCases, verdicts};
use ktrdr_domain::closing::Closing;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::{CampaignName, ScheduleName};
use ktrdr_domain::schedule::Occurrence;
use ktrdr_domain::trial::Trial;
use ktrdr_domain::{DataRef, Kind, Operation, OperationId, Reason, StrategyName, Symbol, Timeframe};
use serde_json::{Value, json};

use crate::request::{Request, body_of, query_of};
use crate::{Client, listener};

/// All there is of a list.
const ALL: usize = usize::MAX;

/// `campaign=NAME`, if one is meant.
fn of(campaign: Option<&CampaignName>) -> String {
    campaign.map_or_else(String::new, |name| format!("campaign={name}"))
}

#[async_trait]
impl UseCases for Client {
    async fn submit_training(&self, request: &TrainingRequest) -> Result<SubmittedJob, AppError> {
        let post = Request::post(&["trainings", "start"]).json(body_of(request, &[]));
        self.ask(post.once(request.idempotency_key.as_ref())).await
    }

    async fn submit_backtest(&self, request: &BacktestRequest) -> Result<SubmittedJob, AppError> {
        let post = Request::post(&["backtests", "start"]).json(body_of(request, &[]));
        self.ask(post.once(request.idempotency_key.as_ref())).await
    }

    async fn submit_signals(&self, request: &SignalsRequest, csv: &[u8]) -> Result<SubmittedJob, AppError> {
        let post = Request::post(&["backtests", "signals"]).query(query_of(request, &[])).csv(csv)?;
        self.ask(post.once(request.idempotency_key.as_ref())).await
    }

    async fn cancel_backtest(&self, request: &BacktestCancelRequest) -> Result<CancelAnswer, AppError> {
        self.ask(Request::post(&["backtests", "cancel"]).json(body_of(request, &[])).once(None)).await
    }

    async fn report(&self, id: &OperationId) -> Result<StoredReport, AppError> {
        self.ask(Request::get(&["reports", id.as_str()])).await
    }

    async fn submit_replay(&self, request: &ReplayRequest) -> Result<SubmittedJob, AppError> {
        let path = ["backtests", request.operation.as_str(), "replay"];
        self.ask(Request::post(&path).once(request.idempotency_key.as_ref())).await
    }

    async fn compare_replay(
        &self,
        operation: &OperationId,
        replay: &OperationId,
    ) -> Result<ReplayComparison, AppError> {
        self.ask(Request::get(&["backtests", operation.as_str(), "compare", replay.as_str()])).await
    }

    async fn trigger_cycle(&self, request: &TriggerRequest) -> Result<TriggeredCycle, AppError> {
        let post = Request::post(&["agent", "trigger"]).json(body_of(request, &[]));
        self.ask(post.once(request.idempotency_key.as_ref())).await
    }

    async fn cycle_status(&self) -> Result<CycleStatus, AppError> {
        self.ask(Request::get(&["agent", "status"])).await
    }

    async fn cycle(&self, id: &OperationId) -> Result<CycleView, AppError> {
        self.ask(Request::get(&["agent", "cycles", id.as_str()])).await
    }

    async fn cancel_cycle(&self, request: &CycleCancelRequest) -> Result<CycleCancelAnswer, AppError> {
        let which = request.operation.as_ref().map(OperationId::as_str);
        let path: Vec<&str> = ["agent", "cancel"].into_iter().chain(which).collect();
        self.ask(Request::delete(&path).query(query_of(request, &["operation"]))).await
    }

    async fn start_campaign(&self, request: &CampaignRequest) -> Result<StartedCampaign, AppError> {
        let post = Request::post(&["campaigns"]).json(body_of(request, &[]));
        self.ask(post.once(request.idempotency_key.as_ref())).await
    }

    async fn campaigns(&self, part: PartRequest) -> Result<CampaignList, AppError> {
        let mut document = self.behind(&["campaigns"], "", part).await?;
        Ok(CampaignList {
            next: self.position(&document)?,
            campaigns: self.taken(&mut document, "campaigns")?,
            total: self.taken(&mut document, "total")?,
        })
    }

    async fn campaign(&self, name: &CampaignName, part: PartRequest) -> Result<CampaignDetail, AppError> {
        let path = ["campaigns", name.as_str()];
        let mut document = self.behind(&path, "", part).await?;
        Ok(CampaignDetail {
            next: self.position(&document)?,
            campaign: self.taken(&mut document, "campaign")?,
            closings: self.taken(&mut document, "closings")?,
            cycles: self.taken(&mut document, "cycles")?,
            total: self.taken(&mut document, "total")?,
        })
    }

    async fn campaign_with(
        &self,
        name: &CampaignName,
        cycles: Vec<Operation>,
    ) -> Result<CampaignDetail, AppError> {
        let CampaignDetail { campaign, closings, .. } =
            self.campaign(name, PartRequest { limit: 1, after: None }).await?;
        let mut judged = Vec::with_capacity(cycles.len());
        for cycle in cycles {
            judged.push(self.operation(&cycle.id).await?.operation);
        }
        let total = judged.len() as u64;
        Ok(CampaignDetail { campaign, closings, cycles: judged, next: None, total })
    }

    async fn is_closing(&self, name: &CampaignName) -> Result<bool, AppError> {
        let CampaignDetail { campaign, closings, .. } =
            self.campaign(name, PartRequest { limit: 1, after: None }).await?;
        Ok(campaign.has_ended() && !verdicts::is_closed(&campaign, &closings))
    }

    async fn costs(&self, campaign: &Campaign) -> Result<CampaignCosts, AppError> {
        self.ask(Request::get(&["campaigns", campaign.name.as_str(), "costs"])).await
    }

    async fn plan_campaign(&self, request: &PlanRequest) -> Result<CampaignPlan, AppError> {
        self.ask(Request::post(&["campaigns", "plan"]).json(body_of(request, &[])).repeatable()).await
    }

    async fn budget(&self, request: &BudgetRequest) -> Result<BudgetStatement, AppError> {
        self.ask(Request::get(&["agent", "budget"]).query(query_of(request, &[]))).await
    }

    async fn create_schedule(&self, request: &ScheduleRequest) -> Result<ScheduleStatus, AppError> {
        self.ask(Request::post(&["schedules"]).json(body_of(request, &[])).once(None)).await
    }

    async fn list_schedules(&self) -> Result<Vec<ScheduleStatus>, AppError> {
        self.list("schedules", &["schedules"], "", ALL).await
    }

    async fn schedule(&self, name: &ScheduleName) -> Result<ScheduleStatus, AppError> {
        self.ask(Request::get(&["schedules", name.as_str()])).await
    }

    async fn next_ticks(&self, name: Option<&ScheduleName>, count: u32) -> Result<Vec<NextTick>, AppError> {
        let path = match name {
            Some(name) => vec!["schedules", name.as_str(), "next"],
            None => vec!["ticks"],
        };
        self.ask_for("ticks", Request::get(&path).query(format!("count={count}"))).await
    }

    async fn occurrences(
        &self,
        name: &ScheduleName,
        before_ms: Option<i64>,
        limit: u32,
    ) -> Result<OccurrencePart, AppError> {
        let path = ["schedules", name.as_str(), "occurrences"];
        let part = PartRequest { limit, after: before_ms.map(i64::cast_unsigned) };
        let mut document = self.behind(&path, "", part).await?;
        let next = self.position(&document)?.map(u64::cast_signed);
        Ok(OccurrencePart { occurrences: self.taken(&mut document, "occurrences")?, next })
    }

    async fn pause_schedule(&self, name: &ScheduleName, note: &Reason) -> Result<bool, AppError> {
        let path = ["schedules", name.as_str(), "pause"];
        self.ask_for("changed", Request::post(&path).json(json!({ "note": note })).once(None)).await
    }

    async fn resume_schedule(&self, name: &ScheduleName) -> Result<bool, AppError> {
        self.ask_for("changed", Request::post(&["schedules", name.as_str(), "resume"]).once(None)).await
    }

    async fn trigger_schedule(&self, request: &TriggerScheduleRequest) -> Result<Occurrence, AppError> {
        let path = ["schedules", request.schedule.as_str(), "trigger"];
        self.ask(Request::post(&path).once(request.idempotency_key.as_ref())).await
    }

    async fn backfill_schedule(&self, request: &BackfillRequest) -> Result<BackfillAnswer, AppError> {
        let path = ["schedules", request.schedule.as_str(), "backfill"];
        self.ask(Request::post(&path).json(body_of(request, &["schedule"])).once(None)).await
    }

    async fn delete_schedule(&self, name: &ScheduleName) -> Result<(), AppError> {
        self.ask::<Value>(Request::delete(&["schedules", name.as_str()])).await.map(|_| ())
    }

    async fn import_data(&self, request: &ImportRequest, csv: &[u8]) -> Result<SubmittedJob, AppError> {
        let post = Request::post(&["data", "import"]).query(query_of(request, &[])).csv(csv)?;
        self.ask(post.once(request.idempotency_key.as_ref())).await
    }

    async fn generate_data(&self, request: &GenerateRequest) -> Result<DataRef, AppError> {
        self.ask(Request::post(&["data", "generate"]).json(body_of(request, &[])).once(None)).await
    }

    async fn check_data(&self, symbol: &Symbol, timeframe: Timeframe) -> Result<CheckedSeries, AppError> {
        self.ask(Request::get(&["data", symbol.as_str(), &timeframe.to_string(), "health"])).await
    }

    async fn list_data(&self) -> Result<Vec<ListedSeries>, AppError> {
        self.list("data", &["data"], "", ALL).await
    }

    async fn windows(&self, symbol: &Symbol) -> Result<InstrumentWindows, AppError> {
        self.ask(Request::get(&["windows", symbol.as_str()])).await
    }

    async fn plan_roll_windows(&self, request: &RollRequest) -> Result<RollPlan, AppError> {
        let path = ["windows", request.symbol.as_str(), "roll"];
        self.ask_for("planned", Request::post(&path).json(body_of(request, &["symbol"])).repeatable()).await
    }

    async fn roll_windows(&self, plan: RollPlan) -> Result<InstrumentWindows, AppError> {
        let path = ["windows", plan.symbol.as_str(), "roll"];
        // What was agreed to is done, or nothing.
        let body = json!({ "reason": plan.reason, "before": plan.before, "confirm": true });
        self.ask_for("done", Request::post(&path).json(body).once(None)).await
    }

    async fn strategies(&self) -> Result<Vec<ListedStrategy>, AppError> {
        self.list("strategies", &["strategies"], "", ALL).await
    }

    async fn strategy(&self, name: &StrategyName) -> Result<StrategyDetail, AppError> {
        self.ask(Request::get(&["strategies", name.as_str()])).await
    }

    async fn strategy_text(&self, name: &StrategyName) -> Result<StrategyText, AppError> {
        self.ask(Request::get(&["strategies", name.as_str(), "text"])).await
    }

    async fn models(&self) -> Result<Vec<ListedModel>, AppError> {
        self.list("models", &["models"], "", ALL).await
    }

    async fn model(&self, strategy: &StrategyName, version: Option<u32>) -> Result<ModelDetail, AppError> {
        let version = version.map_or_else(String::new, |version| format!("version={version}"));
        self.ask(Request::get(&["models", strategy.as_str()]).query(version)).await
    }

    async fn row(&self, id: &OperationId) -> Result<Operation, AppError> {
        self.ask(Request::get(&["operations", id.as_str(), "row"])).await
    }

    async fn operation(&self, id: &OperationId) -> Result<OperationDetail, AppError> {
        self.ask(Request::get(&["operations", id.as_str()])).await
    }

    async fn operations(&self, request: &ListRequest) -> Result<OperationList, AppError> {
        let ListRequest { campaign, kind, status, active, part } = request;
        let terms = [
            campaign.as_ref().map(|name| format!("campaign={name}")),
            kind.map(|kind| format!("type={kind}")),
            status.map(|status| format!("status={status}")),
            active.then(|| "status=pending,running".to_owned()),
        ];
        let filter = terms.into_iter().flatten().collect::<Vec<_>>().join("&");
        let mut document = self.behind(&["operations"], &filter, *part).await?;
        Ok(OperationList {
            next: self.position(&document)?,
            operations: self.taken(&mut document, "operations")?,
            total: self.taken(&mut document, "total")?,
            active: self.taken(&mut document, "active")?,
            now_ms: self.taken(&mut document, "now_ms")?,
        })
    }

    async fn select(
        &self,
        selection: &Selection,
        before: Option<u64>,
        limit: u32,
    ) -> Result<SelectedPart, AppError> {
        let part = PartRequest { limit, after: before };
        let mut document = self.behind(&["operations"], selection.text(), part).await?;
        Ok(SelectedPart {
            next: self.position(&document)?,
            operations: self.taken(&mut document, "operations")?,
            total: self.taken(&mut document, "total")?,
            active: self.taken(&mut document, "active")?,
            now_ms: self.taken(&mut document, "now_ms")?,
        })
    }

    async fn metrics(&self, id: &OperationId) -> Result<OperationMetrics, AppError> {
        self.ask(Request::get(&["operations", id.as_str(), "metrics"])).await
    }

    async fn history(&self, id: &OperationId) -> Result<History, AppError> {
        self.ask(Request::get(&["operations", id.as_str(), "history"])).await
    }

    async fn explain(&self, id: &OperationId) -> Result<Explanation, AppError> {
        self.ask(Request::get(&["operations", id.as_str(), "explain"])).await
    }

    async fn why_standing_still(&self, request: &StandstillRequest) -> Result<Vec<Obstacle>, AppError> {
        let post = Request::post(&["operations", "standing-still"]).json(body_of(request, &[])).repeatable();
        self.ask_for("reasons", post).await
    }

    async fn cancel(&self, request: &CancelRequest) -> Result<CancelAnswer, AppError> {
        let path = ["operations", request.operation.as_str(), "cancel"];
        self.ask(Request::post(&path).json(body_of(request, &["operation"])).repeatable()).await
    }

    async fn plan_cancel(&self, request: &GroupCancelRequest) -> Result<CancelPlan, AppError> {
        let post = Request::post(&["operations", "cancel"]).json(body_of(request, &[])).repeatable();
        self.ask_for("planned", post).await
    }

    async fn cancel_group(
        &self,
        request: &GroupCancelRequest,
        _: CancelPlan,
    ) -> Result<GroupCancelAnswer, AppError> {
        let mut body = body_of(request, &[]);
        body["confirm"] = true.into();
        self.ask_for("done", Request::post(&["operations", "cancel"]).json(body).once(None)).await
    }

    async fn retry(&self, request: &RetryRequest) -> Result<RetryAnswer, AppError> {
        let path = ["operations", request.operation.as_str(), "retry"];
        match &request.idempotency_key {
            Some(key) => self.ask(Request::post(&path).once(Some(key))).await,
            // With a key, a cycle that was resumed before would be answered, and not refused.
            None => self.ask(Request::post(&path)).await,
        }
    }

    async fn plan_retry(&self, request: &GroupRetryRequest) -> Result<RetryPlan, AppError> {
        let post = Request::post(&["operations", "retry"]).json(body_of(request, &[])).repeatable();
        self.ask_for("planned", post).await
    }

    async fn retry_group(
        &self,
        request: &GroupRetryRequest,
        _: RetryPlan,
    ) -> Result<GroupRetryAnswer, AppError> {
        let mut body = body_of(request, &[]);
        body["confirm"] = true.into();
        self.ask_for("done", Request::post(&["operations", "retry"]).json(body).once(None)).await
    }

    async fn dead_letters(&self, part: PartRequest) -> Result<DeadLetterList, AppError> {
        let mut document = self.behind(&["dead-letters"], "", part).await?;
        Ok(DeadLetterList {
            next: self.position(&document)?,
            dead_letters: self.taken(&mut document, "dead_letters")?,
            total: self.taken(&mut document, "total")?,
            now_ms: self.taken(&mut document, "now_ms")?,
        })
    }

    async fn dead_letters_with(&self, error: &str) -> Result<Vec<OperationId>, AppError> {
        let all: Vec<GivenUp> = self.list("dead_letters", &["dead-letters"], "", ALL).await?;
        Ok(all.into_iter().filter(|dead| dead.begins_with(error)).map(|dead| dead.operation.id).collect())
    }

    async fn dismiss(&self, id: &OperationId) -> Result<Dismissal, AppError> {
        self.ask_for("answer", Request::delete(&["dead-letters", id.as_str()]).repeatable()).await
    }

    async fn dead_messages(&self, limit: u32) -> Result<Option<Vec<DeadLetter>>, AppError> {
        let get = Request::get(&["dead-letters", "messages"]).query(format!("limit={limit}"));
        self.ask_for("messages", get).await
    }

    async fn discard_messages(&self, ids: &[String]) -> Result<Option<Vec<DeadLetter>>, AppError> {
        let post = Request::post(&["dead-letters", "messages", "discard"]).json(json!({ "ids": ids }));
        self.ask_for("discarded", post.once(None)).await
    }

    async fn obstacles(&self) -> Result<Vec<Obstacle>, AppError> {
        self.ask_for("reasons", Request::get(&["diagnosis"])).await
    }

    async fn queues(&self) -> Result<Vec<QueueStatus>, AppError> {
        self.ask_for("queues", Request::get(&["queues"])).await
    }

    async fn pause(&self, kind: Kind) -> Result<PauseAnswer, AppError> {
        self.ask(Request::post(&["queues", kind.as_str(), "pause"]).once(None)).await
    }

    async fn resume_queue(&self, kind: Kind) -> Result<PauseAnswer, AppError> {
        self.ask(Request::post(&["queues", kind.as_str(), "resume"]).once(None)).await
    }

    async fn workers(&self) -> Result<Vec<HeardWorker>, AppError> {
        self.list("workers", &["workers"], "", ALL).await
    }

    async fn drain_worker(&self, boot: &str) -> Result<(), AppError> {
        self.ask::<Value>(Request::post(&["workers", boot, "drain"]).repeatable()).await.map(|_| ())
    }

    async fn trials(&self, campaign: Option<&CampaignName>) -> Result<Vec<Trial>, AppError> {
        self.list("trials", &["ledger", "trials"], &of(campaign), ALL).await
    }

    async fn closings(&self, campaign: Option<&CampaignName>) -> Result<Vec<Closing>, AppError> {
        self.list("closings", &["ledger", "closings"], &of(campaign), ALL).await
    }

    async fn lessons(&self, campaign: Option<&CampaignName>, limit: u32) -> Result<Vec<Lesson>, AppError> {
        self.list("lessons", &["memory", "lessons"], &of(campaign), limit as usize).await
    }

    async fn lesson(&self, cycle: &OperationId) -> Result<Lesson, AppError> {
        self.ask(Request::get(&["memory", "lessons", cycle.as_str()])).await
    }

    async fn recall(&self, request: &RecallRequest) -> Result<Recollection, AppError> {
        self.ask(Request::get(&["memory", "recall"]).query(query_of(request, &[]))).await
    }

    async fn hypotheses(&self, request: &HypothesesRequest) -> Result<Vec<StandingHypothesis>, AppError> {
        self.list("hypotheses", &["memory", "hypotheses"], &query_of(request, &[]), ALL).await
    }

    async fn approvals(&self) -> Result<Vec<StandingHypothesis>, AppError> {
        self.ask_for("hypotheses", Request::get(&["agent", "approvals"])).await
    }

    async fn decide(&self, request: &DecisionRequest) -> Result<StandingHypothesis, AppError> {
        let path = ["agent", "approvals", request.hypothesis.as_str()];
        self.ask(Request::post(&path).json(body_of(request, &["hypothesis"])).once(None)).await
    }

    async fn list_tokens(&self) -> Result<Vec<ListedToken>, AppError> {
        self.list("tokens", &["tokens"], "", ALL).await
    }

    async fn revoke_token(&self, id: &str) -> Result<(), AppError> {
        self.ask::<Value>(Request::delete(&["tokens", id])).await.map(|_| ())
    }

    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<AuditPart, AppError> {
        let mut document = self.behind(&["audit"], "", PartRequest { limit, after: before }).await?;
        Ok(AuditPart { next: self.position(&document)?, entries: self.taken(&mut document, "entries")? })
    }

    async fn readiness(&self) -> Result<Readiness, AppError> {
        self.ask(Request::get(&["health"])).await
    }

    fn changes(&self) -> Changes {
        listener::changes(&self.exchange)
    }
}
