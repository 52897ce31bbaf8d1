//! What is counted when operations go through a measured store: asked of the text that Prometheus reads.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::trace::Sample;
use ktrdr_domain::{FailureReason, Kind, OperationId, Priority, Timestamp};
use ktrdr_embedded::{Engine, Role};
use ktrdr_fabric::store::{Attempt, Beat, BootId, Claim, Finish, NewOperation, Store, SweepPlan};
use ktrdr_telemetry::standing::{Obstacle, QueueStanding, Role as PlayedRole};
use ktrdr_telemetry::{Request, Standing, Telemetry};
use serde_json::{Value, json};

const LEASE: Duration = Duration::from_secs(60);

const A_REQUEST: Request =
    Request { route: "/operations/{operation}", method: "GET", status: 200, took: Duration::from_millis(3) };

/// Series that stand for what no test here does: phases and gates of cycles, money, messages and consumers, schedules, a GPU.
const OF_CYCLES_AND_MESSAGES: usize = 83;

/// A fleet of which there is everything to tell.
fn everything() -> Standing {
    let queue = |kind| QueueStanding {
        kind,
        ready: 1,
        delayed: 0,
        running: 1,
        oldest_age_s: 1.0,
        workers: 1,
        slots: 1,
        paused: true,
    };
    let words = ["paused", "no_worker"].into_iter();
    let of_kinds = words.flat_map(|why| {
        Kind::with_jobs().map(move |kind| Obstacle { why, kind: Some(kind), is_there: true })
    });
    let others =
        ["store_full", "disk_nearly_full", "broker_gone", "no_coordinator", "no_orchestrator", "silent"];
    let others = others.map(|why| Obstacle { why, kind: None, is_there: true });
    Standing {
        queues: Kind::with_jobs().map(queue).collect(),
        processes: PlayedRole::ALL.map(|role| (role, 1)).into(),
        left_today: Some(1.0),
        free_bytes: Some(1),
        obstacles: of_kinds.chain(others).collect(),
        ..Standing::default()
    }
}

struct World {
    telemetry: Telemetry,
    store: Arc<dyn Store>,
    _engine: Engine,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::open(folder.path(), Role::Runner).unwrap();
        let telemetry = Telemetry::new("9.9.9", Sample::ALL);
        let store = telemetry.store(engine.store.clone());
        Self { telemetry, store, _engine: engine, _folder: folder }
    }

    /// Creates an operation and claims it.
    async fn claimed(&self, kind: Kind, n: u32) -> Attempt {
        let id = OperationId::new(kind, Timestamp(1_700_000_000), n);
        let new = NewOperation {
            id: id.clone(),
            kind,
            spec: json!({}),
            tries_max: 2,
            priority: Priority::default(),
            idempotency_key: None,
        };
        self.store.submit(new).await.unwrap();
        self.claim(&id, "a").await
    }

    async fn claim(&self, id: &OperationId, boot: &str) -> Attempt {
        match self.store.claim(id, &BootId(boot.into()), LEASE).await.unwrap() {
            Claim::Run { attempt, .. } => attempt,
            other => panic!("not ours: {other:?}"),
        }
    }

    async fn ends(&self, kind: Kind, n: u32, how: Finish) -> Attempt {
        let attempt = self.claimed(kind, n).await;
        self.store.finish(&attempt, how).await.unwrap();
        attempt
    }

    /// What stands behind a name with its labels; nothing where it is not told.
    fn figure(&self, series: &str) -> Option<f64> {
        let text = self.telemetry.expose();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        Some(line.parse().unwrap())
    }
}

#[tokio::test]
async fn each_attempt_and_each_end_is_counted_once_under_its_kind() {
    let world = World::new();
    world.ends(Kind::Probe, 1, Finish::Completed(Value::Null)).await;
    let failed = Finish::Failed { reason: FailureReason::BadInput, error: "no bars".into(), result: None };
    world.ends(Kind::Training, 2, failed).await;
    let again = Finish::Retry { error: "busy".into(), delay: Duration::ZERO };
    world.ends(Kind::Training, 3, again).await;
    for (series, count) in [
        ("ktrdr_submitted_total{kind=\"probe\"}", 1.0),
        ("ktrdr_submitted_total{kind=\"training\"}", 2.0),
        ("ktrdr_attempts_total{kind=\"probe\",outcome=\"completed\"}", 1.0),
        ("ktrdr_attempts_total{kind=\"training\",outcome=\"failed\"}", 1.0),
        ("ktrdr_attempts_total{kind=\"training\",outcome=\"retry\"}", 1.0),
        ("ktrdr_ops_total{kind=\"probe\",status=\"completed\"}", 1.0),
        ("ktrdr_ops_total{kind=\"training\",status=\"failed\"}", 1.0),
        ("ktrdr_job_duration_seconds_count{kind=\"training\"}", 2.0),
        ("ktrdr_enqueue_to_start_seconds_count{kind=\"training\"}", 2.0),
        ("ktrdr_store_step_seconds_count{call=\"finish\"}", 3.0),
    ] {
        assert_eq!(world.figure(series), Some(count), "{series}\n{}", world.telemetry.expose());
    }
}

#[tokio::test]
async fn why_operations_failed_is_told_apart_and_a_retry_is_no_failure_until_it_was_the_last() {
    let world = World::new();
    let budget =
        Finish::Failed { reason: FailureReason::BudgetExhausted, error: "spent".into(), result: None };
    world.ends(Kind::Training, 1, budget).await;
    let newer = FailureReason::of("a word of tomorrow");
    world.ends(Kind::Training, 2, Finish::Failed { reason: newer, error: "new".into(), result: None }).await;
    let again = || Finish::Retry { error: "busy".into(), delay: Duration::ZERO };
    let attempt = world.ends(Kind::Training, 3, again()).await;
    let failures = |reason: &str| {
        world.figure(&format!("ktrdr_failures_total{{kind=\"training\",reason=\"{reason}\"}}"))
    };
    assert_eq!((failures("budget_exhausted"), failures("other")), (Some(1.0), Some(1.0)));
    assert_eq!(failures("attempts_exhausted"), None);
    let plan = SweepPlan { grace: Duration::ZERO, limit: 10, republish_after: None };
    while world.store.sweep(plan).await.unwrap().due == 0 {
        tokio::task::yield_now().await;
    }
    let last = world.claim(&attempt.id, "b").await;
    world.store.finish(&last, again()).await.unwrap();
    assert_eq!(failures("attempts_exhausted"), Some(1.0));
}

#[tokio::test]
async fn a_second_finish_is_the_first_one_and_a_lost_attempt_is_fenced() {
    let world = World::new();
    let attempt = world.claimed(Kind::Probe, 1).await;
    let plan = SweepPlan { grace: Duration::ZERO, limit: 10, republish_after: None };
    let short = Duration::from_millis(1);
    assert!(matches!(world.store.beat(&attempt, short, None).await.unwrap(), Beat::Alive { .. }));
    tokio::time::timeout(LEASE, async {
        while world.store.sweep(plan).await.unwrap().rescued == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    let taken = world.claim(&attempt.id, "b").await;
    world.store.finish(&attempt, Finish::Completed(Value::Null)).await.unwrap();
    world.store.finish(&taken, Finish::Completed(Value::Null)).await.unwrap();
    assert_eq!(world.figure("ktrdr_rescues_total"), Some(1.0));
    assert_eq!(world.figure("ktrdr_fenced_total"), Some(1.0));
    assert_eq!(world.figure("ktrdr_ops_total{kind=\"probe\",status=\"completed\"}"), Some(1.0));
    // A message that comes twice finds its operation ended.
    assert!(matches!(
        world.store.claim(&attempt.id, &BootId("c".into()), LEASE).await.unwrap(),
        Claim::Terminal(_)
    ));
    assert_eq!(world.figure("ktrdr_ack_lost_total"), Some(1.0));
}

#[tokio::test]
async fn how_long_a_stop_took_is_told_from_the_request_on() {
    let world = World::new();
    let attempt = world.claimed(Kind::Backtesting, 1).await;
    world.store.cancel(&attempt.id, "somebody", "enough").await.unwrap();
    world.store.finish(&attempt, Finish::Cancelled).await.unwrap();
    assert_eq!(world.figure("ktrdr_cancel_latency_seconds_count"), Some(1.0));
    assert_eq!(world.figure("ktrdr_ops_total{kind=\"backtesting\",status=\"cancelled\"}"), Some(1.0));
}

#[tokio::test]
async fn what_trainings_and_backtests_went_through_is_added_up_whatever_their_results_hold() {
    let world = World::new();
    let fitted = json!({ "rows": [1_000, 200, 300], "epochs_trained": 12, "training_seconds": 1.5 });
    world.ends(Kind::Training, 1, Finish::Completed(fitted)).await;
    world.ends(Kind::Training, 2, Finish::Completed(json!({ "rows": "many", "training_seconds": -1 }))).await;
    world.ends(Kind::Backtesting, 3, Finish::Completed(json!({ "bars": 5_000 }))).await;
    assert_eq!(world.figure("ktrdr_training_samples_total"), Some(12_000.0));
    assert_eq!(world.figure("ktrdr_training_fit_seconds_total"), Some(1.5));
    assert_eq!(world.figure("ktrdr_backtest_bars_total"), Some(5_000.0));
}

#[tokio::test]
async fn no_id_and_no_text_becomes_a_label_and_series_do_not_grow_with_operations() {
    let world = World::new();
    let series = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
    // Probes are for measuring a fleet, not for its work.
    let kinds = || Kind::with_jobs().filter(|kind| *kind != Kind::Probe);
    let of_every_kind = |n: u32| kinds().zip(n * 100..);
    for (kind, n) in of_every_kind(1) {
        world.ends(kind, n, Finish::Completed(json!({}))).await;
    }
    let before = series(&world.telemetry.expose());
    for round in 2..12 {
        for (kind, n) in of_every_kind(round) {
            world.ends(kind, n, Finish::Completed(json!({}))).await;
        }
    }
    let text = world.telemetry.expose();
    assert_eq!(series(&text), before, "{text}");
    // One process that plays every role, whose operations end in every way, and whose API is asked for everything.
    for (kind, n) in of_every_kind(20) {
        let failed = |reason| Finish::Failed { reason, error: "so".into(), result: None };
        world.ends(kind, n, failed(FailureReason::Error)).await;
        world.ends(kind, n + 20, failed(FailureReason::TimeLimit)).await;
        world.ends(kind, n + 40, Finish::Retry { error: "busy".into(), delay: LEASE }).await;
        let cancelled = world.claimed(kind, n + 60).await;
        world.store.cancel(&cancelled.id, "somebody", "enough").await.unwrap();
        world.store.finish(&cancelled, Finish::Cancelled).await.unwrap();
        world.store.beat(&world.claimed(kind, n + 80).await, LEASE, None).await.unwrap();
    }
    let requests = (0..100).map(|n| Request { route: format!("/{n}").leak(), ..A_REQUEST });
    requests.for_each(|request| world.telemetry.answered(&request));
    world.telemetry.stand(&everything());
    let text = world.telemetry.expose();
    let most = series(&text);
    assert!(most <= 400 - OF_CYCLES_AND_MESSAGES, "{most} series\n{text}");
    assert!(!text.contains("op_") && text.contains("version=\"9.9.9\""), "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn how_the_fleet_stands_is_told_as_it_was_seen_last() {
    let telemetry = Telemetry::new("9.9.9", Sample::NONE);
    let queue = QueueStanding {
        kind: Kind::Training,
        ready: 7,
        delayed: 3,
        running: 2,
        oldest_age_s: 12.5,
        workers: 1,
        slots: 2,
        paused: true,
    };
    let seen = Standing {
        queues: vec![queue],
        processes: vec![(PlayedRole::Worker, 3)],
        left_today: Some(0.25),
        obstacles: vec![
            Obstacle { why: "no_worker", kind: Some(Kind::Probe), is_there: true },
            Obstacle { why: "silent", kind: None, is_there: false },
        ],
        ..Standing::default()
    };
    assert!(!telemetry.expose().contains("\nktrdr_dead_letters "), "nobody has looked");
    telemetry.stand(&seen);
    let text = telemetry.expose();
    for line in [
        "ktrdr_queue_ready{kind=\"training\"} 7",
        "ktrdr_queue_delayed{kind=\"training\"} 3",
        "ktrdr_ops_inflight{kind=\"training\"} 2",
        "ktrdr_queue_oldest_age_seconds{kind=\"training\"} 12.5",
        "ktrdr_queue_paused{kind=\"training\"} 1",
        "ktrdr_processes{role=\"worker\"} 3",
        "agent_budget_left_today 0.25",
        "ktrdr_dead_letters 0",
        "ktrdr_obstacle{why=\"no_worker\",kind=\"probe\"} 1",
        "ktrdr_obstacle{why=\"silent\",kind=\"\"} 0",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
    // Without a limit there is no figure that could be taken for one.
    telemetry.stand(&Standing { left_today: None, obstacles: Vec::new(), ..seen });
    let text = telemetry.expose();
    assert!(!text.contains("\nagent_budget_left_today ") && !text.contains("\nktrdr_obstacle{"), "{text}");
}

#[test]
fn requests_are_counted_by_route_and_whoever_tries_everything_makes_few_series() {
    let telemetry = Telemetry::new("9.9.9", Sample::NONE);
    let asked = |route, status| telemetry.answered(&Request { route, status, ..A_REQUEST });
    for status in [200, 204, 404, 500] {
        asked(A_REQUEST.route, status);
    }
    let text = telemetry.expose();
    for line in [
        "http_server_requests_total{route=\"/operations/{operation}\",method=\"GET\",status=\"2xx\"} 2",
        "http_server_requests_total{route=\"/operations/{operation}\",method=\"GET\",status=\"4xx\"} 1",
        "http_server_request_duration_seconds_count 4",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
    let routes = (0..1_000).map(|n| &*format!("/{n}").leak());
    routes.for_each(|route| asked(route, 200));
    let text = telemetry.expose();
    let told = text.lines().filter(|line| line.starts_with("http_server_requests_total{"));
    assert_eq!(told.count(), 31, "{text}");
    let others = "http_server_requests_total{route=\"other\",method=\"GET\",status=\"2xx\"} 973";
    assert!(text.lines().any(|told| told == others), "{text}");
}
