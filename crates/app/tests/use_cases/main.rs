//! The application floor as a library: whoever holds an [`App`] needs no command line.

#![allow(clippy::unwrap_used)]

mod budget;
mod explaining;
#[path = "../support/policy.rs"]
mod policy;
mod windows;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_app::backtest::SignalsRequest;
use ktrdr_app::campaign::CampaignRequest;
use ktrdr_app::cancel::{CancelOneRequest, CancelOutcome, CancelRequest, GroupCancelRequest, OPERATOR};
use ktrdr_app::cycle::TriggerRequest;
use ktrdr_app::data::{GenerateRequest, ImportRequest};
use ktrdr_app::engine::{EngineConfig, Opening};
use ktrdr_app::memory::RecallRequest;
use ktrdr_app::operations::{ListRequest, PartRequest};
use ktrdr_app::replay::ReplayRequest;
use ktrdr_app::retry::{GroupRetryRequest, RetryRequest};
use ktrdr_app::strategies;
use ktrdr_app::training::TrainingRequest;
use ktrdr_app::{App, Begun, ErrorKind, Policy};
use ktrdr_catalog::reports;
use ktrdr_domain::job::{BacktestSpec, Origin};
use ktrdr_domain::report::{BacktestReport, BacktestSummary, Evidence, Hashes, Metrics};
use ktrdr_domain::{Kind, Operation, OperationId, Phase, Sha256, Status};
use ktrdr_fabric::store::{Advance, AdvanceTo, Advanced, BootId, Claim, Finish};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use policy::policy;

/// A workspace of one test on the embedded engine, in which nobody works though an engine is said to run.
struct Desk {
    app: App,
    opening: Opening,
    folder: TempDir,
}

impl Desk {
    async fn with_bars() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let policy = Policy { looks_max: 2, plausible_sharpe: 3.0, ..policy() };
        let opening = Opening {
            folder: folder.path().to_owned(),
            engine: EngineConfig::Embedded,
            policy,
            by: "somebody@here".into(),
        };
        let app = App { is_held: Arc::new(|| true), ..opening.beside().await.unwrap().app };
        let bars = json!({ "symbol": "MINE", "timeframe": "1h", "bars": 2000, "start": "2020-01-06" });
        app.generate_data(&request::<GenerateRequest>(bars)).await.unwrap();
        Self { app, opening, folder }
    }

    async fn submit_signals(&self) -> OperationId {
        let csv = b"timestamp,target\n2020-03-24T00:00:00Z,1\n";
        self.app.submit_signals(&signals(None), csv).await.unwrap().operation
    }
}

/// What a worker does with a backtest, but for the trading: its report with this list of trades.
async fn complete(app: &App, id: &OperationId, trades: &[u8]) {
    let boot = BootId::of_this_process();
    let claimed = app.store.claim(id, &boot, Duration::from_secs(60)).await.unwrap();
    let Claim::Run { attempt, operation } = claimed else { panic!("{claimed:?}") };
    let spec = BacktestSpec::deserialize(&operation.spec).unwrap();
    let summary = BacktestSummary {
        operation: id.clone(),
        subject: "signals".into(),
        model: None,
        symbol: spec.symbol,
        timeframe: spec.timeframe,
        window: spec.window,
        window_kind: None,
        origin: spec.origin,
        synthetic: true,
        bars: 2000,
        account: spec.account,
        metrics: Metrics { total_trades: 1, ..Metrics::default() },
        undefined: BTreeMap::new(),
        evidence: Evidence::default(),
        conventions: BTreeMap::new(),
        hashes: Hashes {
            subject: Sha256::of(b""),
            model: None,
            data: BTreeMap::new(),
            trades: Sha256::of(trades),
            code: "1".into(),
        },
        warnings: Vec::new(),
        contamination: None,
        in_sample: None,
        quarantine: Vec::new(),
    };
    let report = BacktestReport { summary: summary.clone(), trades: Vec::new(), equity: Vec::new() };
    reports::store(&*app.artifacts, id, attempt.fence, &report).await.unwrap();
    let result = serde_json::to_value(summary).unwrap();
    app.store.finish(&attempt, Finish::Completed(result)).await.unwrap();
}

/// A request as it comes from outside.
fn request<T: for<'de> Deserialize<'de>>(document: Value) -> T {
    T::deserialize(document).unwrap()
}

fn signals(key: Option<&str>) -> SignalsRequest {
    request(json!({ "market": { "symbol": "MINE", "timeframe": "1h" }, "idempotency_key": key }))
}

fn campaign(document: &Value) -> CampaignRequest {
    let mut all = json!({ "symbol": "MINE", "timeframe": "1h", "cycles": 3 });
    all.as_object_mut().unwrap().extend(document.as_object().unwrap().clone());
    request(all)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_submitted_twice_with_one_key_is_one_job() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let csv = b"timestamp,target\n2020-03-24T00:00:00Z,1\n";
    let first = app.submit_signals(&signals(Some("k1")), csv).await.unwrap();
    let again = app.submit_signals(&signals(Some("k1")), csv).await.unwrap();
    let other = app.submit_signals(&signals(Some("k2")), csv).await.unwrap();
    assert!(first.created && !again.created && other.created);
    assert_eq!(first.operation, again.operation);
    assert_ne!(first.operation, other.operation);

    let import: ImportRequest =
        request(json!({ "symbol": "OTHER", "timeframe": "1h", "idempotency_key": "k1" }));
    let refused = app.import_data(&import, b"x").await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_is_started_twice_with_one_key_is_one_campaign() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let keyed = campaign(&json!({ "idempotency_key": "k" }));
    let first = app.start_campaign(&keyed).await.unwrap();
    let again = app.start_campaign(&keyed).await.unwrap();
    assert_eq!((first.campaign.clone(), first.cycles.clone()), (again.campaign, again.cycles));
    assert!(first.created && !again.created);
    assert_eq!(app.campaigns(PartRequest::default()).await.unwrap().total, 1);

    let changed = campaign(&json!({ "idempotency_key": "k", "seed": 8 }));
    let refused = app.start_campaign(&changed).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict, "{refused}");

    // What was refused may be said again, mended, with the same key.
    let faulty = campaign(&json!({ "idempotency_key": "f", "cycles": 0 }));
    assert_eq!(app.start_campaign(&faulty).await.unwrap_err().kind, ErrorKind::InvalidRequest);
    assert!(app.start_campaign(&campaign(&json!({ "idempotency_key": "f" }))).await.unwrap().created);

    let unkeyed = campaign(&json!({}));
    let [one, two] =
        [app.start_campaign(&unkeyed).await.unwrap(), app.start_campaign(&unkeyed).await.unwrap()];
    assert!(one.campaign != two.campaign && one.cycles != two.cycles);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_by_its_kind() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    for (document, kind) in [
        (json!({ "cycles": 0 }), ErrorKind::InvalidRequest),
        (json!({ "in_flight": 1001 }), ErrorKind::InvalidRequest),
        (json!({ "account": { "units": 1.0, "fraction": 0.5 } }), ErrorKind::InvalidRequest),
        (json!({ "agent": "nobody" }), ErrorKind::NotFound),
        (json!({ "symbol": "ABSENT" }), ErrorKind::NotFound),
        (json!({ "device": "gpu" }), ErrorKind::Refused),
    ] {
        let refused = app.start_campaign(&campaign(&document)).await.unwrap_err();
        assert_eq!(refused.kind, kind, "{document}: {refused}");
    }
    assert!(app.campaigns(PartRequest::default()).await.unwrap().campaigns.is_empty());

    let stray: Result<CampaignRequest, _> =
        serde_json::from_value(json!({ "symbol": "MINE", "timeframe": "1h", "cycels": 3 }));
    assert!(stray.unwrap_err().to_string().contains("cycels"));
    let part = PartRequest { limit: 0, after: None };
    let refused = app.operations(&ListRequest { part, ..ListRequest::default() }).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::InvalidRequest, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strategy_may_travel_as_text_and_its_faults_are_told() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let training: TrainingRequest = request(json!({ "strategy": { "yaml": "name: x" } }));
    let refused = app.submit_training(&training).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::InvalidInput, "{refused}");
    let absent: TrainingRequest = request(json!({ "strategy": { "name": "absent" } }));
    assert_eq!(app.submit_training(&absent).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn strategies_are_listed_shown_checked_and_written_in_todays_grammar() {
    let Desk { app, folder, .. } = Desk::with_bars().await;
    let text = include_str!("../../../../strategies/fx_pullback.yaml");
    std::fs::create_dir_all(folder.path().join("strategies")).unwrap();
    std::fs::write(folder.path().join("strategies/fx_pullback.yaml"), text).unwrap();
    std::fs::write(folder.path().join("strategies/broken.yaml"), "name: broken").unwrap();
    let listed = app.strategies().await.unwrap();
    let valid: Vec<(&str, bool)> = listed.iter().map(|l| (l.name.as_str(), l.checked.valid)).collect();
    assert_eq!(valid, [("broken", false), ("fx_pullback", true)]);

    let name = "fx_pullback".parse().unwrap();
    let shown = app.strategy(&name).await.unwrap();
    assert_eq!(shown.features, shown.strategy.features());
    let upgraded = strategies::upgrade("the file", text).unwrap();
    assert!(strategies::validate(&upgraded.strategy).valid);
    assert!(app.models().await.unwrap().is_empty());
    assert_eq!(app.model(&name, None).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_cancelled_as_planned_and_then_there_is_nothing_more_to_do() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let started = app.start_campaign(&campaign(&json!({ "in_flight": 1 }))).await.unwrap();
    let whole: GroupCancelRequest = request(json!({ "campaign": started.campaign }));
    let plan = app.plan_cancel(&whole).await.unwrap();
    assert_eq!((plan.matched, plan.kind), (3, Some(Kind::AgentResearch)));
    let active = ListRequest { active: true, kind: Some(Kind::AgentResearch), ..ListRequest::default() };
    assert_eq!(app.operations(&active).await.unwrap().total, 3, "a plan changes nothing");

    let done = app.cancel_group(plan).await.unwrap();
    assert_eq!((done.matched, done.cancelled, done.asked), (3, 2, 1));
    assert_eq!(app.operations(&active).await.unwrap().total, 1, "the one that was begun ends by itself");
    let counted = app.campaign_counts(&started.campaign).await.unwrap();
    assert_eq!(counted.cancel.unwrap().by, OPERATOR);

    let again = app.plan_cancel(&whole).await.unwrap();
    let again = app.cancel_group(again).await.unwrap();
    assert_eq!((again.cancelled, again.asked), (0, 0));
    let nobody: GroupCancelRequest = request(json!({}));
    assert_eq!(app.plan_cancel(&nobody).await.unwrap_err().kind, ErrorKind::InvalidRequest);
    let absent: GroupCancelRequest = request(json!({ "campaign": "absent" }));
    assert_eq!(app.plan_cancel(&absent).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_holds_only_what_was_cancelled_says_so_and_is_resumed_when_that_is_meant() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let name = app.start_campaign(&campaign(&json!({ "in_flight": 1 }))).await.unwrap().campaign;
    let plan = app.plan_cancel(&request(json!({ "campaign": name }))).await.unwrap();
    app.cancel_group(plan).await.unwrap();

    let failed = GroupRetryRequest { campaign: Some(name.clone()), ..GroupRetryRequest::default() };
    let plan = app.plan_retry(&failed).await.unwrap();
    assert!(plan.is_empty());
    assert!(plan.cancelled > 0, "{plan:?}");

    let cancelled = GroupRetryRequest { status: Some(Status::Cancelled), ..failed };
    let plan = app.plan_retry(&cancelled).await.unwrap();
    assert_eq!((plan.cycles, plan.jobs), (2, 0));
    assert_eq!(app.retry_group(plan).await.unwrap().retried.len(), 2);
    let again = app.plan_retry(&cancelled).await.unwrap();
    assert!(again.is_empty() && again.left_alone.contains_key("resumed before"), "{again:?}");

    let absent: GroupRetryRequest = request(json!({ "campaign": "absent" }));
    assert_eq!(app.plan_retry(&absent).await.unwrap_err().kind, ErrorKind::NotFound);
}

/// As after a crash: the request had come, and nobody was answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_asked_for_again_is_what_it_was_the_first_time() {
    let desk = Desk::with_bars().await;
    let app = &desk.app;
    let first = desk.submit_signals().await;
    app.cancel(&CancelRequest::of(first, "enough")).await.unwrap();
    let mark =
        async |key: &str| match app.begin_request(&key.parse().unwrap(), &Sha256::of(b"it")).await.unwrap() {
            Begun::Unanswered(mark) => mark,
            other => panic!("{other:?}"),
        };
    let asked = mark("k").await;
    for n in 0.. {
        if mark(&n.to_string()).await.at_ms > asked.at_ms {
            break;
        }
    }
    let later = desk.submit_signals().await;
    app.cancel(&CancelRequest::of(later, "enough")).await.unwrap();
    let waits = desk.submit_signals().await;
    assert_eq!(mark("k").await, asked);

    let group: GroupRetryRequest = request(json!({ "status": "cancelled", "type": "backtesting" }));
    assert_eq!(app.plan_retry(&group).await.unwrap().jobs, 2);
    let again = GroupRetryRequest { within: Some(asked), ..group };
    assert_eq!(app.plan_retry(&again).await.unwrap().jobs, 1);
    let group: GroupCancelRequest = request(json!({ "type": "backtesting" }));
    let again = GroupCancelRequest { within: Some(asked), ..group };
    let plan = app.plan_cancel(&again).await.unwrap();
    assert_eq!(app.cancel_group(plan).await.unwrap().cancelled, 0);
    assert_eq!(app.row(&waits).await.unwrap().status, Status::Pending);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_operation_is_cancelled_and_retried_with_its_history_told() {
    let desk = Desk::with_bars().await;
    let (app, id) = (&desk.app, desk.submit_signals().await);
    let asked = CancelRequest::of(id.clone(), "enough");
    assert_eq!(app.cancel(&asked).await.unwrap().answer, CancelOutcome::Cancelled);
    let late = app.cancel(&asked).await.unwrap();
    assert_eq!((late.answer, late.status), (CancelOutcome::TooLate, Some(Status::Cancelled)));
    assert!(app.history(&id).await.unwrap().events.len() >= 2);

    let key = Some("again".parse().unwrap());
    let retry = RetryRequest { operation: id.clone(), idempotency_key: key };
    let first = app.retry(&retry).await.unwrap();
    assert_eq!(first, app.retry(&retry).await.unwrap());
    assert_ne!(first.operation, id);
    let spec = BacktestSpec::deserialize(&app.row(&first.operation).await.unwrap().spec).unwrap();
    assert_eq!(spec.repeats, Some(id), "nobody saw the first: both are one look");

    let unknown = "op_backtesting_20260101_000000_00000000".parse().unwrap();
    assert_eq!(app.operation(&unknown).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_remembers_its_store_and_who_met_it_and_refuses_an_emptied_one() {
    let desk = Desk::with_bars().await;
    let remembered = desk.opening.epochs().unwrap().all().await.unwrap();
    assert_eq!(remembered.len(), 1);
    assert_eq!(remembered[0].by, "somebody@here");
    let again = desk.opening.begin_epoch("no need").await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::Conflict, "{again}");
    let silent = desk.opening.begin_epoch(" ").await.unwrap_err();
    assert_eq!(silent.kind, ErrorKind::InvalidRequest, "{silent}");

    let Desk { app, opening, folder } = desk;
    drop(app);
    for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("ktrdr.db") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    let Err(lost) = opening.beside().await else { panic!("an empty store was taken for the old one") };
    assert_eq!(lost.kind, ErrorKind::StoreLost, "{lost}");
    let begun = opening.begin_epoch("the disk was lost").await.unwrap();
    assert_eq!(begun.before.as_ref(), Some(&remembered[0].epoch));
    opening.beside().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_the_same_look_at_the_same_inputs_and_compares_its_trades() {
    let desk = Desk::with_bars().await;
    let (app, id) = (&desk.app, desk.submit_signals().await);
    complete(app, &id, b"one list").await;
    assert_eq!(app.report(&id).await.unwrap().summary.metrics.total_trades, 1);

    let replay = ReplayRequest { operation: id.clone(), idempotency_key: Some("r".parse().unwrap()) };
    let again = app.submit_replay(&replay).await.unwrap().operation;
    assert_eq!(app.submit_replay(&replay).await.unwrap().operation, again);
    let told = |row: Operation| BacktestSpec::deserialize(&row.spec).unwrap();
    let (first, second) = (told(app.row(&id).await.unwrap()), told(app.row(&again).await.unwrap()));
    assert_eq!((first.origin, second.origin), (Origin::Person, Origin::Replay));
    assert_eq!(BacktestSpec { origin: first.origin, ..second }, first);

    let early = app.compare_replay(&id, &again).await.unwrap_err();
    assert_eq!(early.kind, ErrorKind::OperationFailed, "{early}");
    complete(app, &again, b"another list").await;
    let compared = app.compare_replay(&id, &again).await.unwrap();
    assert!(!compared.same && compared.replayed_as == again, "{compared:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_completed_backtest_is_replayed() {
    let desk = Desk::with_bars().await;
    let id = desk.submit_signals().await;
    let replay = ReplayRequest { operation: id, idempotency_key: None };
    let refused = desk.app.submit_replay(&replay).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::OperationFailed, "{refused}");
    let queues = desk.app.queues().await.unwrap();
    let backtests = queues.iter().find(|queue| queue.kind == Kind::Backtesting).unwrap();
    assert_eq!((backtests.pending, backtests.workers), (1, 0));
}

fn trigger(document: &Value) -> TriggerRequest {
    let mut all = json!({ "symbol": "MINE", "timeframe": "1h" });
    all.as_object_mut().unwrap().extend(document.as_object().unwrap().clone());
    request(all)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_triggers_at_once_one_starts_a_cycle_and_its_end_makes_room() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let asked = trigger(&json!({ "idempotency_key": "k" }));
    let other = trigger(&json!({}));
    let (first, second) = tokio::join!(app.trigger_cycle(&asked), app.trigger_cycle(&other));
    let (won, lost) = match (first, second) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        both => panic!("{both:?}"),
    };
    assert_eq!(
        (lost.kind, lost.code.as_deref()),
        (ErrorKind::Conflict, Some("active_cycle_exists")),
        "{lost}"
    );
    assert!(lost.message.contains(won.operation.as_str()), "{lost}");
    let status = app.cycle_status().await.unwrap();
    assert_eq!((status.cycles.len(), status.capacity.active, status.capacity.limit), (1, 1, 2));
    assert_eq!(status.cycles[0].operation, won.operation);
    let stopped = app.cancel_cycle(&request::<CancelOneRequest>(json!({}))).await.unwrap();
    assert_eq!((&stopped.operation, stopped.answer), (&won.operation, CancelOutcome::Requested));
    assert_eq!(stopped.child, app.row(&won.operation).await.unwrap().waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_triggered_cycle_draws_lots_of_its_own_unless_it_is_given_a_seed() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let mut seeds = Vec::new();
    for document in [json!({}), json!({}), json!({ "seed": 7 })] {
        let cycle = app.trigger_cycle(&trigger(&document)).await.unwrap();
        let row = app.row(&cycle.operation).await.unwrap();
        seeds.push(row.spec["campaign_seed"].as_u64().unwrap());
        let child = row.summary.waiting.unwrap();
        app.cancel(&CancelRequest::of(cycle.operation.clone(), "")).await.unwrap();
        // The orchestrator's part, once the child has ended.
        assert_eq!(app.row(&child).await.unwrap().status, Status::Cancelled);
        close(&app, &cycle.operation, child).await;
    }
    assert!(seeds[0] != seeds[1] && seeds[2] == 7, "{seeds:?}");
}

/// What an orchestrator does when the child of a cycle ended.
async fn close(app: &App, root: &OperationId, finished: OperationId) {
    let to = AdvanceTo::Completed { result: json!({}) };
    let step = Advance { root: root.clone(), finished, expected_phase: Phase::Designing, to };
    assert_eq!(app.store.advance(step).await.unwrap(), Advanced::Closed(Status::Cancelled));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recalled_where_nothing_was_learnt() {
    let Desk { app, folder: _folder, .. } = Desk::with_bars().await;
    let answer = app.recall(&request::<RecallRequest>(json!({ "words": "calm" }))).await.unwrap();
    let recall = answer.recall;
    assert_eq!((recall.items.len(), recall.tokens, recall.of), (0, 0, 0));
    let id: OperationId = "op_agent_research_20260101_000000_00000001".parse().unwrap();
    assert_eq!(app.lesson(&id).await.unwrap_err().kind, ErrorKind::NotFound);
    let strange = RecallRequest { like: Some("nobody".parse().unwrap()), ..RecallRequest::default() };
    assert_eq!(app.recall(&strange).await.unwrap_err().kind, ErrorKind::NotFound);
}
