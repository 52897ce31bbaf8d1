//! The application floor as a library: whoever holds an [`App`] needs no command line.

#![allow(clippy::unwrap_used)]

mod budget;
mod cycles;
mod explaining;
mod groups;
#[path = "../support/policy.rs"]
mod policy;
mod replays;
mod windows;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_app::backtest::SignalsRequest;
use ktrdr_app::campaign::CampaignRequest;
use ktrdr_app::data::{GenerateRequest, ImportRequest};
use ktrdr_app::engine::{EngineConfig, Opening};
use ktrdr_app::memory::RecallRequest;
use ktrdr_app::operations::{ListRequest, PartRequest};
use ktrdr_app::strategies;
use ktrdr_app::training::TrainingRequest;
use ktrdr_app::{App, ErrorKind, Policy};
use ktrdr_catalog::reports;
use ktrdr_domain::job::BacktestSpec;
use ktrdr_domain::report::{BacktestReport, BacktestSummary, Evidence, Hashes, Metrics};
use ktrdr_domain::{OperationId, Sha256};
use ktrdr_fabric::store::{BootId, Claim, Finish};
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
